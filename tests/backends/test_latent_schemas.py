"""What may be asked of a latent model: everything else is one sentence, before it is touched."""

from __future__ import annotations

from typing import Any

import pytest

from genui.backends.latent import LatentBackend
from genui.backends.latent_questions import QUESTIONS, understood
from genui.errors import BadInput
from genui.records import Request

AT = {"at": [0.0, 1.0]}
SHA = "a" * 64
NAN = float("nan")


@pytest.mark.parametrize(
    ("inputs", "options", "sentence"),
    [
        ({"task": "fly"}, {}, "Task: Input should be"),
        ({"places": [{"at": []}]}, {}, "Places.0.at: give at least 1."),
        ({"places": [{"at": [NAN]}]}, {}, "finite number"),
        ({"places": [{"at": [20.1]}]}, {}, "less than or equal to 20"),
        ({"places": [{"at": ["far"]}]}, {}, "valid number"),
        ({"places": [{"at": [0.0] * 513}]}, {}, "Places.0.at: give at most 512."),
        ({"places": [AT] * 33}, {}, "Places: give at most 32."),
        ({"places": [AT | {"moves": {"glasses": 7}}]}, {}, "less than or equal to 6"),
        ({"places": [AT | {"moves": {"glasses": NAN}}]}, {}, "finite number"),
        ({"places": [AT | {"mix": {"with": [0.0]}}]}, {}, "from_layer"),
        ({"places": [AT | {"mix": {"with": [0.0], "from_layer": -1}}]}, {}, "greater than"),
        ({"task": "walk", "places": [AT]}, {}, "at least two places"),
        ({"task": "walk"}, {}, "at least two places"),
        ({"task": "sheet"}, {}, "at least one place"),
        ({"task": "invert"}, {}, "Add the picture"),
        ({"task": "invert", "picture": "cat"}, {}, "Picture: String should match"),
        ({"task": "invert", "picture": SHA, "places": [AT, AT]}, {}, "one place at most"),
        ({"task": "walk", "places": [AT, AT], "picture": SHA}, {}, "take it away"),
        ({}, {"frames": 1}, "Frames"),
        ({}, {"frames": 10**9}, "Frames"),
        ({}, {"scale": 17}, "Scale"),
        ({}, {"truncation": 1.6}, "Truncation"),
        ({}, {"truncation": NAN}, "Truncation"),
        ({}, {"format": "avi"}, "Format"),
        ({}, {"steps": 0}, "Steps"),
        ({}, {"speed": 2}, "“speed” is not an option here"),
        ({"task": "walk", "places": [AT, AT]}, {"frames": 480, "scale": 8}, "too large"),
        ({"task": "walk", "places": [AT, AT]}, {"frames": 120, "scale": 16}, "too large"),
    ],
)
def test_a_bad_request_is_one_sentence(
    inputs: dict[str, Any], options: dict[str, Any], sentence: str
) -> None:
    asked = Request(kind="latent", model="m", inputs={})
    asked = asked.model_copy(update={"inputs": inputs, "options": options})
    with pytest.raises(BadInput) as caught:
        LatentBackend.check(asked)
    assert sentence in caught.value.message
    assert caught.value.message.endswith(".")
    assert "\n" not in caught.value.message


def test_the_largest_walk_that_was_promised_is_allowed() -> None:
    asked = Request(
        kind="latent", model="m", inputs={"task": "walk", "places": [AT, AT]},
        options={"frames": 120, "scale": 8},
    )  # fmt: skip
    assert LatentBackend.check(asked)[1].frames == 120


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({}, f"Ask one of: {', '.join(QUESTIONS)}."),
        ({"ask": "sing"}, "Ask one of"),
        ({"ask": ["look"]}, "Ask one of"),
        ({"ask": "look"}, "Places"),
        ({"ask": "look", "places": []}, "Places: give at least 1."),
        ({"ask": "look", "places": [AT] * 65}, "Places: give at most 64."),
        ({"ask": "look", "places": [{"at": [NAN]}]}, "finite number"),
        ({"ask": "look", "places": [AT], "scale": 9}, "Scale"),
        ({"ask": "look", "places": [AT], "size": 9}, "“size” is not an option here"),
        ({"ask": "sample", "count": 0}, "Count"),
        ({"ask": "sample", "count": 65}, "Count"),
        ({"ask": "sample", "seed": -1}, "Seed"),
        ({"ask": "shares", "count": 0}, "Count"),
        ({"ask": "shares", "count": 1001}, "Count"),
        ({"ask": "place"}, "Give a point of the map"),
        ({"ask": "place", "xy": [0, 0], "index": 1}, "Give a point of the map"),
        ({"ask": "place", "xy": [NAN, 0]}, "finite number"),
        ({"ask": "place", "xy": [9, 0]}, "beyond the map"),
        ({"ask": "place", "xy": [0, 0], "map": "moon"}, "Map"),
        ({"ask": "place", "index": -1}, "Index"),
        ({"ask": "between", "places": [AT], "weights": [1]}, "Places: give at least 2."),
        ({"ask": "between", "places": [AT, AT], "weights": [1]}, "each place one weight"),
        ({"ask": "between", "places": [AT, AT], "weights": [0, 0]}, "a weight above 0"),
        ({"ask": "between", "places": [AT, AT], "weights": [1, -1]}, "greater than"),
        ({"ask": "add", "a": AT, "minus": AT}, "Plus"),
        ({"ask": "near", "place": AT, "radius": 4}, "Radius"),
        ({"ask": "traverse", "place": AT, "rows": [], "amounts": [1]}, "Rows: give at least 1."),
        ({"ask": "traverse", "place": AT, "rows": [1], "amounts": [0] * 10}, "Amounts"),
        ({"ask": "traverse", "place": AT, "rows": [-1], "amounts": [1]}, "Rows"),
    ],
)
def test_a_bad_question_is_one_sentence(question: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        understood(question)
    assert sentence in caught.value.message
    assert caught.value.message.endswith(".")
    assert "\n" not in caught.value.message
