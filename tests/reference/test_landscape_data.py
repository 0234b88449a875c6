"""The landscape's tables keep what was promised: forms, references, vocabularies, coverage."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from ligandose.agents.landscape import STAGES, agent_coverage
from ligandose.evidence import Coverage, read_claims, read_table, sources
from ligandose.evidence.edition import descriptor
from ligandose.targets.catalogue import DEFAULT, GeneView
from ligandose.targets.coverage import target_coverage

NCT = re.compile(r"NCT\d{8}")
# A locator that begins as a register does has its form; others are places in words or addresses.
REGISTER = re.compile(r"(doi|pmid|pmc|nct)(?!\.)", re.IGNORECASE)
LOCATOR = re.compile(r"doi:10\.\d{4,9}/\S+|PMID \d{1,8}|PMC\d{4,8}|NCT\d{8}")
# As uniprot.org and genenames.org state them.
UNIPROT = re.compile(r"[OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d([A-Z][A-Z\d]{2}\d){1,2}")
HGNC = re.compile(r"[A-Z][A-Z\d]*(orf\d+)?(-[A-Z\d]+)?")
GENE_PRODUCTS = ("protein", "isoform", "transporter")
ENDED = ("stopped", "withdrawn")
MODALITY = "modality:"
TUMOUR_CELL_PLACES = {"tumour cell", "nucleus"}
# Parts of the body that only the safety of targets knows.
SAFETY_REGIONS = {"choroid_plexus", "eye", "lymph_nodes", "pancreatic_islets", "peripheral_nerve"}
HOSTS = ("human", "mouse", "rat")
LEAST_TARGETS, LEAST_AGENTS, LEAST_INDICATIONS, LEAST_TREATED, MODALITIES = 80, 170, 30, 35, 8
LEAST_VERIFIED = 0.6
LANDSCAPE = (
    "targets", "target_findings", "target_criteria", "target_criterion_terms", "target_tiers",
    "target_organs", "target_layers", "target_geometry", "target_publications", "trt_agents",
    "indications", "indication_targets", "indication_treatments", "labels", "levers",
    "transporter_rates", "density_pairs", "density_conversions", "density_model",
)  # fmt: skip
SHARE_ALIKE = (
    "expression_rna", "expression_protein", "expression_cancer", "expression_background_organs",
    "expression_background_cancers", "expression_calibrators",
)  # fmt: skip


def items(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def column(table: str, name: str) -> set[str]:
    return {item for row in read_table(f"{table}.csv") for item in items(row[name])}


def regions() -> set[str]:
    return column("dose_regions", "region") | SAFETY_REGIONS


def repeated(names: Iterator[str] | list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def coverage_of(rows: list[Coverage], field: str) -> Coverage:
    return next(row for row in rows if row.field == field)


def test_every_trial_number_is_nct_and_eight_digits() -> None:
    numbers = column("trt_agents", "nct")
    assert numbers
    assert [n for n in numbers if not NCT.fullmatch(n)] == []


def test_every_locator_that_names_a_register_has_its_form() -> None:
    wrong = [
        f"{source.id}: {source.locator}"
        for source in sources().values()
        if REGISTER.match(source.locator) and not LOCATOR.fullmatch(source.locator)
    ]
    assert wrong == []


def test_no_locator_hides_a_doi_or_names_a_scheme() -> None:
    # A DOI within the web address of its publisher would be no link in reports.
    wrong = [
        f"{source.id}: {source.locator}"
        for source in sources().values()
        if "://" in source.locator or re.search(r"(?<!doi:)\b10\.\d{4,9}/", source.locator)
    ]
    assert wrong == []


def test_every_source_identifier_is_one_without_spaces() -> None:
    ids = [row["id"] for row in read_table("sources.csv")]
    assert repeated([i.casefold() for i in ids]) == []
    assert [i for i in ids if not re.fullmatch(r"[\w.-]+", i)] == []


def test_every_gene_product_has_hgnc_symbols_and_uniprot_accessions() -> None:
    wrong: list[str] = []
    for row in read_table("targets.csv"):
        symbols, accessions = items(row["hgnc_symbol"]), items(row["uniprot"])
        formed = all(map(HGNC.fullmatch, symbols)) and all(map(UNIPROT.fullmatch, accessions))
        if len(symbols) != len(accessions) or not formed:
            wrong.append(row["target"])
        if row["kind"] in GENE_PRODUCTS and not symbols:
            wrong.append(row["target"])
    assert wrong == []


def test_an_accession_belongs_to_one_gene() -> None:
    genes: dict[str, set[str]] = defaultdict(set)
    for row in read_table("targets.csv"):
        pairs = zip(items(row["hgnc_symbol"]), items(row["uniprot"]), strict=True)
        for symbol, accession in pairs:
            genes[accession].add(symbol)
    assert {a: g for a, g in genes.items() if len(g) > 1} == {}


def test_accessions_are_those_of_the_surfaceome() -> None:
    surfy = {r["gene"]: r["uniprot"] for r in read_table("expression_surface.csv") if r["uniprot"]}
    compared: dict[str, tuple[str, str]] = {}
    for row in read_table("targets.csv"):
        pairs = zip(items(row["hgnc_symbol"]), items(row["uniprot"]), strict=True)
        compared |= {g: (a, surfy[g]) for g, a in pairs if g in surfy}
    assert len(compared) > LEAST_TARGETS
    assert {g: both for g, both in compared.items() if both[0] != both[1]} == {}


@pytest.mark.parametrize(
    ("table", "name"),
    [("trt_agents", "nuclides"), ("labels", "nuclide"), ("target_geometry", "nuclide")],
)
def test_every_nuclide_is_in_the_nuclide_table(table: str, name: str) -> None:
    assert column(table, name) - column("nuclides", "nuclide") == set()


@pytest.mark.parametrize(
    ("table", "name", "to"),
    [
        ("trt_agents", "targets", "targets.target"),
        ("trt_agents", "indications", "indications.indication"),
        ("trt_agents", "stage_source", "sources.id"),
        ("trt_agents", "status_source", "sources.id"),
        ("trt_agents", "identity_source", "sources.id"),
        ("target_findings", "target", "targets.target"),
        ("target_publications", "target", "targets.target"),
        ("indication_targets", "target", "targets.target"),
        ("indication_targets", "indication", "indications.indication"),
        ("indication_treatments", "indication", "indications.indication"),
        ("expression_cancers", "indications", "indications.indication"),
        ("transporter_rates", "target", "targets.target"),
        ("density_pairs", "target", "targets.target"),
        *((table, "source", "sources.id") for table in (
            "target_findings", "target_criteria", "target_criterion_terms", "target_tiers",
            "target_organs", "target_layers", "target_publications", "indication_targets",
            "indication_treatments", "labels", "levers", "transporter_rates", "density_pairs",
            "density_conversions",
        )),
    ],
)  # fmt: skip
def test_every_name_leads_somewhere(table: str, name: str, to: str) -> None:
    other, key = to.split(".")
    assert column(table, name) - {row[key] for row in read_table(f"{other}.csv")} == set()


def test_every_target_and_indication_is_used() -> None:
    stated = {row["target"] for row in read_table("target_findings.csv")}
    assert column("targets", "target") - stated == set()
    used = column("indication_targets", "indication") | column("trt_agents", "indications")
    assert column("indications", "indication") - used == set()


def test_every_gene_of_the_catalogue_has_surface_evidence_or_its_absence() -> None:
    named = column("targets", "hgnc_symbol") | column("targets", "expression_genes")
    assert named == column("expression_surface", "gene")


def test_what_was_read_names_where_and_what_was_measured_has_a_source() -> None:
    wrong: list[str] = []
    for table in LANDSCAPE:
        for line, row in enumerate(read_table(f"{table}.csv"), start=2):
            if row.get("status") == "verified" and row.get("source") == "":
                wrong.append(f"{table}.csv line {line}")
    for line, row in enumerate(read_table("target_findings.csv"), start=2):
        if row["measured"] != "not measured" and not row["source"]:
            wrong.append(f"target_findings.csv line {line}")
    for row in read_table("trt_agents.csv"):
        for part in ("stage", "status", "identity"):
            if row[f"{part}_status"] == "verified" and not row[f"{part}_source"]:
                wrong.append(f"trt_agents.csv {row['agent']} {part}")
    assert wrong == []


def test_recalled_statements_are_not_called_verified() -> None:
    recalled = {s.id for s in sources().values() if s.locator == "unverified"}
    assert recalled
    wrong = [
        f"{table}.csv line {line}"
        for table in LANDSCAPE
        for line, row in enumerate(read_table(f"{table}.csv"), start=2)
        if row.get("status") == "verified" and row.get("source") in recalled
    ]
    assert wrong == []


def test_every_agent_that_ended_says_why() -> None:
    agents = read_table("trt_agents.csv")
    assert [a["agent"] for a in agents if a["status"] in ENDED and not a["status_reason"]] == []
    assert [a["agent"] for a in agents if a["status"] not in ENDED and a["status_reason"]] == []


def test_terms_are_those_that_the_profile_judges() -> None:
    judged: dict[str, set[str]] = defaultdict(set)
    for row in read_table("target_criterion_terms.csv"):
        judged[row["criterion"]].add(row["term"])
    said: dict[str, set[str]] = defaultdict(set)
    for claim in read_claims("target_findings.csv", "target"):
        if claim.known and isinstance(claim.value, str):
            said[claim.field].add(claim.value)
    assert said["internalisation"] <= judged["internalisation"]
    assert said["shedding"] <= judged["shedding"]
    assert said["surface_access"] <= judged["access"]
    assert said["compartment"] <= TUMOUR_CELL_PLACES | column("target_layers", "compartment")
    assert said["brain_reach"] <= {"outside barrier", "behind barrier", "both"}
    assert said["organ_expression"] <= {"high", "present", "absent"}
    for field in said:
        if field.startswith(MODALITY):
            assert said[field] <= set(STAGES), field
    organs = {organ for term in said["dose_limiting_organ"] for organ in items(term)}
    assert organs <= regions()


def test_columns_of_terms_hold_no_others() -> None:
    assert column("targets", "gene_view") <= {str(view) for view in GeneView}
    assert column("trt_agents", "stage") <= set(STAGES)
    places = TUMOUR_CELL_PLACES | column("target_layers", "compartment")
    assert column("trt_agents", "compartment") <= places
    assert column("indications", "organ") <= regions()
    assert column("expression_tissues", "region") <= regions()
    assert column("levers", "host") <= set(HOSTS)
    kinds = {(r["tissue_kind"], r["tissue"]) for r in read_table("density_pairs.csv")}
    assert {t for kind, t in kinds if kind == "organ"} <= regions()
    assert {t for kind, t in kinds if kind == "tumour"} <= column("indications", "indication")
    for tissue in column("transporter_rates", "tissue"):
        known = column("indications", "indication") if tissue.startswith("tumour:") else regions()
        assert tissue.removeprefix("tumour:") in known


def test_contexts_of_claims_by_disease_are_indications() -> None:
    known = column("indications", "indication")
    wrong = {
        f"{c.subject} {c.field} {c.context}"
        for c in read_claims("target_findings.csv", "target")
        if c.field in ("compartment", "prevalence") and c.context not in {DEFAULT, *known}
    }
    assert wrong == set()


def test_numbers_lie_in_their_ranges_and_fractions_below_one() -> None:
    for claim in read_claims("target_findings.csv", "target"):
        number = claim.value if isinstance(claim.value, float) else None
        stated = [n for n in (claim.low, number, claim.high) if n is not None]
        assert stated == sorted(stated), claim
        if claim.field in ("prevalence", "positive_cells"):
            assert all(0 <= n <= 1 for n in stated), claim


def test_the_landscape_is_as_large_as_promised() -> None:
    assert len(read_table("targets.csv")) >= LEAST_TARGETS
    assert len(read_table("trt_agents.csv")) >= LEAST_AGENTS
    with_targets = column("indication_targets", "indication")
    treated: dict[str, set[str]] = defaultdict(set)
    for row in read_table("indication_treatments.csv"):
        treated[row["indication"]].add(row["modality"])
    complete = {i for i, kinds in treated.items() if len(kinds) == MODALITIES}
    assert len(with_targets) >= LEAST_INDICATIONS
    assert len(with_targets & complete) >= LEAST_TREATED


def test_most_stages_compartments_and_internalisations_were_read_at_a_source() -> None:
    targets, agents = target_coverage(), agent_coverage()
    for rows, field in ((agents, "stage"), (targets, "compartment"), (targets, "internalisation")):
        found = coverage_of(rows, field)
        assert found.verified_share >= LEAST_VERIFIED, found


def test_coverage_counts_the_cells_that_the_tables_hold() -> None:
    rows = read_table("target_findings.csv")
    for field in ("compartment", "internalisation"):
        read = {
            r["target"]
            for r in rows
            if r["field"] == field and r["status"] == "verified" and r["measured"] != "not measured"
        }
        assert coverage_of(target_coverage(), field).verified == len(read)
    stages = [r["stage_status"] for r in read_table("trt_agents.csv")]
    assert coverage_of(agent_coverage(), "stage").verified == stages.count("verified")


def test_tables_of_the_protein_atlas_carry_its_licence_and_name_it() -> None:
    described = {r["name"]: r for r in descriptor()["resources"]}
    for name in SHARE_ALIKE:
        (licence,) = described[name]["licenses"]
        assert licence["name"].startswith("CC-BY-SA"), name
        assert "Human Protein Atlas" in licence["title"], name
        assert "Human Protein Atlas" in described[name]["title"] or "surface" in name, name
    ours = [n for n, r in described.items() if r["licenses"][0]["name"].startswith("CC-BY-SA")]
    assert sorted(ours) == sorted(SHARE_ALIKE)
    assert {"hpa-21.1", "uhlen2015", "surfy2018", "cspa2015"} <= set(sources())
