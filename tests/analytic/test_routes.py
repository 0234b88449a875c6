"""Ways into the body besides a vein, against closed forms and what was published."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ligandose.agents import agent
from ligandose.course.regimen import Administration, Regimen
from ligandose.course.reservoirs import surface_dose_Gy
from ligandose.course.results import Course
from ligandose.course.simulate import simulate
from ligandose.course.study import study_from_mapping
from ligandose.errors import InputError
from ligandose.hosts import Host, Route, draw_values, host, read_route, with_routes
from ligandose.kinetics import (
    Dose,
    Phase,
    agent_parameters,
    compile_network,
    describe,
    given_into,
    solve,
)
from ligandose.nuclides import nuclide

DAY_S = 86400.0
AMOUNT = 100.0
WAYS = (
    "vein", "intra-arterial:liver", "intra-arterial:lesion:liver", "intra-arterial:kidneys",
    "intratumoural:lesion:node", "intraperitoneal", "intrathecal",
)  # fmt: skip


def _model(way: str, name: str = "177Lu-DOTATATE", disease: str = "GEP-NET"):
    chosen, route = agent(name), read_route(way)
    person = with_routes(
        host("adult-male", disease=disease), [route],
        protein="hydrodynamic_radius" in chosen.findings,
    )  # fmt: skip
    values = [
        draw_values(f.findings, patients=1, seed=1, variability=False) for f in (person, chosen)
    ]
    network = compile_network(describe(chosen, person, routes=[route]))
    return network, agent_parameters(chosen, person, *values), given_into(chosen, route)


def _solve(way: str, times_s: list[float], *, end_s: float = 30 * DAY_S, **more: str):
    network, parameters, into = _model(way, **more)
    phases = [Phase(0.0, parameters)]
    solution = solve(network, phases, [Dose(0.0, AMOUNT)], into=into, end_s=end_s, time_s=times_s)
    assert not solution.failed[0]
    return network, parameters, solution


@pytest.mark.parametrize("way", WAYS)
def test_every_route_conserves_what_is_given(way: str) -> None:
    # the promise of the solver: rounding, see LARGEST_LEAK
    assert _solve(way, [])[2].final_nmol[0].sum() == pytest.approx(AMOUNT, rel=1e-8)


@pytest.mark.parametrize(
    ("way", "region", "half_time_s"),
    [
        ("intraperitoneal", "peritoneal_cavity", 104 * 60.0),
        ("intrathecal", "cerebrospinal_fluid", 4.95 * 3600.0),
    ],
)
def test_a_cavity_empties_exponentially(way: str, region: str, half_time_s: float) -> None:
    times = [600.0, 3600.0, 6 * 3600.0, DAY_S]
    solution = _solve(way, times)[2]
    held = solution.amount_nmol[0, :, 0, solution.regions.index(region)]
    expected = AMOUNT * 0.5 ** (np.array(times) / half_time_s)
    # the solver promises 1e-6 of a region's largest amount at any time
    assert held == pytest.approx(expected, abs=1e-6 * AMOUNT)


def test_the_time_integral_of_a_cavity_is_its_mean_life() -> None:
    course = _course("intraperitoneal")
    decay = nuclide("Lu-177").decay_constant_per_s
    mean_life_s = 1.0 / (np.log(2.0) / (104 * 60.0) + decay)
    (cavity,) = course.cavities
    # activity is that at the start of the infusion of 30 min: it decays on the way in
    infused = -np.expm1(-decay * 1800.0) / (decay * 1800.0)
    # the solver promises 1e-6 of any time integral
    assert cavity.tia_Bq_s[0] / 7.4e9 == pytest.approx(mean_life_s * infused, rel=1e-5)


def test_proteins_leave_cavities_more_slowly() -> None:
    solution = _solve("intraperitoneal", [DAY_S], name="177Lu-J591", disease="mCRPC")[2]
    held = solution.amount_nmol[0, 0, 0, solution.regions.index("peritoneal_cavity")]
    assert held == pytest.approx(0.5 * AMOUNT, rel=1e-5)  # half-time 24 h (andersson2009)


def test_first_pass_of_an_artery() -> None:
    """A well-mixed vascular space keeps PS / (Q + PS) of what enters, for inert ligand.

    With the return from the interstitium and all binding cut off, and nothing coming back with
    the blood, that is what the lesion holds.
    """
    network, parameters, into = _model("intra-arterial:lesion:liver")
    lesion = "lesion:liver"
    parameters = dict(parameters)
    unbound = parameters["vector.unbound_plasma"]
    passes = (
        parameters[f"{lesion}.permeability"] * unbound * parameters["vector.permeability_factor"]
    )
    flow = parameters[f"{lesion}.plasma_flow"]
    zero = np.zeros(1)
    parameters["vector.unbound_interstitial"] = zero  # nothing returns or binds
    elsewhere = [
        n for n in parameters
        if n.endswith(".permeability") and n != f"{lesion}.permeability"
    ]  # fmt: skip
    parameters.update(dict.fromkeys(elsewhere, zero))
    parameters["gfr"] = parameters["gfr"] * 1e6  # what leaves in the vein is gone at once
    solution = solve(
        network, [Phase(0.0, parameters)], [Dose(0.0, AMOUNT)], into=into, end_s=DAY_S,
        time_s=[300.0],
    )  # fmt: skip
    held = solution.amount_nmol[0, 0, 0, solution.regions.index(lesion)]
    expected = AMOUNT * float((passes / (flow + passes))[0])
    assert 0.05 < expected / AMOUNT < 0.9  # else the test shows nothing
    # what leaves comes round once more before the kidneys have all of it: their share of the
    # plasma flow is a fifth, that of the lesions 0.02, so some per cent of the rest
    assert held == pytest.approx(expected, rel=0.1)
    assert held >= expected * (1.0 - 1e-6)


def test_an_artery_divides_by_flow() -> None:
    network, parameters, into = _model("intra-arterial:liver")
    shares = [parameters[f"liver.artery.share:{n}"][0] for n in ("liver", "lesion:liver")]
    flows = [parameters[f"{n}.plasma_flow"][0] for n in ("liver", "lesion:liver")]
    assert sum(shares) == pytest.approx(1.0, rel=1e-12)
    assert shares[0] / shares[1] == pytest.approx(flows[0] / flows[1], rel=1e-12)
    assert into in {p.name for p in network.description.pools}


@cache
def _course(way: str) -> Course:
    regimen = Regimen.cycles(
        1, activity_GBq=7.4, amount_nmol=139.0, infusion_min=30.0, comedication=("amino_acids",),
        route=way,
    )  # fmt: skip
    return simulate(agent("177Lu-DOTATATE"), host("adult-male", disease="GEP-NET"), regimen)


def test_hepatic_artery_against_published_ratios() -> None:
    """177Lu-DOTATATE into the hepatic artery (routes.csv, singh2021ia).

    Kidneys and spleen did not differ from a vein, which the model shows. The tumour was three times
    better there, between groups of patients; the model gives 1.1, since a tumour that takes
    little of each passage gains little: the published gain is missed by a factor of 2.8 and the
    miss stands in docs/routes.md. What must hold is the direction, and that lesions
    elsewhere gain nothing.
    """
    vein, artery = _course("vein"), _course("intra-arterial:liver")
    ratio = {
        r: float(artery.dose_of(r)[0] / vein.dose_of(r)[0])
        for r in ("kidneys", "spleen", "lesion:liver", "lesion:node")
    }
    assert ratio["kidneys"] == pytest.approx(1.0, abs=0.2)  # published 1, gsd 1.2
    assert ratio["spleen"] == pytest.approx(1.0, abs=0.2)
    assert 1.02 < ratio["lesion:liver"] < 3.0
    assert ratio["lesion:node"] == pytest.approx(1.0, abs=0.02)
    nearer = _course("intra-arterial:lesion:liver").dose_of("lesion:liver")[0]
    assert nearer > artery.dose_of("lesion:liver")[0]


def test_a_needle_treats_the_lesion_that_it_is_in() -> None:
    vein, needle = _course("vein"), _course("intratumoural:lesion:node")
    gain = {r: needle.dose_of(r)[0] / vein.dose_of(r)[0] for r in ("lesion:node", "lesion:liver")}
    assert gain["lesion:node"] > 1.1
    assert gain["lesion:liver"] < 1.02


def test_surface_dose_of_astatine_in_the_peritoneal_cavity() -> None:
    """15.6 ± 1.0 mGy to the peritoneum per MBq/L of 211At instilled (Andersson 2009, abstract).

    Nothing of it is fitted: half-time 24 h of the concentration, decay, energy, half of the
    directions.
    """
    decay = nuclide("At-211").decay_constant_per_s
    mean_life_s = 1.0 / (decay + np.log(2.0) / DAY_S)
    decays = np.array([[1e6 * mean_life_s]])
    dose = surface_dose_Gy(decays, ["At-211"], volume_L=np.array([1.0]), with_progeny=True)
    assert dose[0, 0] * 1e3 == pytest.approx(15.6, abs=1.0)


def test_surface_dose_is_half_of_the_dose_within_the_fluid() -> None:
    decays, volume = np.array([[1e12]]), np.array([0.5])
    dose = surface_dose_Gy(decays, ["Y-90"], volume_L=volume, with_progeny=False)
    mean_keV = 932.9  # of the beta spectrum of Y-90; ICRP 107 gives 0.9329 MeV per decay
    within = 1e12 * mean_keV * 1.602176634e-16 / 0.5
    assert dose[0, 1] == pytest.approx(0.5 * within, rel=5e-3)  # evaluations differ by 0.2 %
    assert dose[0, 0] == 0.0


def test_cavities_lose_no_energy() -> None:
    """What decays in a cavity is counted in the whole body once."""
    course = _course("intraperitoneal")
    index = course.regions.index
    per_region = course.tiac_s[0].copy()
    whole = per_region[index("whole_body")]
    per_region[index("whole_body")] = 0.0
    assert per_region.sum() == pytest.approx(whole, rel=1e-12)
    (cavity,) = course.cavities
    assert per_region[index("remainder")] > cavity.tia_Bq_s[0] / 7.4e9


# ---- words


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("vein", Route("vein")),
        ("intravenous", Route("vein")),
        ("intratumoral:lesion:node", Route("intratumoural", "lesion:node")),
        ("intraventricular", Route("intrathecal")),
        ("intra-arterial:lesion:liver", Route("intra-arterial", "lesion:liver")),
    ],
)
def test_routes_are_read(text: str, route: Route) -> None:
    assert read_route(text) == route
    assert read_route(str(route)) == route


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("intrathecl", "not known"),
        ("intra-arterial", "needs a region"),
        ("intratumoural", "needs a region"),
        ("intraperitoneal:liver", "contradicts itself"),
        ("vein:liver", "contradicts itself"),
        ("oral", "not simulatable"),
        ("intrapleural", "not simulatable"),
        ("", "not known"),
    ],
)
def test_wrong_routes_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_route(text)
    with pytest.raises(InputError, match=said):
        Administration(0.0, 1e9, 10.0, route=text)


@pytest.mark.parametrize(
    ("name", "disease", "way", "said"),
    [
        ("177Lu-DOTATATE", "GEP-NET", "intra-arterial:lungs", "not simulatable"),
        ("177Lu-DOTATATE", "GEP-NET", "intra-arterial:lesion:bone", "no region"),
        ("177Lu-DOTATATE", "GEP-NET", "intratumoural:liver", "only lesions"),
        ("177Lu-DOTATATE", "GEP-NET", "intracavitary", "small molecules"),
        ("223Ra-dichloride", "mCRPC", "intraperitoneal", "free element"),
    ],
)
def test_what_is_not_simulatable_is_said(name: str, disease: str, way: str, said: str) -> None:
    regimen = Regimen.cycles(1, activity_GBq=1.0, amount_nmol=10.0, route=way)
    with pytest.raises(InputError, match=said):
        simulate(agent(name), host("adult-male", disease=disease), regimen)


def test_hosts_without_numbers_of_a_cavity_are_refused() -> None:
    child, mouse = host("child-5"), host("mouse")
    assert _volume(with_routes(child, [Route("intrathecal")], protein=True)) == 100.0
    for person, way in ((mouse, "intrathecal"), (child, "intraperitoneal")):
        with pytest.raises(InputError, match="volume"):
            with_routes(person, [Route(way)], protein=True)


def _volume(person: Host) -> float | None:
    return person.finding("cerebrospinal_fluid.volume").value


def test_a_study_gives_a_route() -> None:
    study = study_from_mapping({"agent": "177Lu-J591", "regimen": {"route": "intraperitoneal"}})
    assert study.regimen.routes == (Route("intraperitoneal"),)


def test_contradicting_routes_of_a_study_are_refused() -> None:
    one = {"time_h": 0.0, "activity_GBq": 4.0, "route": "intrathecal"}
    regimen = {"route": "vein", "administrations": [one]}
    with pytest.raises(InputError, match="contradicts"):
        study_from_mapping({"agent": "177Lu-J591", "regimen": regimen})
    with pytest.raises(InputError, match=r"regimen\.route"):
        study_from_mapping({"agent": "177Lu-J591", "regimen": {"route": "oral"}})


def test_administrations_may_differ_in_their_route() -> None:
    regimen = Regimen(
        (
            Administration(0.0, 1e9, 20.0, route="intraperitoneal"),
            Administration(3600.0, 1e9, 20.0),
        )
    )
    course = simulate(agent("177Lu-J591"), host("adult-male", disease="mCRPC"), regimen)
    (cavity,) = course.cavities
    decay = nuclide("Lu-177").decay_constant_per_s
    # only the first went there; the solver's promise of time integrals is 1e-6
    mean_life_s = 1.0 / (np.log(2.0) / DAY_S + decay)
    assert cavity.tia_Bq_s[0] == pytest.approx(1e9 * mean_life_s, rel=1e-5)
