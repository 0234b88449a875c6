"""How a kernel is split in a near part, summed by pairs, and a smooth far part for a grid.

Beyond the cut-off r_c the far part is the kernel. Within, it is an even polynomial in r whose
coefficients minimise the largest error that interpolating it on the grid makes (a minimax fit by
reweighted least squares): the smoothest lid for this kernel on this grid. The near part is the
kernel less the lid and ends at r_c.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy import interpolate as scipy_interpolate  # pyright: ignore[reportMissingTypeStubs]

from ligandose.dose._crossfire_tables import Radial

FloatArray = NDArray[np.float64]
interpolate: Any = scipy_interpolate

TERMS = 7
PASSES = 6
FIT_OFFSETS = (0.0, 0.125, 0.25, 0.375, 0.5)
SPAN = 4.0
"""The lid is fitted over so many cut-offs; farther away the kernel decides alone."""
RATIOS = (3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 11.0, 16.0, 23.0)
"""Cut-offs tried, in steps of the grid."""
PER_STEP = 4
EDGE = 10.0
"""Errors around the end of a table blur it by a step of the grid: they cancel for the most part, so
together they may be so many times larger than the tolerance."""


@dataclass(frozen=True)
class Lid:
    """The far part of a kernel.

    Attributes:
        kernel: the whole.
        cutoff_um: from there on the far part is the kernel.
        terms: coefficients of Chebyshev polynomials in 2 (r / r_c)² - 1.
        error: largest error of interpolation, relative to the scale.
        at_um: where it occurs.
        mean_error: ∫ |error| r² dr relative to ∫ K r² dr: what uniform cells around can add up to.
    """

    kernel: Radial
    cutoff_um: float
    terms: FloatArray
    error: float
    at_um: float
    mean_error: float

    def far(self, distance_um: FloatArray) -> FloatArray:
        """Return the far part at distances (n,)."""
        square = (np.asarray(distance_um) / self.cutoff_um) ** 2
        out = np.array(
            chebyshev.chebval(2.0 * np.minimum(square, 1.0) - 1.0, self.terms), dtype=np.float64
        )
        beyond = square >= 1.0
        out[beyond] = self.kernel(distance_um[beyond])
        return out

    def near(self, distance_um: FloatArray) -> FloatArray:
        """Return what the far part leaves; 0 from the cut-off on."""
        inside = distance_um < self.cutoff_um
        return np.where(inside, self.kernel(distance_um) - self.far(distance_um), 0.0)


def lid(
    kernel: Radial, step_um: float, cutoff_um: float, limit_um: float, scale: Radial,
    end_um: float, whole: float,
) -> Lid:  # fmt: skip
    """Fit the far part for a grid.

    Args:
        kernel: function of distance.
        step_um: distance between nodes.
        cutoff_um: where the far part becomes the kernel.
        limit_um: largest distance at which errors matter.
        scale: function of distance that errors are relative to; falling.
        end_um: how far the kernel goes; errors between `limit_um` and there are those of blurring
            its end: together they count as part of `whole`, and `EDGE` times more is allowed.
        whole: integral of the kernel over space.
    """

    def columns(r: FloatArray) -> FloatArray:
        s = np.minimum((r / cutoff_um) ** 2, 1.0)
        inside = (r < cutoff_um)[:, None]
        return np.column_stack([
            np.where(inside, chebyshev.chebvander(2.0 * s - 1.0, TERMS - 1), 0.0),
            np.where(inside[:, 0], 0.0, kernel(np.maximum(r, cutoff_um))),
        ])  # fmt: skip

    def allowed(r: FloatArray) -> FloatArray:
        return scale(np.maximum(r, cutoff_um))

    span = min(SPAN * cutoff_um, limit_um + 2.0 * step_um)
    parts = [interpolation_error(columns, step_um, o, span, 6) for o in FIT_OFFSETS]
    r = np.concatenate([p[0] for p in parts])
    matrix = np.concatenate([p[1] for p in parts]) / allowed(r)[:, None]
    weight = np.ones(len(r))
    terms: FloatArray = np.zeros(TERMS)
    for _ in range(PASSES):
        root = np.sqrt(weight)
        left, right = matrix[:, :-1] * root[:, None], -matrix[:, -1] * root
        terms = np.asarray(np.linalg.lstsq(left, right, rcond=1e-12)[0], dtype=np.float64)
        error = np.abs(matrix[:, :-1] @ terms + matrix[:, -1])
        weight *= error / max(float(error.max()), 1e-300) + 1e-3
        weight /= weight.mean()
    made = Lid(kernel, cutoff_um, terms, 0.0, 0.0, 0.0)
    worst, at, mean = 0.0, 0.0, 0.0
    for offset in FIT_OFFSETS[::2]:
        end = max(limit_um, end_um + 2.0 * step_um if end_um > limit_um else 0.0)
        r, e = interpolation_error(lambda x: made.far(x)[:, None], step_um, offset, end, PER_STEP)
        e, seen = np.abs(e[:, 0]), r <= limit_um
        shares = e * (4.0 * math.pi * step_um / PER_STEP) * r**2 / whole
        mean = max(mean, float(np.sum(shares[seen])))
        relative = e[seen] / allowed(r[seen])
        most = int(np.argmax(relative))
        if relative[most] > worst:
            worst, at = float(relative[most]), float(r[most])
        blurred = float(np.sum(shares[~seen])) / EDGE if end_um > limit_um else 0.0
        if blurred > worst:
            worst, at = blurred, end_um
    return Lid(kernel, cutoff_um, terms, worst, at, mean)


def interpolation_error(
    functions: Callable[[FloatArray], FloatArray], step: float, offset: float, span: float, per: int
) -> tuple[FloatArray, FloatArray]:
    """Return distances (n,) up to `span` and the errors (n, k) of quintic splines there.

    The line of nodes passes through the middle of even functions, `offset` steps beside it.
    """
    count = math.ceil(span / step) + 8
    node = (np.arange(-count, count + 1) + offset) * step
    r = (np.arange((count - 8) * per) + 0.37) * step / per
    spline = interpolate.make_interp_spline(node, functions(np.abs(node)), k=5)
    return r, np.asarray(spline(r)) - functions(r)
