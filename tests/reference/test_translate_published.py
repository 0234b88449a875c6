"""Published animal-to-human pairs: what each method of scaling makes of the animal.

Nothing here is fitted to the human values. All five methods are in docs/design.md with every miss;
the method looked at here is mass_time, the one with both corrections. Where the animal table has no
whole-body retention, what no organ holds is taken as retained.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ligandose.design import read_animals, translation_document
from ligandose.hosts import host

FOLDER = Path(__file__).parent
# marrow to blood: 0.36 for an IgG that stays out of cells (Sgouros 1993), 1 for small ions (of no
# effect for gallium, whose marrow was measured in the animal)
CASES = {
    "pertechnetate": ("Tc-99m", 1.0),
    "trastuzumab": ("Zr-89", 0.36),
    "mn14": ("Y-90", 0.36),
    "gallium": ("Ga-68", 1.0),
}


@cache
def published() -> tuple[dict[str, str], ...]:
    with (FOLDER / "translation_published.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


@cache
def translated(case: str) -> dict[str, Any]:
    nuclide, ratio = CASES[case]
    return translation_document(
        FOLDER / f"translation_mouse_{case}.csv", nuclide=nuclide, marrow_to_blood=ratio,
        remainder="retained",
    )  # fmt: skip


def ratios(case: str, method: str, *, measured: bool) -> dict[str, float]:
    """Return predicted over published dose by region."""
    document = translated(case)
    rows = {row["region"]: row for row in document["doses"]}
    held = {name for r in document["regions"] for name in r["human"]}
    sources = {name.removesuffix("_contents") for name in held} | {"red_marrow"}
    return {
        p["region"]: rows[p["region"]]["by_method"][method] / float(p["human_mGy_per_MBq"])
        for p in published()
        if p["case"] == case and (p["region"] in sources) == measured
    }


def within(values: dict[str, float], factor: float) -> list[str]:
    return [region for region, r in values.items() if 1.0 / factor <= r <= factor]


def test_every_case_has_its_animal_table_and_its_source() -> None:
    assert {p["case"] for p in published()} == set(CASES)
    assert all(p["source"] and p["status"] in ("verified", "unverified") for p in published())


@pytest.mark.parametrize(
    ("case", "least"),
    [
        # what docs/design.md states; a change of either is a numerical change to be said
        ("pertechnetate", 0.87),
        ("trastuzumab", 0.99),
        ("mn14", 0.39),
        ("gallium", 0.87),
    ],
)
def test_organs_that_were_measured_come_within_a_factor_of_two_as_stated(
    case: str, least: float
) -> None:
    found = ratios(case, "mass_time", measured=True)
    assert len(within(found, 2.0)) / len(found) >= least


def test_the_known_misses_are_still_misses() -> None:
    """A miss that disappears must be looked at: data, S values or method have changed."""
    stomach = ratios("pertechnetate", "mass_time", measured=True)["stomach"]
    assert (
        stomach < 0.5
    )  # its wall takes pertechnetate up for hours; only passing contents are told
    lungs = ratios("mn14", "mass_time", measured=True)["lungs"]
    assert lungs < 0.5  # murine IgG in a nude mouse leaves blood faster than hMN-14 in a patient
    heart = ratios("gallium", "mass_time", measured=True)["heart"]
    assert heart < 0.5  # a dissected heart is empty; a man's wall has the blood of its chambers


def test_the_unit_of_the_gallium_table_is_told_by_its_mass_balance() -> None:
    """What could be read of that table does not say its unit: 5 min after injection all is there.

    As %ID/g the tissues that it lacks hold what its bowel and bone hold; as standardised uptake
    values they would have to hold more than its heart does, and be most of the body.
    """
    table = read_animals(FOLDER / "translation_mouse_gallium.csv", decay_per_s=0.0)
    rat = host(table.species)
    body = rat.finding("whole_body.body_mass").internal
    held = mass = 0.0
    for region in table.regions:
        share = sum(rat.finding(f"{name}.mass").internal for name in region.regions) / body
        held, mass = held + region.fraction[0] * share * table.body_mass_kg * 1e3, mass + share
    first = {region.name: float(region.fraction[0]) for region in table.regions}
    rest = (1.0 - held) / ((1.0 - mass) * table.body_mass_kg * 1e3)
    assert 0.5 * first["small_intestine"] < rest < first["heart"]
    # the same numbers as SUV: the fraction per share of body mass is a hundredth of the number
    in_suv = held / (table.body_mass_kg * 1e3) * 100.0
    assert (1.0 - in_suv) / (1.0 - mass) > first["heart"] * 100.0


def test_what_a_bowel_holds_passes_at_the_pace_of_people(tmp_path: Path) -> None:
    """Without the column contents the same table misses all three parts of the bowel."""
    text = (FOLDER / "translation_mouse_pertechnetate.csv").read_text(encoding="utf-8")
    path = tmp_path / "walls.csv"
    path.write_text(text.replace(",yes,yes,", ",,yes,"), encoding="utf-8")
    walls = translation_document(
        path, nuclide="Tc-99m", marrow_to_blood=1.0, remainder="retained"
    )  # fmt: skip
    dose = {row["region"]: row["by_method"]["mass_time"] for row in walls["doses"]}
    passed = ratios("pertechnetate", "mass_time", measured=True)
    for p in published():
        if p["case"] == "pertechnetate" and "intestine" in p["region"]:
            assert dose[p["region"]] / float(p["human_mGy_per_MBq"]) < 0.5
            assert 0.5 < passed[p["region"]] < 2.0


def test_scaling_by_mass_beats_no_scaling_for_the_kidneys_of_a_mouse() -> None:
    """A mouse's kidneys are four times as large a part of it as a man's are."""
    for case in ("trastuzumab", "pertechnetate"):
        none = ratios(case, "none", measured=True)["kidneys"]
        mass = ratios(case, "mass", measured=True)["kidneys"]
        assert none > 1.15 * mass
