"""Tables and words of a comparison of nuclides in a tissue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ligandose.report.tables import Table, Value, table
from ligandose.report.text import MINUS

SPREAD = ("mean", "sd", "median", "p05", "p95")
DOSES = (("dose", "dose_Gy"), ("alpha_dose", "alpha_dose_Gy"), ("low_let_dose", "low_let_dose_Gy"))
POINTS = ("d98_Gy", "d95_Gy", "d50_Gy", "d2_Gy")
OF_NUCLIDE = (
    "nuclide",
    "half_life_s",
    "decays",
    "decays_per_mm3",
    "residence_s",
    "emitted_dose_Gy",
    "alpha_emitted_dose_Gy",
    "protraction",
    "rbe",
    "tcp",
)
Row = tuple[Value, ...]


def tissue_tables(document: Mapping[str, Any]) -> list[Table]:
    """Return the tables of a `ligandose.tissue` document: tissue, nuclides, doses, answers."""
    return [
        tissue_table(document),
        nuclide_table(document),
        dose_table(document),
        answer_table(document),
    ]


def tissue_table(document: Mapping[str, Any]) -> Table:
    """Return what the tissue is: number and volume fraction by compartment, distances."""
    tissue = document["tissue"]
    rows: list[Row] = [("cells", name, count) for name, count in tissue["cells_by_class"].items()]
    rows += [
        ("cells", "necrotic", tissue["necrotic_cells"]),
        ("cells_per_mm3", "all", tissue["cells_per_mm3"]),
    ]
    rows += [("volume_fraction", name, part) for name, part in tissue["volume_fractions"].items()]
    rows += [("side_um", axis, side) for axis, side in zip("xyz", tissue["box_um"], strict=True)]
    for key in ("distance_to_vessel_um", "distance_to_stroma_um", "oxygen_mmHg"):
        found = tissue[key]
        rows += [(key, part, found[part]) for part in SPREAD] if found is not None else []
    return table("tissue", ("quantity", "of", "value"), rows)


def nuclide_table(document: Mapping[str, Any]) -> Table:
    """Return decays, emitted dose and control by nuclide."""
    rows = [tuple(one[key] for key in OF_NUCLIDE) for one in document["nuclides"]]
    return table("nuclides", OF_NUCLIDE, rows)


def dose_table(document: Mapping[str, Any]) -> Table:
    """Return doses and survival by nuclide and class of cells."""
    columns = (
        "nuclide",
        "class",
        *(f"{name}_{part}_Gy" for name, _ in DOSES for part in SPREAD),
        *POINTS,
        "self_share",
        "log10_surviving_fraction",
    )
    rows: list[Row] = [
        (
            one["nuclide"],
            name,
            *(found[key][part] for _, key in DOSES for part in SPREAD),
            *(found["dvh"][key] for key in POINTS),
            found["self_share"],
            found["log10_surviving_fraction"],
        )
        for one in document["nuclides"]
        for name, found in one["classes"].items()
    ]
    return table("doses", columns, rows)


def answer_table(document: Mapping[str, Any]) -> Table:
    """Return questions and answers in words."""
    rows = [(answer["question"], answer["answer"]) for answer in document["answers"]]
    return table("answers", ("question", "answer"), rows)


def equal_words(document: Mapping[str, Any]) -> str:
    """Return what is equal between the nuclides, as a clause."""
    compare = document["compare"]
    value = compare["value"]
    return {
        "mean_dose": f"The mean dose of the tumour cells is {value:g} Gy for every nuclide",
        "emitted_dose": f"Every nuclide emits {value:g} Gy in the tissue",
        "activity": f"{value / 1e9:.4g} MBq/g of every nuclide is given to the tissue",
        "organ_dose": f"The dose of {compare['organ']} is {value:g} Gy for every nuclide",
    }[compare["equal"]]


def signed(value: float) -> str:
    """Return a power of ten of survival: three digits, a true minus, 0 rather than −0."""
    if abs(value) < 0.005:
        return "0"
    text = f"{value:.2f}" if abs(value) < 10.0 else f"{value:.1f}"
    return text.replace("-", MINUS)
