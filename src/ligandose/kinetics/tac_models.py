"""Models of time-activity curves: sums of exponentials that physical decay bounds from below.

Activity (as it is in the body, not corrected for decay) is

    A(t) = Σ_j A_j exp(−(λ_p + k_j) t) − [uptake] (Σ_j A_j) exp(−(λ_p + k_u) t)

with A_j ≥ 0, biological rates k_1 > k_2 > … ≥ 0, and k_u > k_1: no part vanishes slower than it
decays, and activity is never negative. Sums of exponentials from one parameter up, chosen by the
corrected Akaike criterion, follow Kletting et al. 2013 (NUKFIT, Med. Phys. 40:102504).

Rates are parametrised from the slowest to the fastest as logarithms of increments, amplitudes as
logarithms: every point of the parameter space is a curve that is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import UnknownNameError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TacModel:
    """A form of a time-activity curve.

    Attributes:
        name: of the model.
        phases: number of falling exponentials.
        slowest_is_decay: the slowest phase falls with physical decay alone (k = 0).
        uptake: the curve begins at zero and rises with a rate of its own.
    """

    name: str
    phases: int
    slowest_is_decay: bool
    uptake: bool

    @property
    def rates(self) -> int:
        """Number of free rates."""
        return self.phases - int(self.slowest_is_decay) + int(self.uptake)

    @property
    def parameters(self) -> int:
        """Number of free parameters."""
        return self.phases + self.rates

    def exponentials(self, theta: Floats, decay_per_s: float) -> tuple[Floats, Floats]:
        """Return coefficients and total rates (1/s) of the exponentials of a parameter vector.

        Args:
            theta: (parameters,) logarithms: amplitudes from the slowest phase on, then increments
                of the biological rates from the slowest on.
            decay_per_s: physical decay constant.
        """
        amplitude = np.exp(theta[: self.phases])
        increments = np.exp(theta[self.phases :])
        steps = np.concatenate(([0.0], increments)) if self.slowest_is_decay else increments
        rate = np.cumsum(steps) + decay_per_s
        if self.uptake:
            amplitude = np.append(amplitude, -amplitude.sum())
        return amplitude, rate

    def activity(self, theta: Floats, time_s: ArrayLike, decay_per_s: float) -> Floats:
        """Return A(t) of a parameter vector, in the shape of `time_s`."""
        coefficient, rate = self.exponentials(theta, decay_per_s)
        time = np.asarray(time_s, np.float64)
        return np.exp(-time[..., None] * rate) @ coefficient

    def jacobian(self, theta: Floats, time_s: Floats, decay_per_s: float) -> Floats:
        """Return the derivatives of A(t) by each parameter's logarithm, (times, parameters)."""
        coefficient, rate = self.exponentials(theta, decay_per_s)
        shape = np.exp(-np.outer(time_s, rate))
        amplitudes = coefficient[: self.phases] * shape[:, : self.phases]
        if self.uptake:
            amplitudes = amplitudes - coefficient[: self.phases] * shape[:, -1:]
        by_rate = -time_s[:, None] * coefficient * shape
        behind = np.cumsum(by_rate[:, ::-1], axis=1)[:, ::-1]  # an increment moves all later rates
        steps = behind[:, int(self.slowest_is_decay) :] * np.exp(theta[self.phases :])
        return np.concatenate((amplitudes, steps), axis=1)

    def integral(self, theta: Floats, decay_per_s: float) -> float:
        """Return the integral of A(t) from 0 to infinity."""
        coefficient, rate = self.exponentials(theta, decay_per_s)
        return float(np.sum(coefficient / rate))


TAC_MODELS = (
    TacModel("physical", 1, True, False),
    TacModel("mono", 1, False, False),
    TacModel("uptake_physical", 1, True, True),
    TacModel("uptake", 1, False, True),
    TacModel("bi_physical", 2, True, False),
    TacModel("bi", 2, False, False),
    TacModel("uptake_bi", 2, False, True),
    TacModel("tri", 3, False, False),
)
"""Every model, the simplest first."""


def tac_model(name: str) -> TacModel:
    """Return a model by its name.

    Raises:
        UnknownNameError: no such model.

    >>> tac_model("uptake_bi").parameters
    5
    """
    for model in TAC_MODELS:
        if model.name == name:
            return model
    raise UnknownNameError("model of a time-activity curve", name, [m.name for m in TAC_MODELS])
