"""Append to element_transfer.csv the elements that ICRP's occupational models were not read for.

    python scripts/build_element_transfer.py [--check]

Rows of other elements stay as they are. Three ways, all with status "assumed":

- lutetium, samarium, terbium, gallium, copper: retention in organs as in element_distribution.csv
  (rows of ICRP-30). Blood empties with the half-time of 0.25 d of that publication's transfer
  compartment; bone seekers lie on surfaces, half of them on those of trabecular bone; what organs
  do not keep, and what they lose, leaves half with the urine and half with the faeces.
- rhenium and astatine: the model of their neighbour in the same group in the same chemical form
  (perrhenate as pertechnetate, astatide as iodide with less uptake by the thyroid).
- francium: the model of caesium, its neighbour among the alkali ions (ICRP 151, read in FlexID).
"""

from __future__ import annotations

import argparse
import csv
import io
import math
from pathlib import Path

DATA = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
TABLE = DATA / "element_transfer.csv"
BLOOD_HALF_TIME_D = 0.25
ICRP_30 = ("Lu", "Sm", "Tb", "Ga", "Cu")
MADE = (*ICRP_30, "Re", "At", "Fr")
THYROID_OF_ASTATINE = 0.3  # element_distribution.csv: At, thyroid, relative_to_iodine
BLOOD = ("Blood", "blood", "plasma")
URINE = ("UB-con", "urinary_bladder", "contents")
FAECES = ("RC-con", "large_intestine_right", "contents")
Place = tuple[str, str, str]
Row = dict[str, str]

# compartment of caesium: place, rate out (1/d), part of it that returns to plasma, share of what
# leaves plasma (236.88 per day); FlexID, Cs-137_ing-Unspecified.inp
CAESIUM_OUT_PER_D = 236.87753
CAESIUM: dict[str, tuple[Place, float, float, float]] = {
    "RBC": (("RBC", "blood", "erythrocytes"), 0.257, 1.0, 0.007599),
    "Liver": (("Liver", "liver", ""), 2.253, 0.949845, 0.082321),
    "Kidneys": (("Kidneys", "kidneys", ""), 33.58, 0.94997, 0.283269),
    "Spleen": (("Spleen", "spleen", ""), 5.295, 0.949953, 0.022374),
    "Pancreas": (("Pancreas", "pancreas", ""), 1.7683, 0.950065, 0.007472),
    "Muscle": (("SkeletalMuscle", "muscle", ""), 0.0751, 1.0, 0.126648),
    "Skin": (("Skin", "skin", ""), 0.8829, 0.981991, 0.018659),
    "Adipose": (("Adipose", "adipose", ""), 1.77, 1.0, 0.037277),
    "Brain": (("Brain", "brain", ""), 0.0848, 1.0, 0.00179),
    "Ht-wall": (("Ht-wall", "heart", ""), 8.07, 1.0, 0.059524),
    "Lung-Tis": (("Lung-Tis", "lungs", ""), 1.47, 1.0, 0.018659),
    "R-marrow": (("R-marrow", "red_marrow", ""), 0.706, 1.0, 0.022374),
    "C-bone-S": (("C-bone-S", "bone_cortical", "surface"), 0.212, 1.0, 0.004475),
    "T-bone-S": (("T-bone-S", "bone_trabecular", "surface"), 0.212, 1.0, 0.006712),
    "St-wall": (("St-wall", "stomach", ""), 4.589, 0.906516, 0.014902),
    "SI-wall": (("SI-wall", "small_intestine", ""), 10.599, 0.93122, 0.149022),
    "RC-wall": (("RC-wall", "large_intestine_right", ""), 7.431, 0.92316, 0.023852),
    "LC-wall": (("LC-wall", "large_intestine_left", ""), 7.431, 0.92316, 0.023852),
    "RS-wall": (("RS-wall", "rectum", ""), 7.431, 0.92316, 0.011947),
    "Other1": (("Other1", "remainder", ""), 0.762, 1.0, 0.040992),
    "Cartilage": (("Cartilage", "remainder", ""), 0.2, 1.0, 0.012665),
}
# where the rest of what a compartment of caesium loses goes; all others lose it to the liver
CAESIUM_ELSEWHERE: dict[str, Place] = {
    "Liver": ("SI-con", "small_intestine", "contents"),
    "Kidneys": URINE,
    "Skin": ("Sweat", "excreta", "sweat"),
}
CAESIUM_TO_CONTENTS: dict[Place, float] = {
    ("St-con", "stomach", "contents"): 0.019082,
    ("SI-con", "small_intestine", "contents"): 0.004433,
    FAECES: 0.000084,
}


def rows_of(name: str) -> list[Row]:
    """Return the rows of a shipped table."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def row(element: str, start: Place, end: Place, rate: float, source: str, note: str) -> Row:
    """Return one passage."""
    return {
        "element": element,
        "from": start[0], "from_region": start[1], "from_part": start[2],
        "to": end[0], "to_region": end[1], "to_part": end[2],
        "rate_per_day": f"{rate:.6g}",
        "status": "assumed",
        "source": source,
        "note": note,
    }  # fmt: skip


def places(region: str) -> list[tuple[Place, float]]:
    """Return the compartments of an organ of ICRP 30 and how it is divided among them."""
    if region == "skeleton":
        return [
            (("T-bone-S", "bone_trabecular", "surface"), 0.5),
            (("C-bone-S", "bone_cortical", "surface"), 0.5),
        ]
    return [((region.capitalize(), region, ""), 1.0)]


def of_icrp_30(element: str) -> list[Row]:
    """Return the passages of an element with fractions and half-times of retention."""
    known = {
        (r["region"], r["quantity"]): float(r["value"])
        for r in rows_of("element_distribution.csv")
        if r["subject"] == element and r["source"] == "ICRP-30"
    }
    out = math.log(2.0) / BLOOD_HALF_TIME_D
    note = "retention as in element_distribution.csv (ICRP 30, recalled)"

    def passage(start: Place, end: Place, rate: float) -> Row:
        return row(element, start, end, rate, "ICRP-30", note)

    fractions = {r: v for (r, q), v in known.items() if q == "fraction_retained"}
    left = 1.0 - sum(fractions.values())
    made = [passage(BLOOD, way, out * left / 2.0) for way in (URINE, FAECES) if left > 1e-9]
    for region, fraction in fractions.items():
        for share, half_time_d, ending in components(known, region):
            for place, part in places(region):
                kept = (place[0] + ending, *place[1:])
                made.append(passage(BLOOD, kept, out * fraction * share * part))
                lost = math.log(2.0) / half_time_d
                made += [passage(kept, way, lost / 2.0) for way in (URINE, FAECES)]
    return made


def components(known: dict[tuple[str, str], float], region: str) -> list[tuple[float, float, str]]:
    """Return share, half-time (d) and ending of the name of the exponentials of an organ."""
    for where in (region, "whole_body"):
        if (where, "biological_half_time") in known:
            return [(1.0, known[where, "biological_half_time"], "")]
    fast = known["whole_body", "share_fast"]
    return [
        (fast, known["whole_body", "biological_half_time_fast"], "-fast"),
        (1.0 - fast, known["whole_body", "biological_half_time_slow"], "-slow"),
    ]


def as_neighbour(element: str, neighbour: str, *, thyroid: float, note: str) -> list[Row]:
    """Return the passages of a neighbour's model, with another uptake by the thyroid."""
    made: list[Row] = []
    for found in rows_of("element_transfer.csv"):
        if found["element"] == neighbour:
            rate = float(found["rate_per_day"])
            if found["from_part"] == "plasma" and found["to_region"] == "thyroid":
                rate *= thyroid
            changed = {"element": element, "rate_per_day": f"{rate:.6g}", "status": "assumed"}
            made.append({**found, **changed, "note": note})
    return made


def francium() -> list[Row]:
    """Return the passages of caesium's model for francium."""
    note = "as caesium (FlexID, Cs-137), the neighbouring alkali ion"
    made: list[Row] = []
    for name, (place, out, back, share) in CAESIUM.items():
        made.append(row("Fr", BLOOD, place, CAESIUM_OUT_PER_D * share, "flexid-oir", note))
        made.append(row("Fr", place, BLOOD, out * back, "flexid-oir", note))
        if back < 1.0:
            end = CAESIUM_ELSEWHERE.get(name, CAESIUM["Liver"][0])
            made.append(row("Fr", place, end, out * (1.0 - back), "flexid-oir", note))
    for place, share in CAESIUM_TO_CONTENTS.items():
        made.append(row("Fr", BLOOD, place, CAESIUM_OUT_PER_D * share, "flexid-oir", note))
    absorbed = ("SI-con", "small_intestine", "contents")
    made.append(row("Fr", absorbed, BLOOD, 594.0, "flexid-oir", f"{note}; fA 0.99"))
    return made


def made_rows() -> list[Row]:
    """Return all passages that this script makes."""
    made = [r for element in ICRP_30 for r in of_icrp_30(element)]
    made += as_neighbour("Re", "Tc", thyroid=1.0, note="perrhenate as pertechnetate")
    made += as_neighbour(
        "At", "I", thyroid=THYROID_OF_ASTATINE,
        note="astatide as iodide with 0.3 of its uptake by the thyroid; in rats all other tissues "
        "hold more of it than of iodide (spetz2013), so these are too low",
    )  # fmt: skip
    return made + francium()


def table() -> str:
    """Return the whole table."""
    found = [r for r in rows_of("element_transfer.csv") if r["element"] not in MADE]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(found[0]), lineterminator="\n")
    writer.writeheader()
    every = [r for r in found if r["element"] == "*"]
    writer.writerows([*(r for r in found if r["element"] != "*"), *made_rows(), *every])
    return text.getvalue()


def main() -> None:
    """Write the table, or say whether it is as this script makes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    made = table()
    if parser.parse_args().check:
        raise SystemExit(0 if TABLE.read_text(encoding="utf-8") == made else "differs")
    TABLE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
