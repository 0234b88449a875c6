"""Scaling from animal to human against closed forms."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ligandose.agents import agent
from ligandose.design import translation_document
from ligandose.design.translate_dose import animal_self_doses, spread_over_methods
from ligandose.design.translate_model import _host, _solved, fit_vector
from ligandose.design.translate_scaling import METHODS, scale_table
from ligandose.design.translate_table import AnimalRegion, AnimalTable, translation_findings
from ligandose.dose import emission_spectrum, energy_curves
from ligandose.hosts import host
from ligandose.nuclides import nuclide

HUMAN = host("adult-male")
DECAY = nuclide("Lu-177").decay_constant_per_s
K = 5e-6
HOUR = 3600.0
TIMES = np.array([1, 4, 24, 72, 168]) * HOUR
BODY = 0.025
RATIO = HUMAN.finding("whole_body.body_mass").internal / BODY


def table_of(name: str, *, mass_kg: float | None = 4e-4) -> AnimalTable:
    """A mouse whose organ holds 10 % per gram, falling with K."""
    fraction = 0.1 * np.exp(-K * TIMES)
    region = AnimalRegion(
        name, (name,), "organ", True, TIMES, fraction, 0.05 * fraction, (4,) * 5, mass_kg
    )
    return AnimalTable("mouse.csv", "mouse", BODY, (region,), (), ())


def expected(name: str, method: str) -> float:
    """Return the coefficient of a mono-exponential by hand, s."""
    at_start = 0.1 * 4e-4 * 1e3
    relative = HUMAN.finding(f"{name}.mass").internal / 4e-4 / RATIO
    exponent = {"time": 0.25, "mass_time": 0.25, "allometric": 0.35 if name == "kidneys" else 0.26}
    rate = K * RATIO ** -exponent.get(method, 0.0)
    factor = relative if method in ("mass", "mass_time", "allometric") else 1.0
    return at_start * factor / (DECAY + rate)


@pytest.mark.parametrize("name", ["kidneys", "liver"])
@pytest.mark.parametrize("method", METHODS)
def test_each_method_is_its_formula(name: str, method: str) -> None:
    scaled = scale_table(table_of(name), decay_per_s=DECAY, human=HUMAN)[0]
    # exact points: the tolerance of the fit (test_tac_closed_forms)
    assert scaled.human[name][method].tiac_s == pytest.approx(expected(name, method), rel=1e-5)


def test_the_time_exponent_stretches_a_mouse_by_seven() -> None:
    # 7.27 for 25 g to 70 kg (shared/science/biology.md)
    exponent = translation_findings()["scaling", "time_exponent"].require()
    assert (70.0 / 0.025) ** exponent == pytest.approx(7.27, abs=0.005)


def test_the_spread_of_the_exponent_widens_the_allometric_error() -> None:
    found = scale_table(table_of("liver"), decay_per_s=DECAY, human=HUMAN)[0].human["liver"]
    fit, both = found["mass_time"].relative_se, found["allometric"].relative_se
    rate = K * RATIO**-0.26
    # d ln TIAC / d exponent = k ln(ratio) / (λ + k): by hand
    slope = rate * math.log(RATIO) / (DECAY + rate)
    assert both == pytest.approx(math.hypot(0.16 * slope, fit), rel=0.05)  # fit errors differ a bit


def test_a_mass_that_the_table_lacks_comes_from_the_reference_animal() -> None:
    scaled = scale_table(table_of("kidneys", mass_kg=None), decay_per_s=DECAY, human=HUMAN)[0]
    assert not scaled.animal_mass_stated
    assert scaled.animal_mass_kg == pytest.approx(host("mouse").finding("kidneys.mass").internal)


def test_self_dose_of_an_animal_organ_is_that_of_its_spheres() -> None:
    scaled = scale_table(table_of("liver"), decay_per_s=DECAY, human=HUMAN)
    dose = animal_self_doses(scaled, nuclide="Lu-177")["liver"]
    kept = energy_curves(emission_spectrum("Lu-177", with_progeny=True)).self_J(4e-4).sum()
    tiac = 0.1 * 4e-4 * 1e3 / (DECAY + K)
    assert dose["total"] == pytest.approx(kept / 4e-4 * tiac * 1e6, rel=1e-5)  # fit, as above


def test_spread_without_errors_is_that_of_the_methods() -> None:
    numbers, _ = spread_over_methods(np.array([1.0, 2.0, 4.0]), np.zeros(3), seed=1)
    assert numbers["median"] == 2.0
    assert (numbers["p05"], numbers["p95"]) == (1.0, 4.0)


def test_the_remainder_is_what_no_organ_holds(tmp_path: Path) -> None:
    file = tmp_path / "w.csv"
    rows = ["species,body_mass_g,region,time,time_unit,value,unit,decay_corrected"]
    for t in (1, 24, 72):
        rows.append(f"mouse,25,liver,{t},h,10,%ID/organ,yes")
        rows.append(f"mouse,25,whole_body,{t},h,60,%ID,yes")
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    document = translation_document(file, nuclide="Lu-177")
    human = {n: h for r in document["regions"] for n, h in r["human"].items()}
    # constant retention: fractions over the decay constant, exactly but for the fit
    assert human["whole_body"]["by_method"]["none"]["tiac_s"] == pytest.approx(
        0.6 / DECAY, rel=1e-5
    )
    assert human["liver"]["by_method"]["none"]["tiac_s"] == pytest.approx(0.1 / DECAY, rel=1e-5)
    remainder = next(r for r in document["doses"] if r["region"] == "remainder")
    assert remainder["source"]


def test_retention_that_is_more_than_was_given_is_said(tmp_path: Path) -> None:
    file = tmp_path / "w.csv"
    rows = ["species,body_mass_g,region,time,time_unit,value,unit,decay_corrected"]
    rows += [f"mouse,25,{r},{t},h,{v},%ID,yes" for t in (1, 24) for r, v in
             (("liver", 60), ("kidneys", 60))]  # fmt: skip
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    document = translation_document(file, nuclide="Lu-177")
    assert any("none: all sources together have 1.20 times" in o for o in document["omissions"])


def test_the_model_fit_finds_the_parameters_of_a_simulated_mouse() -> None:
    vector = agent("177Lu-PSMA-617")
    mouse = _host(vector, host("mouse"))
    keys = ["unbound_plasma", "hepatocyte_uptake"]
    times = np.array([0.1, 0.25, 0.5, 1, 2]) * HOUR
    truth = np.log([[0.8, 1.6]])
    amount, regions, _ = _solved(vector, mouse, keys, truth, 0.05, times)
    organs = []
    for name in ("kidneys", "liver", "spleen", "lungs", "muscle", "heart"):
        fraction = amount[0, :, regions.index(name)] / (
            mouse.finding(f"{name}.mass").internal * 1e3
        )
        organs.append(
            AnimalRegion(name, (name,), "organ", True, times, fraction, None, (1,) * 5, None)
        )
    table = AnimalTable("mouse.csv", "mouse", BODY, tuple(organs), (), ())
    fit = fit_vector(
        table, vector, human=HUMAN, decay_per_s=DECAY, animal_amount_nmol=0.05, parameters=keys
    )
    # not to zero: the prior holds both factors back, by what the next lines allow
    assert fit.rms_log_after < 0.5 * fit.rms_log_before
    for key, true in zip(keys, (0.8, 1.6), strict=True):
        # the prior pulls towards 1 by less than two posterior standard deviations
        assert abs(math.log(fit.factors[key] / true)) < 2.0 * math.log(fit.factor_gsd[key])
    assert fit.tiac_s["liver"] > fit.catalogue_tiac_s["liver"]  # more taken up by hepatocytes
