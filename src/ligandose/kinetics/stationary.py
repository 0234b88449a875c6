"""Time integrals of a linear model to infinity, without stepping through time.

A model without binding sites is linear: dN/dt = A N + births. A nuclide that decays with λ > 0
in every pool then has ∫ N dt = (λ I - A)⁻¹ B, where B is what was born or given in each pool over
all time, however the births are spread over time. The columns of A add up to zero (every flux
leaves one pool and enters another), so λ Σ ∫ N dt = Σ B: decays equal births.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.kinetics.description import ModelDescription

Floats = NDArray[np.float64]

MOST_BYTES_AT_ONCE = 64_000_000
"""Of the matrices that are solved together."""


def rate_matrix(description: ModelDescription, parameters: Mapping[str, Floats]) -> Floats:
    """Return A of dN/dt = A N, (patients, pools, pools), 1/s.

    Args:
        description: a model without sites.
        parameters: (patients,) values of its parameters, internal units.

    Raises:
        InputError: a model with sites, or a parameter that is missing, negative or not finite.
    """
    if description.sites:
        raise InputError(
            "a model with binding sites is not linear; its integrals need `solve`, not a matrix"
        )
    for name in description.parameters:
        if name not in parameters:
            raise InputError(f"kinetic parameter {name!r} has no value")
        if not np.all(np.isfinite(parameters[name]) & (parameters[name] >= 0.0)):
            raise InputError(f"kinetic parameter {name!r} must be finite and not negative")
    index = {pool.name: i for i, pool in enumerate(description.pools)}
    volume = {pool.name: parameters[pool.volume] for pool in description.pools if pool.volume}
    patients = max((parameters[name].size for name in description.parameters), default=1)
    matrix = np.zeros((patients, len(index), len(index)))

    def add(source: str, target: str, rate: Floats) -> None:
        i, j = index[source], index[target]
        matrix[:, i, i] -= rate
        matrix[:, j, i] += rate

    for exchange in description.exchanges:
        clearance = _product(parameters, exchange.clearance)
        add(exchange.source, exchange.target, clearance / volume[exchange.source])
    for passage in description.transformations:
        add(passage.source, passage.target, _product(parameters, passage.rate))
    return matrix


def _product(parameters: Mapping[str, Floats], names: tuple[str, ...]) -> Floats:
    return reduce(np.multiply, (parameters[name] for name in names))


def stationary_integrals(rates_per_s: Floats, births: Floats, *, decay_per_s: float) -> Floats:
    """Return ∫ N dt of every pool from zero to infinity.

    Args:
        rates_per_s: (patients, pools, pools) from `rate_matrix`.
        births: (patients, pools) number born or given in each pool over all time.
        decay_per_s: λ > 0.

    Returns:
        (patients, pools), in the unit of `births` times s; λ times their sum is the sum of births.

    Raises:
        InputError: a decay constant that is not positive, births of another shape.
    """
    if not 0.0 < decay_per_s < np.inf:
        raise InputError(f"decay_per_s is {decay_per_s}; it must be positive and finite")
    patients, pools, _ = rates_per_s.shape
    if births.shape[1] != pools or patients not in (1, births.shape[0]):
        raise InputError(f"births have shape {births.shape}, rates {rates_per_s.shape}")
    rates = np.broadcast_to(rates_per_s, (births.shape[0], pools, pools))
    result = np.empty_like(births)
    at_once = max(1, MOST_BYTES_AT_ONCE // (8 * pools * pools))
    for start in range(0, births.shape[0], at_once):
        part = slice(start, start + at_once)
        system = decay_per_s * np.eye(pools) - rates[part]
        result[part] = np.linalg.solve(system, births[part, :, None])[..., 0]
    return result
