"""Check the documentation's code: Python runs, studies simulate, commands and targets exist.

    python scripts/check_docs.py [FILE ...]

Fenced blocks of README.md, CONTRIBUTING.md and docs/ are checked by their language:

* `python` blocks of a file run in order in one namespace;
* a `yaml` block with an `agent` is simulated with few patients;
* the rows of a `csv TABLE` block have the columns of that shipped table;
* in `sh` blocks every `ligandose` command with its options, every `make` target and every script
  must exist.

A block marked `no-check` after its language is left out. Everything runs in an empty folder.
Prints one line per problem and exits with 1 if there is any.
"""

from __future__ import annotations

import contextlib
import csv
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ligandose.evidence import read_table

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
FEW_PATIENTS = 8
COMMAND = [str(Path(sys.executable).parent / "ligandose")]


@dataclass(frozen=True)
class Block:
    """A fenced block of a file."""

    path: Path
    line: int
    language: str
    info: str
    text: str

    @property
    def where(self) -> str:
        """File and line."""
        name = self.path.relative_to(ROOT) if self.path.is_relative_to(ROOT) else self.path
        return f"{name} line {self.line}"


def documents() -> list[Path]:
    """Return the files whose examples must work."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(path: Path) -> list[Block]:
    """Return the blocks of a file that are to be checked."""
    text = path.read_text(encoding="utf-8")
    return [
        Block(path, text.count("\n", 0, m.start()) + 2, m[1], m[2].strip(), m[3])
        for m in FENCE.finditer(text)
        if "no-check" not in m[2]
    ]


def python_problems(block: Block, namespace: dict[str, Any]) -> Iterator[str]:
    """Run a Python block, or the examples in it where it has prompts."""
    output = io.StringIO()
    if ">>>" in block.text:
        test = doctest.DocTestParser().get_doctest(
            block.text, namespace, block.where, str(block.path), block.line
        )
        doctest.DocTestRunner(verbose=False).run(test, out=output.write, clear_globs=False)
        if output.getvalue():
            yield f"{block.where}: {output.getvalue().strip()}"
        return
    try:
        with contextlib.redirect_stdout(output):
            exec(compile(block.text, block.where, "exec"), namespace)
    except Exception as error:
        line = traceback.extract_tb(error.__traceback__)[-1].lineno
        yield f"{block.where} (line {line} of the block): {type(error).__name__}: {error}"


def study_problems(block: Block) -> Iterator[str]:
    """Simulate a study file with few patients."""
    study = yaml.safe_load(block.text)
    if not isinstance(study, dict) or "agent" not in study:
        return
    Path("study.yaml").write_text(block.text, encoding="utf-8")
    arguments = ["simulate", "study.yaml", "--patients", str(FEW_PATIENTS), "--json"]
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True)
    if done.returncode:
        yield f"{block.where}: ligandose simulate: {done.stderr.strip().splitlines()[-1:]}"


def table_problems(block: Block) -> Iterator[str]:
    """Check that the rows of an example have as many fields as the shipped table has columns."""
    columns = list(read_table(block.info)[0])
    for number, row in enumerate(csv.reader(block.text.splitlines())):
        if len(row) != len(columns):
            yield (
                f"{block.where}, row {number + 1}: {len(row)} fields; "
                f"{block.info} has {len(columns)}: {','.join(columns)}"
            )


@cache
def help_of(command: tuple[str, ...]) -> str | None:
    """Return the help text of a command of ligandose; None where there is no such command."""
    wide = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run([*COMMAND, *command, "--help"], capture_output=True, text=True, env=wide)
    return done.stdout if done.returncode == 0 else None


@cache
def make_targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def command_problems(words: list[str]) -> Iterator[str]:
    """Check one shell command."""
    name, arguments = words[0], words[1:]
    if name == "make":
        for target in (a for a in arguments if "=" not in a):
            if target not in make_targets():
                yield f"make has no target {target!r}"
    elif name == "ligandose" and arguments and not arguments[0].startswith("-"):
        text = help_of((arguments[0],))
        if text is None:
            yield f"ligandose has no command {arguments[0]!r}"
            return
        if " COMMAND " in text.partition("\n\n")[0] and len(arguments) > 1:
            text = help_of((arguments[0], arguments[1]))
            if text is None:
                yield f"ligandose {arguments[0]} has no command {arguments[1]!r}"
                return
        for option in (a.partition("=")[0] for a in arguments if a.startswith("--")):
            if option not in re.findall(r"--[A-Za-z-]+", text):
                yield f"ligandose {arguments[0]} has no option {option}"
    elif name.endswith("python") and arguments and not (ROOT / arguments[0]).is_file():
        yield f"no file {arguments[0]}"


def shell_problems(block: Block) -> Iterator[str]:
    """Check every command of a shell block."""
    for number, line in enumerate(block.text.splitlines()):
        words = shlex.split(line.removeprefix("$ "), comments=True)
        for problem in command_problems(words) if words else ():
            name = block.where.rpartition(" ")[0]
            yield f"{name} {block.line + number}: {problem}"


def problems(path: Path) -> list[str]:
    """Return every problem of a file's examples."""
    found: list[str] = []
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(path):
        if block.language == "python":
            found += python_problems(block, namespace)
        elif block.language == "yaml":
            found += study_problems(block)
        elif block.language == "csv":
            found += table_problems(block)
        elif block.language in ("sh", "console"):
            found += shell_problems(block)
    return found


def main() -> None:
    paths = [Path(a).resolve() for a in sys.argv[1:]] or documents()
    found: list[str] = []
    checked = 0
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for path in paths:
            found += problems(path)
            checked += len(blocks(path))
    for line in found:
        print(line)
    if found:
        sys.exit(f"documentation: {len(found)} problems")
    print(f"documentation: {checked} examples in {len(paths)} files, no problem")


if __name__ == "__main__":
    main()
