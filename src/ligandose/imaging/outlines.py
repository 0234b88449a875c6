"""Outlines of masks as polygons along the sides of pixels: neither more nor less than the mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Corner = tuple[int, int]


def outlines(mask: NDArray[np.bool_]) -> list[Floats]:
    """Return the closed outlines of a (rows, columns) mask, holes as outlines of their own.

    Points are (column, row) in pixel indices, pixel (i, j) reaching from j - 0.5 to j + 0.5; parts
    that touch at a corner only are parts of their own.

    >>> [len(p) for p in outlines(np.array([[True, True], [True, False]]))]
    [6]
    """
    onward = _edges(mask)
    found: list[Floats] = []
    while onward:
        start = next(iter(onward))
        corner, came = start, (0, 0)
        points: list[Corner] = []
        while True:
            step = _next_step(onward, corner, came)
            if step != came:
                points.append(corner)
            corner, came = (corner[0] + step[0], corner[1] + step[1]), step
            if corner == start and not _goes_on(onward, corner, came):
                break
        found.append(np.array([(c, r) for r, c in points], np.float64) - 0.5)
    return found


def _edges(mask: NDArray[np.bool_]) -> dict[Corner, list[Corner]]:
    """Return the steps (row, column) that leave each corner, with the mask on their right."""
    padded = np.pad(mask, 1)
    onward: dict[Corner, list[Corner]] = {}

    def add(where: NDArray[np.bool_], shift: Corner, step: Corner) -> None:
        for row, column in np.argwhere(where).tolist():
            onward.setdefault((row + shift[0], column + shift[1]), []).append(step)

    inner = padded[1:-1, 1:-1]
    add(inner & ~padded[:-2, 1:-1], (0, 0), (0, 1))
    add(inner & ~padded[1:-1, 2:], (0, 1), (1, 0))
    add(inner & ~padded[2:, 1:-1], (1, 1), (0, -1))
    add(inner & ~padded[1:-1, :-2], (1, 0), (-1, 0))
    return onward


def _next_step(onward: dict[Corner, list[Corner]], corner: Corner, came: Corner) -> Corner:
    """Take a step from a corner, to the right where there are two."""
    steps = onward[corner]
    right = (came[1], -came[0])
    step = right if len(steps) > 1 and right in steps else steps[0]
    steps.remove(step)
    if not steps:
        del onward[corner]
    return step


def _goes_on(onward: dict[Corner, list[Corner]], corner: Corner, came: Corner) -> bool:
    """Say whether the outline passes its start once more (a corner where two parts touch)."""
    return (came[1], -came[0]) in onward.get(corner, [])
