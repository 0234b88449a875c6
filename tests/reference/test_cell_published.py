"""S values and doses of cells against published ones (cell_s_published.csv).

alcocer2020: M. E. Alcocer-Ávila et al., EJNMMI Phys 7 (2020) 33, doi:10.1186/s40658-020-00301-2,
tables 1, 3 and 4 and abstract: track-structure code CELLDOSE, electrons only, 1436 MeV of them per
cell; the cluster is a cell with 6 neighbours at one and 12 at √2 diameters (the self shares that
the tables give single the simple cubic lattice out). Its decay data have the energies of ICRP
Publication 107 (Ann ICRP 38 (3), 2008) to every digit printed; they are read from the package
icrp107-database (group oracle).
koniar2023: H. Koniar et al., EJNMMI Phys 10 (2023) 46, doi:10.1186/s40658-023-00564-5: GATE.
liu2009: C. S. Liu et al., Nucl Instrum Methods B, doi:10.1016/j.nimb.2009.03.041, table 1:
PENELOPE with elastic scattering, and
mird1997: the values of S. M. Goddu et al., MIRD Cellular S Values (SNM, 1997) quoted there: tracks
straight, stopping power of Cole, no scattering.
"""

from __future__ import annotations

import csv
import json
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from ligandose.dose import (
    Cell,
    LineList,
    cell_kernel,
    cell_s_values,
    cross_s_values,
    kernel_of_lines,
)
from ligandose.transport import RadialKernel

HERE = Path(__file__).parent
EMITTED_KEV = 1436e3
LATTICE_UM = 14.0
EMITTED_PER_DECAY_KEV = {"Lu-177": 147.9, "Tb-161": 202.5}  # alcocer2020, table 1
POSITIONS = {"centre": (0, 0, 0), "first": (1, 0, 0), "second": (1, 1, 0)}
CELLS = LATTICE_UM * np.array(
    [(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)
     if abs(i) + abs(j) + abs(k) <= 2]
)  # fmt: skip


def rows(source: str) -> list[dict[str, str]]:
    with (HERE / "cell_s_published.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["source"] == source]


def name(row: dict[str, str]) -> str:
    return "-".join(
        row[key]
        for key in ("nuclide", "energy_keV", "cell_position", "target", "compartment", "quantity")
        if row[key]
    )


@cache
def published_kernel(nuclide: str) -> RadialKernel:
    """Return the kernel of the electrons of ICRP-107."""
    database = pytest.importorskip("icrp107_database", reason="needs group oracle")
    text = (resources.files(database) / "icrp107" / f"{nuclide}.json").read_text("utf-8")
    found = json.loads(json.loads(text)) if text.startswith('"') else json.loads(text)
    emissions = found["emissions"]
    lines = np.array(emissions["auger"] + emissions["IE"])
    energy, density = np.array(emissions["b-spectra"]).T  # MeV, per MeV
    edge = np.union1d(energy, np.linspace(0.0, energy[-1], 401))
    at = PchipInterpolator(energy, density)(edge)
    number = 0.5 * (at[1:] + at[:-1]) * np.diff(edge)
    number /= number.sum()  # both decay by β- alone; rounding of the table is 0.2 %
    energy_MeV = np.concatenate([lines[:, 0], 0.5 * (edge[1:] + edge[:-1])])
    yields = np.concatenate([lines[:, 1], number])
    return kernel_of_lines(electron=LineList(1e3 * energy_MeV, yields))


@cache
def shipped_kernel(nuclide: str) -> RadialKernel:
    return cell_kernel(nuclide, progeny=False)


def dose_Gy(kernel: RadialKernel, row: dict[str, str]) -> tuple[float, float]:
    """Return the dose by electrons to a nucleus, self and all, when every cell emits 1436 MeV."""
    cell = Cell(float(row["cell_um"]), float(row["nucleus_um"]))
    decays = EMITTED_KEV / kernel.emitted_keV[1]
    source = row["compartment"]
    own = float(cell_s_values(kernel, cell, source=source).s_Gy_per_Bq_s[0, 1]) * decays
    if row["cell_position"] == "single":
        return own, own
    here = LATTICE_UM * np.array(POSITIONS[row["cell_position"]])
    distance = np.linalg.norm(CELLS - here, axis=1)
    distance, count = np.unique(np.round(distance[distance > 1.0], 9), return_counts=True)
    cross = cross_s_values(kernel, cell, cell, source=source, distance_um=distance)[1]
    return own, own + float(cross @ count) * decays


@pytest.mark.parametrize("row", rows("alcocer2020"), ids=name)
def test_track_structure_with_the_published_emissions(row: dict[str, str]) -> None:
    value, digit = float(row["value"]), float(row["half_digit"])
    _, found = dose_Gy(published_kernel(row["nuclide"]), row)
    # 5 %: issue 5; half of the last printed digit is not known besides
    assert found == pytest.approx(value, abs=0.05 * value + digit)


@pytest.mark.parametrize("row", rows("alcocer2020"), ids=name)
def test_track_structure_with_the_shipped_emissions(row: dict[str, str]) -> None:
    value, digit = float(row["value"]), float(row["half_digit"])
    _, found = dose_Gy(shipped_kernel(row["nuclide"]), row)
    # 10 %: issue 5; conversion and Auger electrons of the shipped evaluation and cascade carry
    # 6 to 8 % less energy than those of ICRP-107 (Lu-177 13.7 and 14.7 keV, Tb-161 44.8 and 48.2)
    assert found == pytest.approx(value, abs=0.10 * value + digit)


@pytest.mark.parametrize(
    "row", [row for row in rows("alcocer2020") if row["note"].startswith("self share")], ids=name
)
def test_the_lattice_of_the_cluster_gives_the_published_self_shares(row: dict[str, str]) -> None:
    own, whole = dose_Gy(published_kernel(row["nuclide"]), row)
    stated = float(row["note"].split()[2]) / 100.0
    # of numbers of two or three digits: 2 points, less than any other lattice would move it
    assert own / whole == pytest.approx(stated, abs=0.02)


@pytest.mark.parametrize("nuclide", sorted(EMITTED_PER_DECAY_KEV))
def test_the_published_emissions_carry_the_stated_energy(nuclide: str) -> None:
    found = published_kernel(nuclide).emitted_keV[1]
    assert found == pytest.approx(EMITTED_PER_DECAY_KEV[nuclide], rel=0.003)  # the β points


def electron_s(row: dict[str, str]) -> float:
    cell = Cell(float(row["cell_um"]), float(row["nucleus_um"]))
    lines = LineList(np.array([float(row["energy_keV"])]), np.array([1.0]))
    found = cell_s_values(
        kernel_of_lines(electron=lines), cell, target=row["target"], source=row["compartment"]
    )
    return float(found.total_Gy_per_Bq_s[0])


@pytest.mark.parametrize("row", rows("liu2009"), ids=name)
def test_monte_carlo_of_single_electrons(row: dict[str, str]) -> None:
    value, spread = float(row["value"]), float(row["half_digit"])
    # 3 %: two versions of one code and a scaled kernel; and twice what the source leaves open
    assert electron_s(row) == pytest.approx(value, abs=0.03 * value + 2.0 * spread)


ELASTIC = {
    # straight tracks miss by this much where the range is that of the nucleus (10 keV) or where
    # only the skin of the cytoplasm reaches it: liu2009 finds the same by PENELOPE with and
    # without elastic scattering (their last column: up to 18 % and 33 %)
    ("nucleus", "nucleus", "10"): 0.28,
    ("nucleus", "cytoplasm", "1"): 0.45,
    ("nucleus", "cytoplasm", "5"): 0.27,
    ("nucleus", "cytoplasm", "10"): 0.22,
}


@pytest.mark.parametrize("row", rows("mird1997"), ids=name)
def test_straight_line_values_of_single_electrons(row: dict[str, str]) -> None:
    value = float(row["value"])
    key = (row["target"], row["compartment"], row["energy_keV"])
    found = electron_s(row)
    # 10 %: issue 5, for self dose; the misses are known and shown in docs/cells.md
    assert found == pytest.approx(value, rel=ELASTIC.get(key, 0.10))
    if key in ELASTIC:
        assert found != pytest.approx(value, rel=0.15)  # else the miss is none any more


@pytest.mark.parametrize("row", rows("koniar2023"), ids=name)
def test_the_chain_of_actinium_on_a_cell(row: dict[str, str]) -> None:
    cell = Cell(float(row["cell_um"]), float(row["nucleus_um"]))
    value = float(row["value"])

    def s(**retained: float) -> float:
        kept = {member.replace("_", "-"): share for member, share in retained.items()}
        found = cell_s_values("Ac-225", cell, source=row["compartment"], retained=kept or 1.0)
        return float(found.total_Gy_per_Bq_s[0])

    if row["quantity"] == "s_Gy_per_Bq_s":
        # 10 %: issue 5; the paper is 2.7 to 8.7 % below the straight-line values of MIRDcell
        assert s() == pytest.approx(value, rel=0.10)
        return
    lost = s(Fr_221=0.0) if "Fr-221" in row["quantity"] else s(Bi_213=0.0)
    assert 1.0 - lost / s() == pytest.approx(value, abs=0.01)  # two digits
