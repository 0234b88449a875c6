"""What every report is: self-contained, the same bytes each time, escaped, complete."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
import report_documents as fixture
import yaml

from ligandose.report import console_table, demo_figure, nuclide_figure, print_document
from ligandose.report.compose import compose
from ligandose.report.contract import as_course
from ligandose.report.page import render
from ligandose.report.summary import study_yaml
from ligandose.report.write import report_files, write_demo_report, write_report

VOID = {"meta", "br", "link", "img", "input", "hr", "col"}
MEGABYTE = 1_000_000


class Outline(HTMLParser):
    """Collects what the tests ask about: nesting, ids, references, resources, words."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.anchors: list[str] = []
        self.resources: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        held = dict(attrs)
        self.ids += [held["id"]] if held.get("id") else []
        if tag == "a" and (held.get("href") or "").startswith("#"):
            self.anchors.append(str(held["href"])[1:])
        self.resources += [str(held[k]) for k in ("src", "data", "srcset") if held.get(k)]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without a start"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def outlined(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    outline.close()
    return outline


@pytest.fixture(scope="module")
def course() -> dict[str, Any]:
    return fixture.course()


@pytest.fixture(scope="module")
def files(course: dict[str, Any]) -> dict[str, bytes]:
    return report_files(compose(course))


@pytest.fixture(scope="module")
def page(files: dict[str, bytes]) -> str:
    return files["report.html"].decode()


def test_the_same_document_makes_the_same_bytes(
    course: dict[str, Any], files: dict[str, bytes]
) -> None:
    again = report_files(compose(json.loads(json.dumps(course))))
    assert again.keys() == files.keys()
    assert [name for name in files if files[name] != again[name]] == []


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    outline = outlined(page)
    assert outline.resources == []
    assert not {"script", "link", "iframe", "object", "img"} & set(outline.tags)
    assert not re.search(r"url\(\s*['\"]?(?!#)", page), "a stylesheet or figure loads something"
    assert "@import" not in page
    assert len(page.encode()) < 3 * MEGABYTE


def test_the_page_is_well_formed_with_unique_ids_and_live_anchors(page: str) -> None:
    outline = outlined(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.anchors) <= set(outline.ids)
    referenced = set(re.findall(r"url\(#([^)]+)\)", page))
    referenced |= set(re.findall(r'xlink:href="#([^"]+)"', page))
    assert referenced <= set(outline.ids)


def test_what_a_document_says_is_text_and_never_markup(course: dict[str, Any]) -> None:
    hostile = json.loads(json.dumps(course))
    attack = "<img src=x onerror=alert(1)>$\\alpha$"
    hostile["agent"]["name"] = attack
    hostile["host"]["disease"] = attack
    hostile["omissions"] = [attack]
    hostile["published"][0]["cohort"] = attack
    hostile["parameters"][0]["note"] = attack
    for region in hostile["regions"]:
        if region["region"] == "lesion:bone_1":
            region["region"] = f"lesion:{attack}"
    page = render(compose(hostile))
    outline = outlined(page)
    assert outline.resources == []
    assert "img" not in outline.tags
    assert "script" not in outline.tags
    assert attack in "".join(outline.words)


def test_every_figure_is_there_as_svg_png_and_csv(files: dict[str, bytes], page: str) -> None:
    names = {name[8:-4] for name in files if name.startswith("figures/")}
    assert names == {
        "dose_coefficients", "activity_first_cycle", "activity_course", "limits", "lesion_mass",
        "probabilities", "blood_counts",
    }  # fmt: skip
    for name in names:
        assert files[f"figures/{name}.svg"].lstrip().startswith(b"<?xml")
        assert files[f"figures/{name}.png"].startswith(b"\x89PNG")
        assert f"figures/{name}.csv" in files
        assert f'href="figures/{name}.svg"' in page


def test_the_csv_of_a_figure_holds_the_numbers_of_the_document(
    course: dict[str, Any], files: dict[str, bytes]
) -> None:
    rows = list(csv.DictReader(io.StringIO(files["tables/regions.csv"].decode())))
    assert [row["region"] for row in rows] == [r["region"] for r in course["regions"]]
    for row, region in zip(rows, course["regions"], strict=True):
        # tables hold eight significant figures
        assert float(row["dose_Gy_mean"]) == pytest.approx(region["dose_Gy"]["mean"], rel=1e-7)
        assert float(row["bed_Gy_p95"]) == pytest.approx(region["bed_Gy"]["p95"], rel=1e-7)
    drawn = list(csv.DictReader(io.StringIO(files["figures/activity_course.csv"].decode())))
    curves = course["curves"]
    assert len(drawn) == len(curves["time_h"]) * len(curves["activity_MBq"])


def test_variability_and_uncertainty_stand_apart(page: str, course: dict[str, Any]) -> None:
    assert "Uncertainty of the mean" in page
    assert "90 % of patients" in page
    blind = json.loads(json.dumps(course))
    for region in blind["regions"]:
        region["dose_Gy"]["uncertainty"] = None
        region["dose_per_activity_Gy_per_GBq"]["uncertainty"] = None
    table = compose(blind).sections[0].tables[0]
    column = [c.heading for c in table.columns].index("Uncertainty of the mean")
    assert {row[column] for row in table.rows} == {"–"}


def test_a_reader_finds_intended_use_hashes_seed_and_what_is_left_out(page: str) -> None:
    words = " ".join("".join(outlined(page).words).split())
    for expected in (
        "not a medical device", "ef" * 32, "ab" * 32, "2026.11", "cycles: 6", "activity_GBq: 7.4",
        "ligandose simulate study.yaml", "Cross-dose between organs is not yet included.",
        "step size <too small>", "VISION sub-study, n = 29 ●",
    ):  # fmt: skip
        assert expected in words


def test_a_course_with_one_cycle_and_nothing_optional_still_makes_a_report(
    course: dict[str, Any],
) -> None:
    bare = fixture.course(cycles=1)
    for key in ("limits", "effect", "published", "parameters", "sources", "omissions", "failed"):
        del bare[key]
    bare["curves"] = {}
    for region in bare["regions"]:
        region["dose_Gy"] = {
            k: region["dose_Gy"][k] for k in ("mean", "sd", "median", "p05", "p95")
        }
        region["bed_Gy"] = region["eqd2_Gy"] = None
    report = compose(bare)
    assert [figure.name for figure in report.figures] == ["dose_coefficients"]
    assert "the prediction is unchecked" in " ".join(report.summary)
    assert outlined(render(report)).open == []


def test_a_dose_of_zero_everywhere_is_drawn_as_nothing() -> None:
    nothing = fixture.course()
    for region in nothing["regions"]:
        for name in ("dose_Gy", "dose_per_activity_Gy_per_GBq"):
            region[name] = dict.fromkeys(("mean", "sd", "median", "p05", "p95"), 0.0)
    for curve in nothing["curves"]["activity_MBq"].values():
        for key in curve:
            curve[key] = [0.0] * len(curve[key])
    names = [figure.name for figure in compose(nothing).figures]
    assert "dose_coefficients" not in names
    assert "activity_course" not in names


def test_statistics_that_are_null_are_printed_as_dashes(course: dict[str, Any]) -> None:
    unsolved = json.loads(json.dumps(course))
    nothing = dict.fromkeys(("mean", "sd", "median", "p05", "p95"))
    unsolved["regions"][0].update(
        dose_Gy=nothing, dose_per_activity_Gy_per_GBq=nothing, bed_Gy=nothing, tiac_s=nothing
    )
    report = compose(unsolved)
    rows = {row[0]: row for row in report.sections[0].tables[0].rows}
    assert set(rows["Kidneys"][2:]) == {"–"}
    assert not re.search(r"\bnan\b", render(report).lower())
    assert report.key_numbers[2].label == "Lesion bone 1"


def test_the_study_file_in_the_report_is_read_as_the_same_regimen() -> None:
    document = as_course(fixture.course())
    study = yaml.safe_load(study_yaml(document))
    assert study["agent"] == "177Lu-PSMA-617"
    assert study["regimen"] == {
        "cycles": 6, "activity_GBq": 7.4, "every_weeks": 6, "amount_nmol": 100,
    }  # fmt: skip
    document["regimen"]["administrations"][2]["activity_GBq"] = 3.7
    study = yaml.safe_load(study_yaml(document))
    assert study["regimen"]["administrations"] == document["regimen"]["administrations"]


def test_figures_take_their_colours_from_the_page(page: str) -> None:
    inline = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.S))
    assert "var(--ink)" in inline
    fixed = set(re.findall(r"#[0-9a-f]{6}\b", inline))
    assert fixed <= {"#000000"}, "a colour that does not change between light and dark"


def test_validation_marks_misses_and_counts_rows(tmp_path: Any) -> None:
    document = fixture.validation()
    page = write_report(document, tmp_path / "validation")
    outline = outlined(page.read_text("utf-8"))
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    rows = list(csv.DictReader((page.parent / "tables" / "validation.csv").open()))
    assert len(rows) == len(document["rows"])
    svg = (page.parent / "figures" / "validation_by_organ.svg").read_text("utf-8")
    missed = sum(row["within"] is False for row in document["rows"])
    assert missed > 0
    assert svg.count("◂") == missed


def test_the_demo_links_to_every_report(tmp_path: Any) -> None:
    documents = [fixture.course(), fixture.course(agent="177Lu-DOTATATE", cycles=4, seed=2)]
    index = write_demo_report(documents, fixture.validation(), tmp_path / "demo")
    links = re.findall(r'href="([^"#]+\.html)"', index.read_text("utf-8"))
    assert len(links) == 3
    assert all((index.parent / link).is_file() for link in links)


def test_the_demo_figure_has_its_png_and_csv(tmp_path: Any) -> None:
    svg = demo_figure([fixture.course()], fixture.validation(), tmp_path / "new" / "hero.png")
    assert svg.name == "hero.svg"
    assert {p.name for p in svg.parent.iterdir()} == {"hero.svg", "hero.png", "hero.csv"}


def test_the_spectrum_of_a_nuclide_weights_its_chain(tmp_path: Any) -> None:
    nuclides = pytest.importorskip("ligandose.nuclides")
    document = nuclides.nuclide_document("Ac-225")
    svg = nuclide_figure(document, tmp_path / "chain")
    rows = list(csv.DictReader(svg.with_suffix(".csv").open()))
    decays = {
        m["name"]: m["decays_per_parent_decay"] for m in document["chain"]["members"]
    }  # fmt: skip
    polonium = [r for r in rows if r["nuclide"] == "Po-213" and r["kind"] == "alpha"]
    total = sum(float(r["yield_per_decay"]) for r in polonium)
    # the alpha yields of Po-213 sum to one decay; its table gives them to four figures
    assert total == pytest.approx(decays["Po-213"], rel=1e-3)
    alone = nuclide_figure(nuclides.spectrum_curves("Ac-225"), tmp_path / "alone")
    names = {r["nuclide"] for r in csv.DictReader(alone.with_suffix(".csv").open())}
    assert names == {"Ac-225"}


def test_a_pipe_gets_plain_text_of_fixed_width(course: dict[str, Any]) -> None:
    out = io.StringIO()
    print_document(course, file=out)
    text = out.getvalue()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 110
    assert "Kidneys" in text
    assert "not a medical device" in " ".join(text.split())
    assert console_table(fixture.validation()) is not None
