"""Targets on which rankings of targets go wrong: each carries the flag that a reader must see.

What is known of them: issue 4 and the Human Protein Atlas 21.1 (proteinatlas.org), whose values
are in the expression tables. Controls must be judged in their indications; where they come is
reported, and no test asks that they come first.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from ligandose.evidence import read_table
from ligandose.targets import (
    COMMON_LAYERS,
    LAYERS,
    GeneView,
    Profile,
    cancer_expression,
    judged_targets,
    organ_expression,
    rank,
    target,
    targets,
)
from ligandose.targets.expression import surface_evidence
from ligandose.targets.flags import flags_of

NO_PROTEIN = "no protein data"
DOUBT = "antibody doubt: stained without RNA"


def flag(name: str, start: str, indication: str | None = None) -> str:
    return next((f for f in flags_of(target(name), indication) if f.startswith(start)), "")


def flagged_organs(name: str) -> set[str]:
    return set(flag(name, "normal organs: ").removeprefix("normal organs: ").split(", "))


@pytest.mark.parametrize(
    ("name", "organs"),
    [
        ("CXCR4", {"red_marrow", "lymph_nodes", "spleen"}),
        ("TACSTD2", {"oesophagus", "skin", "salivary_glands"}),
        ("FOLR1", {"kidneys", "lungs", "choroid_plexus", "salivary_glands"}),
        ("FOLH1", {"kidneys", "small_intestine"}),
        ("SLC5A5", {"thyroid", "salivary_glands", "stomach"}),
        ("GPA33", {"large_intestine_left", "small_intestine"}),
        ("GD2", {"peripheral_nerve"}),
        ("CLDN18.2", {"stomach"}),
    ],
)
def test_the_organs_at_risk_are_flagged(name: str, organs: set[str]) -> None:
    assert organs <= flagged_organs(name)


@pytest.mark.parametrize("name", targets())
def test_an_organ_is_flagged_for_much_rna_or_a_trusted_stain_and_for_nothing_else(
    name: str,
) -> None:
    at_risk = {
        o.organ
        for o in organ_expression(target(name)).values()
        if (o.rna_nTPM or 0.0) >= 100.0
        or ((o.protein_level or 0) >= 2 and o.reliability != "Uncertain")
    }
    assert flagged_organs(name) - {""} == at_risk


@pytest.mark.parametrize("name", ["CLDN18.2", "CD44v6", "FN1-EDB"])
def test_an_isoform_that_genes_cannot_tell_is_flagged(name: str) -> None:
    assert target(name).gene_view is GeneView.BLIND
    assert flag(name, "isoform: gene-level data cannot see it")


@pytest.mark.parametrize("name", ["GD2", "sialyl-Lewis-a", "Lewis-Y", "TAG-72"])
def test_a_glycan_or_lipid_is_flagged(name: str) -> None:
    assert not target(name).genes
    assert re.search(
        "gene-level data cannot see it|stands for it", " ".join(flags_of(target(name)))
    )


def test_psma_in_vessels_is_flagged_and_sits_there() -> None:
    assert "vessel" in flag("FOLH1", "gene level")
    assert "vasculature" in flag("FOLH1", "sits on", "ccRCC")
    assert flag("FOLH1", "sits on", "mCRPC") == ""


@cache
def stained_genes() -> frozenset[str]:
    return frozenset(row["gene"] for row in read_table("expression_protein.csv"))


@pytest.mark.parametrize("name", ["GRPR", "DLL3", "CXCR4", "FOLR1", "NTSR1", "CD70", "LRRC15"])
def test_targets_without_protein_data_say_so(name: str) -> None:
    assert flag(name, NO_PROTEIN)
    assert not set(target(name).expression_genes) & stained_genes()
    for organ in organ_expression(target(name)).values():
        assert organ.protein_level is None
        assert organ.document()["protein_status"] == "not measured"


@pytest.mark.parametrize("name", targets())
def test_no_protein_data_is_said_exactly_where_there_is_none(name: str) -> None:
    genes = set(target(name).expression_genes)
    if genes:
        assert bool(flag(name, NO_PROTEIN)) == (not genes <= stained_genes())


@pytest.mark.parametrize(
    ("name", "organ"),
    [("SEZ6", "kidneys"), ("GPRC5D", "kidneys"), ("VTCN1", "adrenals"), ("ALK", "skin")],
)
def test_a_stain_without_rna_puts_the_antibody_in_doubt(name: str, organ: str) -> None:
    found = organ_expression(target(name))[organ]
    assert found.rna_nTPM is not None
    assert found.rna_nTPM < 1.0
    assert (found.protein_level or 0) >= 2
    assert organ in flag(name, DOUBT)


@pytest.mark.parametrize("name", ["EGFR", "ERBB2", "FOLH1", "TACSTD2", "EPCAM", "NECTIN4"])
def test_a_stain_with_rna_does_not(name: str) -> None:
    assert flag(name, "antibody doubt") == ""


@pytest.mark.parametrize("name", ["SSTR2", "FAP", "STEAP1", "HAVCR1"])
def test_an_antibody_that_the_atlas_calls_uncertain_is_not_used(name: str) -> None:
    assert flag(name, "antibody doubt: the atlas calls its staining uncertain")
    for organ in organ_expression(target(name)).values():
        assert organ.trusted_level is None


@pytest.mark.parametrize("name", ["CA9", "STEAP1", "STEAP2", "NECTIN4"])
def test_targets_that_a_surfaceome_omits_stay_and_are_known_to_be_at_the_surface(name: str) -> None:
    found = target(name)
    assert [c.term for c in found.said("surface_access")] == ["extracellular"]
    assert all(c.verified for c in found.said("surface_access"))
    if name != "NECTIN4":  # listed under its former symbol, PVRL4, in the surfaceome
        assert surface_evidence()[name]["surfy"] == ""
    for indication in found.indications:
        assert name in judged_targets(indication)


def test_psma_rna_is_highest_in_the_duodenum_and_not_where_the_dose_is() -> None:
    rows = [row for row in read_table("expression_rna.csv") if row["gene"] == "FOLH1"]
    rna = {row["tissue"]: float(row["nTPM"]) for row in rows}
    assert max(rna, key=lambda tissue: rna[tissue]) == "duodenum"
    organs = organ_expression(target("PSMA"))
    level = {o: e.rna_nTPM for o, e in organs.items() if e.rna_nTPM is not None}
    assert max(level, key=lambda organ: level[organ]) == "small_intestine"
    limiting = flag("FOLH1", "dose-limiting")
    assert "kidneys" in limiting
    assert "salivary glands" in limiting
    assert "intestine" not in limiting


@cache
def ranking(indication: str, *, common: bool) -> dict[str, tuple[int, Profile]]:
    made = rank(indication, layers=COMMON_LAYERS if common else LAYERS)
    return {each.target.name: (place, each) for place, each in enumerate(made, start=1)}


@pytest.mark.parametrize("common", [False, True], ids=["all", "common"])
@pytest.mark.parametrize(
    ("name", "indication"),
    [("FOLH1", "mCRPC"), ("SSTR2", "GEP-NET"), ("SLC5A5", "DTC"), ("FAP", "PDAC")],
)
def test_controls_are_judged_twice_beside_targets_of_every_epithelium(
    name: str, indication: str, *, common: bool
) -> None:
    made = ranking(indication, common=common)
    for each in (name, "ERBB2", "EGFR"):
        place, found = made[each]
        assert 1 <= place <= len(made)
        assert 0.0 < found.quantiles[0] <= found.quantiles[2] <= 1.0
        assert found.reasons_for or found.reasons_against


def test_a_cancer_that_nobody_stained_is_no_negative_one() -> None:
    for name in ("GRPR", "DLL3"):
        assert cancer_expression(target(name), "mCRPC") is None
        assert "no staining of this tumour in the atlas" in flags_of(target(name), "mCRPC")
