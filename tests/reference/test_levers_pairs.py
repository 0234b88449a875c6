"""Measured lever pairs against the model: every one accounted for, and the table of the docs."""

from __future__ import annotations

import importlib.util
from importlib import resources
from pathlib import Path

import pytest

from ligandose.design.levers_model import lever_pairs, model_of, score
from ligandose.evidence import EDITION, read_table

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "agent", "nuclide", "target", "host", "disease", "amount", "predose", "comedication", "time",
    "finding", "factor", "site_factor", "not predictable",
}  # fmt: skip
"""What a lever may change: parameters of the model, never an uptake or a dose."""


@pytest.fixture(scope="module")
def pairs():
    return lever_pairs()


def _by(pairs, example, region, quantity="absorbed dose"):
    return next(
        p for p in pairs if (p.example, p.region, p.quantity) == (example, region, quantity)
    )


def test_every_pair_is_predicted_or_says_why_not(pairs):
    assert len(pairs) == len(read_table("levers.csv"))
    for p in pairs:
        assert (p.predicted is None) == bool(p.reason)
        if p.predicted is None:
            assert p.right_direction is None
            assert p.right_size is None


def test_levers_change_parameters_with_sources():
    known = _sources()
    for row in read_table("lever_models.csv"):
        assert row["kind"] in KINDS
        assert row["source"] in known
        assert row["status"] in ("verified", "unverified", "assumed")
        if row["kind"] in ("finding", "factor", "site_factor"):
            assert float(row["value"]) > 0.0 or row["kind"] == "site_factor"
            assert row["note"]
    for row in read_table("levers.csv"):
        assert model_of(row["example"])


def test_the_docs_show_these_predictions():
    spec = importlib.util.spec_from_file_location("levers", ROOT / "scripts" / "write_levers.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = (ROOT / "docs" / "optimise.md").read_text(encoding="utf-8")
    assert script.with_table(text) == text


def test_the_score_counts_what_the_pairs_say(pairs):
    found = score(pairs)
    judged = [p for p in pairs if p.predicted is not None and p.measured is not None]
    assert found["predictable"] == len(judged)
    assert found["both"] <= min(found["direction"], found["size"]) <= len(judged)
    assert found["both"] == sum(bool(p.right_direction and p.right_size) for p in judged)


def test_terbium_gives_a_tumour_two_fifths_more_dose_than_lutetium(pairs):
    # 202.5 over 147.9 keV of electrons per decay and 6.906 over 6.647 d (Alcocer-Avila et al. 2020,
    # doi:10.1186/s40658-020-00301-2, table 1) make 1.42 for a tumour that keeps what it takes up;
    # photons (36 and 35 keV) lower it a little, washout takes the longer half-life's part.
    found = _by(pairs, "161Tb", "tumour").predicted
    assert found == pytest.approx(202.5 / 147.9, rel=0.04)


def test_a_competitor_at_megalin_leaves_the_tumour_alone(pairs):
    found = _by(pairs, "gelofusine, 111In-DOTATATE", "tumour", "uptake").predicted
    assert found == pytest.approx(1.0, abs=0.05)


def test_an_albumin_binder_changes_tumour_and_organs_together(pairs):
    by = {p.region: p.predicted for p in pairs if p.example == "177Lu-DOTA-EB-TATE"}
    assert all(value is not None and value > 1.25 for value in by.values())
    assert len({round(value, 2) for value in by.values() if value is not None}) == len(by)


def _sources() -> set[str]:
    """Return the sources of all tables; parts exist only until they are merged."""
    names = ["sources.csv"]
    if (resources.files("ligandose") / "data" / EDITION / "sources_optimise.csv").is_file():
        names.append("sources_optimise.csv")
    return {row["id"] for name in names for row in read_table(name)}
