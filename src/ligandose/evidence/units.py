"""Units of the shipped tables and their conversion to the units used inside.

Inside: seconds, litres, kilograms, nmol, so that nmol/L needs no conversion.
"""

from __future__ import annotations

from ligandose.errors import DataError

FACTORS: dict[str, float] = {
    "1": 1.0,
    "%": 0.01,
    "kg": 1.0,
    "g": 1e-3,
    "kg/L": 1.0,
    "cm": 1.0,
    "m2": 1.0,
    "nm": 1.0,
    "nm3": 1.0,
    "um": 1.0,
    "um/s": 1.0,
    "L": 1.0,
    "mL": 1e-3,
    "L/d": 1.0 / 86400.0,
    "L/min": 1.0 / 60.0,
    "mL/min": 1e-3 / 60.0,
    "mL/min/1.73m2": 1e-3 / 60.0,
    "mL/min/g/y": 1.0,
    "mL/min/g": 1.0 / 60.0,  # = L/min/kg
    "1/s": 1.0,
    "1/min": 1.0 / 60.0,
    "1/h": 1.0 / 3600.0,
    "1/d": 1.0 / 86400.0,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "nmol": 1.0,
    "nmol/L": 1.0,
    "L/nmol/min": 1.0 / 60.0,
    "Gy": 1.0,
    "1/Gy": 1.0,
    "1/MeV": 1.0,
    "1/kg": 1.0,
    "1e9/L": 1.0,
    "Da": 1.0,
    "a": 365.25 * 86400.0,
}


def to_internal(value: float, unit: str, *, where: str) -> float:
    """Convert a value of a shipped table to the units used inside.

    Raises:
        DataError: a unit that is not known.
    """
    if unit not in FACTORS:
        raise DataError(f"{where}: unknown unit {unit!r}; known: {', '.join(sorted(FACTORS))}")
    return value * FACTORS[unit]
