"""What dose does to the cells of a tissue: oxygen, RBE, survival, control."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ligandose.course.tissue_dose import ALPHA, LOW_LET, CellDoses
from ligandose.course.tissue_plan import TissuePlan
from ligandose.course.tissue_sources import tissue_kg
from ligandose.dose import members_decays
from ligandose.effect import (
    cell_log_survival,
    cell_log_tcp,
    combination_factor,
    dose_mean_let_keV_um,
    dose_mean_rbe,
    fractions_quadratic_dose_Gy2,
    lea_catcheside,
    oer_dose_factor,
    oer_max_of_let,
    oxygen_parameters,
    spheroid_tension_mmHg,
    vessel_tension_mmHg,
)
from ligandose.errors import InputError
from ligandose.hosts import Tissue
from ligandose.nuclides import alpha_lines

Floats = NDArray[np.float64]

RBE_MEV = (3.0, 9.0)
"""Energies for which the RBE of alphas is published; faster and slower ones count as the ends."""


def oxygen_tension_mmHg(tissue: Tissue, plan: TissuePlan) -> Floats:
    """Return the oxygen tension of every cell, infinite where a plan does not consider it."""
    if not plan.biology.oxygen:
        return np.full(tissue.n_cells, np.inf)
    known = oxygen_parameters()
    if tissue.outline_um is not None:
        surface = plan.biology.surface_mmHg
        if surface is None:
            raise InputError(
                "effect: surface_mmHg is missing; oxygen in a micrometastasis comes from around "
                "it, give the tension there"
            )
        off = tissue.centre_um - 0.5 * tissue.box_um
        return spheroid_tension_mmHg(
            np.sqrt((off**2).sum(axis=1)),
            spheroid_radius_um=tissue.outline_um,
            surface_mmHg=surface,
            consumption_mmHg_s=known.consumption_mmHg_s,
            diffusion_um2_s=known.diffusion_um2_s,
        )
    if tissue.capillaries is None:
        raise InputError("effect: oxygen needs vessels in the tissue, and it has none")
    vessels = tissue.capillaries
    # the tissue that a capillary supplies, as a cylinder of the same volume
    area = tissue.volume_um3 / float(vessels.length_um.sum())
    return vessel_tension_mmHg(
        tissue.distance_to_vessel_um,
        capillary_radius_um=vessels.radius_um,
        tissue_radius_um=np.sqrt(area / np.pi),
        capillary_mmHg=known.capillary_mmHg,
        consumption_mmHg_s=known.consumption_mmHg_s,
        diffusion_um2_s=known.diffusion_um2_s,
    )


def alphas_of(plan: TissuePlan, name: str) -> tuple[float | None, float]:
    """Return RBE and dose-mean LET (keV/µm) of the alphas of what stays of a chain."""
    energies: list[Floats] = []
    yields: list[Floats] = []
    for member, count in members_decays(name, retained=plan.retained).items():
        found = alpha_lines(member)
        energies.append(found.energy_MeV)
        yields.append(found.yield_per_decay * count)
    energy, amount = np.concatenate(energies), np.concatenate(yields)
    if energy.size == 0 or amount.sum() < 1e-6:
        return None, 0.0
    let = float(np.average(dose_mean_let_keV_um(energy), weights=energy * amount))
    rbe = plan.biology.rbe
    return (float(dose_mean_rbe(np.clip(energy, *RBE_MEV), amount)) if rbe is None else rbe), let


def protraction_of(plan: TissuePlan, decay_per_s: float) -> float:
    """Return the Lea-Catcheside factor of the dose-rate course of a nuclide."""
    amplitudes, rates = plan.time.terms(decay_per_s)
    return float(
        lea_catcheside(
            np.array(amplitudes), np.array(rates),
            repair_rate_per_s=plan.biology.repair_rate_per_s,
        )
    )  # fmt: skip


def cells_log_survival(
    plan: TissuePlan,
    tissue: Tissue,
    doses: CellDoses,
    protraction: float,
    rbe: float | None,
    oer: tuple[Floats, Floats],
) -> Floats:
    low, alpha = doses.total_Gy[:, LOW_LET], doses.total_Gy[:, ALPHA]
    oer_low, oer_alpha = oer
    on_low, on_alpha = alpha_factors(plan)
    log_s = cell_log_survival(
        low,
        protraction * low**2,
        alpha_per_Gy=plan.biology.alpha_per_Gy * on_low,
        alpha_beta_Gy=plan.biology.alpha_beta_Gy * on_low,
        dose_alpha_Gy=alpha if rbe is not None else 0.0,
        rbe_max=None if rbe is None else rbe * on_alpha / on_low,
        oer_low=oer_low,
        oer_alpha=oer_alpha,
    )
    log_s = log_s + beam_log_survival(plan, oer_low)
    return np.where(tissue.necrotic, -np.inf, log_s)


def alpha_factors(plan: TissuePlan) -> tuple[float, float]:
    """Return the factors of what is combined on alpha of low-LET radiation and of alphas."""
    names = plan.biology.combined_with
    return (
        combination_factor(names, "alpha", radiation="low_let").value,
        combination_factor(names, "alpha", radiation="alpha").value,
    )


def beam_log_survival(plan: TissuePlan, oer_low: Floats) -> Floats:
    """Return (n,) ln S of the external beam alone, 0 without one."""
    beam = plan.biology.beam
    if beam is None:
        return np.zeros_like(oer_low)
    quadratic = fractions_quadratic_dose_Gy2(
        np.arange(beam.fractions) * beam.every_s,
        np.full(beam.fractions, beam.dose_Gy),
        repair_rate_per_s=plan.biology.repair_rate_per_s,
    )
    on_low, _ = alpha_factors(plan)
    return cell_log_survival(
        np.full_like(oer_low, beam.fractions * beam.dose_Gy),
        np.full_like(oer_low, float(quadratic)),
        alpha_per_Gy=plan.biology.alpha_per_Gy * on_low,
        alpha_beta_Gy=plan.biology.alpha_beta_Gy * on_low,
        oer_low=oer_low,
    )


def oxygen_factors(plan: TissuePlan, tension_mmHg: Floats, name: str) -> tuple[Floats, Floats]:
    """Return (n,) factors on dose of low-LET radiation and of a nuclide's alphas; 1 is full effect.

    Args:
        plan: for the part of the chain that stays.
        tension_mmHg: (n,), infinite where oxygen is not considered.
        name: of the nuclide.
    """
    known = oxygen_parameters()
    considered = np.isfinite(tension_mmHg)
    tension = np.where(considered, tension_mmHg, 1.0)
    _, let = alphas_of(plan, name)
    found: list[Floats] = []
    for most in (known.oer_max, float(oer_max_of_let(let, low_let_oer=known.oer_max))):
        factor = oer_dose_factor(tension, oer_max=most, half_mmHg=known.half_mmHg)
        found.append(np.where(considered, factor, 1.0))
    return found[0], found[1]


def lesion_log_tcp(plan: TissuePlan, tissue: Tissue, log_survival: Floats) -> float:
    """Return ln TCP of the lesion that the tissue is, or stands for."""
    tumour = tissue.cells_of("tumour_cell") & ~tissue.necrotic
    if not np.any(tumour):
        return 0.0
    cells, clonogenic = float(tumour.sum()), plan.biology.clonogenic_fraction
    if plan.biology.mass_kg is None:
        # every cell is there, a clonogen by chance: exact also for a few of them
        spared = log_survival[tumour] + np.log(clonogenic)
        return float(cell_log_tcp(spared, clonogens=cells, statistics="each_cell"))
    cells *= clonogenic * plan.biology.mass_kg / tissue_kg(plan, tissue)
    return float(cell_log_tcp(log_survival[tumour], clonogens=cells))
