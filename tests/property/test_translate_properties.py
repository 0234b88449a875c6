"""Properties of a translation: units, seeds, more error, what is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ligandose.design import translation_document

EXAMPLE = Path(__file__).parents[2] / "examples" / "biodistribution.csv"
HEAD = "animal,species,body_mass_g,region,time,time_unit,value,unit,organ_mass_g,decay_corrected"


def mice(folder: Path, *, factor: float = 1.0, unit: str = "h", per_organ: bool = False) -> Path:
    rng = np.random.default_rng(3)
    rows = [HEAD]
    for i, hours in enumerate((1, 1, 24, 24, 72, 72)):
        time = hours if unit == "h" else hours * 60
        noise = 1 + 0.05 * rng.standard_normal(2)
        for (name, start, mass), n in zip(
            (("kidneys", 20.0, 0.4), ("liver", 5.0, 1.3)), noise, strict=True
        ):
            value = factor * start * np.exp(-0.02 * hours) * n
            shown, what = (value * mass, "%ID") if per_organ else (value, "%ID/g")
            rows.append(f"m{i},mouse,25,{name},{time},{unit},{shown},{what},{mass},yes")
    file = folder / f"mice_{factor}_{unit}_{per_organ}.csv"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


def kidneys(file: Path, **options: object) -> dict[str, float]:
    document = translation_document(file, nuclide="Lu-177", **options)  # type: ignore[arg-type]
    return next(r for r in document["doses"] if r["region"] == "kidneys")["by_method"]


def test_time_units_and_the_basis_of_uptake_do_not_matter(tmp_path: Path) -> None:
    plain = kidneys(mice(tmp_path))
    assert kidneys(mice(tmp_path, unit="min")) == pytest.approx(plain, rel=1e-6)  # rounding
    assert kidneys(mice(tmp_path, per_organ=True)) == pytest.approx(plain, rel=1e-6)


def test_dose_is_proportional_to_uptake(tmp_path: Path) -> None:
    one, two = kidneys(mice(tmp_path)), kidneys(mice(tmp_path, factor=2.0))
    assert two == pytest.approx({k: 2.0 * v for k, v in one.items()}, rel=1e-5)  # optimiser


def test_the_same_seed_gives_the_same_document(tmp_path: Path) -> None:
    file = mice(tmp_path)
    first = translation_document(file, nuclide="Lu-177", seed=7)
    assert translation_document(file, nuclide="Lu-177", seed=7) == first


def test_a_larger_safety_factor_divides_the_proposal(tmp_path: Path) -> None:
    file = mice(tmp_path)
    one = translation_document(file, nuclide="Lu-177", safety_factor=1.0)["activity"]
    four = translation_document(file, nuclide="Lu-177", safety_factor=4.0)["activity"]
    assert four["first_in_human_GBq"] == pytest.approx(one["first_in_human_GBq"] / 4.0)
    assert one["limiting_organ"] == "kidneys"
    assert one["first_in_human_GBq"] <= one["maximum_GBq"]


def test_the_upper_remainder_gives_no_organ_less_than_the_lower(tmp_path: Path) -> None:
    file = mice(tmp_path)
    low, high = kidneys(file), kidneys(file, remainder="retained")
    assert all(high[m] >= low[m] for m in low)


def test_the_female_has_her_own_masses(tmp_path: Path) -> None:
    assert kidneys(mice(tmp_path), human="adult-female") != kidneys(mice(tmp_path))


def test_the_example_of_the_repository_translates_and_says_what_it_leaves_out() -> None:
    document = translation_document(EXAMPLE, nuclide="Lu-177")
    assert document["table"]["left_out"][0]["region"] == "tumour"
    assert {r["region"] for r in document["regions"]} >= {"kidney", "liver", "blood"}
    assert any("lower limits" in o for o in document["omissions"])
    for row in document["doses"]:
        found = row["dose_per_activity_Gy_per_GBq"]
        assert found["p05"] <= found["median"] <= found["p95"]
