"""The landscape page: complete, self-contained, escaped, small, honest about what is missing."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ligandose.agents.landscape import landscape_agents
from ligandose.errors import InputError
from ligandose.report.landscape import (
    INTENDED_USE,
    island,
    landscape_document,
    render_landscape,
    script,
    write_landscape,
)
from ligandose.report.landscape_data import page_data, rankings, source_url
from ligandose.targets import cancer_expression, organ_expression, target, targets

FIVE_MEGABYTES = 5_000_000
VOID = {"meta", "br", "link", "img", "input", "hr", "col"}


class Outline(HTMLParser):
    """Nesting, ids, references and what would be loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.hrefs: list[tuple[str, str]] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.ids += [str(held["id"])] if held.get("id") else []
        if held.get("href"):
            self.hrefs.append((tag, str(held["href"])))
        self.loaded += [str(held[k]) for k in ("src", "srcset", "data", "poster") if held.get(k)]
        assert not any(name.startswith("on") for name in held), f"handler in <{tag}>"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without a start"
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("landscape") / "out"
    told: list[float] = []
    page = write_landscape(out, ranked=["mCRPC"], progress=lambda share, _what: told.append(share))
    assert page == out / "index.html"
    assert told == sorted(told)
    assert told[-1] == 1.0
    return out


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def held(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def outlined(page: str) -> Outline:
    outline = Outline()
    outline.feed(page)
    outline.close()
    return outline


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    outline = outlined(page)
    assert outline.loaded == []
    assert [href for tag, href in outline.hrefs if tag == "link"] == ["data:,"]
    assert "@import" not in page
    assert "url(" not in page
    for call in ("fetch(", "XMLHttpRequest", "import(", "WebSocket", "sendBeacon"):
        assert call not in script(), call


def test_elements_nest_and_links_lead_somewhere(page: str) -> None:
    outline = outlined(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    inner = {href[1:] for _, href in outline.hrefs if href.startswith("#")}
    assert inner <= set(outline.ids)


def test_files_that_the_page_names_lie_beside_it(folder: Path, page: str) -> None:
    hrefs = [href for _, href in outlined(page).hrefs]
    beside = [href for href in hrefs if not re.match(r"(https:|#|data:)", href)]
    assert len(beside) >= 12
    assert all((folder / href).is_file() for href in beside)


def test_script_makes_no_markup_from_text() -> None:
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                "new Function", "srcdoc", "createContextualFragment"):  # fmt: skip
        assert way not in script(), way


@pytest.mark.parametrize("text", ["</script><img src=x>", "<!--<script>", "a & b", "\u2028", "'\""])
def test_island_cannot_be_left_and_keeps_the_text(text: str) -> None:
    made = str(island({"name": text}))
    assert not set("<>&\u2028") & set(made)
    assert json.loads(made) == {"name": text}


def test_every_target_agent_and_finding_is_there(held: dict[str, Any]) -> None:
    assert [t["id"] for t in held["targets"]] == list(targets())
    assert [a["name"] for a in held["agents"]] == [a.name for a in landscape_agents()]
    for entry in held["targets"]:
        claims = target(entry["id"]).claims
        assert [held["words"][c[0]] for c in entry["claims"]] == [c.field for c in claims]
        states = [held["states"][c[6]] for c in entry["claims"]]
        assert states == [c.measured.value for c in claims]
        assert entry["verified"] == sum(c.verified for c in claims)


def test_every_source_that_is_named_can_be_read(held: dict[str, Any]) -> None:
    named = {c[8] for t in held["targets"] for c in t["claims"] if c[8]}
    named |= {s for a in held["agents"] for s in (a["source"], *a["also"]) if s}
    assert named <= set(held["sources"])
    assert [name for name in sorted(named) if not held["sources"][name][0]] == []
    assert all(url == "" or url.startswith("https://") for _, _, url in held["sources"].values())


@pytest.mark.parametrize(
    ("locator", "url"),
    [
        ("doi:10.1038/ncb1486", "https://doi.org/10.1038/ncb1486"),
        ("PMID 41344852", "https://pubmed.ncbi.nlm.nih.gov/41344852/"),
        ("PMC6306059", "https://pmc.ncbi.nlm.nih.gov/articles/PMC6306059/"),
        ("NCT03507452", "https://clinicaltrials.gov/study/NCT03507452"),
        ("wlab.ethz.ch/surfaceome", "https://wlab.ethz.ch/surfaceome"),
        ("advancell.com.au/presentations, AACR 2025", "https://advancell.com.au/presentations"),
        ("hosts.csv", ""),
        ("scripts/fit_density.py", ""),
        ("javascript:alert(1)", ""),
        ("unverified", ""),
        ("", ""),
    ],
)
def test_a_locator_becomes_a_safe_link_or_none(locator: str, url: str) -> None:
    assert source_url(locator) == url


def test_what_was_not_measured_stays_open(held: dict[str, Any]) -> None:
    organs = [organ for organ, _, _ in held["organs"]]
    missing = 0
    for entry in held["targets"]:
        seen = organ_expression(target(entry["id"]))
        for i, organ in enumerate(organs):
            level = seen[organ].protein_level if organ in seen else None
            assert entry["level"][i] == level
            rna = seen[organ].rna_nTPM if organ in seen else None
            assert (entry["rna"][i] is None) == (rna is None)
            missing += level is None
    assert missing > 0


def test_tumour_staining_is_that_of_the_table(held: dict[str, Any]) -> None:
    entry = next(t for t in held["targets"] if t["id"] == "FOLH1")
    counts = next(s[1:] for s in entry["stained"] if s[0] == "mCRPC")
    stained = cancer_expression(target("FOLH1"), "mCRPC")
    assert stained is not None
    assert counts == list(stained.patients)


def test_ranking_keeps_intervals_and_reasons(held: dict[str, Any]) -> None:
    rows = held["rankings"]["mCRPC"]
    assert len(rows) > 10
    for row in rows:
        assert row[1] in (1, 2, 3, 4, None)
        assert 0.0 <= row[2] <= row[3] <= row[4] <= 1.0
        assert len(row[8]) == len(held["criteria"])
        assert row[9] or row[10]


def test_licence_attribution_and_intended_use_are_said(folder: Path, page: str) -> None:
    footer = page[page.index("<footer>") :]
    assert "Human Protein Atlas, proteinatlas.org" in footer
    assert "CC BY-SA" in footer
    assert page.count(INTENDED_USE) >= 2
    document = json.loads((folder / "landscape.json").read_text(encoding="utf-8"))
    assert document["research_use_only"] is True
    assert "proteinatlas.org" in document["expression"]["name"]


def test_document_counts_what_the_catalogue_holds() -> None:
    document = landscape_document()
    counts = document["counts"]
    assert document["document"] == "ligandose.landscape"
    assert counts["targets"] == len(targets())
    assert counts["agents"] == len(landscape_agents()) == sum(document["agents_by_stage"].values())
    assert counts["findings_verified"] <= counts["findings_known"] <= counts["findings"]
    assert document["coverage"]


def test_figures_come_as_svg_png_and_csv(folder: Path) -> None:
    for name in ("expression", "stages", "competitors"):
        stem = folder / "figures" / f"landscape_{name}"
        assert stem.with_suffix(".svg").read_text(encoding="utf-8").startswith("<?xml")
        assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
        rows = list(csv.DictReader(io.StringIO(stem.with_suffix(".csv").read_text("utf-8"))))
        assert len(rows) > 100


def test_same_data_same_bytes_and_only_its_own_folder(folder: Path, tmp_path: Path) -> None:
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    write_landscape(folder, ranked=["mCRPC"])
    assert before == {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "notes.txt").write_text("keep")
    with pytest.raises(InputError, match="not a ligandose report"):
        write_landscape(foreign, ranked=[])
    assert [p.name for p in foreign.iterdir()] == ["notes.txt"]


def test_page_with_every_ranking_stays_under_five_megabytes() -> None:
    ranked = rankings()
    assert ranked
    page = render_landscape(landscape_document(), ranked)
    assert len(page.encode()) < FIVE_MEGABYTES


def test_page_without_a_ranking_is_whole() -> None:
    assert page_data({})["rankings"] == {}
    assert outlined(render_landscape(landscape_document(), {})).open == []
