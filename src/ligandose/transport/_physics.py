"""The interaction data of a run, packed for the kernels.

All tables of photons and electrons share one logarithmic energy grid, 100 nodes per decade from
1 keV to 10 MeV, with linear interpolation between its nodes.
"""

# kernels get their types when they are compiled
# pyright: basic

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ligandose.transport._electron_tables import ElectronSettings, electron_tables
from ligandose.transport._kernel import kernel
from ligandose.transport.materials import material
from ligandose.transport.photon_data import (
    fluorescence,
    photoelectric_shares,
    photon_coefficients,
    photon_forms,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

NODES = 401
ENERGY_KEV = np.geomspace(1.0, 1e4, NODES)
PER_E = (NODES - 1) / math.log(1e4)
X_STEP = 0.02  # 1/Angstrom
X_NODES = 1001
"""Momentum transfers up to 20 per Angstrom; beyond, electrons scatter as if free."""
LINES = 48  # all K lines of any shipped medium, the strongest first
KEV_ANGSTROM = 12.398419843  # h c
LOWEST_EDGE_KEV = 2.0
"""Fluorescence of lighter elements (sodium to silicon) travels 10 um and is deposited in place."""
PHOTON_ABSORB_KEV = 1.0
LOCAL = math.inf


class Physics(NamedTuple):
    """Interaction data by material and energy node, and cutoffs by region.

    Attributes:
        photon: (materials, nodes, 5): total (cm2/g); cumulative parts of incoherent, coherent and
            photoelectric (the rest is pair); fluorescence photons per photoelectric event.
        majorant: (nodes,) 1/cm, largest density x total of any region.
        scattering: (materials, X_NODES) S(x)/Z on a uniform grid of x.
        form: (materials, k) cumulative integral of F2 over x2, and `form_x2`: (k,) its x2.
        line: (materials, nodes, LINES) cumulative shares, `line_keV`: (materials, LINES).
        electron: (materials, nodes, columns) of `electron_tables`.
        element_share, element_z: (materials, elements) of `electron_tables`.
        electron_absorb: (regions,) keV; an electron below it is deposited where it is.
        step_loss: largest part of its energy that an electron loses in a step.
    """

    photon: FloatArray
    majorant: FloatArray
    scattering: FloatArray
    form: FloatArray
    form_x2: FloatArray
    line: FloatArray
    line_keV: FloatArray
    electron: FloatArray
    electron_absorb: FloatArray
    step_loss: float


@kernel
def node(energy):
    """Return index and fraction of an energy (keV) on the common grid."""
    p = max(0.0, math.log(energy) * PER_E)
    i = min(int(p), NODES - 2)
    return i, min(p - i, 1.0)


def physics(
    materials: Sequence[str],
    material_index: IntArray,
    density: FloatArray,
    *,
    electron_absorb_keV: FloatArray,
    settings: ElectronSettings,
) -> Physics:
    """Pack the data of `materials` for regions of given material and density (g/cm3).

    Raises:
        UnknownNameError: a material that is not in the table.
    """
    photon = np.stack([_photon_rows(name) for name in materials])
    total = density[:, None] * photon[material_index, :, 0]
    forms = [_form_rows(name) for name in materials]
    lines = [_line_rows(name) for name in materials]
    return Physics(
        photon=photon,
        majorant=total.max(axis=0),
        scattering=np.stack([f[0] for f in forms]),
        form=np.stack([f[1] for f in forms]),
        form_x2=forms[0][2],
        line=np.stack([row[0] for row in lines]),
        line_keV=np.stack([row[1] for row in lines]),
        electron=np.stack([electron_rows(name, settings) for name in materials]),
        electron_absorb=np.ascontiguousarray(electron_absorb_keV, dtype=np.float64),
        step_loss=settings.step_loss,
    )


@cache
def electron_rows(name: str, settings: ElectronSettings) -> FloatArray:
    """Return the electron tables of a material; kept, since they take a moment to make."""
    return np.ascontiguousarray(electron_tables(material(name), settings))


@cache
def _photon_rows(name: str) -> FloatArray:
    parts = photon_coefficients(name, ENERGY_KEV)
    rows = np.empty((NODES, 5))
    stacked = np.stack([parts.incoherent, parts.coherent, parts.photoelectric, parts.pair])
    total = stacked.sum(axis=0)
    rows[:, 0] = total
    rows[:, 1:4] = (np.cumsum(stacked, axis=0)[:3] / total).T
    rows[parts.pair == 0, 3] = 2.0  # so that no rounding makes a pair below the threshold
    rows[:, 4] = sum((share for _, share in _fluorescence_lines(name)), np.zeros(NODES))
    return rows


@cache
def _form_rows(name: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return S/Z on the uniform grid, cumulative F2 and its x2."""
    forms = photon_forms(name)
    x = np.arange(X_NODES) * X_STEP
    scattering = np.interp(x, forms.x_per_angstrom, forms.incoherent)
    fine = np.concatenate([[0.0], np.geomspace(2e-3, 200.0, 600)])
    f2 = np.interp(fine, forms.x_per_angstrom, forms.coherent)
    steps = 0.5 * (f2[1:] + f2[:-1]) * np.diff(fine**2)
    return scattering, np.concatenate([[0.0], np.cumsum(steps)]), fine**2


@cache
def _fluorescence_lines(name: str) -> tuple[tuple[float, FloatArray], ...]:
    """Return the strongest K lines: energy and photons per photoelectric event, by node."""
    lines: list[tuple[float, FloatArray]] = []
    elements, shares = photoelectric_shares(name, ENERGY_KEV)
    for z, share in zip(elements, shares, strict=True):
        shell = fluorescence().get(z)
        if shell is None or shell.edge_keV < LOWEST_EDGE_KEV:
            continue
        emitted = share * shell.k_share * shell.k_yield * (shell.edge_keV < ENERGY_KEV)
        pairs = zip(shell.line_keV, shell.line_share, strict=True)
        lines += [(float(energy), emitted * part) for energy, part in pairs]
    return tuple(sorted(lines, key=lambda row: -row[1].max())[:LINES])


@cache
def _line_rows(name: str) -> tuple[FloatArray, FloatArray]:
    """Return cumulative shares of the fluorescence lines and their energies."""
    shares, energies = np.zeros((NODES, LINES)), np.ones(LINES)
    for i, (energy_keV, share) in enumerate(_fluorescence_lines(name)):
        shares[:, i], energies[i] = share, energy_keV
    total = shares.sum(axis=1, keepdims=True)
    cumulative = np.cumsum(shares, axis=1)
    return np.divide(cumulative, total, out=np.ones_like(shares), where=total > 0), energies
