"""Stop strings across token borders."""

from __future__ import annotations

import pytest

from genui.backends.stops import Stops
from genui.records import Token


def feed(strings: tuple[str, ...], texts: list[str]) -> tuple[list[str], bool]:
    stops = Stops(strings)
    shown: list[str] = []
    for index, text in enumerate(texts):
        shown += [token.text for token in stops.push(Token(index, index, text))]
        if stops.found:
            return shown, True
    return shown + [token.text for token in stops.rest()], False


@pytest.mark.parametrize(
    ("strings", "texts", "shown", "found"),
    [
        ((), ["a", "b"], ["a", "b"], False),
        (("",), ["a"], ["a"], False),
        (("STOP",), ["go ", "ST", "OP", " on"], ["go "], True),
        (("STOP",), ["go S", "TOP"], ["go "], True),
        (("STOP",), ["xST", "AY"], ["xST", "AY"], False),
        (("STOP",), ["end ST"], ["end ST"], False),
        (("ab", "b"), ["a", "b"], [], True),
        (("aab",), ["a", "a", "a", "b"], ["a"], True),
        (("\n\n",), ["x\n", "", "\ny"], ["x"], True),
    ],
)
def test_stops(strings: tuple[str, ...], texts: list[str], shown: list[str], found: bool) -> None:
    got = feed(strings, texts)
    assert ("".join(got[0]), got[1]) == ("".join(shown), found)


def test_no_part_of_a_stop_string_is_shown_early() -> None:
    stops = Stops(("STOP",))
    assert [t.text for t in stops.push(Token(0, 0, "a S"))] == []
    assert [t.text for t in stops.push(Token(1, 1, "o"))] == ["a S", "o"]
