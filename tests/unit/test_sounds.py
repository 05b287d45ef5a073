"""Strangers' sounds, other rates, and what is written."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genui import sounds
from genui.errors import BadInput, Unavailable


def tone(rate: int, seconds: float = 0.5, pitch: float = 440.0) -> sounds.Samples:
    """A sine (1, time) with smooth ends."""
    time = np.arange(int(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * pitch * time) * np.hanning(len(time)))[None].astype("f4")


@pytest.mark.parametrize(("suffix", "form"), [("wav", "WAV"), ("flac", "FLAC"), ("ogg", "OGG"),
                                              ("mp3", "MP3")])  # fmt: skip
def test_common_files_are_read_whatever_their_name_says(
    tmp_path: Path, suffix: str, form: str
) -> None:
    path = tmp_path / ("lie." + ("wav" if suffix != "wav" else "mp3"))
    soundfile.write(path, np.repeat(tone(44_100), 2, 0).T, 44_100, format=form)
    sound, rate = sounds.read(path)
    assert rate == 44_100
    assert sound.shape[0] == 2
    assert abs(sound.shape[1] - 22_050) < 3000  # lossy formats pad
    assert 0.4 < np.abs(sound).max() <= 1


def test_six_channels_become_two(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.repeat(tone(8000), 6, 0).T, 8000)
    assert sounds.read(tmp_path / "a.wav")[0].shape == (2, 4000)


def test_no_sound_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(tmp_path / "whole.wav", tone(8000).T, 8000)
    whole = (tmp_path / "whole.wav").read_bytes()
    for content in (b"", b"RIFF", b"\x89PNG\r\n\x1a\n" + bytes(100), whole[:30], whole[:60]):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=r"^(This file is no sound|There is no sound)"):
            sounds.read(path)


def test_a_long_sound_is_refused_before_it_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(4000 * 301, "i2"), 4000)
    with pytest.raises(BadInput, match="five minutes"):
        sounds.read(tmp_path / "a.wav")


def test_broken_numbers_become_silence(tmp_path: Path) -> None:
    wild = np.array([np.nan, np.inf, -np.inf, 7.0, 0.25] * 1000, "f4")
    soundfile.write(tmp_path / "a.wav", wild, 8000, subtype="FLOAT")
    sound, _ = sounds.read(tmp_path / "a.wav")
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 1


@pytest.mark.parametrize(("rate", "new"), [(44_100, 32_000), (24_000, 48_000), (8000, 8000)])
def test_another_rate_keeps_the_tone(rate: int, new: int) -> None:
    made = sounds.fit(tone(rate), rate, new, 2)
    assert made.shape == (2, new // 2)
    assert np.abs(made[0] - tone(new)[0]).max() < 0.01


def test_a_lower_rate_loses_only_what_it_cannot_hold() -> None:
    assert np.abs(sounds.fit(tone(32_000, pitch=9000), 32_000, 16_000, 1)).max() < 0.01


def test_pcm_never_clips_and_interleaves() -> None:
    loud = np.stack([np.full(4, 3.0), np.full(4, -1.5)])
    found = np.frombuffer(sounds.pcm(loud), "<i2")
    assert found.tolist() == [32112, -16056] * 4
    quiet = np.frombuffer(sounds.pcm(np.full((1, 2), 0.5)), "<i2")
    assert quiet.tolist() == [16384, 16384]
    with pytest.raises(Unavailable, match="another seed"):
        sounds.pcm(np.array([[0.0, np.nan]]))


def test_a_wav_file_holds_the_pcm(tmp_path: Path) -> None:
    raw = tmp_path / "audio.pcm"
    raw.write_bytes(sounds.pcm(np.repeat(tone(8000), 2, 0)))
    sounds.write_wav(raw, tmp_path / "a.wav", 8000, 2)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (8000, 2, 4000)
        assert file.readframes(4000) == raw.read_bytes()
