"""Which measurement would most change the choice between agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ligandose.design.explain_factors import Changes
from ligandose.design.explain_model import Case, outcomes
from ligandose.design.explain_sensitivity import grouped
from ligandose.design.sensitivity_voi import evpi, evppi
from ligandose.evidence import Finding, Status
from ligandose.hosts import draw_values

Floats = NDArray[np.float64]

MOST_PARAMETERS = 4
"""Findings of a group that enter its regression: those that go most with the difference between
options; more would cost draws that nobody has."""
HOW = {
    "Tumour density": "density or uptake in tumours (imaging, autoradiography)",
    "Sites in the kidneys": "uptake in kidneys (imaging)",
    "Sites in the glands": "uptake in glands (imaging)",
    "Sites in other organs": "uptake in other organs (imaging)",
    "Affinity and on-rate": "binding kinetics (surface plasmon resonance, cells)",
    "Internalisation": "internalisation (cells)",
    "Release from tumour and organs": "retention over time (late imaging)",
    "Clearance (kidneys, liver, endothelium)": "blood and urine curves",
    "Tumour vessels and spaces": "perfusion and permeability (dynamic imaging)",
    "Radiobiology of the tumour": "radiosensitivity and growth (dose-response)",
    "Lesion mass and number": "tumour volumes",
    "Hepatocytes": "liver curves",
    "Body size": "body composition",
}


def knowledge_changes(case: Case, *, draws: int, seed: int) -> Changes:
    """Return draws from what is not known as multipliers of the findings, a row per draw.

    The draws are those of a screen and of `simulate(…, knowledge=k)`.
    """

    bound = (*case.agent.binds, *case.agent.binder_binds)
    others = tuple(f".{s.site}." for s in case.host.sites if s.site not in bound)

    def drawn(findings: Mapping[str, Finding]) -> dict[str, Floats]:
        return {
            k: np.array(_multipliers(k, f.gsd, draws, seed))
            for k, f in findings.items()
            if f.gsd > 1.0 and f.value and not any(site in k for site in others)
        }

    lesion = drawn({f"lesion.{k}": f for k, f in case.lesion_findings.items()})
    return Changes(
        host=drawn(case.host.findings),
        agent=drawn(case.agent.findings),
        lesion={
            k.removeprefix("lesion."): v for k, v in lesion.items() if k != "lesion.dose_log_sd"
        },
    )


@lru_cache(maxsize=4096)
def _multipliers(key: str, gsd: float, draws: int, seed: int) -> tuple[float, ...]:
    """Return draws of a finding over its best estimate; agents in one host share them."""
    one = {key: Finding("explain", "", key, 1.0, "1", None, gsd, Status.ASSUMED, "assumption")}
    return tuple(
        float(draw_values(one, patients=1, seed=seed, variability=False, knowledge=k)[key][0])
        for k in range(draws)
    )


def information_document(
    cases: Sequence[Case], *, draws: int, seed: int, threads: int | None = None
) -> dict[str, Any]:
    """Return what knowing groups of parameters is worth to the choice between agents.

    The benefit of an agent is its log10 kill at the limit in the typical patient; what several
    agents share (host, target) is the same in a draw.

    Args:
        cases: two agents or more.
        draws: from what is not known.
        seed: of the draws and bootstraps.
        threads: of the simulation.

    Raises:
        InputError: fewer than two agents, or too few draws.
    """
    every = [knowledge_changes(case, draws=draws, seed=seed) for case in cases]
    kills: list[Floats] = [
        outcomes(case, changes, rows=draws, threads=threads).log10_kill
        for case, changes in zip(cases, every, strict=True)
    ]
    benefit = np.stack(kills, axis=1)
    known = benefit[np.all(np.isfinite(benefit), axis=1)]
    chosen = int(np.argmax(known.mean(axis=0)))
    best = np.asarray(known.argmax(axis=1), dtype=np.int64)
    measured = _measurable(cases, every, benefit, seed)
    return {
        "benefit": "log10 clonogen kill at the limit, typical patient",
        "draws": draws,
        "draws_with_result": int(known.shape[0]),
        "options": [
            {
                "agent": case.name,
                "mean": float(known[:, k].mean()),
                "p05": float(np.quantile(known[:, k], 0.05)),
                "p95": float(np.quantile(known[:, k], 0.95)),
                "probability_best": np.count_nonzero(best == k) / best.size,
            }
            for k, case in enumerate(cases)
        ],
        "choice": cases[chosen].name,
        "perfect_information": evpi(benefit),
        "measurements": sorted(measured, key=lambda m: -m["value"]),
    }


def _measurable(
    cases: Sequence[Case], every: Sequence[Changes], benefit: Floats, seed: int
) -> list[dict[str, Any]]:
    """Return the value of each group; parameters that belong to one agent are its own."""
    groups: dict[str, dict[str, Floats]] = {}
    for case, changes in zip(cases, every, strict=True):
        for name, held in grouped(changes, case).items():
            into = groups.setdefault(name, {})
            for key, values in held.items():
                own = key in changes.agent
                into[f"{case.agent.vector}: {key}" if own else key] = np.log(values)
    found: list[dict[str, Any]] = []
    for name, held in groups.items():
        keys = _strongest(held, benefit)
        if not keys:
            continue
        value = evppi(benefit, np.stack([held[k] for k in keys], axis=1), seed=seed)
        found.append(
            {
                "group": name,
                "how": HOW.get(name, ""),
                "value": value.value,
                "interval": list(value.interval),
                "changes_choice": value.change,
                "parameters": keys,
                "left_out": len(held) - len(keys),
            }
        )
    return found


def _strongest(held: Mapping[str, Floats], benefit: Floats) -> list[str]:
    """Return the parameters of a group that go most with a difference between options."""
    ok = np.all(np.isfinite(benefit), axis=1)
    difference = (benefit - benefit.mean(axis=1, keepdims=True))[ok]
    spread: Floats = difference.std(axis=0)
    strength = {
        key: float(
            np.max(
                np.abs(np.mean((v[ok] - v[ok].mean())[:, None] * difference, axis=0))
                / np.maximum(v[ok].std() * spread, 1e-300)
            )
        )
        for key, v in held.items()
        if np.ptp(v[ok]) > 0.0
    }
    return sorted(strength, key=lambda k: (-strength[k], k))[:MOST_PARAMETERS]
