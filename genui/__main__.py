"""`python -m genui COMMAND`: what an operator does from the shell. Each command has its own module,
imported only when it is asked for."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

# name, where its `main(arguments) -> exit status` is, what it does
COMMANDS = (
    ("export", "genui.store.command:main", "write the ratings to a file"),
    ("bench", "genui.bench:main", "measure this machine against the bare libraries"),
)


def main(arguments: list[str]) -> int:
    """Run the named command with the rest of the arguments; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m genui", description="Tools of genui.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    targets = {}
    for name, target, help_text in COMMANDS:
        commands.add_parser(name, help=help_text, add_help=False)
        targets[name] = target
    chosen, rest = parser.parse_known_args(arguments)
    module, function = targets[chosen.command].split(":")
    status: int = getattr(import_module(module), function)(rest)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
