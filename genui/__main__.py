"""`python -m genui COMMAND`: what an operator does from the shell. Each command has its own module,
imported only when it is asked for."""

from __future__ import annotations

import sys

from genui import commands

# name, where its `main(arguments) -> exit status` is, what it does
COMMANDS = (
    ("export", "genui.store.command:main", "write the ratings to a file"),
    ("bench", "genui.bench:main", "measure this machine against the bare libraries"),
)


def main(arguments: list[str]) -> int:
    """Run the named command with the rest of the arguments; returns its exit status."""
    return commands.run("python -m genui", "Tools of genui.", COMMANDS, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
