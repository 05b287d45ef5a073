"""What somebody asks for in words: "a happy jig in D major, 16 bars, on the flute".

Every wish is found by its own patterns; words that say nothing of a tune are passed over. Wishes
that contradict each other, or that nobody can meet, are a `BadInput`. Knows nothing of controls, of
tokens or of models."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from genui.errors import BadInput
from genui.music.shape import METRES, MOST
from genui.music.tune import Key

FEWEST = 4  # bars that one may ask for; `MOST` is the other end
SLOWEST, FASTEST = 40, 240  # beats a minute
KNOWN = ("major", "minor", "dorian", "mixolydian")  # modes that the models have learned
# metres in which a kind is danced
DANCED = {
    "reel": ("4/4", "2/4"), "jig": ("6/8", "12/8"), "slip jig": ("9/8",),
    "hornpipe": ("4/4", "3/2"), "strathspey": ("4/4",), "march": ("4/4", "2/4", "6/8"),
}  # fmt: skip
BRIGHT, DARK = ("major", "mixolydian"), ("minor", "dorian")
DANCES = ("reel", "jig", "hornpipe")

# patterns and what they mean; what one has read, later ones do not see
KINDS = (
    (r"slip[ -]?jigs?|hop jigs?", "slip jig"), (r"(?:double |single )?jigs?|gigues?", "jig"),
    (r"reels?", "reel"), (r"hornpipes?", "hornpipe"), (r"strathspeys?", "strathspey"),
    (r"march(?:es|ing)?", "march"), (r"(?:slow )?airs?|ballads?", "air"),
)  # fmt: skip
METRED = (  # dances that are known by their metre alone, and names of metres
    (r"walt(?:z|zes)|minuets?|mazurkas?", "3/4"), (r"polkas?", "2/4"), (r"slides?", "12/8"),
    (r"common time|cut time|2 ?/ ?2", "4/4"),
)  # fmt: skip
MOODS = (  # modes, kinds where none is named, how much faster than usual
    (r"happy|cheerful|merry|joy(?:ful|ous)|jolly|bright|sunny|festive", (BRIGHT, DANCES, 1.0)),
    (r"sad|sorrowful|melanchol(?:y|ic)|mournful|gloomy|lonely|laments?", (DARK, ("air",), 0.8)),
    (r"dark|haunting|myster(?:y|ious)|eerie", (DARK, (), 1.0)),
    (r"lively|upbeat|energetic|danc(?:e|ing|eable)|rousing|playful", ((), DANCES, 1.1)),
    (r"fast|quick|rapid|brisk", ((), (), 1.2)),
    (r"slow|slowly|lullab(?:y|ies)", ((), ("air",), 0.7)),
    (r"gentle|calm|quiet|peaceful|tender|soft|dreamy|relax(?:ed|ing)|soothing",
     ((), ("air",), 0.8)),
)  # fmt: skip
PLAYED = (
    (r"fiddles?|violins?", "fiddle"), (r"(?:tin |penny )?whistles?", "whistle"),
    (r"flutes?", "flute"), (r"accordions?|concertinas?", "accordion"), (r"harps?", "harp"),
    (r"pianos?", "piano"), (r"guitars?", "guitar"), (r"music[ -]?box(?:es)?", "music-box"),
)  # fmt: skip
BACKED = (
    (r"(?:without|no) (?:any )?(?:chords?|accompaniment|backing|band)|unaccompanied|solo"
     r"|(?:the )?melody only|only (?:the|a) melody", "none"),
    (r"with (?:an? |the )?(?:full )?(?:chords and )?(?:band|drums|bass|accompaniment)", "full"),
    (r"(?:without|no) (?:any )?drums|with (?:the )?chords", "chords"),
)  # fmt: skip
SIZES = ((r"very short", 8), (r"short|brief", 16), (r"very long", 48), (r"long", 32))
NUMBERS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "ten": 10, "twelve": 12, "sixteen": 16, "twenty": 20, "twenty-four": 24,
    "thirty-two": 32, "forty": 40, "forty-eight": 48, "sixty-four": 64,
}  # fmt: skip
COUNT = rf"(?<![\w./-])(?P<n>-?\d+|{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
BARS = (rf"{COUNT}[ -]?(?:bars?|measures?)\b",)
TEMPO = (
    r"\btempo(?: of|:| =)? ?(?P<n>-?\d+)(?: ?bpm)?",
    rf"(?:\bat )?{COUNT} ?(?:bpm|beats (?:a|per) minute)\b",
)
SILENT = r"\b(?:of|only) (?:nothing|silence|rests)\b|\bsilent\b|\b(?:no|without) notes\b"
NOT = r"\b(?:not|never|isn't)(?: too| very| so| an?)? \w+"
NOTE = r"(?P<note>[A-Ga-g])(?:[ -]?(?P<sign>(?i:sharp|flat)|[#♯♭b]))?"
MODE = (
    r"(?P<mode>(?i:major|minor|maj|min|dorian|mixolydian|lydian|phrygian|locrian|aeolian|ionian)"
    r"|m)\b"
)
# a small "a" is a note only in "in a minor", and not in "in a minor key"
NAMED = (
    rf"(?P<lead>\b(?i:in|of) )?(?<![\w#]){NOTE.replace('[A-Ga-g]', '(?(lead)[A-Ga-g]|[A-Gb-g])')}"
    rf"[ -]?{MODE}(?! (?i:key|mode|scale)s?\b)"
)
TONIC = rf"\b(?i:in|key of) {NOTE.replace('a-g', '')}(?![\w#])"
SAME = {"maj": "major", "ionian": "major", "min": "minor", "m": "minor", "aeolian": "minor"}
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SIGNS = {"#": 1, "♯": 1, "sharp": 1, "♭": -1, "b": -1, "flat": -1}

T = TypeVar("T")


@dataclass(frozen=True)
class Wishes:
    """What was understood; empty, None or 0 where nothing was said. suits: kinds that suit the
    mood. modes: any of these. tempo: beats a minute. pace: times the usual tempo. mood: the words
    that told it."""

    kind: str = ""
    suits: tuple[str, ...] = ()
    metre: str = ""
    tonic: int | None = None
    modes: tuple[str, ...] = ()
    bars: int = 0
    tempo: int = 0
    pace: float = 1.0
    instrument: str = ""
    accompaniment: str = ""
    mood: str = ""


def key(text: str) -> Key:
    """A key such as "D major", "Bb dorian" or "G". Raises BadInput with what would do."""
    found = re.fullmatch(rf"\s*{NOTE}(?:[ -]?{MODE})?\s*", text)
    if not found:
        raise BadInput("The key has to be like D major or E dorian.")
    return Key(_tonic(found), _mode(found["mode"] or "major"))


def _tonic(found: re.Match[str]) -> int:
    return (STEPS[found["note"].upper()] + SIGNS.get((found["sign"] or "").lower(), 0)) % 12


def _mode(said: str) -> str:
    mode = SAME.get(said.lower(), said.lower())
    if mode not in KNOWN:
        raise BadInput(f"Tunes here cannot be {mode}; ask for one of {', '.join(KNOWN)}.")
    return mode


def read(text: str, instruments: Collection[str]) -> Wishes:
    """The wishes in a text; `instruments` are the ids of those that there are. Raises BadInput for
    what cannot be."""
    reader = _Reader(text)
    if reader.all(SILENT, re.I):
        raise BadInput("A tune needs notes; ask for something that can be heard.")
    bars = reader.number(BARS, FEWEST, MOST, f"A tune here has {FEWEST} to {MOST} bars.")
    tempo = reader.number(
        TEMPO, SLOWEST, FASTEST,
        f"The tempo has to lie between {SLOWEST} and {FASTEST} beats a minute.",
    )  # fmt: skip
    backed = reader.one(BACKED)
    reader.all(NOT, re.I)
    tonic, modes = _key(reader)
    metre = _metre(reader)
    played = [(words, name) for words, name in reader.words(PLAYED) if name in instruments]
    kind = reader.one(KINDS)
    size = reader.one(SIZES)
    moods = reader.words(MOODS)
    pace, ground = 1.0, ""
    suits: tuple[str, ...] = ()
    for words, (coloured, danced, faster) in moods:
        if coloured and not modes:
            modes, ground = coloured, words
        elif coloured and tonic is None and modes in (BRIGHT, DARK) and modes != coloured:
            raise _apart(ground, words)
        suits = suits or danced
        pace *= faster
    return Wishes(
        kind or "", suits, metre, tonic, modes, bars or size or 0, tempo or 0,
        min(1.4, max(0.6, pace)), _one(played) or "", backed or "",
        ", ".join(words for words, _ in moods),
    )  # fmt: skip


def _key(reader: _Reader) -> tuple[int | None, tuple[str, ...]]:
    """Tonic and modes that are named; "a minor tune" names no tonic, "in A minor" does."""
    keys = [(m[0].strip(), Key(_tonic(m), _mode(m["mode"]))) for m in reader.all(NAMED)]
    tonics = [(m[0], _tonic(m)) for m in reader.all(TONIC)]
    alone = [(m[0], _mode(m["mode"])) for m in reader.all(rf"(?i:\b{MODE})") if len(m[0]) > 1]
    whole, tonic, mode = _one(keys), _one(tonics), _one(alone)
    if whole and (tonic not in (None, whole.tonic) or mode not in (None, whole.mode)):
        raise _apart(keys[0][0], (tonics or alone)[0][0])
    if whole:
        return whole.tonic, (whole.mode,)
    return tonic, (mode,) if mode else ()


def _metre(reader: _Reader) -> str:
    named = reader.words(METRED)
    for match in reader.all(r"(?<![\w/])(\d{1,3}) ?/ ?(\d{1,3})(?![\w/])"):
        metre = f"{match[1]}/{match[2]}"
        if metre not in METRES:
            raise BadInput(f"Tunes in {metre} are not known here; ask for one of "
                           f"{', '.join(METRES)}.")  # fmt: skip
        named.append((metre, metre))
    return _one(named) or ""


def _apart(one: str, other: str) -> BadInput:
    return BadInput(f"“{one}” and “{other}” do not go together; keep one of them.")


def _one(found: Iterable[tuple[str, T]]) -> T | None:
    """What all the words mean alike; raises BadInput for two that differ."""
    first: tuple[str, T] | None = None
    for words, meaning in found:
        if first and first[1] != meaning:
            raise _apart(first[0], words)
        first = first or (words, meaning)
    return first[1] if first else None


class _Reader:
    """A text from which what was understood is taken out, so that it is not read twice."""

    def __init__(self, text: str) -> None:
        self.text = re.sub(r"\s+", " ", text)

    def all(self, pattern: str, flags: int = 0) -> list[re.Match[str]]:
        """Every place that matches, taken out."""
        found = list(re.finditer(pattern, self.text, flags))
        self.text = re.sub(pattern, "|", self.text, flags=flags)
        return found

    def words(self, table: Iterable[tuple[str, T]]) -> list[tuple[str, T]]:
        """All words of a table that are there, with their meanings."""
        return [
            (match[0].lower(), meaning)
            for pattern, meaning in table
            for match in self.all(rf"\b(?:{pattern})\b", re.I)
        ]

    def one(self, table: Iterable[tuple[str, T]]) -> T | None:
        """The one meaning of a table that is spoken of."""
        return _one(self.words(table))

    def number(
        self, patterns: Iterable[str], low: int, high: int, sentence: str
    ) -> int | None:  # fmt: skip
        """A number within bounds; raises BadInput with `sentence` else."""
        found = [m for pattern in patterns for m in self.all(pattern, re.I)]
        said = [(m[0], NUMBERS[m["n"].lower()] if m["n"].lower() in NUMBERS else int(m["n"]))
                for m in found]  # fmt: skip
        number = _one(said)
        if number is not None and not low <= number <= high:
            raise BadInput(sentence)
        return number
