"""The use cases end to end, on the real models: what is recorded, whose it is, what is refused."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genui import provenance
from genui.errors import BadInput, Busy, GenuiError, NotFound
from genui.jobs import Job
from genui.records import Failed, Finished, Generation, Request, Started, Token
from genui.settings import Settings
from genui.studio import Studio

ME, YOU = "a" * 32, "b" * 32
PATIENCE = 120.0
SMOL, HEART = "smollm2-135m-instruct", "heart"


@pytest.fixture(scope="module")
def studio(
    models_dir: Path, smollm2: Path, heart: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    """A studio on an empty data folder, with the real weights."""
    data = tmp_path_factory.mktemp("studio")
    (data / "models").symlink_to(models_dir, target_is_directory=True)
    made = Studio(Settings(data_dir=data, warm=False, slots=1, ratings_per_minute=30))
    yield made
    made.engines.close()


def write(prompt: str = "Name a colour.", seed: int | None = 7, **options: Any) -> Request:
    messages: list[Any] = [{"role": "user", "content": prompt}]
    return Request(
        kind="text", model=SMOL, inputs={"messages": messages},
        options={"max_tokens": 12} | options, seed=seed,
    )  # fmt: skip


def say(text: str = "Hello there. This is a test.", seed: int | None = 7) -> Request:
    return Request(kind="speech", model=HEART, inputs={"text": text}, seed=seed)


def finish(studio: Studio, job: Job) -> Generation:
    last = job.last(PATIENCE)
    assert isinstance(last, Finished), last
    return studio.generation(last.generation["id"])


def make(studio: Studio, request: Request, session: str = ME) -> Generation:
    return finish(studio, studio.submit(session, request))


@pytest.fixture(scope="module")
def text(studio: Studio) -> Generation:
    return make(studio, write())


@pytest.fixture(scope="module")
def speech(studio: Studio) -> Generation:
    return make(studio, say())


# --- records ----------------------------------------------------------------------------------


def test_a_text_has_a_whole_record(studio: Studio, text: Generation) -> None:
    assert text.text
    assert text.status == "done"
    assert text.request == write()
    model = studio.catalog.get(SMOL)
    assert (text.model.sha256, text.model.license) == (model.sha256, "Apache-2.0")
    assert text.model.revision == model.revision
    assert text.device == studio.machine.device
    assert {"genui", "python", "xllamacpp"} <= text.versions.keys()
    assert text.timings.run >= (text.timings.first or 0) > 0
    assert 0 < text.usage["tokens"] <= 12
    assert text.output_sha256 == hashlib.sha256(text.text.encode()).hexdigest()


def test_a_sound_has_a_whole_record_which_its_file_carries(
    studio: Studio, speech: Generation
) -> None:
    sound = speech.artifact("audio")
    assert sound is not None
    path = studio.store.media.path(sound.sha256)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sound.sha256
    with wave.open(str(path)) as file:
        pcm = file.readframes(file.getnframes())
    assert speech.output_sha256 == hashlib.sha256(pcm).hexdigest()
    assert provenance.read(path) == speech.model_copy(update={"artifacts": ()})
    assert speech.model.sha256


def test_a_seed_is_drawn_told_and_kept(studio: Studio) -> None:
    jobs = [studio.submit(ME, write(seed=None)) for _ in range(2)]
    made = [finish(studio, job) for job in jobs]
    told = [event.seed for job in jobs for event in job.events if isinstance(event, Started)]
    assert told == [generation.request.seed for generation in made]
    assert told[0] != told[1]


def test_what_was_streamed_is_what_was_kept(studio: Studio) -> None:
    job = studio.submit(ME, write(top_logprobs=3))
    made = finish(studio, job)
    tokens = [event for event in job.events if isinstance(event, Token)]
    assert "".join(token.text for token in tokens) == made.text
    kept = made.artifact("tokens")
    assert kept is not None
    stored = json.loads(studio.store.media.path(kept.sha256).read_text("utf-8"))
    assert [token["text"] for token in stored] == [token.text for token in tokens]


def test_a_stopped_text_is_kept_as_far_as_it_got(studio: Studio) -> None:
    job = studio.submit(ME, write("Tell a very long story.", max_tokens=1000))
    seen = 0
    while not any(isinstance(event, Token) for event in job.events):
        seen += len(job.wait(seen, PATIENCE))
    studio.cancel(ME, job.id)
    asked = time.monotonic()
    made = finish(studio, job)
    assert time.monotonic() - asked < 5  # half a second on a machine of its own
    assert made.status == "stopped"
    assert made.text
    while (studio.scratch / job.id).exists():  # swept right after the last event
        assert time.monotonic() - asked < 10
        time.sleep(0.01)


# --- ownership --------------------------------------------------------------------------------


def test_history_is_each_visitors_own(studio: Studio, text: Generation) -> None:
    assert text in studio.history(ME, "text")
    assert text not in studio.history(ME, "speech")
    assert studio.history(YOU, "text") == []
    with pytest.raises(NotFound):
        studio.own(YOU, text.id)
    assert studio.own(ME, text.id) == text


def test_jobs_of_others_cannot_be_followed_stopped_or_heard(studio: Studio) -> None:
    job = studio.submit(ME, say())
    for call in (studio.follow, studio.cancel):
        with pytest.raises(NotFound):
            call(YOU, job.id)
    with pytest.raises(NotFound):
        studio.live(YOU, job.id, "audio.pcm", 0, 10)
    finish(studio, job)
    assert studio.live(ME, job.id, "../../secret.key", 0, 10) == b""


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        write(temperature=-0.1),
        write(temperature=float(2**40)),
        write(max_tokens=0),
        write(max_tokens=10**12),
        write(max_tokens="many"),
        write(top_p=0),
        write(stop=["x"] * 9),
        write(colour="red"),
        write(""),
        write(" \n\t"),
        say(""),
        write().model_copy(update={"kind": "speech"}),
        write().model_copy(update={"inputs": {"messages": "hello"}}),
        write().model_copy(update={"inputs": {"messages": [], "path": "/etc/passwd"}}),
        write().model_copy(update={"options": {"temperature": float("nan")}}),
        write("x" * 5_000_000),
    ],
)
def test_what_is_out_of_range_is_refused_in_one_sentence(studio: Studio, request_: Request) -> None:
    before = len(studio.jobs.jobs)
    with pytest.raises(BadInput) as caught:
        studio.submit(ME, request_)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 300
    assert len(studio.jobs.jobs) == before


def test_only_models_of_the_catalog_can_be_named(studio: Studio) -> None:
    for name in ("/etc/passwd", "owner/name", "../x.gguf"):
        with pytest.raises(NotFound, match="no model with that name"):
            studio.submit(ME, write().model_copy(update={"model": name}))


def test_a_prompt_beyond_the_context_says_so(studio: Studio) -> None:
    last = studio.submit(ME, write("word " * 20_000)).last(PATIENCE)
    assert isinstance(last, Failed)
    assert last.code == "bad_input"
    assert "tokens long" in last.message


@pytest.mark.parametrize(
    "prompt", ["\0\x01\x1b[31m", "\u202eabc\u202c", "<script>alert(1)</script>${1+1}{{7*7}}", "🎈"]
)
def test_strange_prompts_are_only_text(studio: Studio, prompt: str) -> None:
    made = make(studio, write(prompt, max_tokens=2))
    assert made.request.inputs["messages"] == [{"role": "user", "content": prompt}]


# --- ratings ----------------------------------------------------------------------------------


def test_a_rating_is_kept_under_a_name_that_tells_nothing(studio: Studio, text: Generation) -> None:
    rating = studio.judging.rate(ME, text.id, "up", 5, ("helpful",), "<b>nice</b>\0")
    assert studio.store.current_rating(text.id, rating.rater) == rating
    assert ME not in rating.model_dump_json()
    assert studio.judging.rate(ME, text.id, "down").rater == rating.rater
    assert studio.judging.rate(YOU, text.id, "up").rater != rating.rater


@pytest.mark.parametrize("forged", ["", "0" * 32, "' OR 1=1 --", "../../x", "\0"])
def test_a_rating_of_nothing_is_refused(studio: Studio, forged: str) -> None:
    before = studio.store.count()
    with pytest.raises(NotFound):
        studio.judging.rate("c" * 32, forged, "up")
    assert studio.store.count() == before


@pytest.mark.parametrize(
    "opinion",
    [
        {},
        {"thumb": "sideways"},
        {"stars": 0},
        {"stars": 6},
        {"stars": 2.5},
        {"thumb": "up", "reasons": ("!!",)},
        {"thumb": "up", "reasons": tuple("abcdefghijklm")},
        {"thumb": "up", "comment": "x" * 2001},
    ],
)
def test_a_rating_out_of_range_is_refused(
    studio: Studio, text: Generation, opinion: dict[str, Any]
) -> None:
    before = studio.store.count()
    with pytest.raises(BadInput):
        studio.judging.rate("d" * 32, text.id, **opinion)
    assert studio.store.count() == before


def test_ratings_have_a_limit_for_each_visitor(studio: Studio, text: Generation) -> None:
    for _ in range(30):
        studio.judging.rate("e" * 32, text.id, "up")
    with pytest.raises(Busy):
        studio.judging.rate("e" * 32, text.id, "up")
    studio.judging.rate("f" * 32, text.id, "up")


# --- again ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "speech"])
def test_a_file_dropped_back_gives_the_same_bytes(
    studio: Studio, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    original: Generation = request.getfixturevalue(kind)
    if sound := original.artifact("audio"):
        path = studio.store.media.path(sound.sha256)
    else:
        path = tmp_path / "text.md"
        path.write_text(provenance.text_document(original), "utf-8", newline="")
    restored = provenance.read(path)
    again = finish(studio, studio.reproduce(YOU, restored))
    assert again.request.parents == (original.id,)
    assert again.id != original.id
    assert provenance.verdict(restored, again) == (
        True, "Identical: every byte came out the same again.",
    )  # fmt: skip


def test_a_record_of_a_model_that_is_not_here_says_so(studio: Studio, text: Generation) -> None:
    foreign = text.model_copy(
        update={"request": text.request.model_copy(update={"model": "/tmp/evil.gguf"})}
    )
    with pytest.raises(GenuiError, match="no model with that name"):
        studio.reproduce(ME, foreign)


# --- a full disk ------------------------------------------------------------------------------

FULL = """
import json, resource, sys
from pathlib import Path
from genui.records import Request
from genui.settings import Settings
from genui.studio import Studio

studio = Studio(Settings(data_dir=Path(sys.argv[1]), warm=False))
say = lambda text: Request(kind="speech", model="heart", inputs={"text": text}, seed=1)
assert studio.submit("me", say("Before.")).last(120).type == "finished"
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
failed = studio.submit("me", say("This sentence is one of many. " * 40)).last(120)
files = [p for p in (studio.settings.data_dir / "media").rglob("*") if p.is_file()]
print(json.dumps({
    "failed": failed.as_json(),
    "kept": len(studio.history("me", "speech")),
    "of": sum(len(g.artifacts) for g in studio.history("me", "speech")),
    "media": len(files),
    "scratch": [p.name for p in studio.scratch.iterdir()],
    "after": studio.submit("me", say("After.")).last(120).type,
}))
"""


def test_a_full_disk_gives_one_sentence_and_leaves_nothing_half_kept(
    models_dir: Path, heart: Path, tmp_path: Path
) -> None:
    """A limit on file size stands in for the full disk: the same call fails in the same place."""
    (tmp_path / "models").symlink_to(models_dir, target_is_directory=True)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=300,
        cwd=Path(__file__).parents[2], check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["failed"]["type"] == "failed"
    assert found["failed"]["code"] in ("storage_full", "unavailable")
    assert found["failed"]["message"].startswith(("The disk of this server", "This server could"))
    assert (found["kept"], found["media"]) == (1, found["of"])
    assert found["scratch"] == []
    assert found["after"] == "finished"
