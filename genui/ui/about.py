"""What a page says of a model beside the list it is chosen from."""

from __future__ import annotations

from html import escape

from genui.studio import Studio


def about_model(studio: Studio, kind: str, chosen: str | None) -> str:
    """Why a model cannot run here or whether it has to be fetched, and its licence, as HTML."""
    model = next((m for m in studio.models(kind) if m["id"] == chosen), None)
    if model is None:
        return ""
    said = []
    if model["why_not"]:
        said.append(escape(model["why_not"]))
    elif not model["here"]:
        size = f", {model['size'] / 1e6:,.0f} MB" if model["size"] else ""
        said.append(
            "Not on this machine, which runs offline."
            if studio.settings.offline
            else f"Fetched on first use{size}."
        )
    if model["license_url"]:
        said.append(
            f"Licence <a href='{escape(model['license_url'])}' target='_blank' rel='noopener'>"
            f"{escape(model['license'])}</a>."
        )
    return " ".join(said)
