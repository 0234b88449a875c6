"""The retrospective test: its statistics on toy rankings with known answers, and its page.

The screens themselves take minutes and are run by scripts/retrospective.py; here a part of two
targets is run, and the tables of the page are those that the script makes of the shipped results.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"


@pytest.fixture(scope="module", autouse=True)
def scripts_on_path() -> Iterator[None]:
    sys.path.insert(0, str(SCRIPTS))
    yield
    sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def stats() -> ModuleType:
    import _retrospective_statistics

    return _retrospective_statistics


@pytest.fixture(scope="module")
def script() -> ModuleType:
    import retrospective

    return retrospective


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    import _retrospective_run

    return _retrospective_run


def test_ties_are_broken_by_the_second_number_and_then_shared(stats: ModuleType):
    ranks = stats.mean_ranks({"a": (0.0, 1.0), "b": (0.0, 2.0), "c": (0.0, 1.0), "d": (0.5, 0.0)})
    assert ranks == {"d": 1.0, "b": 2.0, "a": 3.5, "c": 3.5}
    assert stats.share_as_high(ranks, "b") == 0.5
    assert stats.share_as_high(ranks, "a") == 1.0


def test_a_target_that_cannot_be_simulated_is_last_of_one_more(stats: ModuleType):
    ranks = stats.with_last({"a": 1.0, "b": 2.0}, "transporter")
    assert ranks["transporter"] == 3.0
    assert stats.percentiles(ranks)["transporter"] == 0.0
    assert stats.with_last(ranks, "a") == ranks


def test_percentiles_of_all_candidates_have_mean_one_half_whatever_the_ties(stats: ModuleType):
    for scores in ({str(i): (float(i),) for i in range(11)}, {str(i): (0.0,) for i in range(11)}):
        found = stats.percentiles(stats.mean_ranks(scores))
        assert math.fsum(found.values()) / len(found) == pytest.approx(0.5, abs=1e-12)


def test_chance_of_one_first_place_is_one_in_n(stats: ModuleType):
    screen = stats.percentiles({str(i): float(i + 1) for i in range(20)})
    p, (low, top) = stats.chance_of_mean(1.0, [screen], seed=1)
    # binomial error of 100 000 draws at 0.05 is 0.0007; five of them
    assert p == pytest.approx(1 / 20, abs=0.0035)
    assert 0.0 <= low < 0.1
    assert 0.9 < top <= 1.0


def test_chance_of_two_screens_is_that_of_the_sum(stats: ModuleType):
    """Two of three places each: of nine pairs one sums to 2, three to 1.5 and more."""
    screen = {"a": 1.0, "b": 0.5, "c": 0.0}
    high, _ = stats.chance_of_mean(0.75, [screen, screen], seed=2)
    low, _ = stats.chance_of_mean(0.25, [screen, screen], seed=2, high=False)
    # binomial error at 1/3 is 0.0015; five of them
    assert high == pytest.approx(3 / 9, abs=0.0075)
    assert low == pytest.approx(3 / 9, abs=0.0075)


def test_chance_is_never_zero_and_the_same_for_the_same_seed(stats: ModuleType):
    screen = {str(i): i / 9 for i in range(10)}
    impossible = stats.chance_of_mean(1.1, [screen], seed=3, draws=99)
    assert impossible[0] == 1 / 100
    assert stats.chance_of_mean(0.9, [screen], seed=3) == stats.chance_of_mean(
        0.9, [screen], seed=3
    )


def test_hits_by_chance_are_those_of_a_binomial_where_all_are_alike(stats: ModuleType):
    exact = sum(math.comb(9, k) * 0.3**k * 0.7 ** (9 - k) for k in range(4, 10))
    assert stats.at_least(4, [0.3] * 9) == pytest.approx(exact, rel=1e-12)
    assert stats.at_least(9, [1.0] * 9) == pytest.approx(1.0, rel=1e-12)


def test_verdicts_stand_at_the_stated_percentiles(stats: ModuleType):
    assert [stats.approved_verdict(x) for x in (0.90, 0.899, 0.75, 0.749)] == [
        "hit", "near", "near", "miss",
    ]  # fmt: skip
    assert [stats.failure_verdict(x) for x in (0.50, 0.501, 0.75, 0.751)] == [
        "avoided", "undecided", "undecided", "miss",
    ]  # fmt: skip


def _row(name: str, score: float, *, stained: str = "yes", reasons: str = "") -> dict[str, str]:
    return {
        "screen": "mCRPC, small molecule", "target": name,
        "lower_end": "" if reasons else "0", "median_kill": "" if reasons else str(score),
        "tumour_dose_Gy": "1", "limiting_organ": "" if reasons else "red_marrow",
        "stained": stained, "own_data_left_out": "no",
        "tumour_density_nmol_L": str(10 - score), "density_ratio": str(score), "reasons": reasons,
    }  # fmt: skip


def test_tables_of_a_toy_screen(script: ModuleType):
    """FOLH1 second of three ranked; one infeasible; densities alone put it last and second."""
    case = dict(script.read_rows(script.CASES)[0])
    rows = [
        _row("EGFR", 3.0),
        _row("FOLH1", 2.5),
        _row("MET", 1.0, stained="no"),
        _row("KIT", 0.0, reasons="not simulatable: toy"),
    ]
    made = script.tables([case], rows, [], [], [])
    line = made["approved"].splitlines()[2]
    cells = [c.strip() for c in line.strip("|").split("|")]
    assert cells[3:7] == ["2 of 3", "0.50", "0.67", "miss"]
    assert cells[7] == "2 of 2"  # among stained: EGFR and FOLH1
    assert cells[8:10] == ["0.50", "0.50"]  # density 7.5 between 9 and 7; ratio 2.5 between
    assert "KIT" in made["counts"]
    assert "not simulatable: toy" in made["counts"]


def test_candidates_are_proteins_that_gene_level_data_can_see(runner: ModuleType):
    listed = runner.candidate_targets()
    assert len(listed) == 108  # as the protocol counted them
    assert not {"SLC5A5", "hydroxyapatite", "GD2", "CLDN18.2"} & set(listed)
    assert {"FOLH1", "SSTR2", "MS4A1", "MUC1", "NTSR1", "FAP"} <= set(listed)


def test_densities_change_inside_the_block_only(runner: ModuleType):
    from dataclasses import asdict

    from ligandose.targets import density_of, target

    shipped = {k: asdict(m) for k, m in runner.density_room.density_models().items()}
    shifted = {k: {**m, "intercept": m["intercept"] + 1.0} for k, m in shipped.items()}

    def value() -> float:
        return density_of(target("EGFR"), "kidneys", use=runner.EXPRESSION).median_nmol_L

    before = value()
    with runner.densities_of(shifted):
        inside = value()
    assert inside == pytest.approx(10 * before, rel=1e-9)
    assert value() == before


def test_a_small_screen_gives_a_row_per_target_and_the_same_again(runner: ModuleType):
    case = {
        "case": "toy", "indication": "HNSCC", "host": "adult-male", "disease": "adenocarcinoma",
        "radiobiology": "mCRPC", "route": "vein", "vector": "small molecule", "nuclide": "Lu-177",
        "target": "EGFR",
    }  # fmt: skip
    setup = runner.Setup(patients=4, knowledge=1, seed=1)

    def made() -> list[dict[str, str]]:
        return runner.screen_rows(
            case, ["EGFR", "KIT"], {}, setup, folder=None, workers=1, told=lambda said: None
        )

    first = made()
    assert {row["target"] for row in first} == {"EGFR", "KIT"}
    assert all(row["limiting_organ"] for row in first)
    assert made() == first
