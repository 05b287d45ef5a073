"""The engines. To add one: write a file beside this one and add one line to `ENGINES`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from genui.backends.base import Backend

# engine name in the catalog -> "module:class"; imported on first use, so that heavy
# libraries load only when their model does
ENGINES: tuple[tuple[str, str], ...] = (
    ("llamacpp", "genui.backends.text_llamacpp:LlamaCpp"),
    ("transformers", "genui.backends.text_transformers:Transformers"),
    ("hibari", "genui.backends.speech_hibari:Hibari"),
    ("diffusers", "genui.backends.image_diffusers:Diffusers"),
    ("avatars", "genui.backends.latent_avatars:Avatars"),
    ("folk", "genui.backends.music_folk:Folk"),
    ("sound-diffusers", "genui.backends.sound_diffusers:DiffusedSound"),
    ("musicgen", "genui.backends.sound_transformers:MusicGen"),
    ("musicgen-melody", "genui.backends.sound_melody:MelodyGen"),
    ("vibevoice", "genui.backends.speech_transformers:VibeVoice"),
)


def engine(name: str) -> type[Backend[Any, Any]]:
    """The backend class of an engine; raises KeyError naming the known ones."""
    for known, target in ENGINES:
        if known == name:
            module, _, attribute = target.partition(":")
            found: type[Backend[Any, Any]] = getattr(import_module(module), attribute)
            return found
    raise KeyError(f"unknown engine {name!r}; known: {', '.join(k for k, _ in ENGINES)}")
