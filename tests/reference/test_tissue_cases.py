"""The documented cases of which nuclide suits which compartment come out in the right order.

Nothing is tuned: the tissues are the typical ones of the edition or plain balls of cells, and the
claims are orders, with the physics' own reason beside each.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ligandose.course.tissue_compare import (
    NuclideResult,
    TissueResult,
    compare_nuclides,
    log_surviving_fraction_of,
)
from ligandose.course.tissue_dose import ALPHA
from ligandose.course.tissue_file import plan_from_mapping

BALL = {
    "shape": "micrometastasis", "radius_um": 100.0, "cell_radius_um": 7.0,
    "nucleus_radius_um": 5.0, "packing_fraction": 0.6,
}  # fmt: skip
TUMOUR = {"alpha_per_Gy": 0.3, "alpha_beta_Gy": 10.0, "repair_half_time_h": 1.5}
ON_CELLS = {"compartment": "tumour_cell", "place": "cell_surface"}


def compared(**parts: Any) -> TissueResult:
    return compare_nuclides(plan_from_mapping({"effect": TUMOUR, **parts}))


def by_name(found: TissueResult) -> dict[str, NuclideResult]:
    return {one.nuclide: one for one in found.results}


def kill(found: TissueResult) -> dict[str, float]:
    """Return decades of cell kill of the live tumour cells."""
    return {
        name: -log_surviving_fraction_of(one, found.live_tumour) / math.log(10.0)
        for name, one in by_name(found).items()
    }


def share_absorbed(found: TissueResult) -> dict[str, float]:
    """Return the mean nucleus dose of live tumour cells over the emitted dose."""
    live = found.live_tumour
    return {
        name: float(one.doses.total_Gy[live].sum(axis=1).mean() / one.emitted_Gy.sum())
        for name, one in by_name(found).items()
    }


def test_long_range_beta_is_inefficient_in_a_micrometastasis_of_200_um() -> None:
    """van Dieren et al., Radiat Prot Dosim 52 (1994) 391, doi:10.1093/oxfordjournals.rpd.a082221.

    A micrometastasis of 200 µm diameter: long-range crossfire makes beta emitters (there Y-90 and
    I-131) less efficient, short-range emitters are preferable. Y-90 electrons go 0.93 MeV on
    average, some 4 mm; those of Tb-161 and Lu-177 0.15 to 0.2 MeV, some 0.3 mm; alphas < 0.1 mm.
    """
    found = compared(
        tissue=BALL, source=ON_CELLS, compare={"emitted_dose_Gy": 20.0},
        nuclides=["Y-90", "I-131", "Lu-177", "Tb-161", "At-211", "Ac-225"],
    )  # fmt: skip
    share = share_absorbed(found)
    assert share["Y-90"] < share["I-131"] < share["Lu-177"] < share["Tb-161"]
    assert max(share["Tb-161"], share["Lu-177"]) < min(share["At-211"], share["Ac-225"])
    # 0.1 mm of the mean 4 mm: a Y-90 electron leaves some 2 % in the ball; an order less than
    # what short ranges leave
    assert 5.0 * share["Y-90"] < share["Lu-177"]
    decades = kill(found)
    assert decades["Y-90"] < decades["I-131"] < min(decades["Lu-177"], decades["Tb-161"])
    # an alpha emitter uniformly distributed reaches every cell: the coldest too
    coldest = {
        name: float(np.quantile(one.doses.total_Gy[found.live_tumour].sum(axis=1), 0.05))
        for name, one in by_name(found).items()
    }
    assert min(coldest["At-211"], coldest["Ac-225"]) > coldest["Tb-161"] > coldest["Y-90"]
    assert min(decades["At-211"], decades["Ac-225"]) > decades["Tb-161"]


@pytest.fixture(scope="module")
def stroma() -> dict[float, TissueResult]:
    """Decays on fibroblasts around narrow and wide nests, at equal emitted dose."""
    return {
        radius: compared(
            tissue={"base": "desmoplastic carcinoma", "side_um": 200.0, "nest_radius_um": radius},
            source={"compartment": "stroma", "place": "cell_surface"},
            compare={"emitted_dose_Gy": 60.0}, lesion_radius_mm=10.0,
            nuclides=["Lu-177", "Y-90", "At-211", "Ac-225"],
        )
        for radius in (30.0, 150.0)
    }  # fmt: skip


def test_alphas_on_stroma_fail_nests_wider_than_their_range(
    stroma: dict[float, TissueResult],
) -> None:
    """Published for fibroblasts as sources: EJNMMI Phys 9 (2022), doi:10.1186/s40658-022-00497-5.

    There the dose of tumour clusters over the mean falls from 0.8 to 0.1 with Ac-225 and from 0.9
    to 0.3 with Lu-177 as the clusters grow, so that Lu-177 becomes the more effective one.
    """
    decades = {radius: kill(found) for radius, found in stroma.items()}
    alphas = ("At-211", "Ac-225")
    assert min(decades[30.0][a] for a in alphas) > decades[30.0]["Y-90"]
    assert max(decades[150.0][a] for a in alphas) < decades[150.0]["Lu-177"]
    assert decades[150.0]["Lu-177"] < decades[150.0]["Y-90"]
    for name in ("Lu-177", *alphas):
        assert decades[150.0][name] < decades[30.0][name]
    share = {radius: share_absorbed(found) for radius, found in stroma.items()}
    assert share[150.0]["Ac-225"] < share[150.0]["Lu-177"] < share[150.0]["Y-90"]
    # Y-90 crosses many nests: its dose does not know them (range of mm against 0.15 mm)
    assert share[150.0]["Y-90"] > 0.9 * share[30.0]["Y-90"]


def test_cells_deeper_than_the_range_get_no_alpha_at_all(stroma: dict[float, TissueResult]) -> None:
    found = stroma[150.0]
    tissue = found.tissue
    depth = -tissue.distance_to_um("nest_border")
    # The farthest alpha of the chain, 8.4 MeV of Po-213, goes 85 µm in water (biology.md);
    # a fibroblast's surface and the near side of a nucleus are within 7.8 and 5 µm of the border
    # and of the middle.
    deep = found.live_tumour & (depth > 85.0 + 7.8 + 5.0)
    assert deep.sum() > 20
    one = by_name(found)
    assert not np.any(one["Ac-225"].doses.total_Gy[deep, ALPHA])
    assert not np.any(one["At-211"].doses.total_Gy[deep, ALPHA])
    low = one["Y-90"].doses.total_Gy[deep].sum(axis=1)
    assert low.min() > 0.8 * one["Y-90"].doses.total_Gy[found.live_tumour].sum(axis=1).mean()


@pytest.mark.parametrize(
    ("what", "time"),
    [
        ("slow accumulation", {"uptake_half_time_h": 12.0, "clearance_half_time_h": 96.0}),
        ("slow clearance", {"uptake_half_time_h": 0.5, "clearance_half_time_h": 96.0}),
    ],
)
def test_bismuth_loses_to_actinium_where_time_counts(what: str, time: dict[str, float]) -> None:
    """A label that comes slowly or stays long is lost on 46 minutes; the organ has it at once.

    Both emit the same alphas in the end (Po-213 of each); what differs is when.
    """
    del what
    organ = {
        "name": "kidneys", "uptake_ratio": 1.0, "uptake_half_time_h": 0.2,
        "clearance_half_time_h": 6.0, "alpha_weight": 5.0,
    }  # fmt: skip
    compare = {"organ_dose_Gy": 20.0, "organ": organ}
    given = {"tissue": {**BALL, "radius_um": 60.0}, "source": ON_CELLS,
             "nuclides": ["Bi-213", "Ac-225"]}  # fmt: skip
    found = compared(time=time, compare=compare, **given)
    decades = kill(found)
    assert decades["Bi-213"] < 0.5 * decades["Ac-225"]
    # ln 2/λ = 0.76 h and 238 h: with the same course in tissue and organ neither wins by time,
    # and equal organ dose is equal emitted dose
    alike = {key: organ[key] for key in ("uptake_half_time_h", "clearance_half_time_h")}
    even = by_name(compared(time=alike, compare=compare, **given))
    weighted = {name: float(one.emitted_Gy @ np.array([5.0, 1.0])) for name, one in even.items()}
    # the same integral on both sides: only rounding
    assert weighted["Bi-213"] == pytest.approx(20.0, rel=1e-9)
    assert weighted["Ac-225"] == pytest.approx(20.0, rel=1e-9)


def test_bismuth_needs_far_more_activity_for_the_same_dose() -> None:
    """Equal activity: Ac-225 decays 313 times as often, and emits four alphas for one."""
    found = by_name(
        compared(tissue={**BALL, "radius_um": 60.0}, source=ON_CELLS,
                 compare={"activity_MBq_g": 0.01}, nuclides=["Bi-213", "Ac-225"])
    )  # fmt: skip
    ratio = found["Ac-225"].emitted_Gy[ALPHA] / found["Bi-213"].emitted_Gy[ALPHA]
    # half-lives 9.92 d and 45.6 min (313), alpha energy 27.5 and 8.3 MeV per decay (3.3)
    assert ratio == pytest.approx(313.0 * 3.3, rel=0.02)


def test_control_of_one_cell_is_that_it_dies() -> None:
    found = compared(tissue={**BALL, "radius_um": 15.0}, source=ON_CELLS,
                     compare={"mean_dose_Gy": 5.0}, nuclides=["Lu-177"])  # fmt: skip
    assert found.tissue.n_cells == 1
    one = found.results[0]
    assert math.exp(one.log_tcp) == pytest.approx(1.0 - math.exp(one.log_survival[0]), rel=1e-12)


def test_a_cell_has_the_same_share_of_the_activity_in_any_ball() -> None:
    """Equal emitted dose is equal decays per cell, although small balls are mostly bare rim."""
    decays: list[float] = []
    for radius in (15.0, 40.0, 80.0):
        found = compared(tissue={**BALL, "radius_um": radius}, source=ON_CELLS,
                         compare={"emitted_dose_Gy": 20.0}, nuclides=["Lu-177"])  # fmt: skip
        decays.append(found.results[0].decays / found.tissue.n_cells)
    assert decays == pytest.approx([decays[0]] * 3, rel=1e-12)
