"""Running a backend by hand, a tiny real transformers model, and tiny real pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest

from genui.backends.base import Backend, Output, Placement
from genui.backends.latent_avatars import Avatars
from genui.records import Event, Request
from tests import tiny as tiny_pipelines
from tests.tiny_avatars import avatars

Run = Callable[..., tuple[list[Event], Output]]


def chat(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def complete(text: str, **more: Any) -> dict[str, Any]:
    return {"mode": "complete", "prompt": text, **more}


def request(inputs: dict[str, Any], options: dict[str, Any], seed: int = 1) -> Request:
    return Request(kind="text", model="m", inputs=inputs, options=options, seed=seed)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run(backend, inputs, seed=, cancel=, **options)`: the events and the output."""

    def run_it(
        backend: Backend[Any, Any], inputs: dict[str, Any], *, seed: int = 1,
        cancel: Flag | None = None, **options: Any,
    ) -> tuple[list[Event], Output]:  # fmt: skip
        made = list(backend.generate(request(inputs, options, seed), cancel or Flag(), tmp_path))
        assert isinstance(made[-1], Output)
        events = [event for event in made if isinstance(event, Event)]
        assert len(events) == len(made) - 1
        return events, made[-1]

    return run_it


TEXT = (
    "Once upon a time there was a small model. It wrote “déjà vu”, 日本語 and 🦄🌈 all day long. "
    "Nobody minded, because it was only a test; tomorrow it would write something else entirely."
)


def make_tiny(folder: Path, *, template: bool) -> Path:
    """A Llama with random weights and a byte-level tokenizer, saved in the hub's layout."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator([TEXT], vocab_size=320, special_tokens=["<s>", "</s>"])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, bos_token="<s>", eos_token="</s>"
    )
    if template:
        tokenizer.chat_template = (
            "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
        )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
        bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


# what the tiny pipelines of tests/tiny.py are called here
PIPELINES: dict[str, Callable[[Path], Path]] = {
    "stickers": tiny_pipelines.stickers,
    "few-steps": partial(tiny_pipelines.stickers, few_steps=True),
    "f4": partial(tiny_pipelines.stickers, few_steps=True, factor=4),
    "clip": partial(tiny_pipelines.stickers, clip=True),
    "sdxl": tiny_pipelines.sdxl,
    "flux2": tiny_pipelines.flux2_klein,
    "z-image": tiny_pipelines.z_image,
}


@pytest.fixture(scope="session")
def pipeline_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`pipeline_folder(name)`: a tiny pipeline's folder, made once; copy it before damaging it."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = PIPELINES[name](tmp_path_factory.mktemp(name))
        return made[name]

    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny"), template=True)


@pytest.fixture(scope="session")
def latent_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Avatars]]:
    """The tiny "vae" and "gan", loaded."""
    loaded = {}
    for kind in ("vae", "gan"):
        loaded[kind] = Avatars(avatars(tmp_path_factory.mktemp(kind), kind), Placement(threads=1))
        loaded[kind].load()
    yield loaded
    for model in loaded.values():
        model.unload()


@pytest.fixture(params=["vae", "gan"])
def latent(request: pytest.FixtureRequest, latent_models: dict[str, Avatars]) -> Avatars:
    """Both tiny latent models, one after the other."""
    return latent_models[request.param]
