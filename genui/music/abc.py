"""Read and write ABC, the notation of folk tunes (the ABC standard 2.1, abcnotation.com).

Reads one melody: the first voice, the top note of a chord, no grace notes, ornaments, slurs or
words; of two endings the second. Reading is defensive, since anybody may hand in a file: sizes are
limited, and what cannot be read is a `BadInput` that says in one sentence where. What a read tune
looks like is up to its writer; `shape` makes it regular. Knows nothing of tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from genui.errors import BadInput
from genui.music.abc_music import STEPS, Music, Piece, signature
from genui.music.tune import KINDS, MODES, TRIPLET, WHOLE, Bar, Event, Key, Metre, Section, Tune

LARGEST = 100_000  # characters of one tune
UNIT = WHOLE // 8  # ticks of the length that is left unwritten: an eighth
KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")
BARRED = re.compile(r"[\x00-\x1f\x7f-\x9f%\u2028\u2029]+")  # from titles
SHORT = {"major": "", "minor": "m"}


def _metre(said: str) -> Metre:
    said = said.split("%")[0].strip()
    if said in ("C", "C|"):
        return Metre(4, 4) if said == "C" else Metre(2, 2)
    found = re.fullmatch(r"(\d{1,2})\s*/\s*(1|2|4|8|16)", said)
    if not found or int(found[1]) == 0:
        raise BadInput(f"This tune's metre (M:{said[:20]}) has to be like 4/4 or 6/8.")
    return Metre(int(found[1]), int(found[2]))


def _key(said: str) -> Key:
    found = KEY.match(said.strip())
    if not found:
        raise BadInput(f"This tune's key (K:{said.strip()[:20]}) has to be like G, Am or D mix.")
    word = found[3].lower()
    mode = next((name for name in MODES if len(word) > 2 and name.startswith(word[:3])), None)
    if mode is None:
        mode = {"m": "minor", "aeo": "minor", "ion": "major"}.get(word[:3], "major")
    tonic = STEPS[found[1]] + {"#": 1, "b": -1, "": 0}[found[2]]
    return Key(tonic % 12, mode)


def sections(pieces: list[Piece], bar: int) -> Iterator[Section]:
    """Cut at double bars and repeat signs. Of two endings only the second stays."""
    held: list[Piece] = []
    repeat = False
    end = Piece(before="|]")
    for piece in [*pieces, end]:
        ends = bool(re.search(r":\||::", piece.before))
        repeat = repeat or ends
        cut = ends or re.search(r"\|:|\|\||\|\]|\[\|", piece.before.replace("|2", ""))
        # in "B|:efg" the repeat sign stands after the pickup
        lead = len(held) == 1 and held[0].ticks < bar and not ends and piece is not end
        if cut and piece.ending != 2 and not lead:
            second = next((i for i, p in enumerate(held) if p.ending == 2), 0)
            first = next((i for i, p in enumerate(held) if p.ending == 1), second)
            kept = [p for p in held[:first] + held[second:] if p.events]
            bars = [Bar(tuple(p.events), tuple(p.chords)) for p in kept]
            if bars:
                short = len(bars) > 1 and bars[0].ticks < bar
                yield Section(tuple(bars[short:]), bars[0] if short else Bar(()), repeat)
            held, repeat = [], False
        held.append(piece)


def read_all(text: str) -> Iterator[Tune | BadInput]:
    """The tunes of a tune book, one after the other; a `BadInput` in the place of each that cannot
    be read."""
    for part in re.split(r"(?m)^(?=X:)", text.replace("\r", "")):
        if part.startswith("X:"):
            try:
                yield read(part)
            except BadInput as error:
                yield error


def read(text: str) -> Tune:
    """The first tune in `text`. Raises BadInput with a sentence that says what to change."""
    if len(text) > LARGEST:
        raise BadInput(f"An ABC tune may have {LARGEST} characters; hand in a single tune.")
    fields, music = _split(text.replace("\r", ""))
    if "K" not in fields:
        raise BadInput("This is not a tune in ABC: a line like “K:G” for the key is missing.")
    metre, key = _metre(fields.get("M", "4/4")), _key(fields["K"])
    usual = "1/16" if metre.ticks / WHOLE < 0.75 else "1/8"
    unit = re.match(r"1\s*/\s*(1|2|4|8|16|32)\b", fields.get("L", usual))
    if not unit:
        raise BadInput(f"The unit length (L:{fields['L'][:20]}) has to be like 1/8.")
    pieces = Music(metre, key, Fraction(1, int(unit[1]))).read(music)
    found = tuple(sections(pieces, metre.ticks))
    if not any(event.pitch is not None for s in found for b in s.bars for event in b.events):
        raise BadInput("This ABC has no notes after its K: line; add some, as in “GABc dedB|”.")
    kind = fields.get("R", "").split("%")[0].strip().lower()
    kind = {"slipjig": "slip jig", "double jig": "jig", "slide": "jig"}.get(kind, kind)
    return Tune(
        metre, key, kind if kind in KINDS else "tune", found, fields.get("T", "")[:200],
        _tempo(fields.get("Q", "")),
    )  # fmt: skip


def _split(text: str) -> tuple[dict[str, str], str]:
    """The header's fields, first of each letter, and the music of the first voice."""
    fields: dict[str, str] = {}
    music: list[str] = []
    voices: list[str] = []
    voice = 0
    for whole in text.split("\n"):
        if not whole.strip() and "K" in fields:
            break
        line = whole.split("%")[0].rstrip()
        found = re.match(r"(?:([A-Za-z]):(?![|:])|\[(V):)(.*)", line)  # "A:|" is a note
        letter = found[1] or found[2] if found else ""
        if found and letter == "V":
            name = re.split(r"[\s\]]", found[3].strip())[0]
            if name not in voices:
                voices.append(name)
            voice = voices.index(name)
            line = found[3].partition("]")[2] if found[2] else ""
            if voice == 0 and line:
                music.append(line)
        elif found and "K" in fields:
            if letter in "KML":
                raise BadInput("The key, metre or unit changes inside this tune; split it there.")
        elif found:
            fields.setdefault(letter, found[3].strip())
        elif "K" in fields and voice == 0:
            music.append(line)
    return fields, "\n".join(music)


def _tempo(said: str) -> float | None:
    """Quarter notes a minute, from Q: such as 1/4=120 or 3/8=110."""
    found = re.search(r"(\d{1,2})\s*/\s*(\d{1,2})\s*=\s*(\d{1,3})", said)
    if not found or not int(found[2]) or not int(found[3]):
        return None
    return int(found[3]) * 4 * int(found[1]) / int(found[2])


def write(tune: Tune) -> str:
    """The tune as ABC, with notes joined by beats. Its title may be a stranger's: line breaks and
    control characters are taken out."""
    key = tune.key
    lines = [
        "X:1",
        f"T:{BARRED.sub(' ', tune.title).strip()}",
        f"R:{tune.kind}",
        f"M:{tune.metre}",
        "L:1/8",
        f"K:{key.name}{SHORT.get(key.mode, key.mode[:3])}",
    ]
    if tune.tempo:
        lines.insert(-1, f"Q:1/4={round(tune.tempo)}")
    for number, section in enumerate(tune.sections, 1):
        pickup = (
            _bar(section.pickup, tune, tune.metre.ticks - section.pickup.ticks) + "|"
            if section.pickup.events
            else ""
        )
        bars = [_bar(bar, tune) for bar in section.bars]
        rows = ["|".join(bars[i : i + 4]) for i in range(0, len(bars), 4)]
        rows[0] = ("|:" if section.repeat else "") + pickup + rows[0]
        last = number == len(tune.sections)
        end = " :|" if section.repeat else "|]" if last else "||"  # "A:|" looks like a field
        lines += [f"{row}|" for row in rows[:-1]] + [rows[-1] + end]
    return "\n".join(lines) + "\n"


def _bar(bar: Bar, tune: Tune, late: int = 0) -> str:
    """Its notes; `late` ticks of a whole bar are over when it begins."""
    chords, altered = dict(bar.chords), dict[tuple[str, int], int]()
    at, group, out = 0, 0, []
    joined = tune.metre.beat * (2 if tune.metre.beats == 4 else 1)
    for i, event in enumerate(bar.events):
        if at and not group and (late + at) % joined == 0:
            out.append(" ")
        if at in chords:
            out.append(f'"{chords[at]}"')
        if event.ticks in TRIPLET and not group:
            group = TRIPLET[event.ticks]
            out.append(_tuplet(bar.events[i:], group))
        pitch = "z" if event.pitch is None else _pitch(event.pitch, tune.key, altered)
        ticks = event.ticks * 3 // 2 if group else event.ticks
        out.append(pitch + _fraction(ticks) + "-" * event.tie)
        group = max(0, group - event.ticks) if group else 0
        at += event.ticks
    return "".join(out)


def _tuplet(events: Sequence[Event], group: int) -> str:
    """The sign before three notes in the time of two; it tells how many notes if they are not
    three."""
    count, left = 0, group
    for event in events:
        if left <= 0:
            break
        left -= event.ticks
        count += 1
    return "(3" if count == 3 else f"(3:2:{count}"


def _fraction(ticks: int) -> str:
    length = Fraction(ticks, UNIT)
    over = "" if length.numerator == 1 else str(length.numerator)
    return over + ("" if length.denominator == 1 else f"/{length.denominator}")


def _pitch(pitch: int, key: Key, altered: dict[tuple[str, int], int]) -> str:
    """The pitch as a letter, with an accidental if neither the key signature nor the bar so far
    says it (`altered` keeps what the bar says)."""
    name = key.spell(pitch)
    letter, shift = name[0], name.count("#") - name.count("b")
    height = (pitch - shift) // 12
    known = altered.get((letter, height), signature(key).get(letter, 0))
    sign = "" if shift == known else "^" * shift or "_" * -shift or "="
    altered[letter, height] = shift
    octave = height - 5
    text = letter.lower() + "'" * (octave - 1) if octave > 0 else letter + "," * -octave
    return sign + text
