"""Controls drawn from the bounds of an engine's options: one source for page, API and checks.

Knows pydantic's field metadata; knows no engine and no tab.
"""

from __future__ import annotations

from typing import Any

import gradio as gr
from pydantic import BaseModel
from pydantic.fields import FieldInfo


def bounds(field: FieldInfo) -> tuple[float, float, bool]:
    """(lowest, highest, lowest is excluded) of a bounded number; raises `ValueError` without."""
    low = high = None
    excluded = False
    for mark in field.metadata:
        low = getattr(mark, "ge", low)
        high = getattr(mark, "le", high)
        if (gt := getattr(mark, "gt", None)) is not None:
            low, excluded = gt, True
    if low is None or high is None:
        raise ValueError(f"{field.title}: a slider needs a lower and an upper bound")
    return low, high, excluded


def slider(schema: type[BaseModel], name: str, **more: Any) -> gr.Slider:
    """The slider of one option: its bounds, default, title and description come from the field.

    `more` goes to `gr.Slider` and wins: `step` (1 for whole numbers, else 0.05), `value`, `label`.
    """
    field = schema.model_fields[name]
    low, high, excluded = bounds(field)
    step = more.pop("step", 1 if field.annotation is int else 0.05)
    return gr.Slider(
        **{
            "minimum": low + step if excluded else low,
            "maximum": high,
            "step": step,
            "value": field.default,
            "label": field.title or name,
            "info": field.description,
            "interactive": True,
            "buttons": [],
            **more,
        }
    )
