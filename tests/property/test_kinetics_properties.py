"""What must hold for every model, patient and regimen."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.agents import agent
from ligandose.hosts import draw_values, host
from ligandose.kinetics.description import Exchange, ModelDescription, Pool, Site, Transformation
from ligandose.kinetics.network import compile_network
from ligandose.kinetics.parameters import describe, kinetic_parameters
from ligandose.kinetics.solve import Dose, Phase, solve
from ligandose.kinetics.whole_body import VENOUS

# Error of a solution at its default tolerance, share of a region's maximum; two solutions that
# took different steps may differ by twice that.
PROMISED = 1e-6
# Amount is conserved to rounding; the project promises this much of what was given.
CONSERVED = 1e-8
DAY_S = 86400.0
DECAY_PER_S = np.log(2.0) / (6.6 * DAY_S)


def whole_body(name, patients, *, seed=3):
    it = agent(name)
    person = host(it.host, disease=it.disease)
    host_values = draw_values(person.findings, patients=patients, seed=seed)
    vector_values = draw_values(it.findings, patients=patients, seed=seed)
    parameters = kinetic_parameters(person, host_values, vector_values)
    return describe(it, person), parameters, it.typical["amount_nmol"]


@pytest.fixture(scope="module")
def psma():
    return whole_body("177Lu-PSMA-617", 11)


def given_until(doses, times):
    """Return (times,) what was given so far."""
    total = np.zeros_like(times)
    for dose in doses:
        if dose.duration_s:
            total += dose.amount_nmol * np.clip((times - dose.time_s) / dose.duration_s, 0.0, 1.0)
        else:  # an output at the moment of a bolus shows the state before it
            total += dose.amount_nmol * (times > dose.time_s)
    return total


def share_of_maximum(values, expected):
    largest = expected.max(axis=1, keepdims=True)
    return np.max(np.abs(values - expected) / np.where(largest > 0.0, largest, 1.0))


# --- conservation ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["177Lu-PSMA-617", "177Lu-DOTATATE"])
def test_whole_body_conserves_amount_at_every_output_time(name):
    """Three administrations with two tags, boluses and infusion, and a change of rates."""
    description, parameters, nmol = whole_body(name, 11)
    slower = {**parameters, "gfr": 0.5 * parameters["gfr"]}
    doses = [
        Dose(0.0, nmol, 1800.0, tag=0),
        Dose(5400.0, 3 * nmol, tag=0),
        Dose(20 * DAY_S, nmol, 600.0, tag=1),
    ]
    times = np.concatenate([np.geomspace(1.0, 19 * DAY_S, 60), np.linspace(20, 60, 40) * DAY_S])
    solution = solve(
        compile_network(description, tags=2),
        [Phase(0.0, slower), Phase(4 * 3600.0, parameters)],
        doses,
        into=VENOUS,
        end_s=60 * DAY_S,
        time_s=times,
    )
    for tag in (0, 1):
        expected = given_until([d for d in doses if d.tag == tag], times)
        held = solution.amount_nmol[:, :, tag].sum(axis=-1)
        assert np.max(np.abs(held - expected)) < CONSERVED * sum(d.amount_nmol for d in doses)


@st.composite
def random_models(draw):
    """Return a random network of spaces, sites and passages with its numbers."""
    spaces = draw(st.integers(2, 5))
    rate = st.floats(-7.0, 0.0).map(lambda e: 10.0**e)
    pools = [Pool(f"p{i}", f"r{i % 3}", f"v{i}") for i in range(spaces)]
    numbers = {f"v{i}": draw(st.floats(0.01, 20.0)) for i in range(spaces)}
    exchanges, sites, transformations = [], [], []
    for i in range(spaces):
        for j in draw(st.sets(st.integers(0, spaces - 1), max_size=2)) - {i}:
            exchanges.append(Exchange(f"p{i}", f"p{j}", (f"c{i}{j}",)))
            numbers[f"c{i}{j}"] = draw(rate)
        if draw(st.booleans()):
            pools.append(Pool(f"b{i}", "bound"))
            sites.append(Site(f"p{i}", f"b{i}", (f"on{i}",), (f"n{i}",)))
            transformations.append(Transformation(f"b{i}", f"p{i}", (f"off{i}",)))
            numbers |= {f"on{i}": draw(rate), f"off{i}": draw(rate)}
            numbers[f"n{i}"] = draw(st.floats(0.0, 200.0))
    description = ModelDescription(tuple(pools), tuple(exchanges), tuple(transformations),
                                   tuple(sites))  # fmt: skip
    return description, {name: np.array([value]) for name, value in numbers.items()}


@settings(max_examples=25, deadline=None)
@given(random_models(), st.floats(1e-3, 1e4), st.sampled_from([0.0, 900.0]))
def test_any_network_conserves_amount_and_keeps_it_positive(model, amount, duration):
    description, numbers = model
    times = np.geomspace(1.0, DAY_S, 15)
    doses = [Dose(0.0, amount, duration), Dose(5e4, amount)]
    network = compile_network(description)
    solution = solve(network, [Phase(0.0, numbers)], doses, into="p0", end_s=DAY_S, time_s=times)
    assert not solution.failed.any()
    held = solution.amount_nmol[0, :, 0].sum(axis=-1)
    assert np.max(np.abs(held - given_until(doses, times))) < CONSERVED * 2 * amount
    assert solution.amount_nmol.min() > -PROMISED * 2 * amount


# --- superposition, tags, integrals ---------------------------------------------------------


def test_far_below_saturation_doses_superpose(psma):
    """With 1e-9 of the usual amount, sites are free to 1e-8 and the model is linear to that."""
    description, parameters, nmol = psma
    first, second = Dose(0.0, 1e-9 * nmol, 300.0), Dose(7200.0, 3e-9 * nmol)
    times = np.array([100.0, 3600.0, 7300.0, 2e4, DAY_S, 7 * DAY_S])
    network = compile_network(description)

    def amounts(*doses):
        return solve(
            network,
            [Phase(0.0, parameters)],
            doses,
            into=VENOUS,
            end_s=7 * DAY_S,
            time_s=times,
        ).amount_nmol[:, :, 0]

    together = amounts(first, second)
    assert share_of_maximum(amounts(first) + amounts(second), together) < 3 * PROMISED


def test_tags_add_up_to_the_ligand_without_tags(psma):
    description, parameters, nmol = psma
    times = np.array([100.0, 3600.0, 7300.0, 2e4, DAY_S, 7 * DAY_S])

    def amounts(tags):
        doses = [Dose(0.0, nmol, 300.0), Dose(7200.0, 3 * nmol, tag=tags - 1)]
        return solve(
            compile_network(description, tags=tags),
            [Phase(0.0, parameters)],
            doses,
            into=VENOUS,
            end_s=7 * DAY_S,
            time_s=times,
        ).amount_nmol

    assert share_of_maximum(amounts(2).sum(axis=2), amounts(1)[:, :, 0]) < 2 * PROMISED


def solved_psma(psma, **changes):
    description, parameters, nmol = psma
    settings_ = {"into": VENOUS, "end_s": 100 * DAY_S, "decay_per_s": [DECAY_PER_S]} | changes
    phases = settings_.pop("phases", [Phase(0.0, parameters)])
    doses = [Dose(0.0, nmol, 300.0)]
    return solve(compile_network(description), phases, doses, **settings_)


def test_output_times_change_neither_time_integrals_nor_the_end(psma):
    none = solved_psma(psma)
    many = solved_psma(psma, time_s=np.linspace(1.0, 100 * DAY_S, 400))
    np.testing.assert_array_equal(none.integral_nmol_s, many.integral_nmol_s)
    np.testing.assert_array_equal(none.final_nmol, many.final_nmol)


def test_a_later_origin_of_decay_multiplies_integrals(psma):
    later = solved_psma(psma, decay_per_s=[DECAY_PER_S] * 2, origin_s=[0.0, 30 * DAY_S])
    factor = np.exp(DECAY_PER_S * 30 * DAY_S)
    first, second = later.integral_nmol_s[:, 0], later.integral_nmol_s[:, 1]
    np.testing.assert_allclose(second, factor * first, rtol=1e-12)  # rounding of a long sum


def test_a_phase_that_changes_nothing_changes_nothing(psma):
    parameters = psma[1]
    times = np.array([3600.0, DAY_S, 9 * DAY_S])
    one = solved_psma(psma, time_s=times)
    two = solved_psma(psma, time_s=times, phases=[Phase(0.0, parameters), Phase(5e4, parameters)])
    assert share_of_maximum(two.amount_nmol, one.amount_nmol) < 2 * PROMISED
    np.testing.assert_allclose(two.integral_nmol_s, one.integral_nmol_s, rtol=2 * PROMISED)


# --- threads, neighbours, failures ----------------------------------------------------------


def test_any_number_of_threads_gives_the_same_numbers(psma):
    most = numba.config.NUMBA_NUM_THREADS
    if most < 2:
        pytest.skip("this machine offers numba one thread only")
    before = numba.get_num_threads()
    times = [3600.0, DAY_S]
    try:
        results = []
        for threads in (1, most):
            numba.set_num_threads(threads)
            results.append(solved_psma(psma, time_s=times))
    finally:
        numba.set_num_threads(before)
    for name in ("amount_nmol", "integral_nmol_s", "final_nmol"):
        np.testing.assert_array_equal(getattr(results[0], name), getattr(results[1], name))


def test_a_patient_alone_gets_the_numbers_that_it_gets_in_company(psma):
    description, parameters, nmol = psma
    times = np.array([600.0, 3600.0, DAY_S])
    together = solved_psma(psma, time_s=times)
    for patient in (0, 10):
        own = {name: values[patient : patient + 1] for name, values in parameters.items()}
        alone = solved_psma((description, own, nmol), time_s=times)
        expected = alone.amount_nmol[0]
        largest = expected.max(axis=0)
        assert np.max(np.abs(together.amount_nmol[patient] - expected) / largest) < 2 * PROMISED
        np.testing.assert_allclose(
            together.integral_nmol_s[patient], alone.integral_nmol_s[0], rtol=2 * PROMISED
        )


# Exchange so fast that elimination loses every other rate, and rates that overflow to infinity.
@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("absurd", [1e16, 1e300, 1e308])
@pytest.mark.parametrize("patient", [0, 5, 10])
def test_a_patient_that_cannot_be_solved_is_reported_and_the_others_stand(psma, patient, absurd):
    description, parameters, nmol = psma
    times = np.array([600.0, 3600.0, DAY_S])
    sound = solved_psma(psma, time_s=times)
    broken = {name: values.copy() for name, values in parameters.items()}
    for name in ("kidneys.permeability", "muscle.permeability"):
        broken[name][patient] = absurd
    solution = solved_psma((description, broken, nmol), time_s=times)
    np.testing.assert_array_equal(np.flatnonzero(solution.failed), [patient])
    for name in ("amount_nmol", "integral_nmol_s", "final_nmol"):
        values = getattr(solution, name)
        assert np.isnan(values[patient]).all()
        assert np.isfinite(np.delete(values, patient, axis=0)).all()
    others = np.delete(solution.amount_nmol, patient, axis=0)
    assert share_of_maximum(others, np.delete(sound.amount_nmol, patient, axis=0)) < 2 * PROMISED
    np.testing.assert_allclose(
        np.delete(solution.integral_nmol_s, patient, axis=0),
        np.delete(sound.integral_nmol_s, patient, axis=0),
        rtol=2 * PROMISED,
    )


def test_exchange_beyond_every_time_scale_ends_in_equilibrium(psma):
    """Instant exchange is a limit that 1e5 and 1e9 L/s both reach: 1e-5 s and less to mix."""
    description, parameters, nmol = psma
    times = np.array([600.0, 3600.0, DAY_S])
    results = []
    for clearance in (1e5, 1e9):
        fast = {name: values.copy() for name, values in parameters.items()}
        for name in ("kidneys.permeability", "muscle.permeability"):
            fast[name][2] = clearance
        results.append(solved_psma((description, fast, nmol), time_s=times))
        assert not results[-1].failed.any()
        held = results[-1].amount_nmol[2, :, 0].sum(axis=-1)
        assert np.max(np.abs(held - nmol)) < CONSERVED * nmol
    assert share_of_maximum(results[1].amount_nmol, results[0].amount_nmol) < 2 * PROMISED


# --- units ----------------------------------------------------------------------------------


def rescaled(parameters, *, amount=1.0, volume=1.0, time=1.0):
    """Return the same patients with numbers in units that are 1/amount, 1/volume, … as large."""
    changed = {}
    for name, values in parameters.items():
        factor = 1.0
        if name.endswith(".k_on"):
            factor = volume / amount / time
        elif name.endswith((".capacity", ".density")):
            factor = amount
        elif name.endswith("volume"):
            factor = volume
        elif name.endswith(("flow", "permeability", "outflow")) or name == "gfr":
            factor = volume / time
        elif name.startswith(("vector.unbound", "vector.sieving")) or name.endswith("_factor"):
            factor = 1.0
        elif not name.endswith("hepatocyte_uptake"):
            factor = 1.0 / time
        changed[name] = values * factor
    return changed


def test_units_of_amount_and_volume_do_not_matter_at_all(psma):
    """Powers of two: every product scales without rounding, so equality is exact."""
    description, parameters, nmol = psma
    plain = solved_psma(psma, time_s=[3600.0, DAY_S])
    other = rescaled(parameters, amount=1024.0, volume=0.25)
    scaled = solved_psma((description, other, 1024.0 * nmol), time_s=[3600.0, DAY_S])
    np.testing.assert_array_equal(scaled.amount_nmol, 1024.0 * plain.amount_nmol)
    np.testing.assert_array_equal(scaled.integral_nmol_s, 1024.0 * plain.integral_nmol_s)


def test_the_unit_of_time_does_not_matter(psma):
    """The first step is a fixed time, so steps differ: agreement is that of two solutions."""
    description, parameters, nmol = psma
    network, phases = compile_network(description), [Phase(0.0, parameters)]
    in_minutes = [Phase(0.0, rescaled(parameters, time=1.0 / 60.0))]
    times = np.array([600.0, 3600.0, DAY_S, 10 * DAY_S])
    plain = solve(network, phases, [Dose(0.0, nmol, 300.0)], into=VENOUS, end_s=times[-1],
                  time_s=times)  # fmt: skip
    scaled = solve(network, in_minutes, [Dose(0.0, nmol, 5.0)], into=VENOUS, end_s=times[-1] / 60,
                   time_s=times / 60)  # fmt: skip
    assert share_of_maximum(scaled.amount_nmol, plain.amount_nmol) < 2 * PROMISED
