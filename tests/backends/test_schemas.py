"""What a request may ask: everything else is one sentence, before any model is touched."""

from __future__ import annotations

from typing import Any

import pytest

from genui.backends import ENGINES, engine
from genui.backends.base import Backend
from genui.errors import BadInput
from tests.backends.conftest import chat, request

TEXT_ENGINES = ("llamacpp", "transformers")


@pytest.mark.parametrize(("name", "target"), ENGINES)
def test_every_engine_names_itself(name: str, target: str) -> None:
    assert engine(name).engine == name
    assert issubclass(engine(name), Backend)


def test_an_unknown_engine_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match="llamacpp"):
        engine("nothing")


@pytest.mark.parametrize("name", TEXT_ENGINES)
@pytest.mark.parametrize(
    "options",
    [
        {"temperature": float("nan")},
        {"temperature": -1},
        {"temperature": "hot"},
        {"top_p": 0},
        {"top_p": float("inf")},
        {"top_k": 201},
        {"max_tokens": 0},
        {"max_tokens": 10**9},
        {"repetition_penalty": 0.5},
        {"stop": ["a"] * 9},
        {"unknown": 1},
    ],
)
def test_bad_options_are_one_sentence(name: str, options: dict[str, Any]) -> None:
    # NaN cannot even be put into a Request; the parsing of options must refuse it too
    asked = request(chat("hi"), {}).model_copy(update={"options": options})
    with pytest.raises(BadInput) as caught:
        engine(name).check(asked)
    assert caught.value.message.endswith(".")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        chat("   "),
        {"mode": "complete", "prompt": ""},
        {"mode": "sing"},
        {"messages": [{"role": "system", "content": "x"}]},
        {"messages": [{"role": "assistant", "content": "x"}]},
        chat("x" * 200_001),
    ],
)
def test_bad_inputs_are_one_sentence(inputs: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        engine("llamacpp").check(request(inputs, {}))
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(
    ("inputs", "options"),
    [
        ({"text": ""}, {}),
        ({"text": " \n"}, {}),
        ({"text": "x" * 100_001}, {}),
        ({"text": "hi"}, {"speed": 0.4}),
        ({"text": "hi"}, {"speed": 2.1}),
        ({"text": "hi"}, {"pitch": 1}),
    ],
)
def test_bad_speech_is_one_sentence(inputs: dict[str, Any], options: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        engine("hibari").check(request(inputs, options))
    assert caught.value.message.endswith(".")
