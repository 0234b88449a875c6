"""A front in words: what the ends and the knee are, what is traded, what changes along it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVER_WORDS = {
    "k_d": "K_D",
    "k_on": "on-rate",
    "internalisation": "internalisation",
    "unbound_plasma": "free fraction in plasma",
    "hepatocyte_uptake": "uptake by hepatocytes",
    "sieving": "glomerular sieving",
    "cleaved_share": "share cleaved at the brush border",
    "sites_factor": "sites of the target",
    "amount": "amount",
    "activity_share": "share of the allowed activity",
    "cycles": "cycles",
    "every_weeks": "interval",
    "protection": "co-infusion",
}
UNITS = {"k_d": "nmol/L", "k_on": "L/nmol/min", "internalisation": "1/min", "amount": "nmol",
         "every_weeks": "weeks"}  # fmt: skip
MOVES = 0.6
"""Rank correlation along the front from which on a lever is said to move with it."""
LEAST_POINTS = 6
AT_LIMIT = 1.02

Document = Mapping[str, Any]


def trade_offs(
    shown: Sequence[Document], start: Document | None, front: Sequence[Document]
) -> list[str]:
    """Return sentences about a front.

    Args:
        shown: judged designs in the order of falling kill.
        start: the starting agent; None for none.
        front: all points of the front.
    """
    knee = next(s for s in shown if s["knee"])
    said = [_what(knee, "The knee"), *_ends(shown, knee)]
    if start is not None:
        said.append(_against(knee, start))
    said += _along(front)
    said += _alike(front)
    return said


def words(lever: str, value: float | str) -> str:
    """Return a lever with its value, such as "K_D 0.5 nmol/L"."""
    if isinstance(value, str):
        return f"{LEVER_WORDS[lever]} {value.replace('_', ' ')}"
    unit = f" {UNITS[lever]}" if lever in UNITS else ""
    return f"{LEVER_WORDS[lever]} {value:.3g}{unit}"


def _what(one: Document, who: str) -> str:
    changed = "; ".join(
        f"{words(k, v['to'])} (from {_short(v['from'])})" for k, v in one["changed"].items()
    )
    return (
        f"{who}, {one['name']}, is {one['agent']} with {changed or 'nothing changed'}: at least "
        f"{one['log10_kill_p05']:.2f} decades of kill in 95 % of patients, "
        f"{_margin(one)} of {one['limiting_organ'].replace('_', ' ')}."
    )


def _margin(one: Document) -> str:
    ratio = 10 ** one["log10_margin_p05"]
    if ratio < AT_LIMIT:
        return "up to the first limit, which is that"
    return f"at least {ratio:.2g} times below the first limit, which is that"


def _ends(shown: Sequence[Document], knee: Document) -> list[str]:
    most, safest = shown[0], shown[-1]
    said: list[str] = []
    if most is knee:
        said.append("The front has no bulge, hence no knee: its end of most kill stands for it.")
    if most is not knee:
        said.append(
            f"From the knee to the end of most kill ({most['name']}, {most['agent']}) kill rises "
            f"by {most['log10_kill_p05'] - knee['log10_kill_p05']:.2f} decades and the margin "
            f"falls by a factor of {_margin_ratio(knee, most):.2g}."
        )
    if safest is not knee:
        said.append(
            f"From the knee to the end of most margin ({safest['name']}, {safest['agent']}) the "
            f"margin rises by a factor of {_margin_ratio(safest, knee):.2g} and "
            f"{knee['log10_kill_p05'] - safest['log10_kill_p05']:.2f} decades of kill are lost."
        )
    return said


def _against(knee: Document, start: Document) -> str:
    more = knee["log10_kill_p05"] - start["log10_kill_p05"]
    chance = knee["p_better_than_start"]
    sure = knee["uncertainty"]
    draws = (
        ""
        if sure is None or sure["share_beating_start"] is None
        else f", and in {100 * sure['share_beating_start']:.0f} % of the draws from what is not "
        "known its lower end is higher"
    )
    return (
        f"Against {start['agent']} as it is, the knee has {abs(more):.2f} decades "
        f"{'more' if more >= 0 else 'less'} kill and {_margin_ratio(knee, start):.2g} times its "
        f"margin; it kills more in {100 * (chance or 0.0):.0f} % of the same patients{draws}."
    )


def _along(front: Sequence[Document]) -> list[str]:
    """Say which levers rise or fall with kill along the front."""
    if len(front) < LEAST_POINTS:
        return []
    kill = [p["log10_kill_p05"] for p in front]
    rising: list[str] = []
    falling: list[str] = []
    for lever, name in LEVER_WORDS.items():
        values = [p["values"].get(lever) for p in front]
        if any(not isinstance(v, int | float) for v in values) or len(set(values)) < 2:
            continue
        rho = rank_correlation([float(v) for v in values if v is not None], kill)
        if abs(rho) >= MOVES:
            (rising if rho > 0 else falling).append(name)
    said: list[str] = []
    if rising:
        said.append(f"Along the front, towards more kill, rise: {', '.join(rising)}.")
    if falling:
        said.append(f"Along the front, towards more kill, fall: {', '.join(falling)}.")
    return said


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Return Spearman's rank correlation; equal values share their mean rank.

    Examples:
        >>> rank_correlation([1.0, 2.0, 9.0], [0.1, 0.3, 0.2])
        0.5
    """
    ranks = [_ranks(np.asarray(values, dtype=np.float64)) for values in (one, other)]
    found: Any = np.corrcoef(ranks)
    return round(float(found[0, 1]), 12)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    below = (values[None, :] < values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1)
    return below + 0.5 * (equal - 1)


def _alike(front: Sequence[Document]) -> list[str]:
    """Say what all designs of the front share: carriers, and levers within a narrow range."""
    said: list[str] = []
    counts = {key: sorted({str(p[key]) for p in front}) for key in ("agent", "nuclide", "label")}
    for key, name in (("agent", "agents"), ("nuclide", "nuclides")):
        said.append(f"The front has {len(counts[key])} {name}: {', '.join(counts[key])}.")
    narrow: list[str] = []
    for lever, name in LEVER_WORDS.items():
        values = [p["values"].get(lever) for p in front]
        numbers = [float(v) for v in values if isinstance(v, int | float)]
        if len(numbers) < max(LEAST_POINTS, len(front)) or min(numbers) <= 0.0:
            continue
        low, middle, high = np.quantile(numbers, (0.1, 0.5, 0.9))
        if high / low < 1.5:
            unit = f" {UNITS[lever]}" if lever in UNITS else ""
            narrow.append(f"{name} about {middle:.2g}{unit}")
    if narrow:
        said.append(f"Nearly the same in all of it: {', '.join(narrow)}.")
    return said


def _margin_ratio(one: Document, other: Document) -> float:
    return float(10 ** (one["log10_margin_p05"] - other["log10_margin_p05"]))


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"
