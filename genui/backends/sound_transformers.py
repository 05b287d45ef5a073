"""Music by MusicGen (Copet et al. 2023, arXiv 2306.05284): a language model of codec frames.

Runs its own short loop over frames, so that seed, Stop and long music are exact: what exists at
Stop is kept, and music longer than the model learned goes on from its own last seconds.
Knows nothing of the page or the store.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from typing import Any, ClassVar

from pydantic import JsonValue

from genui import sounds
from genui.backends.arguments import unread
from genui.backends.base import Output
from genui.backends.model_folder import open_model, place
from genui.backends.pipeline_folder import dtype_for
from genui.backends.sound import SoundBackend, SoundInputs, SoundOptions, cannot, written
from genui.errors import Unavailable
from genui.records import Event, Progress, Request

WINDOW = 30.0  # seconds at once: what the model learned from
CONTEXT = 10.0  # seconds that the next window goes on from
TOP_K = 250  # likeliest codes that are drawn from, as the model's authors do
READ = 512  # tokens of a prompt at most
CHUNK = 10  # frames between two progress events


class MusicGen(SoundBackend):
    """One MusicGen, mono or stereo; its weights are a folder in the hub's layout.

    The language model computes in the device's precision, codec and text encoder in float32,
    without which one hears noise."""

    engine = "musicgen"
    uses: ClassVar[tuple[str, ...]] = ("continue",)
    beside: ClassVar[bool] = True  # words are attended to at each step, else stand before the music

    def load(self) -> None:
        import torch

        torch.set_num_threads(self.placement.threads)
        self._tokenizer, model = self._open()
        model.decoder.to(dtype_for(self.placement))
        self._model: Any = place(model, self.placement.device)
        self._codec: Any = model.audio_encoder
        self._music: Any = model.decoder
        config = model.decoder.config
        self._channels: int = config.audio_channels
        self._books: int = config.num_codebooks
        self._start: int = model.generation_config.decoder_start_token_id
        self._rate: int = self._codec.config.sampling_rate
        self._frames: int = self._codec.config.frame_rate

    def _open(self) -> tuple[Any, Any]:
        """Tokenizer and model, in float32 on the CPU."""
        import torch

        processor, model = open_model(
            self.weights, "musicgen", "MusicgenForConditionalGeneration", torch.float32
        )
        return processor.tokenizer, model

    def unload(self) -> None:
        import torch

        del self._tokenizer, self._model, self._codec, self._music
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def versions(self) -> dict[str, str]:
        import torch
        import transformers

        return {"torch": torch.__version__, "transformers": transformers.__version__}

    # --- running ----------------------------------------------------------------------------

    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        import torch

        inputs, options = self.check(request)
        if inputs.sound and options.use not in self.uses:
            raise cannot(options.use, self.uses)
        began = time.perf_counter()
        try:
            codes, tune = self._nothing(), None
            if inputs.sound and options.use == "melody":
                tune = self._tune(scratch / inputs.sound)
            elif inputs.sound:
                codes = self._given(scratch / inputs.sound)
            start, wanted = codes.shape[1], round(options.seconds * self._frames)
            # drawn on the CPU: the same seed gives the same draws on every device
            draws = torch.Generator().manual_seed(request.seed or 0)
            while (made := codes.shape[1] - start) < wanted and not cancel.is_set():
                context = codes[:, max(0, codes.shape[1] - round(CONTEXT * self._frames)) :]
                count = min(wanted - made, round(WINDOW * self._frames) - context.shape[1])
                since = (made - context.shape[1]) / self._frames
                words = self._read(inputs.prompt, options.guidance, tune, since)
                new = []
                for frame in self._go_on(context, count, words, options, draws, cancel):
                    new.append(frame)
                    done = made + len(new)
                    if done % CHUNK == 0 or done == wanted:
                        yield Progress(done, wanted, "frames")
                codes = torch.cat([codes, *(frame[:, None] for frame in new)], dim=1)
            if codes.shape[1] == start:
                return
            sound = self._decode(codes)
        except torch.OutOfMemoryError as error:
            gc.collect()
            torch.cuda.empty_cache()
            raise Unavailable("The GPU's memory is full; ask for shorter music.") from error
        yield written(sound, self._rate, scratch, {
            "frames": codes.shape[1] - start,
            "work": round(time.perf_counter() - began, 3),
            **_said(self._tokenizer, inputs),
        })  # fmt: skip

    def _nothing(self) -> Any:
        import torch

        return torch.zeros(self._books, 0, dtype=torch.long)

    def _tune(self, path: Path) -> Any:
        """What a sound is heard as by a model that follows melodies."""
        raise NotImplementedError

    def _given(self, path: Path) -> Any:
        """A sound to go on from as codes (codebooks, frames), channels in turn."""
        import torch

        heard = sounds.fit(*sounds.read(path), self._rate, self._channels)
        with torch.inference_mode():
            samples = torch.from_numpy(heard.copy()).to(self._codec.device)
            # a mono codec: each channel is a sound of its own
            found = self._codec.encode(samples[:, None]).audio_codes[0]
        return found.transpose(0, 1).reshape(self._books, -1).cpu()

    def _decode(self, codes: Any) -> sounds.Samples:
        """Codes (codebooks, frames) as samples (channels, time)."""
        import torch

        channels = codes.reshape(-1, self._channels, codes.shape[1]).transpose(0, 1)
        with torch.inference_mode():
            made = self._codec.decode(channels[None].to(self._codec.device), [None])
        samples: sounds.Samples = made.audio_values[:, 0].float().cpu().numpy()
        return samples

    def _read(self, prompt: str, guidance: float, tune: Any, since: float) -> Any:
        """What the decoder attends to: (1, tokens, features), with guidance also the reading of
        no words at all, which is zero. `tune` is that of `_tune`, to be followed from its second
        `since` on."""
        import torch

        longest = min(self._tokenizer.model_max_length, READ)
        ids = self._tokenizer(
            prompt, truncation=True, max_length=longest, return_tensors="pt"
        ).input_ids
        with torch.inference_mode():
            words = self._model.text_encoder(ids.to(self._model.device)).last_hidden_state
            if hasattr(self._model, "enc_to_dec_proj"):
                words = self._model.enc_to_dec_proj(words)
        words = words.to(self._music.dtype)
        return torch.cat([words, torch.zeros_like(words)]) if guidance > 1 else words

    def _go_on(
        self, context: Any, count: int, words: Any, options: SoundOptions, draws: Any,
        cancel: Flag,
    ) -> Iterator[Any]:  # fmt: skip
        """Up to `count` whole frames (codebooks,) after `context` (codebooks, frames).

        Codebook k comes k steps late (the delay pattern), the two of a stereo pair together, so
        a frame is whole some steps after its first code."""
        import torch

        known = context.shape[1]
        late = [book // self._channels for book in range(self._books)]
        steps = 1 + known + count + max(late)
        grid = torch.full((self._books, steps), self._start)
        for book, delay in enumerate(late):
            grid[book, 1 + delay : 1 + delay + known] = context[book]
        past, fed = None, 0
        for at in range(1 + known, steps):
            if cancel.is_set():
                return
            with torch.inference_mode():
                out = self._music(
                    grid[:, fed:at].repeat(len(words), 1).to(self._music.device),
                    encoder_hidden_states=words if self.beside or not fed else None,
                    past_key_values=past, use_cache=True,
                )  # fmt: skip
            past, fed = out.past_key_values, at
            logits = out.logits[:, -1].float().cpu().view(len(words), self._books, -1)
            chosen = self._draw(logits, options, draws)
            for book, delay in enumerate(late):
                if 0 <= at - 1 - delay - known < count:
                    grid[book, at] = chosen[book]
            whole = at - 1 - max(late)
            if whole >= known:
                yield torch.stack([grid[book, 1 + whole + late[book]] for book in range(len(late))])

    def _draw(self, logits: Any, options: SoundOptions, draws: Any) -> Any:
        """One code of each codebook from logits (1 or 2, codebooks, codes); of two the second is
        what the model would say without words."""
        import torch

        scores = logits[0]
        if len(logits) == 2:
            scores = logits[1] + options.guidance * (logits[0] - logits[1])
        scores = scores / options.temperature
        values, places = scores.topk(min(TOP_K, scores.shape[-1]))
        return places.gather(1, torch.multinomial(values.softmax(-1), 1, generator=draws))[:, 0]


def _said(tokenizer: Any, inputs: SoundInputs) -> dict[str, JsonValue]:
    """What had no effect: a negative prompt, lyrics, the end of a long prompt."""
    ignored: list[JsonValue] = [n for n in ("negative", "lyrics") if getattr(inputs, n).strip()]
    rest = unread(tokenizer, inputs.prompt, min(tokenizer.model_max_length, READ))
    return ({"ignored": ignored} if ignored else {}) | ({"cut": rest} if rest else {})
