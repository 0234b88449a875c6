"""Every species is conserved, whatever blocks a vector uses; carriers bring sites."""

from dataclasses import replace

import numpy as np
import pytest

from ligandose.agents import agent, elements
from ligandose.evidence import Finding, Status, read_table
from ligandose.hosts import draw_values, host, with_targets
from ligandose.kinetics import (
    Dose,
    Phase,
    agent_parameters,
    compile_network,
    describe,
    element_model,
    given_into,
    solve,
)
from ligandose.kinetics.description import Exchange, ModelDescription, Pool, Site, Transformation
from ligandose.kinetics.whole_body import WHOLE_BLOOD, OrganSite, VectorBlocks, whole_body

# Amount is conserved to rounding; the project promises this much of what was given.
CONSERVED = 1e-8
# Error of a solution at its default tolerance, as a share of a pool's largest amount.
PROMISED = 1e-6
DAY_S = 86400.0
HORIZON_S = 90 * DAY_S
TIMES_S = np.geomspace(30.0, HORIZON_S, 40)
# These need steps of their own kind: proteins with predose, elements set free, salts.
AGENTS = (
    "90Y-ibritumomab-tiuxetan",
    "177Lu-J591",
    "89Zr-IAB2M",
    "68Ga-NOTA-2Rs15d",
    "68Ga-ABY-025",
    "131I-tositumomab",
    "131I-iodide",
    "223Ra-dichloride",
    "89Sr-dichloride",
)


def person_of(it):
    """Return the host of an agent, with the targets that it binds."""
    return with_targets(host(it.host, disease=it.disease or None), it.binds)


def modelled(it, *, patients=5, seed=3):
    """Return description, parameters and the pool that is given into."""
    person = person_of(it)
    values = [draw_values(f, patients=patients, seed=seed) for f in (person.findings, it.findings)]
    return describe(it, person), agent_parameters(it, person, *values), given_into(it)


def finding(key, value, unit):
    region, _, quantity = key.rpartition(".")
    return Finding(
        "test", region, quantity, value, unit, 0.0, 1.0, Status.ASSUMED, "assumption", ""
    )


def with_finding(it, key, value, unit):
    return replace(it, findings={**it.findings, key: finding(key, value, unit)})


@pytest.mark.parametrize("name", AGENTS)
def test_what_is_given_is_somewhere_at_every_time(name):
    it = agent(name)
    description, parameters, into = modelled(it)
    nmol = it.typical["amount_nmol"]
    cold = it.typical.get("predose_nmol", 2.0 * nmol)
    doses = [Dose(0.0, cold, 600.0, tag=0), Dose(4 * 3600.0, nmol, 60.0, tag=1)]
    solution = solve(
        compile_network(description, tags=2),
        [Phase(0.0, parameters)],
        doses,
        into=into,
        end_s=HORIZON_S,
        time_s=TIMES_S,
    )
    assert not solution.failed.any()
    for tag, dose in enumerate(doses):
        share = (TIMES_S - dose.time_s) / dose.duration_s
        expected = dose.amount_nmol * np.clip(share, 0.0, 1.0)
        held = solution.amount_nmol[:, :, tag].sum(axis=-1)
        assert np.max(np.abs(held - expected)) < CONSERVED * (cold + nmol)
        # a region may be empty to rounding, not below
        assert solution.amount_nmol[:, :, tag].min() > -CONSERVED * (cold + nmol)


@pytest.mark.parametrize("key", ["label_loss", "thyroid.uptake_factor"])
def test_labels_that_come_off_are_conserved_too(key):
    """Label that plasma loses (yttrium from an antibody), and a blocked thyroid (iodine)."""
    lost = key == "label_loss"
    base = agent("90Y-ibritumomab-tiuxetan" if lost else "131I-tositumomab")
    it = with_finding(base, key, 0.002 if lost else 0.0, "1/h" if lost else "1")
    description, parameters, into = modelled(it)
    solution = solve(
        compile_network(description),
        [Phase(0.0, parameters)],
        [Dose(0.0, 20.0)],
        into=into,
        end_s=HORIZON_S,
        time_s=TIMES_S,
    )
    held = solution.amount_nmol[:, :, 0]
    np.testing.assert_allclose(held.sum(axis=-1), 20.0, rtol=CONSERVED)
    regions = list(solution.regions)
    if lost:  # yttrium goes to bone; the antibody itself does not
        bone = held[:, -1, regions.index("bone_cortical")]
        without, numbers, _ = modelled(base)
        plain = solve(
            compile_network(without),
            [Phase(0.0, numbers)],
            [Dose(0.0, 20.0)],
            into=into,
            end_s=HORIZON_S,
            time_s=TIMES_S,
        )
        before = plain.amount_nmol[:, -1, 0, list(plain.regions).index("bone_cortical")]
        assert np.all(bone > 2.0 * before)
    else:
        thyroid = held[:, :, regions.index("thyroid")]
        # only the gland's own blood and interstitium are left: it has 0.06 % of all blood
        assert np.all(thyroid < 0.01 * 20.0)


ORGANS = (
    "lungs", "liver", "kidneys", "spleen", "pancreas", "stomach", "small_intestine",
    "large_intestine_right", "large_intestine_left", "red_marrow", "muscle", "thyroid",
)  # fmt: skip
PORTAL = ORGANS[3:9]


def everything():
    """Return a vector that uses many blocks at once.

    Pores, catabolism, transporter, free iodine from cells and plasma, shed antigen, secretion,
    clearing step, a reservoir.
    """
    blocks = VectorBlocks(
        convective=True,
        catabolised=True,
        uptakes=(OrganSite("lesion:a", "SLC6A2", "interstitial"),),
        catabolite="I",
        lost_label="I",
        secreted=True,
        cleared=True,
        reservoirs=("peritoneum",),
    )
    sites = [
        OrganSite("lesion:a", "PSMA", "interstitial"),
        OrganSite("blood", "PSMA", "plasma", "liver"),
        OrganSite("kidneys", "megalin", "tubular"),
    ]
    iodide = element_model("I", (*ORGANS, "lesion:a"))
    return whole_body(
        ORGANS,
        portal=PORTAL,
        lesions=("lesion:a",),
        sites=sites,
        blocks=blocks,
        beside=[iodide.description],
    )


@pytest.mark.parametrize("seed", range(3))
def test_all_blocks_together_conserve_with_any_numbers(seed):
    """Structure alone must conserve, so the numbers are random over four decades."""
    description = everything()
    rng = np.random.default_rng(seed)
    parameters = {
        name: 10.0 ** rng.uniform(-5.0, -1.0, 4) if not name.endswith("volume")
        else rng.uniform(0.01, 3.0, 4)
        for name in description.parameters
    }  # fmt: skip
    solution = solve(
        compile_network(description),
        [Phase(0.0, parameters)],
        [Dose(0.0, 1.0)],
        into="peritoneum.reservoir",
        end_s=30 * DAY_S,
        time_s=np.geomspace(1.0, 30 * DAY_S, 30),
    )
    assert not solution.failed.any()
    np.testing.assert_allclose(solution.amount_nmol[:, :, 0].sum(axis=-1), 1.0, rtol=CONSERVED)
    assert np.all(solution.amount_nmol[:, -1, 0, list(solution.regions).index("urine")] > 0.0)


def carried():
    """Return a source that feeds a ligand and its carrier, which brings the only sites."""
    return ModelDescription(
        pools=(
            Pool("source", "source"),
            Pool("ligand", "ligand", "volume"),
            Pool("carrier", "carrier"),
            Pool("caught", "caught"),
            Pool("held", "held"),
            Pool("out", "out"),
        ),
        exchanges=(Exchange("ligand", "out", ("clearance",)),),
        transformations=(
            Transformation("source", "ligand", ("to_ligand",)),
            Transformation("source", "carrier", ("to_carrier",)),
            Transformation("caught", "ligand", ("off",)),
            Transformation("held", "ligand", ("off",)),
            Transformation("carrier", "out", ("loss",)),
        ),
        sites=(
            Site("ligand", "caught", ("on",), (), ("carrier",)),
            Site("ligand", "held", ("on",), ("capacity",)),
        ),
    )


def test_carriers_bring_a_site_each_as_in_hand_written_equations():
    from scipy.integrate import solve_ivp

    numbers = {
        "volume": 2.5, "clearance": 1e-4, "to_ligand": 3e-4, "to_carrier": 2e-4, "off": 5e-5,
        "loss": 1e-5, "on": 2e-4, "capacity": 1.5,
    }  # fmt: skip
    given, end = 10.0, 3e5
    times = np.geomspace(10.0, end, 25)
    n = numbers

    def rates(_, y):
        source, ligand, carrier, caught, held, _out = y
        on = n["on"] / n["volume"] * ligand
        catching, holding = on * (carrier - caught), on * (n["capacity"] - held)
        back = n["off"] * (caught + held)
        lost = n["clearance"] / n["volume"] * ligand
        return [
            -(n["to_ligand"] + n["to_carrier"]) * source,
            n["to_ligand"] * source - lost - catching - holding + back,
            n["to_carrier"] * source - n["loss"] * carrier,
            catching - n["off"] * caught,
            holding - n["off"] * held,
            lost + n["loss"] * carrier,
        ]

    exact = solve_ivp(
        rates, (0.0, end), [given, 0, 0, 0, 0, 0], method="LSODA", t_eval=times,
        rtol=1e-11, atol=1e-13,
    ).y  # fmt: skip
    solution = solve(
        compile_network(carried()),
        [Phase(0.0, {key: np.full(2, value) for key, value in numbers.items()})],
        [Dose(0.0, given)],
        into="source",
        end_s=end,
        time_s=times,
    )
    order = [solution.regions.index(p.name) for p in carried().pools]
    found = solution.amount_nmol[1, :, 0][:, order].T
    np.testing.assert_allclose(found.sum(axis=0), given, rtol=CONSERVED)
    largest = exact.max(axis=1, keepdims=True)
    assert np.max(np.abs(found - exact) / largest) < PROMISED
    # the carriers' sites are really used, and used up
    assert exact[3].max() > 0.5 * exact[2].max()


@pytest.mark.parametrize("symbol", [e for e in elements() if e != "*"])
def test_compartments_of_an_element_keep_to_themselves(symbol):
    """What the source keeps apart in blood is not one pool: iodide and hormone, for one."""
    rows = [r for r in read_table("element_transfer.csv") if r["element"] == symbol]
    in_blood = {r[e] for r in rows for e in ("from", "to") if r[f"{e}_region"] == "blood"}
    model = element_model(symbol, host("adult-male").organs)
    found = [p for p in model.description.pools if p.region == WHOLE_BLOOD]
    assert len(found) == len(in_blood) > 0


def test_surfaces_of_bone_are_sources_of_their_own():
    model = element_model("Ra", host("adult-male").organs)
    assert any(p.region.endswith("_surface") for p in model.description.pools)
