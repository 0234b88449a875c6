"""Population fits against closed forms; tables of populations there and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import ligandose as ld
from ligandose.errors import InputError, LigandoseError
from ligandose.plan import Individual
from ligandose.plan.individual_data import ActivityDatum, Given, PatientData
from ligandose.plan.population_fit import PopulationFit, fit_population, goodness_of_fit
from ligandose.plan.population_model import Population, Subject
from ligandose.plan.population_petab import read_petab, write_petab
from ligandose.plan.population_prior import read_prior, with_own, write_prior
from ligandose.plan.population_tables import read_events, write_events
from ligandose.report.plan_population import population_figures

Floats = NDArray[np.float64]
PATIENTS = 60
TIMES = np.array([0.5, 1.0, 2.0, 4.0])


def exponential(patient: int, log_values: Floats) -> Floats:
    """Return ln of A e^(-k t), which is linear in ln A and not in ln k."""
    del patient
    return log_values[:, :1] - np.exp(log_values[:, 1:]) * TIMES


def linear(patient: int, log_values: Floats) -> Floats:
    del patient
    return log_values[:, :1] + 0.0 * TIMES


def test_the_likelihood_of_a_linear_model_is_exact() -> None:
    rng = np.random.default_rng(1)
    y = [2.0 + 0.5 * rng.standard_normal() + 0.2 * rng.standard_normal(4) for _ in range(PATIENTS)]
    fit = fit_population(
        linear, y, names=["a"], log_start=np.array([1.5]), spread_start=np.array([0.3]),
        error_start=0.3,
    )  # fmt: skip
    covariance = fit.spread[0] ** 2 * np.ones((4, 4)) + fit.error**2 * np.eye(4)
    away = np.array(y) - fit.log_typical[0]
    exact = (
        sum(a @ np.linalg.solve(covariance, a) for a in away)
        + PATIENTS * np.linalg.slogdet(2 * np.pi * covariance)[1]
    )
    # Laplace is exact for a linear model; modes may be 0.01 in U off, for each patient
    assert fit.minus2_log_likelihood == pytest.approx(exact, abs=0.02 * PATIENTS)
    # balanced data: the maximum-likelihood mean is the mean of the means
    assert fit.log_typical[0] == pytest.approx(np.mean(y), abs=0.01)
    within = np.mean([own.var(ddof=1) for own in y])
    assert fit.error**2 == pytest.approx(within, rel=0.03)
    between = np.var([own.mean() for own in y]) - within / 4
    assert fit.spread[0] ** 2 == pytest.approx(between, rel=0.06)
    # of a mean of 60 patients; the empirical information has a relative error of √(2/60)
    expected = np.sqrt((fit.spread[0] ** 2 + fit.error**2 / 4) / PATIENTS)
    assert fit.se_log_typical[0] == pytest.approx(expected, rel=0.6)


def test_a_population_is_found_again() -> None:
    rng = np.random.default_rng(2)
    true = np.array([3.0, -1.0]) + np.array([0.4, 0.3]) * rng.standard_normal((PATIENTS, 2))
    y = [exponential(0, row[None])[0] + 0.1 * rng.standard_normal(4) for row in true]
    fit = fit_population(
        exponential, y, names=["A", "k"], log_start=np.array([2.5, -0.5]),
        spread_start=np.array([0.2, 0.2]), error_start=0.2,
    )  # fmt: skip
    assert fit.settled
    # four standard errors of a mean of 60 patients, and of a spread (1/√120 = 9 %)
    assert np.all(np.abs(fit.log_typical - [3.0, -1.0]) < 4 * np.array([0.4, 0.35]) / 60**0.5)
    np.testing.assert_allclose(fit.spread, [0.4, 0.3], rtol=0.37)
    assert fit.error == pytest.approx(0.1, rel=0.25)
    found = goodness_of_fit(fit, exponential, y)
    # weighted residuals and percentiles of 240 data of the right model
    assert found.residual.std() < 1.2
    assert found.percentile.mean() == pytest.approx(0.5, abs=0.15)
    inside = (found.observed > found.low) & (found.observed < found.high)
    assert inside.mean() == pytest.approx(0.9, abs=0.1)


def subjects(n: int, amounts: Floats | None = None) -> list[Subject]:
    made: list[Subject] = []
    for i in range(n):
        given = (Given("dose 1", "177Lu-PSMA-617", 0.0, 7.4e9 + 1e8 * i, 110.0),)
        values = (90.0, 40.0) if amounts is None else amounts[i]
        data = tuple(
            ActivityDatum("dose 1", "kidneys", t * 3600.0, "activity_MBq", float(v), 0.1)
            for t, v in zip((24, 96), values, strict=True)
        )
        made.append(Subject(f"P{i}", PatientData(given, data), {"kidneys.gfr": 0.001 + 1e-5 * i}))
    return made


def test_event_tables_come_back(tmp_path: Path) -> None:
    whole = subjects(3)
    file, _ = write_events(tmp_path / "events.csv", whole)
    assert read_events(file) == whole
    first = file.read_text("utf-8").splitlines()
    assert all(c.isdigit() or c in ".,-e+" for c in first[1]), "NONMEM reads numbers only"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [(",24.0,0,", ",-1,0,", "TIME"), (",24.0,0,", ",24.0,7,", "EVID"), ("EVID", "EVENT", "columns"),
     (",90.0,", ",0,", "DV")],
)  # fmt: skip
def test_broken_event_tables_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    file, _ = write_events(tmp_path / "events.csv", subjects(1))
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError, match=said):
        read_events(file)


def test_petab_problems_come_back(tmp_path: Path) -> None:
    plain = [Subject(s.name, s.data, {}) for s in subjects(3)]
    population = Population.of(
        ld.agent("177Lu-PSMA-617"), ld.host("adult-male", disease="mCRPC"), plain,
        fitted=["host|kidneys.PSMA.density"],
    )  # fmt: skip
    write_petab(tmp_path / "petab", population, estimate=["kidneys.PSMA.capacity"])
    back = read_petab(tmp_path / "petab", agent="177Lu-PSMA-617", amount_nmol=110.0)
    assert [s.name for s in back] == [s.name for s in plain]
    for a, b in zip(back, plain, strict=True):
        assert a.data.given[0].activity_Bq == pytest.approx(b.data.given[0].activity_Bq, rel=1e-12)
        assert [x.value for x in a.data.activities] == [x.value for x in b.data.activities]
        sd = [x.relative_sd for x in a.data.activities]
        assert sd == pytest.approx([x.relative_sd for x in b.data.activities], rel=1e-9)
    with pytest.raises(InputError, match="already"):
        write_petab(tmp_path / "petab", population, estimate=["kidneys.PSMA.capacity"])


def test_densities_of_a_population_are_found_on_the_whole_body_model() -> None:
    start = Population.of(
        ld.agent("177Lu-PSMA-617"), ld.host("adult-male", disease="mCRPC"), subjects(4),
        fitted=["host|kidneys.PSMA.density"],
    )  # fmt: skip
    typical = start.template.prior.log_typical[
        start.template.prior.keys.index("host|kidneys.PSMA.density")
    ]
    rng = np.random.default_rng(6)
    true = typical + 0.5 + 0.3 * rng.standard_normal(4)
    measured = np.array([
        np.exp(start.predict(i, true[i : i + 1, None])[0] + 0.03 * rng.standard_normal(2))
        for i in range(4)
    ])  # fmt: skip
    population = Population.of(
        start.template.agent, start.template.host, subjects(4, measured), fitted=start.fitted
    )
    fit = population.fit(most_rounds=3)
    figures = population_figures(goodness_of_fit(fit, population.predict, population.y()),
                                 population.subjects)  # fmt: skip
    assert [f.name for f in figures] == ["goodness-of-fit", "visual-predictive-check"]
    assert len(figures[0].data.rows) == 8
    # each patient's density is known to a few per cent, so the mean is that of the four drawn
    assert fit.log_typical[0] == pytest.approx(true.mean(), abs=0.06)
    np.testing.assert_allclose(fit.individual[:, 0], true, atol=0.15)


def own_fit(population: Population) -> PopulationFit:
    n = len(population.fitted)
    return PopulationFit(
        population.fitted, np.log([31.0, 2.5e-4])[:n], np.array([0.3, 0.2])[:n], 0.1,
        np.array([0.05, 0.04])[:n], np.zeros((3, n)), np.zeros(n), 0.0, 3, True,
    )  # fmt: skip


def test_a_fitted_population_becomes_the_prior(tmp_path: Path) -> None:
    keys = ["host|kidneys.PSMA.density", "host|kidneys.PSMA.release"]
    population = Population.of(
        ld.agent("177Lu-PSMA-617"), ld.host("adult-male", disease="mCRPC"), subjects(3),
        fitted=keys,
    )  # fmt: skip
    fit, template = own_fit(population), population.template
    file = write_prior(tmp_path / "population.csv", fit, population)
    own = read_prior(file, host=template.host, agent=template.agent)
    prior = with_own(template.prior, own)
    patient = Individual.of(
        template.agent, ld.host("adult-male", disease="mCRPC"), PatientData(), own=own
    )
    assert patient.prior.log_typical[patient.prior.keys.index(keys[0])] == own[0].log_typical
    score = np.random.default_rng(3).standard_normal((4000, prior.size))
    for i, key in enumerate(keys):
        at = prior.keys.index(key)
        # the table holds six digits and more
        assert prior.log_typical[at] == pytest.approx(fit.log_typical[i], abs=1e-5)
        expected = float(np.hypot(fit.spread[i], fit.se_log_typical[i]))
        assert prior.sd_log()[at] == pytest.approx(expected, rel=1e-4)
        # an sd of 4000 draws scatters by 1.1 %
        assert prior.log_values(score)[:, at].std() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("nmol/L", "mol/L", "unit"), ("host,", "liver,", "unknown agent"), ("31,", "-31,", "above 0"),
     ("kidneys.PSMA.density", "kidneys.PSMA.densiti", "did you mean"), ("gsd,", "sd,", "columns")],
)  # fmt: skip
def test_broken_priors_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    population = Population.of(
        ld.agent("177Lu-PSMA-617"), ld.host("adult-male", disease="mCRPC"), subjects(3),
        fitted=["host|kidneys.PSMA.density"],
    )  # fmt: skip
    file = write_prior(tmp_path / "population.csv", own_fit(population), population)
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    template = population.template
    with pytest.raises(LigandoseError, match=said):
        read_prior(file, host=template.host, agent=template.agent)
