"""Write the measured tables of docs/transport.md, or print them.

    python scripts/write_transport_tables.py                  # all, into docs/transport.md
    python scripts/write_transport_tables.py cross --print    # some, on the terminal

Names: spheres, kernels, voxels, balance, phantoms, cross, pairs, saf. Each stands in the page
between `<!-- table NAME -->` and `<!-- end NAME -->`. A table whose data are not there (the
table of absorbed fractions of an edition, PENELOPE's stored values) is left as it is, and said so.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import math
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from ligandose.dose import ReferenceSValues, emission_spectrum, table_of
from ligandose.errors import DataError
from ligandose.hosts import phantom, phantoms
from ligandose.transport import sphere_self_fraction
from ligandose.transport.kernels import point_kernel
from ligandose.transport.voxels import VoxelKernel, voxel_s_values

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "transport.md"
REFERENCE = ROOT / "tests" / "reference"
PENELOPE = ROOT / "tests" / "oracle" / "penelope" / "reference.csv"
KEV_PER_J = 1.0 / 1.602176634e-16
MGY_PER_MBQ_S = 1e9  # from Gy/(Bq s)
PUBLISHED_DENSITY = 1.04  # soft tissue of Lanconelli 2012
PLACES = ((0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1), (0, 0, 2), (0, 0, 5))
FRACTIONS_ABOVE = 0.1
MASSES_G = ("0.01", "0.1", "1", "10", "100", "1000")
TABLES = {
    "opendose-db": "OpenDose, ICRP-110 male",
    "olinda2": "OLINDA/EXM 2, male",
    "jnm-si-wall": "small-intestinal wall ← contents",
    "ICRP-133": "ICRP-133, kidneys with blood",
    "opendose2020": "OpenDose, as the project collected it",
    "mird5-dosecalcs": "MIRD pamphlet 5 revised",
    "ornl8381-dosecalcs": "ORNL/TM-8381",
    "cember2009": "MIRD pamphlet 5 revised, in Cember 2009",
}


PENELOPE_HEAD = (
    "### Spheres and kernels against PENELOPE",
    "",
    "PENELOPE 2018 (penRed; liquid water, I = 78 eV) in a process of its own; its values and their",
    "statistics stand in `tests/oracle/penelope`, and `make oracle` compares them all.",
    "",
    "`python scripts/write_transport_tables.py spheres --print`: ours / PENELOPE.",
    "",
)
KERNEL_HEAD = ("`python scripts/write_transport_tables.py kernels --print`", "")


class NotThereError(Exception):
    """The data of a table are not there yet."""


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    if not path.is_file():
        raise NotThereError(f"no file {path.relative_to(ROOT)}")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def per_cent(ratio: float) -> str:
    """Return a ratio as its distance from one."""
    return f"{100 * (ratio - 1):+.1f} %".replace("-", "−")


def scientific(value: float) -> str:
    """Return "4.83e-02" without its leading zero."""
    return re.sub(r"e([+-])0?(\d)", r"e\1\2", f"{value:.2e}").replace("e+0", "")


def spheres(_: object) -> list[str]:
    """Absorbed fractions of spheres next to PENELOPE's."""
    found = [r for r in rows_of(PENELOPE) if r["quantity"] == "absorbed_fraction"]
    lines: list[str] = []
    for particle in ("electron", "photon"):
        mine = [r for r in found if (r["particle"], r["around"]) == (particle, "water")]
        energies = sorted({float(r["energy_MeV"]) for r in mine})
        masses = [m for m in MASSES_G if any(float(r["at"]) == float(m) for r in mine)]
        cell = {(float(r["energy_MeV"]), float(r["at"])): sphere_cell(r) for r in mine}
        body = [
            [f"{mass} g", *(cell.get((e, float(mass)), "") for e in energies)] for mass in masses
        ]
        lines += markdown([f"{particle}s", *(f"{e:g} MeV" for e in energies)], body)
        ratios = [sphere_ratio(r) for r in mine if float(r["value"]) > FRACTIONS_ABOVE]
        lines.append("")
        if ratios:
            worst = 100 * max(abs(ratio - 1) for ratio in ratios)
            above = f"where the fraction exceeds {FRACTIONS_ABOVE:g}"
            lines += [f"Largest difference {above}: {worst:.1f} %.", ""]
    return [*PENELOPE_HEAD, *lines[:-1]]


def sphere_value(row: dict[str, str]) -> float:
    energy, mass_g = float(row["energy_MeV"]), float(row["at"])
    return float(sphere_self_fraction(row["particle"], 1e3 * energy, mass_kg=1e-3 * mass_g))


def sphere_ratio(row: dict[str, str]) -> float:
    return sphere_value(row) / float(row["value"])


def sphere_cell(row: dict[str, str]) -> str:
    return f"{sphere_value(row):.4f} / {float(row['value']):.4f}"


def kernels(_: object) -> list[str]:
    """Cumulative point kernels of electrons next to PENELOPE's: largest difference by energy."""
    found = [r for r in rows_of(PENELOPE) if r["quantity"] == "cumulative_kernel"]
    body: list[list[str]] = []
    for energy in sorted({float(r["energy_MeV"]) for r in found}):
        kernel = point_kernel("electron", 1e3 * energy, histories=51_200, seed=1)
        off = [
            float(kernel.cumulative_at(float(r["at"]))) - float(r["value"])
            for r in found
            if float(r["energy_MeV"]) == energy
        ]
        body.append([f"{energy:g} MeV", str(len(off)), f"{max(map(abs, off)):.4f}"])
    columns = ["electrons", "distances", "largest difference, absolute"]
    return [*KERNEL_HEAD, *markdown(columns, body)]


def published_voxels() -> dict[tuple[str, str, float], dict[tuple[int, ...], float]]:
    """Return published voxel S values by source, nuclide and side; i ≤ j ≤ k."""
    found: dict[tuple[str, str, float], dict[tuple[int, ...], float]] = {}
    for row in rows_of(REFERENCE / "voxel_s_published.csv"):
        key = (row["source"], row["nuclide"], float(row["voxel_mm"]))
        place = tuple(int(row[n]) for n in "ijk")
        found.setdefault(key, {})[place] = float(row["s_mGy_per_MBq_s"])
    return found


def our_voxels(nuclide: str, side_mm: float) -> VoxelKernel:
    """Return our values on the published array, six voxels from the source to its edge."""
    # a hair less than five sides: rounding must not add a voxel
    return voxel_s_values(
        nuclide, spacing_mm=(side_mm,) * 3, medium="soft_tissue",
        density_g_cm3=PUBLISHED_DENSITY, extent_mm=4.999 * side_mm, threads=THREADS,
    )  # fmt: skip


THREADS = 1


def voxels(_: object) -> list[str]:
    """Published voxel S values next to ours."""
    body: list[list[str]] = []
    for (source, nuclide, side), published in published_voxels().items():
        ours = our_voxels(nuclide, side).s_Gy_per_Bq_s * MGY_PER_MBQ_S
        label = {"lanconelli2012": "Lanconelli 2012", "mird17": "MIRD 17"}[source]
        cells = [
            f"{scientific(published[place])} / {scientific(ours[place])} "
            f"({per_cent(ours[place] / published[place])})"
            if place in published
            else ""
            for place in PLACES
        ]
        body.append([f"{nuclide}, {side:g} mm, {label}", *cells])
    return [
        "Published / ours, mGy/(MBq s), and ours over published.",
        "",
        *markdown(["", *("".join(map(str, place)) for place in PLACES)], body),
    ]


def balance(_: object) -> list[str]:
    """Energy that published and our arrays of 11 × 11 × 11 voxels hold, keV per decay."""
    body: list[list[str]] = []
    for (source, nuclide, side), published in published_voxels().items():
        if source != "lanconelli2012":
            continue
        ours = our_voxels(nuclide, side)
        held = mirrored_sum(published) / MGY_PER_MBQ_S * (0.1 * side) ** 3 * PUBLISHED_DENSITY
        held *= 1e-3 * KEV_PER_J
        emitted = emission_spectrum(nuclide).emitted_J * KEV_PER_J
        mine = ours.share_inside * ours.emitted_keV
        body.append([
            f"{nuclide}, {side:g} mm", f"{emitted[1]:.1f}", f"{emitted[2]:.1f}", f"{held:.1f}",
            f"{mine:.1f}", per_cent(held / mine),
        ])  # fmt: skip
    columns = ["", "electrons emitted", "photons emitted", "published array", "our array",
               "published over ours"]  # fmt: skip
    return markdown(columns, body)


def mirrored_sum(octant: dict[tuple[int, ...], float]) -> float:
    """Return the sum over all voxels of an array given by i ≤ j ≤ k."""
    return sum(
        value * sum(2 ** sum(n > 0 for n in place) for place in set(itertools.permutations(at)))
        for at, value in octant.items()
    )


def bodies(_: object) -> list[str]:
    """Masses of the regions of both adults, with ICRP-89's."""
    people = [phantom(name) for name in phantoms()]
    names = list(dict.fromkeys(region for person in people for region in person.regions))
    body: list[list[str]] = []
    for region in names:
        cells = [region.replace("_", " ")]
        for person in people:
            if region not in person.regions:
                cells += ["", ""]
                continue
            i = person.region_index(region)
            reference = person.region_reference_kg[i]
            cells.append(f"{1e3 * person.region_mass_kg[i]:.4g}")
            cells.append("" if math.isnan(reference) else f"{1e3 * reference:.4g}")
        body.append(cells)
    head = ["mass, g", *(c for p in people for c in (p.name, "ICRP-89"))]
    total = [
        "whole body",
        *(c for p in people for c in (f"{1e3 * p.region_mass_kg.sum():.4g}", "")),
    ]
    return markdown(head, [*body, total])


def s_ratios(saf: Path | None) -> list[tuple[dict[str, str], float]]:
    """Return each published S value with ours, Gy/(Bq s): self-dose at the published mass."""
    rows = rows_of(REFERENCE / "s_values_published.csv")
    try:
        table = table_of("adult-male", saf)
    except DataError as error:
        raise NotThereError(str(error)) from error
    found: list[tuple[dict[str, str], float]] = []
    for nuclide in dict.fromkeys(r["nuclide"] for r in rows):
        mine = [r for r in rows if r["nuclide"] == nuclide]
        regions = sorted({r[k] for r in mine for k in ("source", "target")})
        values = ReferenceSValues.of(regions, [nuclide], table=table)
        for row in mine:
            t, s = regions.index(row["target"]), regions.index(row["source"])
            mass = values.reference_mass_kg.copy()
            if t == s and row["target_mass_kg"]:
                mass[t] = float(row["target_mass_kg"])
            whole = values.s_Gy_per_Bq_s(nuclide, mass_kg=mass, body_mass_kg=table.whole_kg)
            found.append((row, float(whole[0, t, s].sum())))
    return found


def published_s(row: dict[str, str]) -> float:
    return float(row["s_mGy_per_MBq_s"]) / MGY_PER_MBQ_S


def distribution(label: str, ratios: Sequence[float]) -> list[str]:
    """Return a row that describes ratios: number, centre, spread, range and shares within."""
    logs = np.log(ratios)
    within = [np.mean(np.abs(logs) <= math.log(f)) for f in (1.25, 1.5, 2.0)]
    few = len(logs) < FEWEST
    spread = math.nan if few else math.exp(float(logs.std(ddof=1)))
    return [
        label, str(len(logs)), "" if few else f"{math.exp(logs.mean()):.2f}",
        "" if few else f"{spread:.2f}",
        f"{math.exp(logs.min()):.2g} to {math.exp(logs.max()):.2g}",
        *(f"{100 * share:.0f} %" for share in within),
    ]  # fmt: skip


FEWEST = 5  # below, a mean says less than the pairs themselves
DISTRIBUTION = ("", "pairs", "geometric mean", "geometric SD", "range", "within 1.25 ×",
                "within 1.5 ×", "within 2 ×")  # fmt: skip


def group_of(row: dict[str, str]) -> str:
    """Return the group that a published S value is counted in."""
    label = TABLES.get(row["reference"], row["reference"])
    if row["target"] == row["source"]:
        return f"{label}: self-dose"
    return f"{label}: cross-dose" + (", Y-90" if row["nuclide"] == "Y-90" else "")


def cross(saf: Path | None) -> list[str]:
    """Distribution of ratios, ours over published, of S values between organs and of self-dose."""
    groups: dict[str, list[float]] = {}
    for row, ours in s_ratios(saf):
        groups.setdefault(group_of(row), []).append(ours / published_s(row))
    return markdown(DISTRIBUTION, [distribution(label, ratios) for label, ratios in groups.items()])


def pairs(saf: Path | None) -> list[str]:
    """Each pair of OpenDose and of OLINDA: published, and ours over it."""
    found = s_ratios(saf)
    lines: list[str] = []
    for reference in ("opendose-db", "olinda2"):
        by_source = reference == "opendose-db"  # one nuclide there: a column for each source
        cell: dict[tuple[str, str], str] = {}
        for row, ours in found:
            if row["reference"] == reference:
                target, source = (row[k].replace("_", " ") for k in ("target", "source"))
                line = target if by_source else f"{target} ← {source}"
                column = f"← {source}, {row['nuclide']}" if by_source else row["nuclide"]
                ratio = ours / published_s(row)
                shown = scientific(published_s(row) * MGY_PER_MBQ_S)
                cell[line, column] = f"{shown} ({ratio:.2f})" if ratio < 100 else f"{shown} (∗)"
        columns = list(dict.fromkeys(column for _, column in cell))
        body = [
            [line, *(cell.get((line, column), "") for column in columns)]
            for line in sorted({line for line, _ in cell})
        ]
        lines += [f"{TABLES[reference]}, mGy/(MBq s), and ours over it:", ""]
        lines += [*markdown(["", *columns], body), ""]
    return lines[:-1]


def saf_ratios(saf: Path | None) -> list[str]:
    """Distribution of ratios, ours over published, of photon specific absorbed fractions."""
    try:
        table = table_of("adult-male", saf)
    except DataError as error:
        raise NotThereError(str(error)) from error
    found: dict[str, list[float]] = {}
    for row in rows_of(REFERENCE / "saf_published.csv"):
        s, t = table.sources.index(row["source"]), table.targets.index(row["target"])
        energy = np.array([float(row["energy_MeV"])])
        ours = table.grids["photon"].mean_per_kg(energy, np.ones(1))[s, t]
        found.setdefault(row["reference"], []).append(float(ours) / (1e3 * float(row["saf_per_g"])))
    body = [distribution(TABLES.get(name, name), ratios) for name, ratios in found.items()]
    return markdown(DISTRIBUTION, body)


MAKERS: dict[str, Callable[[Path | None], list[str]]] = {
    "spheres": spheres,
    "kernels": kernels,
    "voxels": voxels,
    "balance": balance,
    "phantoms": bodies,
    "cross": cross,
    "pairs": pairs,
    "saf": saf_ratios,
}


def put_in(text: str, name: str, lines: Sequence[str]) -> str:
    """Return the page with a table in its place."""
    start, end = f"<!-- table {name} -->", f"<!-- end {name} -->"
    if text.count(start) != 1 or text.count(end) != 1:
        sys.exit(f"{PAGE.name}: needs {start} and {end} once each")
    head, tail = text[: text.index(start) + len(start)], text[text.index(end) :]
    return "\n".join([head, "", *lines, "", tail])


def main() -> None:
    """Make the chosen tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MAKERS))
    parser.add_argument("--print", action="store_true", dest="printed", help="change no file")
    parser.add_argument("--saf", type=Path, help="folder of ICRP-133 files in place of our table")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in MAKERS]
    if unknown:
        parser.error(f"unknown table {unknown[0]}; allowed are {', '.join(MAKERS)}")
    text = PAGE.read_text("utf-8")
    for name in options.names or MAKERS:
        try:
            lines = MAKERS[name](options.saf)
        except NotThereError as missing:
            print(f"{name}: left as it is: {missing}", file=sys.stderr)
            continue
        if options.printed:
            print("\n".join(lines), end="\n\n")
        text = put_in(text, name, lines)
    if not options.printed:
        PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
