"""The endpoints for programs, asked over HTTP as a program would, against the real app."""

from __future__ import annotations

import json
import re
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from genui import provenance
from genui.errors import GenuiError
from genui.settings import Settings
from genui.ui import api

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "api.md").read_text("utf-8")
ENDPOINTS = {
    "/text", "/image", "/speech", "/reproduce", "/rate", "/prefer", "/models", "/generation",
    "/latent", "/explore", "/sound", "/music",
}  # fmt: skip


@pytest.fixture(scope="module")
def client(live: str) -> Client:
    return Client(live, verbose=False)


@pytest.fixture(scope="module")
def text(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.predict(
        "Name a colour.", max_tokens=8, seed=7, api_name="/text"
    )
    return answer


@pytest.fixture(scope="module")
def speech(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.predict("Hello there.", seed=7, api_name="/speech")
    return answer


def refused(client: Client, endpoint: str, *args: Any, **kwargs: Any) -> str:
    """The sentence that a call is refused with."""
    with pytest.raises(AppError) as caught:
        client.predict(*args, **kwargs, api_name=endpoint)
    message = str(caught.value)
    assert "Traceback" not in message
    assert message.count("\n") == 0
    assert 10 < len(message) < 300
    return message


def post(live: str, endpoint: str, body: str) -> str | None:
    """Post raw JSON as `data` by hand and give the error's sentence, None where Gradio has none."""
    base = f"{live}/gradio_api/call{endpoint}"
    answer = httpx.post(
        base, content='{"data": ' + body + "}", headers={"content-type": "application/json"}
    )
    event = answer.raise_for_status().json()["event_id"]
    events = httpx.get(f"{base}/{event}", timeout=60).text
    found = re.search(r"event: error\ndata: (.*)", events)
    assert found, events
    sentence: str | None = json.loads(found[1])["error"]
    return sentence


# --- what they answer -------------------------------------------------------------------------


def test_text(text: dict[str, Any]) -> None:
    assert text["kind"] == "text"
    assert text["text"]
    assert 0 < text["tokens"] <= 8
    assert text["prompt_tokens"] > 0
    assert (text["seed"], text["status"], text["files"]) == (7, "done", [])
    assert text["model"] == "smollm2-135m-instruct"
    assert re.fullmatch(r"[0-9a-f]{32}", text["generation_id"])


def test_text_takes_its_arguments_in_the_documented_order(client: Client) -> None:
    answer = client.predict(
        "Once upon a time", "smollm2-135m-instruct", 6, 0.0, 3, 0, 1.0, 0.0, 1.0, ["\n"], "",
        "complete", api_name="/text",
    )  # fmt: skip
    record = client.predict(answer["generation_id"], api_name="/generation")
    assert record["request"]["inputs"] == {"mode": "complete", "prompt": "Once upon a time"}
    assert record["request"]["options"] == {
        "max_tokens": 6, "temperature": 0.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0,
        "repetition_penalty": 1.0, "stop": ["\n"],
    }  # fmt: skip
    assert record["request"]["seed"] == answer["seed"] == 3


def test_a_seed_is_drawn_when_none_is_given(client: Client) -> None:
    seeds = {
        client.predict("Hi", max_tokens=1, seed=seed, api_name="/text")["seed"]
        for seed in (None, -1)
    }
    assert len(seeds) == 2
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_speech_arrives_as_a_file_with_its_record(speech: dict[str, Any]) -> None:
    (path,) = speech["files"]
    with wave.open(path) as sound:
        assert sound.getframerate() == speech["sample_rate"]
        assert sound.getnframes() / sound.getframerate() == pytest.approx(
            speech["seconds"], abs=0.01
        )
    record = provenance.read(Path(path))
    assert record.id == speech["generation_id"]
    assert record.request.seed == speech["seed"] == 7
    assert speech["phonemes"]
    ends = [start + length for _, start, length in speech["words"]]
    assert ends == sorted(ends)
    assert 0 < ends[0] < ends[-1] < speech["seconds"]


@pytest.mark.parametrize("kind", ["text", "speech"])
def test_reproduce(client: Client, kind: str, request: pytest.FixtureRequest) -> None:
    original = request.getfixturevalue(kind)
    again = client.predict(original["generation_id"], api_name="/reproduce")
    assert again["identical"], again["verdict"]
    assert again["generation_id"] != original["generation_id"]


def test_rate(client: Client, text: dict[str, Any]) -> None:
    made = text["generation_id"]
    rated = client.predict(made, "up", 4, ["helpful"], "Good.", api_name="/rate")
    assert re.fullmatch(r"[0-9a-f]{32}", rated.pop("rating_id"))
    assert rated == {
        "generation_id": made, "thumb": "up", "stars": 4, "reasons": ["helpful"], "stored": True,
    }  # fmt: skip
    commas = client.predict(made, "down", reasons="wrong, repetitive", api_name="/rate")
    assert commas["reasons"] == ["wrong", "repetitive"]
    assert client.predict(made, stars=2, api_name="/rate")["thumb"] is None


def test_models(client: Client) -> None:
    models = client.predict(api_name="/models")
    kinds = {"text", "image", "latent", "speech", "music", "sound"}
    assert {model["kind"] for model in models} == kinds
    assert models[0]["id"] == "smollm2-135m-instruct"
    assert all(model["license"] for model in models)
    speech = client.predict("speech", api_name="/models")
    assert speech == [model for model in models if model["kind"] == "speech"]


# --- whose it is ------------------------------------------------------------------------------


def test_records_open_only_for_the_client_that_made_them(
    live: str, client: Client, text: dict[str, Any]
) -> None:
    record = client.predict(text["generation_id"], api_name="/generation")
    assert record["id"] == text["generation_id"]
    assert record["model"]["sha256"]
    stranger = Client(live, verbose=False)
    for endpoint in ("/generation", "/reproduce"):
        assert "not yours" in refused(stranger, endpoint, text["generation_id"])


def test_four_programs_at_once_get_their_own(live: str) -> None:
    def ask(number: int) -> tuple[str, str]:
        own = Client(live, verbose=False)
        answer = own.predict(f"Say {number}.", max_tokens=4, seed=number, api_name="/text")
        record = own.predict(answer["generation_id"], api_name="/generation")
        return answer["text"], record["request"]["inputs"]["messages"][0]["content"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert [asked for _, asked in answers] == [f"Say {number}." for number in range(4)]


# --- what goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"prompt": ""}, "Write a message"),
        ({"prompt": 5}, "Prompt"),
        ({"prompt": "x" * 5_000_000}, "200000"),
        ({"model": "heart"}, "not text"),
        ({"model": "/etc/passwd"}, "choose one of those that /models lists"),
        ({"model": "smollm2-135m"}, "choose one of: smollm2-135m-instruct"),
        ({"model": ["a"]}, "Model"),
        ({"max_tokens": 0}, "Max_tokens"),
        ({"max_tokens": 10**40}, "Max_tokens"),
        ({"max_tokens": "many"}, "Max_tokens"),
        ({"temperature": -1}, "Temperature"),
        ({"temperature": [1]}, "Temperature"),
        ({"seed": 2**32}, "Seed"),
        ({"seed": 1.5}, "Seed"),
        ({"seed": -2}, "Seed"),
        ({"top_p": 0}, "Top_p"),
        ({"stop": ["x"] * 9}, "Stop"),
        ({"stop": 5}, "Stop"),
        ({"system": 5}, "System"),
        ({"mode": "poem"}, "Mode"),
    ],
)
def test_text_refuses_in_one_sentence(client: Client, arguments: Any, word: str) -> None:
    assert word in refused(client, "/text", **{"prompt": "Hello"} | arguments)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("",), "Write something"),
        ((5,), "Text"),
        (("Hi", "smollm2-135m-instruct"), "not speech"),
        (("Hi", "", 99), "Speed"),
        (("Hi", "", None), "Speed"),
        (("Hi", "", 1, "seven"), "Seed"),
    ],
)
def test_speech_refuses_in_one_sentence(client: Client, arguments: Any, word: str) -> None:
    assert word in refused(client, "/speech", *arguments)


@pytest.mark.parametrize(
    ("opinion", "word"),
    [
        ({}, "thumb or a number of stars"),
        ({"thumb": "sideways"}, "Thumb"),
        ({"thumb": 1}, "Thumb"),
        ({"stars": 6}, "Stars"),
        ({"stars": "five"}, "Stars"),
        ({"thumb": "up", "reasons": ["!!"]}, "Reasons"),
        ({"thumb": "up", "reasons": 5}, "Reasons"),
        ({"thumb": "up", "comment": 5}, "Comment"),
        ({"thumb": "up", "comment": "x" * 2001}, "Comment"),
        ({"thumb": "up", "generation_id": "f" * 32}, "not here"),
        ({"thumb": "up", "generation_id": ["a"]}, "no result with that id"),
        ({"thumb": "up", "generation_id": "' OR 1=1 --"}, "no result with that id"),
    ],
)
def test_rate_refuses_in_one_sentence(
    client: Client, text: dict[str, Any], opinion: dict[str, Any], word: str
) -> None:
    arguments = {"generation_id": text["generation_id"]} | opinion
    assert word in refused(client, "/rate", **arguments)


def test_models_of_no_kind(client: Client) -> None:
    assert "text, image, latent, speech, music, sound" in refused(client, "/models", "smell")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ('["Hi", "", NaN, null]', "Speed"),
        ('["Hi", "", Infinity, null]', "Speed"),
        ('["Hi", "", 1e999, null]', "Speed"),
        ('["Hi", "", 1, 1' + "0" * 400 + "]", "Seed"),
        ('["\\ud800", "", 1, null]', "Text"),
        ("[null, null, null, null]", "Text"),
        ("[]", "lacks arguments"),
        ('["Hi"]', "lacks arguments"),
    ],
)
def test_raw_posts_are_refused_in_one_sentence(live: str, body: str, word: str) -> None:
    assert word in (post(live, "/speech", body) or "")


def test_a_forged_file_opens_nothing_of_the_server(live: str) -> None:
    forged = '{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}'
    assert post(live, "/speech", f'[{forged}, "", 1, 1]') is None  # Gradio refuses before us


def test_too_many_jobs_of_one_client_are_refused(live: str) -> None:
    own = Client(live, verbose=False)
    asked = [own.submit("Count to a thousand.", max_tokens=300, api_name="/text") for _ in range(6)]
    answers: list[str] = []
    for job in asked:
        try:
            answers.append(job.result(timeout=240)["status"])
        except AppError as error:
            answers.append(str(error))
    assert sum("already have 4 jobs" in answer for answer in answers) == 2
    assert answers.count("done") == 4


def test_unexpected_errors_are_logged_and_hidden(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise RuntimeError("/secret/path")

    with pytest.raises(api.gr.Error) as caught:
        api.told(broken)()
    assert "/secret" not in str(caught.value)
    assert "/secret/path" in caplog.text
    assert not issubclass(api.gr.Error, GenuiError)


def test_mcp_without_its_package_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "find_spec", lambda name: None)
    api.check_mcp(Settings())
    with pytest.raises(SystemExit, match=r"gradio\[mcp\]"):
        api.check_mcp(Settings(mcp=True))


# --- docs -------------------------------------------------------------------------------------


def test_every_endpoint_and_argument_is_documented(client: Client) -> None:
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == ENDPOINTS
    rows = dict(re.findall(r"^\| `(/[a-z]+)` \| (.*?) \|", DOC, re.M))
    assert set(rows) == set(named)
    for endpoint, info in named.items():
        documented = re.findall(r"`(\w+)(?:=(.*?))?`", rows[endpoint])
        assert [name for name, _ in documented] == [
            p["parameter_name"] for p in info["parameters"]
        ], endpoint
        for (_, shown), parameter in zip(documented, info["parameters"], strict=True):
            assert bool(shown) == parameter["parameter_has_default"]
            if shown:
                assert eval(shown, {}) == parameter["parameter_default"]
        assert info["description"], endpoint
        assert f'api_name="{endpoint}"' in DOC


def test_the_documented_example_runs(live: str, capsys: pytest.CaptureFixture[str]) -> None:
    example = re.findall(r"```python\n(.*?)```", DOC, re.S)[0]  # the other: test_api_image.py
    began = time.monotonic()
    exec(compile(example.replace("http://127.0.0.1:7860", live), "docs/api.md", "exec"), {})
    assert time.monotonic() - began < 300
    shown = capsys.readouterr().out
    assert "True Identical" in shown
    assert "runs here" in shown
