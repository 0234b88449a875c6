"""A screen on a dask cluster gives the numbers of a screen on this machine, digit by digit."""

from __future__ import annotations

from typing import Any

import pytest

from ligandose.design import run_screen, screen_document, screen_from_mapping

distributed: Any = pytest.importorskip("distributed", reason="extra `cluster` is not installed")


def test_two_workers_of_a_local_cluster_give_the_same_digits():
    plan = screen_from_mapping(
        {
            "indication": "mCRPC", "targets": ["PSMA"], "vectors": ["small molecule"],
            "nuclides": ["Lu-177", "Ac-225"], "reference": "177Lu-PSMA-617",
            "cap": {"cycles": 2}, "patients": 4, "knowledge": 1,
        }
    )  # fmt: skip
    here = run_screen(plan, workers=1)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        there = run_screen(plan, cluster=cluster.scheduler_address)
    assert there.results == here.results
    assert screen_document(there) == screen_document(here)
