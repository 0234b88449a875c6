"""The command line: `ligandose` in a terminal."""

from ligandose.cli.main import main

__all__ = ["main"]
