"""Redistributed daughters of actinium against CVODE on one system of all states.

The equations of the peer (benchmarks/kinetics_chain.py) are written from the descriptions alone:
labelled and unlabelled vector, free atoms of every daughter, counters of their decays.
"""

import sys
from pathlib import Path

import pytest

pytest.importorskip("sksundae", reason="scikit-sundae (group oracle) is not installed")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from kinetics_chain import Coupled, Peer, Task, error, of_peer, ours

from ligandose.kinetics import compile_network

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore:Custom sparse Jacobian"),
]

PATIENTS = 2
# What the project promises of a region's integral, here as a share of the daughter's largest one;
# CVODE at rtol 1e-9 is good to about 1e-8.
PROMISED = 1e-6
REFERENCE_RTOL = 1e-9


def test_decays_of_every_daughter_in_every_region_agree_with_cvode():
    task = Task(PATIENTS)
    names, found = ours(task, compile_network(task.setting[2]))
    system = Coupled(task)
    for patient in range(PATIENTS):
        counted = of_peer(system, Peer(system, patient).solve(REFERENCE_RTOL))
        assert set(counted) >= {"Fr-221", "Bi-213", "Po-213", "Tl-209", "Pb-209"}
        for member, regions in counted.items():
            total = found[member][patient].sum()
            # 25 half-lives: 3e-8 of the parent is left at the peer's end
            assert sum(regions.values()) == pytest.approx(total, rel=PROMISED)
        assert error(found, names, counted, patient) < PROMISED
