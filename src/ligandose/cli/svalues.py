"""The commands that turn a decay into absorbed dose from shipped tables: svalue and sphere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ligandose.cli.documents import (
    MISSING,
    Wanted,
    computed,
    deliver,
    file_hashes,
    scientific,
    share,
    write_folder,
)
from ligandose.cli.output import print_rows
from ligandose.cli.progress import Part
from ligandose.errors import InputError, UnknownNameError

MOST_ROWS = 30
KINDS = ("electron", "photon", "alpha")
GRAMS_PER_KG = 1000.0
SPHERE_OMISSIONS = (
    "The medium is water, compressed or expanded to the density, inside and around the sphere.",
    "Statistical uncertainty of the table of absorbed fractions: below 0.2 % for electrons, at "
    "most 1.5 % for photons.",
)


def show_s_values(
    nuclide: str,
    *,
    host: str,
    saf: Path | None,
    chain: bool,
    target: str | None,
    source: str | None,
    wanted: Wanted,
) -> None:
    """Show S of every target ← source of a nuclide in a reference person.

    Raises:
        UnknownNameError: unknown nuclide, host, target or source.
        InputError: a nuclide without emissions, or a folder that must not be replaced.
        DataError: a table of specific absorbed fractions that is missing or not whole.
        OSError: the folder could not be written.
    """

    def make(progress: Part) -> dict[str, Any]:
        progress(0.0, "S values")
        return _s_value_document(nuclide, host, saf, chain, target, source)

    deliver(make, _print_s_values, _write_s_value, wanted)


def _s_value_document(
    nuclide: str,
    host: str,
    saf: Path | None,
    chain: bool,
    target: str | None,
    source: str | None,
) -> dict[str, Any]:
    from ligandose.dose import s_value_document

    made = s_value_document(nuclide, host, saf_folder=saf, chain=chain)
    for key, name in (("target", target), ("source", source)):
        if name is not None:
            made["values"] = _chosen(made["values"], key, name)
    inputs: dict[str, Any] = {
        "nuclide": made["nuclide"],
        "host": host,
        "chain": chain,
        "target": target,
        "source": source,
        "saf_sha256": None if saf is None else file_hashes(saf, (".saf", ".ndx")),
    }
    return computed("svalue", made, inputs=inputs)


def _chosen(values: list[dict[str, Any]], key: str, name: str) -> list[dict[str, Any]]:
    known = list(dict.fromkeys(str(value[key]) for value in values))
    if name not in known:
        raise UnknownNameError(key, name, known, where="S values")
    return [value for value in values if value[key] == name]


def _write_s_value(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.report import s_value_figure, s_value_table

    return write_folder(
        document, out, tables=[s_value_table(document)], figures=[s_value_figure(document)]
    )


def _rows_shown(document: Mapping[str, Any]) -> int | None:
    """Return how many rows people get: all of a chosen region, else the largest."""
    chosen = document["provenance"]["inputs"]
    return None if chosen["target"] or chosen["source"] else MOST_ROWS


def _print_s_values(document: Mapping[str, Any]) -> None:
    values = sorted(document["values"], key=lambda value: -value["total"])
    columns = ("Target", "Source", "S, Gy/(Bq s)", "±", "Electron", "Photon", "Alpha")
    rows = [
        (
            value["target"],
            value["source"],
            scientific(value["total"]),
            share(value["uncertainty"], value["total"]),
            *(share(value[kind], value["total"]) for kind in KINDS),
        )
        for value in values[: _rows_shown(document)]
    ]
    members = ", ".join(f"{name} {count:.4g}" for name, count in document["members"].items())
    chain = f", with its progeny (decays per decay: {members})" if document["chain"] else ""
    print_rows(f"S values of {document['nuclide']} in {document['host']}{chain}", columns, rows)
    more = len(values) - len(rows)
    if more > 0:
        print(
            f"\n{more} smaller ones are not shown: --source or --target chooses, --json and --out "
            "give all."
        )
    print(f"\n± one statistical standard deviation. Table: {document['table']}.")


def show_sphere(
    nuclide: str, *, mass_g: float, density_g_cm3: float, chain: bool, wanted: Wanted
) -> None:
    """Show S and absorbed fractions of a sphere with a uniform source.

    Raises:
        UnknownNameError: an unknown nuclide.
        InputError: a nuclide without emissions, a mass or density outside the table, or a folder
            that must not be replaced.
        OSError: the folder could not be written.
    """

    def make(progress: Part) -> dict[str, Any]:
        progress(0.0, "sphere")
        return _sphere_document(nuclide, mass_g, density_g_cm3, chain)

    deliver(make, _print_sphere, _write_sphere, wanted)


def _sphere_document(
    nuclide: str, mass_g: float, density_g_cm3: float, chain: bool
) -> dict[str, Any]:
    from ligandose.dose import RADIATIONS, emission_spectrum, energy_curves
    from ligandose.dose.curves import JOULE_PER_KEV
    from ligandose.nuclides import nuclide as nuclide_of

    name = nuclide_of(nuclide).name
    spectrum = emission_spectrum(name, with_progeny=chain)
    emitted: list[float] = spectrum.emitted_J.tolist()
    if not sum(emitted) > 0.0:
        raise InputError(f"{name} emits nothing that the tables know; it has no S values")
    mass_kg = mass_g / GRAMS_PER_KG
    curves = energy_curves(spectrum)
    kept: list[float] = curves.self_J(mass_kg, density_kg_m3=density_g_cm3 * GRAMS_PER_KG).tolist()
    by_kind = dict(zip(RADIATIONS, zip(emitted, kept, strict=True), strict=True))
    s = {kind: absorbed / mass_kg for kind, (_, absorbed) in by_kind.items()}
    fraction = {kind: k / e if e > 0.0 else None for kind, (e, k) in by_kind.items()}
    content: dict[str, Any] = {
        "nuclide": name,
        "chain": chain,
        "members": members_of(name, chain),
        "mass_g": mass_g,
        "density_g_cm3": density_g_cm3,
        "radius_mm": 10.0 * (0.75 * mass_g / density_g_cm3 / math.pi) ** (1.0 / 3.0),
        "unit": "Gy/(Bq s)",
        "s_Gy_per_Bq_s": {"total": sum(s.values()), **s},
        "absorbed_fraction": {"total": sum(kept) / sum(emitted), **fraction},
        "emitted_keV_per_decay": {kind: e / JOULE_PER_KEV for kind, (e, _) in by_kind.items()},
        "omissions": list(SPHERE_OMISSIONS),
    }
    inputs = {k: content[k] for k in ("nuclide", "chain", "mass_g", "density_g_cm3")}
    return computed("sphere", content, inputs=inputs)


def members_of(name: str, chain: bool) -> dict[str, float]:
    """Return decays per decay of the parent: of itself and, with its chain, of its progeny."""
    from ligandose.dose import progeny_decays
    from ligandose.dose.regions import parameter

    progeny = progeny_decays(name, horizon_s=parameter("chain", "horizon")) if chain else {}
    return {name: 1.0, **progeny}


def _sphere_rows(document: Mapping[str, Any]) -> list[tuple[str, Any, Any, Any]]:
    """Return kind, emitted keV, absorbed fraction and S of each kind, then of all together."""
    emitted: Mapping[str, float] = document["emitted_keV_per_decay"]
    s, fraction = document["s_Gy_per_Bq_s"], document["absorbed_fraction"]
    kinds = [kind for kind in KINDS if emitted[kind] > 0.0]
    rows = [(kind, emitted[kind], fraction[kind], s[kind]) for kind in kinds]
    return [*rows, ("total", sum(emitted.values()), fraction["total"], s["total"])]


def _print_sphere(document: Mapping[str, Any]) -> None:
    columns = ("Radiation", "Emitted, keV", "Absorbed fraction", "S, Gy/(Bq s)")
    rows = [
        (kind, f"{emitted:.5g}", MISSING if part is None else f"{part:.4g}", scientific(s))
        for kind, emitted, part, s in _sphere_rows(document)
    ]
    chain = " with its progeny" if document["chain"] else ""
    title = (
        f"{document['nuclide']}{chain} in a sphere of {document['mass_g']:g} g, "
        f"{document['density_g_cm3']:g} g/cm³ (radius {document['radius_mm']:.4g} mm)"
    )
    print_rows(title, columns, rows)


def _write_sphere(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.report.tables import table

    columns: Sequence[str] = (
        "radiation", "emitted_keV_per_decay", "absorbed_fraction", "s_Gy_per_Bq_s",
    )  # fmt: skip
    made = table("sphere", columns, _sphere_rows(document))
    return write_folder(document, out, tables=[made])
