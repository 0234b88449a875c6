"""Checks that every public function of this room makes of its arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError

FloatArray = NDArray[np.float64]


def finite(name: str, values: ArrayLike) -> FloatArray:
    """Return `values` as floats, or raise InputError where one is not a finite number."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}; give numbers") from error
    if not np.all(np.isfinite(array)):
        bad = array[~np.isfinite(array)].ravel()[0]
        raise InputError(
            f"{name} holds {bad} ({np.count_nonzero(~np.isfinite(array))} of {array.size} values); "
            "only finite numbers are allowed: leave out or repair that patient or region"
        )
    return array


def not_negative(name: str, values: ArrayLike) -> FloatArray:
    """Return `values` as floats, or raise InputError where one is not finite or below 0."""
    array = finite(name, values)
    if array.size and array.min() < 0.0:
        raise InputError(f"{name} holds {array.min():g}; values must be 0 or more")
    return array


def positive(name: str, values: ArrayLike) -> FloatArray:
    """Return `values` as floats, or raise InputError where one is not finite or not above 0."""
    array = finite(name, values)
    if array.size and array.min() <= 0.0:
        raise InputError(f"{name} holds {array.min():g}; values must be above 0")
    return array


def positive_or_infinite(name: str, values: ArrayLike) -> FloatArray:
    """Return `values` as floats; +infinity is allowed (a process without delay)."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}; give numbers") from error
    if np.any(np.isnan(array)) or (array.size and array.min() <= 0.0):
        raise InputError(
            f"{name} holds a value that is not above 0; above 0 or infinity is allowed"
        )
    return array


def repair_rate(values: ArrayLike) -> FloatArray:
    """Return repair rates, 0 (no repair) or more, as floats."""
    return not_negative("repair_rate_per_s", values)


def probability(name: str, values: ArrayLike) -> FloatArray:
    """Return `values` as floats, or raise InputError where one is outside 0 … 1."""
    array = not_negative(name, values)
    if array.size and array.max() > 1.0:
        raise InputError(f"{name} holds {array.max():g}; values must be 0 … 1")
    return array


def broadcastable(names: str, *arrays: FloatArray) -> tuple[int, ...]:
    """Return the common shape of arrays, or raise InputError naming them."""
    try:
        return np.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError as error:
        shapes = ", ".join(str(a.shape) for a in arrays)
        raise InputError(f"{names}: shapes {shapes} do not broadcast together") from error
