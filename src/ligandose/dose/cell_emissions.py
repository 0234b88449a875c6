"""What a decay at a point deposits within a distance, with the progeny that stays there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.regions import parameter
from ligandose.errors import InputError, UnknownNameError
from ligandose.nuclides import (
    Lines,
    alpha_lines,
    beta_bins,
    decay_chain,
    electron_lines,
    lines,
    nuclide,
    photon_lines,
    recoil_lines,
)
from ligandose.transport import radial_kernel

if TYPE_CHECKING:
    from ligandose.transport import RadialKernel

FloatArray = NDArray[np.float64]

ELECTRONS = ("cascade", "evaluated")
KEV_PER_MEV = 1000.0
BETA_BINS = 200
NEGLIGIBLE = 1e-9
"""Decays of a member per decay of the parent that are not worth a kernel."""


@dataclass(frozen=True)
class LineList:
    """Emissions per decay as given by a reader or a publication: (n,) energies and yields.

    Attributes:
        energy_keV: kinetic or photon energies.
        yield_per_decay: particles per decay.
    """

    energy_keV: FloatArray
    yield_per_decay: FloatArray

    @property
    def energy_MeV(self) -> FloatArray:
        """(n,) the same energies in MeV."""
        return self.energy_keV / KEV_PER_MEV

    def __post_init__(self) -> None:
        energy, amount = self.energy_keV, self.yield_per_decay
        if energy.ndim != 1 or energy.shape != amount.shape:
            raise InputError(
                f"energy_keV has shape {energy.shape} and yield_per_decay {amount.shape}; "
                "two rows of one length are wanted"
            )
        good = np.isfinite(energy) & (energy > 0.0) & np.isfinite(amount) & (amount >= 0.0)
        if not np.all(good):
            at = int(np.flatnonzero(~good)[0])
            raise InputError(
                f"line {at}: energy {energy[at]} keV, yield {amount[at]}; energies must be "
                "positive and yields not negative"
            )


def cell_kernel(
    name: str,
    *,
    progeny: bool = True,
    retained: float | Mapping[str, float] = 1.0,
    electrons: str = "cascade",
    horizon_s: float | None = None,
) -> RadialKernel:
    """Return the radial kernel of a nuclide, per decay of it.

    Args:
        name: any usual spelling.
        progeny: whether its progeny decays where it did.
        retained: fraction of the daughters that stay where the parent decayed: one number for
            the direct daughters (what stays keeps all of its own progeny), or a mapping from
            members of the chain to the fraction of their atoms that stay when they arise (1 where
            not named). What is lost takes its own progeny along and deposits nothing here.
        electrons: "cascade": Auger electrons and X rays of the vacancy cascade, conversion
            electrons by subshell; "evaluated": the lumped lines of the evaluation.
        horizon_s: progeny that decays later after its parent is not counted; default the shipped
            commitment period of 50 years.

    Raises:
        UnknownNameError: an unknown nuclide, member or choice of electrons.
        InputError: a retained fraction outside 0 to 1, a horizon that is not positive, a nuclide
            without emissions.
    """
    if electrons not in ELECTRONS:
        raise UnknownNameError("choice of electrons", electrons, ELECTRONS)
    counts = members_decays(name, progeny=progeny, retained=retained, horizon_s=horizon_s)
    chosen = {member: count for member, count in counts.items() if count > NEGLIGIBLE}
    emitted = [_emissions(member, electrons) for member in chosen]
    alpha, electron, photon, recoil = (
        _weighted([emissions[k] for emissions in emitted], list(chosen.values())) for k in range(4)
    )
    kernel = radial_kernel(
        alpha=alpha,
        electron=electron,
        photon=photon,
        recoil_keV=float(recoil.energy_MeV @ recoil.yield_per_decay) * KEV_PER_MEV,
    )
    if not kernel.emitted_keV.sum() > 0.0:
        raise InputError(f"{nuclide(name).name} emits nothing that the tables know")
    return kernel


def kernel_of_lines(
    *,
    alpha: LineList | None = None,
    electron: LineList | None = None,
    photon: LineList | None = None,
    recoil_keV: float = 0.0,
) -> RadialKernel:
    """Return the radial kernel of emissions that are given, such as a published list.

    Args:
        alpha, electron, photon: lines per decay; a continuous spectrum as fine bins.
        recoil_keV: energy of recoil nuclei per decay, counted with the alphas.

    Raises:
        InputError: energies outside the tables, or nothing emitted.
    """
    kernel = radial_kernel(alpha=alpha, electron=electron, photon=photon, recoil_keV=recoil_keV)
    if not kernel.emitted_keV.sum() > 0.0:
        raise InputError("no line carries energy; give at least one emission")
    return kernel


def members_decays(
    name: str,
    *,
    progeny: bool = True,
    retained: float | Mapping[str, float] = 1.0,
    horizon_s: float | None = None,
) -> dict[str, float]:
    """Return decays in place of the parent and of each member per decay of the parent.

    Arguments and errors as `cell_kernel`.

    >>> counts = members_decays("Pb-212", retained=0.5)
    >>> round(counts["Bi-212"], 6), round(counts["Po-212"], 3)
    (0.5, 0.32)
    """
    parent = nuclide(name)
    horizon = parameter("chain", "horizon") if horizon_s is None else float(horizon_s)
    if not horizon > 0.0:
        raise InputError(f"horizon_s is {horizon_s}; it must be positive")
    stay = _retained(parent.name, retained)
    counts = {parent.name: 1.0}
    if not progeny:
        return counts
    for mode in parent.modes:
        if mode.progeny is None:
            continue
        chain = decay_chain(mode.progeny)
        kept = np.array([stay.get(member, 1.0) for member in chain.members])
        yields = replace(chain, branching=chain.branching * kept[:, None]).cumulative_yield(horizon)
        for member, half_life, value in zip(chain.members, chain.half_life_s, yields, strict=True):
            if np.isfinite(half_life):
                count = mode.branching * stay.get(mode.progeny, 1.0) * float(value)
                counts[member] = counts.get(member, 0.0) + count
    return counts


def _retained(name: str, given: float | Mapping[str, float]) -> dict[str, float]:
    """Return the fractions that stay by canonical name, checked."""
    if isinstance(given, Mapping):
        chain = decay_chain(name)
        stay = {chain.members[chain.index(key)]: float(value) for key, value in given.items()}
    else:
        stay = {daughter: float(given) for daughter in nuclide(name).progeny}
        stay[name] = float(given)  # a stable end is a daughter too: the number is still checked
    for key, value in stay.items():
        if not 0.0 <= value <= 1.0:
            raise InputError(f"retained of {key} is {value}; it must be between 0 and 1")
    return stay


def _emissions(name: str, electrons: str) -> tuple[Lines, Lines, Lines, Lines]:
    """Return alphas, electrons, photons and recoil nuclei of one member, per decay of it."""
    if electrons == "cascade":
        from ligandose.nuclides import fine_electron_lines, fine_x_lines

        fine = fine_electron_lines(name)
        photon = _weighted([lines(name, ("gamma", "annihilation")), fine_x_lines(name)])
    else:
        fine = electron_lines(name)
        photon = photon_lines(name)
    electron = _weighted([beta_bins(name, bins=BETA_BINS), fine])
    return alpha_lines(name), electron, photon, recoil_lines(name)


def _weighted(parts: list[Lines], weights: list[float] | None = None) -> Lines:
    """Return lists of lines as one, each times its weight."""
    given = [1.0] * len(parts) if weights is None else weights
    energy = np.concatenate([part.energy_MeV for part in parts])
    amount = [w * part.yield_per_decay for part, w in zip(parts, given, strict=True)]
    return Lines(energy, np.concatenate(amount))
