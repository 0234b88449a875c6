"""The command tissue: nuclides compared on the same cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ligandose.cli.documents import MISSING, Wanted, computed, deliver, share, write_folder
from ligandose.cli.output import print_page
from ligandose.cli.progress import Part
from ligandose.errors import InputError
from ligandose.report.tables import Page

CELLS = {
    "tumour_cell": ("tumour cell", "tumour cells"),
    "stroma": ("fibroblast", "fibroblasts"),
    "immune_cell": ("immune cell", "immune cells"),
}
FRACTIONS = {
    "tumour_cell": "tumour cells",
    "stroma": "fibroblasts",
    "immune_cell": "immune cells",
    "vessel": "vessels",
    "matrix": "matrix",
}
PLACES = {
    "cell_surface": "on the surface of",
    "cytoplasm": "in the cytoplasm of",
    "nucleus": "in the nucleus of",
    "whole_cell": "in",
    "vessel": "on the walls of the vessels",
    "matrix": "in the matrix",
}


def show_tissue(path: Path, *, nuclides: Sequence[str], seed: int | None, wanted: Wanted) -> None:
    """Compare nuclides in the tissue of a file and show doses, survival and answers.

    Raises:
        UnknownNameError: an unknown nuclide of the command line.
        InputError: what is wrong with the file, where, and what is allowed; a tissue that cannot
            be built; a folder that must not be replaced.
        OSError: the folder could not be written.
    """
    from ligandose.course.tissue_file import read_tissue_file

    read = read_tissue_file(path, nuclides=nuclides)
    plan = read.plan if seed is None else replace(read.plan, seed=seed)

    def make(progress: Part) -> dict[str, Any]:
        from ligandose.course.tissue_compare import compare_nuclides
        from ligandose.course.tissue_document import tissue_document, tissue_inputs

        try:
            content = tissue_document(compare_nuclides(plan, progress=progress))
        except InputError as error:
            raise read.located(error) from error
        inputs = {**tissue_inputs(plan), "tissue_sha256": read.sha256}
        return computed("tissue", content, inputs=inputs, seed=plan.seed)

    deliver(make, _print, _write, wanted)


# ------------------------------------------------------------------ what people read


def _print(document: Mapping[str, Any]) -> None:
    print_page(_page(document))


def _page(document: Mapping[str, Any]) -> Page:
    answers = [f"{answer['question']}\n  {answer['answer']}" for answer in document["answers"]]
    return Page(
        _title(document),
        sentences=(_tissue_line(document), *answers),
        columns=tuple(_columns(document)),
        rows=tuple(tuple(row) for row in _rows(document)),
        command="ligandose tissue tissue.yaml --out out/tissue",
    )


def _title(document: Mapping[str, Any]) -> str:
    tissue, source = document["tissue"], document["source"]
    name = tissue["base"] or tissue["name"]
    if source["place"] is None:
        where = PLACES[source["compartment"]]
    else:
        where = f"{PLACES[source['place']]} {CELLS[source['compartment']][1]}"
        if source["fraction_positive"] < 1.0:
            where += f", {share(source['fraction_positive'], 1.0)} of which carry the target"
    from ligandose.report.tissue_tables import equal_words

    return f"{name[:1].upper()}{name[1:]}, decays {where}. {equal_words(document)}."


def _tissue_line(document: Mapping[str, Any]) -> str:
    """Return cells by class, volume fractions and distances in words."""
    from ligandose.report.text import number

    tissue = document["tissue"]
    counts = tissue["cells_by_class"]
    cells = [f"{counts[c]} {CELLS[c][counts[c] != 1]}" for c in CELLS if c in counts]
    if tissue["necrotic_cells"]:
        cells.append(f"{tissue['necrotic_cells']} necrotic")
    parts = [
        f"{FRACTIONS[name]} {share(part, 1.0)}"
        for name, part in tissue["volume_fractions"].items()
        if part > 0.0
    ]
    lines = [f"{', '.join(cells)}; by volume {', '.join(parts)}."]
    for key, what in (
        ("distance_to_vessel_um", "From a cell to the nearest vessel"),
        ("distance_to_stroma_um", "From a tumour cell to the nearest fibroblast"),
        ("oxygen_mmHg", "Oxygen"),
    ):
        found = tissue[key]
        if found is not None:
            unit = "mmHg" if key == "oxygen_mmHg" else "µm"
            lines.append(
                f"{what}: {number(found['median'])} {unit} "
                f"(5–95 %: {number(found['p05'])} – {number(found['p95'])})."
            )
    return "\n".join(lines)


def _columns(document: Mapping[str, Any]) -> list[str]:
    columns = ["Nuclide", "Tumour cells, Gy", "5–95 %", "Own decays", "Emitted, Gy", "log10 S"]
    if _has_negative(document):
        columns.append("without target")
    return [*columns, "Control"]


def _has_negative(document: Mapping[str, Any]) -> bool:
    return "target_negative" in document["tissue"]["cells_by_class"]


def _rows(document: Mapping[str, Any]) -> list[list[str]]:
    from ligandose.report.text import interval, number
    from ligandose.report.tissue_tables import signed

    rows: list[list[str]] = []
    for one in document["nuclides"]:
        found = one["classes"].get("tumour_cell")
        row = [one["nuclide"]]
        if found is None:
            row += [MISSING] * 3 + [number(one["emitted_dose_Gy"]), MISSING]
        else:
            dose = found["dose_Gy"]
            row += [
                number(dose["mean"]),
                interval(dose["p05"], dose["p95"]),
                share(found["self_share"], 1.0),
                number(one["emitted_dose_Gy"]),
                signed(found["log10_surviving_fraction"]),
            ]
        if _has_negative(document):
            row.append(signed(one["classes"]["target_negative"]["log10_surviving_fraction"]))
        rows.append([*row, share(one["tcp"], 1.0)])
    return rows


def _write(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.report.tissue_figures import tissue_figures
    from ligandose.report.tissue_tables import tissue_tables

    return write_folder(
        document,
        out,
        tables=tissue_tables(document),
        figures=tissue_figures(document),
        page=_page(document),
    )
