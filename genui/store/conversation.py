"""A text generation as the conversation that a trainer reads.

Works on the plain JSON of a record, so that records outlive the code that made them; knows no
SQL and no engine.
"""

from __future__ import annotations

import hashlib
from typing import Any

from genui.records import Generation, canonical_json

Message = dict[str, str]  # {"role": "system" | "user" | "assistant", "content": text}
WORDS_MAX = 20_000  # characters of a generation that the search box looks through


def prompt(record: dict[str, Any]) -> list[Message]:
    """The messages that a text generation answered, from its record as JSON.

    A plain completion becomes one user message: trainers want one form for all rows."""
    inputs = record["request"]["inputs"]
    if inputs.get("mode") == "complete":
        return [{"role": "user", "content": inputs.get("prompt", "")}]
    turns = [{"role": m["role"], "content": m["content"]} for m in inputs.get("messages", ())]
    system = inputs.get("system", "")
    return [{"role": "system", "content": system}, *turns] if system else turns


def asked(record: dict[str, Any]) -> str:
    """What was last asked of any kind of model: the chat's last message, the text to continue
    or to say."""
    inputs = record["request"]["inputs"]
    if record["request"]["kind"] == "text":
        return prompt(record)[-1]["content"]
    said = inputs.get("text", inputs.get("prompt"))
    return said if isinstance(said, str) else canonical_json(inputs)


def reply(record: dict[str, Any]) -> list[Message]:
    """The answer of a text generation as one assistant message."""
    return [{"role": "assistant", "content": record["text"] or ""}]


def hashes(generation: Generation) -> tuple[str | None, str | None]:
    """sha256 of the prompt and of the reply of a text generation that wrote something.

    A completion and a chat with the same words get different prompt hashes: the model read
    different things. (None, None) for every other generation."""
    if generation.request.kind != "text" or not generation.text:
        return None, None
    record = generation.model_dump(mode="json")
    complete = record["request"]["inputs"].get("mode") == "complete"
    asked = canonical_json({"complete": complete, "prompt": prompt(record)})
    return _sha256(asked), _sha256(generation.text)


def words(generation: Generation) -> str:
    """What the search box looks through: prompt and output, case-folded, without NUL (which
    PostgreSQL refuses), at most `WORDS_MAX` characters."""
    found = [*_strings(generation.request.inputs), generation.text or ""]
    return fold("\n".join(found))[:WORDS_MAX]


def fold(text: str) -> str:
    """The form in which texts are compared by the search box."""
    return text.replace("\0", " ").casefold()


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() if key != "role" for text in _strings(item)]
    return [text for item in value for text in _strings(item)] if isinstance(value, list) else []


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
