"""Build the shipped decay tables from JEFF-4.0.

    python scripts/build_nuclides.py [FOLDER]

reads the JEFF-4.0 radioactive decay library that the sandy distribution carries (dependency
group `nuclides`) and writes nuclides.csv, nuclides_modes.csv, nuclides_emissions.csv,
nuclides_checks.csv and nuclides_origin.csv. Same library, same files, byte for byte.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from nuclide_balance import imbalance_reason, theory_reason
from nuclide_capture import K_SHELL, L1_SHELL, edge_keV
from nuclide_jeff import (
    ARCHIVE,
    MEMBER,
    Evaluation,
    Key,
    Library,
    chain_keys,
    key_of,
    load_library,
    name_of,
    progeny_key,
)
from nuclide_rows import CHARGE_CHANGE, NEUTRON_MASS_U, NuclideRows, mode_name, rows_of

EDITION_FOLDER = Path(__file__).parents[1] / "src" / "ligandose" / "data" / "2026.11"
SOURCE = "JEFF-4.0"

# The nuclides that therapy and its imaging use; all that they decay to is added.
_THERAPY_AND_IMAGING = """
Lu-177 Lu-177m Y-90 I-131 I-123 I-124 I-125 Ac-225 Bi-213 Ra-223 Ra-224 Pb-212 Pb-203 Th-227
At-211 Tb-149 Tb-152 Tb-155 Tb-161 Cu-64 Cu-67 Cu-61 Ga-67 Ga-68 F-18 Zr-89 In-111 Tc-99m Re-186
Re-188 Ho-166 Sm-153 Sr-89 P-32 Er-169 Sc-43 Sc-44 Sc-47 Y-86 Sn-117m As-77 Ag-111 Pd-103 Pd-109
Rh-105 Pm-149 Pr-142 Dy-165 Dy-166 Au-198 Au-199 Hg-197 Hg-197m Br-76 Br-77 Sb-119 Pt-193m Pt-195m
Er-165 La-135 Cs-131 Fm-255
"""
# Generators, impurities, other PET and SPECT nuclides, calibration sources.
_COMPANIONS = """
Ac-227 Ac-228 Ra-225 Ra-226 Ra-228 Th-226 Th-228 Th-229 U-230 Bi-212 Bi-211 At-210 Po-210 Rn-222
C-11 N-13 O-15 Ge-68 Mo-99 Sr-82 Rb-82 Sr-90 Ti-44 W-188 Zn-62 Cu-62 Co-55 Co-57 Co-60 Mn-52 Fe-52
As-72 Ga-66 Sc-44m Y-87 Nb-90 Ce-134 La-132 La-134 Tb-156 Tb-160 Tm-167 Tm-170 Yb-175 Gd-159
Ho-166m Lu-176 Re-186m Ir-192 Cs-137 Eu-152 Tl-201 Xe-133 I-126 I-133 Ru-97 Pm-147 Pr-143 In-114m
Sn-121 Sb-117 Ce-141 Br-75 I-120 Cr-51 Se-75
"""
THERAPY_AND_IMAGING = _THERAPY_AND_IMAGING.split()
COMPANIONS = _COMPANIONS.split()
LEFT_OUT = {
    "Cf-252": "3.1 % of its decays are spontaneous fission: neutrons and fission fragments, whose "
    "transport and chains this package does not describe",
}

EMISSION_COLUMNS = (
    "nuclide", "kind", "energy_keV", "yield_per_decay", "yield_uncertainty", "mode",
    "endpoint_keV", "unique_order", "shape_tilt",
)  # fmt: skip
CHECK_COLUMNS = (
    "nuclide", "evaluation", "q_keV", "alpha_keV", "recoil_keV", "beta_keV", "electron_keV",
    "gamma_keV", "x_keV", "annihilation_keV", "neutrino_keV", "imbalance_percent",
    "atomic_released_keV", "atomic_listed_keV",
    "beta_minus_evaluated_keV", "beta_minus_theory_keV",
    "beta_plus_evaluated_keV", "beta_plus_theory_keV",
    "imbalance_reason", "theory_reason",
)  # fmt: skip


def number(value: float | None, digits: int = 7) -> str:
    """Return a number as the tables write it; empty for None."""
    return "" if value is None else f"{value:.{digits}g}"


def drop_impossible(evaluation: Evaluation, rows: NuclideRows) -> float:
    """Drop K X rays and K Auger electrons of a decay that cannot open the K shell.

    UKPADD gives Pt-193 the K X rays of iridium (K edge 76.1 keV) although its capture releases
    56.6 keV. Returns the energy dropped, keV per decay.
    """
    dropped = 0.0
    for mode in evaluation.data["modes"]:
        released, name = float(mode["Q"][0]) / 1e3, mode_name(mode["RTYP"])
        z = evaluation.key[0] + CHARGE_CHANGE.get(float(mode["RTYP"]), 0)
        if released >= edge_keV(z, K_SHELL):
            continue
        highest = edge_keV(z, L1_SHELL)
        impossible = [
            e
            for e in rows.emissions
            if e.mode == name and e.kind in ("x", "auger") and e.energy_keV > highest
        ]
        dropped += sum(e.energy_keV * e.yield_per_decay for e in impossible)
        rows.emissions = [e for e in rows.emissions if e not in impossible]
    return dropped


def _progeny_mass_u(library: Library, evaluation: Evaluation) -> float:
    """Return the mass of the alpha progeny (0 where there is no alpha mode)."""
    for mode in evaluation.data["modes"]:
        if mode["RTYP"] == 4.0:
            progeny = progeny_key(evaluation.key, mode)
            assert progeny is not None
            return library[progeny].data["AWR"] * NEUTRON_MASS_U
    return 0.0


def nuclide_row(evaluation: Evaluation, neutrino_keV: float) -> list[str]:
    z, a, isomer = evaluation.key
    data = evaluation.data
    half_life, spread = data.get("T1/2", (None, None))
    listed = evaluation.name in THERAPY_AND_IMAGING or evaluation.name in COMPANIONS
    return [
        evaluation.name, str(z), str(a), str(isomer),
        "stable" if half_life is None else number(half_life),
        "" if half_life is None else number(spread),
        number(data["AWR"] * NEUTRON_MASS_U, 8),
        "" if half_life is None else number(neutrino_keV),
        "listed" if listed else "chain",
        evaluation.origin, SOURCE,
    ]  # fmt: skip


def mode_rows(evaluation: Evaluation) -> list[list[str]]:
    rows: list[list[str]] = []
    for mode in evaluation.data.get("modes", []):
        progeny = progeny_key(evaluation.key, mode)
        rows.append([
            evaluation.name, mode_name(mode["RTYP"]),
            "" if progeny is None else name_of(progeny),
            number(float(mode["BR"][0])), number(float(mode["BR"][1])),
            number(float(mode["Q"][0]) / 1e3), number(float(mode["Q"][1]) / 1e3), SOURCE,
        ])  # fmt: skip
    return rows


def emission_rows(name: str, rows: NuclideRows) -> list[list[str]]:
    return [
        [
            name, e.kind, number(e.energy_keV), number(e.yield_per_decay, 6),
            number(e.yield_uncertainty, 3), e.mode, number(e.endpoint_keV),
            "" if e.unique_order is None else str(e.unique_order), number(e.shape_tilt),
        ]
        for e in rows.emissions
    ]  # fmt: skip


def check_row(evaluation: Evaluation, rows: NuclideRows) -> list[str]:
    """Return the energy balance of one decay, spontaneous fission left out."""
    available = sum(
        float(m["BR"][0]) * float(m["Q"][0]) / 1e3
        for m in evaluation.data["modes"]
        if mode_name(m["RTYP"]) != "SF"
    )
    parts = [
        rows.energy_keV("alpha"), rows.energy_keV("recoil"), rows.energy_keV("beta-", "beta+"),
        rows.energy_keV("conversion", "auger"), rows.energy_keV("gamma"), rows.energy_keV("x"),
        rows.energy_keV("annihilation"), rows.neutrino_keV,
    ]  # fmt: skip
    imbalance = 100.0 * (sum(parts) - available) / available if available > 0.0 else None
    means = [
        table.get(kind)
        for kind in ("beta-", "beta+")
        for table in (rows.evaluated_beta_keV, rows.theory_beta_keV)
    ]
    return [
        evaluation.name, evaluation.origin, number(available), *(number(p, 6) for p in parts),
        number(imbalance, 4),
        number(rows.atomic_released_keV, 4), number(rows.atomic_listed_keV, 4),
        *(number(m, 6) for m in means),
        imbalance_reason(evaluation, rows, available, imbalance), theory_reason(rows),
    ]  # fmt: skip


def write_table(path: Path, header: tuple[str, ...], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def build(folder: Path, starts: list[Key]) -> None:
    """Write the tables of the given nuclides and their chains."""
    library = load_library()
    nuclides: list[list[str]] = []
    modes: list[list[str]] = []
    emissions: list[list[str]] = []
    checks: list[list[str]] = []
    dropped: list[list[str]] = []
    for key in chain_keys(library, starts):
        evaluation = library[key]
        rows = NuclideRows()
        if not evaluation.stable:
            rows = rows_of(evaluation, _progeny_mass_u(library, evaluation))
            if (gone := drop_impossible(evaluation, rows)) > 0.0:
                dropped.append([
                    f"dropped {evaluation.name}",
                    f"{gone:.3g} keV per decay of K X rays and K Auger electrons, "
                    "which the energy released cannot make",
                ])  # fmt: skip
            checks.append(check_row(evaluation, rows))
        nuclides.append(nuclide_row(evaluation, rows.neutrino_keV))
        modes += mode_rows(evaluation)
        emissions += emission_rows(evaluation.name, rows)
    write_table(
        folder / "nuclides.csv",
        ("nuclide", "z", "a", "isomer", "half_life_s", "half_life_uncertainty_s", "mass_u",
         "neutrino_keV_per_decay", "role", "evaluation", "source"),
        nuclides,
    )  # fmt: skip
    write_table(
        folder / "nuclides_modes.csv",
        ("nuclide", "mode", "progeny", "branching", "branching_uncertainty", "q_keV",
         "q_uncertainty_keV", "source"),
        modes,
    )  # fmt: skip
    write_table(folder / "nuclides_emissions.csv", EMISSION_COLUMNS, emissions)
    write_table(folder / "nuclides_checks.csv", CHECK_COLUMNS, checks)
    origin = [
        ["library", "JEFF-4.0 Radioactive Decay Data File, NEA Data Bank, February 2025"],
        ["library_file", f"{MEMBER} in {ARCHIVE} of sandy 1.2.0"],
        ["library_sha256", library.sha256],
        *([f"left_out {name}", reason] for name, reason in LEFT_OUT.items()),
        *dropped,
    ]
    write_table(folder / "nuclides_origin.csv", ("key", "value"), origin)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else EDITION_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    build(folder, [key_of(name) for name in [*THERAPY_AND_IMAGING, *COMPANIONS]])


if __name__ == "__main__":
    main()
