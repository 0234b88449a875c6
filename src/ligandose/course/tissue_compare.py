"""The same tissue under different nuclides: doses, survival, control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.course.tissue_delivery import delivered
from ligandose.course.tissue_dose import CellDoses, Decays, cell_doses, emitted_keV
from ligandose.course.tissue_effect import (
    alphas_of,
    cells_log_survival,
    lesion_log_tcp,
    oxygen_factors,
    oxygen_tension_mmHg,
    protraction_of,
)
from ligandose.course.tissue_plan import TissuePlan
from ligandose.course.tissue_sources import by_delivery, check_delivery, decays_in, tissue_kg
from ligandose.dose import JOULE_PER_KEV, cell_kernel
from ligandose.effect import log_surviving_clonogens
from ligandose.errors import InputError
from ligandose.hosts import CELL_COMPARTMENTS, Tissue
from ligandose.nuclides import nuclide
from ligandose.transport import RadialKernel

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class NuclideResult:
    """One nuclide in one tissue.

    Attributes:
        nuclide: name.
        decays: in the whole piece of tissue.
        residence_s: decays per activity given.
        doses: of all nuclei.
        emitted_Gy: energy of charged particles emitted per mass of tissue, (alpha, low LET).
        log_survival: (n,) of every cell; necrotic cells are not alive and have -infinity.
        rbe: of the alphas, None without any.
        protraction: Lea-Catcheside factor of the dose-rate course.
        log_tcp: of the lesion.
        transport: how ligand gets to the cells, where that is considered.
    """

    nuclide: str
    decays: float
    residence_s: float
    doses: CellDoses
    emitted_Gy: Floats
    log_survival: Floats
    rbe: float | None
    protraction: float
    log_tcp: float
    transport: dict[str, Any] | None = None


@dataclass(frozen=True)
class TissueResult:
    """All nuclides in one tissue.

    Attributes:
        plan: what was asked for.
        tissue: what was built.
        sites: (n,) sites of each cell relative to the mean, all 0 where the target is in no cell.
        tension_mmHg: (n,) oxygen, infinite where it is not considered.
        results: one for each nuclide.
        sweep: pairs of varied value and results, empty without a sweep.
    """

    plan: TissuePlan
    tissue: Tissue
    sites: Floats
    tension_mmHg: Floats
    results: tuple[NuclideResult, ...]
    sweep: tuple[tuple[float, TissueResult], ...] = ()

    @property
    def live_tumour(self) -> Flags:
        """(n,) tumour cells that are not necrotic."""
        return self.tissue.cells_of("tumour_cell") & ~self.tissue.necrotic

    def classes(self) -> dict[str, Flags]:
        """Return (n,) membership of each class of cells that is there."""
        live = ~self.tissue.necrotic
        found = {c: self.tissue.cells_of(c) & live for c in CELL_COMPARTMENTS}
        tumour = found["tumour_cell"]
        if self.plan.source.compartment == "tumour_cell" and np.any(self.sites[tumour] == 0.0):
            found["target_positive"] = tumour & (self.sites > 0.0)
            found["target_negative"] = tumour & (self.sites == 0.0)
        return {name: cells for name, cells in found.items() if np.any(cells)}


def compare_nuclides(plan: TissuePlan, *, progress: Progress | None = None) -> TissueResult:
    """Compare nuclides on the same tissue.

    Args:
        plan: tissue, place of the decays, what is equal, radiosensitivity.
        progress: called with the share done and what is being done.

    Raises:
        InputError: a tissue that cannot be built, a target without cells, a nuclide without
            emissions.
        UnknownNameError: a nuclide that is not known.
    """
    tell = progress or _silent
    values = plan.sweep.values if plan.sweep else ()
    steps = len(values) + 1

    def part_of(k: int, prefix: str) -> Progress:
        return lambda share, what: tell((k + share) / steps, f"{prefix}{what}")

    main = _one(plan, part_of(0, ""))
    varied: list[tuple[float, TissueResult]] = []
    if plan.sweep is not None:
        name = plan.sweep.field
        for k, value in enumerate(values, start=1):
            tell_k = part_of(k, f"{name} {value:g}: ")
            try:
                found = _one(replace(plan.with_value(name, value), sweep=None), tell_k)
            except InputError as error:
                raise InputError(f"sweep: at {name} {value:g}: {error}") from error
            varied.append((value, found))
    tell(1.0, "done")
    return replace(main, sweep=tuple(varied))


def _silent(share: float, what: str) -> None:
    del share, what


def _one(plan: TissuePlan, tell: Progress) -> TissueResult:
    tell(0.0, "building the tissue")
    tissue = plan.shape.build(plan.seed)
    decays, sites = decays_in(tissue, plan)
    check_delivery(tissue, plan)
    tension = oxygen_tension_mmHg(tissue, plan)
    results: list[NuclideResult] = []
    for k, name in enumerate(plan.nuclides):
        canonical = nuclide(name).name
        tell((k + 0.2) / len(plan.nuclides), canonical)
        if plan.delivery is None:
            results.append(_nuclide(plan, tissue, decays, tension, canonical))
            continue
        brought = delivered(plan.delivery, canonical, tissue)
        own = by_delivery(decays, brought.local, tissue)
        found = _nuclide(plan, tissue, own, tension, canonical)
        results.append(replace(found, transport=brought.document()))
    return TissueResult(plan, tissue, sites, tension, tuple(results))


def _nuclide(
    plan: TissuePlan, tissue: Tissue, decays: list[Decays], tension: Floats, name: str
) -> NuclideResult:
    kernel = cell_kernel(name, retained=plan.retained)
    per_decay = cell_doses(tissue, kernel, decays, reach_um=plan.reach_um)
    mass_kg = tissue_kg(plan, tissue)
    emitted = emitted_keV(kernel) * JOULE_PER_KEV / mass_kg
    decay_per_s = nuclide(name).decay_constant_per_s
    residence = plan.time.residence_s(decay_per_s)
    count = _decay_count(plan, tissue, per_decay, emitted, kernel, residence, decay_per_s)
    doses = per_decay.scaled(count)
    rbe, _ = alphas_of(plan, name)
    protraction = protraction_of(plan, decay_per_s)
    oer = oxygen_factors(plan, tension, name)
    log_survival = cells_log_survival(plan, tissue, doses, protraction, rbe, oer)
    return NuclideResult(
        nuclide=name,
        decays=count,
        residence_s=residence,
        doses=doses,
        emitted_Gy=emitted * count,
        log_survival=log_survival,
        rbe=rbe,
        protraction=protraction,
        log_tcp=lesion_log_tcp(plan, tissue, log_survival),
    )


def _decay_count(
    plan: TissuePlan,
    tissue: Tissue,
    per_decay: CellDoses,
    emitted_Gy: Floats,
    kernel: RadialKernel,
    residence_s: float,
    decay_per_s: float,
) -> float:
    """Return the decays in the piece that make the nuclides equal."""
    compare = plan.compare
    if compare.equal == "emitted_dose":
        return compare.value / float(emitted_Gy.sum())
    mass_kg = tissue_kg(plan, tissue)
    if compare.equal == "activity":
        return compare.value * mass_kg * residence_s
    if compare.equal == "mean_dose":
        tumour = tissue.cells_of("tumour_cell") & ~tissue.necrotic
        if not np.any(tumour):
            raise InputError("compare: mean_dose needs live tumour cells, and there are none")
        return compare.value / float(per_decay.total_Gy[tumour].sum(axis=1).mean())
    organ = compare.organ
    assert organ is not None  # the plan refuses organ_dose without one
    # the organ is large: its charged particles stay; photons are left out in both
    energy_J = emitted_keV(kernel) * JOULE_PER_KEV
    per_activity = float(energy_J @ np.array([organ.alpha_weight, 1.0])) * organ.uptake_ratio
    per_activity *= organ.time.residence_s(decay_per_s)
    activity_per_kg = compare.value / per_activity
    return activity_per_kg * mass_kg * residence_s


def log_surviving_fraction_of(one: NuclideResult, cells: Flags) -> float:
    """Return ln of the mean survival of a class of cells."""
    return float(log_surviving_clonogens(one.log_survival[cells]))
