"""The shipped data edition is what its descriptor and its scripts say."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ligandose.evidence import EDITION, edition_hashes, read_table, sources, verify_edition

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "ligandose" / "data" / EDITION


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_edition_is_what_its_descriptor_says() -> None:
    assert verify_edition() == []


def test_stated_hashes_are_those_that_another_reader_computes() -> None:
    for name, stated in edition_hashes().items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == stated, name


def test_the_descriptor_is_what_its_script_makes() -> None:
    done = run("build_datapackage.py", "--check")
    assert done.returncode == 0, done.stderr


def test_shipped_tables_keep_their_rules() -> None:
    done = run("check_data.py")
    assert done.returncode == 0, done.stdout


def test_every_source_can_be_found() -> None:
    for source in sources().values():
        assert source.citation, source.id
        assert source.locator, source.id


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """An edition of its own, to be broken."""
    return Path(shutil.copytree(FOLDER, tmp_path / EDITION))


def test_one_identifier_for_two_works_is_refused(copy: Path) -> None:
    header = "id,citation,locator\n"
    (copy / "sources_one.csv").write_text(f"{header}smith2020,Smith A. Kidneys,doi:10.1/a\n")
    (copy / "sources_two.csv").write_text(f"{header}smith2020,Smith B. Spleen,doi:10.1/b\n")
    done = run("build_datapackage.py", "--edition", str(copy))
    assert done.returncode == 1
    assert "'smith2020' is 'doi:10.1/a' in sources_one.csv" in done.stderr


def test_one_work_in_two_parts_is_one_source_and_parts_can_go(copy: Path) -> None:
    header = "id,citation,locator\n"
    (copy / "sources_one.csv").write_text(f"{header}smith2020,Smith A. Kidneys,doi:10.1/a\n")
    (copy / "sources_two.csv").write_text(f"{header}smith2020,Smith A et al. Kidneys,DOI 10.1/a\n")
    done = run("build_datapackage.py", "--edition", str(copy), "--remove-parts")
    assert done.returncode == 0, done.stderr
    assert not list(copy.glob("sources_*.csv"))
    merged = (copy / "sources.csv").read_text(encoding="utf-8")
    assert merged.count("smith2020") == 1
    assert run("build_datapackage.py", "--edition", str(copy), "--check").returncode == 0


def test_a_table_that_nobody_described_is_refused(copy: Path) -> None:
    (copy / "organs.csv").write_text("region\nliver\n", encoding="utf-8")
    done = run("build_datapackage.py", "--edition", str(copy))
    assert done.returncode == 1
    assert "organs.csv: describe it" in done.stderr


def test_a_new_column_without_meaning_is_refused(copy: Path) -> None:
    agents = copy / "agents.csv"
    lines = agents.read_text(encoding="utf-8").splitlines()
    agents.write_text("\n".join([f"{lines[0]},colour", *(f"{x},red" for x in lines[1:])]) + "\n")
    done = run("build_datapackage.py", "--edition", str(copy))
    assert done.returncode == 1
    assert "column 'colour' needs type, unit (numbers) and description" in done.stderr


def test_every_agent_of_the_issue_is_shipped() -> None:
    named = {
        "177Lu-PSMA-617", "225Ac-PSMA-617", "177Lu-PSMA-I&T", "68Ga-PSMA-11", "177Lu-DOTATATE",
        "90Y-DOTATOC", "68Ga-DOTATATE", "177Lu-FAP-2286",
    }  # fmt: skip
    assert named <= {row["agent"] for row in read_table("agents.csv")}
