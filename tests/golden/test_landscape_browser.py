"""The landscape page driven in headless Chromium: search, sort, filter, maps, a target's page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ligandose.report.landscape import island, write_landscape

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update",
           "--disable-sync"]  # fmt: skip
READY = "html[data-ready]"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("landscape") / "out"
    return write_landscape(out, ranked=["mCRPC", "ccRCC"]).as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield made
        made.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """Yield the opened page; nothing may go wrong in it and nothing be asked of a network."""
    opened = browser.new_page(viewport={"width": 1400, "height": 1000})
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.on("request", lambda r: wrong.append(r.url) if r.url.startswith("http") else None)
    opened.goto(address)
    opened.wait_for_selector(READY)
    yield opened
    opened.close()
    assert wrong == []


def shown(page: Any, table: str = "target-table") -> list[str]:
    return page.locator(f"#{table} tbody tr:visible th a").all_inner_texts()


def test_search_finds_names_aliases_symbols_and_agents(page: Any) -> None:
    everything = len(shown(page))
    for words in ("B7-H3", "CD276", "b7h3"):
        page.fill("#search", words)
        assert "B7-H3" in shown(page)
        assert len(shown(page)) < everything / 4
    page.fill("#search", "Lutathera")
    assert "SSTR2" in shown(page)
    page.fill("#search", "no such thing at all")
    assert shown(page) == []
    assert page.locator("#no-target").is_visible()
    page.click("#clear")
    page.wait_for_function("document.querySelector('#no-target').hidden")
    assert len(shown(page)) == everything


def test_enter_opens_the_only_target_that_is_named(page: Any) -> None:
    page.keyboard.press("/")
    page.keyboard.type("psma")
    page.keyboard.press("Enter")
    page.wait_for_selector("#target-page h1")
    assert page.locator("#target-page h1").inner_text() == "PSMA"


def test_headings_sort_both_ways(page: Any) -> None:
    column = "#target-table tbody tr:visible td:nth-child(5)"
    heading = page.locator("#target-table thead th", has_text="Agents")
    heading.locator("button").click()
    counts = [int(text) for text in page.locator(column).all_inner_texts()]
    assert heading.get_attribute("aria-sort") == "descending"
    assert counts == sorted(counts, reverse=True)
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    counts = [int(text) for text in page.locator(column).all_inner_texts()]
    assert counts == sorted(counts)


def test_filters_act_on_every_view(page: Any) -> None:
    page.select_option("#filter-compartment", "stroma")
    names = set(shown(page))
    assert "FAP" in names
    assert "PSMA" not in names
    assert set(shown(page, "expression-map")) <= names
    assert set(shown(page, "stage-matrix")) <= names
    assert set(shown(page, "competitor-map")) <= names
    assert re.search(rf"^{len(names)} of \d+ targets", page.locator("#tally").inner_text())
    page.select_option("#filter-compartment", "")
    page.select_option("#filter-indication", "ccRCC")
    assert "CAIX" in shown(page)
    assert page.locator("#rank-of").input_value() == "ccRCC"


def test_a_number_of_the_matrix_lists_its_agents(page: Any) -> None:
    button = page.locator("#vector-matrix tbody tr").first.locator("button").first
    count = int(button.inner_text())
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("#agent-table tbody tr:visible").count() == count
    page.locator("#vector-matrix tbody tr").first.locator("button").first.click()
    assert page.locator("#agent-table tbody tr:visible").count() > count


def test_map_tells_kinds_of_evidence_apart_and_never_fills_a_gap(page: Any) -> None:
    row = page.locator("#expression-map tbody tr", has_text="CCK2R").first
    cell = row.locator("td").first
    assert "RNA" in cell.get_attribute("aria-label")
    page.check("input[name=measure][value=protein]")
    assert cell.get_attribute("aria-label").endswith("not measured")
    assert cell.get_attribute("class").split()[:2] == ["cell", "miss"]
    page.check("input[name=measure][value=density]")
    assert "nmol/L" in cell.get_attribute("aria-label")


def test_map_is_read_with_the_keyboard(page: Any) -> None:
    page.locator("#expression-map td[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    label = page.evaluate("document.activeElement.ariaLabel")
    assert label
    assert page.locator(".readout").inner_text() == label


def test_ranking_shows_intervals_reasons_and_what_cannot_be_judged(page: Any) -> None:
    page.select_option("#rank-of", "mCRPC")
    rows = page.locator("#ranking-table tbody tr:not(.more)")
    assert rows.count() > 10
    assert page.locator("#ranking-table svg.score .span").count() == rows.count()
    assert page.locator("#ranking-table .reason.for").first.is_visible()
    assert page.locator("#unassessed-table .tier:not(.none)").count() == 0
    tiers = [int(t) for t in page.locator("#ranking-table .tier").all_inner_texts()]
    assert tiers == sorted(tiers)


def test_a_target_has_its_own_page(page: Any) -> None:
    page.click("#target-table a:text-is('PSMA')")
    page.wait_for_selector("#target-page h1")
    assert page.url.endswith("#target=FOLH1")
    assert "PSMA" in page.title()
    assert not page.locator("#overview").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "H1"
    kidneys = page.locator("#organs tr", has=page.locator("th:text-is('Kidneys')")).first
    assert "13.5" in kidneys.inner_text()
    assert "measured" in kidneys.inner_text()
    assert page.locator("#claims tbody tr:not(.group)").count() > 20
    assert page.locator("#claims .mark.yes").count() > 5
    assert page.locator("#agents-of-target tbody tr").count() > 10
    assert page.locator("#tiers tbody tr").count() == 2
    page.click("#back")
    page.wait_for_selector("#overview:visible")
    assert not page.locator("#target-page").is_visible()


def test_every_target_page_opens(page: Any) -> None:
    names = page.evaluate(
        "JSON.parse(document.getElementById('data').textContent).targets.map(t => [t.id, t.name])"
    )
    for identifier, name in names:
        page.evaluate("id => { location.hash = 'target=' + encodeURIComponent(id) }", identifier)
        page.wait_for_function("n => document.querySelector('#target-page h1')?.textContent === n",
                               arg=name)  # fmt: skip
    page.evaluate("location.hash = 'target=nothing%20of%20this%20name'")
    page.wait_for_selector("#overview:visible")


@pytest.mark.parametrize("hash_", ["", "#target=FOLH1", "#target=GD2"])
def test_readable_at_400_pixels_and_in_the_dark(browser: Any, address: str, hash_: str) -> None:
    page = browser.new_page(viewport={"width": 400, "height": 860}, color_scheme="dark")
    page.goto(address + hash_)
    page.wait_for_selector(READY)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(v) for v in re.findall(r"\d+", paper)) < 60
    page.close()


def test_text_in_the_data_never_becomes_markup(browser: Any, address: str, tmp_path: Path) -> None:
    bad = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>"
    text = Path(address.removeprefix("file://")).read_text(encoding="utf-8")
    before, mark, rest = text.partition('<script type="application/json" id="data">')
    held, end, after = rest.partition("</script>")
    data = json.loads(held)
    one = data["targets"][0]
    for key in ("name", "family", "symbol"):
        one[key] = bad
    for claim in one["claims"]:
        claim[10] = bad
    for source in data["sources"].values():
        source[0], source[2] = bad, "javascript:window.hit=1"
    data["agents"][0]["label"] = bad
    data["words"] = [*data["words"], bad]
    for row in data["rankings"]["mCRPC"]:
        row[9] = [bad]
    hostile = tmp_path / "hostile.html"
    made = before + mark + str(island(data)) + end + after
    hostile.write_text(made, encoding="utf-8")
    page = browser.new_page()
    page.goto(hostile.as_uri())
    page.wait_for_selector(READY)
    page.goto(hostile.as_uri() + "#target=" + one["id"])
    page.wait_for_selector("#target-page h1")
    assert page.locator("#target-page h1").inner_text() == bad
    assert page.locator("img").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert page.evaluate("window.hit") is None
    page.close()
