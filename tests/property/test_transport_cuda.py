"""The kernels that run on the processor run on CUDA too, and give the same tally.

Three ways, by what the machine has: numba's simulator of CUDA (always), translation to PTX (where
numba-cuda is installed, without a device), and a device.
"""

import importlib.util
import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

PROBLEMS = """
import numpy as np
from ligandose.transport import Emissions, Medium, problem, sphere_space, voxel_space

EMISSIONS = Emissions(
    particle=np.array([0, 0, 1, 2, 3]),
    low_keV=np.array([30.0, 2500.0, 40.0, 100.0, 5000.0]),
    high_keV=np.array([400.0, 2500.0, 120.0, 100.0, 5000.0]),
    per_decay=np.array([1.0, 0.2, 0.2, 0.1, 0.1]),
)
WATER, BONE = Medium("water", 1.0), Medium("bone", 1.4)


def problems():
    labels = np.indices((6, 5, 7)).sum(axis=0) % 3
    media = {0: ("air", Medium("air")), 1: ("soft", WATER), 2: ("bone", BONE)}
    grid = voxel_space(labels, spacing_mm=(10.0, 12.0, 8.0), media=media)
    spheres = sphere_space([2.0, 6.0], [BONE, WATER])
    return {
        "voxels": problem(grid, EMISSIONS, region="soft", by_voxel=True, electrons=60.0),
        "spheres": problem(spheres, EMISSIONS, region="sphere_1", electrons=60.0),
    }
"""

SIMULATED = """
import json, warnings
warnings.simplefilter("ignore")
from numba import cuda
from ligandose.transport._cuda import run_on_device
from ligandose.transport._stack import COLUMNS, DEPTH

found = {}
for name, made in problems().items():
    quanta = np.zeros(made.tally.bins + 2, np.int64)
    # one thread per block: the simulator's threads of a block would add without being atomic
    run_on_device[3, 1](
        made.physics, made.space.geometry, made.source, made.tally, np.uint64(11), 5, 40,
        quanta, np.zeros((3, DEPTH, COLUMNS)),
    )
    found[name] = quanta.tolist()
print(json.dumps(found))
"""

TRANSLATED = """
import types
import numba
from numba import cuda
import numba.cuda.compiler, numba.cuda.dispatcher
from ligandose.transport._cuda import run_on_device

made = problems()["voxels"]
types_ = numba.void(*[numba.typeof(v) for v in (
    made.physics, made.space.geometry, made.source, made.tally, np.uint64(1), 0, 100,
    np.zeros(4, np.int64), np.zeros((4, 400, 8)),
)])
device = lambda: types.SimpleNamespace(compute_capability=(9, 0))  # the compiler asks for one
numba.cuda.dispatcher.get_current_device = numba.cuda.compiler.get_current_device = device
ptx, _ = cuda.compile_ptx(run_on_device.py_func, types_, cc=(9, 0))
print(".visible .entry" in ptx, "atom.global.add.u64" in ptx)
"""


def printed(code, **environment):
    """What a fresh Python prints: the simulator is chosen when numba is imported."""
    run = subprocess.run(
        [sys.executable, "-c", PROBLEMS + textwrap.dedent(code)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return run.stdout


@pytest.fixture(scope="module")
def problems():
    names = {}
    exec(PROBLEMS, names)
    return names["problems"]()


def on_the_processor(made, first, count, seed):
    from ligandose.transport._history import run_on_processor
    from ligandose.transport._stack import COLUMNS, DEPTH

    quanta = np.zeros((1, made.tally.bins + 2), np.int64)
    run_on_processor(
        made.physics,
        made.space.geometry,
        made.source,
        made.tally,
        np.uint64(seed),
        first,
        count,
        quanta,
        np.empty((1, DEPTH, COLUMNS)),
    )
    return quanta[0]


def share_elsewhere(one, other):
    """Part of the energy that two tallies book in different places."""
    return np.abs(one[:-1] - other[:-1]).sum() / one[:-1].sum()


def test_the_simulated_device_follows_the_same_histories_as_the_processor(problems):
    import numba

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        expected = {name: on_the_processor(p, 5, 40, 11) for name, p in problems.items()}
    finally:
        numba.set_num_threads(before)
    found = json.loads(printed(SIMULATED, NUMBA_ENABLE_CUDASIM="1", NUMBA_DISABLE_JIT="1"))
    for name, quanta in expected.items():
        simulated = np.array(found[name])
        assert simulated[-1] == quanta[-1] > 0
        assert simulated.sum() == pytest.approx(quanta.sum(), rel=1e-6)
        # the processor fuses multiply and add, which moves a deposit by a few quanta of 1e-6 keV
        # and, once in thousands of steps, a choice
        assert share_elsewhere(quanta, simulated) < 1e-5


@pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None,
    reason="numba-cuda (extra cuda) is not installed",
)
def test_the_kernels_translate_to_ptx_with_an_atomic_integer_tally():
    assert printed(TRANSLATED).split() == ["True", "True"]


def test_a_machine_without_a_device_is_told_so(problems):
    from numba import cuda

    from ligandose.errors import SolverError
    from ligandose.transport import run

    if cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(SolverError, match=r"no CUDA device.*device='cpu'"):
        run(problems["spheres"], histories=100, seed=1, device="cuda")


def test_a_device_gives_the_numbers_of_the_processor(problems):
    from numba import cuda

    from ligandose.transport import run

    if not cuda.is_available():
        pytest.skip("no CUDA device")
    for made in problems.values():
        one = run(made, histories=20_000, seed=3)
        other = run(made, histories=20_000, seed=3, device="cuda")
        assert other.emitted_keV == pytest.approx(one.emitted_keV, rel=1e-9)
        kept = other.deposited_keV.sum() + other.escaped_keV
        assert kept == pytest.approx(other.emitted_keV, rel=1e-6)
        # functions of the two machines differ in their last bit: some histories part ways
        error = np.hypot(one.sd_keV, other.sd_keV)
        assert np.all(np.abs(one.deposited_keV - other.deposited_keV) < 4 * error)
