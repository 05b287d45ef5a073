"""TRL trains on the exports as they are: one real step each, and every weight moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from genui.records import Generation, Rating
from genui.store import Store
from genui.store.exports import export

TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
MARKS = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """A byte tokenizer with a chat template and a random Llama of 30,000 weights, from disk:
    TRL reads its reference model from where the model came from."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {text: number for number, text in enumerate([*MARKS, *letters])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<|pad|>", eos_token="<|end|>",
        additional_special_tokens=MARKS[2:], chat_template=TEMPLATE,
    )  # fmt: skip
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=512,
        pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path / "tiny")
    return LlamaForCausalLM.from_pretrained(tmp_path / "tiny"), tokenizer


@pytest.fixture
def rated(
    tmp_path: Path,
    make_generation: Callable[..., Generation],
    make_rating: Callable[..., Rating],
) -> Iterator[Store]:
    """Two prompts, each with two replies liked and two disliked."""
    made = [
        make_generation(prompt=f"Question {n % 2}?", text=f"Answer {n}: {'yes' * (n + 1)}")
        for n in range(8)
    ]
    events = [make_rating(each, thumb=("up", "down")[n // 4]) for n, each in enumerate(made)]
    store = Store.open(tmp_path / "data")
    store.add_many([(each, "me") for each in made], events)
    yield store
    store.close()


@pytest.mark.parametrize(("fmt", "rows"), [("dpo", 8), ("kto", 8)])
def test_one_step_moves_every_weight(
    rated: Store, tmp_path: Path, tiny: tuple[Any, Any], fmt: str, rows: int
) -> None:
    import trl

    model, tokenizer = tiny
    out = tmp_path / f"rows.{fmt}"
    assert export(rated, fmt, out) == rows
    data = datasets.load_dataset(
        "json", data_files=str(out), split="train", cache_dir=str(tmp_path / "cache")
    )
    config, trainer = {
        "dpo": (trl.DPOConfig, trl.DPOTrainer),
        "kto": (trl.KTOConfig, trl.KTOTrainer),
    }[fmt]
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    trained = trainer(
        model=model,
        args=config(
            output_dir=str(tmp_path / "out"), max_steps=1, per_device_train_batch_size=8,
            learning_rate=1e-2, lr_scheduler_type="constant", warmup_steps=0, use_cpu=True,
            bf16=False, report_to="none", save_strategy="no", disable_tqdm=True,
        ),
        train_dataset=data,
        processing_class=tokenizer,
    )  # fmt: skip
    result = trained.train()
    assert result.global_step == 1
    assert torch.isfinite(torch.tensor(result.training_loss))
    after = dict(trained.model.named_parameters())
    still = [name for name, weight in before.items() if torch.equal(weight, after[name])]
    assert still == []
