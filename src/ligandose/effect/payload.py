"""An antibody–drug conjugate against the same target: payload per cell, bystanders, kill.

The transport that brings a radioligand brings the conjugate; what differs is the end: molecules
of payload set free in the cell that took the conjugate up, of which a part leaves it and is
taken up by neighbours. How many molecules kill a cell is an input: no number is shipped, since
none that is measured per cell and holds between payloads was found.

Bystanders: payload diffuses and is taken up at a first-order rate k everywhere, so at rest the
uptake per volume around a point is e^(−r/λ)/(4πλ²r) with λ = √(D/k), the bystander length,
and what is averaged over a sphere follows from the mean value theorem of the modified Helmholtz
equation. Source of the picture: Khera et al., Mol Syst Des Eng 3:73 (2018), doi:10.1039/c7me00093f.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ligandose.effect._checks import (
    FloatArray,
    broadcastable,
    finite,
    not_negative,
    positive,
    probability,
)
from ligandose.errors import InputError

KillModel = Literal["log_linear", "hill"]

# Molecules per nmol (SI definition of the mole).
PER_NMOL = 6.02214076e14
# Beyond this many lengths lies (1 + 12) e^(−12) = 8e-5 of all uptake.
REACH_LENGTHS = 12.0
# Centres nearer than this part of the radius of a cell's volume are one cell given twice.
LEAST_RADII = 0.01
# Of the tabulated kernel, and what `crossfire` may be off for a pair.
POINTS = 200
TOLERANCE = 1e-3


def payload_per_cell(
    internalised_nmol_L: ArrayLike,
    *,
    drug_to_antibody: float,
    released_fraction: float,
    cells_per_L: ArrayLike,
) -> FloatArray:
    """Return payload molecules set free in each cell.

    Args:
        internalised_nmol_L: conjugate internalised in all, per volume of tissue, at each cell,
            ≥ 0, shape (…), nmol/L: ∫ k_int [bound] dt of the radial transport.
        drug_to_antibody: molecules of payload on a conjugate, > 0.
        released_fraction: share that is set free active in the cell, 0 … 1.
        cells_per_L: cells that take it up per volume of tissue, > 0, 1/L.

    >>> round(float(payload_per_cell(
    ...     10.0, drug_to_antibody=4.0, released_fraction=0.5, cells_per_L=2e11)))
    60221
    """
    amount = not_negative("internalised_nmol_L", internalised_nmol_L)
    ratio = float(positive("drug_to_antibody", drug_to_antibody))
    free = float(probability("released_fraction", released_fraction))
    density = positive("cells_per_L", cells_per_L)
    broadcastable("internalised_nmol_L and cells_per_L", amount, density)
    return amount * PER_NMOL * ratio * free / density


def bystander_payload(
    centre_um: ArrayLike,
    payload: ArrayLike,
    *,
    length_um: float,
    leaving_fraction: float,
    cell_volume_um3: float,
    box_um: ArrayLike | None = None,
) -> FloatArray:
    """Return payload molecules in each cell after a part has moved between cells, shape (n,).

    A share of each cell's payload leaves it and is taken up again: by the cell itself within its
    own volume, by cell j at distance r with probability V F e^(−r/λ)/(4πλ²r), F the mean over
    its sphere; what is left is taken up by tissue that is not a cell of the list, or lost at
    its edge. Uptake is by volume and the same in all cells, antigen or not.

    Args:
        centre_um: shape (n, 3), µm.
        payload: molecules set free in each cell, ≥ 0, shape (n,); 0 in antigen-negative ones.
        length_um: λ > 0, µm.
        leaving_fraction: share of payload that crosses the cell's membrane, 0 … 1.
        cell_volume_um3: tissue volume per cell, > 0, µm³.
        box_um: edges of a periodic box, shape (3,), µm; None for open space.

    Raises:
        InputError: shapes that do not fit, two cells at one place, cells outside the box.

    The sum over pairs is `dose.crossfire`, right to 1e-3 of a pair.
    """
    centres, amount = finite("centre_um", centre_um), not_negative("payload", payload)
    if centres.ndim != 2 or centres.shape[1] != 3 or amount.shape != centres.shape[:1]:
        raise InputError(
            f"centre_um has shape {centres.shape} and payload {amount.shape}; give (n, 3) and (n,)"
        )
    length = float(positive("length_um", length_um))
    leaving = float(probability("leaving_fraction", leaving_fraction))
    volume = float(positive("cell_volume_um3", cell_volume_um3))
    box = None if box_um is None else positive("box_um", box_um)
    released = leaving * amount
    got = _uptake(centres, released, length, volume, box)
    return amount - released + own_uptake(length, volume) * released + got


def own_uptake(length_um: float, cell_volume_um3: float) -> float:
    """Return the share of what leaves a point that the sphere of a cell around it takes up.

    1 − (1 + a/λ) e^(−a/λ) with a the radius of the cell's volume.
    """
    x = _cell_radius_um(cell_volume_um3) / length_um
    return float(-np.expm1(-x) - x * np.exp(-x))


def neighbour_uptake(
    distance_um: ArrayLike, *, length_um: float, cell_volume_um3: float
) -> FloatArray:
    """Return the share of what leaves a point that a cell at a distance takes up.

    V e^(−r/λ)/(4πλ²r) × 3 (x cosh x − sinh x)/x³, x = a/λ; r at least the radius a.
    """
    r = positive("distance_um", distance_um)
    x = _cell_radius_um(cell_volume_um3) / length_um
    return _form(x) * cell_volume_um3 * np.exp(-r / length_um) / (4.0 * np.pi * length_um**2 * r)


def payload_log_survival(
    molecules: ArrayLike,
    *,
    model: KillModel,
    half_molecules: ArrayLike,
    hill: ArrayLike | None = None,
    most_killed: float | None = None,
) -> FloatArray:
    """Return ln S of cells by their payload.

    Args:
        molecules: per cell, ≥ 0, shape (…).
        model: "log_linear" is S = 2^(−N/N½); "hill" is S = 1 − E N^h/(N½^h + N^h).
        half_molecules: N½ > 0, molecules per cell that leave half ("hill": half of the effect).
        hill: h > 0, for "hill".
        most_killed: E, 0 … below 1, the largest share killed at any payload, for "hill".

    Raises:
        InputError: what the model needs is not given, or out of range.

    >>> float(np.exp(payload_log_survival([2e5], model="log_linear", half_molecules=1e5))[0])
    0.25
    """
    n = not_negative("molecules", molecules)
    half = positive("half_molecules", half_molecules)
    broadcastable("molecules and half_molecules", n, half)
    if model == "log_linear":
        return -np.log(2.0) * n / half
    if model != "hill":
        raise InputError(f"model {model!r} is not known; 'log_linear' or 'hill'")
    if hill is None or most_killed is None:
        raise InputError("model 'hill' needs hill and most_killed; no value is shipped")
    power, most = positive("hill", hill), float(probability("most_killed", most_killed))
    if most >= 1.0:
        raise InputError("most_killed must be below 1: a tail survives every payload")
    ratio = (n / half) ** power
    return np.log1p(-most * ratio / (1.0 + ratio))


def _cell_radius_um(volume_um3: float) -> float:
    return float(np.cbrt(3.0 * volume_um3 / (4.0 * np.pi)))


def _form(x: float) -> float:
    """Return 3 (x cosh x − sinh x)/x³; for small x, where that cancels, 1 + x²/10 to 4e-11."""
    if x < 1e-2:
        return 1.0 + x * x / 10.0
    return float(3.0 * (x * np.cosh(x) - np.sinh(x)) / x**3)


def _uptake(
    centres: FloatArray,
    released: FloatArray,
    length: float,
    volume: float,
    box: FloatArray | None,
) -> FloatArray:
    """Return what each cell gets from all others."""
    from ligandose.dose import PairKernel, crossfire

    reach = REACH_LENGTHS * length
    distance = np.geomspace(LEAST_RADII * _cell_radius_um(volume), reach, POINTS)
    share = neighbour_uptake(distance, length_um=length, cell_volume_um3=volume)
    kernel = PairKernel(distance, share)
    return crossfire(centres, centres, released, kernel, box_um=box, same=True, tolerance=TOLERANCE)
