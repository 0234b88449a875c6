"""Emissions of a nuclide, and of its progeny, as the spectra that dose needs."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.curves import EmissionSpectrum, EnergyCurves, energy_curves
from ligandose.dose.regions import parameter
from ligandose.errors import InputError
from ligandose.nuclides import beta_spectrum, decay_chain, nuclide

FloatArray = NDArray[np.float64]

LINE_KINDS = {
    "alpha": ("alpha",),
    "electron": ("conversion", "auger"),
    "photon": ("gamma", "x", "annihilation"),
}
BETA_KINDS = ("beta-", "beta+")
NEGLIGIBLE_YIELD = 1e-9  # progeny decays per parent decay that are not worth a spectrum


def emission_spectrum(
    name: str, *, with_progeny: bool = False, horizon_s: float | None = None
) -> EmissionSpectrum:
    """Return alphas with recoil, electrons (β±, conversion, Auger) and photons of a decay.

    Args:
        name: nuclide.
        with_progeny: add the emissions of the chain, each member by the number of its decays
            within `horizon_s` after the decay of the parent.
        horizon_s: default the shipped commitment period of 50 years. It matters for chains with
            a long-lived member: Bi-207 (31.6 y) of At-211, Pm-145 (17.7 y) of Tb-149.

    Raises:
        UnknownNameError: the nuclide is not in the shipped table.
        InputError: a horizon that is not positive.
    """
    horizon = parameter("chain", "horizon") if horizon_s is None else float(horizon_s)
    if not horizon > 0:
        raise InputError(f"horizon_s is {horizon_s}; it must be positive")
    own = _single(nuclide(name).name)
    if not with_progeny:
        return own
    parts = [(own, 1.0)]
    for member, count in progeny_decays(name, horizon_s=horizon).items():
        if count > NEGLIGIBLE_YIELD:
            parts.append((_single(member), count))
    return _sum_of(f"{own.name} + progeny", parts)


@cache
def nuclide_curves(name: str, *, with_progeny: bool, horizon_s: float | None) -> EnergyCurves:
    """Return the energy that spheres absorb per decay; arguments as `emission_spectrum`."""
    return energy_curves(emission_spectrum(name, with_progeny=with_progeny, horizon_s=horizon_s))


def commitment_period_s() -> float:
    """Return the time after a decay within which the decays of its progeny count, s."""
    return parameter("chain", "horizon")


def progeny_decays(name: str, *, horizon_s: float) -> dict[str, float]:
    """Return decays of each radioactive member of the chain per decay of the parent.

    Counted from the decay of the parent to `horizon_s` later; the parent is not among them.
    """
    counts: dict[str, float] = {}
    for mode in nuclide(name).modes:
        if mode.progeny is None:
            continue
        chain = decay_chain(mode.progeny)
        yields = chain.cumulative_yield(horizon_s)
        for member, half_life, value in zip(chain.members, chain.half_life_s, yields, strict=True):
            if np.isfinite(half_life):
                counts[member] = counts.get(member, 0.0) + mode.branching * float(value)
    return counts


@cache
def _single(name: str) -> EmissionSpectrum:
    emissions = nuclide(name).emissions
    energies: list[FloatArray] = []
    yields: list[FloatArray] = []
    for kinds in LINE_KINDS.values():
        lines = [
            (e.energy_keV, e.yield_per_decay)
            for e in emissions
            if e.kind in kinds and e.yield_per_decay > 0 and e.energy_keV > 0
        ]
        table = np.array(lines, dtype=np.float64).reshape(-1, 2)
        energies.append(table[:, 0])
        yields.append(table[:, 1])
    if any(e.kind in BETA_KINDS for e in emissions):
        energy, weight = _beta_histogram(name)
        energies[1] = np.concatenate([energies[1], energy])
        yields[1] = np.concatenate([yields[1], weight])
    recoil = sum(e.energy_keV * e.yield_per_decay for e in emissions if e.kind == "recoil")
    return EmissionSpectrum(
        name=name,
        energy_keV=(energies[0], energies[1], energies[2]),
        yield_per_decay=(yields[0], yields[1], yields[2]),
        recoil_keV=float(recoil),
    )


def _beta_histogram(name: str) -> tuple[FloatArray, FloatArray]:
    """Return the beta spectrum as one line per interval that keeps number and energy."""
    spectrum = beta_spectrum(name)
    energy = np.asarray(spectrum.energy_keV, dtype=np.float64)
    density = np.asarray(spectrum.yield_per_keV, dtype=np.float64)
    width = np.diff(energy)
    number = 0.5 * (density[1:] + density[:-1]) * width
    # energy of a straight piece: ∫ E n dE by Simpson's rule, exact for it
    middle = 0.25 * (energy[1:] + energy[:-1]) * (density[1:] + density[:-1])
    ends = energy[1:] * density[1:] + energy[:-1] * density[:-1]
    carried = width * (ends + 4 * middle) / 6
    keep = number > 0
    return carried[keep] / number[keep], number[keep]


def _sum_of(name: str, parts: list[tuple[EmissionSpectrum, float]]) -> EmissionSpectrum:
    energies = [np.concatenate([s.energy_keV[k] for s, _ in parts]) for k in range(3)]
    yields = [np.concatenate([s.yield_per_decay[k] * c for s, c in parts]) for k in range(3)]
    return EmissionSpectrum(
        name=name,
        energy_keV=(energies[0], energies[1], energies[2]),
        yield_per_decay=(yields[0], yields[1], yields[2]),
        recoil_keV=sum(s.recoil_keV * c for s, c in parts),
    )
