"""What the commands of targets, agents and the landscape print; the coverage may not fall."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ligandose.agents import STAGES, landscape_agents
from ligandose.cli import main
from ligandose.evidence import default_store
from ligandose.targets import COMPARTMENTS, indication_targets, judged_targets, target, targets

FLOORS = Path(__file__).with_name("coverage_floor.csv")
STATES = {"measured", "not detected", "not measured"}
CLAIM = {"field", "context", "value", "unit", "status", "verified", "source", "locator", "date"}
LISTED = {
    "target", "id", "name", "kind", "hgnc_symbol", "uniprot", "aliases", "family", "compartments",
    "indications", "companions", "stage", "agents", "claims_known", "claims_verified",
}  # fmt: skip
RANKED = {
    "target", "id", "indication", "tier", "score", "tier_stability", "missing_weight",
    "reasons_for", "reasons_against", "flags", "criteria", "breadth", "stage", "companions",
    "publications",
}  # fmt: skip
AGENT = {
    "name", "targets", "compartments", "vector_class", "label", "nuclides", "indications", "stage",
    "stage_verified", "stage_source", "status", "status_reason", "trials", "nct", "sponsor",
}  # fmt: skip
READ_SHARE = 0.60  # of stages, compartments and internalisation: what issue 4 promises


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found = json.loads(printed(capsys, *arguments, "--json"), parse_constant=refuse)
    assert found["research_use_only"] is True
    return found


@pytest.fixture(autouse=True)
def _plain_terminal_and_no_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "LIGANDOSE_STORE"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    assert not default_store().exists()


def test_the_list_of_targets(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "targets", "list")
    assert found["document"] == "ligandose.targets"
    assert [each["id"] for each in found["targets"]] == list(targets())
    for each in found["targets"]:
        assert set(each) >= LISTED
        assert each["stage"] in (*STAGES, "")
        assert each["claims_verified"] <= each["claims_known"]
    text = printed(capsys, "targets", "list")
    assert all(name in text for name in ("FOLH1", "PSMA", "B7-H3"))


@pytest.mark.parametrize(
    ("arguments", "inside", "outside"),
    [
        (["--compartment", "stroma"], "FAP", "FOLH1"),
        (["--indication", "mCRPC"], "FOLH1", "TNFRSF17"),
        (["--indication", "mcrpc"], "FOLH1", "TNFRSF17"),
        (["--stage", "approved"], "SSTR2", "LRRC15"),
        (["--indication", "ccRCC", "--compartment", "vasculature"], "FOLH1", "FAP"),
    ],
)
def test_the_list_of_targets_is_cut_as_asked(
    arguments: list[str], inside: str, outside: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [each["id"] for each in document(capsys, "targets", "list", *arguments)["targets"]]
    assert inside in names
    assert outside not in names


def test_the_parts_of_the_list_are_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    by_stage = [
        each["id"]
        for stage in STAGES
        for each in document(capsys, "targets", "list", "--stage", stage)["targets"]
    ]
    assert len(by_stage) == len(set(by_stage))
    somewhere = {
        each["id"]
        for place in COMPARTMENTS
        for each in document(capsys, "targets", "list", "--compartment", place)["targets"]
    }
    assert somewhere == set(targets())


@pytest.mark.parametrize("spoken", ["PSMA", "folh1", "Q04609"])
def test_a_target_is_shown_by_any_of_its_names(
    spoken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = document(capsys, "targets", "show", spoken)
    assert found["target"]["target"] == "FOLH1"
    assert found["imported"] is None
    assert "177Lu-PSMA-617" in [agent["name"] for agent in found["agents"]]
    for finding in found["findings"]:
        assert set(finding) >= CLAIM
        assert finding["status"] in STATES
        assert isinstance(finding["verified"], bool)
        assert finding["source"]
        assert finding["citation"]
    for density in found["densities"]:
        assert density["p05_nmol_L"] < density["density_nmol_L"] < density["p95_nmol_L"]
    assert {"measured", "model"} == {density["basis"] for density in found["densities"]}


@pytest.mark.parametrize("name", targets())
def test_every_target_can_be_shown(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "targets", "show", name)
    assert text.startswith(f"{target(name).common_name} ({name})")
    assert "nan" not in text.split()


@pytest.mark.parametrize("evidence", ["all", "common"])
def test_the_ranking_of_an_indication(evidence: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["targets", "rank", "--indication", "mCRPC", "--evidence", evidence]
    found = document(capsys, *arguments)
    assert (found["document"], found["indication"]) == ("ligandose.ranking", "mCRPC")
    assert found["evidence"] == evidence
    assert len(found["ranking"]) == len(judged_targets("mCRPC"))
    for each in found["ranking"]:
        assert set(each) >= RANKED
        assert each["target"] == target(each["id"]).symbol
        score = each["score"]
        assert 0.0 <= score["p05"] <= score["median"] <= score["p95"] <= 1.0
        assert each["tier"] in (1, 2, 3, 4, None)
        assert each["assessable"] is (each["tier"] is not None)
        assert 0.0 <= each["tier_stability"] <= 1.0
        for key in ("reasons_for", "reasons_against", "flags"):
            assert all(isinstance(word, str) and word for word in each[key])
    assert "FOLH1" in [each["target"] for each in found["ranking"]]
    assert -1.0 <= found["attention"]["spearman"] <= 1.0
    assert found["provenance"]["seed"] == 1
    text = printed(capsys, *arguments)
    assert "not evidence" in text.splitlines()[-1]


def test_the_same_seed_prints_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["targets", "rank", "--indication", "neuroblastoma", "--json", "--seed"]
    one, again, other = (printed(capsys, *arguments, seed) for seed in ("7", "7", "8"))
    assert one == again
    assert one != other


def test_the_ranking_without_an_indication_has_each_target_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ranking = document(capsys, "targets", "rank")["ranking"]
    names = [each["id"] for each in ranking]
    listed = {name for names in indication_targets().values() for name in names}
    assert len(names) == len(set(names))
    assert set(names) == listed
    assert all(each["id"] in indication_targets()[each["indication"]] for each in ranking)


def test_a_ranking_is_written_as_a_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "ranked"
    printed(capsys, "targets", "rank", "--indication", "neuroblastoma", "--out", str(out))
    assert json.loads((out / "ranking.json").read_bytes())["document"] == "ligandose.ranking"
    table = out / "tables" / "ranking.csv"
    lines = [line for line in table.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert len(lines) == 1 + len(judged_targets("neuroblastoma"))


def test_targets_are_laid_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "targets", "compare", "PSMA", "STEAP1", "grpr")
    assert found["document"] == "ligandose.comparison"
    assert [each["target"] for each in found["targets"]] == ["FOLH1", "STEAP1", "GRPR"]
    assert found["indication"] == "mCRPC"
    assert {each["indication"] for each in found["targets"]} == {"mCRPC"}
    compared = {each["id"]: each for each in found["targets"]}
    ranking = document(capsys, "targets", "rank", "--indication", "mCRPC")["ranking"]
    for each in ranking:
        if each["id"] in compared:
            assert compared[each["id"]] == each
    text = printed(capsys, "targets", "compare", "PSMA", "FAP", "--indication", "PDAC")
    assert text.startswith("Compared in PDAC")


def test_no_share_of_what_was_read_at_its_source_falls(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "targets", "coverage")
    now = {(row["catalogue"], row["field"]): row for row in found["coverage"]}
    with FLOORS.open(encoding="utf-8", newline="") as file:
        floors = {
            (r["catalogue"], r["field"]): float(r["verified_share"]) for r in csv.DictReader(file)
        }
    assert set(floors) == set(now)
    for key, floor in floors.items():
        assert now[key]["verified_share"] >= floor, key
        assert now[key]["verified"] <= now[key]["known"] <= now[key]["cells"], key


@pytest.mark.parametrize(
    ("catalogue", "field"),
    [("agents", "stage"), ("targets", "compartment"), ("targets", "internalisation")],
)
def test_the_promised_share_was_read(
    catalogue: str, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = document(capsys, "targets", "coverage")["coverage"]
    (row,) = [r for r in rows if (r["catalogue"], r["field"]) == (catalogue, field)]
    assert row["verified_share"] >= READ_SHARE


def test_the_list_of_agents(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "agents", "list")
    names = [each["name"] for each in found["agents"]]
    assert set(names) >= {agent.name for agent in landscape_agents()}
    assert len(names) == len(set(names))
    assert all(set(each) >= AGENT for each in found["agents"])


@pytest.mark.parametrize(
    ("arguments", "key", "value"),
    [
        (["--target", "PSMA"], "targets", "FOLH1"),
        (["--nuclide", "225Ac"], "nuclides", "Ac-225"),
        (["--indication", "GEP-NET"], "indications", "GEP-NET"),
        (["--stage", "approved"], "stage", "approved"),
    ],
)
def test_the_list_of_agents_is_cut_as_asked(
    arguments: list[str], key: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = document(capsys, "agents", "list", *arguments)["agents"]
    assert 0 < len(chosen) < len(landscape_agents())
    assert all(value in each[key] for each in chosen)


@pytest.mark.parametrize("spoken", ["177Lu-PSMA-617", "pluvicto", "177LU-VIPIVOTIDE TETRAXETAN"])
def test_an_agent_is_shown_with_claims_and_values(
    spoken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = document(capsys, "agents", "show", spoken)
    assert found["agent"]["name"] == "177Lu-PSMA-617"
    assert {f["field"] for f in found["findings"]} >= {"identity", "stage", "status"}
    for finding in found["findings"]:
        assert set(finding) >= CLAIM
        assert finding["status"] in STATES
    for value in found["values"]:
        assert value["unit"]
        assert value["status"]
        assert value["source"]
    assert "PSMA.k_d" in {value["key"] for value in found["values"]}


@pytest.mark.parametrize("name", [agent.name for agent in landscape_agents()])
def test_every_agent_can_be_shown(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "agents", "show", name).startswith(name)


@pytest.mark.parametrize(
    "command", ["targets", "targets list", "targets show", "targets rank", "targets compare",
                "targets coverage", "targets import", "agents", "agents list", "agents show",
                "landscape"],
)  # fmt: skip
def test_every_command_has_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, *command.split(), "--help")
    assert text.startswith(f"Usage: ligandose {command}")
