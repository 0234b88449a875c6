"""Fronts: which points no other beats, how much they cover, where the knee is. More is better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError

Floats = NDArray[np.float64]
LEAST_BULGE = 0.02


def on_front(objectives: ArrayLike) -> NDArray[np.bool_]:
    """Return (N,) which points no other point dominates; of equal ones the first stays.

    A point dominates another that it nowhere falls short of and somewhere exceeds.

    Args:
        objectives: (N, M), finite; more is better.

    Raises:
        InputError: not a table of finite numbers.

    Examples:
        >>> on_front([[1.0, 0.0], [0.0, 1.0], [0.0, 0.5], [1.0, 0.0]]).tolist()
        [True, True, False, False]
    """
    values = _table(objectives)
    order = np.lexsort(tuple(-values[:, k] for k in reversed(range(values.shape[1]))))
    kept: list[int] = []
    for i in order:
        others = values[kept]
        if not kept or not np.any(np.all(others >= values[i], axis=1)):
            kept.append(int(i))
    found = np.zeros(len(values), dtype=np.bool_)
    found[kept] = True
    return found


def hypervolume(objectives: ArrayLike, *, reference: Sequence[float]) -> float:
    """Return the area that points of two objectives cover above a reference point.

    The front is swept from its right end: each point adds a rectangle. Points that do not exceed
    the reference add nothing (Zitzler and Thiele 1998 call it the size of the space covered).

    Args:
        objectives: (N, 2); more is better.
        reference: (2,).

    Raises:
        InputError: another number of objectives.

    Examples:
        >>> hypervolume([[1.0, 3.0], [2.0, 1.0]], reference=(0.0, 0.0))
        4.0
    """
    values = _table(objectives)
    if values.shape[1] != 2 or len(reference) != 2:
        raise InputError(f"hypervolume takes two objectives, got {values.shape[1]}")
    beyond = values - np.asarray(reference, dtype=np.float64)
    beyond = beyond[np.all(beyond > 0.0, axis=1)]
    area, height = 0.0, 0.0
    for x, y in beyond[np.argsort(-beyond[:, 0], kind="stable")]:
        if y > height:
            area += x * (y - height)
            height = y
    return float(area)


def knee(objectives: ArrayLike) -> int:
    """Return the index of the point of a front that lies furthest beyond its chord.

    Both objectives are scaled to 0 … 1 over the front; the chord joins its two ends. From the knee
    on, a little more of one objective costs much of the other (after Das 1999, Struct Optim
    18:107, for two objectives). Where no point lies beyond the chord by 2 % of its height, the
    front has no knee, and its end of most of the first objective stands for it.

    Args:
        objectives: (N, 2) of points on a front, N ≥ 1.

    Examples:
        >>> knee([[0.0, 1.0], [0.8, 0.9], [1.0, 0.0]])
        1
        >>> knee([[0.0, 1.0], [0.2, 0.3], [1.0, 0.0]])
        2
    """
    values = _table(objectives)
    low, high = values.min(axis=0), values.max(axis=0)
    beyond = ((values - low) / np.where(high > low, high - low, 1.0)).sum(axis=1)
    found = int(np.argmax(beyond))
    if beyond[found] > 1.0 + LEAST_BULGE:
        return found
    return int(np.argmax(values[:, 0]))


def spread_along(objectives: ArrayLike, count: int, *, keep: Sequence[int] = ()) -> list[int]:
    """Return indices of points spread over a front: those to keep, and the farthest in turn.

    Args:
        objectives: (N, M) of points on a front.
        count: how many, at most N.
        keep: indices that are among them.

    Returns:
        Indices in the order of falling first objective.
    """
    values = _table(objectives)
    low, high = values.min(axis=0), values.max(axis=0)
    scaled = (values - low) / np.where(high > low, high - low, 1.0)
    ends = [int(np.argmax(values[:, 0])), int(np.argmax(values[:, -1]))]
    chosen = list(dict.fromkeys([*keep, *ends]))
    while len(chosen) < min(count, len(values)):
        gaps = np.linalg.norm(scaled[:, None, :] - scaled[None, chosen, :], axis=-1).min(axis=1)
        if gaps.max() <= 0.0:
            break
        chosen.append(int(np.argmax(gaps)))
    return sorted(chosen, key=lambda i: (-values[i, 0], i))


def _table(objectives: ArrayLike) -> Floats:
    values = np.asarray(objectives, dtype=np.float64)
    if values.ndim != 2 or values.size == 0 or not np.all(np.isfinite(values)):
        raise InputError(
            f"objectives must be a table (points, objectives) of finite numbers, got {values.shape}"
        )
    return values
