"""A small web server that behaves like a model hub, well or badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hub:
    """`files` maps paths to bytes. `ranges`: honour Range. `cut`: drop the connection after so
    many bytes, once. `pause`: wait for the event before the second half of a file. `asked`: every
    (path, Range) that was requested."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.ranges = True
        self.cut: int | None = None
        self.pause: threading.Event | None = None
        self.asked: list[tuple[str, str | None]] = []
        self.url = ""


@contextmanager
def hub() -> Iterator[Hub]:
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append((self.path, self.headers.get("Range")))
            body = state.files.get(self.path.partition("?")[0])
            if body is None:
                self.send_error(404)
                return
            start = 0
            if state.ranges and (asked := self.headers.get("Range")):
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                if start >= len(body):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            if self.path.startswith("/api/"):
                self.send_header("Content-Type", "application/json")
            rest = body[start:]
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            if state.cut is not None:
                rest, state.cut = rest[: state.cut], None
                self.close_connection = True
            half = len(rest) // 2
            try:
                self.wfile.write(rest[:half])
                if state.pause:
                    state.pause.wait(10)
                self.wfile.write(rest[half:])
            except ConnectionError:
                return

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        if state.pause:
            state.pause.set()
        server.shutdown()
        server.server_close()


def listing(files: dict[str, bytes], sha: str) -> bytes:
    """The hub's answer about a repository with these files."""
    import hashlib

    siblings = []
    for name, content in files.items():
        entry: dict[str, object] = {"rfilename": name, "size": len(content)}
        if name.endswith(".safetensors"):
            digest = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 1}
        siblings.append(entry)
    return json.dumps({"id": "a/b", "sha": sha, "siblings": siblings}).encode()
