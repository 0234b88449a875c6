"""PyTheranostics' kernel convolution in a process of its own: one .npz in, one .npz out.

    PYTHON benchmarks/voxel_dose_peer.py INPUT.npz OUTPUT.npz

PYTHON is one in whose environment `pip install pytheranostics` was run (its package is `doodle`).
The published wheel 0.1 lacks the module `doodle.MiscTools.Tools`, from which the convolution
imports one function that it only needs with a CT; an empty stand-in is put there. The wheel has one
kernel file (51 x 51 x 51 voxels of 4.7952 mm, its nuclide not stated); the input brings the kernel
instead.

INPUT: decays (a, b, c), kernel (51, 51, 51), repeats. OUTPUT: dose, seconds (repeats,), version.
"""

from __future__ import annotations

import sys
import time
import types
from importlib.metadata import version

import numpy as np


def main() -> None:
    """Fold, and time it."""
    tools = types.ModuleType("doodle.MiscTools.Tools")
    tools.hu_to_rho = None
    sys.modules["doodle.MiscTools"] = types.ModuleType("doodle.MiscTools")
    sys.modules["doodle.MiscTools.Tools"] = tools
    from doodle.dosimetry.dvk import DoseVoxelKernel

    given = np.load(sys.argv[1])
    peer = DoseVoxelKernel.__new__(DoseVoxelKernel)
    peer.kernel = given["kernel"].astype(np.float64)
    decays = given["decays"].astype(np.float64)
    seconds = []
    for _ in range(int(given["repeats"])):
        start = time.perf_counter()
        dose = peer.tia_to_dose(decays)
        seconds.append(time.perf_counter() - start)
    np.savez(sys.argv[2], dose=dose, seconds=seconds, version=version("pytheranostics"))


if __name__ == "__main__":
    main()
