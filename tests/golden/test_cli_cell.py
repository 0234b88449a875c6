"""What `ligandose cell` prints and writes: stable keys, strict JSON, the same for a seed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ligandose.cli import main

ARGUMENTS = ("--cell-um", "7", "--nucleus-um", "5")
KEYS = {
    "document", "schema", "version", "nuclide", "cell_radius_um", "nucleus_radius_um",
    "nucleus_offset_um", "target", "progeny", "retained", "horizon_s", "electrons", "distance_um",
    "mass_kg", "members", "emitted_keV_per_decay", "unit", "s_Gy_per_Bq_s", "cross_s_Gy_per_Bq_s",
    "energy_within", "specific_energy", "omissions", "research_use_only", "provenance",
}  # fmt: skip
SOURCES = ["cell_surface", "cytoplasm", "nucleus", "whole_cell"]


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = main(["cell", *arguments])
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    return captured.out


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found = json.loads(printed(capsys, *arguments, "--json"), parse_constant=refuse)
    assert set(found) == KEYS
    assert found["research_use_only"] is True
    assert found["document"] == "ligandose.cell"
    return found


def test_s_values_by_source_and_radiation(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "177Lu", *ARGUMENTS)
    s = found["s_Gy_per_Bq_s"]
    assert list(s) == SOURCES
    for value in s.values():
        assert list(value) == ["total", "alpha", "electron", "photon"]
        assert value["total"] == pytest.approx(
            value["alpha"] + value["electron"] + value["photon"], rel=1e-12
        )
    assert found["nuclide"] == "Lu-177"
    assert found["specific_energy"] is found["cross_s_Gy_per_Bq_s"] is None
    assert found["provenance"]["seed"] is None
    masses = found["mass_kg"]
    share = masses["nucleus"] / masses["cell"]
    mixed = share * s["nucleus"]["total"] + (1 - share) * s["cytoplasm"]["total"]
    assert s["whole_cell"]["total"] == pytest.approx(mixed, rel=1e-6)


def test_alphas_bring_their_tracks(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "At-211", *ARGUMENTS, "--distance-um", "14,30", "--seed", "3")
    assert list(found["specific_energy"]) == [*SOURCES, "medium"]
    assert found["provenance"]["seed"] == 3
    assert found["cross_s_Gy_per_Bq_s"]["distance_um"] == [14.0, 30.0]
    near, far = found["cross_s_Gy_per_Bq_s"]["nucleus"]["total"]
    assert near > far > 0.0
    spectrum = found["specific_energy"]["cell_surface"]["spectrum"]
    assert len(spectrum["edge_Gy"]) == len(spectrum["per_Gy"]) + 1
    again = document(capsys, "At-211", *ARGUMENTS, "--distance-um", "14,30", "--seed", "3")
    for made in (again, found):
        made.pop("provenance")  # holds the time
    assert again == found


def test_daughters_may_leave(capsys: pytest.CaptureFixture[str]) -> None:
    whole, some, none, alone = (
        document(capsys, "Ac-225", *ARGUMENTS, *more)
        for more in (
            (),
            ("--retained", "Bi-213=0.5"),
            ("--retained", "0"),
            ("--no-progeny",),
        )
    )
    total = [d["s_Gy_per_Bq_s"]["nucleus"]["total"] for d in (whole, some, none, alone)]
    assert total[0] > total[1] > total[2] == total[3]
    assert some["retained"] == {"Bi-213": 0.5}
    assert alone["members"] == {"Ac-225": 1.0}
    early = document(capsys, "Ac-225", *ARGUMENTS, "--horizon-d", "0.01")
    assert early["members"]["Bi-213"] < 0.3  # half-life 46 min, horizon 14 min


def test_people_get_tables_and_a_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "cell"
    text = printed(
        capsys, "Ac-225", *ARGUMENTS, "--distance-um", "20", "--out", str(out), "--offset-um", "1"
    )
    for word in ("1 µm off centre", "From an equal cell", "Hits per decay", "Decays in place"):
        assert word in text
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert names >= {
        "cell.json", "tables/s_values.csv", "tables/cross_s_values.csv",
        "figures/cell.svg", "figures/cell.png", "figures/cell.csv",
    }  # fmt: skip
    with (out / "tables" / "s_values.csv").open(encoding="utf-8", newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    assert [row["source"] for row in csv.DictReader(lines)] == SOURCES


def test_a_beta_emitter_has_a_figure_without_tracks(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "cell"
    text = printed(capsys, "Tb-161", *ARGUMENTS, "--target", "cytoplasm", "--out", str(out))
    assert "Hits per decay" not in text
    assert "dose to the cytoplasm" in text
    assert (out / "figures" / "cell.svg").is_file()
