"""Music that follows a tune, by MusicGen Melody (Copet et al. 2023, arXiv 2306.05284): the loop of
MusicGen after a chroma, the loudest of the twelve notes at each moment of the sound.

The chroma is computed here, as transformers' own extractor needs torchaudio. Knows nothing of the
page or the store.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from genui import sounds
from genui.backends.model_folder import open_model
from genui.backends.sound_transformers import MusicGen

SPAN = 16384  # samples that one chroma is heard in
HOP = 4096  # samples from one to the next


class MelodyGen(MusicGen):
    """One MusicGen Melody; its weights are a folder in the hub's layout."""

    engine = "musicgen-melody"
    uses: ClassVar[tuple[str, ...]] = ("melody", "continue")
    beside = False

    def _open(self) -> tuple[Any, Any]:
        import torch

        return open_model(
            self.weights, "musicgen_melody", "MusicgenMelodyForConditionalGeneration",
            torch.float32, reader="AutoTokenizer",
        )  # fmt: skip

    def _tune(self, path: Path) -> Any:
        """The chroma of a sound (1, time, notes)."""
        heard = sounds.fit(*sounds.read(path), self._rate, 1)
        return chroma(heard[0], self._rate, self._model.config.num_chroma)

    def _read(self, prompt: str, guidance: float, tune: Any, since: float) -> Any:
        """The chroma, as long as the model learned, then the words. Without a tune, and for the
        reading of no words, every moment is the first note: what silence sounds like. A tune that
        is too short begins again, as in the library."""
        import torch

        words = super()._read(prompt, guidance, None, 0.0)
        config = self._model.config
        heard = torch.zeros(len(words), config.chroma_length, config.num_chroma)
        heard[:, :, 0] = 1
        if tune is not None:
            begun = max(0, round(since * self._rate / HOP))
            times = (begun + torch.arange(config.chroma_length)) % tune.shape[1]
            heard[0] = tune[0, times]
        with torch.inference_mode():
            felt = heard.to(self._model.device)
            if hasattr(self._model, "audio_enc_to_dec_proj"):
                felt = self._model.audio_enc_to_dec_proj(felt)
        return torch.cat([felt.to(words.dtype), words], dim=1)


def chroma(sound: Any, rate: int, notes: int = 12) -> Any:
    """The loudest note of each moment, one-hot (1, time, notes), the first note being C; `sound`
    are float samples (time,) at `rate` Hz. A moment lasts `HOP` samples."""
    import torch
    from transformers.audio_utils import chroma_filter_bank

    samples = torch.from_numpy(sound.copy())
    if (missing := SPAN - len(samples)) > 0:
        samples = torch.nn.functional.pad(samples, (missing // 2, missing - missing // 2))
    power = torch.stft(
        samples, SPAN, HOP, window=torch.hann_window(SPAN), return_complex=True
    ).abs() ** 2  # fmt: skip
    bank = chroma_filter_bank(num_frequency_bins=SPAN, num_chroma=notes, sampling_rate=rate)
    loudness = (torch.from_numpy(bank).float() @ power).T
    return torch.nn.functional.one_hot(loudness.argmax(-1), notes)[None].float()
