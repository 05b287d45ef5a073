"""The music engine on tiny random models: real networks, the real grammar, real sound."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import numpy as np
import pytest

from genui.backends.base import Output, Placement
from genui.backends.music_folk import Folk
from genui.backends.music_writer import Writer, by_itself
from genui.errors import BadInput, Unavailable
from genui.music import abc, facts, grammar, tokens
from genui.music.shape import regular
from genui.records import Bars, Token
from genui.synth import RATE
from tests.backends.conftest import Run, request
from tests.tiny_tunes import JIG, REEL, write_tunes

ASKED = {"prompt": "a happy jig in D major, 8 bars, without chords"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Folk]]:
    loaded = {}
    for name in ("lstm", "transformer"):
        loaded[name] = Folk(write_tunes(tmp_path_factory.mktemp(name), name), Placement(threads=1))
        loaded[name].load()
    yield loaded
    for model in loaded.values():
        model.unload()


@pytest.fixture(params=["lstm", "transformer"])
def model(request: pytest.FixtureRequest, models: dict[str, Folk]) -> Folk:
    return models[request.param]


def score(output: Output) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(output.files[1].path.read_text("utf-8"))
    return found


def test_words_become_a_tune_that_can_be_played(model: Folk, run: Run) -> None:
    events, output = run(model, ASKED)
    tune = abc.read(output.text or "")
    assert (tune.kind, str(tune.key), tune.bars) == ("jig", "D major", 8)
    assert facts.right_bars(regular(tune)) == (8, 8)
    assert grammar.follow(score(output)["tokens"]).ended
    assert ["key", "D major"] in output.usage["asked"]
    with wave.open(str(output.files[0].path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert len(samples) / 2 / RATE == pytest.approx(output.files[0].meta["seconds"], abs=1e-3)
    assert 0.02 < np.abs(samples).max() / 32767 < 1
    told = [event for event in events if isinstance(event, Bars)]
    assert [bars.bars for bars in told] == [*range(1, 9), 8]
    assert told[-1].abc == output.text
    assert {(bars.total, bars.metre, bars.key) for bars in told} == {
        (8, str(tune.metre), "D major")
    }  # fmt: skip


def test_every_token_is_told_with_what_else_might_have_come(model: Folk, run: Run) -> None:
    events, output = run(model, ASKED)
    row = score(output)["tokens"]
    said = [event for event in events if isinstance(event, Token)]
    assert [event.id for event in said] == [row[event.index] for event in said]
    assert said[0].index == 1  # the kind was asked for
    assert output.usage["tokens"] == len(said) == len(row) - 1
    for event in said:
        allowed = grammar.allowed(grammar.follow(row[: event.index]))
        assert {i for i, _, _ in event.top} <= allowed
        assert [name for _, name, _ in event.top] == tokens.names(i for i, _, _ in event.top)
        logprobs = [logprob for _, _, logprob in event.top]
        assert logprobs == sorted(logprobs, reverse=True)
        assert sum(np.exp(logprobs)) <= 1 + 1e-3


def test_bars_are_told_when_their_sound_is_there(models: dict[str, Folk], tmp_path: Path) -> None:
    made = request({**ASKED, "prompt": "a reel in G, 8 bars"}, {})
    notes: list[Any] = []
    for event in models["lstm"].generate(made, Flag(), tmp_path):
        if isinstance(event, Bars):
            assert (tmp_path / "audio.pcm").stat().st_size >= event.seconds * RATE * 4 - 4
            notes += event.notes
            written = list(abc.read(event.abc).events())
            for number, _, pitch, start, seconds in event.notes:
                assert written[number].pitch == pitch
                assert seconds > 0
                assert start < event.seconds + 20
    output = event
    assert isinstance(output, Output)
    kept = score(output)
    assert kept["notes"] == [list(note) for note in notes]
    for _, token, pitch, _, _ in notes:
        step = kept["tokens"][token]
        assert tokens.PITCH[step] + tokens.CENTRE + 7 == pitch
    starts = [start for _, _, _, start, _ in notes]
    assert starts == sorted(starts)


def test_same_seed_same_bytes(model: Folk, run: Run) -> None:
    one, two, other = (run(model, ASKED, seed=seed)[1] for seed in (5, 5, 6))
    assert (one.content_sha256, one.text) == (two.content_sha256, two.text)
    assert other.text != one.text


def test_another_note_is_gone_on_from(model: Folk, run: Run) -> None:
    events, output = run(model, ASKED)
    row = score(output)["tokens"]
    at = next(e for e in events if isinstance(e, Token) and e.index > 30 and len(e.top) > 3)
    other = next(i for i, _, _ in at.top if i != at.id)
    again, output = run(model, {**ASKED, "tokens": [*row[: at.index], other]})
    assert score(output)["tokens"][: at.index + 1] == [*row[: at.index], other]
    first = next(event for event in again if isinstance(event, Token))
    assert first.index == at.index + 1
    assert {n for _, n, *_ in score(output)["notes"]} & set(range(at.index + 1)) == set()


def test_stop_keeps_whole_bars(model: Folk, tmp_path: Path) -> None:
    cancel, events = Flag(), []
    wish = {"prompt": "a reel in G, 32 bars"}
    for event in model.generate(request(wish, {"bars": 32}), cancel, tmp_path):
        events.append(event)
        if isinstance(event, Bars) and event.bars >= 2:
            cancel.set()
    output = events[-1]
    assert isinstance(output, Output)
    kept = score(output)
    assert 2 <= kept["bars"] < 32
    assert kept["closed"] is False
    assert facts.right_bars(abc.read(output.text or ""))[0] >= kept["bars"] - 1
    assert grammar.follow(kept["tokens"]).room == 0
    assert output.files[0].meta["seconds"] > 1


def test_stopped_before_the_first_bar_makes_nothing(models: dict[str, Folk], run: Run) -> None:
    cancel = Flag()
    cancel.set()
    for inputs in (ASKED, {"mode": "vary", "start": REEL}):
        events, output = run(models["lstm"], inputs, cancel=cancel)
        assert (events, output) == ([], Output())


def test_a_melody_is_continued(model: Folk, run: Run) -> None:
    events, output = run(model, {"mode": "continue", "start": JIG}, bars=4, accompaniment="none")
    tune, given = abc.read(output.text or ""), regular(abc.read(JIG))
    assert tune.bars == 20
    assert list(tune.written())[:16] == list(given.written())
    assert tune.title == given.title
    count = sum(1 for _ in given.events())
    heard = [note for event in events if isinstance(event, Bars) for note in event.notes]
    assert all((token == -1) == (event < count) for event, token, *_ in heard)


@pytest.mark.parametrize(("first", "count"), [(0, 2), (3, 4), (6, 2), (8, 8), (15, 1)])
def test_only_the_gap_is_filled(models: dict[str, Folk], run: Run, first: int, count: int) -> None:
    asked = {"mode": "fill", "start": JIG, "first": first, "count": count}
    _, output = run(models["lstm"], asked, accompaniment="none")
    kept = score(output)
    assert grammar.follow(kept["tokens"]).ended
    before, after = (list(t.written()) for t in (regular(abc.read(JIG)), abc.read(output.text)))
    changed = [i for i in range(16) if pitches(before[i]) != pitches(after[i])]
    assert set(changed) <= set(range(first, first + count))
    assert changed


def pitches(bar: Any) -> list[tuple[int | None, int]]:
    return [(event.pitch, event.ticks) for event in bar.events]


def test_a_melody_is_varied_and_two_are_joined(model: Folk, run: Run) -> None:
    given = list(regular(abc.read(REEL)).written())
    _, output = run(model, {"mode": "vary", "start": REEL}, accompaniment="none")
    varied = list(abc.read(output.text or "").written())
    same = [pitches(a) == pitches(b) for a, b in zip(given, varied, strict=True)]
    assert [i for i, kept in enumerate(same) if kept] == [0, 3, 4, 7]
    asked = {"mode": "morph", "start": REEL, "to": REEL.replace("K:G", "K:A")}
    _, output = run(model, asked, bars=4, accompaniment="none")
    tune = abc.read(output.text or "")
    assert tune.bars == 20
    assert pitches(next(iter(tune.written()))) == pitches(given[0])


def test_the_last_half_of_a_long_tune_is_remembered(models: dict[str, Folk]) -> None:
    writer = Writer(models["transformer"]._ask, 64, seed=1, temperature=1, top_p=0.95)
    row = tokens.encode(regular(abc.read(JIG)))[:-1]
    writer.hear(row)
    said = writer.say(frozenset(tokens.PITCH))
    assert said.token in tokens.PITCH
    assert writer.row[:6] == row[:6]
    assert writer.row[6] in tokens.LEFT
    assert len(writer.row) <= 40
    assert writer.row[7:-1] == row[-len(writer.row) + 8 :]


def test_choice_and_surprise_narrow_the_draw(models: dict[str, Folk], run: Run) -> None:
    shares = []
    for wild in (2.0, 0.1):
        events, _ = run(models["transformer"], ASKED, temperature=wild, top_p=max(0.1, wild / 2))
        said = [event for event in events if isinstance(event, Token) and len(event.top) > 1]
        shares.append(sum(event.id == event.top[0][0] for event in said) / len(said))
    assert shares[0] < 0.8
    assert shares[1] == 1


def test_the_model_is_looked_into(models: dict[str, Folk]) -> None:
    row = tuple(tokens.encode(regular(abc.read(JIG))))
    count = sum(1 for _ in abc.read(JIG).events())
    seen = models["transformer"].look(row)
    matrix = np.array(seen["matrix"])
    assert (seen["kind"], matrix.shape) == ("attention", (count, count))
    assert np.all(np.triu(matrix, 1) == 0)  # nobody looks ahead
    assert 0.1 < matrix.sum(1).max() <= 1.01
    state = models["lstm"].look(row)
    assert (state["kind"], len(state["norms"])) == ("state", count)
    assert max(state["norms"]) == 1
    for wrong in ((), (5, 5), row[:6]):
        with pytest.raises(BadInput):
            models["lstm"].look(wrong)


def test_writing_alone_leaves_other_threads_their_helpers() -> None:
    import torch

    seen: list[int] = []

    def write() -> None:
        by_itself(3)
        seen.append(torch.get_num_threads())

    def draw() -> None:
        seen.append(torch.get_num_threads())

    before = torch.get_num_threads()
    for work in (write, draw):
        thread = Thread(target=work)
        thread.start()
        thread.join()
    torch.set_num_threads(before)
    assert seen == [1, 3]


def test_damaged_folders_are_one_sentence(tmp_path: Path) -> None:
    folder = write_tunes(tmp_path / "tunes")
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(Unavailable, match="damaged"):
        Folk(folder, Placement()).load()
    (folder / "tokens.json").write_text('{"tokens": ["la"]}')
    with pytest.raises(Unavailable, match="another version"):
        Folk(folder, Placement()).load()
    (folder / "tokens.json").unlink()
    with pytest.raises(Unavailable):
        Folk(folder, Placement()).load()


def test_a_bad_request_is_refused_without_weights() -> None:
    with pytest.raises(BadInput, match="slip jig is in 9/8"):
        Folk.check(request({"prompt": "a slip jig in 3/4"}, {}))
