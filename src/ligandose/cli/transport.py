"""The commands that follow particles: vsv and absorbed-fraction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ligandose.cli.documents import Wanted, computed, deliver, scientific, share, write_folder
from ligandose.cli.output import print_rows
from ligandose.cli.progress import Part
from ligandose.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from ligandose.transport import SphereFraction, VoxelKernel

FloatArray = NDArray[np.float64]

PARTICLES = ("photon", "electron", "alpha")
KINDS = ("electron", "photon", "alpha")
DEFAULT_UNCERTAINTY = 0.002
KEV_PER_MEV = 1000.0
GRAMS_PER_KG = 1000.0
MOST_ROWS = 12
NEGLIGIBLE = 1e-9
"""Progeny decays per decay of the parent that are not worth a kernel."""
MOST_HISTORIES = 50_000_000
MARGIN = 1.2
MOST_PARTICLES, FEWEST_PARTICLES, MORE = 10_000_000, 20_000, 10
VOXEL_OMISSIONS = (
    "One endless medium of one density; the bounds of organs and of the body are not seen.",
    "Photons of nuclides are followed to where they interact; what goes beyond the array is not "
    "in it (see energy_balance).",
)


@dataclass(frozen=True, slots=True)
class Run:
    """How long particles are followed, and from which seed."""

    uncertainty: float | None
    seed: int
    threads: int | None


@dataclass(frozen=True, slots=True)
class Voxels:
    """What voxels are asked for."""

    nuclide: str
    spacing_mm: tuple[float, float, float]
    medium: str
    chain: bool
    radius_mm: float | None


def show_voxel_kernel(asked: Voxels, *, run: Run, wanted: Wanted) -> None:
    """Compute voxel S values in an endless medium and show them.

    Raises:
        UnknownNameError: an unknown nuclide or medium.
        InputError: absurd voxels, a nuclide without emissions, an uncertainty out of reach, or a
            folder that must not be replaced.
        OSError: the folder could not be written.
    """

    def make(progress: Part) -> dict[str, Any]:
        return _voxel_document(asked, run, progress)

    deliver(make, _print_voxels, _write_voxel, wanted)


def _voxel_document(asked: Voxels, run: Run, progress: Part) -> dict[str, Any]:
    from ligandose.cli.svalues import members_of
    from ligandose.nuclides import nuclide as nuclide_of

    name = nuclide_of(asked.nuclide).name
    members = members_of(name, asked.chain)
    parts = _converged(members, asked, run, progress)
    first = parts[0][0]
    s = _sum([count * part.s_Gy_per_Bq_s for part, count in parts])
    sd = np.sqrt(_sum([(count * part.sd_Gy_per_Bq_s) ** 2 for part, count in parts]))
    kinds = {kind: _kind(parts, kind, s) for kind in KINDS}
    content: dict[str, Any] = {
        "nuclide": name,
        "chain": asked.chain,
        "members": members,
        "voxel_mm": list(first.spacing_mm),
        "medium": first.medium,
        "density_g_cm3": first.density_g_cm3,
        "unit": "Gy/(Bq s)",
        "kernel": [[*at, float(s[at])] for at in np.ndindex(*s.shape)],
        "uncertainty": sd.ravel().tolist(),
        "by_kind": {kind: values.ravel().tolist() for kind, values in kinds.items()},
        "energy_balance": _balance(parts),
        "omissions": list(VOXEL_OMISSIONS),
    }
    inputs: dict[str, Any] = {
        "nuclide": name,
        "chain": asked.chain,
        "voxel_mm": list(first.spacing_mm),
        "medium": first.medium,
        "radius_mm": asked.radius_mm,
        "uncertainty": run.uncertainty,
    }
    return computed("vsv", content, inputs=inputs, seed=run.seed)


def _converged(
    members: Mapping[str, float], asked: Voxels, run: Run, progress: Part
) -> list[tuple[VoxelKernel, float]]:
    """Return the kernels of all members, with more histories until they are known well enough."""
    from ligandose.transport.voxels import HISTORIES

    parts = _kernels(members, asked, run, None, progress)
    if run.uncertainty is None:
        return parts
    reached = _relative_sd(parts)
    if reached > run.uncertainty:
        more = MARGIN * (reached / run.uncertainty) ** 2
        histories = math.ceil(more * max(HISTORIES.values()))
        if histories > MOST_HISTORIES:
            raise InputError(
                f"--uncertainty {run.uncertainty:g} would take {histories:.2g} histories "
                f"(at most {MOST_HISTORIES:.2g}); the standard run reaches {reached:.2g}"
            )
        parts = _kernels(members, asked, run, histories, progress)
    return parts


def _kernels(
    members: Mapping[str, float], asked: Voxels, run: Run, histories: int | None, progress: Part
) -> list[tuple[VoxelKernel, float]]:
    """Return the kernel of each member that emits, on one array, with its decays."""
    from ligandose.transport import voxel_s_values

    parts: list[tuple[VoxelKernel, float]] = []
    chosen = [(n, c) for n, c in members.items() if c > NEGLIGIBLE and (c == 1.0 or _emits(n))]
    extent = asked.radius_mm
    for again in range(2 if extent is None and len(chosen) > 1 else 1):
        parts = []
        for i, (name, count) in enumerate(chosen):
            progress((i + again) / (len(chosen) + again), f"{name} in {asked.medium}")
            kernel = voxel_s_values(
                name,
                spacing_mm=asked.spacing_mm,
                medium=asked.medium,
                extent_mm=extent,
                histories=histories,
                seed=run.seed,
                threads=run.threads,
            )
            parts.append((kernel, count))
        # members of a chain reach differently far: once more, all as far as the farthest
        extent = max(_extent_mm(part) for part, _ in parts)
    return parts


def _emits(name: str) -> bool:
    from ligandose.dose import emission_spectrum

    return bool(emission_spectrum(name).emitted_J.sum() > 0.0)


def _extent_mm(kernel: VoxelKernel) -> float:
    sides = zip(kernel.s_Gy_per_Bq_s.shape, kernel.spacing_mm, strict=True)
    return max((n - 1) * side for n, side in sides)


def _relative_sd(parts: list[tuple[VoxelKernel, float]]) -> float:
    """Return the largest relative standard error of the source voxel and its first neighbours."""
    s = _sum([count * part.s_Gy_per_Bq_s for part, count in parts])
    sd = np.sqrt(_sum([(count * part.sd_Gy_per_Bq_s) ** 2 for part, count in parts]))
    near = [at for at in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)) if s[at] > 0.0]
    return max(float(sd[at] / s[at]) for at in near)


def _sum(arrays: list[FloatArray]) -> FloatArray:
    return np.sum(arrays, axis=0)


def _kind(parts: list[tuple[VoxelKernel, float]], kind: str, like: FloatArray) -> FloatArray:
    found = [count * part.by_kind[kind] for part, count in parts if kind in part.by_kind]
    return _sum(found) if found else np.zeros_like(like)


def _balance(parts: list[tuple[VoxelKernel, float]]) -> dict[str, float]:
    """Return where the energy emitted per decay of the parent goes."""
    emitted = sum(count * part.emitted_keV for part, count in parts)
    inside = sum(count * part.emitted_keV * part.share_inside for part, count in parts)
    return {
        "emitted_keV": emitted,
        "inside_keV": inside,
        "beyond_keV": emitted - inside,
        "share_inside": inside / emitted,
    }


def _print_voxels(document: Mapping[str, Any]) -> None:
    order = sorted(range(len(document["kernel"])), key=lambda n: -document["kernel"][n][3])
    once = [n for n in order if _first_of_its_kind(document, n)]
    columns = ("i, j, k", "S, Gy/(Bq s)", "±", *(kind.capitalize() for kind in KINDS))
    rows = [_voxel_row(document, n) for n in once[:MOST_ROWS]]
    sides = " × ".join(f"{side:g}" for side in document["voxel_mm"])
    chain = " with its progeny" if document["chain"] else ""
    title = (
        f"Voxel S values of {document['nuclide']}{chain}: {sides} mm, {document['medium']} "
        f"({document['density_g_cm3']:g} g/cm³)"
    )
    print_rows(title, columns, rows)
    balance = document["energy_balance"]
    print(
        f"\n{len(document['kernel'])} values (i, j, k ≥ 0; mirrored to all sides): --json and "
        f"--out give all.\nOf {balance['emitted_keV']:.5g} keV per decay, "
        f"{share(balance['inside_keV'], balance['emitted_keV'])} is absorbed within the array."
    )


def _first_of_its_kind(document: Mapping[str, Any], n: int) -> bool:
    """Return whether a voxel is not the mirror image of one that is shown, where sides agree."""
    i, j, k, _ = document["kernel"][n]
    x, y, z = document["voxel_mm"]
    return not ((x == y and i < j) or (y == z and j < k) or (x == z and i < k))


def _voxel_row(document: Mapping[str, Any], n: int) -> tuple[str, ...]:
    i, j, k, value = document["kernel"][n]
    return (
        f"{i}, {j}, {k}",
        scientific(value),
        share(document["uncertainty"][n], value),
        *(share(document["by_kind"][kind][n], value) for kind in KINDS),
    )


def _write_voxel(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.report import voxel_kernel_figure
    from ligandose.report.tables import table

    columns = ("i", "j", "k", "s_Gy_per_Bq_s", "sd_Gy_per_Bq_s",
               *(f"{kind}_Gy_per_Bq_s" for kind in KINDS))  # fmt: skip
    rows = [
        (*entry, document["uncertainty"][n], *(document["by_kind"][kind][n] for kind in KINDS))
        for n, entry in enumerate(document["kernel"])
    ]
    made = table("kernel", columns, rows)
    return write_folder(document, out, tables=[made], figures=[voxel_kernel_figure(document)])


def show_absorbed_fraction(
    particle: str, *, energy_MeV: float, mass_g: float, around: str, run: Run, wanted: Wanted
) -> None:
    """Follow particles in a sphere of water with a uniform source and show what stays.

    Raises:
        UnknownNameError: an unknown particle or surroundings.
        InputError: an energy outside the tables, or a folder that must not be replaced.
        OSError: the folder could not be written.
    """
    if particle not in PARTICLES:
        raise UnknownNameError("particle", particle, PARTICLES)

    def make(progress: Part) -> dict[str, Any]:
        return _fraction_document(particle, energy_MeV, mass_g, around, run, progress)

    deliver(make, _print_fraction, _write_fraction, wanted)


def _fraction_document(
    particle: str, energy_MeV: float, mass_g: float, around: str, run: Run, progress: Part
) -> dict[str, Any]:
    uncertainty = DEFAULT_UNCERTAINTY if run.uncertainty is None else run.uncertainty
    found = _followed(particle, energy_MeV, mass_g, around, uncertainty, run, progress)
    inputs: dict[str, Any] = {
        "particle": particle,
        "energy_MeV": energy_MeV,
        "mass_g": mass_g,
        "medium": "water",
        "medium_around": around,
    }
    content = {
        **inputs,
        "absorbed_fraction": found.absorbed_fraction,
        "uncertainty": found.uncertainty,
        "histories": found.histories,
    }
    inputs["uncertainty"] = uncertainty
    return computed("absorbed-fraction", content, inputs=inputs, seed=run.seed)


def _followed(
    particle: str,
    energy_MeV: float,
    mass_g: float,
    around: str,
    uncertainty: float,
    run: Run,
    progress: Part,
) -> SphereFraction:
    """Follow particles until the fraction is known well enough, or as many as are allowed.

    In vacuum a run looks at its uncertainty after a tenth of all it may follow, so it is first
    given few: no fraction above one half needs more than 1/uncertainty^2.
    """
    from ligandose.transport import sphere_fraction_simulated

    def tell(done: int, most: int) -> None:
        progress(done / most, f"{particle}s in {mass_g:g} g")

    most = MOST_PARTICLES
    if around == "vacuum":
        most = min(most, max(FEWEST_PARTICLES, math.ceil(uncertainty**-2)))
    while True:
        found = sphere_fraction_simulated(
            particle,
            energy_MeV * KEV_PER_MEV,
            mass_kg=mass_g / GRAMS_PER_KG,
            around=around,
            uncertainty=uncertainty,
            max_histories=most,
            seed=run.seed,
            threads=run.threads,
            progress=tell,
        )
        reached = found.uncertainty <= uncertainty * found.absorbed_fraction
        if reached or most == MOST_PARTICLES:
            return found
        most = min(MORE * most, MOST_PARTICLES)


def _print_fraction(document: Mapping[str, Any]) -> None:
    from ligandose.report.text import mean_sd

    columns = ("Particle", "Energy, MeV", "Sphere, g", "Around", "Absorbed fraction", "Histories")
    row = (
        document["particle"],
        f"{document['energy_MeV']:g}",
        f"{document['mass_g']:g}",
        document["medium_around"],
        mean_sd(document["absorbed_fraction"], document["uncertainty"]),
        str(document["histories"]),
    )
    print_rows("Uniform source in a sphere of water", columns, [row])


def _write_fraction(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.report.tables import table

    columns = ("particle", "energy_MeV", "mass_g", "medium_around", "absorbed_fraction",
               "uncertainty", "histories")  # fmt: skip
    row = [document[column] for column in columns]
    return write_folder(document, out, tables=[table("absorbed_fraction", columns, [row])])
