"""Write docs/nuclides.md: what the decay tables hold, and where they disagree with others.

    python scripts/nuclide_report.py

Needs the dependency groups `nuclides` (ENDF/B-VIII.1 out of sandy) and `oracle`
(radioactivedecay).
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import radioactivedecay
from build_nuclides import EDITION_FOLDER
from nuclide_endfb import mean_energies
from nuclide_jeff import key_of

import ligandose.nuclides as nuclides_room

DOCS = Path(__file__).parents[1] / "docs" / "nuclides.md"
TEXT = Path(__file__).parent / "nuclide_report.md"
HALF_LIFE_PERCENT = 0.5
ENERGY_PERCENT = 5.0
ENERGY_FLOOR_KEV = 1.0
ATOMIC_SHARE = 0.75


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def checks() -> list[dict[str, str]]:
    with (EDITION_FOLDER / "nuclides_checks.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def readable_time(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    for unit, size in (("y", 31557600.0), ("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.5g} {unit}"
    return f"{seconds:.5g} s"


def nuclide_rows() -> list[list[str]]:
    rows: list[list[str]] = []
    for name in nuclides_room.nuclides(listed_only=True):
        found = nuclides_room.nuclide(name)
        energy = found.energy_keV_per_decay()
        photon = energy["gamma"] + energy["x"] + energy["annihilation"]
        rows.append([
            name, readable_time(found.half_life_s), ", ".join(found.progeny),
            *(f"{v:.4g}" if v else "" for v in
              (energy["alpha"] + energy["recoil"], energy["beta"], energy["electron"], photon)),
            found.evaluation,
        ])  # fmt: skip
    return rows


def half_life_rows() -> tuple[list[list[str]], int]:
    """Return the rows that differ by more than 0.5 %, and how many nuclides were compared."""
    rows: list[list[str]] = []
    compared = 0
    for name in nuclides_room.nuclides():
        ours = nuclides_room.nuclide(name).half_life_s
        try:
            theirs = float(radioactivedecay.Nuclide(name).half_life("s"))
        except ValueError:
            continue
        compared += 1
        if math.isinf(theirs):
            rows.append([name, readable_time(ours), "stable", ""])
        elif abs(ours / theirs - 1.0) > HALF_LIFE_PERCENT / 100.0:
            percent = 100.0 * (ours / theirs - 1.0)
            rows.append([name, readable_time(ours), readable_time(theirs), f"{percent:+.2f}"])
    return rows, compared


def endfb_rows() -> list[list[str]]:
    """Return listed nuclides whose half-life or mean energies differ from ENDF/B-VIII.1."""
    names = nuclides_room.nuclides(listed_only=True)
    others = mean_energies({key_of(name) for name in names})
    rows: list[list[str]] = []
    for name in names:
        other = others.get(key_of(name))
        if other is None:
            rows.append([name, "not in ENDF/B-VIII.1", "", ""])
            continue
        found = nuclides_room.nuclide(name)
        energy = found.energy_keV_per_decay()
        light = energy["beta"] + energy["electron"]
        photon = energy["gamma"] + energy["x"] + energy["annihilation"]
        cells = [name, "", "", ""]
        if abs(found.half_life_s / other.half_life_s - 1.0) > HALF_LIFE_PERCENT / 100.0:
            cells[1] = f"{readable_time(found.half_life_s)} / {readable_time(other.half_life_s)}"
        for place, ours, theirs in ((2, light, other.light_keV), (3, photon, other.photon_keV)):
            differs = abs(ours - theirs) > ENERGY_PERCENT / 100.0 * max(ours, theirs)
            if differs and max(ours, theirs) > ENERGY_FLOOR_KEV:
                cells[place] = f"{ours:.4g} / {theirs:.4g}"
        if any(cells[1:]):
            rows.append(cells)
    return rows


def balance_rows(rows: list[dict[str, str]]) -> list[list[str]]:
    return [
        [r["nuclide"], r["q_keV"], r["imbalance_percent"], r["imbalance_reason"]]
        for r in rows
        if r["imbalance_reason"]
    ]


def beta_rows(rows: list[dict[str, str]]) -> list[list[str]]:
    listed: list[list[str]] = []
    for r in rows:
        if not r["theory_reason"]:
            continue
        sign = "minus" if r["theory_reason"].startswith("beta-") else "plus"
        evaluated, theory = (float(r[f"beta_{sign}_{k}_keV"]) for k in ("evaluated", "theory"))
        percent = 100.0 * (theory / evaluated - 1.0)
        listed.append(
            [r["nuclide"], f"{evaluated:.5g}", f"{theory:.5g}", f"{percent:+.1f}",
             r["theory_reason"]]
        )  # fmt: skip
    return listed


def atomic_rows(rows: list[dict[str, str]]) -> list[list[str]]:
    listed: list[list[str]] = []
    for r in rows:
        released, given = float(r["atomic_released_keV"]), float(r["atomic_listed_keV"])
        if released > ENERGY_FLOOR_KEV and given < ATOMIC_SHARE * released:
            listed.append([r["nuclide"], f"{released:.3g}", f"{given:.3g}"])
    return listed


def main() -> None:
    rows = checks()
    half_lives, compared = half_life_rows()
    filled = TEXT.read_text(encoding="utf-8").format(
        listed=len(nuclides_room.nuclides(listed_only=True)),
        radioactive=len(nuclides_room.nuclides()),
        compared=compared,
        balanced=sum(not r["imbalance_reason"] for r in rows),
        nuclides=table(
            ["nuclide", "half-life", "progeny", "alpha + recoil", "beta", "electron", "photon",
             "evaluation"], nuclide_rows()),
        half_lives=table(
            ["nuclide", "here", "radioactivedecay", "difference %"], half_lives),
        endfb=table(
            ["nuclide", "half-life, here / ENDF/B", "electrons keV", "photons keV"],
            endfb_rows()),
        balance=table(["nuclide", "Q keV", "imbalance %", "reason"], balance_rows(rows)),
        betas=table(
            ["nuclide", "evaluated keV", "theory keV", "difference %", "reason"],
            beta_rows(rows)),
        atomic=table(["nuclide", "released keV", "listed keV"], atomic_rows(rows)),
    )  # fmt: skip
    DOCS.parent.mkdir(exist_ok=True)
    DOCS.write_text(filled, encoding="utf-8")


if __name__ == "__main__":
    main()
