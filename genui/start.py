"""The command line of `app.py`: every option is also a setting (`GENUI_<NAME>`)."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from genui.settings import Settings

OPTIONS = (
    "host", "port", "data_dir", "device", "model", "share", "auth", "offline", "root_path", "mcp",
)  # fmt: skip


def from_command_line(argv: Sequence[str] | None = None) -> Settings:
    """The settings of the environment with the given options on top.

    Exits with one sentence when they do not fit."""
    parser = argparse.ArgumentParser(
        prog="app.py", description="genui: a playground for generative AI.",
        epilog="Each option is also an environment variable, such as GENUI_PORT.",
    )  # fmt: skip
    for name in OPTIONS:
        field = Settings.model_fields[name]
        flag, help_text = "--" + name.replace("_", "-"), field.description
        if field.annotation is bool:
            parser.add_argument(flag, action="store_true", default=None, help=help_text)
        elif name == "model":
            parser.add_argument(flag, action="append", metavar="ID_OR_PATH", help=help_text)
        else:
            parser.add_argument(flag, help=help_text)
    given = {k: v for k, v in vars(parser.parse_args(argv)).items() if v is not None}
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(f"--{str(part).replace('_', '-')}" for part in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        print(f"{where}: {message}" if where else message, file=sys.stderr)
        sys.exit(2)
