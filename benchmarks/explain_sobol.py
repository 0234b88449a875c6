"""Sobol indices of test functions with closed forms: error and coverage of the intervals.

    python benchmarks/explain_sobol.py

For the Ishigami function (a = 7, b = 0.1) and Sobol's g (a = 0, 1, 4.5, 9, 99, 99), over scrambled
samples: root mean square error of first-order and total indices, how many of the 95 % intervals
hold the exact value, and their mean half-width. One minute on one core.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ligandose.design.sensitivity_sobol import run_sobol

Floats = NDArray[np.float64]

SEEDS = 100
ROWS = (128, 512, 2048)
G = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0])


def ishigami(share: Floats) -> Floats:
    x = np.pi * (2.0 * share - 1.0)
    return (np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))[
        :, None
    ]


def sobol_g(share: Floats) -> Floats:
    return np.prod((np.abs(4 * share - 2) + G) / (1 + G), axis=1)[:, None]


def exact_ishigami() -> tuple[Floats, Floats]:
    a, b, pi = 7.0, 0.1, np.pi
    variance = a**2 / 8 + b * pi**4 / 5 + b**2 * pi**8 / 18 + 0.5
    first = np.array([0.5 * (1 + b * pi**4 / 5) ** 2, a**2 / 8, 0.0]) / variance
    both = b**2 * pi**8 * (1 / 18 - 1 / 50) / variance
    return first, first + np.array([both, 0.0, both])


def exact_g() -> tuple[Floats, Floats]:
    own = 1 / (3 * (1 + G) ** 2)
    variance = np.prod(1 + own) - 1
    return own / variance, own * np.prod(1 + own) / (1 + own) / variance


def measure(
    name: str, function: Callable[[Floats], Floats], exact: tuple[Floats, Floats], rows: int
) -> None:
    error: list[list[Floats]] = [[], []]
    inside: list[list[Floats]] = [[], []]
    half: list[list[Floats]] = [[], []]
    for seed in range(SEEDS):
        found = run_sobol(
            function, exact[0].size, seed=seed, tolerance=1e-9, first_rows=rows, most_rows=rows
        )
        pairs = (
            (found.first[0], found.first_interval[0]),
            (found.total[0], found.total_interval[0]),
        )
        for k, (value, interval) in enumerate(pairs):
            error[k].append(value - exact[k])
            inside[k].append((exact[k] >= interval[:, 0]) & (exact[k] <= interval[:, 1]))
            half[k].append(0.5 * (interval[:, 1] - interval[:, 0]))
    for k, what in enumerate(("first", "total")):
        rms = np.sqrt(np.mean(np.square(error[k])))
        worst = np.sqrt(np.mean(np.square(error[k]), axis=0)).max()
        print(
            f"{name:9s} {rows:5d} {what:6s} rms {rms:.4f} (worst factor {worst:.4f})  in interval "
            f"{np.mean(inside[k]):.3f} (worst {np.mean(inside[k], axis=0).min():.2f})  "
            f"half-width {np.mean(half[k]):.4f}",
            flush=True,
        )


if __name__ == "__main__":
    for count in ROWS:
        measure("Ishigami", ishigami, exact_ishigami(), count)
        measure("Sobol g", sobol_g, exact_g(), count)
