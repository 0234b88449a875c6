"""Small good tables, and what a refused import must leave behind."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ligandose.errors import InputError
from ligandose.evidence.importing import import_tables

RNA = (
    "Gene\tGene name\tTissue\tnTPM\n"
    "ENSG00000086205\tFOLH1\tkidney\t24.5\n"
    "ENSG00000086205\tFOLH1\tduodenum\t266.4\n"
    "ENSG00000180616\tSSTR2\tpancreas\t4.1\n"
)
IHC = (
    "Gene\tGene name\tTissue\tCell type\tLevel\tReliability\n"
    "ENSG00000086205\tFOLH1\tkidney\tproximal tubules\tHigh\tEnhanced\n"
    "ENSG00000180616\tSSTR2\tpancreas\tpancreatic endocrine cells\tMedium\tSupported\n"
)
CANCER = (
    "Gene\tGene name\tCancer\tHigh\tMedium\tLow\tNot detected\n"
    "ENSG00000086205\tFOLH1\tprostate cancer\t8\t2\t1\t0\n"
)


def small_store(tmp_path: Path) -> Path:
    """Make a store that holds the three small tables."""
    folder = tmp_path / "tables"
    folder.mkdir()
    for name, text in (("rna", RNA), ("ihc", IHC), ("cancer", CANCER)):
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    path = tmp_path / "store" / "evidence.duckdb"
    import_tables([folder], kind="hpa", store=path)
    return path


def state(store: Path) -> tuple[str, list[str]]:
    """Content of the store's file and everything in its folder."""
    return hashlib.sha256(store.read_bytes()).hexdigest(), sorted(os.listdir(store.parent))


def refused(paths: list[Path], store: Path, *, kind: str = "hpa") -> str:
    """Import, expect an error, check that the store did not change; return the message."""
    before = state(store)
    with pytest.raises(InputError) as caught:
        import_tables(paths, kind=kind, store=store)
    assert state(store) == before
    message = str(caught.value)
    assert "\n" not in message
    return message


def written(folder: Path, content: bytes | str, name: str = "table.tsv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def edited(old: str, new: str, text: str = RNA) -> str:
    assert old in text
    return text.replace(old, new)
