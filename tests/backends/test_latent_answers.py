"""Answers to the live questions, on tiny folders of both kinds."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genui.backends.base import Placement
from genui.backends.latent_avatars import Avatars
from genui.errors import BadInput, Unavailable
from tests.backends.latent import Place, apart, look, pixels, samples
from tests.tiny_avatars import CLASSES, PLACES, avatars


def ask(model: Avatars, name: str, **fields: Any) -> dict[str, Any]:
    answer = model.explore({"ask": name, **fields})
    json.dumps(answer, allow_nan=False)  # everything goes to a browser
    return answer


def away(one: Place, other: Place) -> float:
    return float(np.abs(np.subtract(one["at"], other["at"])).max())


# --- the model --------------------------------------------------------------------------------


def test_a_model_describes_itself(latent: Avatars) -> None:
    told = ask(latent, "describe")
    kind = told["model"]["kind"]
    assert told["way"] == {"vae": "spherical", "gan": "linear"}[kind]
    assert (told["model"]["layers"] > 0) == (kind == "gan")
    assert [d["name"] for d in told["directions"]] == ["glasses", "skin", "found-1", "found-2"]
    assert all("vector" not in d for d in told["directions"])
    assert told["statistics"]["shares"]["style"] == dict.fromkeys(CLASSES["style"], 333)
    assert len(told["mean"]["at"]) == told["model"]["latent"] == len(told["statistics"]["spread"])
    for name in ("pca", "neighbours"):
        spots = np.frombuffer(base64.b64decode(told["map"][name]), "<f4").reshape(-1, 2)
        assert spots.shape == (told["map"]["count"], 2) == (PLACES, 2)
        place = ask(latent, "place", index=5)["place"]
        (seen,) = look(latent, place)
        assert seen[name] == pytest.approx(spots[5].tolist(), abs=0.01)
    skins = told["map"]["attributes"]["skin"]
    assert skins["answers"] == CLASSES["skin"]
    assert list(base64.b64decode(skins["of"]))[:6] == [0, 1, 2, 3, 4, 0]
    assert latent.atlas.exists()


def test_shares_count_what_the_judge_sees(latent: Avatars) -> None:
    told = ask(latent, "shares", count=70, seed=3)
    assert list(told["heads"]) == list(CLASSES)
    places = [*samples(latent, 64, 3), *ask(latent, "sample", count=64, seed=3)["places"][64:]]
    named = [seen["attributes"] for seen in look(latent, *places)]
    for head, rows in told["heads"].items():
        assert [row["answer"] for row in rows] == CLASSES[head]
        assert sum(row["count"] for row in rows) == told["count"] == 70
        for row in rows:
            assert 0 <= row["low"] <= row["share"] <= row["high"] <= 1
            first = sum(each[head][0] == row["answer"] for each in named)
            assert first - 2 <= row["count"] <= first + 6 + 2  # places were rounded for `look`
    assert told["heads"]["glasses"][0]["data"] == 0.5
    assert ask(latent, "shares", count=70, seed=3) == told
    average = ask(latent, "shares", count=20, truncation=0.0)["heads"]
    assert all(max(row["count"] for row in rows) == 20 for rows in average.values())


# --- looking ----------------------------------------------------------------------------------


def test_a_look_says_everything_about_a_place(latent: Avatars) -> None:
    place = samples(latent, 1)[0]
    (seen,) = look(latent, place, scale=4)
    assert pixels(seen["picture"]).shape == (256, 256, 3)
    assert seen["at"] == place["at"]
    assert 0 <= seen["far"] <= 1
    assert (seen["score"] is None) == (latent.explore({"ask": "describe"})["way"] == "spherical")
    for head, (answer, share) in seen["attributes"].items():
        assert answer in CLASSES[head]
        assert 1 / len(CLASSES[head]) <= share <= 1
    (plain,) = look(latent, place, details=False, scale=4)
    assert plain == {"picture": seen["picture"]}


def test_what_is_far_from_the_data_is_called_far(latent: Avatars) -> None:
    stored = ask(latent, "place", index=0)["place"]
    lost = {"at": [20.0] * len(stored["at"])}
    near, far = look(latent, stored, lost)
    assert near["far"] < 0.01  # kept in half precision, asked in thousandths
    assert far["far"] == 1


def test_moves_go_along_their_directions(latent: Avatars) -> None:
    place = samples(latent, 1)[0]
    moved, back = (
        look(latent, place | {"moves": {"glasses": amount}})[0]["at"] for amount in (2, -2)
    )
    assert np.add(moved, back) / 2 == pytest.approx(place["at"], abs=0.002)
    assert apart(latent, place, place | {"moves": {"glasses": 2}}) > 0.3
    assert apart(latent, place, place | {"moves": {"glasses": 0}}) == 0


def test_a_locked_direction_is_left_alone(latent: Avatars) -> None:
    place, vectors = samples(latent, 1)[0], latent._space.vectors
    mixed = vectors["glasses"] + vectors["skin"]
    latent._space.vectors["both"] = mixed
    try:
        skin = (vectors["skin"] / vectors["skin"].norm()).tolist()
        for locked, touched in (([], True), (["skin"], False)):
            (seen,) = look(latent, place | {"moves": {"both": 2}, "locked": locked})
            along = float(np.dot(np.subtract(seen["at"], place["at"]), skin))
            assert (abs(along) > 0.5) is touched
    finally:
        del latent._space.vectors["both"]


def test_truncation_leads_to_the_mean(latent: Avatars) -> None:
    one, other = samples(latent, 2)
    mean = ask(latent, "mean")["place"]
    assert apart(latent, one, other) > 0.3
    assert apart(latent, one, other, truncation=0) == 0
    assert look(latent, one, truncation=0)[0]["at"] == mean["at"]
    half = look(latent, one, truncation=0.5)[0]["at"]
    assert np.multiply(2, half) == pytest.approx(np.add(one["at"], mean["at"]), abs=0.003)


def test_a_gan_mixes_styles_by_layer_and_a_vae_says_that_it_does_not(
    latent_models: dict[str, Avatars],
) -> None:
    gan, vae = latent_models["gan"], latent_models["vae"]
    one, other = samples(gan, 2)

    def mixed(layer: int) -> Place:
        return one | {"mix": {"with": other["at"], "from_layer": layer}}

    assert apart(gan, mixed(0), other) == 0
    assert 0 < apart(gan, mixed(6), one) < apart(gan, mixed(1), one)
    with pytest.raises(BadInput, match="layers 0 to 6"):
        look(gan, mixed(7))
    one, other = samples(vae, 2)
    with pytest.raises(BadInput, match="Only a GAN"):
        look(vae, mixed(1))


def test_a_traverse_changes_one_thing_a_row(latent: Avatars) -> None:
    place = samples(latent, 1)[0]
    told = ask(latent, "traverse", place=place, rows=[0, "glasses", 3], amounts=[-3, 0, 3])
    sheet = pixels(told["sheet"])
    assert (told["rows"], told["side"]) == (["0", "glasses", "3"], 64)
    assert sheet.shape == (3 * 64, 3 * 64, 3)
    here = pixels(look(latent, place, details=False)[0]["picture"])
    for row in range(3):
        middle = sheet[row * 64 : row * 64 + 64, 64:128]
        assert np.abs(middle - here).mean() < 3  # JPEG
    moved = pixels(look(latent, place | {"moves": {"glasses": 3}}, details=False)[0]["picture"])
    assert np.abs(sheet[64:128, 128:] - moved).mean() < 3
    with pytest.raises(BadInput, match="dimensions 0 to"):
        ask(latent, "traverse", place=place, rows=[500], amounts=[1])


# --- places -----------------------------------------------------------------------------------


def test_samples_depend_on_their_seed_alone(latent: Avatars) -> None:
    few, many = samples(latent, 2), samples(latent, 5)
    assert few == many[:2]
    assert len({tuple(place["at"]) for place in [*many, *samples(latent, 5, seed=2)]}) == 10
    assert all(value == round(value, 3) for place in many for value in place["at"])


def test_the_map_gives_the_very_spot_and_the_very_thumbnail(latent: Avatars) -> None:
    for index in (0, PLACES - 1):
        stored = ask(latent, "place", index=index)["place"]
        (seen,) = look(latent, stored)
        for name in ("pca", "neighbours"):
            found = ask(latent, "place", xy=seen[name], map=name)["place"]
            assert away(found, stored) < 0.1
    (seen,) = look(latent, ask(latent, "place", xy=[0.31, 0.62], map="pca")["place"])
    assert seen["pca"] == pytest.approx([0.31, 0.62], abs=0.005)
    with pytest.raises(BadInput, match=f"0 to {PLACES - 1}"):
        ask(latent, "place", index=PLACES)


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_between_meets_its_ends(latent: Avatars, path: str) -> None:
    places = samples(latent, 4)
    for number, place in enumerate(places):
        weights = [float(i == number) for i in range(4)]
        found = ask(latent, "between", places=places, weights=weights, path=path)["place"]
        assert away(found, place) < 0.002
    middle = ask(latent, "between", places=places[:2], weights=[1, 1], path=path)["place"]
    straight = {"at": np.add(places[0]["at"], places[1]["at"]) / 2}
    assert (away(middle, straight) < 0.002) == (path == "linear")


def test_arithmetic_and_neighbours(latent: Avatars) -> None:
    a, b = samples(latent, 2)
    assert away(ask(latent, "add", a=a, minus=b, plus=b)["place"], a) < 0.002
    assert away(ask(latent, "add", a=a, minus=a, plus=b)["place"], b) < 0.002
    moved = ask(latent, "add", a=a | {"moves": {"skin": 1}}, minus=a, plus=b)["place"]
    assert moved == {"at": look(latent, b | {"moves": {"skin": 1}})[0]["at"]} or (
        away(moved, {"at": look(latent, b | {"moves": {"skin": 1}})[0]["at"]}) < 0.002
    )
    assert ask(latent, "near", place=a, radius=0, count=2)["places"] == [a, a]
    near, far = (
        max(away(p, a) for p in ask(latent, "near", place=a, radius=r)["places"]) for r in (0.1, 2)
    )
    assert 0 < near < far


def test_a_mix_is_kept_by_what_keeps_its_place(latent_models: dict[str, Avatars]) -> None:
    gan = latent_models["gan"]
    a, b, c = samples(gan, 3)
    one = a | {"mix": {"with": b["at"], "from_layer": 4}}
    assert ask(gan, "near", place=one, radius=0, count=1)["places"] == [one]
    assert ask(gan, "add", a=one, minus=c, plus=c)["place"]["mix"] == one["mix"]
    whole = ask(gan, "between", places=[one, c], weights=[1, 0])["place"]
    assert apart(gan, whole, one) < 0.5
    other = b | {"mix": {"with": c["at"], "from_layer": 2}}
    with pytest.raises(BadInput, match="different layers"):
        ask(gan, "between", places=[one, other], weights=[1, 1])


# --- bad input and company ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"ask": "look", "places": [{"at": [0.0]}]}, "coordinates, not 1."),
        ({"ask": "look", "places": ["WITH", {"at": [0.0] * 3}]}, "coordinates, not 3."),
        ({"ask": "look", "places": ["WITH"], "moves": 1}, "not an option"),
        ({"ask": "traverse", "place": "WITH", "rows": ["wings"], "amounts": [1]}, "“wings”"),
        ({"ask": "near", "place": {"at": [1.0, 2.0]}}, "coordinates, not 2."),
    ],
)
def test_what_does_not_fit_the_model_is_one_sentence(
    latent: Avatars, question: dict[str, Any], sentence: str
) -> None:
    place = samples(latent, 1)[0]
    asked = json.loads(json.dumps(question).replace('"WITH"', json.dumps(place)))
    with pytest.raises(BadInput) as caught:
        latent.explore(asked)
    assert sentence in caught.value.message


@pytest.mark.parametrize("fields", [{"moves": {"wings": 1}}, {"locked": ["wings"]}])
def test_an_unknown_direction_names_the_known_ones(latent: Avatars, fields: Place) -> None:
    with pytest.raises(BadInput, match="“wings” here; use one of: glasses, skin, found-1"):
        look(latent, samples(latent, 1)[0] | fields)


def test_many_visitors_get_their_own_answers(latent: Avatars) -> None:
    places = samples(latent, 8)
    alone = [look(latent, place)[0] for place in places]
    with ThreadPoolExecutor(8) as visitors:
        together = list(visitors.map(lambda place: look(latent, place)[0], places * 3))
    assert together == alone * 3


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "directions.json", "atlas.webp", "map.json"]
)
def test_a_damaged_folder_is_one_sentence(tmp_path: Path, name: str) -> None:
    folder = avatars(tmp_path / "gan", "gan")
    (folder / name).write_bytes(b"{")
    model = Avatars(folder, Placement(threads=1))
    with pytest.raises(Unavailable, match="damaged"):
        model.load()
