"""Commands of the shell: each stands in a table; its module is imported only when asked for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

Commands = Sequence[tuple[str, str, str]]  # name, "module:main", what it does


def run(prog: str, description: str, commands: Commands, arguments: list[str]) -> int:
    """Run the named command's `main(arguments) -> exit status` with the rest of the arguments;
    returns its status. An unknown name ends the program with the list of those there are."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    chooser = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    targets = {}
    for name, target, help_text in commands:
        chooser.add_parser(name, help=help_text, add_help=False)
        targets[name] = target
    chosen, rest = parser.parse_known_args(arguments)
    module, function = targets[chosen.command].split(":")
    status: int = getattr(import_module(module), function)(rest)
    return status
