"""Cases for PENELOPE, how they are run, and point kernels with the spheres that follow from them.

`run(case)` starts `transport_penelope.py` in a process of its own and returns its tallies. Here
and in `transport_peer_spaces.py` functions build the cases of the project's questions and turn
tallies into answers, each with its statistical standard deviation. Lengths are mass thicknesses,
g/cm2 (cm of water of unit density), energies keV, so that answers hold for water of 1 g/cm3;
PENELOPE's liquid water (number 278 of its list, I = 78 eV) has 0.99821 g/cm3.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ligandose.evidence import read_table
from ligandose.transport.materials import elements

WATER = {"listed": 278}
WATER_G_CM3 = 0.99821  # as PENELOPE's material file says
FAR_CM = 300.0  # as good as infinite for photons of 1 MeV
LINE = "0" * 64
SCALED_AT_KEV = 30.0
AVOGADRO = 6.02214076e23


@dataclass(frozen=True)
class Physics:
    """PENELOPE's simulation parameters of one material.

    c1, c2: mean deflection and largest energy loss between hard events; wcc_eV, wcr_eV: losses
    above these are simulated one by one; cutoffs: below them particles are absorbed on the spot.
    """

    c1: float
    c2: float
    wcc_eV: float
    wcr_eV: float
    electron_cutoff_eV: float
    photon_cutoff_eV: float


# "Fast": the largest C1 and C2 that PENELOPE's manual recommends, and cutoffs of 10 keV, whose
# range in water (2.5 um) is small against all geometries timed.
FAST = Physics(0.1, 0.1, 1e4, 1e4, 1e4, 1e3)
# Every collision above zero loss one by one (the elastic ones too).
DETAILED = Physics(0.0, 0.0, 0.0, 0.0, 1e3, 1e3)
# Photons only: electrons stay where photons set them free.
KERMA = Physics(0.1, 0.1, 1e4, 1e4, 9e8, 1e3)


def reference_physics(energy_keV: float) -> Physics:
    """Return careful settings: cutoffs of 1 keV to 0.2 % and losses of 1 keV to 0.5 % of E."""
    cutoff = max(1e3, 2.0 * energy_keV)
    loss = max(1e3, 5.0 * energy_keV)
    return Physics(0.02, 0.02, loss, loss, cutoff, 1e3)


@dataclass(frozen=True)
class Spectrum:
    """Lines and how many of each are emitted per decay (or 1)."""

    energy_keV: np.ndarray
    number: np.ndarray

    @property
    def total(self) -> float:
        """Particles per decay."""
        return float(np.sum(self.number))

    @property
    def mean_keV(self) -> float:
        """Mean energy of a particle."""
        return float(self.energy_keV @ self.number) / self.total


def line(energy_keV: float) -> Spectrum:
    """Return one line, emitted once."""
    return Spectrum(np.array([energy_keV]), np.array([1.0]))


@dataclass(frozen=True)
class Case:
    """A problem for `transport_penelope.py`; its fields are described there."""

    particle: str
    spectrum: Spectrum
    materials: tuple[dict, ...]
    histories: int
    geometry: dict
    size_cm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    centre_cm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    source_material: int | None = None
    radial: tuple[dict, ...] = ()
    grid: dict | None = None
    batches: int = 10
    seed: int = 1

    def document(self) -> dict:
        """Return the JSON document that the process reads."""
        return {
            "particle": {"photon": "gamma"}.get(self.particle, self.particle),
            "energy": {
                "lines_eV": (1e3 * self.spectrum.energy_keV).tolist(),
                "weights": (self.spectrum.number / self.spectrum.total).tolist(),
            },
            "source": {
                "size_cm": self.size_cm,
                "centre_cm": self.centre_cm,
                "material": self.source_material,
            },
            "geometry": self.geometry,
            "materials": self.materials,
            "radial": self.radial,
            "grid": self.grid,
            "histories": self.histories,
            "batches": self.batches,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Result:
    """Tallies per history, eV: first axis batches. See `transport_penelope.py`."""

    tallies: dict[str, np.ndarray]
    histories: int
    seconds: float
    version: str

    @property
    def histories_per_s(self) -> float:
        """Speed of the transport on one thread, reading of data not counted."""
        return self.histories / self.seconds


@dataclass(frozen=True)
class Estimate:
    """Values with their standard deviation (arrays of one shape), and the run behind them."""

    value: np.ndarray
    sigma: np.ndarray
    result: Result


def available() -> bool:
    """Say whether pyPenred is installed, without importing it."""
    return find_spec("pyPenred") is not None


def run(case: Case, *, lowest_priority: bool = False) -> Result:
    """Run a case with PENELOPE in its own process, on one thread."""
    process = Path(__file__).with_name("transport_penelope.py")
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "case.json", Path(folder) / "result.npz"
        question.write_text(json.dumps(case.document()))
        command = [sys.executable, str(process), str(question), str(answer)]
        command = ["nice", "-n", "19", *command] if lowest_priority else command
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"PENELOPE failed:\n{done.stderr[-6000:]}")
        with np.load(answer) as found:
            tallies = {name: found[name] for name in found.files}
    version = str(tallies.pop("version"))
    seconds = float(tallies.pop("seconds").sum())
    return Result(tallies, int(tallies.pop("done").sum()), seconds, version)


def of_batches(samples: np.ndarray, result: Result) -> Estimate:
    """Return mean over the first axis and its standard deviation from the spread of batches."""
    n = len(samples)
    return Estimate(samples.mean(axis=0), samples.std(axis=0, ddof=1) / np.sqrt(n), result)


def substance(physics: Physics, base: dict = WATER) -> dict:
    """Return a material of a case."""
    return {**base, "physics": asdict(physics)}


def with_shipped_photoelectric(base: dict) -> dict:
    """Return a substance whose photoelectric cross sections are scaled to the package's.

    PENELOPE's are 2.6 % lower in water at all energies (0.974, the renormalisation of Scofield's
    1973 values with Hartree-Fock amplitudes; NIST's tables, and ours, are not renormalised). With
    the scaling the transport is compared on the same data.
    """
    near: dict[str, float] = {}
    wanted = np.log(SCALED_AT_KEV)
    tables: dict[str, list[list[float]]] = {}
    for row in read_table("photon_cross_sections.csv"):
        values = [float(row["energy_keV"]), float(row["photoelectric_cm2_g"])]
        tables.setdefault(row["z"], []).append(values)
    for z, rows in tables.items():
        energy, mass_coefficient = np.log(np.maximum(np.array(rows).T, 1e-300))
        weight = elements()[int(z)].atomic_weight / AVOGADRO
        near[z] = float(np.exp(np.interp(wanted, energy, mass_coefficient)) * weight)
    return {**base, "photoelectric": {"energy_eV": 1e3 * SCALED_AT_KEV, "cm2_per_atom": near}}


def sphere_geometry(radius_cm: float, outer_cm: float | None) -> str:
    """Return a quadric file: material 1 in a sphere, material 2 around it out to outer_cm."""
    radii = [radius_cm] if outer_cm is None else [radius_cm, outer_cm]
    text = ["Concentric spheres", LINE]
    for i, radius in enumerate(radii, start=1):
        text += [f"SURFACE ({i:4d})   Sphere", "INDICES=( 1, 1, 1, 0,-1)"]
        text += [f"{axis}-SCALE=({radius:22.15E},   0)" for axis in "XYZ"]
        text.append(LINE)
    for i in range(1, len(radii) + 1):
        text += [f"BODY    ({i:4d})", f"MATERIAL({i:4d})"]
        text.append(f"SURFACE ({i:4d}), SIDE POINTER=(-1)")
        if i > 1:
            text.append(f"BODY    ({i - 1:4d})")
        text.append(LINE)
    return "\n".join([*text, "END     " + "0" * 56, ""])


# ---------------------------------------------------------------------------------------------
# Point kernels in infinite water, and spheres from them


@dataclass(frozen=True)
class Kernel:
    """Energy deposited in shells around a point source, as a share of the energy emitted.

    edges_g_cm2 (n + 1,), share (batches, n).
    """

    edges_g_cm2: np.ndarray
    share: np.ndarray
    result: Result


def point_kernel(
    particle: str,
    energy_keV: float | Spectrum,
    *,
    first_g_cm2: float,
    reach_g_cm2: float,
    histories: int,
    physics: Physics,
    far: tuple[float, Physics] | None = None,
    base: dict = WATER,
    bins: int = 500,
    batches: int = 10,
    seed: int = 1,
    lowest_priority: bool = False,
) -> Kernel:
    """Return the kernel out to `reach_g_cm2` at least.

    Args:
        first_g_cm2: radius with `bins` shells; each following tenfold radius has as many.
        far: a radius beyond which other settings hold (electrons absorbed on the spot, say).
        base: the substance, liquid water by default.
    """
    radii = [first_g_cm2 / WATER_G_CM3]
    while radii[-1] * WATER_G_CM3 < reach_g_cm2:
        radii.append(10 * radii[-1])
    geometry: dict = {"type": "infinite"}
    materials = [substance(physics, base)]
    if far is not None:
        near = far[0] / WATER_G_CM3
        geometry = {"type": "quadrics", "text": sphere_geometry(near, near + FAR_CM)}
        materials.append(substance(far[1], base))
    spectrum = energy_keV if isinstance(energy_keV, Spectrum) else line(energy_keV)
    case = Case(
        particle,
        spectrum,
        tuple(materials),
        histories,
        geometry,
        radial=tuple({"rmax_cm": r, "bins": bins} for r in radii),
        batches=batches,
        seed=seed,
    )
    result = run(case, lowest_priority=lowest_priority)
    keep = bins // 10
    edges, parts = [np.zeros(1)], []
    for i, radius in enumerate(radii):
        skip = keep if i else 0
        edges.append(np.linspace(0, radius, bins + 1)[skip + 1 :])
        parts.append(result.tallies[f"radial_{i}"][:, skip:])
    emitted: np.ndarray | float = 1e3 * spectrum.mean_keV
    if far is None:  # all is absorbed: divide by what each batch has drawn from the spectrum
        emitted = result.tallies["material"].sum(axis=1, keepdims=True)
    share = np.hstack(parts) / emitted
    return Kernel(np.concatenate(edges) * WATER_G_CM3, share, result)


def radius_g_cm2(mass_g: float) -> float:
    """Return the radius of a sphere of unit density."""
    return float(np.cbrt(3 * mass_g / (4 * np.pi)))


def pair_weight(r: np.ndarray, radius: float) -> np.ndarray:
    """Probability that a point at distance r from a random point of the sphere lies in it."""
    x = np.minimum(r / radius, 2.0)
    return 1 - 0.75 * x + x**3 / 16


def sphere_fractions(kernel: Kernel, masses_g: np.ndarray) -> Estimate:
    """Absorbed fractions of uniform sources in water spheres in water, (masses,).

    The integral of the kernel over the distribution of distances (MIRD pamphlet 7). The kernel
    must reach 2 radii or hold all the energy. Weights are averaged over each shell.
    """
    nodes, weights = np.polynomial.legendre.leggauss(4)
    low, width = kernel.edges_g_cm2[:-1, None], np.diff(kernel.edges_g_cm2)[:, None]
    r = low + 0.5 * (nodes + 1) * width
    table = [pair_weight(r, radius_g_cm2(m)) @ (0.5 * weights) for m in masses_g]
    return of_batches(kernel.share @ np.array(table).T, kernel.result)


def cumulative(kernel: Kernel, distances_g_cm2: np.ndarray) -> Estimate:
    """Share of the emitted energy within each distance of the point source."""
    sums = np.hstack([np.zeros((len(kernel.share), 1)), np.cumsum(kernel.share, axis=1)])
    values = [np.interp(distances_g_cm2, kernel.edges_g_cm2, s) for s in sums]
    return of_batches(np.array(values), kernel.result)


def csda_range_g_cm2(energy_keV: list[float]) -> np.ndarray:
    """Return PENELOPE's CSDA ranges in liquid water, in a process of its own."""
    code = (
        "import json,sys\n"
        "from pyPenred import simulation as s\n"
        "s.materials.createListed(278,'w.mat')\n"
        "e=[1e3*x for x in json.loads(sys.argv[1])]\n"
        "print(json.dumps(s.materials.rangeFromFile(e,'w.mat',0)[0]))\n"
    )
    command = [sys.executable, "-c", code, json.dumps([float(e) for e in energy_keV])]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    text = done.stdout
    return np.array(json.loads(text.strip().splitlines()[-1])) * WATER_G_CM3
