"""Whether a repeat came out the same, and one sentence that says so or why not."""

from __future__ import annotations

from collections.abc import Iterable

from genui.records import Generation


def counterpart(original: Generation, repeats: Iterable[Generation]) -> Generation | None:
    """Which result of a repeated job to compare with: of a batch that ran in one pass the one
    at the same place (`usage["index"]`), otherwise the last; None where there is none."""
    found = None
    for again in repeats:
        if again.usage.get("index") == original.usage.get("index"):
            return again
        found = again
    return found


def verdict(original: Generation, again: Generation) -> tuple[bool, str]:
    """Whether a repeat gave the same content (`output_sha256`), and one sentence.

    An original that was stopped early counts as repeated when the repeat begins with it."""
    before, after = original.request, again.request
    if (before.model, before.inputs, before.options, before.seed) != (
        after.model, after.inputs, after.options, after.seed
    ):  # fmt: skip
        return False, "Not comparable: the two were asked for different things."
    if original.usage.get("index") != again.usage.get("index"):
        return False, "Not comparable: the two stand at different places of their batch."
    if original.output_sha256 == again.output_sha256:
        what = "pixel" if after.kind in ("image", "latent") else "byte"
        return True, f"Identical: every {what} came out the same again."
    if (
        original.status == "stopped"
        and original.text
        and (again.text or "").startswith(original.text)
        and again.request.kind == "text"
    ):
        return True, "Identical as far as the first one got; it was stopped early."
    if None not in (old := original.model.sha256, new := again.model.sha256) and old != new:
        return False, f"Different: the weights of {again.model.title} have changed since."
    if original.device != again.device:
        return False, f"Different: made on {original.device}, repeated on {again.device}."
    names = sorted(original.versions.keys() | again.versions.keys())
    changed = [
        f"{name} {original.versions.get(name, 'none')} → {again.versions.get(name, 'none')}"
        for name in names
        if original.versions.get(name) != again.versions.get(name)
    ]
    if changed:
        return False, f"Different: other versions here ({', '.join(changed)})."
    if "stopped" in (original.status, again.status):
        return False, "Different: one of the two was stopped early; let both run to the end."
    return False, (
        "Different: same model, device and versions, so another processor, or other requests "
        "computed together with this one, rounded differently."
    )
