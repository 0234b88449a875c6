"""The catalogue of targets: every name finds its target, every claim says where it comes from."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ligandose.agents import agents_against, landscape_agents
from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence import Measured, sources
from ligandose.targets import (
    COMPARTMENTS,
    GeneView,
    indication_name,
    indication_targets,
    indications,
    target,
    target_coverage,
    target_document,
    targets,
)

KINDS = {
    "protein", "isoform", "glycan or lipid", "transporter", "mineral", "necrosis", "physical",
}  # fmt: skip
SHARED = {"ITGAV", "P06756"}
"""The subunit that two integrins of the catalogue have in common; its name alone means neither."""
SYMBOL = re.compile(r"[A-Z][A-Z0-9-]*|C\d+orf\d+")
# UniProt's own pattern of accessions (www.uniprot.org/help/accession_numbers)
ACCESSION = re.compile(r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2}")

every = pytest.mark.parametrize("name", targets())


def spellings(name: str) -> set[str]:
    found = target(name)
    own = {name, found.common_name, *found.aliases, *found.genes, *found.uniprot}
    return own - SHARED


@every
def test_every_name_of_a_target_finds_it_whatever_its_case(name: str) -> None:
    for spelt in spellings(name):
        for written in (spelt, spelt.upper(), spelt.lower(), f" {spelt} "):
            assert target(written).name == name


@pytest.mark.parametrize(
    ("spoken", "name"),
    [
        ("PSMA", "FOLH1"), ("B7-H3", "CD276"), ("b7h3", "CD276"), ("Trop-2", "TACSTD2"),
        ("TROP2", "TACSTD2"), ("HER2", "ERBB2"), ("Q04609", "FOLH1"), ("NIS", "SLC5A5"),
        ("CD20", "MS4A1"), ("CAIX", "CA9"), ("nectin-4", "NECTIN4"), ("BCMA", "TNFRSF17"),
    ],
)  # fmt: skip
def test_names_that_people_search_by(spoken: str, name: str) -> None:
    assert target(spoken).name == name


@pytest.mark.parametrize("shared", sorted(SHARED))
def test_a_name_of_two_targets_names_both(shared: str) -> None:
    with pytest.raises(InputError, match="ITGAV-ITGB3 and ITGAV-ITGB6"):
        target(shared)


@pytest.mark.parametrize(
    ("wrong", "near"), [("FOLH2", "FOLH1"), ("TROP3", "TROP2"), ("SSTR22", "SSTR2")]
)
def test_an_unknown_name_suggests_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(UnknownNameError, match=near):
        target(wrong)


@pytest.mark.parametrize("nothing", ["", " ", "--", "\N{GREEK SMALL LETTER ALPHA}"])
def test_nothing_is_the_name_of_no_target_and_no_indication(nothing: str) -> None:
    with pytest.raises(UnknownNameError):
        target(nothing)
    with pytest.raises(UnknownNameError):
        indication_name(nothing)


@given(st.text(max_size=20))
def test_any_text_finds_a_target_or_is_refused(text: str) -> None:
    try:
        found = target(text)
    except InputError:
        return
    assert found.name in targets()


def test_an_indication_is_found_by_identifier_and_name_whatever_its_case() -> None:
    for identifier, name in indications().items():
        for spelt in (identifier, identifier.upper(), identifier.lower(), name, name.upper()):
            assert indication_name(spelt) == identifier
    with pytest.raises(UnknownNameError, match="mCRPC"):
        indication_name("mCRCP")


def test_the_catalogue_is_as_large_as_it_claims() -> None:
    assert len(targets()) >= 80
    assert len(landscape_agents()) >= 170
    assert len(indications()) >= 30


@every
def test_identity_has_the_form_that_it_should_have(name: str) -> None:
    found = target(name)
    assert found.kind in KINDS
    assert isinstance(found.gene_view, GeneView)
    assert len(found.uniprot) in (0, len(found.genes))
    assert all(SYMBOL.fullmatch(gene) for gene in (*found.genes, *found.expression_genes))
    assert all(ACCESSION.fullmatch(accession) for accession in found.uniprot)
    if found.kind in ("protein", "isoform", "transporter"):
        assert found.genes
        assert found.uniprot
        assert found.symbol == ";".join(found.genes)
    if found.kind in ("glycan or lipid", "isoform"):
        assert found.gene_view is not GeneView.DIRECT


@every
def test_every_claim_has_a_source_that_is_listed(name: str) -> None:
    listed = sources()
    for claim in target(name).claims:
        if claim.known:
            assert claim.source in listed, claim
        else:
            assert claim.value is None
            assert not claim.verified
        if claim.measured is Measured.MEASURED:
            assert (claim.value, claim.low, claim.high) != (None, None, None), claim
        if claim.low is not None and claim.high is not None:
            assert claim.low <= claim.high, claim


@every
def test_places_are_named_and_change_with_the_indication_only_where_said(name: str) -> None:
    found = target(name)
    assert found.compartments()
    assert set(found.compartments()) <= set(COMPARTMENTS)
    stated = {c.context for c in found.said("compartment")}
    for indication in indications():
        places = found.compartments(indication)
        assert set(places) <= set(COMPARTMENTS)
        if indication not in stated:
            assert places == found.compartments()


@pytest.mark.parametrize(
    ("name", "indication", "place"),
    [
        ("CA9", "ccRCC", "tumour cell"),
        ("CA9", "NSCLC", "hypoxia"),
        ("FAP", "PDAC", "stroma"),
        ("FAP", "soft-tissue-sarcoma", "tumour cell"),
        ("FOLH1", "mCRPC", "tumour cell"),
        ("FOLH1", "ccRCC", "vasculature"),
    ],
)
def test_a_target_sits_elsewhere_in_another_cancer(name: str, indication: str, place: str) -> None:
    assert place in target(name).compartments(indication)


def test_every_place_of_the_microenvironment_has_a_target() -> None:
    sat_on = {place for name in targets() for place in target(name).compartments()}
    assert set(COMPARTMENTS) <= sat_on


@every
def test_the_document_of_a_target_has_its_keys(name: str) -> None:
    found = target_document(target(name))
    assert {"target", "findings", "expression", "densities", "flags"} <= set(found)
    for finding in found["findings"]:
        assert finding["status"] in {"measured", "not detected", "not measured"}
        assert isinstance(finding["verified"], bool)
        if finding["verified"]:
            assert finding["locator"]
    for organ in found["expression"]["organs"]:
        for kind in ("rna", "protein"):
            assert organ[f"{kind}_status"] in {"measured", "not detected", "not measured"}
        assert (organ["rna_nTPM"] is None) == (organ["rna_status"] == "not measured")
        assert (organ["protein_level"] is None) == (organ["protein_status"] == "not measured")


def test_what_matters_in_an_indication_is_in_the_catalogue() -> None:
    assert set(indication_targets()) <= set(indications())
    for indication, names in indication_targets().items():
        assert set(names) <= set(targets())
        assert all(indication in target(name).indications for name in names)


def test_every_target_of_an_agent_is_in_the_catalogue_and_finds_the_agent() -> None:
    for agent in landscape_agents():
        assert agent.targets
        assert set(agent.targets) <= set(targets())
        assert set(agent.compartments) <= set(COMPARTMENTS)
        assert set(agent.indications) <= set(indications())
        assert all(agent in agents_against(name) for name in agent.targets)


def test_coverage_counts_each_cell_once() -> None:
    for row in target_coverage():
        assert 0 <= row.verified <= row.known <= row.cells <= len(targets())
