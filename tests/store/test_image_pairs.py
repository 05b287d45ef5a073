"""Pairs of pictures as files: `datasets` opens the images, the hashes are those of their bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from PIL import Image

from genui import provenance
from genui.records import Comparison, Generation, Rating
from genui.store import Store
from genui.store.exports import export
from genui.store.image_pairs import split
from tests.store.test_command import genui
from tests.store.workers import export_peaks, processes

Draw = Callable[..., Generation]
MakePick = Callable[..., list[Comparison]]


@pytest.fixture
def draw(store: Store, tmp_path: Path, make_generation: Callable[..., Generation]) -> Draw:
    """Makes a picture of noise that carries its record, and keeps both."""

    def make(number: int, prompt: str = "a cat", owner: str = "me", **inputs: Any) -> Generation:
        draft = make_generation(
            kind="image", text="", inputs={"prompt": prompt, "negative": "dogs"} | inputs,
            usage={"seed": 100 + number},
        )  # fmt: skip
        path = tmp_path / "draft.png"
        pixels = np.random.default_rng(number).integers(0, 256, (9, 7, 4), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        provenance.embed(path, draft)
        artifact = store.media.put(path, "picture", "image/png", {"width": 7, "height": 9})
        made = draft.model_copy(update={"artifacts": (artifact,)})
        store.add_generation(made, owner)
        return made

    return make


def pairs(store: Store, folder: Path, **scope: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows as `datasets` reads them, as it is, and what the export said."""
    said: list[str] = []
    out = folder / "pairs.parquet"
    count = export(store, "image-pairs", out, tell=said.append, **scope)
    rows = datasets.load_dataset(
        "parquet", data_files=str(out), split="train", cache_dir=str(folder / "cache")
    )
    assert len(rows) == count
    return list(rows), said


def test_a_pick_becomes_rows_with_images(
    store: Store, tmp_path: Path, draw: Draw, make_pick: MakePick
) -> None:
    made = [draw(number) for number in range(3)]
    pick = make_pick(made[1], made[0], made[2], reasons=("clean",), sharing="shared")
    store.add_comparisons(pick)
    rows, said = pairs(store, tmp_path)
    assert said == []
    assert [row["rejected_id"] for row in rows] == [made[0].id, made[2].id]
    for row, event in zip(rows, pick, strict=True):
        for side, of in (("chosen", event.first), ("rejected", event.second)):
            found = store.generation(of)
            assert found is not None
            (artifact,) = found.artifacts
            kept = store.media.path(artifact.sha256)
            assert isinstance(row[side], Image.Image)
            with Image.open(kept) as image:
                assert row.pop(side).tobytes() == image.tobytes()
            assert row.pop(f"{side}_sha256") == hashlib.sha256(kept.read_bytes()).hexdigest()
            assert row.pop(f"{side}_id") == of
            assert row.pop(f"{side}_seed") == found.usage["seed"]
            assert json.loads(row.pop(f"{side}_options")) == found.request.options
            assert row.pop(f"{side}_model") == "tiny"
            assert row.pop(f"{side}_license") == "Apache-2.0"
            assert row.pop(f"{side}_revision") is row.pop(f"{side}_weights_sha256") is None
        assert row == {
            "prompt": "a cat", "negative": "dogs", "source_sha256": "", "comparison_id": event.id,
            "rater": "ann", "created": event.created, "context": "batch", "sharing": "shared",
            "reasons": ["clean"], "split": split("a cat"),
        }  # fmt: skip


def test_the_picture_in_a_row_still_carries_its_record(
    store: Store, tmp_path: Path, draw: Draw, make_pick: MakePick
) -> None:
    made = [draw(number) for number in range(2)]
    store.add_comparisons(make_pick(*made))
    out = tmp_path / "pairs.parquet"
    export(store, "image-pairs", out)
    rows = datasets.load_dataset(
        "parquet", data_files=str(out), split="train", cache_dir=str(tmp_path / "cache")
    )
    (row,) = rows.cast_column("chosen", datasets.Image(decode=False))
    path = tmp_path / "taken.png"
    path.write_bytes(row["chosen"]["bytes"])
    assert row["chosen"]["path"] == f"{row['chosen_sha256']}.png"
    assert provenance.read(path) == made[0].model_copy(update={"artifacts": ()})


def test_only_what_holds_now_and_says_which_is_better(
    store: Store, tmp_path: Path, draw: Draw, make_pick: MakePick
) -> None:
    a, b, c = (draw(number) for number in range(3))
    store.add_comparisons(make_pick(a, b, c))
    store.add_comparisons(make_pick(b, a, c))
    store.add_comparisons(make_pick(a, b, rater="bob", context="side", outcome="tie"))
    store.add_comparisons(make_pick(a, c, rater="bob", context="side", outcome="second"))
    rows, _ = pairs(store, tmp_path)
    found = [(row["chosen_id"], row["rejected_id"], row["rater"]) for row in rows]
    assert found == [(b.id, a.id, "ann"), (b.id, c.id, "ann"), (c.id, a.id, "bob")]


def test_rows_that_cannot_be_written_are_counted_in_a_sentence(
    store: Store, tmp_path: Path, draw: Draw, make_pick: MakePick
) -> None:
    a, b, gone, changed = (draw(number) for number in range(4))
    dog = draw(5, prompt="a dog")
    morph = [draw(number, to="a dog") for number in (6, 7)]
    store.add_comparisons(make_pick(a, b, gone, changed, dog))
    store.add_comparisons(make_pick(*morph))
    store.media.path(gone.artifacts[0].sha256).unlink()
    store.media.path(changed.artifacts[0].sha256).write_bytes(b"something else")
    rows, said = pairs(store, tmp_path)
    assert [row["rejected_id"] for row in rows] == [b.id]
    assert sorted(said) == [
        "2 pairs were left out because a picture is no longer kept here.",
        "2 pairs were left out because the two pictures answer different prompts.",
    ]


def test_a_visitor_takes_pairs_of_own_pictures_and_what_is_shared(
    store: Store, tmp_path: Path, draw: Draw, make_pick: MakePick
) -> None:
    mine = [draw(number) for number in range(2)]
    yours = [draw(number, owner="you") for number in range(2, 6)]
    store.add_comparisons(make_pick(*mine))
    store.add_comparisons(make_pick(*yours[:2], sharing="shared"))
    store.add_comparisons(make_pick(*yours[2:]))
    store.add_comparisons(make_pick(mine[0], yours[0], context="side"))

    def chosen(**scope: Any) -> list[str]:
        return [row["chosen_id"] for row in pairs(store, tmp_path, **scope)[0]]

    assert len(chosen()) == 4
    assert chosen(owner="me") == [mine[0].id]
    assert chosen(owner="me", shared=True) == [mine[0].id, yours[0].id]
    assert export(store, "image-pairs", tmp_path / "none", kind="text") == 0


def test_a_prompt_is_on_one_side_of_the_split() -> None:
    names = [split(f"prompt {number}") for number in range(2000)]
    assert set(names) == {"train", "test"}
    assert 120 < names.count("test") < 290  # a tenth


def test_ratings_of_pictures_name_their_file(
    store: Store, tmp_path: Path, draw: Draw, make_rating: Callable[..., Rating]
) -> None:
    made = draw(1)
    store.add_rating(make_rating(made))
    sha256 = made.artifacts[0].sha256
    export(store, "jsonl", tmp_path / "rows.jsonl")
    (line,) = (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["generation"]["artifacts"][0]["sha256"] == sha256
    export(store, "parquet", tmp_path / "rows.parquet")
    (row,) = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "rows.parquet"), split="train",
        cache_dir=str(tmp_path / "cache"),
    )  # fmt: skip
    assert row["media_sha256"] == sha256


def test_the_command_writes_pairs_and_says_what_it_left_out(
    store: Store, tmp_path: Path, database_url: str, draw: Draw, make_pick: MakePick
) -> None:
    made = [draw(number) for number in range(3)]
    store.add_comparisons(make_pick(*made))
    store.media.path(made[2].artifacts[0].sha256).unlink()
    out = tmp_path / "pairs.parquet"
    done = genui(
        "export", "--format", "image-pairs", "--data-dir", tmp_path / "data", "--out", out,
        GENUI_DATABASE_URL=database_url,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"1 pair was left out because a picture is no longer kept here.\nWrote 1 rows to {out}.\n"
    )


def test_memory_does_not_grow_with_the_pairs(
    tmp_path: Path, make_generation: Callable[..., Generation], make_pick: MakePick
) -> None:
    """Pairs of 300 kB pictures, 40 MB of them and then 120 MB."""
    folders = []
    for count in (70, 210):
        folder = tmp_path / str(count)
        store = Store.open(folder)
        content = folder / "content"
        made = []
        for number in range(count):
            content.write_bytes(np.random.default_rng(number).bytes(300_000))
            artifact = store.media.put(content, "picture", "image/png")
            made.append(make_generation(kind="image", inputs={"prompt": ""}, artifacts=(artifact,)))
        store.add_many((each, "me") for each in made)
        for one, other in pairwise(made):
            store.add_comparisons(make_pick(one, other, context="side"))
        store.close()
        folders.append(folder)
    with processes.Pool(1) as pool:
        (few, after_few), (many, after_many) = pool.apply(export_peaks, (folders, "image-pairs"))
    assert (few, many) == (69, 209)
    assert after_many - after_few < 20, "MB more; the pictures would take 80 in memory"
