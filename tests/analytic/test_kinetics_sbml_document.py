"""The SBML text itself: what is in it, read back without any SBML library."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ligandose.kinetics.description import Exchange, ModelDescription, Pool, Site, Transformation
from ligandose.kinetics.sbml import export_sbml
from ligandose.kinetics.solve import Dose, Phase

SBML = "{http://www.sbml.org/sbml/level3/version1/core}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
# Names that SBML cannot have, two of which become alike when plain ("a.b", "a_b"), and a volume
# that is also a factor of a clearance.
MODEL = ModelDescription(
    pools=(
        Pool("lesion:bone.free", "lesion:bone", "v.1"),
        Pool("lesion:bone_free", "lesion:bone", "v_1"),
        Pool("bound", "lesion:bone"),
    ),
    exchanges=(Exchange("lesion:bone.free", "lesion:bone_free", ("v.1", "2nd rate")),),
    transformations=(Transformation("bound", "lesion:bone.free", ("k_off",)),),
    sites=(Site("lesion:bone.free", "bound", ("k_on",), ("density", "mass")),),
)
NUMBERS = {"v.1": 2.0, "v_1": 3.0, "2nd rate": 1e-5, "k_off": 1e-4, "k_on": 0.1, "density": 7.0,
           "mass": 1.0 / 3.0}  # fmt: skip
PHASES = [
    Phase(50.0, {k: np.array([9.0, v]) for k, v in NUMBERS.items()}),
    Phase(80.0, {k: np.array([9.0, v]) for k, v in (NUMBERS | {"k_off": 2e-4}).items()}),
]
DOSES = [Dose(50.0, 4.0), Dose(60.0, 6.0, 30.0), Dose(70.0, 5.0)]


def export(**changes):
    return export_sbml(MODEL, PHASES, DOSES, into="lesion:bone.free", patient=1, **changes)


def read(model):
    return ET.fromstring(model.text).find(f"{SBML}model")


def value(expression, symbols, time):
    """Evaluate a MathML expression."""
    kind = expression.tag.removeprefix(MATHML)
    if kind == "ci":
        return symbols[expression.text]
    if kind == "csymbol":
        return time
    if kind == "cn":
        parts = list(expression)
        return float(expression.text) * (10.0 ** float(parts[0].tail) if parts else 1.0)
    operator, *rest = list(expression)
    numbers = [value(e, symbols, time) for e in rest]
    name = operator.tag.removeprefix(MATHML)
    if name == "minus" and len(numbers) == 1:
        return -numbers[0]
    operations = {
        "times": np.prod,
        "plus": np.sum,
        "minus": lambda n: n[0] - n[1],
        "divide": lambda n: n[0] / n[1],
        "exp": lambda n: np.exp(n[0]),
        "geq": lambda n: n[0] >= n[1],
    }
    return operations[name](numbers)


def derivatives(document, symbols, time):
    """Sum the kinetic laws into d(species)/dt."""
    rates = {s.get("id"): 0.0 for s in document.iter(f"{SBML}species")}
    for reaction in document.iter(f"{SBML}reaction"):
        law = reaction.find(f"{SBML}kineticLaw/{MATHML}math")[0]
        flux = value(law, symbols, time)
        for side, sign in (("Reactants", -1.0), ("Products", 1.0)):
            for reference in reaction.iterfind(f"{SBML}listOf{side}/{SBML}speciesReference"):
                rates[reference.get("species")] += sign * flux
    return rates


def initial_symbols(document):
    symbols = {c.get("id"): float(c.get("size")) for c in document.iter(f"{SBML}compartment")}
    symbols |= {p.get("id"): float(p.get("value")) for p in document.iter(f"{SBML}parameter")}
    return symbols | {
        s.get("id"): float(s.get("initialAmount")) for s in document.iter(f"{SBML}species")
    }


def test_every_name_gets_an_identifier_of_its_own_that_sbml_allows():
    document = read(export(hot_and_cold=True, decay_per_s=1e-6, labelled_fraction=[0.1] * 3))
    found = [e.get("id") for e in document.iter() if e.get("id") and "unit" not in e.tag]
    assert len(found) == len(set(found))
    assert all(i.isidentifier() and i.isascii() for i in found)


def test_every_pool_is_an_amount_and_every_number_keeps_its_name_and_value():
    model = export()
    document = read(model)
    species = {s.get("id"): s for s in document.iter(f"{SBML}species")}
    for pool in MODEL.pools:
        element = species[model.species[pool.name, ""]]
        assert element.get("name") == pool.name
        assert element.get("hasOnlySubstanceUnits") == "true"
    symbols = initial_symbols(document)
    assert {n: symbols[model.symbols[n]] for n in NUMBERS} == NUMBERS
    assert document.get("timeUnits") == "second"
    assert document.get("substanceUnits") == "nmol"


def test_kinetic_laws_are_the_balance_equations_written_by_hand():
    model = export()
    document = read(model)
    free, other, bound = (model.species[p.name, ""] for p in MODEL.pools)
    symbols = initial_symbols(document) | {free: 1.7, other: 0.4, bound: 0.9}
    found = derivatives(document, symbols, 0.0)
    out = 2.0 * 1e-5 * 1.7 / 2.0
    on = 0.1 * 1.7 / 2.0 * (7.0 / 3.0 - 0.9)
    off = 1e-4 * 0.9
    expected = {free: -out - on + off, other: out, bound: on - off}
    assert found == pytest.approx(expected, rel=1e-14)


def test_hot_and_cold_laws_share_the_sites_and_turn_label_into_unlabelled():
    decay = 3e-6
    model = export(hot_and_cold=True, decay_per_s=decay, labelled_fraction=[0.2, 0.3, 0.4])
    document = read(model)
    hot = [model.species[p.name, "labelled"] for p in MODEL.pools]
    cold = [model.species[p.name, "unlabelled"] for p in MODEL.pools]
    symbols = initial_symbols(document)
    assert symbols[hot[0]] == pytest.approx(0.2 * 4.0)
    assert symbols[cold[0]] == pytest.approx(0.8 * 4.0)
    symbols |= dict(zip(hot + cold, (1.0, 0.2, 0.3, 5.0, 0.6, 0.7), strict=True))
    rate = "infusion_1_rate"
    symbols[model.symbols[rate]] = 0.25
    found = derivatives(document, symbols, 25.0)
    free_sites = 7.0 / 3.0 - 0.3 - 0.7
    labelled_share = 0.3 * np.exp(-decay * 15.0)  # 15 s after the infusion starts
    for group, share, sign in ((hot, labelled_share, -1.0), (cold, 1.0 - labelled_share, 1.0)):
        free, _, bound = (symbols[s] for s in group)
        out, on, off = 1e-5 * free, 0.1 * free / 2.0 * free_sites, 1e-4 * bound
        lost = [sign * decay * symbols[h] for h in hot]
        expected = [0.25 * share - out - on + off, out, on - off]
        assert [found[s] for s in group] == pytest.approx(np.add(expected, lost), rel=1e-13)


def test_events_carry_later_boluses_infusions_and_phases():
    model = export()
    document = read(model)
    symbols = initial_symbols(document)
    changes = {}
    for event in document.iter(f"{SBML}event"):
        condition = event.find(f"{SBML}trigger/{MATHML}math")[0]
        time = float(condition[2].text)
        assert not value(condition, symbols, time - 1e-6)
        for assignment in event.iter(f"{SBML}eventAssignment"):
            amount = value(assignment.find(f"{MATHML}math")[0], symbols, time)
            changes[time, assignment.get("variable")] = amount
    into = model.species["lesion:bone.free", ""]
    assert symbols[into] == 4.0
    rate = model.symbols["infusion_1_rate"]
    assert symbols[rate] == 0.0
    assert changes == pytest.approx(
        {
            (10.0, rate): 6.0 / 30.0,
            (20.0, into): 4.0 + 5.0,
            (30.0, model.symbols["k_off"]): 2e-4,
            (40.0, rate): 0.0,
        }
    )


def test_an_infusion_at_the_start_runs_from_the_start():
    model = export_sbml(MODEL, PHASES[:1], [Dose(50.0, 6.0, 30.0)], into="bound", patient=1)
    symbols = initial_symbols(read(model))
    assert symbols[model.symbols["infusion_0_rate"]] == pytest.approx(0.2)


def test_what_a_phase_changes_is_not_constant_and_everything_else_is():
    model = export()
    constant = {p.get("id"): p.get("constant") for p in read(model).iter(f"{SBML}parameter")}
    varying = {i for i, c in constant.items() if c == "false"}
    assert varying == {model.symbols["k_off"], model.symbols["infusion_1_rate"]}
