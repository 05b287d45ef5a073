"""Folk tunes by our own transformer or LSTM: a folder as `networks/tune_folder` reads it.

Runs on the CPU, where a token takes a few thousandths of a second. What is wanted stands in
`music_plans`, how tokens are drawn in `music_writer`, how they are played in `music_performance`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from typing import Any

from genui.backends.base import Output
from genui.backends.music import MusicBackend, MusicInputs, MusicOptions
from genui.backends.music_performance import Performance
from genui.backends.music_plans import Plan, plan
from genui.backends.music_writer import Writer, by_itself
from genui.errors import BadInput, Unavailable
from genui.music import grammar, tokens
from genui.music.tokens import END, FILL, HOLE, LEFT, NOTES, PREFIX
from genui.records import Event, Request, Token

CONTEXT = 1024  # tokens that a network looks back upon; what it was trained on
LOOKED_AT = 256  # notes


class Folk(MusicBackend):
    """One model; its weights are a folder with config.json, model.safetensors, tokens.json."""

    engine = "folk"
    slots = 2  # the network keeps nothing between tokens; the memory is the tune's

    def load(self) -> None:
        import torch

        from genui.networks import tune_folder

        torch.set_num_threads(self.placement.threads)
        tokens.check(self.weights)
        try:
            self._network = tune_folder.read(self.weights, attention="eager")
            self._ask = tune_folder.steps(self._network, CONTEXT)
        except Exception as error:  # each kind of damage has its own: of JSON, tensors, sizes
            raise Unavailable(
                "The files of this model are damaged; ask the operator to put them there again."
            ) from error

    def unload(self) -> None:
        del self._network, self._ask
        gc.collect()

    def versions(self) -> dict[str, str]:
        import numpy
        import torch
        import transformers

        return {
            "torch": torch.__version__, "transformers": transformers.__version__,
            "numpy": numpy.__version__,
        }  # fmt: skip

    @classmethod
    def check(cls, request: Request) -> tuple[MusicInputs, MusicOptions]:
        """As in `Backend`; also refuses what nobody can play."""
        inputs, options = super().check(request)
        plan(inputs, options, 0)
        return inputs, options

    def generate(self, request: Request, cancel: Flag, scratch: Path) -> Iterator[Event | Output]:
        inputs, options = super().check(request)
        seed = request.seed or 0
        made = plan(inputs, options, seed)
        by_itself(self.placement.threads)
        writer = Writer(
            self._ask, CONTEXT, seed=seed, temperature=options.temperature,
            top_p=options.top_p,
        )  # fmt: skip
        said = 0
        with Performance(made.style, scratch) as performance:
            for token in _written(made, writer, performance, cancel):
                said += 1
                yield token
                yield from performance.ready()
            if not said:
                yield Output()
                return
            yield from performance.finish(cancel)
            yield performance.output(made.asked, said) if performance.notes else Output()

    def look(self, row: tuple[int, ...]) -> dict[str, Any]:
        """As in `MusicBackend`; of the attention, the mean of the last two layers' heads."""
        import torch

        from genui.networks.tune_lstm import TuneLSTM

        try:
            grammar.follow(row)
        except ValueError:
            raise BadInput("These tokens are no tune; use those of a result's score.") from None
        places = [at for at, token in enumerate(row[:CONTEXT]) if token in NOTES][:LOOKED_AT]
        if not places:
            raise BadInput("There is no note to look at yet.")
        ids = torch.tensor([row[: places[-1] + 1]])
        with torch.inference_mode():
            if isinstance(self._network, TuneLSTM):
                hidden, _ = self._network.lstm(self._network.embed(ids))
                change = hidden[0, places].diff(dim=0, prepend=hidden.new_zeros(1, hidden.shape[2]))
                norms = change.norm(dim=1)
                found = (norms / norms.max().clamp_min(1e-9)).tolist()
                return {"kind": "state", "notes": len(places),
                        "norms": [round(x, 3) for x in found]}  # fmt: skip
            seen = self._network(input_ids=ids, output_attentions=True).attentions[-2:]
            matrix = torch.stack(seen).mean((0, 1, 2))[places][:, places]
        return {"kind": "attention", "notes": len(places),
                "matrix": [[round(x, 3) for x in line] for line in matrix.tolist()]}  # fmt: skip


def _written(
    plan: Plan, writer: Writer, performance: Performance, cancel: Flag
) -> Iterator[Token]:  # fmt: skip
    """Carry out the plan: what is given is heard, what is not is said."""
    row = list(plan.row)
    for first, count in plan.gaps:
        asked, _ = tokens.with_hole(row, first, count)
        hole = asked.index(HOLE)
        _give(performance, asked[:hole])
        left = LEFT[row[tokens.bar_starts(row)[first]]]
        performance.state = performance.state._replace(fill=count, left=left, tied=False)
        writer.forget()
        writer.hear(asked)
        while performance.state.fill > 0:
            if cancel.is_set():
                return
            yield _said(plan, writer, performance)
        performance.state = performance.state._replace(fill=-1)
        row = [*performance.row, *asked[hole + 1 : asked.index(FILL)], END]
    _give(performance, row)
    if not plan.gaps:
        writer.hear(row)
    while not performance.state.ended and not cancel.is_set():
        yield _said(plan, writer, performance)


def _give(performance: Performance, row: list[int]) -> None:
    """Hear the rest of a row whose beginning was heard."""
    for token in row[len(performance.row) :]:
        performance.hear(token, said=False)


def _said(plan: Plan, writer: Writer, performance: Performance) -> Token:
    """The next token, drawn and heard."""
    place = len(performance.row)
    allowed = grammar.allowed(performance.state)
    if place < len(PREFIX):
        allowed &= plan.heads[place]
    said = writer.say(allowed)
    performance.hear(said.token, said=True)
    return Token(place, said.token, tokens.TOKENS[said.token], said.logprob, said.top)
