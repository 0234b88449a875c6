"""The shipped expression tables are what the importer makes of the tables of others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLES = ROOT.parent / "shared" / "data"
NEEDED = ("hpa*rna*", "hpa*normal*", "hpa*cancer*", "surfy*", "cspa*")
MISSING = [pattern for pattern in NEEDED if not list(TABLES.glob(pattern))]


@pytest.mark.skipif(bool(MISSING), reason=f"../shared/data lacks {', '.join(MISSING)}")
def test_the_shipped_tables_are_made_again_byte_for_byte() -> None:
    pytest.importorskip("duckdb", reason="the importer needs duckdb")
    script = ROOT / "scripts" / "build_expression.py"
    done = subprocess.run(
        [sys.executable, str(script), "--tables", str(TABLES), "--check"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr
