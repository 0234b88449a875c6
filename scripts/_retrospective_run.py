"""Screens of the retrospective test: densities with a target's own data left out, then ranks.

Used by scripts/retrospective.py; docs/retrospective-protocol.md is what it follows.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from ligandose.design import Candidate, ScreenPlan, candidates, screen_from_mapping
from ligandose.design.screen import ScreenResult, screen_document
from ligandose.design.screen_host import EXPRESSION, hosted
from ligandose.design.screen_pool import run_tasks
from ligandose.design.screen_store import RunFolder, task_hash
from ligandose.targets import cancer_expression, density_of, organ_expression, target, targets
from ligandose.targets.density_model import DensityModel
from ligandose.targets.density_pairs import calibration_pairs

density_room = import_module("ligandose.targets.density")  # `density` of the room is a function

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "tests/reference"
PATIENTS, KNOWLEDGE, SEED = 60, 8, 20261123
CYCLES, EVERY_WEEKS, MOST_GBQ, TRANSPORT_H = 4, 8, 7.4, 24
LIMITING = ("kidneys", "red_marrow", "liver", "lungs", "salivary_glands", "heart")
SCREEN_KEYS = ("indication", "host", "disease", "radiobiology", "route", "vector", "nuclide")
Models = Mapping[str, Mapping[str, Any]]
Row = dict[str, str]
Told = Callable[[str], None]


@dataclass(frozen=True)
class Setup:
    """How large the populations are: the protocol's, or smaller ones for tests."""

    patients: int = PATIENTS
    knowledge: int = KNOWLEDGE
    seed: int = SEED


def read_rows(name: str) -> list[Row]:
    """Return the rows of a table of tests/reference."""
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(name: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Write a table of tests/reference."""
    with (REFERENCE / name).open("w", encoding="utf-8", newline="") as file:
        made = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        made.writeheader()
        made.writerows(rows)


def screen_name(case: Mapping[str, str]) -> str:
    """Return the name of the screen that a case belongs to."""
    route = "" if case["route"] == "vein" else f" ({case['route']})"
    return f"{case['indication']}, {case['vector']}{route}"


def candidate_targets() -> tuple[str, ...]:
    """Return the targets of every screen: proteins seen by gene-level data, with RNA."""
    found = [target(name) for name in targets()]
    return tuple(
        one.name
        for one in found
        if one.kind == "protein"
        and one.gene_view.value != "blind"
        and any(o.rna_nTPM is not None for o in organ_expression(one).values())
    )


def is_stained(name: str, indication: str) -> bool:
    """Return whether the model uses a staining of the target in the indication's tumours."""
    found = cancer_expression(target(name), indication)
    return found is not None and found.trusted


# ------------------------------------------------------------------ densities


def models_without(names: Sequence[str], told: Told) -> dict[str, Models]:
    """Return the density model of every named target of the calibration, fitted without it."""
    from _density_likelihood import all_fits

    known = {p.target for p in calibration_pairs()}
    wanted = [name for name in names if name in known]
    if not wanted:
        return {}
    start = all_fits()
    made: dict[str, Models] = {}
    for name in wanted:
        told(f"density model without {name}")
        fits = all_fits(without=name, start=start)
        made[name] = {pattern: asdict(fit.model) for pattern, fit in fits.items()}
    return made


@contextmanager
def densities_of(models: Models | None) -> Generator[None]:
    """Predict densities with other parameters inside the block; None leaves the shipped ones."""
    if models is None:
        yield
        return
    made = {pattern: DensityModel(**values) for pattern, values in models.items()}
    shipped = density_room.density_models
    _forget()
    density_room.density_models = lambda: made
    try:
        yield
    finally:
        density_room.density_models = shipped
        _forget()


def _forget() -> None:
    room = density_room
    for cached in (room._density, room._residuals, room._effect_without, hosted):
        cached.cache_clear()


def evaluate(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of one candidate with the densities of its task; runs in workers."""
    from ligandose.design.screen_run import evaluate as simulated

    with densities_of(task["density"]):
        return simulated({"candidate": task["candidate"], "plan": task["plan"]})


# ------------------------------------------------------------------ screens


def plan_of(case: Mapping[str, str], listed: Sequence[str], setup: Setup) -> ScreenPlan:
    """Return the plan of a screen or of one agent (a case of the toxicity table)."""
    screened = "route" in case
    cap = {"cycles": CYCLES, "every_weeks": EVERY_WEEKS, "activity_GBq": MOST_GBQ}
    return screen_from_mapping(
        {
            "indication": case["indication"],
            "host": case["host"],
            "disease": case["disease"],
            "tumour": {"of": case["radiobiology"]},
            "targets": list(listed),
            "vectors": [case["vector"]],
            "nuclides": [case["nuclide"]],
            "density": case.get("density", "model"),
            "route": case.get("route", "vein"),
            "cap": cap if screened else {},
            "supply": {"transport_h": TRANSPORT_H},
            "patients": setup.patients,
            "knowledge": setup.knowledge if screened else 0,
            "seed": setup.seed,
        },
        name=case["case"],
    )


def run_plan(
    plan: ScreenPlan,
    models: Mapping[str, Models],
    *,
    folder: Path | None,
    workers: int,
    told: Told,
) -> dict[str, dict[str, Any]]:
    """Return the entry of every candidate of a plan by target, simulated with its densities."""
    made = candidates(plan)
    store = RunFolder(folder)
    tasks: dict[str, dict[str, Any]] = {}
    results: dict[str, Mapping[str, Any]] = {}
    for one in made:
        if one.feasible:
            own = models.get(one.target) if plan.density == "model" else None
            task = {"candidate": one.task(), "plan": plan.task(), "density": own}
            key = task_hash(task)
            kept = store.read(key)
            if kept is None:
                tasks[key] = task
            else:
                results[one.name] = kept
    for number, (key, result) in enumerate(run_tasks(tasks, evaluate, workers=workers), 1):
        store.write(key, result)
        results[str(result["name"])] = result
        told(f"{number} of {len(tasks)}: {result['name']}")
    listed = tuple(_after(one, results) for one in made)
    document = screen_document(ScreenResult(plan, listed, results, len(tasks)))
    return {entry["target"]: entry for entry in document["candidates"]}


def _after(one: Candidate, results: Mapping[str, Mapping[str, Any]]) -> Candidate:
    """Return a candidate with what its simulation objected to."""
    reasons = tuple(results[one.name]["reasons"]) if one.name in results else ()
    return replace(one, reasons=reasons) if reasons else one


def screen_rows(
    case: Mapping[str, str],
    listed: Sequence[str],
    models: Mapping[str, Models],
    setup: Setup,
    *,
    folder: Path | None,
    workers: int,
    told: Told,
) -> list[Row]:
    """Return a row per candidate of the screen that a case belongs to."""
    plan = plan_of(case, listed, setup)
    entries = run_plan(plan, models, folder=folder, workers=workers, told=told)
    return [_row(case, entry, models) for entry in entries.values()]


def _row(case: Mapping[str, str], entry: Mapping[str, Any], models: Mapping[str, Models]) -> Row:
    name, indication = entry["target"], case["indication"]
    feasible = bool(entry["feasible"])
    tumour, ratio = density_scores(name, indication, models)
    lower = entry["score_lower_end"] if feasible else None
    middle = entry["log10_kill"]["median"] if feasible else None
    dose = entry["tumour_dose_Gy"]["median"] if feasible else None
    return {
        "screen": screen_name(case),
        "target": name,
        "lower_end": _text(lower),
        "median_kill": _text(middle),
        "tumour_dose_Gy": _text(dose),
        "limiting_organ": entry["limiting_organ"] if feasible else "",
        "stained": "yes" if is_stained(name, indication) else "no",
        "own_data_left_out": "yes" if name in models else "no",
        "tumour_density_nmol_L": _text(tumour),
        "density_ratio": _text(ratio),
        "reasons": "; ".join(entry["reasons"]).replace("\n", " "),
    }


def density_scores(name: str, indication: str, models: Mapping[str, Models]) -> tuple[float, float]:
    """Return the modelled density of the tumour, and over the highest of the limiting organs."""
    with densities_of(models.get(name)):
        tumour = density_of(target(name), indication, use=EXPRESSION).median_nmol_L
        organs = [density_of(target(name), o, use=EXPRESSION).median_nmol_L for o in LIMITING]
    return tumour, tumour / max(organs)


def toxicity_row(
    case: Mapping[str, str],
    models: Mapping[str, Models],
    setup: Setup,
    *,
    folder: Path | None,
    told: Told,
) -> Row:
    """Return which organ limits an agent of the toxicity table, and in how many patients."""
    plan = plan_of(case, [case["target"]], setup)
    entry = next(iter(run_plan(plan, models, folder=folder, workers=1, told=told).values()))
    shares = entry["limiting_organ_shares"] if entry["feasible"] else {}
    return {
        "case": case["case"],
        "agent": case["agent"],
        "documented": case["organ"],
        "found": next(iter(shares), ""),
        "shares": "; ".join(f"{organ} {share:.2f}" for organ, share in shares.items()),
        "reasons": "; ".join(entry["reasons"]),
    }


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
