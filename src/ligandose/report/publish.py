"""Writing a folder all at once, or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ligandose.errors import InputError

MANIFEST = "manifest.json"
_MANIFEST_KIND = "ligandose.manifest"


def publish(files: Mapping[str, bytes], out_dir: Path | str, *, overwrite: bool = False) -> Path:
    """Write `files` (relative path to content) as the folder `out_dir` and return it.

    Everything is written into a folder beside it, which then takes its place in one move. An
    existing folder is replaced only if it is empty or holds what Ligandose wrote and nothing else;
    with `overwrite` also if files were added to a report. A folder without the manifest of a
    Ligandose report is never touched.

    Raises:
        InputError: `out_dir` is a file, or holds files that are not of a report.
    """
    out = Path(os.path.abspath(out_dir))
    if out.is_symlink():
        out = out.resolve()
    check_replaceable(out, overwrite=overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(4)
    fresh = out.with_name(f".{out.name}.new-{token}")
    old = out.with_name(f".{out.name}.old-{token}")
    try:
        _write_all(fresh, files)
        _swap(fresh, out, old)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    return out


def replace_file(path: Path, content: bytes) -> None:
    """Write one file beside its place and move it there."""
    fresh = path.with_name(f".{path.name}.new-{secrets.token_hex(4)}")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in {**files, MANIFEST: _manifest(files)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _manifest(files: Mapping[str, bytes]) -> bytes:
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    return json_bytes({"document": _MANIFEST_KIND, "files": hashes}, indent=1)


def _swap(fresh: Path, out: Path, old: Path) -> None:
    """Move `out` aside and `fresh` to its place; put `out` back if that fails."""
    existed = out.exists()
    if existed:
        out.rename(old)
    try:
        fresh.rename(out)
    except BaseException:  # an interrupt between the two moves must not lose the old report
        if existed:
            old.rename(out)
        raise


def check_replaceable(out: Path, *, overwrite: bool = False) -> None:
    """Raise InputError where `out` holds something that a report must not replace.

    Commands call it before they compute, so that nobody waits for a result that cannot be written.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f"--out {out}: is a file; give the name of a folder")
    known = _known_files(out)
    if not known:
        first = next((p for p in out.rglob("*") if not p.is_dir()), None)
        if first is None:
            return
        raise InputError(
            f"--out {out}: holds what is not a ligandose report "
            f"({first.relative_to(out).as_posix()}); nothing was written; "
            "give a new or an empty folder"
        )
    held = {p.relative_to(out).as_posix() for p in out.rglob("*") if not p.is_dir()}
    foreign = sorted(held - known - {MANIFEST})
    if foreign and not overwrite:
        raise InputError(
            f"--out {out}: holds files that ligandose did not write ({', '.join(foreign[:3])}); "
            "nothing was written; move them away or give another folder"
        )


def _known_files(folder: Path) -> set[str]:
    """Return the files that the folder's manifest names; none where it has no manifest."""
    try:
        manifest: Any = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return set()
    if not isinstance(manifest, dict):
        return set()
    held = cast("dict[str, Any]", manifest)
    return set(held.get("files", {})) if held.get("document") == _MANIFEST_KIND else set()


def json_bytes(document: Any, *, indent: int | None = None) -> bytes:
    """Return strict JSON: numbers that are not finite become null."""
    text = json.dumps(_finite(document), ensure_ascii=False, allow_nan=False, indent=indent)
    return (text + "\n").encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        held = cast("Mapping[Any, Any]", value)
        return {str(key): _finite(item) for key, item in held.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("list[Any]", value)]
    return value
