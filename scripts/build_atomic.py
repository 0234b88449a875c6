"""Build the shipped Auger, Coster-Kronig and X-ray lines of every nuclide.

    python scripts/build_atomic.py [FOLDER]

propagates the vacancies of atomic_vacancies.py through the transitions of atomic_rates.py, from
the most bound subshell outwards, and writes nuclides_atomic.csv and nuclides_vacancies.csv. Each
vacancy is filled as in a neutral atom (outer electrons refill at once, as in condensed matter),
so that the mean yields are sums of products: no sampling. What cannot be filled any more is one row
"outer" with the rest of the energy: lines × energies add up to the binding energies of the
initial vacancies. The conversion electrons that left the vacancies are there too (kind
"conversion", family the shell, "?" where the vacancy is not known), split as the vacancies are.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from atomic_rates import Transition, binding_keV, relaxation
from atomic_vacancies import SPLIT, InitialVacancies, initial_vacancies
from nuclide_jeff import Library, key_of, load_library
from nuclide_rows import EmissionRow

from ligandose.nuclides import nuclide, nuclides

EDITION_FOLDER = Path(__file__).parents[1] / "src" / "ligandose" / "data" / "2026.11"
LINE_COLUMNS = ("nuclide", "kind", "family", "energy_keV", "yield_per_decay")
VACANCY_COLUMNS = (
    "nuclide", "z", "subshell", "binding_keV", "capture_per_decay", "conversion_per_decay",
)  # fmt: skip

MERGE_RELATIVE, MERGE_KEV = 0.05, 0.010
"""Lines of one family nearer than the greater of the two become one line at their mean energy."""
SMALLEST_VACANCIES = 1e-9
"""Vacancies per decay below which a subshell is left out."""
RARE = 5e-4
"""Lines rarer than this share of the nuclide's Auger electrons or X rays join the next one."""

Line = tuple[str, str, float, float]
"""(kind, family, energy in keV, yield per decay)"""


def kind_and_family(vacancy: str, transition: Transition) -> tuple[str, str]:
    """Return ("auger", "KLX") and the like.

    X stands for any shell beyond the next one, so that K gives KLL, KLX and KXY, L gives LMM,
    LMX and LXY; "CK-L" is a vacancy that moves within L, X rays are "K-L", "K-X", "L-X".
    """
    shell = vacancy[0]
    if not transition.final:
        return "outer", "outer"
    shells = sorted("KLMNOPQ".index(s[0]) - "KLMNOPQ".index(shell) for s in transition.final)
    if len(shells) == 1:
        return "x", f"{shell}-L" if shell == "K" and shells == [1] else f"{shell}-X"
    if shells[0] == 0:
        return "coster-kronig", f"CK-{shell}"
    following = "LMNOPQQ"["KLMNOPQ".index(shell)]
    letters = {0: "XY", 1: f"{following}X", 2: f"{following}{following}"}[shells.count(1)]
    return "auger", f"{shell}{letters}"


def cascade(z: int, vacancies: dict[str, float]) -> list[Line]:
    """Return the mean emissions of initial vacancies (per decay) in element z."""
    number = dict.fromkeys(relaxation(z), 0.0) | vacancies
    found: list[Line] = []
    for vacancy, transitions in relaxation(z).items():
        for transition in transitions:
            amount = number[vacancy] * transition.probability
            if amount <= 0.0:
                continue
            for shell in transition.final:
                number[shell] += amount
            kind, family = kind_and_family(vacancy, transition)
            found.append((kind, family, transition.energy_keV, amount))
    return found


def merged(lines: list[Line]) -> list[Line]:
    """Return lines with neighbours in a family put together; number and energy stay."""
    total: dict[bool, float] = {}
    for kind, _, _, amount in lines:
        total[kind == "x"] = total.get(kind == "x", 0.0) + amount
    families: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for kind, family, energy, amount in lines:
        families.setdefault((kind, family), []).append((energy, amount))
    found: list[Line] = []
    for (kind, family), members in sorted(families.items()):
        rare = RARE * total[kind == "x"]
        for amount, energy in _clusters(sorted(members), rare, whole=kind == "outer"):
            found.append((kind, family, energy / amount, amount))
    return found


def _clusters(
    members: list[tuple[float, float]], rare: float, *, whole: bool
) -> list[tuple[float, float]]:
    """Return (yield, yield × energy) of runs of neighbouring lines (energy, yield)."""
    found: list[tuple[float, float]] = []
    start = amount = energy = 0.0
    for e, y in members:
        wide = e - start > max(MERGE_RELATIVE * e, MERGE_KEV)
        if amount > rare and wide and not whole:
            found.append((amount, energy))
            amount = energy = 0.0
        if amount == 0.0:
            start = e
        amount, energy = amount + y, energy + y * e
    if 0.0 < amount <= rare and found:
        last = found.pop()
        amount, energy = amount + last[0], energy + last[1]
    return [*found, (amount, energy)] if amount > 0.0 else found


def vacancies_of(name: str, library: Library) -> InitialVacancies:
    emissions = [
        EmissionRow(e.kind, e.energy_keV, e.yield_per_decay, e.yield_uncertainty, e.mode)
        for e in nuclide(name).emissions
    ]
    return initial_vacancies(library[key_of(name)], emissions)


def lines_of(initial: dict[tuple[int, str], float]) -> list[Line]:
    found: list[Line] = []
    for z in sorted({z for z, _ in initial}):
        found += cascade(z, {s: n for (own, s), n in initial.items() if own == z})
    return merged(found)


def build(folder: Path, names: tuple[str, ...]) -> None:
    """Write both tables for the given nuclides."""
    library = load_library()
    lines: list[list[str]] = []
    rows: list[list[str]] = []
    for name in names:
        found = vacancies_of(name, library)
        initial = {key: n for key, n in found.all().items() if n >= SMALLEST_VACANCIES}
        for z, subshell in sorted(initial, key=lambda k: (k[0], -binding_keV(k[0])[k[1]])):
            key = (z, subshell)
            rows.append([
                name, str(z), subshell, f"{binding_keV(z)[subshell]:.7g}",
                f"{found.capture.get(key, 0.0):.8g}", f"{found.conversion.get(key, 0.0):.8g}",
            ])  # fmt: skip
        electrons = [("conversion", shell, e, y) for shell, e, y in sorted(found.electrons)]
        for kind, family, energy, amount in [*lines_of(initial), *electrons]:
            lines.append([name, kind, family, f"{energy:.8g}", f"{amount:.7g}"])
    for file_name, header, table in (
        ("nuclides_atomic.csv", LINE_COLUMNS, lines),
        ("nuclides_vacancies.csv", VACANCY_COLUMNS, rows),
    ):
        with (folder / file_name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(table)


def print_multipoles() -> None:
    """Print how well the multipoles of the split transitions give the evaluated coefficients."""
    found = sorted(m.misfit for m in SPLIT.values())
    within = sum(m < 0.15 for m in found)
    print(
        f"{len(found)} transitions split, {within} within 15 %, median {found[len(found) // 2]:.3f}"
    )
    for key, m in sorted(SPLIT.items(), key=lambda item: -item[1].misfit):
        if m.misfit > 0.3:
            print(*key, m.name, f"{m.misfit:.2f}")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else EDITION_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    build(folder, nuclides())
    print_multipoles()


if __name__ == "__main__":
    main()
