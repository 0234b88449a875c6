"""What is installed, locked and imported is what the repository promises."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ligandose.evidence import EDITION

ROOT = Path(__file__).parents[2]
HEAVY = ("numba", "scipy", "matplotlib", "xarray", "pydantic", "jinja2", "typer", "yaml")


def test_locks_links_and_paths_have_no_problem() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "check_repository.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_importing_the_package_imports_nothing_heavy() -> None:
    # Time depends on the machine; what is imported does not.
    code = "import json, sys, ligandose; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert imported.isdisjoint(HEAVY)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of what a wheel of this checkout holds."""
    pytest.importorskip("hatchling", reason="the build backend is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    code = "import hatchling.build as b, sys; print(b.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    with zipfile.ZipFile(folder / done.stdout.strip().splitlines()[-1]) as archive:
        return set(archive.namelist())


def test_a_wheel_holds_every_file_of_the_package(wheel: set[str]) -> None:
    package = ROOT / "src" / "ligandose"
    wanted = {
        path.relative_to(ROOT / "src").as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert f"ligandose/data/{EDITION}/datapackage.json" in wanted
    assert wanted <= wheel


def test_a_wheel_holds_no_caches_tests_or_scripts(wheel: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"ligandose"}
    assert not [name for name in wheel if "__pycache__" in name or name.endswith((".nbi", ".nbc"))]
