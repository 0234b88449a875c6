"""Entry of the command line: exit codes and the one line that an error gets."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

import typer

from ligandose.errors import LigandoseError

OK, INTERNAL_ERROR, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
PROGRAM = "ligandose"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code: 0, 2 for bad input, 130 after Ctrl-C, 1 for a bug.

    Args:
        argv: arguments without the name of the program; default those of the process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    _print_what_can_be_encoded()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _failed("interrupted", INTERRUPTED, debug=debug, prefix="")
    except BrokenPipeError:
        _forget_stdout()
        return INTERNAL_ERROR
    except (LigandoseError, typer.TyperException, OSError) as error:
        return _failed(_message_of(error), BAD_INPUT, debug=debug)
    except MemoryError:
        return _failed("not enough memory; ask for fewer patients", BAD_INPUT, debug=debug)
    except Exception as error:
        return _failed(
            f"internal error ({type(error).__name__}: {error}); run it again with --debug and "
            "report what is printed",
            INTERNAL_ERROR,
            debug=debug,
        )
    return code


def _run(arguments: list[str]) -> int:
    from ligandose.cli.app import app

    command = typer.main.get_command(app)
    try:
        with command.make_context(PROGRAM, arguments) as context:
            command.invoke(context)
    except typer.Exit as stop:
        return stop.exit_code
    return OK


def _failed(message: str, code: int, *, debug: bool, prefix: str = "error: ") -> int:
    if debug and code != INTERRUPTED:
        traceback.print_exc()
    with suppress(OSError):  # where nobody reads stderr, the exit code still tells
        print(f"{PROGRAM}: {prefix}{one_line(message)}", file=sys.stderr, flush=True)
    return code


def _message_of(error: Exception) -> str:
    if isinstance(error, typer.TyperException):
        return _usage_message(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}; check path, permission and space on the disk"
    return str(error)


def _usage_message(error: typer.TyperException) -> str:
    """Return what is wrong with the command line, in our own manner of writing."""
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else PROGRAM
    stop = "" if message.endswith("?") else ";"
    return f"{message}{stop} `{command} --help` shows what is allowed"


def one_line(text: str) -> str:
    """Return text on one line, without control characters that a terminal would obey."""
    words = " ".join(text.split())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in words)


def _print_what_can_be_encoded() -> None:
    """Print "?" rather than fail where a terminal cannot show "±"."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _forget_stdout() -> None:
    """Keep Python from writing to the closed pipe once more while it ends."""
    with suppress(OSError, ValueError):  # stdout may be no file (a test, a notebook)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
