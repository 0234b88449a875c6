"""What the virtual patients of `plan_virtual.py` say: coverage, TIAC, agreement, gain.

Run: python benchmarks/plan_virtual_report.py SAME.csv OTHER.csv
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Columns = Mapping[str, Floats]

LABEL_GBQ, LEAST_GBQ, MOST_GBQ = 7.4, 0.5, 14.8
LIMITS = {"kidneys": ("bed kidneys", 40.0), "red_marrow": ("dose red_marrow", 2.0)}
SETS = {"kidneys and marrow": ("kidneys", "red_marrow"), "kidneys": ("kidneys",)}
SHARES = (None, 0.1)
"""Shares of patients who exceed a limit at which plan and fixed activity are compared: what the
label activity leads to (None), and a tenth, to which the fixed activity is set for all alike."""
REGIONS = ("kidneys", "lesion:bone", "lesion:node", "red_marrow")
HALF_LIFE_S = 6.6443 * 86400.0  # of Lu-177, for an activity that does not fall
PARTS = np.linspace(0.1, 0.95, 18)
RESAMPLES = 2000
SEED = 20261123


def read(file: Path) -> dict[str, Floats]:
    """Return the columns of a file of results."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    whole = [row for row in rows[1:] if len(row) == len(rows[0])]
    table = np.array([[float(x) for x in row] for row in whole])
    return {name: table[:, i] for i, name in enumerate(rows[0])}


def share(inside: NDArray[np.bool_]) -> str:
    """Return a share with its Wilson 95 % interval."""
    n, p, z2 = inside.size, float(inside.mean()), 1.96**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return f"{p:6.1%} ({middle - half:.1%} to {middle + half:.1%}, n = {n})"


def coverage(kind: str, data: Columns) -> None:
    """Print how often the dose of the first cycle lies in its 90 % interval."""
    for stage in ("before", "after"):
        for method in ("laplace", "chains"):
            for region in REGIONS:
                name = f"{stage} {method} {region}"
                if f"{name} p05" not in data:
                    continue
                low, mid, high = (data[f"{name} {q}"] for q in ("p05", "p50", "p95"))
                known = np.isfinite(mid)
                truth = data[f"truth first {region} {LABEL_GBQ:g}"]
                inside = (truth >= low) & (truth <= high)
                print(f"{kind:5s} {name:26s} covers {share(inside[known])}; p95/p05 "
                      f"{np.median((high / low)[known]):.2f}; median/truth "
                      f"{np.median((mid / truth)[known]):.3f}")  # fmt: skip


def agreement(data: Columns) -> None:
    """Print how sampling differs from Laplace in the same patients."""
    for stage in ("before", "after"):
        for region in REGIONS if f"{stage} chains kidneys p50" in data else ():
            both = [
                [data[f"{stage} {m} {region} {q}"] for q in ("p05", "p50", "p95")]
                for m in ("laplace", "chains")
            ]
            known = np.isfinite(both[1][1])
            (a, b, c), (d, e, f) = (np.array(x)[:, known] for x in both)
            print(f"sampling over Laplace, {stage} {region} (n = {int(known.sum())}): median "
                  f"{np.median(e / b):.3f} (worst {np.max(np.abs(np.log(e / b))):.2f} in ln), "
                  f"log width {np.median(np.log(f / d) / np.log(c / a)):.3f}")  # fmt: skip


def two_exponential(data: Columns) -> Floats:
    """Return the integral of the exponential through both SPECT, no slower than decay, Bq s."""
    (t, u), (early, late) = times_s(data), (data[k] for k in data if k.startswith("spect "))
    rate = np.maximum(np.log(early / late) / (u - t), np.log(2.0) / HALF_LIFE_S)
    return 1e6 * early * np.exp(rate * t) / rate


def times_s(data: Columns) -> list[float]:
    """Return the times of both SPECT."""
    return [3600.0 * float(k.split()[1]) for k in data if k.startswith("spect ")]


def tiac(kind: str, data: Columns) -> None:
    """Print how often the kidneys' TIAC is within 10 % of the truth."""
    truth = data["truth tia kidneys"]
    found = {
        "SPECT with its errors": data["after laplace kidney tia p50"],
        "SPECT without error": data["exact tia"],
        "one exponential, with errors": two_exponential(data),
    }
    for name, value in found.items():
        ratio = (value / truth)[np.isfinite(value)]
        if ratio.size == 0:
            continue
        print(f"{kind:5s} kidney TIAC, {name}: within 10 % {share(np.abs(ratio - 1) <= 0.1)}; "
              f"median/truth {np.median(ratio):.3f}; within 15 % "
              f"{np.mean(np.abs(ratio - 1) <= 0.15):.1%}")  # fmt: skip


def gain(data: Columns) -> None:
    """Print what the plan changes at equal probability of exceeding any limit."""
    levels = np.array(
        sorted(float(k.rsplit(" ", 1)[1]) for k in data if k.startswith("truth control "))
    )
    n = data["patient"].size

    def curve(name: str) -> Floats:
        return np.array([data[f"truth {name} {x:g}"] for x in levels])

    least = np.minimum(curve("dose lesion:bone"), curve("dose lesion:node"))
    control = curve("control")

    def at(table: Floats, activity: Floats) -> Floats:
        return np.array([np.interp(a, levels, table[:, i]) for i, a in enumerate(activity)])

    for name, limits in SETS.items():

        def outcome(activity: Floats, limits: Sequence[str] = limits) -> Floats:
            above = np.zeros(n, dtype=np.bool_)
            for limit in limits:
                column, bound = LIMITS[limit]
                above |= at(curve(column), activity) > bound
            return np.array(
                [above.astype(float), at(least, activity), at(control, activity), activity]
            )

        own = [k for k in data if k.startswith(f"scale {name} 0")]
        # below the least risk that was worked out, all patients get the same part of that plan
        least_risk = [np.maximum(f * data[own[0]], LEAST_GBQ) for f in PARTS]
        plans = np.array([outcome(a) for a in [*least_risk, *(data[k] for k in own)]])
        fixed = np.array([outcome(np.full(n, a)) for a in np.linspace(LEAST_GBQ, MOST_GBQ, 144)])
        label = outcome(np.full(n, LABEL_GBQ))
        for goal in SHARES:
            compared(name, goal, label, fixed, plans)


def compared(name: str, goal: float | None, label: Floats, fixed: Floats, plans: Floats) -> None:
    """Print plan against fixed activity at the same share of patients above a limit.

    Args:
        name: of the set of limits.
        goal: share to be compared at; None for that of the label activity.
        label: (what, patients) of the label activity; what: exceeded, dose, control, activity.
        fixed, plans: (choices, what, patients).
    """
    n = label.shape[1]

    def chosen(table: Floats, rows: NDArray[np.intp], wanted: float) -> Floats:
        """Return (what, rows) between the two choices whose shares enclose the one wanted."""
        own = table[:, :, rows]
        above = np.maximum.accumulate(own[:, 0].mean(axis=1))
        k = int(np.clip(np.searchsorted(above, wanted), 1, above.size - 1))
        step = above[k] - above[k - 1]
        w = float(np.clip((wanted - above[k - 1]) / step, 0.0, 1.0)) if step > 0.0 else 0.0
        return (1.0 - w) * own[k - 1] + w * own[k]

    def numbers(rows: NDArray[np.intp]) -> list[float]:
        wanted = float(label[0, rows].mean()) if goal is None else goal
        was = label[:, rows] if goal is None else chosen(fixed, rows, wanted)
        now = chosen(plans, rows, wanted)
        return [
            float(was[0].mean()), float(now[0].mean()), float(was[1].mean()),
            float(now[1].mean() / was[1].mean() - 1.0), float(np.median(now[1] / was[1]) - 1.0),
            float(was[2].mean()), float(now[2].mean() - was[2].mean()), float(was[3].mean()),
            float(now[3].mean()), float(np.std(now[3]) / now[3].mean()),
        ]  # fmt: skip

    rng = np.random.default_rng(SEED)
    best = numbers(np.arange(n))
    drawn = np.array([numbers(rng.integers(0, n, n)) for _ in range(RESAMPLES)])
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    words = (
        "share above a limit, fixed", "share above a limit, plan",
        "mean dose of the least lesion, fixed, Gy", "change of the mean dose of the least lesion",
        "median change by patient", "control (mean of lesion kinds), fixed",
        "change of control", "GBq of cycles 2 to 6, fixed", "GBq of cycles 2 to 6, plan, mean",
        "its coefficient of variation between patients",
    )  # fmt: skip
    against = "label activity" if goal is None else f"fixed activity with {goal:.0%} above"
    print(f"limits: {name}; {against}; {n} patients")
    for word, value, a, b in zip(words, best, low, high, strict=True):
        print(f"  {word}: {value:.3f} ({a:.3f} to {b:.3f})")


def main() -> None:
    """Print everything for the files named."""
    for file in sys.argv[1:]:
        data = read(Path(file))
        kind = "other" if "truth control 3" in data else "same"
        times = " and ".join(f"{t / 3600.0:g}" for t in times_s(data))
        print(f"{file}: {kind} structure, SPECT at {times} h, {data['patient'].size} patients")
        print(f"posterior {np.median(data['seconds']):.1f} s "
              f"({np.median(data['cpu seconds']):.1f} s of CPU); "
              f"MAP converged in {np.mean(data['after converged']):.1%}")  # fmt: skip
        coverage(kind, data)
        tiac(kind, data)
        agreement(data)
        if kind == "other":
            gain(data)


if __name__ == "__main__":
    main()
