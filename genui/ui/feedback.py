"""What the feedback strip has to know before it is drawn, as a data block of the page's head."""

from __future__ import annotations

import json

from genui.feedback import GENERAL, REASONS
from genui.settings import Settings

WHERE = {
    "off": "",
    "local": "Stays on this server, {license}.",
    "shared": "Joins a public data set, {license}.",
}


def feedback_info(settings: Settings) -> str:
    """A JSON data block (it never runs): {"mode", "note", "reasons"}.

    `note` says in one line where a rating goes; `reasons` is kind -> thumb -> [[slug, label], ...],
    with the kind "" for kinds without a list of their own."""
    info = {
        "mode": settings.feedback,
        "note": WHERE[settings.feedback].format(license=settings.feedback_license),
        "reasons": REASONS | {"": GENERAL},
    }
    safe = json.dumps(info).replace("<", "\\u003c")
    return f'<script type="application/json" id="gu-feedback">{safe}</script>'
