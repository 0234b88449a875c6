"""What an animal's biodistribution means for a human: curves, scaling, doses, a first activity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ligandose.agents import agent as agent_of
from ligandose.design.translate_dose import (
    HumanDoses,
    activity_under_limits,
    animal_self_doses,
    doses_of_coefficients,
    human_doses,
    spread_over_methods,
)
from ligandose.design.translate_gut import CONTENTS
from ligandose.design.translate_model import fit_vector
from ligandose.design.translate_scaling import METHODS, ScaledRegion, has_region, scale_table
from ligandose.design.translate_table import AnimalTable, read_animals, translation_findings
from ligandose.errors import InputError, UnknownNameError
from ligandose.hosts import Host, host, reference_hosts
from ligandose.nuclides import nuclide as nuclide_of

CURVE_POINTS = 97


def translation_document(
    path: str | Path,
    *,
    nuclide: str,
    human: str = "adult-male",
    decay_corrected: bool | None = None,
    marrow_to_blood: float | None = None,
    remainder: str = "blood",
    safety_factor: float | None = None,
    agent: str | None = None,
    animal_amount_nmol: float | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Translate a table of animal biodistribution to a human.

    Args:
        path: csv or xlsx; see `read_animals`.
        nuclide: name, such as "Lu-177"; it may be another one than was measured, where the
            molecule is the same (values must then be corrected for the decay of the measured one).
        human: a reference adult.
        decay_corrected: for tables without that column.
        marrow_to_blood: ratio of activity concentrations; default the shipped one for peptides.
        remainder: what the rest of the body holds where the table has no whole_body: "blood" (a
            lower limit) or "retained" (all that is nowhere else: an upper limit).
        safety_factor: ≥ 1; default the shipped one, which is an assumption.
        agent: of the catalogue, whose vector's parameters are fitted to the animal and carried to
            the human (the model-based alternative); None leaves it out.
        animal_amount_nmol: ligand given to each animal, for that.
        seed: of the draws over methods and fits.

    Returns:
        Content of the document "translate": table, regions with fit and coefficients by method,
        doses by region with their spread over methods, animal self-doses, activity under limits.

    Raises:
        InputError: a table that breaks a rule, a stable nuclide, a safety factor below 1.
        UnknownNameError: an unknown nuclide or human.
    """
    if human not in reference_hosts():
        raise UnknownNameError("human host", human, reference_hosts())
    factor = safety_factor
    if factor is None:
        factor = translation_findings()["first_in_human", "safety_factor"].require()
    if not factor >= 1.0:
        raise InputError(f"safety_factor {factor}: must be 1 or more")
    found = nuclide_of(nuclide)
    decay = found.decay_constant_per_s
    if decay == 0.0:
        raise InputError(f"nuclide {found.name} is stable; give one that decays")
    person = host(human)
    table = read_animals(path, decay_per_s=decay, decay_corrected=decay_corrected)
    scaled = scale_table(table, decay_per_s=decay, human=person)
    doses = human_doses(
        scaled, nuclide=found.name, human=person, marrow_to_blood=marrow_to_blood,
        remainder=remainder,
    )  # fmt: skip
    return {
        "nuclide": found.name,
        "human": human,
        "remainder": remainder,
        "table": _table(table, person),
        "methods": list(METHODS),
        "regions": [_region(r, seed) for r in scaled],
        "doses": _doses(doses, seed),
        "animal_self_dose_Gy_per_MBq": animal_self_doses(scaled, nuclide=found.name),
        "activity": activity_under_limits(doses, safety_factor=factor, seed=seed),
        "model": _model(table, agent, animal_amount_nmol, found.name, decay, person),
        "parameters": {
            " ".join(key): finding.document() for key, finding in translation_findings().items()
        },
        "omissions": [*doses.notes, *table.notes, *OMISSIONS],
    }


OMISSIONS = (
    "Animals are not people: receptor density and affinity, metabolism and route of excretion may "
    "differ, which no scaling of masses and times corrects. The spread over methods does not "
    "include it.",
    "Doses of the walls of urinary bladder and bowel from what they hold are not in it, unless "
    "stomach and bowel were counted with what was excreted into them (column contents).",
    "A tumour of an animal is not translated.",
)


def _model(
    table: AnimalTable,
    name: str | None,
    amount_nmol: float | None,
    nuclide: str,
    decay_per_s: float,
    person: Host,
) -> dict[str, Any] | None:
    """Return the model-based alternative of an agent of the catalogue."""
    if name is None:
        return None
    fit = fit_vector(
        table, agent_of(name), human=person, decay_per_s=decay_per_s,
        animal_amount_nmol=amount_nmol,
    )  # fmt: skip
    return {
        "agent": name,
        "factors": dict(fit.factors),
        "factor_gsd": dict(fit.factor_gsd),
        "rms_log_before": fit.rms_log_before,
        "rms_log_after": fit.rms_log_after,
        "residuals": [
            {"region": r, "time_s": t, "log_model_over_measured": v} for r, t, v in fit.residuals
        ],
        "tiac_s": dict(fit.tiac_s),
        "catalogue_tiac_s": dict(fit.catalogue_tiac_s),
        "dose_per_activity_Gy_per_GBq": doses_of_coefficients(
            fit.tiac_s, nuclide=nuclide, human=person
        ),
        "notes": list(fit.notes),
    }


def _table(table: AnimalTable, person: Host) -> dict[str, Any]:
    absent = [
        (r.name, f"{person.name} has none") for r in table.regions if not has_region(person, r)
    ]
    return {
        "file": table.file,
        "species": table.species,
        "body_mass_kg": table.body_mass_kg,
        "left_out": [
            {"region": name, "reason": reason} for name, reason in (*table.left_out, *absent)
        ],
    }


def _region(region: ScaledRegion, seed: int) -> dict[str, Any]:
    fit, measured = region.fit, region.measured
    interval = fit.interval_Bq_s()
    whole = region.animal_tiac_s / fit.tia_Bq_s
    last = 1.3 * float(measured.time_s[-1])
    time = np.arange(CURVE_POINTS, dtype=np.float64) * (last / (CURVE_POINTS - 1))
    human: dict[str, Any] = {}
    for name, methods in region.human.items():
        value = np.array([methods[m].tiac_s for m in METHODS])
        error = np.array([np.nan if methods[m].relative_se is None else methods[m].relative_se
                          for m in METHODS], np.float64)  # fmt: skip
        numbers, _ = spread_over_methods(value, error, seed=seed)
        by_method = {
            m: {"tiac_s": c.tiac_s, "tiac_h": c.tiac_s / 3600.0, "relative_se": c.relative_se}
            for m, c in methods.items()
        }
        human[name] = {"by_method": by_method, "tiac_s": numbers}
    return {
        "region": measured.name,
        "use": measured.use,
        "contents": measured.contents,
        "unit": "fraction of the injected activity per g" if measured.per_gram else "fraction",
        "organ_mass_kg": region.animal_mass_kg,
        "organ_mass_from": "table" if region.animal_mass_stated else "reference animal",
        "points": {
            "time_s": measured.time_s.tolist(),
            "fraction_decay_corrected": measured.fraction.tolist(),
            "standard_error": _listed(measured.uncertainty),
            "animals": list(measured.animals),
        },
        "curve": {"time_s": time.tolist(), "fraction": fit.activity_Bq(time).tolist()},
        "fit": {
            "model": fit.model,
            "parameters": fit.parameters(),
            "aicc": dict(fit.aicc),
            "weights": dict(fit.weights),
            "notes": list(fit.notes),
        },
        "animal_tiac_s": {
            "value": region.animal_tiac_s,
            "p05": None if interval is None else interval[0] * whole,
            "p95": None if interval is None else interval[1] * whole,
        },
        "human": human,
    }


def _listed(values: Any) -> list[float] | None:
    return None if values is None else values.tolist()


def _doses(doses: HumanDoses, seed: int) -> list[dict[str, Any]]:
    total = doses.dose_Gy_per_GBq.sum(axis=-1)
    rows: list[dict[str, Any]] = []
    for j in _order(total):
        region = doses.regions[j]
        if region.endswith(CONTENTS) or not np.any(total[:, j] > 0.0):
            continue
        numbers, _ = spread_over_methods(total[:, j], doses.relative_dose_se[:, j], seed=seed)
        rows.append(
            {
                "region": region,
                "source": region in doses.sources or region + CONTENTS in doses.sources,
                "dose_per_activity_Gy_per_GBq": numbers,
                "by_method": dict(zip(METHODS, total[:, j].tolist(), strict=True)),
                "by_radiation": {
                    method: dict(
                        zip(("alpha", "electron", "photon"), doses.dose_Gy_per_GBq[i, j].tolist(),
                            strict=True)
                    )
                    for i, method in enumerate(METHODS)
                },
            }
        )  # fmt: skip
    return rows


def _order(total: Any) -> Sequence[int]:
    """Return regions by falling median dose over methods."""
    return [int(j) for j in np.argsort(-np.median(total, axis=0), kind="stable")]
