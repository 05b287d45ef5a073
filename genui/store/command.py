"""`python -m genui export`: the ratings of a data folder as a file; the page may be running."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from genui.errors import BadInput, GenuiError
from genui.settings import Settings
from genui.store.database import FILE_NAME
from genui.store.exports import FORMATS, export
from genui.store.store import Store


def main(arguments: list[str]) -> int:
    """Run the command; returns 0, or 2 after one sentence about what is wrong."""
    settings = Settings.model_validate({})  # all from the environment
    parser = argparse.ArgumentParser(
        prog="python -m genui export", description="Write the ratings of a data folder to a file."
    )
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--data-dir", type=Path, default=settings.data_dir, help="default: %(default)s"
    )
    parser.add_argument("--comments", action="store_true", help="include what raters wrote")
    parser.add_argument("--kind", help="only this kind of output: text, speech, ...")
    options = parser.parse_args(arguments)
    try:
        if not settings.database_url and not (options.data_dir / FILE_NAME).is_file():
            raise BadInput(f"There is no genui data in “{options.data_dir}”; check --data-dir.")
        store = Store.open(options.data_dir, settings.database_url)
        try:
            rows = export(
                store, options.format, options.out, options.comments, options.kind, tell=print
            )
        finally:
            store.close()
    except GenuiError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return 2
    print(f"Wrote {rows} rows to {options.out}.")  # noqa: T201
    return 0
