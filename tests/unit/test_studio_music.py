"""A music model through the studio: kept, repeated, stopped, looked into, refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genui import provenance
from genui.catalog import Catalog, operator_model
from genui.errors import BadInput, Busy, Unavailable
from genui.records import Bars, Failed, Finished, Generation, Request
from genui.settings import Settings
from genui.studio import SLOW_AT_ONCE, Studio
from tests.tiny_tunes import JIG, write_tunes

ME = "a" * 32
WISH = {"prompt": "a jig in D, 8 bars"}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = write_tunes(tmp_path_factory.mktemp("models") / "tiny")
    catalog = Catalog([operator_model(str(folder)), operator_model("owner/words")])
    data = tmp_path_factory.mktemp("music")
    made = Studio(Settings(data_dir=data, warm=False, threads=1), catalog)
    yield made
    made.engines.close()


def asked(inputs: dict[str, Any], **options: Any) -> Request:
    return Request(kind="music", model="tiny", inputs=inputs, options=options, seed=7)


@pytest.fixture(scope="module")
def tune(studio: Studio) -> Generation:
    events = list(studio.submit(ME, asked(WISH, accompaniment="none")).follow())
    assert isinstance(events[-1], Finished), events[-1]
    kinds = [event.type for event in events]
    assert kinds.index("token") < kinds.index("bars") < len(kinds) - 1
    return studio.generation(events[-1].generation["id"])


def test_an_operators_folder_is_a_music_model(studio: Studio) -> None:
    (shown,) = studio.models("music")
    assert (shown["id"], shown["here"], shown["why_not"]) == ("tiny", True, None)
    assert studio.catalog.get("tiny").backend == "folk"


def test_a_tune_is_kept_with_its_record_and_its_notes(studio: Studio, tune: Generation) -> None:
    audio, score, tokens = (tune.artifact(name) for name in ("audio", "score", "tokens"))
    assert audio
    assert score
    assert tokens
    assert provenance.read(studio.store.media.path(audio.sha256)).id == tune.id
    kept = json.loads(studio.store.media.path(score.sha256).read_text("utf-8"))
    assert kept["abc"] == tune.text
    said = json.loads(studio.store.media.path(tokens.sha256).read_text("utf-8"))
    assert [token["id"] for token in said] == kept["tokens"][1:]
    assert tune.usage["asked"][:3] == [["rhythm", "jig"], ["key", "D"], ["bars", "8"]]
    assert tune.timings.first is not None
    assert 0 < tune.timings.first < tune.timings.run


def test_a_tune_is_repeated_to_the_byte(studio: Studio, tune: Generation) -> None:
    events = list(studio.reproduce(ME, tune).follow())
    assert isinstance(events[-1], Finished), events[-1]
    again = studio.generation(events[-1].generation["id"])
    assert again.request.parents == (tune.id,)
    assert provenance.verdict(tune, again)[0]


def test_stop_keeps_what_was_heard(studio: Studio) -> None:
    job = studio.submit(ME, asked({"prompt": "a reel, 64 bars"}, tempo=240))
    for event in job.follow():
        if isinstance(event, Bars):
            studio.cancel(ME, job.id)
    assert isinstance(event, Finished), event
    made = studio.generation(event.generation["id"])
    assert made.status == "stopped"
    assert 0 < int(str(made.usage["bars"])) < 64


def test_a_damaged_model_is_one_sentence(tmp_path: Path) -> None:
    folder = write_tunes(tmp_path / "broken")
    (folder / "config.json").write_text("{}")
    studio = Studio(
        Settings(data_dir=tmp_path / "data", warm=False), Catalog([operator_model(str(folder))])
    )
    request = asked(WISH).model_copy(update={"model": "broken"})
    last = studio.submit(ME, request).last(60)
    assert isinstance(last, Failed)
    assert "damaged" in last.message


def test_a_model_is_looked_into(studio: Studio, tune: Generation) -> None:
    score = tune.artifact("score")
    assert score
    row = json.loads(studio.store.media.path(score.sha256).read_text("utf-8"))["tokens"]
    assert studio.look("tiny", row)["kind"] == "state"
    for model, tokens, sentence in (
        ("words", row, "writes no tunes"), ("tiny", ["x"], "Tokens"), ("tiny", [], "no note"),
        ("tiny", [3, 3], "no tune"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=sentence):
            studio.look(model, tokens)
    for _ in range(SLOW_AT_ONCE):
        studio._slow.acquire()
    with pytest.raises(Busy):
        studio.look("tiny", row)
    for _ in range(SLOW_AT_ONCE):
        studio._slow.release()


def test_what_cannot_be_played_is_refused_before_it_waits(studio: Studio) -> None:
    for inputs in ({"prompt": "0 bars"}, {"mode": "vary", "start": "no tune"}):
        with pytest.raises(BadInput):
            studio.submit(ME, asked(inputs))
    assert studio.submit(ME, asked({"mode": "vary", "start": JIG}, tempo=240)).last(60)


def test_models_that_are_not_here_say_so(tmp_path: Path) -> None:
    absent = Catalog.read().get("tunes-lstm")
    gone = absent.sources[0].model_copy(update={"path": "assets/models/none"})
    model = absent.model_copy(update={"sources": (gone,)})
    studio = Studio(Settings(data_dir=tmp_path, warm=False), Catalog([model]))
    (shown,) = studio.models("music")
    assert "not on this server" in shown["why_not"]
    last = studio.submit(ME, asked(WISH).model_copy(update={"model": model.id})).last(60)
    assert isinstance(last, Failed)
    assert last.code == Unavailable.code
