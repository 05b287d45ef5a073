"""Who is who without knowing anyone: keyed hashes of the key that only a browser holds.

The secret lies in the data folder, readable by its owner alone, never in a folder that is served.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from genui.errors import BadInput


class Identity:
    """Derives session ids, rater ids and media tokens from one secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def open(cls, data_dir: Path) -> Identity:
        """The secret of a data folder, made at first use. Two processes that start together
        agree: the file is created exclusively, the loser reads the winner's."""
        data_dir.mkdir(parents=True, exist_ok=True)
        path = data_dir / "secret.key"
        if not path.exists():
            draft = path.with_name(f"secret.{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_bytes(secrets.token_bytes(32))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return cls(path.read_bytes())

    def _hash(self, purpose: str, text: str) -> str:
        return hmac.new(self._secret, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()

    def session(self, key: str) -> str:
        """The session id behind a browser's key (32 to 128 characters); raises `BadInput`."""
        if not isinstance(key, str) or not 32 <= len(key) <= 128 or not key.isascii():
            raise BadInput("This page lost its key; reload it.")
        return self._hash("session", key)[:32]

    def rater(self, session: str) -> str:
        """The rater id of a session: stable, and useless for finding the session."""
        return self._hash("rater", session)[:24]

    def media_token(self, sha256: str, name: str) -> str:
        """The token that lets its holder fetch one file; only its owner is ever told it."""
        return self._hash("media", f"{sha256}\0{name}")[:32]
