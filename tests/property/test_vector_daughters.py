"""Daughters of an alpha emitter in a course: what stays, what leaves, and that all is counted."""

from dataclasses import replace

import numpy as np
import pytest

from ligandose.agents import agent
from ligandose.course import Regimen, simulate
from ligandose.course.daughters import RETAINED, Daughters
from ligandose.dose import commitment_period_s
from ligandose.evidence import Finding, Status
from ligandose.hosts import draw_values, host
from ligandose.nuclides import decay_chain

PSMA = agent("225Ac-PSMA-617")
MCRPC = host("adult-male", disease="mCRPC")
PATIENTS = 3
# Doses are linear in what stays; solving by LU keeps them to rounding times the condition of the
# matrices (rates of 1/min over decay constants of 1/10 d).
LINEAR = 1e-8
# Members that live for years (Pb-209 does not; Tl-209 neither) decay fully within 50 years.
COUNTED = 1e-8


def keeping(part, *, base=PSMA):
    """Return an agent whose daughters stay with a part of the carried atoms."""
    stays = Finding(
        base.vector, "", RETAINED, part, "1", 0.0, 1.0, Status.ASSUMED, "assumption", ""
    )
    return replace(base, findings={**base.findings, RETAINED: stays})


def course(part, *, base=PSMA):
    return simulate(
        keeping(part, base=base), host(base.host, disease=base.disease),
        Regimen.cycles(1, activity_GBq=0.008, amount_nmol=base.typical["amount_nmol"]),
        patients=PATIENTS, seed=4,
    )  # fmt: skip


@pytest.fixture(scope="module")
def courses():
    return {part: course(part) for part in (0.0, 0.5, 1.0)}


def dose(found):
    """Return (patients, regions, radiations) of the one cycle."""
    return found.dose_per_cycle_Gy[:, 0]


def test_none_and_all_retained_bracket_what_lies_between(courses):
    none, half, whole = (dose(courses[part]) for part in (0.0, 0.5, 1.0))
    low, high = np.minimum(none, whole), np.maximum(none, whole)
    slack = LINEAR * high.max(axis=1, keepdims=True)
    assert np.all(half >= low - slack)
    assert np.all(half <= high + slack)
    assert np.all(np.abs(half - 0.5 * (none + whole)) <= slack)
    # and the two ends are far apart where it matters
    lesion = courses[0.0].regions.index("lesion:bone")
    assert np.all(whole[:, lesion].sum(axis=-1) > 1.5 * none[:, lesion].sum(axis=-1))


def test_daughters_that_leave_give_to_the_body_what_the_lesions_lose(courses):
    none, whole = courses[0.0], courses[1.0]
    for region in ("lesion:bone", "lesion:node", "salivary_glands", "lacrimal_glands"):
        assert np.all(none.dose_of(region) < whole.dose_of(region))
    for region in ("muscle", "lungs", "red_marrow"):
        assert np.all(none.dose_of(region) > whole.dose_of(region))


def test_all_retained_is_the_decay_in_place_of_an_agent_without_the_finding(courses):
    plain = simulate(
        PSMA, MCRPC,
        Regimen.cycles(1, activity_GBq=0.008, amount_nmol=PSMA.typical["amount_nmol"]),
        patients=PATIENTS, seed=4,
    )  # fmt: skip
    if RETAINED in PSMA.findings:
        pytest.skip("the catalogue states what this agent retains")
    # S values with the progeny summed in one spectrum against one for each member: the same
    # energies, grouped differently. Measured: 1e-4 of a region's dose, all radiations together.
    np.testing.assert_allclose(dose(plain).sum(axis=-1), dose(courses[1.0]).sum(axis=-1), rtol=1e-3)


def decays(part, tia, regions, *, base=PSMA):
    it = keeping(part, base=base)
    person = host(base.host, disease=base.disease)
    values = [draw_values(f, patients=1, seed=1, variability=False) for f in
              (person.findings, it.findings)]  # fmt: skip
    followed = Daughters.of(it, person)
    names, found = followed.decays(regions, tia, values[0], values[1])
    return followed, names, found


@pytest.mark.parametrize("part", [0.0, 0.3, 1.0])
def test_every_member_of_the_chain_decays_as_often_as_the_chain_says(part):
    regions = (*MCRPC.organs, *MCRPC.lesions, "blood", "urine", "faeces")
    tia = np.random.default_rng(2).random((1, len(regions), 1)) * 1e9
    followed, _, found = decays(part, tia, regions)
    chain = decay_chain(PSMA.nuclide)
    yields = dict(zip(chain.members, chain.cumulative_yield(commitment_period_s()), strict=True))
    for name in followed.nuclides:
        if yields[name] < 1e-12:  # Bi-209 lives 2e19 years
            continue
        total = found[0, :, followed.nuclides.index(name)].sum()
        assert total == pytest.approx(yields[name] * tia.sum(), rel=COUNTED)


def test_free_bismuth_goes_to_the_kidneys_of_an_antibody_that_does_not():
    """An antibody in plasma leaves the kidneys alone; its free daughters do not."""
    regions = (*MCRPC.organs, *MCRPC.lesions, "blood")
    tia = np.zeros((1, len(regions), 1))
    tia[:, regions.index("blood")] = 1e9
    base = replace(agent("177Lu-J591"), nuclide="Ac-225")
    followed, names, found = decays(0.0, tia, regions, base=base)
    kidneys = names.index("kidneys")
    bismuth = found[0, kidneys, followed.nuclides.index("Bi-213")]
    _, kept_names, kept = decays(1.0, tia, regions, base=base)
    assert kept[0, kept_names.index("kidneys")].sum() == 0.0
    # of 46 min of life, a tenth and more is in the kidneys: 35 % of plasma bismuth is taken there
    assert bismuth > 0.1 * 1e9
    kidney_share = bismuth / found[0, :, followed.nuclides.index("Bi-213")].sum()
    weight = 0.31 / 73.0  # kidneys of the reference man over his body
    assert kidney_share > 10.0 * weight
