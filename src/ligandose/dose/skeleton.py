"""Where the energy goes in a skeleton that the phantom knows as homogeneous bones.

Photons, and electrons from outside: the dose to a bone of the phantom times the ratio of mass
energy-absorption coefficients of the tissue over the homogeneous skeleton, averaged over the
photon spectrum that a source in the body makes there (`scripts/build_skeleton_photons.py`); active
marrow takes the mean over bones weighted with its own distribution (M. Cristy 1981,
doi:10.1088/0031-9155/26/3/003, as in ICRP-89), endosteum the mean over bones, as MIRD pamphlet 5
and ORNL/TM-8381 suggest for endosteal cells ("skeleton").

Charged particles from sources in the skeleton: absorbed fractions of ICRP Publication 30, part 1,
table 7.4, with the mass of endosteum that belongs to them (10 µm). What they do not give to marrow
and endosteum stays in the mineral bone of the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.regions import parameter
from ligandose.errors import DataError
from ligandose.evidence import read_table

FloatArray = NDArray[np.float64]
BONE = "bone"
MARROW, ENDOSTEUM = "red_marrow", "endosteum"
TRABECULAR, CORTICAL = "bone_trabecular", "bone_cortical"
SURFACE = "_surface"
SKELETAL_SOURCES = (
    TRABECULAR,
    CORTICAL,
    TRABECULAR + SURFACE,
    CORTICAL + SURFACE,
    ENDOSTEUM,
    MARROW,
)
SKELETAL_TARGETS = (MARROW, ENDOSTEUM, TRABECULAR, CORTICAL)
OMISSIONS = (
    "Skeleton: charged particles by the absorbed fractions of ICRP-30; the self-dose of active "
    "marrow takes no account of what fat and bone absorb (an upper bound at high energy).",
    "Skeleton: marrow and mineral bone share the photon fluence of homogeneous bones; "
    "photoelectrons of trabeculae that enhance the marrow dose (up to about 10 % near 50 keV, "
    "King and Spiers 1985) are left out.",
)


@dataclass(frozen=True, slots=True)
class _Row:
    source: str
    target: str
    particle: str
    low_MeV: float
    high_MeV: float
    fraction: float


@cache
def _rows() -> tuple[_Row, ...]:
    return tuple(
        _Row(
            r["source_region"],
            r["target_region"],
            r["particle"],
            float(r["low_MeV"]),
            float(r["high_MeV"]),
            float(r["absorbed_fraction"]),
        )
        for r in read_table("dose_skeleton.csv")
    )


def is_bone(region: str) -> bool:
    """Say whether a region of a phantom is a bone or the skeleton as a whole."""
    return region == BONE or (
        region.startswith(BONE + "_") and region.removesuffix(SURFACE) not in (TRABECULAR, CORTICAL)
    )


def marrow_shares(bones: tuple[str, ...]) -> dict[str, float]:
    """Return the share of the active marrow in each of the bones of a phantom.

    Raises:
        DataError: bones that do not hold the whole skeleton.
    """
    table = {r["region"]: float(r["active_marrow_share"]) for r in read_table(MARROW_TABLE)}
    shares = {b: table[b] for b in bones if b in table}
    missing = sum(table.values()) - sum(shares.values())
    if missing > 1e-9:
        if BONE not in bones:
            raise DataError(f"{MARROW_TABLE}: the phantom has no bone for {missing:.1%} of marrow")
        shares[BONE] = missing
    total = sum(shares.values())
    return {b: share / total for b, share in shares.items()}


MARROW_TABLE = "dose_skeleton_marrow.csv"


def charged_fraction(source: str, target: str, particle: str, energy_MeV: FloatArray) -> FloatArray:
    """Return the absorbed fraction of charged particles between tissues of the skeleton.

    Args:
        source: one of SKELETAL_SOURCES; endosteum is half trabecular, half cortical surface.
        target: one of SKELETAL_TARGETS.
        particle: "alpha" or "electron".
        energy_MeV: (n,) energies.

    Returns:
        (n,) fractions. Active marrow gives endosteum a dose, not a fraction: see
        `marrow_to_endosteum_dose_ratio`; the fraction here is 0.
    """
    if source == ENDOSTEUM:
        halves = [
            charged_fraction(s + SURFACE, target, particle, energy_MeV)
            for s in (TRABECULAR, CORTICAL)
        ]
        return 0.5 * (halves[0] + halves[1])
    if target in (TRABECULAR, CORTICAL):
        if source.removesuffix(SURFACE) != target:
            return np.zeros_like(energy_MeV)
        given = [charged_fraction(source, t, particle, energy_MeV) for t in (MARROW, ENDOSTEUM)]
        return 1.0 - given[0] - given[1]
    fraction = np.zeros_like(energy_MeV)
    for row in _rows():  # rising energies: where two rows meet, the upper one counts
        if (row.source, row.target, row.particle) == (source, target, particle):
            here = (energy_MeV >= row.low_MeV) & (energy_MeV <= row.high_MeV)
            fraction = np.where(here, row.fraction, fraction)
    return fraction


def marrow_to_endosteum_dose_ratio() -> float:
    """Return the dose of charged particles of marrow sources to endosteum over that to marrow."""
    return parameter("skeleton", "marrow_to_endosteum_dose_ratio")


@cache
def _photon_table() -> tuple[FloatArray, dict[str, FloatArray]]:
    rows = read_table("dose_skeleton_photons.csv")
    energy = np.array([float(r["energy_MeV"]) for r in rows])
    return energy, {t: np.array([float(r[t]) for r in rows]) for t in ("red_marrow", "mineral")}


def photon_dose_ratio(target: str, energy_MeV: FloatArray) -> FloatArray:
    """Return dose to a tissue of the skeleton over dose to the homogeneous bone around it.

    Args:
        target: one of SKELETAL_TARGETS.
        energy_MeV: (n,) energies of emission.

    Returns:
        (n,) ratios; 1 for endosteum.
    """
    if target == ENDOSTEUM:
        return np.ones_like(energy_MeV)
    energy, ratios = _photon_table()
    column = ratios["red_marrow" if target == MARROW else "mineral"]
    return np.interp(np.log(energy_MeV), np.log(energy), column)
