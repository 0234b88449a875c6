"""Extract the transition probabilities of EADL97 that xraylib lacks, for scripts/build_atomic.py.

    python scripts/atomic_eadl.py FISX_DATA

FISX_DATA is the folder `fisx_data` of the fisx 1.3.2 source distribution (V. A. Solé, ESRF, MIT),
which carries EADL97 as text: D. E. Cullen et al., UCRL-50400 vol. 30, Lawrence Livermore National
Laboratory 1991, "redistribution of the data is permitted provided the previous credits are
maintained". Written: atomic_eadl97.csv beside this script, one row for each element and vacancy,
with its radiative total, its L and M Coster-Kronig transitions and its M X rays, as probabilities
for one vacancy.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).with_name("atomic_eadl97.csv")
VACANCIES = ("L1", "L2", "L3", "M1", "M2", "M3", "M4", "M5")
ELEMENTS = range(12, 101)
SMALLEST_SHARE = 2e-4
"""Transitions rarer than this in a vacancy's group are left out; the group keeps its sum."""


def spec_tables(path: Path) -> Iterator[dict[int, dict[str, float]]]:
    """Yield the tables of a file in order: {Z: {column: value}}."""
    names: list[str] = []
    rows: dict[int, dict[str, float]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#S") and rows:
            yield rows
            rows = {}
        elif line.startswith("#L"):
            names = line[2:].split()
        elif line and not line.startswith("#"):
            values = [float(v) for v in line.split()]
            rows[int(values[0])] = dict(zip(names[1:], values[1:], strict=True))
    yield rows


def by_vacancy(folder: Path, kind: str) -> dict[str, dict[int, dict[str, float]]]:
    """Return the rate tables of the L and M vacancies; kind "Radiative" or "Nonradiative"."""
    tables = [
        table
        for shell in "LM"
        for table in spec_tables(folder / f"EADL97_{shell}Shell{kind}Rates.dat")
    ]
    return dict(zip(VACANCIES, tables, strict=True))


def final_shell_pairs(vacancy: str, row: dict[str, float]) -> dict[str, float]:
    """Return {"L3-M5": p} of one vacancy, the two ways to write a pair of shells added up."""
    found: dict[str, float] = {}
    for name, value in row.items():
        if name == "TOTAL" or value <= 0.0:
            continue
        text = name.removeprefix(f"{vacancy}-")
        first, second = text[:2], text[2:]
        pair = "-".join(sorted((first, second)))
        found[pair] = found.get(pair, 0.0) + value
    return found


def packed(found: dict[str, float]) -> str:
    """Return "M4-M5:0.123;…" in falling order, without the rarest, with the sum kept."""
    total = sum(found.values())
    kept = {name: v for name, v in found.items() if v > SMALLEST_SHARE * total}
    scale = total / sum(kept.values()) if kept else 0.0
    ordered = sorted(kept.items(), key=lambda item: (-item[1], item[0]))
    return ";".join(f"{name}:{value * scale:.4g}" for name, value in ordered)


def table(folder: Path) -> list[list[str]]:
    radiative, other = by_vacancy(folder, "Radiative"), by_vacancy(folder, "Nonradiative")
    rows: list[list[str]] = []
    for z in ELEMENTS:
        for vacancy in VACANCIES:
            light, fast = radiative[vacancy].get(z, {}), other[vacancy].get(z, {})
            if not light and not fast:
                continue
            x_rays = {
                name.removeprefix(vacancy): v for name, v in light.items() if name != "TOTAL" and v
            }
            pairs = final_shell_pairs(vacancy, fast)
            inner = {p: v for p, v in pairs.items() if p[0] == vacancy[0] or p[3] == vacancy[0]}
            rows.append([
                str(z), vacancy, f"{light.get('TOTAL', 0.0):.5g}", packed(inner),
                packed(x_rays) if vacancy[0] == "M" else "",
            ])  # fmt: skip
    return rows


def main() -> None:
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("z", "vacancy", "radiative", "coster_kronig", "x_rays"))
        writer.writerows(table(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
