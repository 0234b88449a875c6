"""Doses of a human from scaled coefficients, self-doses of the animal, and a first activity."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.design.translate_gut import CONTENTS
from ligandose.design.translate_scaling import (
    BLOOD,
    METHODS,
    WHOLE_BODY,
    Coefficient,
    ScaledRegion,
)
from ligandose.dose import (
    ReferenceSValues,
    emission_spectrum,
    energy_curves,
    marrow_tia_from_blood_Bq_s,
    region_model,
)
from ligandose.effect import (
    LimitQuantity,
    OrganLimit,
    alpha_findings,
    bed_of_eqd2_Gy,
    dose_of_bed_Gy,
    effect_parameters,
    organ_limits,
)
from ligandose.errors import UnknownNameError
from ligandose.hosts import Host
from ligandose.nuclides import nuclide as nuclide_of

Floats = NDArray[np.float64]
TARGETS = (
    "adrenals", "brain", "heart", "kidneys", "large_intestine_left", "large_intestine_right",
    "liver", "lungs", "muscle", "pancreas", "red_marrow", "salivary_glands", "skin",
    "small_intestine", "spleen", "stomach", "testes", "thyroid", "urinary_bladder",
)  # fmt: skip
REMAINDER, MARROW = "remainder", "red_marrow"
REMAINDERS = ("blood", "retained")
"""What is assumed of the rest of the body where whole-body retention was not measured."""
DRAWS = 4000
SMALLEST_SPHERE_KG = 1e-6
ALPHA, LOW = 0, (1, 2)
GY_PER_GBQ = 1e9
MEASURED_TO = 0.05
"""Activities are not measured better than this."""


@dataclass(frozen=True)
class HumanDoses:
    """Doses per administered activity by region and method.

    Attributes:
        regions: targets.
        sources: regions with activity.
        tiac_s: (methods, regions); 0 where there is no source.
        relative_se: (regions,) standard error of the coefficient per method, (methods, regions).
        dose_Gy_per_GBq: (methods, regions, 3) alpha, electron, photon.
        relative_dose_se: (methods, regions).
        rate_per_s: (methods, regions) mean effective rate of the source, NaN where none.
        notes: what was assumed.
    """

    regions: tuple[str, ...]
    sources: tuple[str, ...]
    tiac_s: Floats
    relative_se: Floats
    dose_Gy_per_GBq: Floats
    relative_dose_se: Floats
    rate_per_s: Floats
    notes: tuple[str, ...]


def human_doses(
    scaled: Sequence[ScaledRegion],
    *,
    nuclide: str,
    human: Host,
    marrow_to_blood: float | None = None,
    remainder: str = "blood",
) -> HumanDoses:
    """Return organ doses of a reference adult by every method.

    Each organ's measured activity includes its blood. Of whole-body retention what no organ holds
    is the remainder, spread evenly over what was not measured. Without it, the rest of the body
    holds either its blood alone (a lower limit of cross-dose) or all that no measured organ holds,
    none being excreted (an upper limit): said in the notes. Red marrow that was not measured takes
    its activity from blood.

    Args:
        scaled: of `scale_table`.
        nuclide: name; its progeny decay where it does.
        human: a reference adult.
        marrow_to_blood: ratio of concentrations; default the shipped value for peptides.
        remainder: "blood" or "retained", where there is no whole-body retention.

    Raises:
        UnknownNameError: another remainder.
        DataError: a region without S values.
    """
    if remainder not in REMAINDERS:
        raise UnknownNameError("remainder", remainder, REMAINDERS)
    rest = nuclide_of(nuclide).decay_constant_per_s if remainder == "retained" else None
    sources, notes = _sources(scaled, human, marrow_to_blood, rest)
    targets = [t for t in TARGETS if f"{t}.mass" in human.findings]
    regions = tuple(dict.fromkeys((*targets, *sources)))
    s_values = ReferenceSValues.of(
        regions, [nuclide], host=human.anatomy, blood="large_vessels", with_progeny=True
    )
    masses = _masses_kg(s_values, human)
    body = human.finding("whole_body.body_mass").internal
    table = np.zeros((len(METHODS), len(regions), 3))
    for j, region in enumerate(regions):
        if region in sources:
            for i, method in enumerate(METHODS):
                c = sources[region][method]
                error = math.nan if c.relative_se is None else c.relative_se
                table[i, j] = c.tiac_s, error, c.effective_rate_per_s
    notes += _impossible(table[..., 0], nuclide)
    s = s_values.s_Gy_per_Bq_s(nuclide, mass_kg=masses, body_mass_kg=body)[0]
    if REMAINDER in sources:
        s = _with_even_remainder(s, regions, sources, masses, body)
    tiac, error = table[..., 0], table[..., 1]
    dose = np.einsum("tsr,ms->mtr", s, tiac) * GY_PER_GBQ
    parts = np.einsum("ts,ms->mts", s.sum(axis=-1), tiac) * GY_PER_GBQ
    known = np.where(tiac[:, None, :] > 0.0, parts * error[:, None, :], 0.0)
    total = dose.sum(axis=-1)
    relative = np.sqrt(np.nansum(known**2, axis=-1)) / np.where(total > 0.0, total, np.inf)
    return HumanDoses(
        regions=regions, sources=tuple(sources), tiac_s=tiac, relative_se=error,
        dose_Gy_per_GBq=dose, relative_dose_se=relative,
        rate_per_s=np.where(tiac > 0.0, table[..., 2], np.nan),
        notes=(*notes, *s_values.omissions()),
    )  # fmt: skip


def _sources(
    scaled: Sequence[ScaledRegion],
    human: Host,
    marrow_to_blood: float | None,
    retained_decay_per_s: float | None,
) -> tuple[dict[str, Mapping[str, Coefficient]], list[str]]:
    """Return coefficients by human region, with blood, marrow and remainder made from the rest."""
    found: dict[str, Mapping[str, Coefficient]] = {}
    for region in scaled:
        found.update(region.human)
    notes: list[str] = []
    blood, whole = found.pop(BLOOD, None), found.pop(WHOLE_BODY, None)
    if blood is not None and MARROW not in found:
        found[MARROW] = _marrow(blood, human, marrow_to_blood)
        notes.append("red marrow: activity from blood (marrow was not measured)")
    if MARROW not in found:
        notes.append(
            "red marrow: neither marrow nor blood was measured; its dose here is cross-dose alone, "
            "a lower limit"
        )
    if whole is not None:
        found[REMAINDER] = _remainder(whole, found)
        notes.append("remainder: what the whole body retains and no measured organ holds")
    elif retained_decay_per_s is not None:
        rate = retained_decay_per_s
        kept = {method: Coefficient(1.0 / rate, None, rate) for method in METHODS}
        found[REMAINDER] = _remainder(kept, found)
        notes.append(
            "remainder: no whole_body retention was given; all that no measured organ holds stays "
            "in the body until it decays, an upper limit"
        )
    elif blood is not None:
        found[BLOOD] = _outside(blood, list(found), human)
        notes.append(
            "remainder: no whole_body retention was given; of the rest of the body only the blood "
            "is a source, so doses of organs that were not measured are lower limits"
        )
    else:
        notes.append(
            "remainder: neither whole_body retention nor blood was given; the rest of the body "
            "holds nothing here, so doses of organs that were not measured are lower limits"
        )
    return found, notes


def _with_even_remainder(
    s: Floats, regions: Sequence[str], sources: Collection[str], mass_kg: Floats, body_kg: float
) -> Floats:
    """Return S values (targets, sources, radiations) whose remainder lies in unmeasured organs too.

    What no measured organ holds is spread by mass over all the rest of the body (Cloutier et al.,
    J Nucl Med 14:53, 1973), so that an organ that was not measured irradiates itself as well.
    """
    rest = regions.index(REMAINDER)
    measured = [j for j, r in enumerate(regions) if r in sources and _is_tissue(r)]
    other = [j for j, r in enumerate(regions) if r not in sources and _is_tissue(r)]
    share = mass_kg[other] / (body_kg - mass_kg[measured].sum())
    even = s.copy()
    even[:, rest] = (1.0 - share.sum()) * s[:, rest] + np.einsum("tsr,s->tr", s[:, other], share)
    return even


def _is_tissue(region: str) -> bool:
    return region not in (REMAINDER, BLOOD) and not region.endswith(CONTENTS)


def _impossible(tiac_s: Floats, nuclide: str) -> list[str]:
    """Return a note for each method by which more would decay than was given."""
    most = 1.0 / nuclide_of(nuclide).decay_constant_per_s
    return [
        f"{method}: all sources together have {held / most:.2f} times the decays that the injected "
        "activity has; this method is not possible here"
        for method, held in zip(METHODS, tiac_s.sum(axis=1).tolist(), strict=True)
        if held > (1.0 + MEASURED_TO) * most
    ]


def _times(c: Coefficient, factor: float) -> Coefficient:
    return Coefficient(c.tiac_s * factor, c.relative_se, c.effective_rate_per_s)


def _marrow(
    blood: Mapping[str, Coefficient], human: Host, ratio: float | None
) -> dict[str, Coefficient]:
    share = float(
        marrow_tia_from_blood_Bq_s(
            1.0,
            blood_mass_kg=human.finding("blood.mass").internal,
            marrow_mass_kg=human.finding("red_marrow.mass").internal,
            marrow_to_blood_ratio=ratio,
        )
    )
    return {method: _times(c, share) for method, c in blood.items()}


def _remainder(
    whole: Mapping[str, Coefficient], organs: Mapping[str, Mapping[str, Coefficient]]
) -> dict[str, Coefficient]:
    left: dict[str, Coefficient] = {}
    for method, c in whole.items():
        held = sum(o[method].tiac_s for o in organs.values())
        left[method] = Coefficient(max(c.tiac_s - held, 0.0), c.relative_se, c.effective_rate_per_s)
    return left


def _outside(
    blood: Mapping[str, Coefficient], organs: Sequence[str], human: Host
) -> dict[str, Coefficient]:
    """Return blood that is in none of the measured organs."""
    inside = 0.0
    for organ in organs:
        key = f"{organ}.blood_volume_fraction"
        inside += human.finding(key).internal if key in human.findings else 0.0
    return {method: _times(c, max(1.0 - inside, 0.0)) for method, c in blood.items()}


def _masses_kg(s_values: ReferenceSValues, human: Host) -> Floats:
    """Return the host's masses, the table's own where the host has none."""
    masses = s_values.reference_mass_kg.copy()
    for j, region in enumerate(s_values.regions):
        key = f"{region}.mass"
        if key in human.findings and region not in (BLOOD, REMAINDER):
            masses[j] = human.finding(key).internal
    return masses


MODEL_NAMES: Mapping[str, str] = {"red_marrow_spaces": "red_marrow"}
NOT_IN_THE_BODY = ("urine", "faeces", "blood_released", "breasts")


def doses_of_coefficients(
    tiac_s: Mapping[str, float], *, nuclide: str, human: Host
) -> dict[str, float]:
    """Return organ doses, Gy/GBq, of coefficients by region of the whole-body model."""
    named: dict[str, float] = {}
    for region, value in tiac_s.items():
        if region not in NOT_IN_THE_BODY:
            name = MODEL_NAMES.get(region, region)
            named[name] = named.get(name, 0.0) + value
    s_values = ReferenceSValues.of(
        tuple(named), [nuclide], host=human.anatomy, blood="large_vessels", with_progeny=True
    )
    body = human.finding("whole_body.body_mass").internal
    tia = np.array(list(named.values()))[None, :, None] * GY_PER_GBQ
    dose = s_values.dose_Gy(tia, mass_kg=_masses_kg(s_values, human), body_mass_kg=body)
    return dict(zip(named, dose[0].sum(axis=-1).tolist(), strict=True))


def animal_self_doses(
    scaled: Sequence[ScaledRegion], *, nuclide: str
) -> dict[str, dict[str, float]]:
    """Return the dose of each animal organ from itself, Gy per MBq injected, by radiation.

    Spheres of the organs' masses (as many as the organ has pieces) with the absorbed fractions of
    the table; cross-dose between organs is not in it, which matters for beta emitters of high
    energy and photons. Organs below 1 mg are left out.
    """
    curves = energy_curves(emission_spectrum(nuclide, with_progeny=True))
    found: dict[str, dict[str, float]] = {}
    for region in scaled:
        if region.measured.use != "organ":
            continue
        pieces = region_model(region.measured.regions[0]).pieces
        if region.animal_mass_kg / pieces < SMALLEST_SPHERE_KG:
            continue
        kept = curves.self_J(region.animal_mass_kg, pieces=pieces)
        dose = kept / region.animal_mass_kg * region.animal_tiac_s * 1e6
        found[region.measured.name] = {
            "alpha": float(dose[0]), "electron": float(dose[1]), "photon": float(dose[2]),
            "total": float(dose.sum()),
        }  # fmt: skip
    return found


def spread_over_methods(
    value: Floats, relative_se: Floats, *, seed: int
) -> tuple[dict[str, float], Floats]:
    """Return mean, sd, median, p05 and p95 over methods, each with its own error, and the draws.

    Args:
        value: (methods,) by method; all count alike.
        relative_se: (methods,), NaN where it is not known (then only methods spread).
        seed: of the draws; log-normal errors.
    """
    rng = np.random.default_rng(seed)
    sigma = np.sqrt(np.log1p(np.nan_to_num(relative_se) ** 2))
    drawn = value * np.exp(rng.standard_normal((DRAWS, value.size)) * sigma)
    draws = drawn.ravel()
    low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95])
    numbers = (draws.mean(), draws.std(), middle, low, high)
    names = ("mean", "sd", "median", "p05", "p95")
    return {k: float(v) for k, v in zip(names, numbers, strict=True)}, draws


def activity_under_limits(doses: HumanDoses, *, safety_factor: float, seed: int) -> dict[str, Any]:
    """Return the activity at which each organ limit is reached, and a first-in-human activity.

    One administration. A limit of BED or EQD2 becomes a dose through the organ's α/β, its repair
    half-time and the mean rate at which the source falls (G = λ/(λ + μ)). Alphas count with the
    clinical RBE. The proposal is the activity at which the 95th percentile over methods of the
    first organ reaches its limit, over the safety factor.

    Args:
        doses: of `human_doses`.
        safety_factor: ≥ 1, stated by whoever asks.
        seed: of the draws over methods.
    """
    rbe = alpha_findings()["rbe_clinical"].require()
    rows: list[dict[str, Any]] = []
    for limit in organ_limits():
        if not {limit.region, limit.region + CONTENTS} & set(doses.sources):
            continue
        j = doses.regions.index(limit.region)
        parts = doses.dose_Gy_per_GBq[:, j]
        weighted = parts[:, 1] + parts[:, 2] + rbe * parts[:, ALPHA]
        if not np.any(weighted > 0.0):
            continue
        dose_limit = np.array([_limit_dose_Gy(limit, r) for r in doses.rate_per_s[:, j]])
        share = weighted / dose_limit
        numbers, _ = spread_over_methods(share, doses.relative_dose_se[:, j], seed=seed)
        rows.append(
            {
                "region": limit.region,
                "limit": limit.label,
                "quantity": str(limit.quantity),
                "limit_Gy": limit.limit_Gy,
                "status": str(limit.finding.status),
                "limit_dose_Gy": dict(zip(METHODS, dose_limit.tolist(), strict=True)),
                "activity_GBq_at_median": 1.0 / numbers["median"],
                "activity_GBq_at_p95": 1.0 / numbers["p95"],
                "activity_GBq_by_method": {
                    m: (1.0 / v if v > 0.0 else None)
                    for m, v in zip(METHODS, share.tolist(), strict=True)
                },
            }
        )
    rows.sort(key=lambda row: row["activity_GBq_at_p95"])
    first = rows[0] if rows else None
    return {
        "alpha_rbe": rbe,
        "safety_factor": safety_factor,
        "limits": rows,
        "limiting_organ": first["region"] if first else None,
        "maximum_GBq": min(r["activity_GBq_at_median"] for r in rows) if rows else None,
        "first_in_human_GBq": first["activity_GBq_at_p95"] / safety_factor if first else None,
    }


def _limit_dose_Gy(limit: OrganLimit, rate_per_s: float) -> float:
    """Return the low-LET absorbed dose of one administration that reaches a limit."""
    if limit.quantity is LimitQuantity.ABSORBED_DOSE:
        return limit.limit_Gy
    try:
        tissue = effect_parameters(limit.region)
    except UnknownNameError:
        return limit.limit_Gy
    repair = math.log(2.0) / tissue.repair_half_time_s
    g = rate_per_s / (rate_per_s + repair) if math.isfinite(rate_per_s) else 0.0
    bed = limit.limit_Gy
    if limit.quantity is LimitQuantity.EQD2:
        bed = float(bed_of_eqd2_Gy(bed, alpha_beta_Gy=tissue.alpha_beta_Gy))
    return float(dose_of_bed_Gy(bed, g=g, alpha_beta_Gy=tissue.alpha_beta_Gy))
