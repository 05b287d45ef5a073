"""Read one melody from a standard MIDI file, and write one with those who play along (with mido).

Writes what is heard, in written time: repeats twice, each part on a track of its own. Reads what
people play or save: the part that is called melody or lies highest, its top line, put on a grid of
sixteenths or triplets. A file that comes in is untrusted."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import mido

from genui.errors import BadInput
from genui.music import facts
from genui.music.melody import (
    DRUMS,
    EMPTY,
    NO_LENGTH,
    TOP_LINE,
    Reading,
    Sound,
    barred,
    top_line,
    triplets,
)
from genui.music.tune import QUARTER, Event, Key, Metre, Tune

LARGEST = 500_000  # bytes
MOST = 20_000  # notes
FINE = 20  # MIDI ticks to a tick of ours
BROKEN = "This MIDI file is damaged; save it again from a music program."
DRUM_CHANNEL = 9
# programs of General MIDI for our instruments
PROGRAMS = {"fiddle": 110, "flute": 73, "whistle": 74, "accordion": 21, "harp": 46, "piano": 0,
            "guitar": 25, "music-box": 10, "bass": 32}  # fmt: skip
PERCUSSION = {"low": 41, "high": 48, "shaker": 70, "block": 76}  # its numbers for our drums
MELODY = "Melody"  # a track of this name is taken first
LOUDEST = 90  # velocity
SIGNATURES = {5: "B", 4: "E", 3: "A", 2: "D", 1: "G", 0: "C", -1: "F", -2: "Bb", -3: "Eb",
              -4: "Ab", -5: "Db", 6: "F#"}  # fmt: skip
SHARPS = {name: sharps for sharps, name in SIGNATURES.items()} | {
    "C#": 7, "G#": 8, "D#": 9, "A#": 10, "Gb": -6, "Cb": -7,
}  # fmt: skip


Note = tuple[int, int, int | str, float]  # tick from the first note, ticks, sound, strength


@dataclass(frozen=True)
class Part:
    """What one player plays. name: of the track. instrument: one of `PROGRAMS`, "" for drums.
    notes: sounds are MIDI numbers, or names of `PERCUSSION`; strengths 0 to 1."""

    name: str
    instrument: str
    notes: tuple[Note, ...]


def write(tune: Tune, *, instrument: str = "fiddle", band: Sequence[Part] = ()) -> bytes:
    """The tune as it is heard, at its tempo or 120 quarter notes a minute, and the band with it."""
    head = mido.MidiTrack([
        mido.MetaMessage(
            "track_name", name=tune.title.encode("latin-1", "replace").decode("latin-1")
        ),
        mido.MetaMessage("time_signature", numerator=tune.metre.beats, denominator=tune.metre.unit),
        mido.MetaMessage("key_signature", key=SIGNATURES[tune.key.signature]),
        mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tune.tempo or 120)),
    ])  # fmt: skip
    # a pickup stands at the end of a bar that begins with silence
    pickup = tune.sections[0].pickup.ticks if tune.sections else 0
    lead = (tune.metre.ticks - pickup) % tune.metre.ticks
    notes, at = list[Note](), 0
    for pitch, ticks in _heard(tune):
        if pitch is not None:
            notes.append((at, ticks, pitch, 1.0))
        at += ticks
    parts = [Part(MELODY, instrument, tuple(notes)), *band]
    tracks = [_track(part, channel, lead, lead + at) for channel, part in enumerate(parts)]
    out = io.BytesIO()
    mido.MidiFile(ticks_per_beat=QUARTER * FINE, type=1, tracks=[head, *tracks]).save(file=out)
    return out.getvalue()


def _track(part: Part, channel: int, lead: int, end: int) -> mido.MidiTrack:
    """The part from tick `lead` on. A note that is struck again ends there."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=part.name)])
    if part.instrument:
        program = PROGRAMS[part.instrument]
        track.append(mido.Message("program_change", program=program, channel=channel))
    else:
        channel = DRUM_CHANNEL
    events, again = list[tuple[int, int, int]](), dict[int, int]()  # again: pitch → next start
    for at, ticks, sound, strength in sorted(part.notes, key=lambda note: -note[0]):
        pitch = PERCUSSION[sound] if isinstance(sound, str) else sound
        until = min(at + ticks, again.get(pitch, end))
        again[pitch] = at
        events += [(until, pitch, 0), (at, pitch, round(LOUDEST * strength))]
    now = -lead
    for at, pitch, velocity in sorted(events, key=lambda event: (event[0], event[2] > 0)):
        kind = "note_on" if velocity else "note_off"
        wait = (at - now) * FINE
        track.append(mido.Message(kind, note=pitch, velocity=velocity, time=wait, channel=channel))
        now = at
    track.append(mido.MetaMessage("end_of_track", time=(end - lead - now) * FINE))
    return track


def _heard(tune: Tune) -> Iterator[tuple[int | None, int]]:
    """Pitch and ticks of what is heard, tied events as one note."""
    held: Event | None = None
    for section in tune.sections:
        for bar in (section.pickup, *section.bars) * (1 + section.repeat):
            for event in bar.events:
                if held and held.pitch == event.pitch:
                    held = replace(event, ticks=held.ticks + event.ticks)
                else:
                    if held:
                        yield held.pitch, held.ticks
                    held = event
                if not event.tie:
                    yield held.pitch, held.ticks
                    held = None
    if held:
        yield held.pitch, held.ticks


def read(data: bytes) -> Reading:
    """The melody in a MIDI file. Raises BadInput with one sentence for a file that has none."""
    if len(data) > LARGEST:
        raise BadInput("This MIDI file is larger than 500 kB; hand in a single tune.")
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except (OSError, EOFError, ValueError, LookupError, mido.KeySignatureError):
        raise BadInput(BROKEN) from None
    if not 0 < file.ticks_per_beat < 0x8000:
        raise BadInput("This MIDI file counts in film frames, not in beats; save it in beats.")
    scale = QUARTER / file.ticks_per_beat
    metre, key = _metre(file), _signature(file)
    parts, drums = _parts(file, scale)
    if not parts:
        raise BadInput(DRUMS if drums else EMPTY)
    if not any(end > start for notes in parts.values() for start, end, _ in notes):
        raise BadInput(NO_LENGTH)
    melody = _melody(file, parts)
    sounds, cuts = _gridded(melody, metre)
    line, left_out = top_line(sounds)
    sections = barred(line, metre, cuts)
    heard = facts.heard_key((sound.pitch, sound.end - sound.start) for sound in line)
    if key is not None and heard.signature != key.signature:
        heard = key
    title = next((m.name for track in file.tracks for m in track if m.type == "track_name"), "")
    tune = Tune(metre, heard, "tune", sections, title.strip()[:200], _tempo(file))
    return Reading(tune, TOP_LINE if left_out or len(parts) > 1 else "")


def _metre(file: mido.MidiFile) -> Metre:
    found = dict.fromkeys(
        (m.numerator, m.denominator) for track in file.tracks for m in track
        if m.type == "time_signature"
    )  # fmt: skip
    if len(found) > 1:
        raise BadInput("The metre changes inside this MIDI file; hand in a part that keeps one.")
    beats, unit = next(iter(found), (4, 4))
    if not 0 < beats <= 24 or unit not in (1, 2, 4, 8, 16):
        raise BadInput(f"This tune's metre ({beats}/{unit}) has to be like 4/4 or 6/8.")
    return Metre(beats, unit)


def _signature(file: mido.MidiFile) -> Key | None:
    """The key that the file names, as major or minor."""
    for track in file.tracks:
        for message in track:
            if message.type == "key_signature":
                name = message.key.removesuffix("m")
                mode = "major" if name == message.key else "minor"
                return Key(SHARPS[name] * 7 % 12, mode)
    return None


def _tempo(file: mido.MidiFile) -> float | None:
    """Quarter notes a minute, where it is said and can be played."""
    for track in file.tracks:
        for message in track:
            if message.type == "set_tempo" and message.tempo > 0:
                found = float(mido.tempo2bpm(message.tempo))
                return found if 20 <= found <= 500 else None
    return None


Timed = tuple[float, float, int]  # start and end in ticks, pitch


Parts = dict[tuple[int, int], list[Timed]]  # by number of the track, and channel


def _parts(file: mido.MidiFile, scale: float) -> tuple[Parts, bool]:
    """The notes of each track and channel, and whether there are drums."""
    parts, drums, count = defaultdict[tuple[int, int], list[Timed]](list), False, 0
    for number, track in enumerate(file.tracks):
        at, open_ = 0, dict[tuple[int, int], int]()
        for message in track:
            at += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            place = message.channel, message.note
            if message.channel == DRUM_CHANNEL:
                drums = True
                continue
            if place in open_:
                start = open_.pop(place)
                parts[number, message.channel].append((start * scale, at * scale, message.note))
            if message.type == "note_on" and message.velocity:
                open_[place] = at
                count += 1
                if count > MOST:
                    raise BadInput(f"This MIDI file has more than {MOST} notes; hand in one tune.")
    return parts, drums


def _melody(file: mido.MidiFile, parts: Parts) -> list[Timed]:
    """The part that is called melody; else the one that lies highest, of those that have at least
    half as many notes as the largest."""
    for (track, _), part in parts.items():
        if file.tracks[track].name.strip().lower() == MELODY.lower():
            return part
    least = max(map(len, parts.values())) / 2
    return max((part for part in parts.values() if len(part) >= least),
               key=lambda part: sum(pitch for *_, pitch in part) / len(part))  # fmt: skip


def _gridded(notes: Sequence[Timed], metre: Metre) -> tuple[list[Sound], list[int]]:
    """Notes at whole ticks; and the edges of beats with triplets, where they have to be cut.

    A file that was written, not played, keeps its times. In one that was played, starts go to the
    nearest sixteenth or third, ends to the next start where the gap is small."""
    notes = sorted(notes)
    beats = triplets((start for start, *_ in notes), metre)
    cuts = [QUARTER * (beat + edge) for beat in beats for edge in (0, 1)]
    if all(_written(time) for start, end, _ in notes for time in (start, end)):
        return [Sound(round(start), round(end), pitch) for start, end, pitch in notes], cuts

    def placed(time: float) -> int:
        grid = 8 if int((time + 3) // QUARTER) in beats else 6
        return round(time / grid) * grid

    starts = [placed(start) for start, *_ in notes]
    found, following = list[Sound](), 0  # where the next later note begins; 0 after the last
    for i in range(len(notes) - 1, -1, -1):
        start, end, pitch = notes[i]
        if i + 1 < len(notes) and starts[i + 1] > starts[i]:
            following = starts[i + 1]
        last = max(starts[i] + 6, placed(end)) if end > start else starts[i]
        if following and abs(following - end) <= max(6, 0.35 * (following - starts[i])):
            last = following
        found.append(Sound(starts[i], last, pitch))
    return found[::-1], cuts


def _written(time: float) -> bool:
    near = round(time)
    return abs(time - near) < 0.1 and (near % 3 == 0 or near % 4 == 0)
