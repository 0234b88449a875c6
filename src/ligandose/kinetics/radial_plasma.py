"""The concentration that tissue sees: points of a course joined by lines, or exponentials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ligandose.errors import InputError
from ligandose.kinetics.radial_grid import Floats


@dataclass(frozen=True)
class PlasmaCurve:
    """Concentration of ligand, labelled and unlabelled together, from time 0.

    Made by `points` (a course of the whole-body model, joined by straight lines, zero before its
    first point) or by `exponentials` (a sum that starts at time 0).

    Attributes:
        time_s, conc_nmol_L: (k,) points, empty for exponentials.
        amplitudes, rates: (m,) nmol/L and 1/s, empty for points.
    """

    time_s: Floats
    conc_nmol_L: Floats
    amplitudes: Floats
    rates: Floats

    @classmethod
    def points(cls, time_s: ArrayLike, conc_nmol_L: ArrayLike) -> PlasmaCurve:
        """Return a curve through points.

        Raises:
            InputError: fewer than two points, rows of unequal length, times that do not rise or
                lie before 0, concentrations that are negative or not finite.

        Example:
            >>> PlasmaCurve.points([0.0, 10.0], [4.0, 0.0]).auc_nmol_s_L(10.0)
            20.0
        """
        time, conc = (np.asarray(v, dtype=np.float64) for v in (time_s, conc_nmol_L))
        if time.ndim != 1 or time.shape != conc.shape or time.size < 2:
            raise InputError(
                "plasma curve: time_s and conc_nmol_L must be rows of the same length of at "
                f"least 2, got shapes {time.shape} and {conc.shape}"
            )
        if not np.all(np.isfinite(time)) or time[0] < 0.0 or np.any(np.diff(time) <= 0.0):
            raise InputError("plasma curve: time_s must be finite, rise and not start before 0")
        if not (np.all(np.isfinite(conc)) and np.all(conc >= 0.0)):
            bad = int(np.argmin(np.where(np.isfinite(conc), conc, -np.inf)))
            raise InputError(
                f"plasma curve: conc_nmol_L[{bad}] is {conc[bad]:g}; finite numbers of at least "
                "0 are needed"
            )
        return cls(time, conc, np.zeros(0), np.zeros(0))

    @classmethod
    def exponentials(
        cls, amplitude_nmol_L: Sequence[float], rate_per_s: Sequence[float]
    ) -> PlasmaCurve:
        """Return Σ A e^(-k t); a rate of 0 makes a constant.

        Raises:
            InputError: rows of unequal length or empty, an amplitude or a rate below 0.
        """
        amplitude, rate = (np.asarray(v, dtype=np.float64) for v in (amplitude_nmol_L, rate_per_s))
        if amplitude.ndim != 1 or amplitude.shape != rate.shape or amplitude.size == 0:
            raise InputError(
                "plasma curve: amplitude_nmol_L and rate_per_s must be rows of the same length, "
                f"got shapes {amplitude.shape} and {rate.shape}"
            )
        for name, row in (("amplitude_nmol_L", amplitude), ("rate_per_s", rate)):
            if not (np.all(np.isfinite(row)) and np.all(row >= 0.0)):
                raise InputError(f"plasma curve: {name} must be finite and at least 0, got {row}")
        return cls(np.zeros(0), np.zeros(0), amplitude, rate)

    @property
    def last_s(self) -> float:
        """Time up to which the curve is known; infinite for exponentials."""
        return float(self.time_s[-1]) if self.time_s.size else np.inf

    def at(self, time_s: ArrayLike) -> Floats:
        """(…) concentration, nmol/L; zero before the first point and after the last."""
        time = np.asarray(time_s, dtype=np.float64)
        if self.time_s.size:
            return np.interp(time, self.time_s, self.conc_nmol_L, left=0.0, right=0.0)
        return (self.amplitudes * np.exp(-self.rates * time[..., None])).sum(axis=-1)

    def auc_nmol_s_L(self, end_s: float) -> float:
        """Return ∫ C dt from 0 to `end_s`, nmol s/L."""
        if not self.time_s.size:
            safe = np.where(self.rates > 0.0, self.rates, 1.0)
            each = np.where(self.rates > 0.0, -np.expm1(-safe * end_s) / safe, end_s)
            return float((self.amplitudes * each).sum())
        inside = self.time_s < end_s
        time = np.append(self.time_s[inside], min(end_s, self.last_s))
        return float(np.trapezoid(np.append(self.conc_nmol_L[inside], self.at(time[-1])), time))

    def segments(self, end_s: float) -> Iterator[tuple[float, float, float, float]]:
        """Yield start, stop (s), value at the start (nmol/L) and slope (nmol/L/s) of each line."""
        if not self.time_s.size:
            yield 0.0, end_s, 0.0, 0.0
            return
        if self.time_s[0] > 0.0:
            yield 0.0, min(float(self.time_s[0]), end_s), 0.0, 0.0
        slopes = np.diff(self.conc_nmol_L) / np.diff(self.time_s)
        for k, slope in enumerate(slopes):
            start = float(self.time_s[k])
            if start >= end_s:
                return
            stop = min(float(self.time_s[k + 1]), end_s)
            yield start, stop, float(self.conc_nmol_L[k]), float(slope)
