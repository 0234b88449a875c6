"""Where the decays of a comparison are: on which cells, in which points, and in what mass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ligandose.course.tissue_dose import Decays
from ligandose.course.tissue_plan import TISSUE_KG_PER_UM3, TissuePlan
from ligandose.errors import InputError
from ligandose.hosts import Tissue, draw_expression
from ligandose.kinetics import LocalActivity

Floats = NDArray[np.float64]


def tissue_kg(plan: TissuePlan, tissue: Tissue) -> float:
    """Return the mass that doses and activities per mass refer to.

    A ball of cells has a rim without cells, which is most of a small one: it counts with the mass
    that its cells have at the packing of its inside, so that a cell has the same share of the
    activity in a ball of any size.
    """
    packing = plan.shape.values.get("packing_fraction")
    if packing is None:
        return tissue.volume_um3 * TISSUE_KG_PER_UM3
    cells_um3 = 4.0 / 3.0 * np.pi * float((tissue.radius_um**3).sum())
    return cells_um3 / float(packing) * TISSUE_KG_PER_UM3


def decays_in(tissue: Tissue, plan: TissuePlan) -> tuple[list[Decays], Floats]:
    """Return one decay spread over the compartment of a plan, and relative sites of the cells.

    Raises:
        InputError: a compartment that the tissue does not have.
    """
    source = plan.source
    sites = np.zeros(tissue.n_cells)
    if not source.in_cells:
        points = tissue.vessel_wall_um if source.compartment == "vessel" else tissue.matrix_um
        if len(points) == 0:
            raise InputError(
                f"source: compartment {source.compartment} is not in this tissue; give the tissue "
                "vessels or a matrix (matrix_spacing_um), or choose another compartment"
            )
        even = np.full(len(points), 1.0 / len(points))
        return [Decays("point", np.empty(0, np.int64), points, even)], sites
    if not np.any(tissue.cells_of(source.compartment)):
        raise InputError(
            f"source: there are no cells of {source.compartment} in this tissue; its fraction is 0"
        )
    in_patches = source.patch_um > 0.0 and source.fraction_positive < 1.0
    sites = draw_expression(
        tissue,
        compartment=source.compartment,
        sites_per_cell_mean=1.0,
        fraction_positive=1.0 if in_patches else source.fraction_positive,
        cv=source.cv,
        clones=[(1.0 - source.fraction_positive, 0.0, source.patch_um)] if in_patches else [],
        seed=plan.seed,
    )
    sites = np.where(tissue.necrotic, 0.0, sites)
    cells = np.flatnonzero(sites > 0.0)
    if cells.size == 0:
        raise InputError(
            "source: no live cell carries the target; raise fraction_positive or take a larger "
            "tissue"
        )
    strength = sites[cells] / sites[cells].sum()
    return [Decays(source.place, cells, tissue.centre_um[cells], strength)], sites


def by_delivery(decays: list[Decays], local: LocalActivity, tissue: Tissue) -> list[Decays]:
    """Return decays on and in cells weighted with what transport from the vessels brings there.

    Ligand on the surface decays there, internalised ligand in the cytoplasm; what is free between
    the cells is left out. The whole remains one decay.
    """
    found: list[Decays] = []
    for source in decays:
        at = local.at_distance(tissue.distance_to_vessel_um[source.cells])
        for state, place in (("surface", "cell_surface"), ("inside", "cytoplasm")):
            strength = source.strength * at[state]
            found.append(Decays(place, source.cells, source.points_um, strength))
    whole = sum(float(source.strength.sum()) for source in found)
    return [replace(source, strength=source.strength / whole) for source in found]


def check_delivery(tissue: Tissue, plan: TissuePlan) -> None:
    """Raise InputError where ligand cannot be delivered as a plan asks."""
    if plan.delivery is None:
        return
    if tissue.capillaries is None:
        raise InputError("delivery: the tissue has no vessels that could bring ligand")
    if not plan.source.in_cells:
        raise InputError(
            f"delivery: it weights decays on cells, and the source is {plan.source.compartment}; "
            "remove one of them"
        )
