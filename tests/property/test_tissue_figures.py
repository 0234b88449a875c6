"""Figures of a tissue: whole, the same every time, and true to the document."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.course.tissue_compare import compare_nuclides
from ligandose.course.tissue_document import tissue_document
from ligandose.course.tissue_file import plan_from_mapping
from ligandose.report import tissue_figures as figures
from ligandose.report import tissue_section as section
from ligandose.report import tissue_sweep
from ligandose.report.text import nuclide_label
from ligandose.report.tissue_tables import equal_words, signed, tissue_tables

PLAN = plan_from_mapping(
    {
        "tissue": {
            "shape": "micrometastasis", "radius_um": 45.0, "cell_radius_um": 7.0,
            "nucleus_radius_um": 5.0, "packing_fraction": 0.6, "necrotic_core_um": 15.0,
        },
        "source": {"compartment": "tumour_cell", "fraction_positive": 0.6},
        "nuclides": ["Lu-177", "Y-90", "Ac-225"],
        "compare": {"emitted_dose_Gy": 20.0},
        "effect": {"alpha_per_Gy": 0.3, "alpha_beta_Gy": 10.0, "repair_half_time_h": 1.5},
        "sweep": {"field": "source.fraction_positive", "values": [0.4, 0.8]},
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def swept() -> dict[str, Any]:
    return tissue_document(compare_nuclides(PLAN))


@pytest.fixture(scope="module")
def single(swept: dict[str, Any]) -> dict[str, Any]:
    return {**swept, "sweep": None}


def rows(figure: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(figure.data.csv())))


@pytest.mark.parametrize("which", ["swept", "single"])
def test_every_figure_is_drawn_twice_the_same(which: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(which)
    for first, second in zip(
        figures.tissue_figures(document), figures.tissue_figures(document), strict=True
    ):
        assert (first.svg, first.png) == (second.svg, second.png)
        assert first.png.startswith(b"\x89PNG")
        ElementTree.fromstring(first.svg)
        assert first.caption.endswith(".")
        assert "²²⁵Ac" in first.svg


def test_the_section_draws_every_cell_with_its_dose(single: dict[str, Any]) -> None:
    found = rows(section.section_figure(single))
    cells = single["section"]
    assert len(found) == len(cells["x_um"])
    doses = [float(row["Ac-225_dose_Gy"]) for row in found]
    np.testing.assert_allclose(doses, cells["dose_Gy"]["Ac-225"], rtol=1e-7)  # 8 digits
    # the middle of a ball is dead: its cells are there, and not alive
    assert any(row["necrotic"] == "true" for row in found)


def test_one_scale_holds_all_nuclides(single: dict[str, Any]) -> None:
    norm = section._norm(single, ["Lu-177", "Y-90", "Ac-225"])
    live = ~np.array(single["section"]["necrotic"])
    doses = np.concatenate([np.array(d)[live] for d in single["section"]["dose_Gy"].values()])
    # one in a hundred at either end has the colour of the end, up to one cell
    most = section.TAIL * doses.size + 1.0
    assert np.sum(doses < norm.vmin) <= most
    assert np.sum(doses > norm.vmax) <= most
    assert norm.vmax >= 3.0 * norm.vmin


def test_histograms_say_what_the_doses_say(single: dict[str, Any]) -> None:
    found = rows(figures.histogram_figure(single))
    for one in single["nuclides"]:
        curve = [r for r in found if r["nuclide"] == one["nuclide"] and r["class"] == "tumour_cell"]
        share = np.array([float(r["share_of_cells"]) for r in curve])
        dose = np.array([float(r["dose_Gy"]) for r in curve])
        assert (share[0], share[-1]) == (1.0, 0.0)
        assert np.all(np.diff(share) <= 0.0)
        # the area below is the mean dose; edges are 60 quantiles, each within its neighbours
        mean = one["classes"]["tumour_cell"]["dose_Gy"]["mean"]
        assert np.sum(np.diff(dose) * share[1:]) <= mean <= np.sum(np.diff(dose) * share[:-1])


def test_survival_is_of_tumour_cells_only(single: dict[str, Any]) -> None:
    classes = {row["class"] for row in rows(figures.survival_figure(single))}
    assert classes == {"tumour_cell", "target_positive", "target_negative"}


def test_the_sweep_is_drawn_point_by_point(swept: dict[str, Any]) -> None:
    found = rows(tissue_sweep.sweep_figure(swept))
    assert {float(row["source.fraction_positive"]) for row in found} == {0.4, 0.8}
    assert len(found) == 3 * 2 * 3


def test_a_tissue_without_dose_is_drawn(single: dict[str, Any]) -> None:
    cold = {**single, "section": {**single["section"]}}
    cold["section"]["dose_Gy"] = {n: [0.0] * len(d) for n, d in cold["section"]["dose_Gy"].items()}
    assert section.section_figure(cold).png


@pytest.mark.parametrize("count", [1, 4, 8])
def test_any_number_of_nuclides_has_a_place(single: dict[str, Any], count: int) -> None:
    first = single["nuclides"][0]
    names = [f"Lu-{170 + i}" for i in range(count)]
    dose = single["section"]["dose_Gy"]["Lu-177"]
    many = {
        **single,
        "nuclides": [{**first, "nuclide": name} for name in names],
        "section": {**single["section"], "dose_Gy": dict.fromkeys(names, dose)},
    }
    drawn = section.section_figure(many)
    drawn_maps = sum(f">{nuclide_label(name)}<" in drawn.svg for name in names)
    assert drawn_maps == min(count, 6)
    # at most six maps; the numbers of all are in the CSV
    assert len(drawn.data.columns) == 6 + count
    assert len(figures.tissue_figures(many)) == 3


def test_tables_hold_every_nuclide_and_class(swept: dict[str, Any]) -> None:
    tables = {table.name: table for table in tissue_tables(swept)}
    assert [row[0] for row in tables["nuclides"].rows] == ["Lu-177", "Y-90", "Ac-225"]
    assert len(tables["doses"].rows) == 9
    assert all(len(row) == len(tables["doses"].columns) for row in tables["doses"].rows)
    assert len(tables["answers"].rows) == len(swept["answers"])


@given(st.lists(st.floats(0.0, 200.0), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_labels_keep_their_distance_and_their_order(places: list[float]) -> None:
    at = np.array(places)
    moved = tissue_sweep._apart(at, 10.0, 200.0)
    assert moved.min() >= -1e-9
    assert moved.max() <= 200.0 + 1e-9
    order = np.argsort(at, kind="stable")
    gap = np.diff(moved[order])
    # the relaxation stops within a tenth of a point
    assert np.all(gap > -0.1)
    if at.size > 1:
        assert gap.min() >= min(10.0, 200.0 / (at.size - 1)) - 1.0


@given(st.floats(-400.0, 0.0))
def test_powers_of_ten_are_written_with_a_true_minus(value: float) -> None:
    text = signed(value)
    assert "-" not in text
    # two digits, or the nearest whole number beyond ten
    assert float(text.replace("−", "-")) == pytest.approx(
        value, abs=0.5 if value <= -9.9 else 0.006
    )


@pytest.mark.parametrize("equal", ["mean_dose", "emitted_dose", "activity"])
def test_what_is_equal_is_said(equal: Any, single: dict[str, Any]) -> None:
    plan = replace(PLAN, compare=replace(PLAN.compare, equal=equal, value=3e9))
    made = {"compare": {"equal": plan.compare.equal, "value": plan.compare.value, "organ": None}}
    assert ("3 MBq/g" if equal == "activity" else "3e+09 Gy") in equal_words(made)
    assert equal_words(single) == "Every nuclide emits 20 Gy in the tissue"
