"""Blueprint of an optimal target: which range of each property keeps the effect near the best.

A generic vector meets a target whose properties are varied one at a time, in several contexts: all
other properties drawn around their middle. In each context the desirability of a value is the kill
at the limit there over the best of the sweep, so 1 is the best that this property can do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc  # pyright: ignore[reportMissingTypeStubs]

from ligandose.design.explain_factors import OF_TISSUE, Factor, applies, changes_of, keys_of
from ligandose.design.explain_model import Case, case_of, outcomes
from ligandose.design.explain_study import shown_target
from ligandose.design.explain_tissue import compartments, level, positive_shares
from ligandose.design.screen_candidates import Candidate
from ligandose.errors import LigandoseError
from ligandose.evidence import Finding, Status, read_table
from ligandose.hosts import SitePlace
from ligandose.targets import target

Floats = NDArray[np.float64]

TABLE = "explain_blueprint.csv"
CONTEXT_FOLD = 3.0
"""Other properties lie within this factor of their middle, evenly in the logarithm."""
RELEASE_PER_MIN = 1e-4
"""Of a site that the blueprint adds: that of sites whose release was not measured."""
LEAST_KILL = 1e-6
EDGE = 1e-6
"""A range that ends at the end of the sweep is open; powers of its ends round."""
LOG10_SURVIVORS = -2.0
"""Where control is the goal, kill beyond a hundredth of an expected survivor (a control of 99 %) is
not counted: more of it is no better."""


@dataclass(frozen=True)
class Property:
    """A property of a target with the absolute range over which it is drawn.

    Attributes:
        factor: what it changes, with the range in `unit`.
        base: value of the case that its multipliers are of; 1 where the factor is a value.
        region: organ of its sites, "" for other properties.
        added: whether the case's own target has no such sites, so that they were added.
    """

    factor: Factor
    base: float
    region: str
    added: bool


def blueprint_document(
    candidate: Candidate,
    case: Case,
    *,
    share: float,
    contexts: int,
    points: int,
    placed: Sequence[str],
    seed: int,
    threads: int | None = None,
) -> dict[str, Any]:
    """Return the blueprint for the vector and nuclide of a candidate.

    Args:
        candidate, case: agent whose vector and nuclide meet the varied target.
        share: part of the best effect that counts as kept.
        contexts: how many times the other properties are drawn; the first is the middle.
        points: of each sweep.
        placed: targets that are shown on the profile.
        seed: of the contexts.
        threads: of the simulation.
    """
    held, properties = _with_places(case)
    drawn = _contexts(len(properties), contexts, seed)
    typical = held.lesion_findings["dose_log_sd"].require()
    every: list[list[tuple[Factor, Floats]]] = []
    for k, one in enumerate(properties):
        swept = _swept(one, points)
        every.append(
            [
                (p.factor, _rows(p, swept if i == k else None, drawn[:, i], points, typical))
                for i, p in enumerate(properties)
            ]
        )
    joined = [
        (p.factor, np.concatenate([rows[i][1] for rows in every])) for i, p in enumerate(properties)
    ]
    changes = changes_of(joined, held.agent, held.host, held.site)
    found = outcomes(held, changes, rows=len(properties) * contexts * points, threads=threads)
    counted = found.log10_kill
    if held.plan.goal == "tcp":
        needed = found.log10_kill + found.log10_survivors - LOG10_SURVIVORS
        counted = np.minimum(found.log10_kill, needed)
    kill = counted.reshape(len(properties), contexts, points)
    limiting = found.limiting.reshape(kill.shape)
    return {
        "vector": candidate.vector,
        "vector_of": held.agent.vector,
        "nuclide": held.agent.nuclide,
        "target_of_middle": shown_target(candidate.target),
        "indication": held.plan.indication,
        "share": share,
        "counted": "kill up to 99 % control" if held.plan.goal == "tcp" else "kill",
        "contexts": contexts,
        "context_fold": CONTEXT_FOLD,
        "placed": [shown_target(name) for name in placed],
        "properties": [
            {
                **_profile(one, kill[k], share, points),
                "limiting_organs": _organs(found.limits, limiting[k][:, _shown(one, points)]),
                "targets": [_place(one, name, candidate, case) for name in placed],
            }
            for k, one in enumerate(properties)
        ],
    }


def properties_of_table() -> tuple[tuple[Factor, float | None], ...]:
    """Return the properties of the table with the value that stands where a target has none."""
    return tuple(
        (
            Factor(
                name=r["property"], label=r["label"], group="target", population_group="",
                kind=r["kind"], patterns=(r["keys"],), low=float(r["low"]), high=float(r["high"]),
                unit=r["unit"], most=float("inf"), status=r["status"], note=r["note"],
            ),
            float(r["base"]) if r["base"] else None,
        )
        for r in read_table(TABLE)
    )  # fmt: skip


def _with_places(case: Case) -> tuple[Case, list[Property]]:
    """Return the case with sites in every organ of the table, and its properties."""
    findings, sites = dict(case.host.findings), list(case.host.sites)
    found: list[Property] = []
    for factor, base in properties_of_table():
        region = _region(factor)
        key = f"{region}.{case.site}.density"
        added = base is not None and not (key in findings and findings[key].value)
        if base is not None and added:
            findings[key] = _added(region, f"{case.site}.density", base, "nmol/L")
            release = f"{region}.{case.site}.release"
            findings.setdefault(
                release, _added(region, f"{case.site}.release", RELEASE_PER_MIN, "1/min")
            )
            if not any((s.region, s.site) == (region, case.site) for s in sites):
                sites.append(SitePlace(region, case.site, "interstitial"))
        found.append(Property(factor, 1.0, region, added))
    held = replace(case, host=replace(case.host, findings=findings, sites=tuple(sites)))
    kept = [p for p in found if applies(p.factor, held.agent, held.host, held.site)]
    return held, [replace(p, base=_middle(p.factor, held)) for p in kept]


def _region(factor: Factor) -> str:
    first = factor.patterns[0]
    own = factor.kind == "host" and not first.startswith("lesion:")
    return first.partition(".")[0] if own else ""


def _added(region: str, quantity: str, value: float, unit: str) -> Finding:
    return Finding(
        "blueprint", region, quantity, value, unit, None, 1.0, Status.ASSUMED, "assumption"
    )


def _middle(factor: Factor, case: Case) -> float:
    """Return the typical value that a property's multipliers are of, in the factor's unit."""
    if factor.kind in ("log_sd", "antigen", "between", *OF_TISSUE):
        return 1.0
    values = known_values(factor, case)
    return float(np.exp(np.mean(np.log(values)))) if values else 1.0


def known_values(factor: Factor, case: Case) -> list[float]:
    """Return the values above 0 of the findings that a property changes."""
    findings = case.agent.findings if factor.kind == "agent" else case.host.findings
    keys = keys_of(factor, findings, case.agent, case.site)
    return [v for k in keys if (v := findings[k].value) is not None and v > 0.0]


def _contexts(properties: int, contexts: int, seed: int) -> Floats:
    """Return (contexts, properties) exponents in -1 … 1, a Latin hypercube; the first is 0."""
    rng = np.random.default_rng([seed, 5])
    sampler = qmc.LatinHypercube(properties, rng=rng)  # pyright: ignore
    drawn = 2.0 * np.asarray(sampler.random(contexts), dtype=np.float64) - 1.0  # pyright: ignore[reportUnknownMemberType]
    drawn[0] = 0.0
    return drawn


def _swept(one: Property, points: int) -> Floats:
    """Return (points,) values of a sweep: multipliers of the middle, values, or levels."""
    share = np.linspace(0.0, 1.0, points)
    if one.factor.kind in OF_TISSUE:
        return level(share, _known_levels(one.factor).size).astype(np.float64)
    return one.factor.at(share) / one.base


def _known_levels(factor: Factor) -> Floats:
    """Return the values of a property that has levels; numbers from 1 for compartments."""
    if factor.kind == "positive":
        return np.array(positive_shares())
    return np.arange(1.0, len(compartments()) + 1.0)


def _shown(one: Property, points: int) -> NDArray[np.intp]:
    """Return which points of a sweep differ."""
    if one.factor.kind not in OF_TISSUE:
        return np.arange(points)
    return np.unique(_swept(one, points), return_index=True)[1]


def _rows(
    one: Property, swept: Floats | None, drawn: Floats, points: int, heterogeneity: float
) -> Floats:
    """Return (contexts · points,) values of a property: its sweep, or what its contexts have."""
    if swept is not None:
        return np.tile(swept, drawn.size)
    if one.factor.kind in OF_TISSUE:
        return np.full(drawn.size * points, np.nan)
    at_middle = {"antigen": one.factor.low, "log_sd": heterogeneity, "between": 1.0}
    fixed = at_middle.get(one.factor.kind)
    values = CONTEXT_FOLD**drawn if fixed is None else np.full(drawn.size, fixed)
    return np.repeat(values, points)


# ------------------------------------------------------------------ profile


def _profile(one: Property, kill: Floats, share: float, points: int) -> dict[str, Any]:
    """Return the desirability of a property from (contexts, points) kills."""
    tissue = one.factor.kind in OF_TISSUE
    x = _known_levels(one.factor) if tissue else one.factor.at(np.linspace(0.0, 1.0, points))
    kill = kill[:, _shown(one, points)]
    categories = list(compartments()) if one.factor.kind == "compartment" else None
    best = np.maximum(np.nanmax(kill, axis=1, keepdims=True), LEAST_KILL)
    desirability = np.maximum(kill, 0.0) / best
    low, middle, high = np.nanquantile(desirability, (0.05, 0.5, 0.95), axis=0)
    kept = _kept(x, middle, share) if categories is None else (None, None)
    return {
        "property": one.factor.name,
        "label": one.factor.label,
        "unit": one.factor.unit,
        "region": one.region or None,
        "value": x.tolist(),
        "desirability": {"median": middle.tolist(), "p05": low.tolist(), "p95": high.tolist()},
        "log10_kill_median": np.nanmedian(kill, axis=0).tolist(),
        "categories": categories,
        "kept": [c for c, m in zip(categories or (), middle, strict=False) if m >= share],
        "range": {"low": kept[0], "high": kept[1]},
        "open_low": bool(kept[0] is not None and kept[0] <= x[0] * (1.0 + EDGE)),
        "open_high": bool(kept[1] is not None and kept[1] >= x[-1] * (1.0 - EDGE)),
        "best_value": float(x[int(np.argmax(middle))]),
        "least_desirability": float(middle.min()),
        "matters": bool(middle.min() < share),
        "range_status": one.factor.status,
    }


def _kept(x: Floats, desirability: Floats, share: float) -> tuple[float | None, float | None]:
    """Return the ends of the stretch around the best value where the share is kept.

    Between points the desirability is a line over the logarithm of the property.
    """
    best = int(np.argmax(desirability))
    if desirability[best] < share:
        return None, None
    log = np.log(x)
    ends: list[float] = []
    for step in (-1, 1):
        i = best
        while 0 <= i + step < x.size and desirability[i + step] >= share:
            i += step
        end = float(log[i])
        if 0 <= i + step < x.size:
            above, below = float(desirability[i]), float(desirability[i + step])
            end += float(log[i + step] - log[i]) * (above - share) / (above - below)
        ends.append(float(np.exp(end)))
    return ends[0], ends[1]


def _organs(limits: Sequence[str], limiting: NDArray[np.int64]) -> list[str | None]:
    """Return the organ that limits most contexts at every point."""
    found: list[str | None] = []
    for column in limiting.T:
        names, counts = np.unique(column, return_counts=True)
        first = int(names[np.argmax(counts)])
        found.append(limits[first] if first >= 0 else None)
    return found


# ------------------------------------------------------------------ real targets


def _place(one: Property, name: str, candidate: Candidate, case: Case) -> dict[str, Any]:
    """Return where a real target stands: its value with status, or why there is none."""
    entry = {"target": name, "name": shown_target(name), "value": None, "status": "not measured"}
    kind, field = one.factor.kind, one.factor.name
    if kind == "compartment":
        return {**entry, **_compartment(name, case.plan.indication)}
    if kind in ("log_sd", "between", "antigen", "agent", "positive"):
        return {**entry, "said": _said(name, field)}
    try:
        held = case_of(case.plan, replace(candidate, target=name, name=name).task())
    except LigandoseError as error:
        return {**entry, "said": str(error)}
    keys = keys_of(one.factor, held.host.findings, held.agent, held.site)
    known = [f for k in keys if (f := held.host.findings[k]).value]
    if not known:
        return {**entry, "said": ""}
    values = [f.require() for f in known]
    modelled = any(f.source == "density-model" for f in known)
    by_status = {
        Status.ASSUMED: "assumed",
        Status.CALIBRATED: "calibrated",
        Status.UNVERIFIED: "recalled",
    }
    held_as = next((by_status[f.status] for f in known if f.status in by_status), "measured")
    spread = max(f.gsd for f in known)
    return {
        **entry,
        "value": float(np.exp(np.mean(np.log(values)))),
        "gsd": float(spread),
        "status": "modelled" if modelled else held_as,
        "source": known[0].source,
        "said": "",
    }


def _compartment(name: str, indication: str) -> dict[str, Any]:
    """Return the number of a target's compartment; the best of several."""
    held = target(name).compartments(indication)
    known = [compartments().index(c) + 1 for c in held if c in compartments()]
    if not known:
        return {"said": ", ".join(held)}
    return {
        "value": float(min(known)), "gsd": 1.0, "status": "catalogue", "source": "", "said": "",
    }  # fmt: skip


CLAIMS: Mapping[str, str] = {
    "internalisation": "internalisation",
    "shed_antigen": "shedding",
    "positive_share": "homogeneity",
}


def _said(name: str, field: str) -> str:
    """Return what the catalogue says in words of what it has no number for."""
    claim = CLAIMS.get(field)
    if claim is None:
        return ""
    return "; ".join(dict.fromkeys(c.term for c in target(name).said(claim) if c.term))
