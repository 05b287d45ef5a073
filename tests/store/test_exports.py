"""Each export: which rows it has, what they say, and that `datasets` reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from genui.bench.store import fill
from genui.errors import BadInput
from genui.records import Generation, Rating
from genui.store import Store, exports
from genui.store.exports import FORMATS, export
from tests.store.conftest import chat
from tests.store.test_store import HOSTILE
from tests.store.workers import export_peaks, processes

MakeGeneration = Callable[..., Generation]
MakeRating = Callable[..., Rating]


@pytest.fixture
def lines(store: Store, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """The rows of a line-wise export."""

    def read(fmt: str, **options: Any) -> list[dict[str, Any]]:
        out = tmp_path / f"rows.{fmt}"
        count = export(store, fmt, out, **options)
        rows = [json.loads(line) for line in out.read_bytes().decode().split("\n")[:-1]]
        assert len(rows) == count
        return rows

    return read


def load(builder: str, out: Path, folder: Path, **options: Any) -> datasets.Dataset:
    return datasets.load_dataset(
        builder, data_files=str(out), split="train", cache_dir=str(folder / "cache"), **options
    )


def say(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def test_jsonl_has_every_event_with_its_generation(
    store: Store,
    lines: Callable[..., list[dict[str, Any]]],
    make_generation: MakeGeneration,
    make_rating: MakeRating,
) -> None:
    made, speech = make_generation(), make_generation(kind="speech", inputs={"text": "hello"})
    store.add_many([(made, "the-session"), (speech, "the-session")])
    first = make_rating(made, thumb="up", comment="first")
    second = make_rating(made, thumb="down", comment=HOSTILE, reasons=("wrong",), stars=2)
    regretted = make_rating(speech, comment="regretted")
    undo = make_rating(speech, thumb=None, withdrawn=True, comment="sorry")
    for event in (first, regretted, second, undo):
        store.add_rating(event)
    rows = lines("jsonl")
    assert [row["id"] for row in rows] == [first.id, regretted.id, second.id, undo.id]
    assert [row["superseded"] for row in rows] == [True, True, False, False]
    assert [row["withdrawn"] for row in rows] == [False, False, False, True]
    assert [Generation.model_validate(row["generation"]) for row in rows] == [
        made, speech, made, speech,
    ]  # fmt: skip
    for row, event in zip(rows, (first, regretted, second, undo), strict=True):
        given = event.model_dump(mode="json", exclude={"comment"})
        assert {name: row[name] for name in given} == given
        assert "comment" not in row
    assert "the-session" not in json.dumps(rows)
    commented = lines("jsonl", comments=True)
    assert [row.get("comment") for row in commented] == ["first", None, HOSTILE, None]
    assert [row["id"] for row in lines("jsonl", kind="speech")] == [regretted.id, undo.id]


def test_parquet_has_the_current_ratings(
    store: Store, tmp_path: Path, make_generation: MakeGeneration, make_rating: MakeRating
) -> None:
    made, speech = make_generation(), make_generation(kind="speech", inputs={"text": "hello"})
    store.add_many([(made, "the-session"), (speech, "the-session")])
    now = make_rating(made, thumb=None, stars=4, reasons=("clear", "short"), comment=HOSTILE)
    for event in (
        make_rating(made), now, make_rating(speech, rater="bob", comment="bob's"),
        make_rating(speech), make_rating(speech, thumb=None, withdrawn=True),
    ):  # fmt: skip
        store.add_rating(event)
    out = tmp_path / "rows.parquet"
    assert export(store, "parquet", out) == 2
    first, second = load("parquet", out, tmp_path)
    assert "comment" not in first
    assert Generation.model_validate_json(first.pop("generation")) == made
    assert first == {
        "rating_id": now.id, "generation_id": made.id, "rater": "ann", "created": now.created,
        "thumb": None, "stars": 4, "reasons": ["clear", "short"], "sharing": "local",
        "kind": "text", "model": "tiny", "prompt": "Why is the sky blue?", "text": made.text,
        "media_sha256": None,
    }  # fmt: skip
    assert (second["rater"], second["kind"], second["prompt"]) == ("bob", "speech", "hello")
    assert export(store, "parquet", out, comments=True) == 2
    assert load("parquet", out, tmp_path)["comment"] == [HOSTILE, "bob's"]


def test_kto_has_one_row_for_every_current_thumb_on_a_text(
    store: Store,
    tmp_path: Path,
    lines: Callable[..., list[dict[str, Any]]],
    make_generation: MakeGeneration,
    make_rating: MakeRating,
) -> None:
    talk = chat("And now?", system="Be brief.")
    talk["messages"] = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"},
                        *talk["messages"]]  # fmt: skip
    turns = make_generation(inputs=talk, text="Later.")
    plain = make_generation(inputs={"mode": "complete", "prompt": "Once upon"}, text=" a time")
    speech = make_generation(kind="speech", inputs={"text": "hello"})
    starred, empty = make_generation(prompt="stars"), make_generation(text="")
    store.add_many([(made, "me") for made in (turns, plain, speech, starred, empty)])
    for event in (
        make_rating(turns, thumb="down"), make_rating(turns, thumb="up"),
        make_rating(turns, thumb="down", rater="bob"), make_rating(plain, comment="private"),
        make_rating(plain, rater="bob"), make_rating(plain, rater="bob", withdrawn=True),
        make_rating(speech), make_rating(starred, thumb=None, stars=5), make_rating(empty),
    ):  # fmt: skip
        store.add_rating(event)
    prompt = [say("system", "Be brief."), say("user", "Hi"), say("assistant", "Ho"),
              say("user", "And now?")]  # fmt: skip
    wanted = [
        {"prompt": prompt, "completion": [say("assistant", "Later.")], "label": True},
        {"prompt": prompt, "completion": [say("assistant", "Later.")], "label": False},
        {"prompt": [say("user", "Once upon")], "completion": [say("assistant", " a time")],
         "label": True},
    ]  # fmt: skip
    assert lines("kto", comments=True) == wanted
    assert list(load("json", tmp_path / "rows.kto", tmp_path)) == wanted


def test_dpo_pairs_opposite_judgements_of_one_prompt(
    store: Store,
    tmp_path: Path,
    lines: Callable[..., list[dict[str, Any]]],
    make_generation: MakeGeneration,
    make_rating: MakeRating,
) -> None:
    def rated(text: str, votes: str, **given: Any) -> None:
        made = make_generation(text=text, **given)
        store.add_generation(made, "me")
        for number, vote in enumerate(votes):
            thumb = {"+": "up", "-": "down"}[vote]
            store.add_rating(make_rating(made, thumb=thumb, rater=f"r{number}"))

    rated("loved", "++")
    rated("liked", "++-")
    rated("hated", "-")
    rated("tied", "+-")
    rated("same words", "+")
    rated("same words", "-")  # equal replies are one reply: a tie
    rated("never rated", "")
    rated("alone", "+", prompt="Another prompt")
    rated("completed", "-", inputs={"mode": "complete", "prompt": "Why is the sky blue?"})
    rated("with system", "-", inputs=chat("Why is the sky blue?", system="Be brief."))
    withdrawn = make_generation(text="taken back")
    store.add_generation(withdrawn, "me")
    store.add_rating(make_rating(withdrawn, thumb="down"))
    store.add_rating(make_rating(withdrawn, thumb=None, withdrawn=True))
    prompt = [say("user", "Why is the sky blue?")]
    wanted = [
        {"prompt": prompt, "chosen": [say("assistant", good)],
         "rejected": [say("assistant", "hated")]}
        for good in ("loved", "liked")
    ]  # fmt: skip
    assert lines("dpo") == wanted
    assert list(load("json", tmp_path / "rows.dpo", tmp_path)) == wanted


def test_dpo_of_a_much_rated_prompt_stays_small(
    store: Store,
    lines: Callable[..., list[dict[str, Any]]],
    make_generation: MakeGeneration,
    make_rating: MakeRating,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exports, "PAIRED", 3)
    made = [make_generation(text=f"reply {n}") for n in range(20)]
    events = [make_rating(g, thumb=("up", "down")[n % 2]) for n, g in enumerate(made)]
    events += [make_rating(made[0], rater="bob"), make_rating(made[1], rater="bob", thumb="down")]
    store.add_many([(generation, "me") for generation in made], events)
    rows = lines("dpo")
    assert len(rows) == 9
    assert rows[0]["chosen"][0]["content"] == "reply 0"  # most votes first
    assert rows[0]["rejected"][0]["content"] == "reply 1"


def test_datasets_reads_jsonl_of_all_kinds(store: Store, tmp_path: Path) -> None:
    fill(store, 40, 200)
    out = tmp_path / "rows.jsonl"
    export(store, "jsonl", out)
    rows = load("json", out, tmp_path)
    assert len(rows) == 200
    assert {row["generation"]["request"]["kind"] for row in rows} == {"text", "speech"}


def test_datasets_reads_jsonl_whose_kinds_come_late(
    store: Store, tmp_path: Path, make_generation: MakeGeneration, make_rating: MakeRating
) -> None:
    """The features that docs/store.md gives for large files: `datasets` guesses from the first
    10 MB, and what comes later may look different."""
    text = [make_generation() for _ in range(50)]
    speech = [make_generation(kind="speech", inputs={"text": "hello"}) for _ in range(50)]
    store.add_many(
        [(made, "me") for made in text + speech],
        [make_rating(made) for made in text] + [make_rating(made, stars=3) for made in speech],
    )
    out = tmp_path / "rows.jsonl"
    export(store, "jsonl", out)
    string, flag = datasets.Value("string"), datasets.Value("bool")
    features = datasets.Features(
        dict.fromkeys(("id", "generation_id", "rater", "created", "thumb", "sharing"), string)
        | {"stars": datasets.Value("int8"), "reasons": datasets.List(string)}
        | {"superseded": flag, "withdrawn": flag, "generation": datasets.Json()}
    )
    rows = load("json", out, tmp_path, features=features, chunksize=10_000)
    assert [row["stars"] for row in rows] == [None] * 50 + [3] * 50
    assert rows[-1]["generation"]["request"]["inputs"] == {"text": "hello"}


@pytest.mark.parametrize("fmt", FORMATS)
def test_nothing_rated_is_an_empty_file(store: Store, tmp_path: Path, fmt: str) -> None:
    out = tmp_path / "rows"
    assert export(store, fmt, out) == 0
    assert out.is_file()


def test_an_export_is_whole_or_not_there(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "rows"
    out.write_text("the last export")

    def breaks(*_: object) -> int:
        raise RuntimeError("half-way")

    monkeypatch.setitem(exports.FORMATS, "jsonl", breaks)
    with pytest.raises(RuntimeError):
        export(store, "jsonl", out)
    assert out.read_text() == "the last export"
    assert not list(tmp_path.glob(".rows*"))


@pytest.mark.parametrize(("fmt", "out"), [("csv", "rows"), ("kto", "missing/rows"), ("kto", "")])
def test_impossible_exports_are_refused(store: Store, tmp_path: Path, fmt: str, out: str) -> None:
    with pytest.raises(BadInput):
        export(store, fmt, tmp_path / out)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Data folders with 20,000 and 40,000 ratings."""
    made = []
    for count in (20_000, 40_000):
        made.append(tmp_path_factory.mktemp(f"ratings-{count}"))
        store = Store.open(made[-1])
        fill(store, count // 4, count)
        store.close()
    return made


@pytest.mark.parametrize("fmt", [fmt for fmt in FORMATS if fmt != "image-pairs"])
def test_memory_does_not_grow_with_the_rows(folders: list[Path], fmt: str) -> None:
    """A process that has exported 20,000 ratings needs no more memory for 40,000."""
    with processes.Pool(1) as pool:
        (few, after_few), (many, after_many) = pool.apply(export_peaks, (folders, fmt))
    assert many > 1.8 * few
    assert after_many - after_few < 20, "MB more; the 20,000 rows more would take 80 in memory"


def test_an_export_can_keep_to_one_session_and_what_is_shared(
    store: Store,
    lines: Callable[..., list[dict[str, Any]]],
    make_generation: MakeGeneration,
    make_rating: MakeRating,
) -> None:
    mine, yours, public = (make_generation(text=text) for text in ("mine", "yours", "public"))
    store.add_many([(mine, "me"), (yours, "you"), (public, "you")])
    for event in (
        make_rating(mine), make_rating(yours), make_rating(public, thumb="down", sharing="shared"),
    ):  # fmt: skip
        store.add_rating(event)

    def texts(**scope: Any) -> list[str]:
        return [row["generation"]["text"] for row in lines("jsonl", **scope)]

    assert texts() == ["mine", "yours", "public"]
    assert texts(owner="me") == ["mine"]
    assert texts(owner="me", shared=True) == ["mine", "public"]
    assert len(lines("kto", owner="me", shared=True)) == 2
    (pair,) = lines("dpo", owner="me", shared=True)
    assert pair["chosen"][0]["content"] == "mine"
    assert lines("dpo", owner="me") == []
