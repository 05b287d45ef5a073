"""Stop strings for engines that give one token after the other.

Holds back what may be the beginning of a stop string, so that nobody sees half of one, and loses
no token: what is held keeps its id and its probability.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from genui.records import Token


class Stops:
    """Feed it tokens with `push`, then `rest` once; `found` says that a stop string came."""

    def __init__(self, strings: tuple[str, ...]) -> None:
        self.strings = tuple(text for text in strings if text)
        self.found = False
        self._held: list[Token] = []

    def push(self, token: Token) -> Iterator[Token]:
        """The tokens that are safe to show now; after a stop string only what stood before it."""
        self._held.append(token)
        text = "".join(held.text for held in self._held)
        starts = [at for string in self.strings if (at := text.find(string)) >= 0]
        if starts:
            self.found = True
            yield from self._release(min(starts), cut=True)
            self._held.clear()
        elif (keep := self._open_end(text)) == 0:
            yield from self._held
            self._held.clear()
        else:
            yield from self._release(len(text) - keep, cut=False)

    def rest(self) -> Iterator[Token]:
        """What was held back when the answer ended otherwise."""
        yield from self._held
        self._held.clear()

    def _open_end(self, text: str) -> int:
        """How many characters at the end may begin a stop string."""
        longest = max((len(string) for string in self.strings), default=0)
        for length in range(min(longest - 1, len(text)), 0, -1):
            if any(string.startswith(text[-length:]) for string in self.strings):
                return length
        return 0

    def _release(self, characters: int, *, cut: bool) -> Iterator[Token]:
        """The held tokens within the first `characters`; a token across the edge is cut there
        or stays held."""
        while self._held and characters > 0:
            token = self._held[0]
            if len(token.text) > characters:
                if cut:
                    yield replace(token, text=token.text[:characters])
                return
            characters -= len(token.text)
            yield self._held.pop(0)
