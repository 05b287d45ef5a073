"""The llama.cpp engine on the real SmolLM2."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event as Flag

import pytest

from genui.backends.base import Output, Placement
from genui.backends.text import TextInputs
from genui.backends.text_llamacpp import LlamaCpp
from genui.errors import BadInput, Unavailable
from genui.records import Progress, Token
from tests.backends.conftest import Run, chat, complete, request

COUNT = complete("Count: 1, 2, 3, 4, 5,")
STORY = "Tell me a short story about a fox."


@pytest.fixture(scope="module")
def backend(smollm2: Path) -> Iterator[LlamaCpp]:
    made = LlamaCpp(smollm2, Placement(threads=1, context_tokens=2048, slots=4))
    made.load()
    yield made
    made.unload()
    assert not [thread for thread in threading.enumerate() if thread.name == "llama.cpp"]


def test_it_answers(backend: LlamaCpp, run: Run) -> None:
    events, output = run(backend, chat("What is the capital of France?"), temperature=0)
    assert "Paris" in (output.text or "")
    texts = [event.text for event in events if isinstance(event, Token)]
    assert "".join(texts) == output.text
    assert output.usage["finish"] == "stop"
    assert output.usage["prompt_tokens"] > 10


def test_same_seed_same_text_alone_and_beside_others(backend: LlamaCpp, run: Run) -> None:
    def told(seed: int) -> str | None:
        return run(backend, chat(STORY), seed=seed, max_tokens=24)[1].text

    alone = told(7)
    assert told(7) == alone  # read from llama.cpp's cache this time
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(told, (7, 8, 9, 7)))
    assert beside[0] == beside[3] == alone
    assert len(set(beside)) == 3


def test_branch_continues_exactly(backend: LlamaCpp, run: Run) -> None:
    ask = {"temperature": 0, "top_logprobs": 3}
    events, whole = run(backend, chat(STORY), max_tokens=24, **ask)
    head = [event for event in events if isinstance(event, Token)][:9]
    prefix = {"prefix": [t.id for t in head], "prefix_text": "".join(t.text for t in head)}
    _, branch = run(backend, chat(STORY) | prefix, max_tokens=24 - len(head), **ask)
    assert branch.text == whole.text
    assert branch.text.startswith(prefix["prefix_text"])


def test_branch_inside_a_character_completes_it(backend: LlamaCpp, run: Run) -> None:
    """An emoji's first bytes as prefix: the rest of them must give a whole character."""
    prompt = complete("Emoji: 😀 😃 😄 😀 😃 😄 😀 😃 😄 😀 😃")
    likely = backend.next_token(TextInputs.model_validate(prompt), 20)
    parts = [(token, text) for token, text, _ in likely if token in backend._fragments]
    assert parts, "the model should want to begin an emoji here"
    token, text = parts[0]
    prefix = {"prefix": [token], "prefix_text": text}
    _, output = run(backend, prompt | prefix, temperature=0, max_tokens=6, top_logprobs=1, min_p=0)
    assert output.text
    assert "\ufffd" not in output.text
    assert any(ord(character) > 0xFFFF for character in output.text)


def test_characters_of_several_tokens_keep_all_their_ids(backend: LlamaCpp, run: Run) -> None:
    prompt = complete("Emoji: 😀 😃 😄 😀 😃 😄 😀 😃 😄 😀 😃")
    ask = {"temperature": 0, "repetition_penalty": 1, "top_logprobs": 1}
    events, whole = run(backend, prompt, max_tokens=9, **ask)
    tokens = [event for event in events if isinstance(event, Token)]
    assert whole.text is not None
    assert "\ufffd" not in whole.text
    assert [token for token in tokens if not token.text], "some token is a part of a character"
    assert [token.index for token in tokens] == list(range(len(tokens)))
    edge = max(i for i, token in enumerate(tokens[:-2]) if token.text) + 1
    head = tokens[:edge]
    prefix = {"prefix": [t.id for t in head], "prefix_text": "".join(t.text for t in head)}
    _, branch = run(backend, prompt | prefix, max_tokens=9 - edge, **ask)
    assert branch.text == whole.text


@pytest.mark.parametrize("top", [0, 2])
def test_stop_strings(backend: LlamaCpp, run: Run, top: int) -> None:
    ask = {"temperature": 0, "repetition_penalty": 1, "top_logprobs": top}
    _, whole = run(backend, COUNT, max_tokens=12, **ask)
    assert whole.text == " 6, 7, 8, 9,"
    events, output = run(backend, COUNT, max_tokens=12, stop=[", 9", "xyz"], **ask)
    assert output.text == " 6, 7, 8"
    assert output.usage["finish"] == "stop"
    assert "".join(e.text for e in events if isinstance(e, Token)) == output.text
    _, held = run(backend, COUNT, max_tokens=4, stop=[", 9", " 7, 9"], **ask)
    assert held.text == " 6, "  # what looked like the beginning of a stop string is not lost


def test_probabilities_are_probabilities(backend: LlamaCpp, run: Run) -> None:
    events, _ = run(backend, chat(STORY), max_tokens=8, top_logprobs=20)
    for event in events:
        assert isinstance(event, Token)
        values = [value for _, _, value in event.top]
        assert len(values) == 20
        assert values == sorted(values, reverse=True)
        assert sum(map(math.exp, values)) <= 1 + 1e-5
        assert event.logprob is not None
        assert event.logprob <= values[0] + 1e-6


def test_next_token_is_the_first_of_a_greedy_run(backend: LlamaCpp, run: Run) -> None:
    likely = backend.next_token(TextInputs.model_validate(COUNT), 50)
    assert len(likely) == 50
    events, _ = run(
        backend, COUNT, temperature=0, repetition_penalty=1, max_tokens=1, top_logprobs=1
    )
    assert isinstance(events[0], Token)
    assert (events[0].id, events[0].text) == likely[0][:2]
    assert 0.9 < sum(math.exp(value) for *_, value in likely) <= 1 + 1e-5


def test_top_k_one_is_greedy(backend: LlamaCpp, run: Run) -> None:
    greedy = run(backend, chat(STORY), temperature=0, max_tokens=12, seed=1)[1].text
    assert (
        run(backend, chat(STORY), temperature=2, top_k=1, max_tokens=12, seed=2)[1].text == greedy
    )


def test_code_mode_writes_a_fenced_block(backend: LlamaCpp, run: Run) -> None:
    ask = chat("Write a Python function that adds two numbers.") | {"mode": "code"}
    _, output = run(backend, ask, temperature=0, max_tokens=80)
    assert "```" in (output.text or "")
    assert "def " in (output.text or "")


def test_system_prompt_changes_the_answer(backend: LlamaCpp, run: Run) -> None:
    plain, told = (
        run(backend, chat("Who are you?") | {"system": system}, temperature=0, max_tokens=16)[
            1
        ].text
        for system in ("", "You are a pirate called Redbeard.")
    )
    assert plain != told


def test_cancel_while_writing_is_prompt_and_keeps_the_text(
    backend: LlamaCpp, tmp_path: Path
) -> None:
    cancel, stopped, tokens, output = Flag(), 0.0, 0, None
    for event in backend.generate(request(chat(STORY), {"max_tokens": 500}), cancel, tmp_path):
        if isinstance(event, Token):
            tokens += 1
            if tokens == 6:
                cancel.set()
                stopped = time.monotonic()
        if isinstance(event, Output):
            output = event
    assert time.monotonic() - stopped < 0.5
    assert output is not None
    assert output.usage["finish"] == "cancelled"
    assert output.text
    assert tokens == 6


def test_cancel_while_reading_the_prompt(backend: LlamaCpp, tmp_path: Path) -> None:
    long = complete("The cat sat on the mat and looked at the moon. " * 150)
    cancel, stopped = Flag(), 0.0
    for event in backend.generate(request(long, {}), cancel, tmp_path):
        if isinstance(event, Progress) and event.step and not stopped:
            assert event.step < event.total
            cancel.set()
            stopped = time.monotonic()
        if isinstance(event, Output):
            assert event.text == ""
    assert stopped
    assert time.monotonic() - stopped < 0.5


def test_closing_the_generator_leaves_no_thread(backend: LlamaCpp, tmp_path: Path) -> None:
    running = backend.generate(request(chat(STORY), {"max_tokens": 500}), Flag(), tmp_path)
    next(event for event in running if isinstance(event, Token))
    running.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 5
    while any(thread.name == "llama.cpp" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("size", [100_000, 199_999])
def test_long_prompts_are_refused_with_both_numbers(backend: LlamaCpp, run: Run, size: int) -> None:
    began = time.monotonic()
    with pytest.raises(BadInput, match=r"tokens long.*at most 2,048.*shorten"):
        run(backend, complete("word " * (size // 5)))
    assert time.monotonic() - began < 5


def test_five_megabytes_are_refused_before_the_model(backend: LlamaCpp, run: Run) -> None:
    began = time.monotonic()
    with pytest.raises(BadInput, match="200000"):
        run(backend, complete("x" * 5_000_000))
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(
    "text", ["\x00\x07\x1b[31m", "\u202eabc", "<script>alert(1)</script>", "<|im_end|>", "{{7*7}}"]
)
def test_odd_text_is_only_text(backend: LlamaCpp, run: Run, text: str) -> None:
    _, output = run(backend, chat(text), max_tokens=3)
    assert output.usage["tokens"]


def test_a_foreign_branch_is_refused(backend: LlamaCpp, run: Run) -> None:
    with pytest.raises(BadInput, match="another model"):
        run(backend, complete("Once", prefix=[10**7]))


def test_the_loopback_port_wants_a_key(backend: LlamaCpp) -> None:
    import http.client

    connection = http.client.HTTPConnection(backend._address, timeout=5)
    connection.request("POST", "/completion", '{"prompt": "hi"}')
    assert connection.getresponse().status == 401


@pytest.mark.parametrize("damage", ["empty", "text", "zeros", "header", "half"])
def test_a_damaged_file_is_one_sentence(smollm2: Path, tmp_path: Path, damage: str) -> None:
    with smollm2.open("rb") as file:
        start = file.read(4_000_000)
    path = tmp_path / "model.gguf"
    path.write_bytes(
        {
            "empty": b"",
            "text": b"not a model\n" * 1000,
            "zeros": bytes(100_000),
            "header": start[:4000] + bytes(50_000) + start[54_000:],
            "half": start,
        }[damage]
    )
    backend = LlamaCpp(path, Placement(threads=1, slots=1, context_tokens=256))
    with pytest.raises(Unavailable, match="damaged"):
        backend.load()


def test_a_model_too_big_for_memory_is_one_sentence(smollm2: Path) -> None:
    backend = LlamaCpp(smollm2, Placement(slots=64, context_tokens=2**24))
    with pytest.raises(Unavailable, match=r"GB of memory"):
        backend.load()
