"""What a call of a sound pipeline is given: which of its class's arguments a request becomes.

The one place that knows how classes differ. Runs nothing but the encoder of a tokenizer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import JsonValue

from genui import sounds
from genui.backends.arguments import unread
from genui.backends.pipeline_folder import LENGTHS
from genui.backends.sound import SoundInputs, SoundOptions, cannot
from genui.errors import BadInput

READ = 256  # tokens of a prompt that ACE-Step and Stable Audio 3 read, their template included


@dataclass(frozen=True)
class Call:
    """One call of `pipe`. scheduler: settings that differ from the model's own for this call.
    ignored: inputs and options without effect."""

    pipe: Any
    arguments: dict[str, Any]
    ignored: list[JsonValue]
    scheduler: dict[str, Any] = field(default_factory=dict)


def rate_of(pipe: Any) -> int:
    """Samples a second that the pipeline makes."""
    return int(pipe.vae.config.sampling_rate)


def plan(
    pipe: Any, inputs: SoundInputs, options: SoundOptions, seed: int,
    given: sounds.Samples | None,
) -> Call:  # fmt: skip
    """The call for a request; `given` is the sound to start from, at the pipeline's rate and with
    its channels. Raises `BadInput` for what the model cannot do."""
    import torch

    takes = inspect.signature(pipe.__call__).parameters
    seconds = options.seconds
    name = next(name for name in LENGTHS if name in takes)
    if name == "audio_end_in_s":
        most = pipe.transformer.config.sample_size * pipe.vae.hop_length / rate_of(pipe)
        if seconds > most:
            raise BadInput(f"This model makes at most {int(most)} seconds; ask for fewer.")
    wanted = {
        "prompt": inputs.prompt, name: seconds, "num_inference_steps": options.steps,
        "guidance_scale": options.guidance, "generator": torch.Generator().manual_seed(seed),
    }  # fmt: skip
    if inputs.negative.strip():
        wanted["negative_prompt"] = inputs.negative
    if inputs.lyrics.strip():
        wanted["lyrics"] = inputs.lyrics
    named = {"negative_prompt": "negative", "lyrics": "lyrics"}
    ignored: list[JsonValue] = [
        label for argument, label in named.items() if argument in wanted and argument not in takes
    ]
    if "negative_prompt" in wanted and options.guidance <= 1 and "negative" not in ignored:
        ignored.append("negative")  # without a second pass there is nothing to guide away from
    if getattr(pipe, "is_turbo", False):
        wanted["guidance_scale"] = 1.0
        ignored.append("guidance")
    call = Call(pipe, {k: v for k, v in wanted.items() if k in takes}, ignored)
    if given is None:
        return call
    ways = WAYS.get(type(pipe).__name__, {})
    if getattr(pipe, "audio_tokenizer", True) is None:
        ways = {use: way for use, way in ways.items() if way is not _cover}
    if options.use not in ways:
        raise cannot(options.use, ways)
    if options.use == "vary":
        given = given[:, : round(seconds * rate_of(pipe))]
    return ways[options.use](call, options, given)


def _part(
    call: Call, options: SoundOptions, given: sounds.Samples
) -> tuple[sounds.Samples, float, float]:  # fmt: skip
    """The sound with the seconds from which to which it is made: the part asked for, or the
    silence that is put behind it."""
    rate = rate_of(call.pipe)
    end = given.shape[1] / rate
    if options.use == "repaint":
        if options.start >= end:
            raise BadInput(f"The sound ends after {end:.1f} seconds; choose an earlier part.")
        return given, options.start, min(options.end, end)
    whole = np.pad(given, ((0, 0), (0, round(options.seconds * rate))))
    return whole, end, whole.shape[1] / rate


def _repaint(call: Call, options: SoundOptions, given: sounds.Samples) -> Call:
    """ACE-Step makes a part anew; it goes on by repainting the silence after the sound."""
    whole, start, end = _part(call, options, given)
    return _with(
        call, task_type="repaint", src_audio=_tensor(call, whole), repainting_start=start,
        repainting_end=end, audio_duration=whole.shape[1] / rate_of(call.pipe),
    )  # fmt: skip


def _inpaint(call: Call, options: SoundOptions, given: sounds.Samples) -> Call:
    """Stable Audio 3 makes a part anew; it goes on by filling the silence after the sound."""
    from diffusers import StableAudio3InpaintPipeline

    whole, start, end = _part(call, options, given)
    return _with(
        call, StableAudio3InpaintPipeline, audio=_tensor(call, whole)[None],
        duration=whole.shape[1] / rate_of(call.pipe),
        mask_start_seconds=start, mask_end_seconds=end,
    )  # fmt: skip


def _refer(call: Call, _options: SoundOptions, given: sounds.Samples) -> Call:
    """ACE-Step takes over voices and instruments from 30 seconds of the sound."""
    return _with(call, reference_audio=_tensor(call, given))


def _cover(call: Call, options: SoundOptions, given: sounds.Samples) -> Call:
    """ACE-Step plays it in another way: it hears what is played, not how it sounds."""
    return _with(
        call, task_type="cover", src_audio=_tensor(call, given),
        audio_duration=given.shape[1] / rate_of(call.pipe),
        audio_cover_strength=1 - options.strength,
    )  # fmt: skip


def _add_noise(call: Call, options: SoundOptions, given: sounds.Samples) -> Call:
    """Stable Audio varies: it begins with the sound under less noise than usual, on a scale of
    ratios (as stable-audio-tools' `init_noise_level` does)."""
    config = call.pipe.scheduler.config
    noise = config.sigma_min * (config.sigma_max / config.sigma_min) ** options.strength
    varied = _with(
        call, initial_audio_waveforms=_tensor(call, given)[None],
        initial_audio_sampling_rate=rate_of(call.pipe),
        audio_end_in_s=given.shape[1] / rate_of(call.pipe),
    )  # fmt: skip
    return Call(varied.pipe, varied.arguments, varied.ignored, {"sigma_max": noise})


def _start_later(call: Call, options: SoundOptions, given: sounds.Samples) -> Call:
    """Stable Audio 3 varies: it begins with the sound under a share of the noise."""
    from diffusers import StableAudio3Audio2AudioPipeline

    return _with(
        call, StableAudio3Audio2AudioPipeline, audio=_tensor(call, given)[None],
        duration=given.shape[1] / rate_of(call.pipe), init_noise_level=options.strength,
    )  # fmt: skip


Way = Callable[[Call, SoundOptions, sounds.Samples], Call]
# class of the pipeline -> what it does with a sound
WAYS: dict[str, dict[str, Way]] = {
    "AceStepPipeline": {
        "continue": _repaint, "repaint": _repaint, "timbre": _refer, "vary": _cover,
    },
    "StableAudioPipeline": {"vary": _add_noise},
    "StableAudio3Pipeline": {"continue": _inpaint, "repaint": _inpaint, "vary": _start_later},
}  # fmt: skip


def _tensor(call: Call, sound: sounds.Samples) -> Any:
    """Samples (channels, time) as the autoencoder takes them."""
    import torch

    vae = call.pipe.vae
    return torch.from_numpy(np.ascontiguousarray(sound)).to(vae.device, vae.dtype)


def _with(call: Call, kind: Any = None, **more: Any) -> Call:
    """The call with further arguments, for a class that shares every part with the pipeline;
    what that class does not take is left out."""
    pipe = kind.from_pipe(call.pipe) if kind else call.pipe
    takes = inspect.signature(pipe.__call__).parameters
    arguments = {k: v for k, v in (call.arguments | more).items() if k in takes}
    lost: list[JsonValue] = ["guidance"] if "guidance_scale" not in takes else []
    return Call(pipe, arguments, [*call.ignored, *lost])


def cut(pipe: Any, prompt: str) -> dict[str, JsonValue]:
    """What the text encoder does not read of a prompt that is too long, under "cut"."""
    tokenizer = pipe.tokenizer
    longest = tokenizer.model_max_length
    if type(pipe).__name__ == "AceStepPipeline":  # which puts the prompt into a template
        longest = READ - len(tokenizer(pipe._format_prompt(prompt="")[0]).input_ids)
    elif type(pipe).__name__ == "StableAudio3Pipeline":
        longest = min(longest, READ)
    rest = unread(tokenizer, prompt, longest) if tokenizer.is_fast else ""
    return {"cut": rest} if rest else {}
