"""Kinetic models, numbers, regimens and exports that cannot be: what is said about them."""

import numpy as np
import pytest

from ligandose.errors import InputError, UnknownNameError
from ligandose.kinetics.description import Exchange, ModelDescription, Pool, Site, Transformation
from ligandose.kinetics.network import compile_network
from ligandose.kinetics.sbml import export_sbml
from ligandose.kinetics.solve import Dose, Phase, solve

PLASMA = Pool("plasma", "blood", "volume")
BOUND = Pool("bound", "tumour")
MODEL = ModelDescription(
    pools=(PLASMA, BOUND),
    exchanges=(),
    transformations=(Transformation("bound", "plasma", ("k_off",)),),
    sites=(Site("plasma", "bound", ("k_on",), ("sites",)),),
)
NUMBERS = {"volume": 3.0, "k_on": 1e-3, "k_off": 1e-4, "sites": 5.0}


def phase(start_s=0.0, **changes):
    return Phase(start_s, {k: np.array([v, v]) for k, v in (NUMBERS | changes).items()})


def solve_model(*, phases=None, doses=None, tags=1, **changes):
    options = {"into": "plasma", "end_s": 100.0} | changes
    return solve(
        compile_network(MODEL, tags=tags), phases or [phase()], doses or [Dose(0.0, 1.0)], **options
    )


# --- descriptions ---------------------------------------------------------------------------


def describe(*, pools=(PLASMA, BOUND), exchanges=(), transformations=(), sites=()):
    return ModelDescription(pools, exchanges, transformations, sites)


def test_pools_named_twice_are_named():
    with pytest.raises(InputError, match="more than once: plasma"):
        describe(pools=(PLASMA, PLASMA))


@pytest.mark.parametrize(
    "processes",
    [
        {"exchanges": (Exchange("plasma", "nowhere", ("q",)),)},
        {"transformations": (Transformation("nowhere", "plasma", ("k",)),)},
        {"sites": (Site("plasma", "nowhere", ("on",), ("n",)),)},
    ],
)
def test_a_process_to_a_pool_that_is_not_there_is_refused(processes):
    with pytest.raises(InputError, match="'nowhere' is not a pool"):
        describe(**processes)


@pytest.mark.parametrize(
    "processes",
    [
        {"exchanges": (Exchange("bound", "plasma", ("q",)),)},
        {"sites": (Site("bound", "plasma", ("on",), ("n",)),)},
    ],
)
def test_a_flux_that_needs_a_concentration_needs_a_volume(processes):
    with pytest.raises(InputError, match="'bound' is not a pool with a volume"):
        describe(**processes)


# --- numbers --------------------------------------------------------------------------------


def test_a_missing_parameter_is_named():
    incomplete = {k: np.array([v]) for k, v in NUMBERS.items() if k != "k_on"}
    with pytest.raises(InputError, match="'k_on' has no value"):
        solve_model(phases=[Phase(0.0, incomplete)])


@pytest.mark.parametrize("value", [-1e-9, np.nan, np.inf])
def test_negative_or_undefined_numbers_are_refused(value):
    with pytest.raises(InputError, match="'k_off' must be finite and not negative"):
        solve_model(phases=[phase(k_off=value)])


def test_a_volume_of_zero_is_refused():
    with pytest.raises(InputError, match=r"volume 'volume' of 'plasma' must be greater than 0"):
        solve_model(phases=[phase(volume=0.0)])


# --- regimens and times ---------------------------------------------------------------------


@pytest.mark.parametrize("amount", [0.0, -1.0, np.nan, np.inf])
def test_an_administered_amount_must_be_positive(amount):
    with pytest.raises(InputError, match="must be greater than 0"):
        solve_model(doses=[Dose(0.0, amount)])


@pytest.mark.parametrize("dose", [Dose(-1.0, 1.0), Dose(99.0, 1.0, 2.0), Dose(5.0, 1.0, -1.0)])
def test_an_administration_must_lie_within_the_course(dose):
    with pytest.raises(InputError, match="is not within"):
        solve_model(doses=[dose])


def test_an_unknown_pool_suggests_the_nearest_one():
    with pytest.raises(UnknownNameError, match="unknown pool 'plasm'; did you mean plasma"):
        solve_model(into="plasm")


@pytest.mark.parametrize("tag", [-1, 2])
def test_a_tag_that_the_network_does_not_have_is_refused(tag):
    with pytest.raises(InputError, match=f"tag {tag} is not one of the 2"):
        solve_model(doses=[Dose(0.0, 1.0, tag=tag)], tags=2)


@pytest.mark.parametrize("starts", [(10.0, 0.0), (0.0, 100.0)])
def test_phases_must_start_in_order_and_before_the_end(starts):
    with pytest.raises(InputError, match="phases must start in order"):
        solve_model(phases=[phase(s) for s in starts], doses=[Dose(50.0, 1.0)])


@pytest.mark.parametrize("times", [[5.0, 4.0], [3.0, 3.0], [-1.0], [101.0]])
def test_output_times_must_increase_within_the_course(times):
    with pytest.raises(InputError, match="output times must increase within"):
        solve_model(time_s=times)


# --- SBML -----------------------------------------------------------------------------------


def export(*, phases=None, doses=None, **changes):
    options = {"into": "plasma"} | changes
    return export_sbml(MODEL, phases or [phase()], doses or [Dose(0.0, 1.0)], **options)


def test_export_into_an_unknown_pool_is_refused():
    with pytest.raises(UnknownNameError, match="unknown pool 'blood'"):
        export(into="blood")


def test_export_without_a_number_names_it():
    incomplete = {k: np.array([v]) for k, v in NUMBERS.items() if k != "sites"}
    with pytest.raises(InputError, match="'sites' has no value"):
        export(phases=[Phase(0.0, incomplete)])


def test_export_of_a_dose_before_the_start_is_refused():
    with pytest.raises(InputError, match="before the start"):
        export(doses=[Dose(-5.0, 1.0)])


@pytest.mark.parametrize("decay_per_s", [None, 0.0, -1e-6, np.nan, np.inf])
def test_hot_and_cold_needs_a_decay_constant(decay_per_s):
    with pytest.raises(InputError, match="decay_per_s"):
        export(hot_and_cold=True, decay_per_s=decay_per_s, labelled_fraction=[0.1])


@pytest.mark.parametrize("fractions", [None, [], [0.1, 0.2], [1.5], [-0.1], [np.nan]])
def test_hot_and_cold_needs_a_labelled_fraction_of_every_dose(fractions):
    with pytest.raises(InputError, match="labelled_fraction"):
        export(hot_and_cold=True, decay_per_s=1e-6, labelled_fraction=fractions)
