"""What did this patient receive: from a case to time-integrated activity, dose and BED."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ligandose.dose import region_model
from ligandose.effect import effect_parameters, tumour_parameters
from ligandose.errors import InputError, LigandoseError, UnknownNameError
from ligandose.nuclides import nuclide
from ligandose.plan.received_doses import (
    MARROW,
    Marrow,
    OrganDoses,
    marrow_of_blood,
    organ_doses,
)
from ligandose.plan.received_images import REST, WHOLE, Measured, Scan, measured
from ligandose.plan.received_kinetics import RegionTia, region_tia
from ligandose.plan.received_settings import ReceivedCase, read_received
from ligandose.plan.received_table import TableRegion, read_activities
from ligandose.plan.received_uncertainty import (
    DoseUncertainty,
    combined,
    volume_relative_sd,
    volume_sensitivity,
)
from ligandose.plan.received_voxels import VoxelResult, voxel_result

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]
ENGINES = ("local", "kernel", "mc")
MC_UNCERTAINTY = 0.05
UNSEEN_DENSITY_G_CM3 = 1.04
"""Soft tissue, where no CT tells (Cristy and Eckerman 1987)."""
LESION_PREFIX = "lesion:"


@dataclass(frozen=True)
class Tissue:
    """What BED needs.

    Attributes:
        alpha_beta_Gy, repair_per_s: of the region.
        alpha_per_Gy: of a tumour; None for organs.
    """

    alpha_beta_Gy: float
    repair_per_s: float
    alpha_per_Gy: float | None


@dataclass(frozen=True, eq=False)
class PatientDose:
    """What a patient received.

    Attributes:
        received: the case.
        engine: of the voxel dose; "s_value" for a table of activities.
        curves: by region.
        volume_mL, mass_kg: by region.
        organs: doses by S values.
        uncertainty: of the dose by region.
        tissue: by region, where α/β is known.
        found: what was measured in images; None for a table.
        voxels: voxel doses; None for a table.
        marrow: from blood samples, where there are some.
        seed: of the Monte Carlo.
        notes: what could not be worked out, one sentence each.
    """

    received: ReceivedCase
    engine: str
    curves: Mapping[str, RegionTia]
    volume_mL: Mapping[str, float]
    mass_kg: Mapping[str, float]
    organs: OrganDoses
    uncertainty: Mapping[str, DoseUncertainty]
    tissue: Mapping[str, Tissue]
    found: Measured | None
    voxels: VoxelResult | None
    marrow: Marrow | None
    seed: int
    notes: tuple[str, ...]


def patient_dose(
    path: Path | str,
    *,
    engine: str = "kernel",
    seed: int = 1,
    threads: int | None = None,
    uncertainty: float = MC_UNCERTAINTY,
    progress: Progress | None = None,
) -> PatientDose:
    """Work out what a patient received.

    Args:
        path: case.yaml, or its folder.
        engine: of the voxel dose: "local", "kernel" or "mc".
        seed, threads: of the Monte Carlo; threads do not change the numbers.
        uncertainty: median relative standard error of the Monte Carlo in the regions' voxels.
        progress: called with the part that is done and what comes next.

    Raises:
        InputError: whatever is missing or contradicts itself, with file and field.
        UnknownNameError: nuclide, region, disease or engine that are not known.
        SolverError: a fit or a registration that found nothing.
    """
    if engine not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
    say = progress or _silent
    received = read_received(path)
    decay = nuclide(received.case.nuclide).decay_constant_per_s
    if decay <= 0.0:
        raise received.error(("nuclide",), f"{received.case.nuclide} is stable; give the agent's")
    tissue_of = _tissues(received)
    if received.activities is not None:
        return _from_table(received, decay, tissue_of)
    found = measured(received, progress=lambda done, text: say(0.5 * done, text))
    say(0.5, "curves")
    curves, notes = _curves(received, found, decay)
    marrow = marrow_of_blood(received, decay_per_s=decay)
    volume = dict(zip(found.regions, found.volume_mL.tolist(), strict=True))
    mass = dict(zip(found.regions, found.mass_kg.tolist(), strict=True))
    found, mass = _with_density(found, mass, volume)
    organs = _organs(received, curves, mass, marrow)
    tissue = {name: t for name in curves if (t := tissue_of(name)) is not None}
    say(0.6, f"voxel dose ({engine})")
    voxels = voxel_result(
        found, curves, nuclide=received.case.nuclide, decay_per_s=decay, engine=engine,
        tissue={k: (t.alpha_beta_Gy, t.repair_per_s) for k, t in tissue.items()},
        seed=seed, threads=threads, uncertainty=uncertainty,
        asked_in=received.dose.monte_carlo_in,
        progress=lambda done, all_: say(0.6 + 0.35 * done / max(all_, 1), f"voxel dose ({engine})"),
    )  # fmt: skip
    spread = {
        name: _uncertainty(received, name, curves[name], found, organs, volume[name])
        for name in curves
        if name in organs.regions
    }
    return PatientDose(
        received, engine, curves, volume, mass, organs, spread, tissue, found, voxels, marrow,
        seed, tuple(notes),
    )  # fmt: skip


def _silent(done: float, text: str) -> None:
    del done, text


def _from_table(
    received: ReceivedCase, decay: float, tissue_of: Callable[[str], Tissue | None]
) -> PatientDose:
    assert received.activities is not None
    rows = read_activities(
        received.activities, decay_per_s=decay, decay_corrected=received.dose.decay_corrected
    )
    curves = {
        r.points.region: region_tia(
            received, r.points.region, r.points.time_s, r.points.activity_Bq, decay_per_s=decay,
            uncertainty_Bq=r.points.uncertainty_Bq, outlined=[x.points.region for x in rows],
        )
        for r in rows
    }  # fmt: skip
    _check_regions(received, curves)
    volume = {r.points.region: r.volume_mL for r in rows}
    mass = {name: _mass_kg(name, v) for name, v in volume.items()}
    marrow = marrow_of_blood(received, decay_per_s=decay)
    organs = _organs(received, curves, mass, marrow)
    spread = {
        r.points.region: _table_uncertainty(received, r, curves[r.points.region], organs)
        for r in rows
        if r.points.region in organs.regions
    }
    tissue = {name: t for name in curves if (t := tissue_of(name)) is not None}
    notes = ("a table of activities: doses by S values, none by voxel",)
    return PatientDose(
        received, "s_value", curves, volume, mass, organs, spread, tissue, None, None, marrow, 0,
        notes,
    )  # fmt: skip


def _mass_kg(region: str, volume_mL: float) -> float:
    return region_model(region).density_kg_m3 * volume_mL * 1e-6


def _check_regions(received: ReceivedCase, known: Mapping[str, object]) -> None:
    """Refuse names in case.yaml that no region has: a misspelt one would change nothing."""
    named = [
        *((("dose", "kinetics", "regions", n), n) for n in received.dose.kinetics.regions),
        *((("dose", "recovery", "coefficients", n), n)
          for n in received.dose.recovery.coefficients),
        *((("dose", "monte_carlo_in", i), n)
          for i, n in enumerate(received.dose.monte_carlo_in)),
    ]  # fmt: skip
    for at, name in named:
        if name not in known and name not in ("blood", REST):
            error = UnknownNameError("region", name, known)
            raise received.error(at, f"{error}: {', '.join(known)}")


def _curves(
    received: ReceivedCase, found: Measured, decay: float
) -> tuple[dict[str, RegionTia], list[str]]:
    _check_regions(received, dict.fromkeys(found.regions))
    curves: dict[str, RegionTia] = {}
    notes: list[str] = []
    for i, name in enumerate(found.regions):
        try:
            curves[name] = _curve(received, found, i, decay, notes)
        except LigandoseError as error:
            if name != REST:
                raise
            notes.append(f"the rest of the body is not counted as a source: {error}")
    return curves, notes


def _curve(
    received: ReceivedCase, found: Measured, i: int, decay: float, notes: list[str]
) -> RegionTia:
    """Return the curve of a region from its points above zero.

    A point's uncertainty is the stated one and, where recovery is solved for, how much more that
    point depends on the resolution than the others do: a region that fades beside a bright one.
    """
    name, points = found.regions[i], found.activity_Bq[i]
    good = points > 0.0
    if not good.any():
        raise InputError(
            f"region {name} holds nothing after recovery and background at any time; check its "
            "outline, leave it out, or correct less"
        )
    if not good.all():
        hours = ", ".join(f"{t / 3600.0:.0f} h" for t in found.time_s[~good])
        notes.append(
            f"{name} holds nothing at {hours} after recovery and background; that point is left out"
        )
    sigma: Floats | None = None
    point = received.dose.uncertainty.point
    if point is not None:
        change: Floats = np.log(np.clip(found.resolution_ratio[i][good], 0.1, 10.0))
        apart = change - np.median(change)
        sigma = points[good] * np.sqrt(point**2 + apart**2)
    return region_tia(
        received, name, found.time_s[good], points[good], decay_per_s=decay, uncertainty_Bq=sigma,
        outlined=found.regions,
    )  # fmt: skip


def _with_density(
    found: Measured, mass: dict[str, float], volume: Mapping[str, float]
) -> tuple[Measured, dict[str, float]]:
    """Return soft tissue everywhere where there is no CT, and masses by each region's density."""
    first = found.scans[0]
    if first.density_g_cm3 is not None:
        return found, mass
    density = np.full(first.grid.shape, UNSEEN_DENSITY_G_CM3, np.float32)
    scans: tuple[Scan, ...] = (replace(first, density_g_cm3=density), *found.scans[1:])
    return replace(found, scans=scans), {n: _mass_kg(n, v) for n, v in volume.items()}


def _organs(
    received: ReceivedCase,
    curves: Mapping[str, RegionTia],
    mass: Mapping[str, float],
    marrow: Marrow | None,
) -> OrganDoses:
    tia = {name: curve.tia_Bq_s for name, curve in curves.items()}
    weight = dict(mass)
    if marrow is not None and MARROW not in tia:
        tia = {MARROW: marrow.tia_Bq_s, **tia}
        weight[MARROW] = marrow.mass_kg
    return organ_doses(received, tia, weight)


def _tissues(received: ReceivedCase) -> Callable[[str], Tissue | None]:
    disease = received.patient.disease
    tumour = None
    if disease is not None:
        try:
            found = tumour_parameters(disease)
        except UnknownNameError as error:
            raise received.error(("patient", "disease"), str(error)) from error
        tumour = Tissue(found.alpha_beta_Gy, found.repair_rate_per_s, found.alpha_per_Gy)

    def of(region: str) -> Tissue | None:
        if region.startswith(LESION_PREFIX):
            return tumour
        try:
            organ = effect_parameters(region)
        except UnknownNameError:
            return None
        return Tissue(organ.alpha_beta_Gy, organ.repair_rate_per_s, None)

    return of


def _uncertainty(
    received: ReceivedCase,
    name: str,
    curve: RegionTia,
    found: Measured,
    organs: OrganDoses,
    volume_mL: float,
) -> DoseUncertainty:
    stated, recovery = received.dose.uncertainty, received.dose.recovery
    emission_mm = recovery.fwhm_mm
    outline_mm = stated.outline_fwhm_mm or emission_mm
    i = found.regions.index(name)
    pieces = region_model(name).pieces
    power = float(organs.mass_power[organs.regions.index(name)])
    volume: float | None = None
    sensitivity = 1.0 + power
    if emission_mm is not None:
        sensitivity = volume_sensitivity(
            volume_mL, fwhm_mm=emission_mm, pieces=pieces, corrected=recovery.model == "gtm",
            mass_power=power,
        )  # fmt: skip
    if outline_mm is not None and name != REST:
        side = found.scans[0].outline_voxel_mm
        relative = volume_relative_sd(volume_mL, voxel_mm=side, fwhm_mm=outline_mm, pieces=pieces)
        volume = abs(sensitivity) * relative
    resolution: float | None = None
    if recovery.model == "gtm":
        change: Floats = np.log(np.clip(found.resolution_ratio[i], 0.1, 10.0))
        resolution = float(np.mean(np.abs(change)))
    elif recovery.model == "table":
        resolution = recovery.coefficient_cv
    parts = {
        "volume": volume,
        "recovery": resolution,
        "calibration": stated.calibration,
        "fit": curve.relative_sd,
        "s_value": stated.s_value,
    }
    return combined(parts, sensitivity)


def _table_uncertainty(
    received: ReceivedCase, row: TableRegion, curve: RegionTia, organs: OrganDoses
) -> DoseUncertainty:
    """Return the uncertainty where activities are given: volume acts on the mass alone."""
    power = float(organs.mass_power[organs.regions.index(row.points.region)])
    volume = None if row.volume_sd_mL is None else abs(power) * row.volume_sd_mL / row.volume_mL
    stated = received.dose.uncertainty
    parts = {
        "volume": volume,
        "recovery": None,
        "calibration": stated.calibration,
        "fit": curve.relative_sd,
        "s_value": stated.s_value,
    }
    return combined(parts, power)


__all__ = ["ENGINES", "MARROW", "WHOLE", "PatientDose", "Tissue", "patient_dose"]
