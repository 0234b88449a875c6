"""What the command line prints: stable names, stable keys, strict JSON, the same for a seed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ligandose
from ligandose.cli import main
from ligandose.course.study import read_study

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAVY = ("jinja2", "matplotlib", "numba", "numpy", "pydantic", "rich", "scipy", "xarray", "yaml")
QUANTITY = {"mean", "sd", "median", "p05", "p95"}
HELP = """\
Usage: ligandose [OPTIONS] COMMAND [ARGS]...

  Targeted radionuclide therapy from molecular target to individual plan.
  Research software, not a medical device.

Options:
  --version   Show the version and exit.
  --debug     Show the traceback of an error.
  -h, --help  Show this message and exit.

Commands:
  simulate           Simulate an agent in a population of patients.
  demo               Run 177Lu-PSMA-617 and 177Lu-DOTATATE, with a report.
  validate           Show published doses next to predicted ones.
  nuclide            Show half-life, progeny and emissions of a nuclide.
  svalue             Show S values, dose per decay, between organs.
  sphere             Show dose per decay in a sphere.
  cell               Show dose per decay in a cell, by where it decays.
  tissue             Compare nuclides in a tumour tissue, cell by cell.
  screen             Rank targets, vectors and nuclides for a disease.
  explain            Say why one agent is better and what targets need.
  optimise           Search what chemistry can change in an agent.
  vsv                Compute voxel S values in an endless medium.
  absorbed-fraction  Follow particles in a sphere of water.
  phantom            Show a reference adult: masses, slices, label map.
  landscape          Write the landscape: one page to search and sort.
  tac                Fit activities over time and integrate them.
  dose               Work out what a patient received: activity, dose, BED.
  receive            Take DICOM images from a PACS (C-STORE) until Ctrl-C.
  translate          Translate animal biodistribution to human doses.
  plan               Plan a patient's next treatments from measurements.
  hosts              List hosts and diseases, or the values of one host.
  version            Show the version of program and data.
  targets            Targets: evidence, expression, ranking.
  agents             Agents: what binds which target, how far it came.

  Start with: ligandose demo
"""
SIMULATE_OPTIONS = ("--patients", "--seed", "--threads", "--json", "--out", "--quiet", "--debug")


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    return json.loads(printed(capsys, *arguments, "--json"), parse_constant=refuse)


@pytest.fixture(autouse=True)
def _narrow_plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, *arguments) == HELP


def test_help_of_simulate_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "simulate", "--help")
    for option in SIMULATE_OPTIONS:
        assert option in text


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_version_names_program_data_and_use(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, *arguments)
    assert text.startswith(f"ligandose {ligandose.__version__} (data 2026.11)")
    assert "not a medical device" in text


@pytest.mark.parametrize("statement", ["import ligandose", "import ligandose.cli"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    code = f"import sys; {statement}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from ligandose.cli import main; main(['--help']); "
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_public_name_is_there_whatever_is_imported_first() -> None:
    code = (
        "import ligandose.report; import ligandose as ld; "
        "missing = [n for n in ld.__all__ if not hasattr(ld, n)]; "
        "print(missing, callable(ld.report), ld.report is sys.modules['ligandose.report'])"
    )
    for first in ("import sys; ", "import sys; import ligandose; ligandose.agent; "):
        done = subprocess.run(
            [sys.executable, "-c", first + code],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == "[] True True"


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="simulat"):
        ligandose.simulat  # noqa: B018


def test_agents_and_hosts_are_listed_for_people_and_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listed = document(capsys, "agents", "list")
    assert listed["document"] == "ligandose.agents"
    assert listed["research_use_only"] is True
    names = [agent["name"] for agent in listed["agents"]]
    assert {"177Lu-PSMA-617", "177Lu-DOTATATE"} <= set(names)
    text = printed(capsys, "agents", "list")
    assert all(name in text for name in names)
    assert "6 × 7.4 GBq every 6 weeks" in text
    listed = document(capsys, "hosts")
    assert listed["hosts"][:2] == ["adult-male", "adult-female"]
    assert {"child-1", "child-15-female", "mouse", "rat"} <= set(listed["hosts"])
    assert {"mCRPC", "GEP-NET"} <= set(listed["diseases"])


def test_the_values_of_an_agent_and_of_a_host_have_unit_status_and_source(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments, key in (
        (["agents", "show", "177Lu-PSMA-617"], "values"),
        (["hosts", "adult-male", "--disease", "mCRPC"], "findings"),
    ):
        found = document(capsys, *arguments)
        assert found[key]
        for finding in found[key]:
            assert finding["unit"]
            assert finding["status"]
            assert finding["source"]
        text = printed(capsys, *arguments)
        assert found[key][0]["key"] in text


def test_the_document_of_a_nuclide_has_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "nuclide", "225Ac")
    assert found["document"] == "ligandose.nuclide"
    assert found["progeny"] == ["Fr-221"]
    assert found["half_life_s"] == pytest.approx(10 * 86400, rel=0.02)  # 9.9 to 10.0 d published
    energies = found["energy_keV_per_decay"]
    assert {"alpha", "beta", "electron", "gamma", "x", "annihilation"} <= set(energies)
    assert {"kind", "energy_keV", "yield_per_decay"} <= set(found["emissions"][0])
    assert found["provenance"]["data_edition"] == "2026.11"


def test_a_nuclide_report_holds_the_spectrum_and_replaces_itself(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "ac"
    for _ in range(2):
        text = printed(capsys, "nuclide", "Ac-225", "--out", str(out))
        assert text.splitlines()[-1] == f"Report: {out / 'report.html'}"
        assert (out / "figures" / "nuclide_spectrum.svg").is_file()
    assert [p.name for p in tmp_path.iterdir()] == ["ac"]


STUDIES = [path for path in sorted(EXAMPLES.glob("*.yaml")) if "\nregimen:" in path.read_text()]
"""Examples that `simulate` reads; those of other commands have tests beside their commands."""


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_an_example_is_a_valid_study(path: Path) -> None:
    study = read_study(path)
    assert study.patients <= 100  # an example runs in seconds
    assert study.regimen.total_activity_Bq > 0
