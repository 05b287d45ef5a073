"""Asked token by token, a model says what the libraries' own forward says."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from genui.music import abc, tokens
from genui.music.shape import regular
from genui.networks import tune_folder
from genui.networks.tune_steps import Steps
from tests.tiny_tunes import JIG, write_tunes


@pytest.fixture(scope="module", params=["transformer", "lstm"])
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> nn.Module:
    network = tune_folder.read(write_tunes(tmp_path_factory.mktemp("steps"), request.param))
    with torch.no_grad():  # louder than fresh weights, so that every part is heard in the scores
        for parameter in network.parameters():
            parameter.mul_(6 if parameter.ndim > 1 else 1.5)
    return network


@pytest.mark.parametrize("together", [1, 3])
def test_at_every_step_of_a_tune_the_scores_are_the_same(network: nn.Module, together: int) -> None:
    row = tokens.encode(regular(abc.read(JIG)))
    ask, memory = tune_folder.steps(network, len(row)), None
    with torch.inference_mode():
        whole, _ = tune_folder.forward(network, torch.tensor([row]))
        ends = [6, *range(6 + together, len(row) + 1, together)]  # what a tune is comes at once
        for start, end in zip([0, *ends], ends, strict=False):
            scores, memory = ask(torch.tensor([row[start:end]]), memory)
            torch.testing.assert_close(scores[0, -1], whole[0, end - 1], atol=2e-4, rtol=1e-4)
    assert whole.std() > 0.5  # there is something to differ in


def test_two_tunes_at_once_keep_to_themselves(network: nn.Module) -> None:
    ask = tune_folder.steps(network, 16)
    rows = torch.randint(8, 200, (2, 9), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        alone = [ask(row[None], None)[0] for row in rows]
        memories = [ask(row[None, :5], None)[1] for row in rows]
        mixed = [ask(row[None, 5:], memory)[0] for row, memory in zip(rows, memories, strict=True)]
    for one, other in zip(alone, mixed, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("other", [{"num_key_value_heads": 1}, {"attention_bias": True}])
def test_what_it_does_not_know_is_refused(other: dict[str, Any]) -> None:
    config = LlamaConfig(
        **{"vocab_size": 9, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
           "num_attention_heads": 2, "num_key_value_heads": 2} | other
    )  # fmt: skip
    with pytest.raises(ValueError, match="share keys"):
        Steps(LlamaForCausalLM(config), 4)
