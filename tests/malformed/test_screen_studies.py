"""Screens that cannot be: what is wrong, where, and which rule removed what."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ligandose.design import candidates, read_screen, run_screen, screen_from_mapping, setting
from ligandose.design.screen_pool import run_tasks
from ligandose.design.screen_store import SUFFIX, RunFolder, task_hash
from ligandose.errors import InputError, SolverError, UnknownNameError

GOOD: dict[str, Any] = {
    "indication": "mCRPC",
    "targets": ["PSMA"],
    "vectors": ["177Lu-PSMA-617"],
    "nuclides": ["Lu-177"],
    "cap": {"cycles": 1},
    "patients": 4,
    "knowledge": 0,
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"targets": []}, "targets: is empty"),
        ({"targets": ["PSMQ"]}, "unknown target"),
        ({"targets": ["tier <= 9"]}, "allowed are 1"),
        ({"targets": [{"compartmnt": "stroma"}]}, "did you mean compartment"),
        ({"targets": [{"compartment": "strom"}]}, "did you mean stroma"),
        ({"targets": ["tier <= 1", {"compartment": "lumen"}]}, "none of"),
        ({"vectors": ["antibodies"]}, "did you mean antibody"),
        ({"nuclides": ["Lu-999"]}, "Lu-999"),
        ({"nuclides": []}, "nuclides: is empty"),
        ({"indication": "mCRCP"}, "did you mean"),
        ({"indication": "PDAC"}, "name a disease that lends them"),
        ({"disease": "none"}, "unknown disease"),
        ({"setting": "bulk"}, "did you mean bulky"),
        ({"reference": "177Lu-PSMA617"}, "177Lu-PSMA-617"),
        ({"patients": 1}, "patients"),
        ({"limit": {"fraction": 0}}, "fraction"),
        ({"limit": {"fracton": 1}}, "did you mean fraction"),
        ({"organ_limits": {"kidneys": {"bed_Gy": 20, "dose_Gy": 5}}}, "exactly one"),
        ({"organ_limits": {"kidney": {"bed_Gy": 20}}}, "did you mean kidneys"),
        ({"cap": {"every_weeks": 1}}, "every_weeks"),
        ({"exclude": [{"target": "PSMA", "nuclide": "Lu-177", "reason": "both"}]}, "exactly one"),
        ({"tumour": {"of": "PDAC"}}, "tumour.of"),
        ({"pateints": 5}, "did you mean patients"),
        ({"route": "by mouth"}, "is not known"),
        ({"route": "intra-arterial"}, "needs a region"),
        ({"indication": "B-NHL", "targets": ["CD20"]}, "tumour: {of: mCRPC}"),
    ],
)
def test_a_study_says_what_is_wrong_and_what_is_allowed(changes: dict[str, Any], said: str):
    with pytest.raises(InputError) as error:
        screen_from_mapping({**GOOD, **changes})
    assert said in str(error.value)


def test_a_missing_key_is_named(tmp_path: Path):
    file = tmp_path / "s.yaml"
    file.write_text("indication: mCRPC\ntargets: [PSMA]\nvectors: [peptide]\n")
    with pytest.raises(InputError, match="nuclides is missing"):
        read_screen(file)


def test_the_line_of_a_wrong_value_is_given(tmp_path: Path):
    file = tmp_path / "s.yaml"
    file.write_text("indication: mCRPC\ntargets: [PSMA]\nvectors:\n  - peptide\n  - foo\n"
                    "nuclides: [Lu-177]\n")  # fmt: skip
    with pytest.raises(InputError, match=r"s.yaml:5: vectors\[1\]"):
        read_screen(file)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"targets": ["STEAP1"]}, "rule 'vector' removed 1"),
        ({"nuclides": ["Ra-223"], "swap_label": False}, "rule 'label' removed 1"),
        ({"route": "intravesical"}, "no half-time of absorption from the bladder"),
        ({"route": "intra-arterial:lesion:brain"}, "lesion:brain"),
        ({"setting": "locoregional"}, "the study names the route"),
        ({"targets": ["SLC5A5"], "vectors": ["antibody"]}, "is a transporter"),
        ({"targets": ["hydroxyapatite"], "vectors": ["antibody"]}, "has no binding sites"),
        ({"cap": {"amount_nmol": 1.0}}, "rule 'amount' removed 1"),
        ({"exclude": [{"nuclide": "Lu-177", "reason": "no supply"}]}, "no supply"),
        ({"nuclides": ["Lu-175"]}, "is stable"),
        ({"indication": "glioblastoma", "disease": "mCRPC"}, "blood-brain barrier"),
    ],
)
def test_a_screen_of_which_nothing_is_left_names_the_rule(changes: dict[str, Any], rule: str):
    with pytest.raises(InputError) as error:
        candidates(screen_from_mapping({**GOOD, **changes}))
    assert "nothing is left" in str(error.value)
    assert rule in str(error.value)


def test_an_unknown_setting_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="bulky"):
        setting("bulkey")


# ------------------------------------------------------------------ runs that break


def fine(task: Any) -> dict[str, Any]:
    return {"name": task["candidate"]["name"], "reasons": []}


def dies_at_b(task: Any) -> dict[str, Any]:
    if task["candidate"]["name"] == "b":
        os._exit(9)  # as a kernel kills a process for want of memory
    return fine(task)


def test_a_worker_that_dies_is_named_and_all_other_results_come_before():
    tasks = {name: {"candidate": {"name": name}} for name in "abcdef"}
    got: list[str] = []

    def run() -> None:
        for key, _ in run_tasks(tasks, dies_at_b, workers=2):
            got.append(key)

    with pytest.raises(SolverError, match="died at b, most often"):
        run()
    assert sorted(got) == list("acdef")


def test_workers_end_with_a_screen_that_is_killed(tmp_path: Path):
    (tmp_path / "sleeper.py").write_text(
        "import os, time\n"
        "from ligandose.design.screen_pool import run_tasks\n"
        "def slow(task):\n"
        f"    open({str(tmp_path)!r} + f'/{{os.getpid()}}.pid', 'w').close()\n"
        "    time.sleep(300)\n"
        "if __name__ == '__main__':\n"
        "    list(run_tasks({'a': {}, 'b': {}}, slow, workers=2))\n"
    )
    with subprocess.Popen([sys.executable, str(tmp_path / "sleeper.py")],
                          stderr=subprocess.DEVNULL) as parent:  # fmt: skip
        deadline = time.monotonic() + 60.0
        while len(list(tmp_path.glob("*.pid"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        parent.kill()
    pids = [int(p.stem) for p in tmp_path.glob("*.pid")]
    assert len(pids) == 2
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def test_a_torn_result_is_computed_again_and_a_whole_one_is_not(tmp_path: Path):
    plan = screen_from_mapping(GOOD)
    first = run_screen(plan, folder=tmp_path, workers=1)
    again = run_screen(plan, folder=tmp_path, workers=1)
    assert (first.computed, again.computed) == (1, 0)
    assert again.results == first.results
    file = next(tmp_path.glob(f"*{SUFFIX}"))
    file.write_text(file.read_text()[:100])
    (tmp_path / ".x.new-00ff").write_text("half a file of a killed run")
    torn = run_screen(plan, folder=tmp_path, workers=1)
    assert torn.computed == 1
    assert torn.results == first.results
    assert not list(tmp_path.glob(".*"))
    assert run_screen(plan, folder=tmp_path, workers=1, fresh=True).computed == 1


def test_another_seed_or_size_finds_no_result_of_the_first(tmp_path: Path):
    plan = screen_from_mapping(GOOD)
    task = {"candidate": {}, "plan": plan.task()}
    other = {"candidate": {}, "plan": screen_from_mapping({**GOOD, "seed": 2}).task()}
    assert task_hash(task) != task_hash(other)
    store = RunFolder(tmp_path)
    store.write(task_hash(task), {"name": "x"})
    assert store.read(task_hash(other)) is None


def test_a_run_folder_that_is_a_file_is_refused(tmp_path: Path):
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match="run folder"):
        RunFolder(tmp_path / "x")


def test_a_cluster_that_does_not_answer_is_named():
    with pytest.raises(InputError, match="--cluster"):
        list(run_tasks({"a": {}}, fine, cluster="tcp://127.0.0.1:1"))
