"""Voxel doses by Monte Carlo in the patient's own densities and media.

The engine of `transport` follows photons to 1 keV and electrons above 50 keV. Alphas, electrons and
photons are runs of their own, so that each radiation has its dose; decays inside and outside of the
voxels that matter are runs of their own too, so that histories go where the uncertainty arises
(stratified sampling). How many each takes follows from a first run that is thrown away: numbers of
histories that do not depend on the tally keep it free of bias.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.curves import JOULE_PER_KEV
from ligandose.dose.voxel_checks import TISSUE_FROM_G_CM3
from ligandose.dose.voxel_dose import VoxelDose
from ligandose.dose.voxel_kernel import ChainLines, chain_lines
from ligandose.dose.voxel_media import VoxelMedia, transport_regions, voxel_media
from ligandose.dose.voxel_water import KG_PER_MM3_WATER, absorbed_J, kernel_dose
from ligandose.errors import InputError
from ligandose.transport import (
    PRESETS,
    Emissions,
    Medium,
    Problem,
    Space,
    problem,
    run,
    voxel_space,
)
from ligandose.transport.problems import PARTICLE_KINDS

Values = NDArray[np.float32]
Mask = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Sides = tuple[float, float, float]

ELECTRON_CUTOFF_KEV = 50.0
"""43 um of water: an electron below it stays where it is."""
PILOT = 200_000
FEWEST, MOST = 20_000, 20_000_000_000
ROOM = 1.1
"""More histories than the first run asks for: its uncertainty is itself uncertain."""
COST = {"alpha": 0.5, "electron": 1.0, "photon": 1.5}
"""Time of a history, about; fixed, so that the numbers do not depend on the machine."""
RADIATIONS = ("alpha", "electron", "photon")
HOT_SHARE = 0.1
STREAMS = 16
"""Each run has a seed of its own: six at most, and that of the first run."""
MOST_SEED = 2**58


@dataclass(frozen=True)
class _Stratum:
    """Decays of one radiation in one part of the image: a problem, and primaries in the image."""

    kind: str
    problem: Problem
    primaries: float


def monte_carlo_dose(
    decays: Values,
    *,
    nuclide: str,
    sides_mm: Sides,
    density_g_cm3: Values,
    progeny: bool,
    horizon_s: float | None,
    media: VoxelMedia | None,
    where: Mask | None,
    uncertainty: float | None,
    histories: int | None,
    seed: int,
    threads: int | None,
    progress: Callable[[int, int], None] | None,
) -> VoxelDose:
    """Return doses by Monte Carlo; arguments and errors as `voxel_dose`."""
    if histories is None and (uncertainty is None or not 0.0 < uncertainty < 1.0):
        raise InputError(f"uncertainty is {uncertainty}; give 0 to 1, or a number of histories")
    if histories is not None and not FEWEST <= histories <= MOST:
        raise InputError(f"histories is {histories}; allowed are {FEWEST} to {MOST}")
    if not 0 <= seed <= MOST_SEED:
        raise InputError(f"seed is {seed}; give a whole number from 0 to {MOST_SEED}")
    tissue = density_g_cm3 >= TISSUE_FROM_G_CM3
    wanted = _hottest(decays) if where is None else where
    wanted = wanted & tissue
    if not wanted.any():
        raise InputError("where holds no voxel of tissue; give a region within the body")
    lines = chain_lines(nuclide, progeny=progeny, horizon_s=horizon_s)
    space = _space(density_g_cm3, sides_mm, media)
    strata = _strata(space, lines, decays, wanted)
    kg = density_g_cm3 * np.float32(float(np.prod(sides_mm)) * KG_PER_MM3_WATER)
    per_kg = np.zeros_like(kg)
    np.divide(np.float32(1.0), kg, out=per_kg, where=tissue)
    expected = kernel_dose(
        decays, nuclide=nuclide, sides_mm=sides_mm, density_g_cm3=density_g_cm3, progeny=progeny,
        horizon_s=horizon_s, threads=threads,
    ).dose_Gy[wanted].astype(np.float64)  # fmt: skip
    numbers = _allocate(strata, expected, wanted, per_kg, seed, threads, uncertainty, histories)
    doses: dict[str, Values] = {}
    variance = np.zeros(decays.shape, dtype=np.float32)
    done = 0
    for place, (stratum, number) in enumerate(zip(strata, numbers, strict=True)):
        mean, sd, followed = _dose(stratum, number, STREAMS * seed + place, threads, per_kg)
        if stratum.kind in doses:
            doses[stratum.kind] += mean
        else:
            doses[stratum.kind] = mean
        variance += sd * sd
        done += followed
        if progress is not None:
            progress(done, max(done, sum(numbers)))
    total = sum(doses.values(), np.zeros(decays.shape, dtype=np.float32))
    sd_Gy = np.sqrt(variance)
    decayed = float(decays.sum(dtype=np.float64))
    return VoxelDose(
        engine="mc",
        nuclide=lines.name,
        with_progeny=progeny,
        spacing_mm=sides_mm,
        dose_Gy=total,
        by_radiation=doses,
        sd_Gy=sd_Gy,
        emitted_J={k: v * decayed * JOULE_PER_KEV for k, v in lines.emitted_keV.items()},
        absorbed_J={k: absorbed_J(v, density_g_cm3, sides_mm) for k, v in doses.items()},
        histories=done,
        median_relative_sd=_median_relative(total, sd_Gy, wanted),
        left_out=(
            f"electrons below {ELECTRON_CUTOFF_KEV:g} keV stay where they are; positrons end where "
            "electrons would, their photons start where the decay was",
            "what comes back from beyond the image; activity within a voxel is taken as uniform",
        ),
    )


def _hottest(decays: Values) -> Mask:
    """Return the voxels with the most decays that hold HOT_SHARE of all."""
    flat: Values = np.sort(decays.ravel())[::-1]
    total: FloatArray = np.cumsum(flat, dtype=np.float64)
    last = int(np.count_nonzero(total < HOT_SHARE * float(total[-1])))
    return decays >= flat[min(last, flat.size - 1)]


def _space(density_g_cm3: Values, sides_mm: Sides, media: VoxelMedia | None) -> Space:
    chosen = voxel_media(density_g_cm3) if media is None else media
    regions = transport_regions(density_g_cm3, chosen)
    named = {
        i: (f"{name} {i}", Medium(name, float(density)))
        for i, (name, density) in enumerate(zip(regions.medium, regions.density_g_cm3, strict=True))
    }
    return voxel_space(regions.label, spacing_mm=sides_mm, media=named)


def _strata(space: Space, lines: ChainLines, decays: Values, wanted: Mask) -> list[_Stratum]:
    """Return the runs: each radiation, from the voxels that matter and from the others."""
    inside, outside = np.where(wanted, decays, 0.0), np.where(wanted, 0.0, decays)
    places = [part for part in (inside, outside) if part.max() > 0.0]
    found: list[_Stratum] = []
    for kind, emissions in _emissions(lines).items():
        for part in places:
            made = problem(
                space, emissions, weight=part, by_voxel=True, electrons=ELECTRON_CUTOFF_KEV,
                settings=PRESETS["fast"],
            )  # fmt: skip
            number = float(part.sum(dtype=np.float64)) * emissions.number_per_decay
            found.append(_Stratum(kind, made, number))
    return found


def _emissions(lines: ChainLines) -> dict[str, Emissions]:
    """Return primaries by radiation; recoil nuclei go with the alphas, which they barely outrun."""
    found: dict[str, Emissions] = {}
    for kind in RADIATIONS:
        part = {"alpha": lines.alpha, "electron": lines.electron, "photon": lines.photon}[kind]
        energy, amount = part.energy_keV, part.yield_per_decay
        if kind == "alpha" and lines.recoil_keV > 0.0:
            # as one line of the mean energy per decay: it stays where it is anyway
            energy = np.append(energy, lines.recoil_keV)
            amount = np.append(amount, 1.0)
        if energy.size:
            kinds = np.full(energy.size, PARTICLE_KINDS[kind])
            found[kind] = Emissions(kinds, energy, energy, amount)
    return found


def _dose(
    stratum: _Stratum, histories: int, seed: int, threads: int | None, per_kg: Values
) -> tuple[Values, Values, int]:
    """Return dose and standard error by voxel, and the histories followed."""
    found = run(stratum.problem, histories=histories, seed=seed, threads=threads)
    factor = stratum.primaries * JOULE_PER_KEV
    mean, sd = (
        (values * factor).astype(np.float32).reshape(per_kg.shape, order="F") * per_kg
        for values in (found.deposited_keV, found.sd_keV)
    )
    return mean, sd, found.histories


def _allocate(
    strata: list[_Stratum],
    expected: FloatArray,
    wanted: Mask,
    per_kg: Values,
    seed: int,
    threads: int | None,
    uncertainty: float | None,
    histories: int | None,
) -> list[int]:
    """Return histories by stratum: in proportion to the spread over the root of the cost.

    The variance of a history in a voxel goes as the dose there (hits are rare and independent), so
    one factor per stratum, over all voxels that matter, follows from few histories; the doses
    `expected` there are those of the kernel engine. For the proportion: W. G. Cochran, Sampling
    Techniques, 1977, section 5.5.
    """
    if not float(expected.max()) > 0.0:
        raise InputError("where gets no dose; give voxels with activity in them or near by")
    pilot = PILOT if histories is None else int(np.clip(histories // 5, FEWEST, PILOT))
    factors: list[float] = []
    for stratum in strata:
        _, sd, followed = _dose(stratum, pilot, STREAMS * seed + STREAMS - 1, threads, per_kg)
        variance = followed * float((sd[wanted].astype(np.float64) ** 2).sum())
        factors.append(variance / float(expected.sum()))
    if not max(factors) > 0.0:
        raise InputError("where was not met in the first run; give voxels nearer to the activity")
    factor = np.maximum(np.array(factors), 1e-12 * max(factors))
    share = np.sqrt(factor / np.array([COST[s.kind] for s in strata]))
    if histories is not None:
        number = histories / float(share.sum())
    else:
        assert uncertainty is not None
        middle = float(np.median(1.0 / expected[expected > 0.0]))
        number = ROOM * float((factor / share).sum()) * middle / uncertainty**2
    return [int(np.clip(n, FEWEST, MOST)) for n in number * share]


def _median_relative(dose: Values, sd: Values, wanted: Mask) -> float:
    mean, error = dose[wanted], sd[wanted]
    some = mean > 0.0
    relative = np.full(mean.shape, np.inf)
    np.divide(error, mean, out=relative, where=some)
    return float(np.median(relative))
