"""Make src/ligandose/data/<edition>/phantom_regions.csv from phantom_shapes.csv and hosts.csv.

Every region whose shapes may be scaled gets the factor at which its volume times the density of its
medium is the ICRP-89 mass (hosts.csv), contents before the wall around them; then the volumes of
all regions are integrated. A region's volume is what the order of priority leaves to it, so it is
integrated by asking, at stratified points of each shape's box, whether that shape is the first that
holds the point. The estimate's standard error is stated; it is below 0.1 %.

    python scripts/build_phantoms.py            # writes the table, prints masses beside ICRP-89
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numba
import numpy as np

from ligandose.evidence import read_table
from ligandose.hosts._shapes import contains_jit
from ligandose.hosts.phantom_model import compile_shapes, read_shapes

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
OUTPUT = EDITION / "phantom_regions.csv"
COLUMNS = (
    "host", "region", "medium", "density_g_cm3", "scale", "volume_cm3", "volume_relative_error",
    "mass_kg", "reference_mass_kg", "mass_ratio", "note",
)  # fmt: skip
DENSITY = {"ornl_soft_tissue": 1.04, "ornl_skeleton": 1.4, "ornl_lung": 0.296}
FIT_POINTS = 2_000_000
POINTS = 4_000_000
BODY_POINTS = 32_000_000
SEED = 20261123
TIED = {"heart_contents": "heart"}
"""Regions that keep the scale of another: the heart's chambers lie within its wall."""


@numba.njit(cache=True)
def count_first(shapes, which, per_axis, seed):
    """Count stratified random points of a shape's box that it is the first to hold."""
    np.random.seed(seed)
    low = shapes[which, 1:7:2]
    step = (shapes[which, 2:7:2] - low) / per_axis
    near = np.empty(which, np.int64)
    before = 0
    for i in range(which):
        meets = True
        for a in range(3):
            if (
                shapes[i, 1 + 2 * a] > shapes[which, 2 + 2 * a]
                or shapes[i, 2 + 2 * a] < shapes[which, 1 + 2 * a]
            ):
                meets = False
        if meets:
            near[before] = i
            before += 1
    held = 0
    for i in range(per_axis[0]):
        for j in range(per_axis[1]):
            for k in range(per_axis[2]):
                x = low[0] + step[0] * (i + np.random.random())
                y = low[1] + step[1] * (j + np.random.random())
                z = low[2] + step[2] * (k + np.random.random())
                if contains_jit(shapes, which, x, y, z):
                    first = True
                    for m in range(before):
                        if contains_jit(shapes, near[m], x, y, z):
                            first = False
                            break
                    held += first
    return held


def shape_volume(shapes: np.ndarray, which: int, points: int, seed: int) -> float:
    """Return the volume, cm3, that the order of priority leaves to one shape."""
    box = shapes[which, 1:7]
    widths = box[1::2] - box[::2]
    if not (widths > 0).all():
        return 0.0
    side = (widths.prod() / points) ** (1 / 3)
    per_axis = np.maximum(1, np.round(widths / side)).astype(np.int64)
    held = count_first(shapes, which, per_axis, seed)
    return float(widths.prod() * held / per_axis.prod())


class Body:
    """A phantom while it is being fitted."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.entries = read_shapes(host)
        self.regions = tuple(dict.fromkeys(e["region"] for e in self.entries))
        self.scales = dict.fromkeys(self.regions, 1.0)
        self.reference = reference_masses(host)
        self.fitted = [
            r for r in self.regions
            if r in self.reference and r not in TIED
            and any(e["region"] == r and e["scaling"] != "none" for e in self.entries)
        ]  # fmt: skip

    def compiled(self) -> tuple[np.ndarray, np.ndarray]:
        return compile_shapes(self.entries, self.regions, self.scales)

    def volume(self, region: str, points: int, seed: int = SEED) -> float:
        shapes, owners = self.compiled()
        mine = np.flatnonzero(owners == self.regions.index(region))
        return sum(shape_volume(shapes, int(i), points, seed + int(i)) for i in mine)

    def fit(self, region: str) -> None:
        """Find the scale of a region by the secant rule, to 0.01 % of the mass."""
        goal = 1e3 * self.reference[region] / DENSITY[medium(region)]
        tied = [region, *(r for r, other in TIED.items() if other == region)]

        def excess(scale: float) -> float:
            for name in tied:
                self.scales[name] = scale
            return self.volume(region, FIT_POINTS) / goal - 1.0

        old = self.scales[region]
        wrong = excess(old)
        if abs(wrong) < 1e-4:
            return
        new = old * (1.0 - wrong / 3.0)
        for _ in range(12):
            now = excess(new)
            if abs(now) < 1e-4 or new == old:
                return
            slope = (now - wrong) / (new - old)
            old, wrong, new = new, now, new - now / slope
        raise SystemExit(f"{self.host} {region}: no scale gives {goal:.1f} cm3")


def reference_masses(host: str) -> dict[str, float]:
    """Return ICRP-89 masses, kg, by region of the phantom."""
    masses: dict[str, float] = {}
    for row in read_table("hosts.csv"):
        if row["subject"] != host:
            continue
        if row["quantity"] == "mass":
            masses[row["region"]] = float(row["value"])
        elif row["quantity"] == "contents_mass":
            masses[f"{row['region']}_contents"] = float(row["value"])
    return masses


def medium(region: str) -> str:
    if region.startswith("bone_"):
        return "ornl_skeleton"
    return "ornl_lung" if region == "lungs" else "ornl_soft_tissue"


def measured(body: Body) -> list[dict[str, str]]:
    """Integrate all regions, twice, and return the rows of the table."""
    rows = []
    for region in body.regions:
        points = BODY_POINTS if region in ("skin", "soft_tissue") else POINTS
        two = [body.volume(region, points, SEED + 1000 * n) for n in (1, 2)]
        volume = sum(two) / 2
        error = abs(two[1] - two[0]) / 2 / volume
        density = DENSITY[medium(region)]
        mass, reference = volume * density / 1e3, body.reference.get(region)
        rows.append({
            "host": body.host, "region": region, "medium": medium(region),
            "density_g_cm3": f"{density:g}", "scale": f"{body.scales[region]:.6f}",
            "volume_cm3": f"{volume:.6g}", "volume_relative_error": f"{error:.1e}",
            "mass_kg": f"{mass:.6g}",
            "reference_mass_kg": "" if reference is None else f"{reference:g}",
            "mass_ratio": "" if reference is None else f"{mass / reference:.4f}",
            "note": note(body, region),
        })  # fmt: skip
        print(
            f"{body.host:13} {region:32} {body.scales[region]:7.4f} {volume:10.3f} cm3 "
            f"{1e3 * mass:10.2f} g  ICRP-89 {1e3 * (reference or math.nan):9.1f} g "
            f"{mass / (reference or math.nan):7.4f}  +- {error:.1e}"
        )
    return rows


def note(body: Body, region: str) -> str:
    if region in TIED:
        return f"scaled with {TIED[region]}"
    if region in body.fitted:
        return "scaled to the ICRP-89 mass"
    if region == "lungs":
        return "published size: the ICRP-89 mass is tissue without blood; report's own 1 kg is with"
    return "published size"


def main() -> None:
    hosts = dict.fromkeys(row["host"] for row in read_table("phantom_shapes.csv"))
    kept = {}
    if OUTPUT.is_file():
        kept = {
            (row["host"], row["region"]): float(row["scale"]) for row in read_table(OUTPUT.name)
        }
    rows: list[dict[str, str]] = []
    for host in hosts:
        body = Body(host)
        body.scales.update({r: kept.get((host, r), 1.0) for r in body.regions})
        for _ in range(2):  # a region's volume depends on its neighbours where they overlap
            for region in body.fitted:
                body.fit(region)
        rows += measured(body)
    with OUTPUT.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
