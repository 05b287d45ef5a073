"""Why people like or dislike a result: the reasons each kind of result may be given.

Slugs are stored, labels are shown. A kind without a list of its own takes the general one.
Knows neither the page nor the store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from genui.records import Thumb

Reasons = dict[Thumb, tuple[tuple[str, str], ...]]  # thumb -> (slug, label), in the order shown

GENERAL: Reasons = {
    "up": (("beautiful", "Beautiful"), ("fits", "Fits what I asked"), ("surprising", "Surprising")),
    "down": (
        ("ugly", "Ugly"), ("off-topic", "Not what I asked"), ("broken", "Broken"),
        ("unsafe", "Unsafe"),
    ),
}  # fmt: skip

REASONS: dict[str, Reasons] = {
    "text": {
        "up": (
            ("helpful", "Helpful"), ("correct", "Correct"), ("well-written", "Well written"),
            ("creative", "Creative"), ("funny", "Funny"),
        ),
        "down": (
            ("wrong", "Wrong"), ("off-topic", "Off topic"), ("repetitive", "Repetitive"),
            ("badly-written", "Badly written"), ("cut-off", "Cut off"), ("unsafe", "Unsafe"),
        ),
    },
    "image": {
        "up": (
            ("beautiful", "Beautiful"), ("fits", "Fits the prompt"), ("right-style", "Right style"),
            ("clean", "Clean lines"), ("surprising", "Surprising"),
        ),
        "down": (
            ("wrong-thing", "Wrong thing"), ("wrong-count", "Wrong count"),
            ("wrong-colour", "Wrong colour"), ("deformed", "Deformed"), ("blurry", "Blurry"),
            ("ugly", "Ugly"), ("unsafe", "Unsafe"),
        ),
    },
    "speech": {
        "up": (
            ("natural", "Natural"), ("clear", "Clear"), ("right-tone", "Right tone"),
            ("right-pace", "Right pace"),
        ),
        "down": (
            ("robotic", "Robotic"), ("mispronounced", "Mispronounced"), ("noisy", "Noisy"),
            ("wrong-tone", "Wrong tone"), ("wrong-pace", "Wrong pace"), ("cut-off", "Cut off"),
        ),
    },
    "music": {
        "up": (
            ("catchy", "Catchy"), ("as-asked", "As I asked"), ("good-shape", "Well shaped"),
            ("good-ending", "Ends well"), ("sounds-good", "Sounds good"),
            ("surprising", "Surprising"),
        ),
        "down": (
            ("aimless", "Aimless"), ("repetitive", "Repetitive"), ("odd-notes", "Odd notes"),
            ("wrong-mood", "Wrong mood"), ("not-as-asked", "Not as I asked"),
            ("bad-ending", "Ends badly"), ("sounds-bad", "Sounds bad"),
        ),
    },
    "sound": {
        "up": (
            ("as-asked", "As I asked"), ("clear", "Clear"), ("lifelike", "Lifelike"),
            ("beautiful", "Beautiful"), ("surprising", "Surprising"),
        ),
        "down": (
            ("wrong-thing", "Wrong thing"), ("noisy", "Noisy"), ("distorted", "Distorted"),
            ("dull", "Dull"), ("cut-off", "Cut off"), ("unsafe", "Unsafe"),
        ),
    },
    "latent": {
        "up": (
            ("right-change", "Changed what I meant"), ("smooth", "Smooth"),
            ("lifelike", "Lifelike"), ("surprising", "Surprising"),
        ),
        "down": (
            ("wrong-change", "Changed something else"), ("no-change", "Changed nothing"),
            ("jumpy", "Jumpy"), ("deformed", "Deformed"), ("blurry", "Blurry"),
        ),
    },
}  # fmt: skip


def reasons_for(kind: str) -> Reasons:
    """The reasons a result of this kind may be given."""
    return REASONS.get(kind, GENERAL)


def slugs(given: Iterable[str]) -> tuple[str, ...]:
    """The given reasons as slugs, each once: "Too long!" is kept as "too-long".

    Pages offer the lists above; programs may have reasons of their own. Any reason goes with
    either thumb: "well written, but wrong" is an opinion."""
    return tuple(dict.fromkeys(re.sub(r"[^a-z0-9]+", "-", r.lower()).strip("-") for r in given))
