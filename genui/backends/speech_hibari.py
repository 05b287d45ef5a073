"""Speech by hibari: a small English voice in ONNX, fast on one CPU core.

Reads and speaks sentence by sentence, so a long text needs no more memory than a short one.
The voice's own silence at both ends of a sentence (about 0.8 s together) is the pause.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from threading import Lock
from typing import Any

from pydantic import JsonValue

from genui import sounds
from genui.backends.base import Output, OutputFile
from genui.backends.speech import SpeechBackend, pieces
from genui.backends.speech_words import DURATIONS, Word, spans, timed, with_output
from genui.errors import BadInput, Unavailable
from genui.records import Event, Request, Segment

log = logging.getLogger(__name__)

LONGEST = 400  # phonemes the network is given at once; its time grows faster than their number
SENTENCE = 600  # characters read at once
WORD = 24  # longer ones are read in parts: hibari's reading of one word takes cubic time


class Hibari(SpeechBackend):
    """One hibari voice; its weights are the voice's ONNX file."""

    engine = "hibari"
    slots = 2

    def load(self) -> None:
        """Load the network and the reading rules; British voices read by British rules."""
        import hibari
        from hibari.voices import VOICES

        names = [name for name, voice in VOICES.items() if voice["file"] == self.weights.name]
        try:
            self._voice: Any = hibari.Hibari(
                voice=names[0] if names else "heart", model=str(self.weights)
            )
        except Exception as error:  # onnxruntime raises types that it does not export
            log.warning("%s: %s", self.weights, error)
            raise Unavailable(
                "This voice's file is damaged; ask the operator to fetch it again."
            ) from error
        self._session: Any = self._timing_session() or self._voice.sess
        self._reading = Lock()  # the reading rules keep state while they read
        self._voice.g2p("Ready.")

    def _timing_session(self) -> Any:
        """The network, telling also when each phoneme ends; None if this one cannot tell."""
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        settings.log_severity_level = 4  # that a network has no such value is no error here
        try:
            return onnxruntime.InferenceSession(
                with_output(self.weights.read_bytes(), DURATIONS), settings,
                providers=["CPUExecutionProvider"],
            )  # fmt: skip
        except Exception as error:  # onnxruntime raises types that it does not export
            log.info("%s tells no word times: %s", self.weights.name, error)
            return None

    def unload(self) -> None:
        """Let the network and the rules go."""
        del self._voice, self._session

    def phonemize(self, text: str) -> list[tuple[str, str]]:
        """(sentence, phonemes) pairs; what has nothing to say is left out."""
        return list(self._read(text))

    def _read(self, text: str) -> Iterator[tuple[str, str]]:
        for sentence in self._voice.split_sentences(text):
            for piece in pieces(sentence, SENTENCE):
                with self._reading:
                    phonemes = self._voice.g2p(re.sub(rf"(\S{{{WORD}}})(?=\S)", r"\1 ", piece))
                if re.search(r"\w", phonemes):
                    yield piece, phonemes

    def _sentences(self, text: str, phonemes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        if not phonemes:
            return self._read(text)
        if strange := sorted(set("".join(phonemes)) - set(self._voice.vocab)):
            raise BadInput(f"This voice does not know “{strange[0]}”; use the symbols shown.")
        texts = [sentence for sentence, _ in self._read(text)] + [""] * len(phonemes)
        pairs = zip(texts, phonemes, strict=False)
        return ((sentence, said) for sentence, said in pairs if re.search(r"\w", said))

    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        """Speak: yields a `Segment` once its sound is in `audio.pcm` (16-bit mono), at the end
        the whole as `audio.wav`. A sentence's noise is drawn from the seed and its phonemes, so
        editing one leaves the others as they were."""
        inputs, options = self.check(request)
        rate: int = self._voice.sample_rate
        raw, digest, done = scratch / "audio.pcm", hashlib.sha256(), 0
        said: list[str] = []
        with raw.open("wb") as file:
            for sentence, phonemes in self._sentences(inputs.text, inputs.phonemes):
                if cancel.is_set():
                    break
                pcm, times = self._say(phonemes, options.speed, request.seed or 0, cancel)
                if not pcm:
                    break
                file.write(pcm)
                file.flush()
                digest.update(pcm)
                start, seconds = done / 2 / rate, len(pcm) / 2 / rate
                words = self._words(sentence, [(start + t, length) for t, length in times])
                yield Segment(
                    len(said), sentence, phonemes, round(start, 4), round(seconds, 4), words
                )
                said.append(sentence)
                done += len(pcm)
        if not said:
            if not cancel.is_set():
                raise BadInput("There is nothing to say in this text; write a few English words.")
            yield Output()
            return
        path = scratch / "audio.wav"
        sounds.write_wav(raw, path, rate)
        seconds = round(done / 2 / rate, 3)
        meta: dict[str, JsonValue] = {"sample_rate": rate, "seconds": seconds}
        yield Output(
            text=" ".join(said) if cancel.is_set() else inputs.text,
            files=(OutputFile("audio", path, "audio/wav", meta),),
            usage={"seconds": seconds, "characters": len(inputs.text), "sentences": len(said)},
            content_sha256=digest.hexdigest(),
        )

    def _say(
        self, phonemes: str, speed: float, seed: int, cancel: Flag
    ) -> tuple[bytes, list[tuple[float, float]]]:
        """A sentence as 16-bit little-endian mono, and start and length of its words in seconds,
        if the network tells; nothing when cancelled in the middle."""
        import numpy as np
        from hibari import dsp

        own = int.from_bytes(hashlib.sha256(phonemes.encode()).digest()[:8])
        rng = np.random.default_rng([seed, own])
        rate, vocab = self._voice.sample_rate, self._voice.vocab
        parts: list[Any] = []
        times: list[tuple[float, float]] = []
        for part in pieces(phonemes, LONGEST):
            if cancel.is_set():
                return b"", []
            known = "".join(symbol for symbol in part if symbol in vocab)
            values = self._session.run(
                None,
                {"ids": np.asarray([self._voice.ids(known)], np.int64),
                 "speed": np.asarray([speed], np.float32)},
            )  # fmt: skip
            sound = dsp.synth(*(value[0] for value in values[:6]), rng)
            if len(values) > 6:
                frame = len(sound) / rate / float(values[6][-1])
                begun = sum(map(len, parts)) / rate
                edges = values[6][:-1] * frame + begun  # a mute pad stands before and behind
                times += spans(known, edges.tolist())
            parts.append(sound)
        return sounds.pcm(np.concatenate(parts)[None]), times

    def _words(self, sentence: str, times: list[tuple[float, float]]) -> tuple[Word, ...]:
        def count(word: str) -> int:
            with self._reading:
                return len(re.findall(r"\S*\w\S*", self._voice.g2p(word)))

        return timed(sentence, times, count)

    def versions(self) -> dict[str, str]:
        """hibari, the network's runtime and numpy, which draws the noise."""
        from importlib.metadata import version

        return {name: version(name) for name in ("hibari-tts", "onnxruntime", "numpy")}
