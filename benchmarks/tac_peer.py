"""PyTheranostics' curve fit in a process of its own: one .npz in, one .npz out.

    PYTHON benchmarks/tac_peer.py INPUT.npz OUTPUT.npz

PYTHON is one in whose environment `pip install pytheranostics` was run (its package is `doodle`).

INPUT: time_h (n,), activity (curves, n), order (1 or 2), decay_per_h, start (curves, 2 order).
OUTPUT: tia (curves,) in units of activity times h, seconds, version.
"""

from __future__ import annotations

import sys
import time
from importlib.metadata import version

import numpy as np


def main() -> None:
    """Fit each curve, and time it."""
    from doodle.fits.fits import fit_tac

    given = np.load(sys.argv[1])
    order = int(given["order"])
    begun = time.perf_counter()
    found = [
        fit_tac(given["time_h"], curve, decayconst=float(given["decay_per_h"]), exp_order=order,
                param_init=tuple(start))[0]
        for curve, start in zip(given["activity"], given["start"], strict=True)
    ]  # fmt: skip
    seconds = time.perf_counter() - begun
    values = np.array(found)[:, : 2 * order].reshape(len(found), order, 2)
    tia = (values[..., 0] / values[..., 1]).sum(axis=1)
    np.savez(sys.argv[2], tia=tia, seconds=seconds, version=version("pytheranostics"))


if __name__ == "__main__":
    main()
