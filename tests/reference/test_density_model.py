"""The model from expression to receptor density, judged by targets that it was not fitted to."""

import csv
import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from ligandose.targets import density
from ligandose.targets.catalogue import target
from ligandose.targets.density import (
    ASSAY_CLASSES,
    PATTERNS,
    DensityModel,
    Features,
    calibration_pairs,
    density_models,
    density_of,
    features_of,
    measured_density,
    target_effect,
)
from ligandose.targets.expression import organ_expression

ROOT = Path(__file__).parents[2]
EDITION = ROOT / "src/ligandose/data/2026.11"


def table(name):
    with (EDITION / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        spec = importlib.util.spec_from_file_location(
            "fit_density", ROOT / "scripts/fit_density.py"
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(ROOT / "scripts"))


@pytest.fixture(scope="module")
def likelihood(script):
    return sys.modules["_density_likelihood"]


@pytest.fixture(scope="module")
def held_out():
    return table("density_validation.csv")


@pytest.fixture(scope="module")
def stated():
    return {row["quantity"]: float(row["value"]) for row in table("density_summary.csv")}


def fold(rows, column):
    errors = [math.log10(float(r["published_nmol_L"]) / float(r[column])) for r in rows]
    return 10 ** np.mean(np.abs(errors))


def test_shipped_parameters_and_two_left_out_targets_are_what_the_script_makes(script, held_out):
    fits = script.all_fits()
    made = [[str(x) for x in row] for row in script._model_rows(fits)]
    with (EDITION / "density_model.csv").open(encoding="utf-8", newline="") as file:
        assert not script.differences(made, list(csv.reader(file)))
    for name in ("SSTR2", "TFRC"):  # all targets: scripts/fit_density.py --check
        found = script.held_out(name, script.all_fits(without=name, start=fits))
        rows = script._validation_rows([h for h in found if not h.is_bound])[1:]
        shipped = [list(r.values()) for r in held_out if r["target"] == name]
        assert not script.differences(rows, shipped)


def test_there_are_enough_pairs_and_targets(held_out, stated):
    assert len({(r["target"], r["tissue"]) for r in held_out}) == len(held_out) >= 40
    assert len({r["target"] for r in held_out}) >= 10
    assert stated["pairs"] == len(held_out)


def test_it_beats_a_model_without_expression_on_targets_left_out(held_out, stated):
    model, bare = fold(held_out, "predicted_nmol_L"), fold(held_out, "without_expression_nmol_L")
    assert model < bare
    # the tables are rounded to three digits
    assert stated["gmfe"] == pytest.approx(model, rel=0.01)
    assert stated["gmfe_without_expression"] == pytest.approx(bare, rel=0.01)
    for kind in ("weighted", "by_target"):  # nor is it one much-measured target that decides
        assert stated[f"gmfe_{kind}"] < stated[f"gmfe_{kind}_without_expression"]


def test_intervals_of_90_percent_hold_at_least_85_percent_of_targets_left_out(held_out, stated):
    inside = [float(r["p05"]) <= float(r["published_nmol_L"]) <= float(r["p95"]) for r in held_out]
    assert [str(int(i)) for i in inside] == [r["covered"] for r in held_out]
    assert np.mean(inside) >= 0.85
    assert stated["coverage"] == pytest.approx(np.mean(inside), abs=0.005)


def test_the_stated_widths_are_what_the_parameters_give(stated):
    """30-fold is not reached for a new target: the docs say why; the bound is what is."""
    assert stated["width_true"] < 70.0
    assert stated["width_published"] < 280.0
    models = density_models()
    widths = {p: 10 ** (2 * 1.6449 * math.hypot(m.target_sd, m.sigma)) for p, m in models.items()}
    assert widths["rna+protein"] < min(widths["rna"], widths["protein"])
    assert max(widths["rna"], widths["protein"]) < widths["none"]
    assert stated["width_published"] > stated["width_true"]


def test_a_target_measured_elsewhere_is_known_within_30_fold():
    measured = {p.target for p in calibration_pairs() if p.density_nmol_L}
    found = [
        density_of(target(name), organ)
        for name in sorted(measured)
        for organ in organ_expression(target(name))
    ]
    modelled = [d.gsd ** (2 * 1.6449) for d in found if d.basis == "model"]
    assert np.median(modelled) < 30.0


def test_a_measured_density_beats_the_model():
    for pair in calibration_pairs():
        if pair.density_nmol_L:
            found = density(pair.target, pair.tissue)
            assert found.basis == "measured"
            assert found == measured_density(pair.target, pair.tissue)
    modelled = density_of(target("SSTR2"), "spleen", use=frozenset({"rna", "protein"}))
    assert modelled.basis == "model"


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("tumour", [False, True])
def test_more_rna_or_stain_never_lowers_the_density(pattern, tumour):
    model = density_models()[pattern]
    rna = [0.0, 0.5, 3.0, 30.0, 300.0, 3000.0] if "rna" in pattern else [None]
    levels = [0.0, 0.5, 1.0, 2.0, 3.0] if "protein" in pattern else [None]
    means = np.array([[model.mean(Features(r, p, tumour)) for p in levels] for r in rna])
    assert np.all(np.diff(means, axis=0) >= 0.0)
    assert np.all(np.diff(means, axis=1) >= 0.0)


def test_a_tumour_in_which_nobody_stains_has_a_low_density():
    model = density_models()["rna+protein"]
    stained = model.mean(Features(266.4, 3.0, tumour=True))
    unstained = model.mean(Features(266.4, 0.0, tumour=True))
    assert 10**unstained < 1.0  # nmol/L, near what autoradiography calls not detected
    assert unstained < stained - 1.0
    assert unstained <= model.mean(Features(266.4, 0.0, tumour=False))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_term_of_a_target_is_that_of_direct_normal_conditioning(count):
    effects = dict.fromkeys(ASSAY_CLASSES, 0.0)
    model = DensityModel(0.1, 0.9, 0.0, 0.0, 0.0, 0.5, 0.4, 0.3, 1.4, effects)
    residual, error = np.array([1.2, -0.3, 0.6])[:count], np.array([0.2, 0.5, 0.9])[:count]
    prior = 0.5**2 + 0.3**2
    covariance = np.diag(0.4**2 + error**2) + prior
    gain = prior * np.linalg.solve(covariance, np.ones(count)) if count else np.zeros(0)
    mean, sd = target_effect(model, list(zip(residual, error, strict=True)))
    assert mean == pytest.approx(float(gain @ residual), abs=1e-12)
    assert sd == pytest.approx(math.sqrt(prior - prior * gain.sum()), rel=1e-12)


def test_the_likelihood_is_that_of_the_joint_normal_distribution(likelihood):
    """Values against a dense multivariate normal; the bounds against brute-force integration."""
    sample = likelihood.sample_of("none")
    keep = np.flatnonzero([p.target == "GRPR" for p in sample.pairs])  # a repeat and a bound
    pairs, index = np.unique(sample.pair_index[keep], return_inverse=True)
    part = likelihood.Sample(
        tuple(sample.pairs[i] for i in keep), tuple(sample.features[i] for i in keep),
        sample.design[keep], sample.log_value[keep], sample.is_bound[keep],
        sample.stated_sd[keep], sample.row_weight[keep], index, sample.pair_weight[pairs],
        np.zeros(len(pairs), dtype=int), ("GRPR",),
    )  # fmt: skip
    beta = np.array([0.7, 0.0, 0.0, 0.0, 0.4, -0.6, -0.4, 0.1])

    def direct(tau, sigma, kappa):
        residual, sd = part.log_value - part.design @ beta, kappa * part.stated_sd
        value = ~part.is_bound
        u = np.linspace(-12.0, 12.0, 24001)
        same = index[value][:, None] == index[value][None, :]
        covariance = sigma**2 * same + np.diag(sd[value] ** 2)
        logs = np.array(multivariate_normal.logpdf(residual[value] - u[:, None], cov=covariance))
        spread = np.hypot(sigma, sd[~value])
        logs += likelihood.log_ndtr((residual[~value] - u[:, None]) / spread).sum(axis=1)
        logs -= 0.5 * (u / tau) ** 2 + math.log(tau * math.sqrt(2 * math.pi))
        determinant = np.linalg.slogdet(likelihood.information(part, tau, sigma, kappa))[1]
        return np.log(np.trapezoid(np.exp(logs), u)) - 0.5 * determinant

    # constants are left out of the likelihood, so differences between parameters are compared
    first, second = (0.5, 0.4, 1.4), (0.9, 0.2, 1.0)
    made = [likelihood.log_likelihood(part, beta, *p) for p in (first, second)]
    # 21 quadrature nodes: better than 1e-4 for one bound
    assert made[0] - made[1] == pytest.approx(direct(*first) - direct(*second), abs=1e-4)


def test_tissues_of_one_published_value_weigh_as_one():
    shared = [p for p in calibration_pairs() if p.target == "TFRC" and p.density_nmol_L]
    assert len(shared) == 4
    assert sum(p.weight for p in shared) == pytest.approx(1.0)


def test_blood_and_cell_lines_are_not_in_the_calibration():
    assert all(p.tissue != "blood" and p.kind != "cell line" for p in calibration_pairs())


def test_psma_rna_is_highest_in_duodenum_but_measured_kidney_and_salivary_gland_decide():
    rna = {t["tissue"]: float(t["nTPM"]) for t in table("expression_rna.csv")
           if t["gene"] == "FOLH1"}  # fmt: skip
    assert max(rna, key=rna.__getitem__) == "duodenum"
    psma, blind = target("FOLH1"), frozenset({"rna", "protein"})
    bowel = features_of(psma, "small_intestine").rna_nTPM
    for organ in ("kidneys", "salivary_glands"):
        assert features_of(psma, organ).rna_nTPM < bowel
        modelled = [density_of(psma, o, use=blind) for o in (organ, "small_intestine")]
        assert modelled[0].median_nmol_L < modelled[1].median_nmol_L
        measured = [density_of(psma, o) for o in (organ, "small_intestine")]
        assert {d.basis for d in measured} == {"measured"}
        assert measured[0].median_nmol_L > measured[1].median_nmol_L
