"""How photons interact with the shipped media: coefficients, scattering functions, energy transfer.

Tables by element (`photon_cross_sections.csv`, `photon_form_factors.csv`, `fluorescence.csv`;
made by `scripts/build_cross_sections.py` from xraylib and XCOM), mixed by mass fraction. Between
grid points logarithms are linear in the logarithm of energy. Energies in keV, coefficients in
cm2/g; all functions take arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError
from ligandose.evidence import read_table
from ligandose.transport.materials import elements, material
from ligandose.transport.stopping import ELECTRON_RANGE_KEV, ELECTRON_REST_KEV, radiation_yield

FloatArray = NDArray[np.float64]

PHOTON_RANGE_KEV = (1.0, 10_000.0)
PAIR_THRESHOLD_KEV = 2 * ELECTRON_REST_KEV
TRIPLET_THRESHOLD_KEV = 4 * ELECTRON_REST_KEV
_COLUMNS = ("photoelectric", "incoherent", "coherent", "pair", "triplet")


@dataclass(frozen=True)
class PhotonCoefficients:
    """Partial mass attenuation coefficients of a medium, cm2/g, each in the shape of the energies.

    `pair` includes production in the field of the electrons (triplet).
    """

    photoelectric: FloatArray
    incoherent: FloatArray
    coherent: FloatArray
    pair: FloatArray

    @property
    def total(self) -> FloatArray:
        """Sum of the four."""
        return self.photoelectric + self.incoherent + self.coherent + self.pair


@dataclass(frozen=True)
class PhotonForms:
    """Angular functions of a medium against x = sin(θ/2)/λ.

    Attributes:
        x_per_angstrom: (n,) rising from 0 to 1000.
        incoherent: (n,) incoherent scattering function per electron, S(x)/Z, 0 to 1.
        coherent: (n,) squared form factor of the mixture over its value at x = 0.
    """

    x_per_angstrom: FloatArray
    incoherent: FloatArray
    coherent: FloatArray


@dataclass(frozen=True)
class Fluorescence:
    """K fluorescence of one element.

    Attributes:
        z: charge number.
        edge_keV: K edge.
        k_share: share of photoelectric absorptions above the edge that take a K electron.
        k_yield: share of K vacancies filled with emission of a photon.
        line_keV: (n,) energies of the lines.
        line_share: (n,) their shares of the emitted photons, adding up to one.
    """

    z: int
    edge_keV: float
    k_share: float
    k_yield: float
    line_keV: FloatArray
    line_share: FloatArray

    @property
    def mean_emitted_keV(self) -> float:
        """Mean energy emitted per photoelectric absorption above the edge."""
        mean = float(np.sum(self.line_share * self.line_keV))
        return self.k_share * self.k_yield * mean


@dataclass(frozen=True)
class _ElementTable:
    log_e: FloatArray
    logs: FloatArray  # (5, n); pair and triplet without their threshold factors
    transfer: FloatArray


def _threshold(energy_keV: FloatArray, threshold_keV: float) -> FloatArray:
    return np.clip(1 - threshold_keV / energy_keV, 0.0, None) ** 3


@cache
def _tables() -> dict[int, _ElementTable]:
    rows: dict[int, list[list[float]]] = {}
    names = ("energy_keV", *(f"{n}_cm2_g" for n in _COLUMNS), "incoherent_transfer")
    for row in read_table("photon_cross_sections.csv"):
        rows.setdefault(int(row["z"]), []).append([float(row[n]) for n in names])
    return {z: _element_table(np.array(r)) for z, r in rows.items()}


def _element_table(rows: FloatArray) -> _ElementTable:
    e, values = rows[:, 0], rows[:, 1:6].T.copy()
    # divided by (1 - threshold/E)^3 pair and triplet are smooth down to their thresholds
    for i, threshold in ((3, PAIR_THRESHOLD_KEV), (4, TRIPLET_THRESHOLD_KEV)):
        factor = _threshold(e, threshold)
        open_ = (factor > 0) & (values[i] > 0)
        values[i][open_] /= factor[open_]
        values[i][~open_] = values[i][open_][0]
    return _ElementTable(np.log(e), np.log(values), rows[:, 6])


def _energies(energy_keV: ArrayLike) -> FloatArray:
    e = np.asarray(energy_keV, dtype=np.float64)
    low, high = PHOTON_RANGE_KEV
    bad = ~((e >= low * (1 - 1e-9)) & (e <= high * (1 + 1e-9)))
    if bad.any():
        raise InputError(
            f"photon energy {e[bad].flat[0]:g} keV is outside the tables, allowed {low:g} to "
            f"{high:g} keV; absorb softer photons where they are"
        )
    return e


def _element_coefficients(z: int, e: FloatArray) -> FloatArray:
    table = _tables()[z]
    log_e = np.log(e)
    out: FloatArray = np.empty((len(_COLUMNS), *e.shape))
    for i in range(len(_COLUMNS)):
        row: FloatArray = table.logs[i]
        out[i] = np.exp(np.interp(log_e, table.log_e, row))
    out[3] *= _threshold(e, PAIR_THRESHOLD_KEV)
    out[4] *= _threshold(e, TRIPLET_THRESHOLD_KEV)
    return out


def photon_coefficients(name: str, energy_keV: ArrayLike) -> PhotonCoefficients:
    """Return the partial mass attenuation coefficients of a medium.

    Args:
        name: medium.
        energy_keV: photon energies, 1 keV to 10 MeV, any shape.

    Raises:
        UnknownNameError: medium not known.
        InputError: an energy outside the range, or not a number.
    """
    e = _energies(energy_keV)
    total = np.zeros((5, *e.shape))
    for z, w in material(name).composition:
        total += w * _element_coefficients(z, e)
    return PhotonCoefficients(total[0], total[1], total[2], total[3] + total[4])


def mass_attenuation(name: str, energy_keV: ArrayLike) -> FloatArray:
    """Return μ/ρ of a medium with coherent scattering; arguments as `photon_coefficients`."""
    return photon_coefficients(name, energy_keV).total


def photoelectric_shares(name: str, energy_keV: ArrayLike) -> tuple[tuple[int, ...], FloatArray]:
    """Return the elements of a medium and their shares of the photoelectric absorptions.

    Returns:
        Charge numbers, and an array (elements, *energies) that adds up to one over the first axis.
    """
    e = _energies(energy_keV)
    medium = material(name)
    parts = np.stack([w * _element_coefficients(z, e)[0] for z, w in medium.composition])
    return tuple(z for z, _ in medium.composition), parts / parts.sum(axis=0)


@cache
def _form_table() -> tuple[FloatArray, dict[int, FloatArray]]:
    rows: dict[int, list[tuple[float, float, float]]] = {}
    for row in read_table("photon_form_factors.csv"):
        rows.setdefault(int(row["z"]), []).append(
            (
                float(row["x_per_angstrom"]),
                float(row["incoherent_function"]),
                float(row["form_factor"]),
            )
        )
    arrays = {z: np.array(r).T for z, r in rows.items()}
    return next(iter(arrays.values()))[0], {z: a[1:] for z, a in arrays.items()}


def photon_forms(name: str) -> PhotonForms:
    """Return the incoherent scattering function and squared form factor of a medium.

    Independent atoms: S and F² are added with the number of atoms. Interference between
    neighbouring molecules (below x = 0.2 per Ångström) is left out.

    Raises:
        UnknownNameError: medium not known.
    """
    x, table = _form_table()
    s, f2 = np.zeros_like(x), np.zeros_like(x)
    electrons = squared = 0.0
    for z, w in material(name).composition:
        atoms = w / elements()[z].atomic_weight
        s += atoms * table[z][0]
        f2 += atoms * table[z][1] ** 2
        electrons += atoms * z
        squared += atoms * z * z
    return PhotonForms(x.copy(), np.clip(s / electrons, 0.0, 1.0), f2 / squared)


@cache
def fluorescence() -> dict[int, Fluorescence]:
    """Return the K fluorescence of the elements from sodium on, by charge number."""
    rows: dict[int, list[dict[str, str]]] = {}
    for row in read_table("fluorescence.csv"):
        rows.setdefault(int(row["z"]), []).append(row)
    out: dict[int, Fluorescence] = {}
    for z, lines in rows.items():
        share = np.array([float(r["line_share"]) for r in lines])
        first = lines[0]
        out[z] = Fluorescence(
            z=z,
            edge_keV=float(first["edge_keV"]),
            k_share=float(first["k_share"]),
            k_yield=float(first["k_yield"]),
            line_keV=np.array([float(r["line_keV"]) for r in lines]),
            line_share=share / share.sum(),
        )
    return out


def _transfer_parts(name: str, e: FloatArray, above_keV: float) -> FloatArray:
    """μ_tr/ρ by process: photoelectric, incoherent, pair (with triplet)."""
    parts = np.zeros((3, *e.shape))
    for z, w in material(name).composition:
        c = w * _element_coefficients(z, e)
        kept = np.ones(e.shape)
        line = fluorescence().get(z)
        if line is not None and line.edge_keV >= above_keV:
            kept -= np.where(e > line.edge_keV, line.mean_emitted_keV / e, 0.0)
        table = _tables()[z]
        parts[0] += c[0] * kept
        parts[1] += c[1] * np.interp(np.log(e), table.log_e, table.transfer)
        parts[2] += (c[3] + c[4]) * np.maximum(1 - PAIR_THRESHOLD_KEV / e, 0.0)
    return parts


def mean_photon_transfer(
    name: str, energy_keV: ArrayLike, *, fluorescence_above_keV: float = 0.0
) -> FloatArray:
    """Return μ_tr/ρ, cm2/g: times photon energy and fluence it is the mean energy transferred.

    The mean of what the transport samples: photoelectric, energy less the mean K fluorescence;
    incoherent, Klein-Nishina times S(x) with free kinematics; pair, energy less 2 mc².

    Args:
        name: medium.
        energy_keV: photon energies, 1 keV to 10 MeV, any shape.
        fluorescence_above_keV: elements with a K edge below this keep their fluorescence; give
            the same number as the transport uses.

    Raises:
        UnknownNameError: medium not known.
        InputError: an energy outside the range.
    """
    return _transfer_parts(name, _energies(energy_keV), fluorescence_above_keV).sum(axis=0)


def mass_energy_absorption(name: str, energy_keV: ArrayLike) -> FloatArray:
    """Return μ_en/ρ, cm2/g: μ_tr/ρ less what the secondary electrons radiate.

    The radiated share is the radiation yield averaged over photo-, Compton (Klein-Nishina) and
    pair electrons (both of a pair alike, energies uniform). Annihilation in flight is left out:
    it takes less than 1 % at 10 MeV. Arguments and errors as `photon_coefficients`.
    """
    e = _energies(energy_keV)
    parts = _transfer_parts(name, e, 0.0)
    medium = material(name).name
    kept = np.stack([_photo_kept(medium, e), _compton_kept(medium, e), _pair_kept(medium, e)])
    return (parts * kept).sum(axis=0)


def _yield(name: str, energy_keV: FloatArray) -> FloatArray:
    low, high = ELECTRON_RANGE_KEV
    return radiation_yield(name, np.clip(energy_keV, low, high))


def _photo_kept(name: str, e: FloatArray) -> FloatArray:
    return 1 - _yield(name, e)


_GAUSS = np.polynomial.legendre.leggauss(24)
_NODE, _WEIGHT = 0.5 * (_GAUSS[0] + 1), 0.5 * _GAUSS[1]


def _compton_kept(name: str, e: FloatArray) -> FloatArray:
    alpha = e[..., None] / ELECTRON_REST_KEV
    versine = 2 * _NODE
    ratio = 1 / (1 + alpha * versine)
    energy = e[..., None] * (1 - ratio)
    p = _WEIGHT * ratio**2 * (ratio + 1 / ratio - 1 + (1 - versine) ** 2) * energy
    return 1 - np.sum(p * _yield(name, energy), axis=-1) / np.sum(p, axis=-1)


def _pair_kept(name: str, e: FloatArray) -> FloatArray:
    shared = np.maximum(e - PAIR_THRESHOLD_KEV, 1.0)[..., None] * _NODE
    return 1 - np.sum(_WEIGHT * _NODE * _yield(name, shared), axis=-1) / np.sum(_WEIGHT * _NODE)
