"""The run folder of a screen: one result file per candidate, named by the hash of its inputs.

A file appears whole or not at all. What decides a result decides its name, so a study that is
changed finds the results that the change does not touch and computes the others.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from ligandose.errors import InputError
from ligandose.evidence import edition_hashes

SUFFIX = ".candidate.json"
NOT_COMPUTING = ("cli", "report", "web", "imaging", "plan", "trials")
"""Rooms whose code decides no number of a screen."""


def task_hash(task: Mapping[str, Any]) -> str:
    """Return the hash of all that decides a result: task, data edition, version and code."""
    made_of = {
        "task": task,
        "data": edition_hashes(),
        "version": version("ligandose"),
        "code": _code_hash(),
    }
    text = json.dumps(made_of, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _code_hash() -> str:
    """Return the hash of the code that computes: a version under development changes daily."""
    found = hashlib.sha256()
    root = Path(str(resources.files("ligandose")))
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).parts[0] not in NOT_COMPUTING:
            found.update(path.relative_to(root).as_posix().encode())
            found.update(path.read_bytes())
    return found.hexdigest()


class RunFolder:
    """Results on disk; None as folder keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        """Open the folder.

        Raises:
            InputError: the path is a file, or cannot be written.
        """
        self.folder = folder
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"run folder {folder}: {error.strerror}; give another --out") from None
        for left in folder.glob(".*.new-*"):
            left.unlink(missing_ok=True)

    def clear(self) -> int:
        """Remove all results and return how many; nothing else in the folder is touched."""
        if self.folder is None:
            return 0
        found = list(self.folder.glob(f"*{SUFFIX}"))
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def read(self, key: str) -> dict[str, Any] | None:
        """Return a result, None where there is none that is whole."""
        if self.folder is None:
            return None
        try:
            held: Any = json.loads((self.folder / f"{key}{SUFFIX}").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(held, dict):
            return None
        found = cast("dict[str, Any]", held)
        return found.get("result") if found.get("key") == key else None

    def write(self, key: str, result: Mapping[str, Any]) -> None:
        """Write a result in one move.

        Raises:
            OSError: the disk is full or the folder gone.
        """
        if self.folder is None:
            return
        text = json.dumps({"key": key, "result": result}, allow_nan=False, sort_keys=True)
        fresh = self.folder / f".{key}.new-{secrets.token_hex(4)}"
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.folder / f"{key}{SUFFIX}")
        finally:
            fresh.unlink(missing_ok=True)
