"""docs/targets.md shows what the package computes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# `indications` ranks 28 times, half a minute: python scripts/write_target_controls.py --check
TABLES = ("counts", "coverage", "list", "show", "rank", "compare", "agents", "controls", "flags")


def test_the_page_shows_what_the_commands_print():
    found = subprocess.run(
        [sys.executable, ROOT / "scripts/write_target_controls.py", "--check", *TABLES],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
