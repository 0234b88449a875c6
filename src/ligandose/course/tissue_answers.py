"""What a comparison says in words and numbers: which nuclide, up to which size, how deep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ligandose.course.tissue_compare import TissueResult, log_surviving_fraction_of

HALF = 0.5
WHAT = {
    "radius_um": "the radius of the cluster",
    "nest_radius_um": "the radius of a nest",
    "stroma_fraction": "the share of stroma",
    "source.fraction_positive": "the share of cells that carry the target",
    "source.cv": "the spread of sites between cells",
    "value": "the value that is equal",
}


def answers(result: TissueResult) -> list[dict[str, Any]]:
    """Return answers, each with a `question`, an `answer` in words, and its numbers."""
    found = [_best(result)]
    if "target_negative" in result.classes():
        found += [_bystanders(result)]
    if result.sweep:
        found += [_winners(result), *_limits(result)]
    return found


def _tumour_log10(result: TissueResult) -> dict[str, float]:
    tumour = result.live_tumour
    return {
        one.nuclide: log_surviving_fraction_of(one, tumour) / math.log(10.0)
        for one in result.results
    }


def _best(result: TissueResult) -> dict[str, Any]:
    kill = _tumour_log10(result)
    order = sorted(kill, key=lambda name: kill[name])
    listed = ", ".join(f"{name} {kill[name]:.3g}" for name in order)
    return {
        "question": "Which nuclide leaves the fewest tumour cells?",
        "answer": f"{order[0]} (log10 of the surviving fraction: {listed}).",
        "order": order,
        "log10_surviving_fraction": kill,
    }


def _bystanders(result: TissueResult) -> dict[str, Any]:
    """Say how much of the target-negative cells crossfire sterilises."""
    negative = result.classes()["target_negative"]
    killed = {
        one.nuclide: -math.expm1(log_surviving_fraction_of(one, negative)) for one in result.results
    }
    listed = ", ".join(f"{name} {_per_cent(share)}" for name, share in killed.items())
    return {
        "question": "How much of the target-negative tumour cells does crossfire sterilise?",
        "answer": f"{listed}.",
        "sterilised_share": killed,
    }


def _per_cent(share: float) -> str:
    """Return a share in per cent; near one, what is left of it, which is never nothing."""
    left = 1.0 - share
    return f"{100 * share:.3g} %" if left > 1e-3 else f"all but {left:.1e}"


def _winners(result: TissueResult) -> dict[str, Any]:
    """Say which nuclide is best at each varied value, and between which values that changes."""
    sweep = result.plan.sweep
    assert sweep is not None
    best = [min(found, key=lambda n: found[n]) for found in _kills(result)]
    spans = _spans(list(sweep.values), best)
    words = "; ".join(
        f"{name} at {low:g}" if low == high else f"{name} from {low:g} to {high:g}"
        for name, low, high in spans
    )
    what = WHAT.get(sweep.field, sweep.field)
    return {
        "question": f"Which nuclide is best, by {what} ({sweep.field})?",
        "answer": f"{words}.",
        "best": [{"nuclide": n, "from": low, "to": high} for n, low, high in spans],
    }


def _kills(result: TissueResult) -> list[dict[str, float]]:
    return [_tumour_log10(found) for _, found in result.sweep]


def _spans(values: Sequence[float], names: Sequence[str]) -> list[tuple[str, float, float]]:
    spans: list[tuple[str, float, float]] = []
    for value, name in zip(values, names, strict=True):
        if spans and spans[-1][0] == name:
            spans[-1] = (name, spans[-1][1], value)
        else:
            spans.append((name, value, value))
    return spans


def _limits(result: TissueResult) -> list[dict[str, Any]]:
    """Say, for each nuclide, where control passes one half along the varied value."""
    sweep = result.plan.sweep
    assert sweep is not None
    values = np.array(sweep.values)
    limits: dict[str, list[float]] = {}
    for k, one in enumerate(result.results):
        tcp = np.exp([found.results[k].log_tcp for _, found in result.sweep])
        limits[one.nuclide] = _crossings(values, tcp)
    if not any(limits.values()):
        return []
    listed = ", ".join(
        f"{name} {' and '.join(f'{at:.3g}' for at in found) or 'nowhere within the range'}"
        for name, found in limits.items()
    )
    return [
        {
            "question": f"At which {sweep.field} does control fall or rise through one half?",
            "answer": f"{listed}.",
            "half_control_at": limits,
        }
    ]


def _crossings(values: np.ndarray[Any, Any], tcp: np.ndarray[Any, Any]) -> list[float]:
    """Return where a curve crosses one half, linear between the values."""
    above = tcp >= HALF
    change = np.flatnonzero(above[1:] != above[:-1])
    share = (HALF - tcp[change]) / (tcp[change + 1] - tcp[change])
    return (values[change] + share * (values[change + 1] - values[change])).tolist()
