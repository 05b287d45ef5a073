"""Threads: what the next request of a conversation holds, and where it hangs."""

from __future__ import annotations

import pytest

from genui import conversation
from genui.backends.base import parse
from genui.backends.text import TextInputs
from genui.errors import BadInput
from genui.records import Generation, ModelStamp, Request, Timings


def made(step: conversation.Step, text: str, number: int) -> Generation:
    """A generation as the studio would have stored it."""
    request = Request(kind="text", model="m", inputs=step.inputs, seed=1, parents=step.parents)
    return Generation(
        id=f"{number:032x}", created="2026-01-01T00:00:00.000+00:00", status="done",
        request=request, model=ModelStamp(id="m", title="M", backend="b"), device="cpu",
        versions={}, timings=Timings(), text=text, output_sha256="0" * 64,
    )  # fmt: skip


def said(step: conversation.Step) -> list[tuple[str, str]]:
    """Who said what in a step, after the engine's own check."""
    return [(m.role, m.content) for m in parse(TextInputs, step.inputs).messages]


@pytest.fixture
def first() -> Generation:
    return made(conversation.begin("chat", "Hi", "Be kind."), "Hello!", 1)


def test_a_chat_sends_its_whole_thread(first: Generation) -> None:
    second = made(conversation.say(first, "How are you?", "Be kind."), "Fine.", 2)
    third = conversation.say(second, "Good.")
    assert said(third) == [
        ("user", "Hi"), ("assistant", "Hello!"), ("user", "How are you?"),
        ("assistant", "Fine."), ("user", "Good."),
    ]  # fmt: skip
    assert third.parents == (second.id,)
    assert third.inputs["system"] == ""


def test_an_edit_stands_beside_what_it_changes(first: Generation) -> None:
    second = made(conversation.say(first, "How are you?"), "Fine.", 2)
    changed = conversation.edit(second, "Who are you?")
    assert said(changed) == [("user", "Hi"), ("assistant", "Hello!"), ("user", "Who are you?")]
    assert changed.parents == (second.id,)


def test_a_completion_begins_is_edited_and_repeated_from_its_prompt() -> None:
    begun = made(conversation.begin("complete", "Once"), " upon", 1)
    assert parse(TextInputs, begun.request.inputs).prompt == "Once"
    assert conversation.edit(begun, "Twice").inputs == {"mode": "complete", "prompt": "Twice"}
    assert conversation.repeat(begun).inputs == begun.request.inputs


def test_a_branch_keeps_what_stands_and_a_branch_of_it_keeps_both(first: Generation) -> None:
    branch = conversation.grow(first, [5, 6], "He")
    assert (branch.inputs["prefix"], branch.inputs["prefix_text"]) == ([5, 6], "He")
    assert branch.parents == (first.id,)
    deeper = conversation.grow(made(branch, "Hey", 2), [7], "y")
    assert (deeper.inputs["prefix"], deeper.inputs["prefix_text"]) == ([5, 6, 7], "Hey")
    assert said(deeper) == [("user", "Hi")]


def test_repeating_a_branch_answers_from_the_beginning(first: Generation) -> None:
    branch = made(conversation.grow(first, [5, 6], "He"), "Hey", 2)
    again = conversation.repeat(branch)
    assert again.inputs == first.request.inputs
    assert again.parents == (branch.id,)


def test_a_record_with_a_nonsense_prefix_is_refused(first: Generation) -> None:
    inputs = {**first.request.inputs, "prefix": "all"}
    bent = first.model_copy(update={"request": first.request.model_copy(update={"inputs": inputs})})
    with pytest.raises(BadInput):
        conversation.grow(bent, [1], "a")
