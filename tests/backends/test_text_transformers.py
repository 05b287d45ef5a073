"""The transformers engine on a tiny real Llama."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from genui.backends.base import Output, Placement
from genui.backends.text import TextInputs
from genui.backends.text_transformers import Transformers
from genui.errors import BadInput, Unavailable
from genui.records import Token
from tests.backends.conftest import TEXT, Run, chat, complete, make_tiny, request

PLACE = Placement(threads=2, context_tokens=512)


@pytest.fixture(scope="module")
def backend(tiny: Path) -> Iterator[Transformers]:
    made = Transformers(tiny, PLACE)
    made.load()
    yield made
    made.unload()


def test_same_seed_same_text(backend: Transformers, run: Run) -> None:
    first, again, other = (
        run(backend, complete("Once upon"), seed=seed, max_tokens=40)[1].text for seed in (7, 7, 8)
    )
    assert first == again != other


def test_greedy_equals_transformers_own_generate(
    backend: Transformers, run: Run, tiny: Path
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    model = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32)
    ids = tokenizer("Once upon a time", return_tensors="pt").input_ids
    wanted = model.generate(ids, do_sample=False, max_new_tokens=30)[0, ids.shape[1] :].tolist()
    events, output = run(
        backend, complete("Once upon a time"), temperature=0, repetition_penalty=1, max_tokens=30
    )
    got = [event.id for event in events if isinstance(event, Token)]
    assert got == [token for token in wanted if token != tokenizer.eos_token_id]
    assert output.usage["prompt_tokens"] == ids.shape[1]


def test_characters_are_never_split(backend: Transformers, run: Run) -> None:
    """Random weights write random bytes: the text must be what the tokenizer reads at once."""
    prompt = TEXT[:60]
    for seed in range(5):
        events, output = run(
            backend, complete(prompt), seed=seed, max_tokens=60, top_k=0, top_p=1, min_p=0,
            temperature=1,
        )  # fmt: skip
        texts = [event.text for event in events if isinstance(event, Token)]
        assert "".join(texts) == output.text
        assert not any(text.endswith("\ufffd") for text in texts)


def test_long_known_text_is_read_back_exactly(backend: Transformers, tiny: Path) -> None:
    from genui.backends.text_transformers import Reader

    tokenizer = AutoTokenizer.from_pretrained(tiny)
    ids = tokenizer(TEXT).input_ids
    assert len(ids) > 100  # many characters take several tokens
    reader = Reader(tokenizer, ids[:1])
    assert tokenizer.decode(ids[:1]) + "".join(reader.push(token) for token in ids[1:]) == TEXT


def test_branch_continues_exactly(backend: Transformers, run: Run) -> None:
    ask = {"temperature": 0, "max_tokens": 30, "top_logprobs": 4}
    events, whole = run(backend, chat("Hello"), **ask)
    tokens = [event for event in events if isinstance(event, Token)]
    head = tokens[:12]
    rest_of = complete("") | chat("Hello") | {"mode": "chat"}
    rest_of |= {"prefix": [t.id for t in head], "prefix_text": "".join(t.text for t in head)}
    _, branch = run(backend, rest_of, **(ask | {"max_tokens": 30 - len(head)}))
    assert branch.text == whole.text


def test_probabilities_are_probabilities(backend: Transformers, run: Run) -> None:
    events, _ = run(backend, complete("Once"), max_tokens=10, top_logprobs=20)
    for event in events:
        assert isinstance(event, Token)
        values = [value for _, _, value in event.top]
        assert values == sorted(values, reverse=True)
        assert sum(map(math.exp, values)) <= 1 + 1e-5
        assert event.logprob is not None
        assert event.logprob <= values[0] + 1e-6
    likely = backend.next_token(TextInputs(mode="complete", prompt="Once"), 320)
    assert sum(math.exp(value) for _, _, value in likely) > 0.9


def test_stop_string_ends_the_text(backend: Transformers, run: Run) -> None:
    ask = {"temperature": 1, "top_k": 0, "max_tokens": 30, "seed": 3}
    _, whole = run(backend, complete("Once"), **ask)
    assert whole.text is not None
    stop = whole.text[5:8]
    assert len(stop) == 3
    events, output = run(backend, complete("Once"), stop=[stop], **ask)
    assert output.text == whole.text[: whole.text.index(stop)]
    assert output.usage["finish"] == "stop"
    assert "".join(e.text for e in events if isinstance(e, Token)) == output.text


def test_cancel_keeps_what_is_there(backend: Transformers, tmp_path: Path) -> None:
    cancel, seen, output = Flag(), 0, None
    for event in backend.generate(request(complete("Once"), {"max_tokens": 400}), cancel, tmp_path):
        if isinstance(event, Token):
            seen += 1
            if seen == 5:
                cancel.set()
        if isinstance(event, Output):
            output = event
    assert seen == 5
    assert output is not None
    assert output.usage["finish"] == "cancelled"
    assert output.text


def test_too_long_a_prompt_is_refused_with_both_numbers(backend: Transformers, run: Run) -> None:
    began = time.monotonic()
    with pytest.raises(BadInput, match=r"tokens long.*at most 512"):
        run(backend, complete(TEXT * 500))
    assert time.monotonic() - began < 5


def test_full_context_ends_as_length(backend: Transformers, run: Run) -> None:
    _, output = run(backend, complete("Once"), max_tokens=2000, temperature=0)
    assert output.usage["finish"] in ("length", "stop")


def test_a_foreign_branch_is_refused(backend: Transformers, run: Run) -> None:
    with pytest.raises(BadInput, match="another model"):
        run(backend, complete("Once", prefix=[10**6]))


def test_without_a_chat_template(tmp_path: Path, run: Run) -> None:
    backend = Transformers(make_tiny(tmp_path / "plain", template=False), PLACE)
    backend.load()
    _, output = run(backend, chat("Hello"), max_tokens=5)
    assert output.usage["tokens"]
    backend.unload()


def test_pickles_are_refused(tiny: Path, tmp_path: Path) -> None:
    shutil.copy(tiny / "config.json", tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(Unavailable, match="pickled"):
        Transformers(tmp_path, PLACE).load()


@pytest.mark.parametrize("damage", ["cut", "config", "tokenizer"])
def test_damaged_files_are_one_sentence(tiny: Path, tmp_path: Path, damage: str) -> None:
    folder = shutil.copytree(tiny, tmp_path / "copy")
    if damage == "cut":
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:5000])
    else:
        name = {"config": "config.json", "tokenizer": "tokenizer.json"}[damage]
        (folder / name).write_text("not json")
    with pytest.raises(Unavailable, match="damaged"):
        Transformers(folder, PLACE).load()
