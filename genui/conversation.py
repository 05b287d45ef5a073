"""How a text thread goes on: the inputs and parents of its next request.

Every generation holds its whole thread in `request.inputs`, so the newest one is enough to go
on from. A request whose earlier messages equal those of its parent stands beside that parent
(edited, repeated, branched); otherwise it is the turn after it. Knows no engine and no page.
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic import JsonValue

from genui.backends.text import Mode
from genui.errors import BadInput
from genui.records import Generation


class Step(NamedTuple):
    """`inputs` and `parents` of a request that goes on with a thread, or begins one."""

    inputs: dict[str, JsonValue]
    parents: tuple[str, ...] = ()


def begin(mode: Mode, text: str, system: str = "") -> Step:
    """The first turn of a thread: a prompt to complete, or a message to answer."""
    if mode == "complete":
        return Step({"mode": mode, "prompt": text})
    messages: JsonValue = [{"role": "user", "content": text}]
    return Step({"mode": mode, "system": system, "messages": messages})


def say(after: Generation, text: str, system: str = "") -> Step:
    """The next turn: everything said so far, the answer `after`, and `text`."""
    said = messages(after)
    said += [{"role": "assistant", "content": after.text or ""}, {"role": "user", "content": text}]
    inputs = after.request.inputs
    return Step(
        {"mode": inputs.get("mode", "chat"), "system": system, "messages": said}, (after.id,)
    )


def repeat(of: Generation) -> Step:
    """The same question once more, answered from its beginning."""
    kept = {k: v for k, v in of.request.inputs.items() if not k.startswith("prefix")}
    return Step(kept, (of.id,))


def edit(of: Generation, text: str) -> Step:
    """The same place in the thread with other words."""
    inputs = repeat(of).inputs
    if inputs.get("mode") == "complete":
        return Step(inputs | {"prompt": text}, (of.id,))
    asked: JsonValue = [*messages(of)[:-1], {"role": "user", "content": text}]
    return Step(inputs | {"messages": asked}, (of.id,))


def grow(of: Generation, ids: list[int], text: str) -> Step:
    """The same answer up to a point and on from there: a branch, or more of a stopped answer.

    `ids` are tokens of the new beginning after those that `of` itself began with; `text` is what
    they say."""
    inputs = of.request.inputs
    old = inputs.get("prefix", [])
    if not isinstance(old, list):
        raise BadInput("That answer cannot be continued.")
    begun: JsonValue = [*old, *ids]
    return Step(
        inputs | {"prefix": begun, "prefix_text": f"{inputs.get('prefix_text', '')}{text}"},
        (of.id,),
    )


def messages(generation: Generation) -> list[JsonValue]:
    """The messages that a generation answered; its own text is not among them."""
    found = generation.request.inputs.get("messages", [])
    return list(found) if isinstance(found, list) else []
