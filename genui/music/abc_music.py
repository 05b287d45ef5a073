"""The music of an ABC tune, part by part: notes, rests, chords, tuplets, broken rhythms, bar lines.

Knows nothing of header fields, of sections or of how ABC is written; `abc` does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction

from genui.errors import BadInput
from genui.music.tune import TRIPLET, WHOLE, Event, Key, Metre

MOST = 5_000  # events of one tune
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHARPS, FLATS = "FCGDAEB", "BEADGCF"
ACCIDENTALS = {"^": 1, "_": -1, "=": 0, "^^": 2, "__": -2}
# what a tuplet of n notes is played in the time of, in simple and in compound metres
TUPLETS = {2: (3, 3), 3: (2, 2), 4: (3, 3), 5: (2, 3), 6: (2, 2), 7: (2, 3), 8: (3, 3), 9: (2, 3)}
PART = re.compile(
    r"""
    \[(?P<field>[A-Za-z]):(?P<value>[^\]]*)\]
    | "(?P<said>[^"]*)"
    | ![^!\s|]*! | ! | \+[^+\n]*\+ | (?P<grace>\{[^}]*\})
    | \[\|\]
    | (?P<line>:*\|[|:\]]*:*(?:\[?(?P<ending>\d)[\d,.-]*)?|::+|\[\|)
    | \[(?P<first>\d)[\d,.-]*
    | \((?P<tuplet>\d)(?::(?P<time>\d?))?(?::(?P<many>\d*))?
    | \[(?P<stack>[^\]|\n]*)\](?P<stacked>\d*/*\d*)
    | (?P<pitch>[_^=]{0,2}[A-Ga-g][,']*|[zxZX])(?P<length>\d*/*\d*)
    | (?P<broken>>+|<+)
    | (?P<tie>-)
    | (?P<overlay>&[^|\n]*)
    | [\s()`.~h-wH-Wy$*;\\]
    """,
    re.VERBOSE,
)
CHORD = re.compile(r"[A-G][#b]?(?:m|maj|min|dim|aug|sus|add|\d|[#b+°])*(?:/[A-Ga-g][#b]?)?")
NOTE = re.compile(r"([_^=]{0,2})([A-Ga-g])([,']*)(\d*/*\d*)")


def signature(key: Key) -> dict[str, int]:
    """Letter → 1 for a sharp, -1 for a flat, of the letters that the key signature alters."""
    sharps = key.signature
    altered = SHARPS[:sharps] if sharps > 0 else FLATS[:-sharps]
    return dict.fromkeys(altered, 1 if sharps > 0 else -1)


def _length(said: str) -> Fraction:
    """ "3/2", "/", "//", "2" as a fraction of the unit."""
    over, slashes, under = re.fullmatch(r"(\d*)(/*)(\d*)", said).groups()  # type: ignore[union-attr]
    below = int(under) if under else 2 ** len(slashes)
    if below == 0 or len(said) > 6:
        raise BadInput(f"A note's length ({said}) cannot be read; it has to be like 2 or 3/2.")
    return Fraction(int(over or 1), below)


@dataclass
class Piece:
    """What stands between two bar lines, being read. ending: 0, 1 or 2."""

    events: list[Event] = field(default_factory=list)
    chords: list[tuple[int, str]] = field(default_factory=list)
    ending: int = 0
    before: str = ""  # the bar line on its left

    @property
    def ticks(self) -> int:
        return sum(event.ticks for event in self.events)


class Music:
    """Goes through the music of one tune, part by part."""

    def __init__(self, metre: Metre, key: Key, unit: Fraction) -> None:
        self.metre, self.unit = metre, unit
        self.signature = signature(key)
        self.altered: dict[tuple[str, int], int] = {}
        self.pieces = [Piece()]
        self.count = 0
        self.tuplet: tuple[Fraction, int] = (Fraction(1), 0)
        self.broken = Fraction(1)  # factor of the next note
        self.last: Fraction | None = None  # the newest note's length in ticks, unrounded

    def read(self, text: str) -> list[Piece]:
        """The pieces of `text`, music only."""
        at = 0
        while at < len(text):
            part = PART.match(text, at)
            if not part:
                raise BadInput(
                    f"Bar {len(self.pieces)} has “{text[at]}”, which cannot be read as ABC there."
                )
            at = part.end()
            self._take(part)
        return [piece for piece in self.pieces if piece.events or piece.before.strip("|")]

    def _take(self, part: re.Match[str]) -> None:
        piece = self.pieces[-1]
        if part["field"]:
            if part["field"] in "KMLV":
                raise BadInput("The key, metre or voice changes inside this tune; split it there.")
        elif part["said"] is not None:
            if CHORD.fullmatch(part["said"]):
                piece.chords.append((piece.ticks, part["said"]))
        elif part["line"]:
            self._line(part["line"], part["ending"])
        elif part["first"]:
            piece.ending = int(part["first"])
        elif part["tuplet"]:
            n = int(part["tuplet"])
            if n not in TUPLETS:
                raise BadInput(f"A group of {n} notes cannot be read.")
            compound = self.metre.beat * self.metre.unit != WHOLE
            time = int(part["time"] or TUPLETS[n][compound])
            self.tuplet = Fraction(time, n), int(part["many"] or n)
        elif part["stack"] is not None:
            notes = [note for note in NOTE.finditer(part["stack"])]
            if not notes:
                raise BadInput(f"Bar {len(self.pieces)} has a chord without notes.")
            pitches = [self._pitch(note[1], note[2], note[3]) for note in notes]
            self._add(max(pitches), _length(notes[0][4]) * _length(part["stacked"]))
        elif part["pitch"]:
            self._note(part["pitch"], part["length"])
        elif part["broken"] and self.last is not None:
            self._break(part["broken"])
        elif part["tie"] and piece.events and piece.events[-1].pitch is not None:
            piece.events[-1] = replace(piece.events[-1], tie=True)

    def _line(self, said: str, ending: str | None) -> None:
        self.altered.clear()
        if not self.pieces[-1].events:
            self.pieces[-1].before += said
            self.pieces[-1].ending = int(ending or self.pieces[-1].ending)
        else:
            self.pieces.append(Piece(before=said, ending=int(ending or 0)))

    def _pitch(self, accidental: str, letter: str, octave: str) -> int:
        height = 5 + letter.islower() + octave.count("'") - octave.count(",")
        name = letter.upper()
        if accidental:
            if accidental not in ACCIDENTALS:
                raise BadInput(f"Bar {len(self.pieces)} has an accidental “{accidental}”.")
            self.altered[name, height] = ACCIDENTALS[accidental]
        shift = self.altered.get((name, height), self.signature.get(name, 0))
        pitch = 12 * height + STEPS[name] + shift
        if not 0 <= pitch <= 127:
            raise BadInput(f"Bar {len(self.pieces)} has a note that is too high or too low.")
        return pitch

    def _note(self, said: str, length: str) -> None:
        if said in "ZX":
            self._add(None, Fraction(self.metre.ticks) * _length(length) / (WHOLE * self.unit))
        elif said in "zx":
            self._add(None, _length(length))
        else:
            found = NOTE.fullmatch(said)
            assert found
            self._add(self._pitch(found[1], found[2], found[3]), _length(length))

    def _add(self, pitch: int | None, length: Fraction) -> None:
        self.count += 1
        if self.count > MOST:
            raise BadInput(f"This tune has more than {MOST} notes; hand in a shorter one.")
        ticks = length * self.unit * WHOLE * self.broken
        self.broken = Fraction(1)
        factor, left = self.tuplet
        if left:
            ticks *= factor
            self.tuplet = factor, left - 1
        self.last = ticks
        self._put(Event(pitch, self._whole(ticks)))

    def _put(self, event: Event) -> None:
        self.pieces[-1].events.append(event)

    def _break(self, said: str) -> None:
        """`a>b` dots the first note and halves the second, `a<b` the other way; not in triplets,
        whose notes stay even."""
        events = self.pieces[-1].events
        if self.tuplet[1] or not events or events[-1].ticks in TRIPLET or len(said) > 3:
            return
        short = Fraction(1, 2 ** len(said))
        first, second = (2 - short, short) if said[0] == ">" else (short, 2 - short)
        assert self.last is not None
        events[-1] = replace(events[-1], ticks=self._whole(self.last * first))
        self.broken = second

    def _whole(self, ticks: Fraction) -> int:
        if ticks.denominator != 1 or not 0 < ticks <= 16 * WHOLE:
            raise BadInput(f"Bar {len(self.pieces)} has a note of a length that cannot be written.")
        return int(ticks)
