"""Looking inside an image model: where its text encoder puts words, and what its latents hold.

Questions are asked while a visitor looks around and leave nothing; they run beside the jobs of the
same pipeline, whose parts they only read. Pictures are drawn by jobs: `mix` and `edit` of
`ImageInputs` say the same things there. Knows pipelines; knows no request and no page.

Questions and answers, as JSON
==============================
words {}
  → {"words": [str], "groups": [str], "of": [group of each word], "pca" and "neighbours": base64 of
     N × 2 little-endian float32 in 0..1, "explained": share of the variance that "pca" shows,
     "dimensions": of a text vector, "channels": of the latent}
locate {"mix": [{"prompt", "weight"}]}
  → {"pca": [x, y], "neighbours": [x, y], "nearest": [[word, cosine], …]}: where the sum of the
     prompts' vectors lies, at length one; words of the sum itself are left out of "nearest"
spot {"xy": [x, y], "map": "pca" | "neighbours"}
  → {"mix": [{"prompt", "weight"}]}, the words around that place, and what "locate" says of them
decode {"shape": [channels, rows, columns], "values": base64 of little-endian float16, "edit": Edit}
  → {"picture": data URL, "channels": [data URL, one pixel a cell], "means": [of each channel],
     "spreads": [its standard deviation]}; shape and values as in `usage.latent` of a picture
"""

from __future__ import annotations

import base64
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from genui import pictures
from genui.backends.base import Schema, parse
from genui.backends.latent_edits import (
    VALUES_MAX,
    Edit,
    Mix,
    Part,
    edited,
    faces,
    packed,
    unpacked,
)
from genui.backends.latent_words import NEAREST, WordMap
from genui.backends.taps import wrapped
from genui.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

Answer = dict[str, Any]


class Words(Schema):
    """The map."""


class Locate(Schema):
    """Where a text, or a sum of texts, lies."""

    mix: Mix = Field(min_length=1)


class Around(Schema):
    """Which words lie around a place of the map."""

    xy: tuple[float, float]
    map: Literal["pca", "neighbours"] = "neighbours"

    @model_validator(mode="after")
    def _on_the_map(self) -> Around:
        if not all(-1 <= value <= 2 for value in self.xy):
            raise ValueError("That point lies beyond the map; choose one on it")
        return self


class Decode(Schema):
    """What a latent looks like once it is changed."""

    shape: tuple[
        Annotated[int, Field(ge=1, le=64)],
        Annotated[int, Field(ge=1, le=512)],
        Annotated[int, Field(ge=1, le=512)],
    ]
    values: str = Field(max_length=VALUES_MAX * 3)
    edit: Edit = Edit()


QUESTIONS: dict[str, type[Schema]] = {
    "words": Words, "locate": Locate, "spot": Around, "decode": Decode,
}  # fmt: skip


class Inside:
    """One pipeline, looked into."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._map: WordMap | None = None  # laid out at the first question
        self._lock = Lock()

    def explore(self, question: dict[str, Any]) -> Answer:
        """The answer to a question (see the module); called from several threads. Raises
        `BadInput`."""
        name = question.get("ask")
        if not isinstance(name, str) or name not in QUESTIONS:
            raise BadInput(f"Ask an image model one of: {', '.join(QUESTIONS)}.")
        asked = parse(QUESTIONS[name], {k: v for k, v in question.items() if k != "ask"})
        answers: dict[str, Callable[[Any], Answer]] = {
            "words": self._words, "locate": self._locate, "spot": self._spot,
            "decode": self._decode,
        }  # fmt: skip
        return answers[name](asked)

    # --- words --------------------------------------------------------------------------------

    def embed(self, texts: Sequence[str]) -> Tensor:
        """Texts → unit vectors (n, D) in float32 on the CPU: the mean of the tokens' last states.
        Raises `BadInput` for a pipeline that has no such encoder."""
        import torch

        tokenizer, encoder = (getattr(self._pipe, n, None) for n in ("tokenizer", "text_encoder"))
        if tokenizer is None or encoder is None:
            raise BadInput("The words of this model cannot be mapped; choose another model.")
        found = []
        with torch.inference_mode():
            for start in range(0, len(texts), 64):
                read = tokenizer(
                    list(texts[start : start + 64]), padding=True, truncation=True,
                    max_length=min(tokenizer.model_max_length, 512), return_tensors="pt",
                ).to(encoder.device)  # fmt: skip
                ids, mask = read["input_ids"], read["attention_mask"]
                states = encoder(ids, attention_mask=mask, output_hidden_states=True)
                last, share = states.hidden_states[-1].float(), mask[..., None].float()
                found.append(((last * share).sum(1) / share.sum(1)).cpu())
        return torch.nn.functional.normalize(torch.cat(found), dim=1)

    @property
    def map(self) -> WordMap:
        """The map of the words, laid out once."""
        with self._lock:
            if self._map is None:
                self._map = WordMap.of_words(self.embed)
            return self._map

    def _words(self, _: Words) -> Answer:
        found = self.map
        return {
            "words": found.words, "groups": found.groups, "of": found.of,
            "pca": _floats(found.pca), "neighbours": _floats(found.neighbours),
            "explained": round(found.explained, 4), "dimensions": found.vectors.shape[1],
            "channels": int(getattr(self._pipe.vae.config, "latent_channels", 0)),
        }  # fmt: skip

    def _locate(self, asked: Locate) -> Answer:
        return self._where(asked.mix)

    def _where(self, mix: Sequence[Part]) -> Answer:
        import torch

        vectors = self.embed([part.prompt for part in mix])
        total = (torch.tensor([[part.weight] for part in mix]) * vectors).sum(0)
        vector = torch.nn.functional.normalize(total, dim=0)
        own = {part.prompt.strip().lower() for part in mix}
        near = self.map.nearest(vector, NEAREST + len(mix))
        others = [[word, round(c, 4)] for word, c in near if word.lower() not in own][:NEAREST]
        spots = {k: [round(v, 4) for v in at] for k, at in self.map.spots(vector).items()}
        return {**spots, "nearest": others}

    def _spot(self, asked: Around) -> Answer:
        mix = [Part(prompt=w, weight=s) for w, s in self.map.blend(asked.xy, asked.map)]
        return {"mix": [part.model_dump() for part in mix], **self._where(mix)}

    # --- latents ------------------------------------------------------------------------------

    def _decode(self, asked: Decode) -> Answer:
        import torch

        vae = self._pipe.vae
        if getattr(vae.config, "latent_channels", None) != asked.shape[0]:
            raise BadInput("This latent belongs to another model; draw the picture again.")
        if asked.shape[1] * asked.shape[2] * asked.shape[0] > VALUES_MAX:
            raise BadInput("This latent is too large; draw a smaller picture.")
        with torch.inference_mode():
            code = edited(unpacked(asked.shape, asked.values), asked.edit)
            scale, shift = _norm(vae)
            raw = (code / scale + shift).to(vae.device, vae.dtype)
            # of the class: a job may be listening to this pipeline's own `decode` just now
            image = type(vae).decode(vae, raw, return_dict=False)[0]
        made = self._pipe.image_processor.postprocess(image.float(), output_type="pil")[0]
        spread = code[0].std((-2, -1), correction=0)
        return {
            "picture": pictures.data_url(made), "channels": faces(code),
            "means": [round(v, 3) for v in code[0].mean((-2, -1)).tolist()],
            "spreads": [round(v, 3) for v in spread.tolist()],
        }  # fmt: skip


@contextmanager
def changed_latent(pipe: Any, edit: Edit) -> Iterator[list[Any]]:
    """Inside the `with`, the call's finished latent is changed before it is decoded; gives a list
    that then holds the latent as it was (see `latent_edits.packed`)."""
    scale, shift = _norm(pipe.vae)
    heard: list[Any] = []

    def around(original: Any, code: Any, *args: Any, **kwargs: Any) -> Any:
        if code.ndim != 4:
            raise BadInput("The latent of this model cannot be edited; choose another model.")
        normal = (code - shift) * scale
        heard.append(packed(normal))
        if edit == Edit():
            return original(code, *args, **kwargs)
        changed = (edited(normal, edit) / scale + shift).to(code.dtype)
        return original(changed, *args, **kwargs)

    with wrapped(pipe.vae, "decode", around):
        yield heard


@contextmanager
def summed_prompt(pipe: Any, start: list[str], mix: Sequence[Part]) -> Iterator[None]:
    """Inside the `with`, the prompts `start` read as the weighted sum of the readings of others."""
    import torch

    def total(readings: list[Any]) -> Any:
        first = readings[0]
        if isinstance(first, list | tuple):
            return type(first)(total(list(parts)) for parts in zip(*readings, strict=True))
        if not isinstance(first, torch.Tensor) or not first.is_floating_point():
            return first
        if len({reading.shape for reading in readings}) > 1:
            raise BadInput(
                "This model reads prompts of different lengths in different ways and cannot add "
                "them; choose another model, or prompts of the same length."
            )
        return torch.stack([p.weight * r for p, r in zip(mix, readings, strict=True)]).sum(0)

    def around(original: Any, *args: Any, **kwargs: Any) -> Any:
        call = inspect.signature(original).bind(*args, **kwargs)
        if call.arguments.get("prompt") != start:  # a second reading, of the negative prompt
            return original(*call.args, **call.kwargs)
        readings = []
        for part in mix:
            call.arguments["prompt"] = [part.prompt] * len(start)
            readings.append(original(*call.args, **call.kwargs))
        return total(readings)

    with wrapped(pipe, "encode_prompt", around):
        yield


def _norm(vae: Any) -> tuple[float, float]:
    """What the loop's latents were multiplied by, after this was taken away."""
    config = vae.config
    return (
        getattr(config, "scaling_factor", None) or 1.0, getattr(config, "shift_factor", None) or 0.0
    )  # fmt: skip


def _floats(values: Tensor) -> str:
    return base64.b64encode(values.numpy().astype("<f4").tobytes()).decode()
