"""Speech by VibeVoice (Peng et al. 2025, arXiv 2508.19205): a language model that speaks freely.

Speaks part by part, so that a long text starts soon and needs no more memory than a short one.
The seed gives the voice: what was said first is the example for the rest. Reads text by itself,
without phonemes.
"""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from typing import Any

from pydantic import JsonValue

from genui import sounds
from genui.backends.base import Output, OutputFile
from genui.backends.model_folder import open_model, place
from genui.backends.pipeline_folder import dtype_for
from genui.backends.speech import SpeechBackend, pieces
from genui.errors import BadInput, Unavailable
from genui.records import Event, Request, Segment

PART = 240  # characters spoken at once
EXAMPLE = 10.0  # seconds of what was said before that keep the voice
SLOWEST = 5.0  # characters a second of the slowest speech; bounds a part that finds no end


class VibeVoice(SpeechBackend):
    """One VibeVoice; its weights are a folder in the layout of transformers' own class."""

    engine = "vibevoice"

    def load(self) -> None:
        import torch

        torch.set_num_threads(self.placement.threads)
        self._processor, model = open_model(
            self.weights, "vibevoice", "VibeVoiceForConditionalGeneration",
            dtype_for(self.placement),
        )  # fmt: skip
        self._model: Any = place(model, self.placement.device)
        self._rate: int = self._processor.feature_extractor.sampling_rate
        self._frame: int = model.config.audio_config.hop_length  # samples a token

    def unload(self) -> None:
        import torch

        del self._processor, self._model
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def versions(self) -> dict[str, str]:
        """The libraries that compute, and the one whose solver denoises each piece of sound."""
        from importlib.metadata import version

        return {name: version(name) for name in ("torch", "transformers", "diffusers")}

    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        """Speak: yields a `Segment` once a part's sound is in `audio.pcm` (16-bit mono), at the
        end the whole as `audio.wav`. A stopped part is kept as far as it was said."""
        import numpy as np
        import torch

        inputs, options = self.check(request)
        if inputs.phonemes:
            raise BadInput("This voice reads the text by itself; take the phonemes away.")
        raw, digest, done = scratch / "audio.pcm", hashlib.sha256(), 0
        said: list[str] = []
        example = np.zeros(0, np.float32)
        try:
            with raw.open("wb") as file:
                for part in parts(inputs.text):
                    if cancel.is_set():
                        break
                    sound = self._say(part, example, request.seed or 0, cancel)
                    if not len(sound):
                        continue
                    pcm = sounds.pcm(sound[None])
                    file.write(pcm)
                    file.flush()
                    digest.update(pcm)
                    example = np.concatenate([example, sound])[: int(EXAMPLE * self._rate)]
                    start, seconds = done / self._rate, len(sound) / self._rate
                    yield Segment(len(said), part, "", round(start, 4), round(seconds, 4))
                    said.append(part)
                    done += len(sound)
        except torch.OutOfMemoryError as error:
            gc.collect()
            torch.cuda.empty_cache()
            raise Unavailable("The GPU's memory is full; try again in a moment.") from error
        if not said:
            if not cancel.is_set():
                raise BadInput("There is nothing to say in this text; write a few words.")
            yield Output()
            return
        path = scratch / "audio.wav"
        sounds.write_wav(raw, path, self._rate)
        seconds = round(done / self._rate, 3)
        meta: dict[str, JsonValue] = {
            "sample_rate": self._rate, "channels": 1, "seconds": seconds
        }  # fmt: skip
        usage: dict[str, JsonValue] = {
            "seconds": seconds, "characters": len(inputs.text), "sentences": len(said),
            **({"ignored": ["speed"]} if options.speed != 1 else {}),
        }  # fmt: skip
        yield Output(
            text=" ".join(said) if cancel.is_set() else inputs.text,
            files=(OutputFile("audio", path, "audio/wav", meta),),
            usage=usage,
            content_sha256=digest.hexdigest(),
        )

    def _say(self, part: str, example: sounds.Samples, seed: int, cancel: Flag) -> sounds.Samples:
        """A part as float samples in the voice of `example`, or in one that the seed draws; as
        far as it was said when cancelled in the middle."""
        import numpy as np
        import torch
        from transformers import StoppingCriteriaList

        content: list[dict[str, Any]] = [{"type": "text", "text": part}]
        if len(example):
            content.append({"type": "audio", "audio": example})
        given = self._processor.apply_chat_template(
            [{"role": "0", "content": content}],
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        ).to(self._model.device, dtype=self._model.dtype)
        longest = 16 + int(len(part) / SLOWEST * self._rate / self._frame)

        def stop(ids: Any, scores: Any, **_: Any) -> Any:
            return torch.full((len(ids),), cancel.is_set(), device=ids.device)

        own = int.from_bytes(hashlib.sha256(f"{seed} {part}".encode()).digest()[:7])
        with torch.inference_mode(), torch.random.fork_rng(devices=[]):
            # the model draws from torch's own generator, always on the CPU
            torch.default_generator.manual_seed(own)
            (made,) = self._model.generate(
                **given, sample=False, do_sample=False, max_new_tokens=longest,
                return_dict_in_generate=True, stopping_criteria=StoppingCriteriaList([stop]),
            ).audio  # fmt: skip
        if made is None:
            return np.zeros(0, np.float32)
        samples: sounds.Samples = made.float().cpu().numpy().reshape(-1)
        return samples


def parts(text: str) -> Iterator[str]:
    """Sentences, grouped into parts of at most `PART` characters; what has nothing to say is left
    out."""
    part = ""
    for sentence in re.split(r"(?<=[.!?…。！？])\s+|\n+", text):
        for piece in pieces(sentence, PART):
            if not re.search(r"\w", piece):
                continue
            if part and len(part) + 1 + len(piece) > PART:
                yield part
                part = ""
            part = f"{part} {piece}".strip()
    if part:
        yield part
