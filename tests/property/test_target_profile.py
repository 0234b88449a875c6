"""The target profile: bounded, monotone, and never better for what is not known."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ligandose.errors import UnknownNameError
from ligandose.evidence import Measured, Status
from ligandose.evidence.claim import Claim
from ligandose.targets import (
    COMMON_LAYERS,
    LAYERS,
    Density,
    Profile,
    Target,
    criteria,
    indication_targets,
    indications,
    judged_targets,
    profile,
    rank,
    ranking_entry,
    target,
    targets,
)

judging = importlib.import_module("ligandose.targets.criteria")
profiles = importlib.import_module("ligandose.targets.profile")

DRAWS = 200  # medians of 200 draws are sure to 0.02 or so; what is asked here is exact or coarser
SAMPLE = (
    ("FOLH1", "mCRPC"), ("SSTR2", "GEP-NET"), ("FAP", "PDAC"), ("GRPR", "mCRPC"),
    ("TACSTD2", "TNBC"), ("CA9", "ccRCC"), ("GD2", "neuroblastoma"), ("CD44v6", "HNSCC"),
    ("hydroxyapatite", "mCRPC"), ("TNC", "glioblastoma"), ("SLC5A5", "DTC"), ("LRRC15", "PDAC"),
)  # fmt: skip
sample = pytest.mark.parametrize(("name", "indication"), SAMPLE)


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what only the stability needs: four in five judgements of a profile."""
    monkeypatch.setattr(profiles, "_tiers_without_layer", lambda *parts: np.array([1]))


def judged(found: Target, indication: str, layers: frozenset[str] = LAYERS) -> dict[str, Any]:
    """Judge a target that is not in the catalogue as it stands here, always with one seed."""
    made: dict[str, Any] = {}
    for criterion, judge_one in judging._JUDGES.items():
        use = layers & judging.USES[criterion]
        rng = np.random.default_rng(5)
        made[criterion] = judge_one(judging.Question(found, indication, use, DRAWS, rng))
    return made


def same(one: Profile, other: Profile) -> bool:
    return ranking_entry(one) == ranking_entry(other) and np.array_equal(one.score, other.score)


@sample
def test_score_tier_and_stability_are_in_their_bounds(name: str, indication: str) -> None:
    made = profile(name, indication, draws=DRAWS)
    assert made.score.shape == (DRAWS,)
    assert np.all((made.score >= 0.0) & (made.score <= 1.0))
    assert made.quantiles == tuple(sorted(made.quantiles))
    assert made.tier in (1, 2, 3, 4, None)
    assert 0.0 <= made.missing_weight <= 1.0
    parts = made.stability
    for share in (parts.evidence, parts.weights, parts.criteria, parts.layers, parts.overall):
        assert 0.0 <= share <= 1.0
    for each in made.judged:
        assert np.all((each.draws >= 0.0) & (each.draws <= 1.0)), each.criterion
        assert not (each.verified and not each.known), each.criterion


def test_weights_add_up_to_one_and_cut_offs_are_ordered() -> None:
    assert sum(float(row["weight"]) for row in criteria().values()) == pytest.approx(1.0)
    cuts = [judging.constant(f"tier_{i}") for i in (1, 2, 3)]
    assert cuts == sorted(cuts, reverse=True)
    assert 0.0 < judging.constant("floor") < cuts[-1] < cuts[0] < 1.0


@sample
def test_the_same_seed_gives_the_same_profile_and_another_one_nearly(
    name: str, indication: str
) -> None:
    one, again, other = (profile(name, indication, draws=DRAWS, seed=s) for s in (1, 1, 2))
    assert same(one, again)
    # standard error of a median of 200 draws: 1.25 SD / sqrt(200); five of each, and a floor
    # where most draws lie on one value
    error = 1.25 * max(one.score.std(), other.score.std()) / np.sqrt(DRAWS)
    assert abs(one.quantiles[1] - other.quantiles[1]) < max(5.0 * np.sqrt(2.0) * error, 0.05)


def test_a_target_is_judged_alike_whichever_others_are_judged() -> None:
    names = ("FOLH1", "STEAP1", "GRPR", "FAP")
    together = {p.target.name: p for p in rank("mCRPC", names=names, draws=DRAWS)}
    backwards = {p.target.name: p for p in rank("mCRPC", names=names[::-1], draws=DRAWS)}
    for name in names:
        assert same(together[name], profile(name, "mCRPC", draws=DRAWS))
        assert same(together[name], backwards[name])


@sample
@pytest.mark.parametrize("factor", [1e-3, 0.5, 7.0])
def test_only_the_ratio_of_weights_counts(name: str, indication: str, factor: float) -> None:
    one = profile(name, indication, draws=DRAWS)
    other = profile(name, indication, draws=DRAWS, weights=dict.fromkeys(criteria(), factor))
    assert other.score == pytest.approx(one.score, rel=1e-12)
    assert (other.tier, other.stability) == (one.tier, one.stability)
    assert other.missing_weight == pytest.approx(one.missing_weight)


def test_more_weight_on_the_worst_criterion_lowers_the_score() -> None:
    plain = profile("FOLH1", "mCRPC", draws=DRAWS)
    known = [j for j in plain.judged if j.applies]
    worst = min(known, key=lambda j: j.median).criterion
    heavier = profile("FOLH1", "mCRPC", draws=DRAWS, weights={worst: 10.0})
    assert heavier.quantiles[1] < plain.quantiles[1]


@pytest.mark.parametrize("criterion", ["tumour_density", "contrast", "prevalence", "homogeneity"])
@given(one=st.floats(1e-6, 1e6, allow_nan=False), other=st.floats(1e-6, 1e6, allow_nan=False))
def test_a_scale_never_falls(criterion: str, one: float, other: float) -> None:
    low, high = judging.scaled(criterion, np.array(sorted((one, other))))
    assert 0.0 <= low <= high <= 1.0


@pytest.mark.parametrize("criterion", sorted(criteria()))
def test_a_scale_is_0_and_1_where_the_table_says(criterion: str) -> None:
    row = criteria()[criterion]
    if row["scale"] != "term":
        ends = judging.scaled(criterion, np.array([float(row["zero_at"]), float(row["one_at"])]))
        assert ends == pytest.approx([0.0, 1.0], abs=1e-12)


def test_terms_are_ordered_as_their_words() -> None:
    inside, shed, reach = (judging.terms(c) for c in ("internalisation", "shedding", "access"))
    assert inside["fast"] > inside["moderate"] > inside["slow"] > inside["none"] > 0.0
    assert inside["not applicable"] is None
    assert shed["none known"] > shed["soluble form"] > shed["high"] > 0.0
    assert reach["extracellular"] > reach["secreted"] > reach["intracellular"] > 0.0


def change_density(monkeypatch: pytest.MonkeyPatch, factor: float, *, tumour: bool) -> None:
    true = judging.density_of

    def changed(found: Target, tissue: str, **options: Any) -> Density:
        density = true(found, tissue, **options)
        if (tissue in indications()) is not tumour:
            return density
        return replace(density, median_nmol_L=density.median_nmol_L * factor)

    monkeypatch.setattr(judging, "density_of", changed)


@sample
def test_more_sites_in_the_tumour_never_make_a_target_worse(
    name: str, indication: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = judged(target(name), indication)
    change_density(monkeypatch, 4.0, tumour=True)
    after = judged(target(name), indication)
    for criterion, each in before.items():
        assert np.all(after[criterion].draws >= each.draws - 1e-12), criterion


@sample
def test_more_sites_in_organs_never_make_a_target_better(
    name: str, indication: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = judged(target(name), indication)
    change_density(monkeypatch, 4.0, tumour=False)
    after = judged(target(name), indication)
    for criterion, each in before.items():
        assert np.all(after[criterion].draws <= each.draws + 1e-12), criterion


def claim(name: str, field: str, indication: str, value: float) -> Claim:
    return Claim(
        name, field, indication, value, None, None, "1", Measured.MEASURED, Status.VERIFIED,
        "protocol-profile",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("criterion", "field"), [("prevalence", "prevalence"), ("homogeneity", "positive_cells")]
)
@given(one=st.floats(0.0, 1.0), other=st.floats(0.0, 1.0))
def test_more_patients_or_cells_that_carry_it_never_make_a_target_worse(
    criterion: str, field: str, one: float, other: float
) -> None:
    found = target("FOLH1")
    others = tuple(c for c in found.claims if c.field != field)
    made = [
        judged(replace(found, claims=(*others, claim("FOLH1", field, "mCRPC", v))), "mCRPC")
        for v in sorted((one, other))
    ]
    low, high = (m[criterion] for m in made)
    assert low.known
    assert np.all(low.draws <= high.draws + 1e-12)


@sample
def test_what_is_left_out_counts_as_missing(name: str, indication: str) -> None:
    whole = profile(name, indication, draws=DRAWS)
    for layer in sorted(LAYERS):
        less = profile(name, indication, draws=DRAWS, layers=LAYERS - {layer})
        assert less.missing_weight >= whole.missing_weight - 1e-12
        known = {j.criterion for j in whole.judged if j.known}
        assert {j.criterion for j in less.judged if j.known} <= known
        if whole.missing_weight > judging.constant("missing_weight"):
            assert less.tier is None


@sample
def test_a_claim_that_is_taken_away_counts_as_missing(name: str, indication: str) -> None:
    found = target(name)
    before = judged(found, indication)
    for field in {c.field for c in found.claims}:
        rest = replace(found, claims=tuple(c for c in found.claims if c.field != field))
        after = judged(rest, indication)
        known = {c for c, each in after.items() if each.known}
        assert known <= {c for c, each in before.items() if each.known}, field


@pytest.mark.usefixtures("_quick")
def test_no_tier_rests_on_missing_values() -> None:
    most = judging.constant("missing_weight")
    for indication in ("mCRPC", "PDAC", "neuroblastoma", "multiple-myeloma", "bone-metastases"):
        for made in rank(indication, draws=DRAWS):
            assert made.tier is None or made.missing_weight <= most
            if made.missing_weight > most:
                assert made.tier is None


@pytest.mark.parametrize("indication", ["mCRPC", "PDAC", "glioblastoma"])
def test_a_target_of_which_nothing_is_known_is_not_assessable(indication: str) -> None:
    for name in indication_targets()[indication]:
        made = profile(name, indication, layers=frozenset(), draws=DRAWS)
        assert made.tier is None
        # nor would it be in the best tier if that rule were not there
        if made.target.kind not in judging.NO_RECEPTOR:
            assert made.quantiles[1] < judging.constant("tier_1")


def test_common_evidence_is_what_every_target_has() -> None:
    assert sorted(COMMON_LAYERS) == ["protein", "rna", "surface"]
    # the place of a target is computed into its geometry from what it is, in both rankings
    allowed = COMMON_LAYERS | {"computed", ""}
    for name, indication in SAMPLE:
        made = profile(name, indication, layers=COMMON_LAYERS, draws=DRAWS)
        for each in made.judged:
            assert set(each.layer.split("+")) <= allowed, (name, each.criterion)
            if each.criterion in ("homogeneity", "internalisation", "shedding"):
                assert not each.known


@pytest.mark.parametrize("name", ["FAP", "LRRC15"])
def test_stroma_is_judged_by_crossfire_and_not_marked_down_for_its_place(name: str) -> None:
    made = {each.criterion: each for each in profile(name, "PDAC", draws=DRAWS).judged}
    assert "stroma" in made["geometry"].value
    assert made["geometry"].median >= 0.9
    assert made["geometry"].layer == "computed"


def test_a_target_of_the_tumour_cell_itself_has_the_best_geometry() -> None:
    made = {each.criterion: each for each in profile("FOLH1", "mCRPC", draws=DRAWS).judged}
    assert made["geometry"].median == 1.0


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("layers", [LAYERS, COMMON_LAYERS], ids=["all", "common"])
def test_at_most_a_quarter_of_ten_or_more_targets_share_the_top_tier(
    layers: frozenset[str],
) -> None:
    judged_most = [i for i in indications() if len(judged_targets(i)) >= 10]
    assert len(judged_most) >= 20
    for indication in judged_most if layers == LAYERS else judged_most[::4]:
        made = rank(indication, layers=layers, draws=100)
        assert sum(each.tier == 1 for each in made) <= len(made) / 4, indication


@pytest.mark.usefixtures("_quick")
def test_a_ranking_is_ordered_by_tier_then_score_and_ends_with_what_cannot_be_judged() -> None:
    made = rank("mCRPC", draws=DRAWS)
    keys = [(each.tier or 9, -each.quantiles[1]) for each in made]
    assert keys == sorted(keys)
    assert {each.target.name for each in made} == set(judged_targets("mCRPC"))


def test_a_mineral_is_not_ranked_as_a_receptor() -> None:
    made = profile("hydroxyapatite", "mCRPC", draws=DRAWS)
    without = {each.criterion for each in made.judged if not each.applies}
    assert {"tumour_density", "prevalence", "homogeneity", "contrast"} <= without
    assert made.tier is None


@pytest.mark.usefixtures("_quick")
def test_every_listed_target_can_be_judged_where_it_is_listed() -> None:
    for indication, names in indication_targets().items():
        assert set(names) <= set(judged_targets(indication)) <= set(targets())
        for made in rank(indication, names=names, draws=50):
            assert np.all(np.isfinite(made.score))


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="FOLH1"):
        profile("FOLH2", "mCRPC")
