"""The errors a visitor may read.

Every message is one clear sentence that says what to do. Anything that is not a
`GenuiError` is a defect: the edge logs it and shows a neutral sentence instead.
"""

from __future__ import annotations

import errno


class GenuiError(Exception):
    """Base of every error whose text is safe and useful to show on the page."""

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadInput(GenuiError):
    """The request itself is wrong: empty, too long, out of range, of the wrong type."""

    code = "bad_input"


class NotFound(GenuiError):
    """The named thing does not exist, or is not the asker's to see."""

    code = "not_found"


class Busy(GenuiError):
    """A limit was reached; the same request may work later."""

    code = "busy"


class Unavailable(GenuiError):
    """A model cannot run here now: weights missing, no network, wrong hash, no memory."""

    code = "unavailable"


class StorageFull(GenuiError):
    """The disk that holds the data folder has no room."""

    code = "storage_full"

    @classmethod
    def from_os(cls, error: OSError) -> GenuiError:
        """The sentence for an operating-system error met while writing."""
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return cls("The disk of this server is full; the operator has to make room first.")
        return Unavailable("This server could not write its files; the operator's log says why.")


class Cancelled(Exception):
    """Raised inside long work to unwind after the visitor pressed Stop; never shown."""
