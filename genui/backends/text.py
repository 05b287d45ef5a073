"""What every text engine shares: the inputs and options of a text request.

Knows the meaning of a chat and of sampling; knows no engine. A text engine's `Output.text` is
the whole answer, `prefix_text` included; its `Token` events are the new tokens only. A token
that holds a part of a character has an empty text, and the character comes with the last part;
the id of a token is -1 where the engine was not asked for alternatives and does not tell it.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

from pydantic import Field, model_validator

from genui.backends.base import Backend, Schema

MAX_CHARS = 200_000  # beyond any embedded model's context; keeps absurd requests cheap to refuse

Mode = Literal["chat", "complete", "code"]

CODE_SYSTEM = (
    "You are a programmer. Answer with working code in one fenced block that names its language, "
    "then one or two sentences on how to use it."
)
PLAIN_STOP = ("\nUser:",)  # ends an answer of a model that knows no chat template


class Message(Schema):
    """One turn of a chat."""

    role: Literal["user", "assistant"]
    content: str = Field(max_length=MAX_CHARS)


class TextInputs(Schema):
    """A chat (`messages`, last one from the user) or a plain `prompt` to continue.

    `prefix` are token ids of the answer that already stand: generation goes on after them.
    That is how a branch continues from a chosen alternative. `prefix_text` is their text."""

    mode: Mode = "chat"
    system: str = Field(default="", max_length=20_000)
    messages: tuple[Message, ...] = Field(default=(), max_length=200)
    prompt: str = Field(default="", max_length=MAX_CHARS)
    prefix: tuple[int, ...] = Field(default=(), max_length=8192)
    prefix_text: str = Field(default="", max_length=MAX_CHARS)

    @model_validator(mode="after")
    def _says_something(self) -> TextInputs:
        if self.mode == "complete":
            if not self.prompt.strip():
                raise ValueError("Write a few words first; the model continues from them")
        elif (
            not self.messages
            or self.messages[-1].role != "user"
            or not self.messages[-1].content.strip()
        ):
            raise ValueError("Write a message first")
        return self


class TextOptions(Schema):
    """Sampling options; names and meanings as in llama.cpp and transformers.

    Order of the filters: repetition penalty, top-k, top-p, min-p, temperature."""

    max_tokens: int = Field(256, ge=1, le=2048, title="Max tokens", description="Longest answer.")
    temperature: float = Field(
        0.7, ge=0, le=2, title="Temperature", description="0 always takes the likeliest token."
    )
    top_k: int = Field(
        40, ge=0, le=200, title="Top-k", description="Keep the k likeliest tokens; 0 keeps all."
    )
    top_p: float = Field(
        0.95, gt=0, le=1, title="Top-p", description="Keep the likeliest tokens up to this mass."
    )
    min_p: float = Field(
        0.05, ge=0, le=1, title="Min-p", description="Drop tokens below this share of the best."
    )
    repetition_penalty: float = Field(
        1.1, ge=1, le=2, title="Repetition penalty", description="1 is off."
    )
    stop: tuple[str, ...] = Field(default=(), max_length=8, title="Stop strings")
    top_logprobs: int = Field(
        0, ge=0, le=20, title="Alternatives", description="How many alternatives per token."
    )


class TextBackend(Backend[TextInputs, TextOptions]):
    """A causal language model."""

    kind = "text"
    Inputs = TextInputs
    Options = TextOptions

    @abstractmethod
    def next_token(self, inputs: TextInputs, count: int) -> list[tuple[int, str, float]]:
        """The `count` likeliest next tokens as (id, text, logprob), best first, before any
        sampling filter. Logprobs are natural and normalised over the whole vocabulary."""


def chat_messages(inputs: TextInputs) -> list[dict[str, str]]:
    """The turns of a chat as a chat template wants them, system prompt first if there is one."""
    system = inputs.system.strip() or (CODE_SYSTEM if inputs.mode == "code" else "")
    first = [{"role": "system", "content": system}] if system else []
    return first + [message.model_dump() for message in inputs.messages]


def plain_transcript(inputs: TextInputs) -> str:
    """A chat as plain text, for a model that comes without a chat template."""
    names = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    lines = [names[turn["role"]] + turn["content"] for turn in chat_messages(inputs)]
    return "\n".join([*lines, "Assistant:"])
