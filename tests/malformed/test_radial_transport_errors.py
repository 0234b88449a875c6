"""Radial transport problems that break a rule are refused with the field and the rule."""

import numpy as np
import pytest

from ligandose.errors import InputError, SolverError, UnknownNameError
from ligandose.kinetics import radial
from ligandose.kinetics.moduli import saturated_depth_um, transport_moduli
from ligandose.kinetics.radial import Binding, Spheroid, VesselTissue, solve_radial
from ligandose.kinetics.radial_data import (
    published_transport,
    tissue_transport,
    two_pore_permeability_um_s,
)
from ligandose.kinetics.radial_plasma import PlasmaCurve

GOOD_SITE = {
    "k_on_L_nmol_s": 1e-4,
    "k_d_nmol_L": 1.0,
    "density_nmol_L": 100.0,
    "internalisation_per_s": 1e-5,
    "recycling_per_s": 0.0,
    "release_per_s": 1e-6,
}
SITE = Binding(**GOOD_SITE)
GOOD_VESSEL = {
    "vessel_radius_um": 8.0,
    "krogh_radius_um": 75.0,
    "permeability_um_s": 3e-3,
    "diffusion_um2_s": 12.7,
    "void_fraction": 0.24,
    "binding": SITE,
}
VESSEL = VesselTissue(**GOOD_VESSEL)
BALL = Spheroid(100.0, 12.7, 0.24, SITE)
CONSTANT = PlasmaCurve.exponentials([1.0], [0.0])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("k_on_L_nmol_s", 0.0),
        ("k_d_nmol_L", -1.0),
        ("density_nmol_L", -5.0),
        ("density_nmol_L", np.nan),
        ("internalisation_per_s", -1e-9),
        ("recycling_per_s", np.inf),
        ("release_per_s", -1.0),
        ("turnover_per_s", -1.0),
    ],
)
def test_binding_names_the_field_and_the_value(field, value):
    with pytest.raises(InputError, match=f"binding: {field} is"):
        Binding(**{**GOOD_SITE, field: value})


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        (((0.0, 1.0), (1.0,)), "equal length"),
        (((), ()), "equal length"),
        (((0.0, 20.0, 10.0), (1.0, 1.0, 1.0)), "must not fall"),
        (((0.0, np.nan), (1.0, 1.0)), "must not fall"),
        (((0.0, 1.0), (1.0, -1.0)), "at least 0"),
    ],
)
def test_density_profiles_are_checked(profile, message):
    with pytest.raises(InputError, match=message):
        Binding(**{**GOOD_SITE, "density_nmol_L": profile})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("vessel_radius_um", -8.0, "vessel_radius_um is -8; a finite number above 0"),
        ("krogh_radius_um", 8.0, "must reach farther than the vessel"),
        ("permeability_um_s", 0.0, "permeability_um_s is 0"),
        ("diffusion_um2_s", np.inf, "diffusion_um2_s is inf"),
        ("void_fraction", 0.0, "void_fraction is 0; above 0 and at most 1"),
        ("void_fraction", 1.2, "void_fraction is 1.2"),
        ("unbound_plasma", 35.0, "unbound_plasma is 35"),
    ],
)
def test_tissue_around_a_vessel_names_the_field_and_the_rule(field, value, message):
    with pytest.raises(InputError, match=message):
        VesselTissue(**{**GOOD_VESSEL, field: value})


def test_a_spheroid_names_the_field():
    with pytest.raises(InputError, match="spheroid: radius_um is 0"):
        Spheroid(0.0, 12.7, 0.24, SITE)
    with pytest.raises(InputError, match="spheroid: film_um_s is -1"):
        Spheroid(10.0, 12.7, 0.24, SITE, film_um_s=-1.0)


@pytest.mark.parametrize(
    ("time", "conc", "message"),
    [
        ([0.0], [1.0], "at least 2"),
        ([0.0, 1.0], [1.0, 2.0, 3.0], "same length"),
        ([0.0, 0.0], [1.0, 1.0], "must be finite, rise"),
        ([-1.0, 1.0], [1.0, 1.0], "not start before 0"),
        ([0.0, 1.0], [1.0, -1.0], r"conc_nmol_L\[1\] is -1"),
        ([0.0, 1.0], [np.nan, 1.0], r"conc_nmol_L\[0\] is nan"),
    ],
)
def test_points_of_a_plasma_curve_are_checked(time, conc, message):
    with pytest.raises(InputError, match=message):
        PlasmaCurve.points(time, conc)


@pytest.mark.parametrize(
    ("amplitude", "rate", "message"),
    [([], [], "same length"), ([1.0], [1.0, 2.0], "same length"),
     ([-1.0], [1.0], "amplitude_nmol_L must be"), ([1.0], [-1.0], "rate_per_s must be")],
)  # fmt: skip
def test_exponentials_of_a_plasma_curve_are_checked(amplitude, rate, message):
    with pytest.raises(InputError, match=message):
        PlasmaCurve.exponentials(amplitude, rate)


def test_the_end_of_a_course_is_asked_for_and_must_lie_within_the_curve():
    with pytest.raises(InputError, match="give end_s"):
        solve_radial(BALL, CONSTANT)
    for end in (0.0, -1.0, np.nan):
        with pytest.raises(InputError, match="end_s is"):
            solve_radial(BALL, CONSTANT, end_s=end)
    with pytest.raises(InputError, match=r"last point of the plasma curve \(10 s\)"):
        solve_radial(BALL, PlasmaCurve.points([0.0, 10.0], [1.0, 1.0]), end_s=11.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"cells": 2}, "cells is 2"), ({"cells": 10**6}, "cells is"), ({"grading": 0.0}, "grading"),
     ({"rtol": 0.0}, "rtol is 0"), ({"rtol": 0.5}, "rtol is 0.5")],
)  # fmt: skip
def test_numerical_options_are_checked(options, message):
    with pytest.raises(InputError, match=message):
        solve_radial(BALL, CONSTANT, end_s=10.0, **options)


def test_a_course_that_takes_too_many_steps_says_what_to_look_at(monkeypatch):
    monkeypatch.setattr(radial, "MOST_STEPS", 5)
    with pytest.raises(SolverError, match="wrong unit"):
        solve_radial(BALL, CONSTANT, end_s=1e5)


def test_what_is_asked_of_a_course_is_checked():
    course = solve_radial(BALL, CONSTANT, end_s=100.0, cells=8)
    with pytest.raises(InputError, match="from 0 to 100 s"):
        course.at(101.0)
    with pytest.raises(InputError, match="half_life_s is 0"):
        course.time_integrated_activity(0.0, 1.0)
    with pytest.raises(InputError, match="specific_activity_Bq_nmol is -1"):
        course.time_integrated_activity(1.0, -1.0)
    with pytest.raises(InputError, match="level is 1"):
        course.penetration_depth_um(level=1.0)
    bare = Spheroid(100.0, 12.7, 0.24, Binding(**{**GOOD_SITE, "density_nmol_L": 0.0}))
    with pytest.raises(InputError, match="no sites"):
        _ = solve_radial(bare, CONSTANT, end_s=100.0, cells=8).occupied_share


def test_moduli_and_fronts_check_what_they_are_given():
    with pytest.raises(InputError, match="end_s is 0"):
        transport_moduli(BALL, CONSTANT, end_s=0.0)
    with pytest.raises(InputError, match="ends at 10 s"):
        transport_moduli(BALL, PlasmaCurve.points([0.0, 10.0], [1.0, 1.0]), end_s=20.0)
    with pytest.raises(InputError, match="plasma_flow_per_s is -1"):
        transport_moduli(VESSEL, CONSTANT, end_s=10.0, plasma_flow_per_s=-1.0)
    profile = Binding(**{**GOOD_SITE, "density_nmol_L": ((0.0, 9.0), (1.0, 2.0))})
    with pytest.raises(InputError, match="one number above 0"):
        saturated_depth_um(Spheroid(100.0, 12.7, 0.24, profile), 1.0)
    with pytest.raises(InputError, match="auc_nmol_s_L is -1"):
        saturated_depth_um(BALL, -1.0)


def test_size_classes_and_weights_are_checked():
    with pytest.raises(UnknownNameError, match="did you mean nanobody"):
        tissue_transport("nanobodie")
    with pytest.raises(InputError, match="not both"):
        tissue_transport("igg", molecular_weight_Da=150e3)
    with pytest.raises(InputError, match="not both"):
        tissue_transport()
    for weight in (100.0, 1e6, np.nan):
        with pytest.raises(InputError, match="molecular_weight_Da is"):
            tissue_transport(molecular_weight_Da=weight)
    with pytest.raises(UnknownNameError, match=r"tissue_transport\.csv"):
        published_transport("igg", "diffusoin")
    with pytest.raises(InputError, match="radius_nm is 0"):
        two_pore_permeability_um_s(0.0)
