"""A comparison of nuclides in a tissue as one JSON-able document."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.course.summary import distribution
from ligandose.course.tissue_answers import answers
from ligandose.course.tissue_compare import (
    NuclideResult,
    TissueResult,
    log_surviving_fraction_of,
)
from ligandose.course.tissue_dose import ALPHA, LOW_LET
from ligandose.course.tissue_effect import beam_log_survival, oxygen_factors
from ligandose.course.tissue_plan import TissuePlan
from ligandose.effect import (
    cell_dvh,
    combination_factor,
    eqd2_Gy,
    log_surviving_clonogens,
)
from ligandose.nuclides import nuclide

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TUMOUR_CLASSES = ("tumour_cell", "target_positive", "target_negative")
"""Classes whose radiosensitivity the plan states; others have doses, but no survival."""
SECTION_CELLS = 2500
"""Cells of the section that a document carries for its figure."""
DVH_BINS = 60
OMISSIONS = (
    "Cells are spheres with concentric nuclei in liquid water; dose is the mean over a nucleus.",
    "The dose rate of every cell follows one curve in time, that of the activity in the tissue.",
    "Cells do not move, divide or die during the treatment.",
)
PERIODIC = (
    "The block repeats without end up to the stated radius of the lesion: its edge, where "
    "crossfire is missing from one side, is not seen."
)


def tissue_document(result: TissueResult) -> dict[str, Any]:
    """Return tissue, doses, survival and answers; quantities over cells as distributions."""
    tissue, plan = result.tissue, result.plan
    return {
        "tissue": {
            "name": tissue.name,
            "shape": plan.shape.kind,
            "base": plan.shape.base or None,
            "cells": tissue.n_cells,
            "cells_by_class": {name: int(m.sum()) for name, m in result.classes().items()},
            "necrotic_cells": int(tissue.necrotic.sum()),
            "cells_per_mm3": tissue.cells_per_mm3(),
            "box_um": tissue.box_um.tolist(),
            "periodic": tissue.periodic,
            "volume_fractions": dict(tissue.volume_fractions),
            "distance_to_vessel_um": _spread(tissue.distance_to_vessel_um),
            "distance_to_stroma_um": _spread(
                tissue.distance_to_um("stroma")[result.live_tumour]
                if np.any(tissue.cells_of("stroma"))
                else np.empty(0)
            ),
            "oxygen_mmHg": _spread(result.tension_mmHg),
        },
        "source": {
            "compartment": plan.source.compartment,
            "place": plan.source.place if plan.source.in_cells else None,
            "fraction_positive": plan.source.fraction_positive,
            "cv": plan.source.cv,
            "delivered_by": plan.delivery.agent if plan.delivery else None,
        },
        "compare": {
            "equal": plan.compare.equal,
            "value": plan.compare.value,
            "organ": plan.compare.organ.name if plan.compare.organ else None,
        },
        "effect": {
            "alpha_per_Gy": plan.biology.alpha_per_Gy,
            "alpha_beta_Gy": plan.biology.alpha_beta_Gy,
            "repair_half_time_h": math.log(2.0) / plan.biology.repair_rate_per_s / 3600.0,
            "oxygen": plan.biology.oxygen,
            "combined_with": _combined(plan),
            "external_beam": _beam(result),
            "source": plan.biology.source,
        },
        "nuclides": [_one(result, one) for one in result.results],
        "section": _section(result),
        "sweep": _sweep(result),
        "answers": answers(result),
        "omissions": [*OMISSIONS, *([PERIODIC] if tissue.periodic else [])],
    }


def tissue_inputs(plan: TissuePlan) -> dict[str, Any]:
    """Return all that decides a comparison besides the data edition."""
    organ = plan.compare.organ
    return {
        "tissue": {"shape": plan.shape.kind, "base": plan.shape.base, **plan.shape.values},
        "source": vars_of(plan.source),
        "nuclides": list(plan.nuclides),
        "compare": {"equal": plan.compare.equal, "value": plan.compare.value,
                    "organ": None if organ is None else str(organ)},
        "time": vars_of(plan.time),
        "delivery": None if plan.delivery is None else vars_of(plan.delivery),
        "effect": vars_of(plan.biology),
        "retained_daughters": plan.retained,
        "reach_um": plan.reach_um,
        "sweep": None if plan.sweep is None else vars_of(plan.sweep),
    }  # fmt: skip


def vars_of(part: Any) -> dict[str, Any]:
    """Return the fields of a frozen dataclass by name."""
    from dataclasses import asdict

    return asdict(part)


def _spread(values: Floats) -> dict[str, float] | None:
    known = values[np.isfinite(values)]
    return distribution(known) if known.size else None


def _one(result: TissueResult, one: NuclideResult) -> dict[str, Any]:
    total = one.doses.total_Gy.sum(axis=1)
    own = one.doses.own_Gy.sum(axis=1)
    return {
        "nuclide": one.nuclide,
        "half_life_s": nuclide(one.nuclide).half_life_s,
        "decays": one.decays,
        "decays_per_mm3": one.decays / result.tissue.volume_um3 * 1e9,
        "residence_s": one.residence_s,
        "emitted_dose_Gy": float(one.emitted_Gy.sum()),
        "alpha_emitted_dose_Gy": float(one.emitted_Gy[ALPHA]),
        "protraction": one.protraction,
        "rbe": one.rbe,
        "transport": one.transport,
        "classes": {
            name: {
                "dose_Gy": distribution(total[cells]),
                "alpha_dose_Gy": distribution(one.doses.total_Gy[cells, ALPHA]),
                "low_let_dose_Gy": distribution(one.doses.total_Gy[cells, LOW_LET]),
                "self_share": float(own[cells].sum() / max(total[cells].sum(), 1e-300)),
                "log10_surviving_fraction": (
                    _log10(log_surviving_fraction_of(one, cells))
                    if name in TUMOUR_CLASSES
                    else None
                ),
                "dvh": _dvh(total[cells], name),
            }
            for name, cells in result.classes().items()
        },
        "tcp": math.exp(one.log_tcp),
    }


def _log10(natural: float) -> float:
    return natural / math.log(10.0)


def _dvh(dose: Floats, name: str) -> dict[str, Any]:
    # between quantiles, so that cells far below the largest dose are resolved too
    quantiles = np.quantile(dose, np.linspace(0.0, 1.0, DVH_BINS + 1))
    edge = np.unique(np.concatenate([[0.0], quantiles]))
    if edge.size == 1:
        edge = np.array([0.0, 1.0])
    found = cell_dvh(dose, name=name, edge_Gy=edge)
    return {
        "dose_Gy": found.edge_Gy.tolist(),
        "share_of_cells": found.cumulative.tolist(),
        "d98_Gy": found.d98_Gy,
        "d95_Gy": found.d95_Gy,
        "d50_Gy": found.d50_Gy,
        "d2_Gy": found.d2_Gy,
    }


def _section(result: TissueResult) -> dict[str, Any]:
    """Return the cells that the plane through the middle cuts, as circles, with their doses."""
    tissue = result.tissue
    middle = 0.5 * tissue.box_um
    height = np.abs(tissue.centre_um[:, 2] - middle[2])
    cut = np.flatnonzero(height < tissue.radius_um)
    if cut.size > SECTION_CELLS:  # those around the middle
        far = np.abs(tissue.centre_um[cut, :2] - middle[:2]).max(axis=1)
        cut = cut[np.argsort(far, kind="stable")[:SECTION_CELLS]]
        half = np.full(2, float(np.sort(far)[SECTION_CELLS]))
    else:
        half = middle
    circle = np.sqrt(tissue.radius_um[cut] ** 2 - height[cut] ** 2)
    return {
        "window_um": [
            [float(m - h), float(m + h)] for m, h in zip(middle[:2], half[:2], strict=True)
        ],
        "outline_um": tissue.outline_um,
        "periodic": tissue.periodic and half is middle,
        "x_um": tissue.centre_um[cut, 0].tolist(),
        "y_um": tissue.centre_um[cut, 1].tolist(),
        "radius_um": circle.tolist(),
        "kind": [tissue.kinds[int(k)].compartment for k in tissue.kind[cut].tolist()],
        "necrotic": tissue.necrotic[cut].tolist(),
        "sites": result.sites[cut].tolist(),
        "vessels": _vessels(result),
        "dose_Gy": {
            one.nuclide: one.doses.total_Gy[cut].sum(axis=1).tolist() for one in result.results
        },
    }


def _vessels(result: TissueResult) -> list[list[float]]:
    """Return [x, y, radius] where the plane cuts vessels, as circles of the wall's points."""
    vessels = result.tissue.capillaries
    if vessels is None:
        return []
    box = result.tissue.box_um
    pieces = vessels.pieces(2.0 * vessels.radius_um, box)
    near = np.abs(pieces[:, 2] - 0.5 * box[2]) <= np.maximum(
        np.abs(pieces[:, 5]) * pieces[:, 6], 0.5 * vessels.radius_um
    )
    return [[float(x), float(y), vessels.radius_um] for x, y in pieces[near, :2]]


def _sweep(result: TissueResult) -> dict[str, Any] | None:
    if not result.sweep or result.plan.sweep is None:
        return None
    names = [one.nuclide for one in result.results]
    return {
        "field": result.plan.sweep.field,
        "values": [value for value, _ in result.sweep],
        "nuclides": {
            name: [_at(found, k) for _, found in result.sweep] for k, name in enumerate(names)
        },
    }


def _at(found: TissueResult, k: int) -> dict[str, Any]:
    one = found.results[k]
    total = one.doses.total_Gy.sum(axis=1)
    tumour = found.live_tumour
    classes = found.classes()
    return {
        "cells": found.tissue.n_cells,
        "mean_dose_Gy": float(total[tumour].mean()),
        "least_dose_Gy": float(np.quantile(total[tumour], 0.05)),
        "emitted_dose_Gy": float(one.emitted_Gy.sum()),
        "log10_surviving_fraction": {
            name: _log10(log_surviving_fraction_of(one, cells))
            for name, cells in classes.items()
            if name in TUMOUR_CLASSES
        },
        "tcp": math.exp(one.log_tcp),
    }


def _combined(plan: TissuePlan) -> dict[str, Any] | None:
    """Return factor, interval and notes of what is combined, by radiation."""
    names = plan.biology.combined_with
    if not names:
        return None
    found = {r: combination_factor(names, "alpha", radiation=r) for r in ("low_let", "alpha")}
    return {
        "names": list(names),
        **{
            radiation: {"factor": f.value, "low": f.low, "high": f.high, "notes": list(f.notes)}
            for radiation, f in found.items()
        },
    }


def _beam(result: TissueResult) -> dict[str, Any] | None:
    """Return what the external beam does by itself."""
    beam = result.plan.biology.beam
    if beam is None:
        return None
    total, ratio = beam.fractions * beam.dose_Gy, result.plan.biology.alpha_beta_Gy
    oer, _ = oxygen_factors(result.plan, result.tension_mmHg, result.results[0].nuclide)
    alone = beam_log_survival(result.plan, oer)[result.live_tumour]
    return {
        "fractions": beam.fractions,
        "dose_per_fraction_Gy": beam.dose_Gy,
        "eqd2_Gy": float(eqd2_Gy(total * (1.0 + beam.dose_Gy / ratio), alpha_beta_Gy=ratio)),
        "log10_surviving_fraction_alone": _log10(float(log_surviving_clonogens(alone))),
    }
