"""The kinetic solver against solutions on paper."""

import importlib

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import gamma, gammainc

from ligandose.kinetics._exponential_moments import exponential_moments
from ligandose.kinetics.description import Exchange, ModelDescription, Pool, Site, Transformation
from ligandose.kinetics.network import compile_network
from ligandose.kinetics.solve import Dose, Phase, solve

# The package's room exports a function of the same name.
solve_module = importlib.import_module("ligandose.kinetics.solve")

# What the solver promises at its default tolerance: error as a share of the region's maximum.
PROMISED = 1e-6

ONE = ModelDescription(
    pools=(Pool("plasma", "blood"), Pool("out", "urine")),
    exchanges=(),
    transformations=(Transformation("plasma", "out", ("k",)),),
    sites=(),
)
TWO = ModelDescription(
    pools=(Pool("plasma", "blood", "v_p"), Pool("tissue", "muscle", "v_t"), Pool("out", "urine")),
    exchanges=(
        Exchange("plasma", "tissue", ("ps",)),
        Exchange("tissue", "plasma", ("ps",)),
        Exchange("plasma", "out", ("cl",)),
    ),
    transformations=(),
    sites=(),
)
CLOSED = ModelDescription(
    pools=(Pool("free", "free", "v"), Pool("bound", "bound")),
    exchanges=(),
    transformations=(Transformation("bound", "free", ("k_off",)),),
    sites=(Site("free", "bound", ("k_on",), ("sites",)),),
)
SATURABLE = ModelDescription(
    pools=(*TWO.pools, Pool("bound", "tumour"), Pool("inside", "tumour")),
    exchanges=TWO.exchanges,
    transformations=(
        Transformation("bound", "tissue", ("k_off",)),
        Transformation("bound", "inside", ("k_int",)),
        Transformation("inside", "out", ("k_rel",)),
    ),
    sites=(Site("tissue", "bound", ("k_on",), ("sites",)),),
)
# Minutes to hours for everything, sites for half of what is given.
SATURABLE_NUMBERS = {
    "v_p": 3.0,
    "v_t": 5.0,
    "ps": 5e-3,
    "cl": 1e-3,
    "k_on": 1e-3,
    "k_off": 1e-3,
    "k_int": 2e-4,
    "k_rel": 2e-5,
    "sites": 20.0,
}


def patients(**numbers):
    """Return parameters of as many patients as the longest value has."""
    rows = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in numbers.values()))
    return [Phase(0.0, dict(zip(numbers, (np.array(r) for r in rows), strict=True)))]


def share_of_maximum(values, expected, axis=1):
    return np.max(np.abs(values - expected) / np.max(expected, axis=axis, keepdims=True))


def test_one_compartment_empties_exponentially_and_its_integral_is_that_of_an_exponential():
    rate = np.geomspace(1e-6, 1e-2, 11)
    decay, given, end = 1.2e-6, 80.0, 2e6
    times = np.geomspace(10.0, end, 50)
    solution = solve(
        compile_network(ONE),
        patients(k=rate),
        [Dose(0.0, given)],
        into="plasma",
        end_s=end,
        decay_per_s=[decay, 0.0],
        time_s=times,
    )
    expected = given * np.exp(-rate[:, None] * times)
    assert np.max(np.abs(solution.amount_nmol[:, :, 0, 0] - expected)) / given < PROMISED
    for d, constant in enumerate((decay, 0.0)):
        total = rate + constant
        integral = given * -np.expm1(-total * end) / total
        np.testing.assert_allclose(solution.integral_nmol_s[:, d, 0, 0], integral, rtol=PROMISED)


def test_an_infusion_fills_towards_its_plateau_and_then_empties():
    rate, given, start, duration = np.array([1e-4, 1e-3]), 50.0, 600.0, 3600.0
    times = np.linspace(100.0, 2e4, 80)
    solution = solve(
        compile_network(ONE),
        patients(k=rate),
        [Dose(start, given, duration)],
        into="plasma",
        end_s=2e4,
        time_s=times,
    )
    since = np.clip(times - start, 0.0, duration)
    k = rate[:, None]
    filled = given / duration / k * -np.expm1(-k * since)
    expected = filled * np.exp(-k * np.clip(times - start - duration, 0.0, None))
    assert share_of_maximum(solution.amount_nmol[:, :, 0, 0], expected) < PROMISED


def test_two_compartments_follow_their_two_exponentials():
    v_p, v_t, given = 3.0, np.array([2.0, 12.0, 40.0]), 10.0
    ps, clearance = np.array([5e-2, 5e-3, 1e-4]), np.array([1e-3, 2e-3, 1e-4])
    times = np.geomspace(1.0, 3e5, 60)
    solution = solve(
        compile_network(TWO),
        patients(v_p=v_p, v_t=v_t, ps=ps, cl=clearance),
        [Dose(0.0, given)],
        into="plasma",
        end_s=3e5,
        time_s=times,
    )
    # Gibaldi & Perrier, Pharmacokinetics: y_p = D Σ (k21 - λ_i)/(λ_j - λ_i) e^(-λ_i t)
    k12, k21, k10 = ps / v_p, ps / v_t, clearance / v_p
    half = 0.5 * (k12 + k21 + k10)
    root = np.sqrt(half**2 - k21 * k10)
    fast = half + root
    slow = k21 * k10 / fast
    decline = np.exp(-np.multiply.outer(times, [slow, fast]))
    plasma = (k21 - slow) / (fast - slow) * decline[:, 0] + (fast - k21) / (fast - slow) * decline[
        :, 1
    ]
    tissue = k12 / (fast - slow) * (decline[:, 0] - decline[:, 1])
    for region, expected in ((0, plasma), (1, tissue)):
        values = solution.amount_nmol[:, :, 0, region]
        assert share_of_maximum(values, given * expected.T) < PROMISED


def test_saturable_binding_settles_at_the_root_of_its_quadratic():
    """b² - (A + B + K_D V) b + A B = 0, for trace, matching and saturating amounts A."""
    given, volume, k_on = 12.0, 2.0, 1e-3
    sites = np.array([1e-3, 1.0, 12.0, 100.0, 1e4])
    k_off = np.array([1e-4, 1e-3, 1e-5, 1e-3, 1e-2])
    solution = solve(
        compile_network(CLOSED),
        patients(v=volume, k_on=k_on, k_off=k_off, sites=sites),
        [Dose(0.0, given)],
        into="free",
        end_s=1e8,
        time_s=[1e8],
    )
    # In the stable form of the smaller root; k_on is per concentration.
    total = given + sites + k_off / k_on * volume
    bound = 2.0 * given * sites / (total + np.sqrt(total**2 - 4.0 * given * sites))
    # 1e8 s is 500 relaxation times and more: what is left is one step's error on a flat curve.
    np.testing.assert_allclose(solution.amount_nmol[:, 0, 0, 1], bound, rtol=1e-6)


def test_tags_share_occupied_sites_in_proportion_to_their_amounts():
    first, second = 9.0, 3.0
    solution = solve(
        compile_network(CLOSED, tags=2),
        patients(v=2.0, k_on=1e-3, k_off=1e-3, sites=4.0),
        [Dose(0.0, first, tag=0), Dose(5e4, second, tag=1)],
        into="free",
        end_s=1e8,
        time_s=[1e8],
    )
    a, b = first + second, 4.0
    total = a + b + 2.0
    bound = 2.0 * a * b / (total + np.sqrt(total**2 - 4.0 * a * b))
    expected = bound * np.array([first, second]) / a
    np.testing.assert_allclose(solution.amount_nmol[0, 0, :, 1], expected, rtol=1e-6)


def test_labelled_ligand_is_the_total_times_its_decaying_fraction():
    """Hot and cold written out as two ligands that compete, against the total alone."""
    p, decay, fraction, given, end = SATURABLE_NUMBERS, 2e-5, 0.3, 40.0, 1e5

    def both(_, y):
        hot, cold = y.reshape(2, 5)
        rates = []
        free = p["sites"] - hot[3] - cold[3]
        for ligand in (hot, cold):
            plasma, tissue, _, bound, inside = ligand
            forth, back = p["ps"] / p["v_p"] * plasma, p["ps"] / p["v_t"] * tissue
            out = p["cl"] / p["v_p"] * plasma
            on = p["k_on"] / p["v_t"] * tissue * free
            off, taken_up = p["k_off"] * bound, p["k_int"] * bound
            released = p["k_rel"] * inside
            rates.append(
                [
                    back - forth - out,
                    forth - back - on + off,
                    out + released,
                    on - off - taken_up,
                    taken_up - released,
                ]
            )
        lost = decay * hot
        return np.concatenate([np.array(rates[0]) - lost, np.array(rates[1]) + lost])

    times = np.geomspace(30.0, end, 40)
    start = np.zeros(10)
    start[[0, 5]] = given * np.array([fraction, 1.0 - fraction])
    # At these tolerances LSODA is good to about 1e-9 of the amount.
    apart = solve_ivp(both, (0.0, end), start, "LSODA", times, rtol=1e-11, atol=1e-12 * given)
    hot = apart.y[:5].T @ np.array(
        [[p.region == r for r in SATURABLE.regions] for p in SATURABLE.pools], dtype=float
    )
    solution = solve(
        compile_network(SATURABLE),
        patients(**p),
        [Dose(0.0, given)],
        into="plasma",
        end_s=end,
        time_s=times,
    )
    ours = fraction * np.exp(-decay * times)[:, None] * solution.amount_nmol[0, :, 0]
    assert share_of_maximum(ours, hot, axis=0) < PROMISED


def test_the_method_converges_with_the_fifth_power_of_the_step(monkeypatch):
    """Twice the steps, 2⁵ times less error, in amounts and in time integrals alike."""

    def in_equal_steps(count):
        """Let every step be a phase of its own and accept any error."""
        end = 2e4
        monkeypatch.setattr(solve_module, "FIRST_STEP_S", end / count)
        numbers = patients(**SATURABLE_NUMBERS)[0].parameters
        solution = solve(
            compile_network(SATURABLE),
            [Phase(end * k / count, numbers) for k in range(count)],
            [Dose(0.0, 40.0)],
            into="plasma",
            end_s=end,
            decay_per_s=[1e-5],
            rtol=1e30,
        )
        assert solution.steps == (count, 0)
        return solution.final_nmol[0], solution.integral_nmol_s[0, 0, 0]

    exact = in_equal_steps(2048)
    errors = [
        [np.max(np.abs(a - b)) for a, b in zip(in_equal_steps(n), exact, strict=True)]
        for n in (512, 1024)
    ]
    orders = np.log2(np.divide(*errors))
    # Order 5 is the limit of small steps; at these it is reached from above to 0.4, and a wrong
    # coefficient would cost at least one order.
    np.testing.assert_allclose(orders, 5.0, atol=0.5)


@pytest.mark.parametrize("x", [0.0, 1e-9, 1e-3, 0.3, 0.999, 1.0, 1.001, 3.0, 20.0, 700.0])
def test_exponential_moments_are_incomplete_gamma_functions(x):
    moments = np.empty(5)
    exponential_moments(x, moments)
    m = np.arange(5)
    if x < 1e-2:  # the quotient below would be rounding only; two terms of the series suffice
        expected = 1.0 / (m + 1) - x / (m + 2) + 0.5 * x * x / (m + 3)
        tolerance = max(x**3, 1e-14)
    else:
        expected = gammainc(m + 1, x) * gamma(m + 1) / x ** (m + 1)
        # Upward recursion multiplies rounding by up to m!/xᵐ = 24.
        tolerance = 1e-12
    np.testing.assert_allclose(moments, expected, rtol=tolerance)
