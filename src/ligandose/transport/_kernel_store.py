"""Point kernels kept between runs in the user's cache folder.

Files are NumPy archives without pickles, named by a hash of all that decides their content, and
written beside their place first: an interrupted run leaves nothing that a later one would take
for whole. A file that cannot be read is computed anew; a folder that cannot be written is no error.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ligandose.evidence import edition_hashes
from ligandose.transport.kernels import BINS, PointKernel


def cache_folder() -> Path:
    """Return where kernels are kept: $XDG_CACHE_HOME or ~/.cache, then ligandose/kernels."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ligandose" / "kernels"


def key_of(facts: Mapping[str, object]) -> str:
    """Return the name of a kernel: data and code that make it, and the facts given."""
    stated = {**facts, "version": version("ligandose"), "data": edition_hashes(), "code": _code()}
    text = json.dumps(stated, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _code() -> str:
    """Return a hash of this room's source, so that an edited engine makes its kernels anew."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load_kernel(key: str) -> PointKernel | None:
    """Return a stored kernel, or None where there is none that is sound."""
    path = cache_folder() / f"{key}.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            kernel = PointKernel(
                medium=str(stored["medium"]),
                energy_keV=float(stored["energy_keV"]),
                batch_fraction=np.asarray(stored["batch_fraction"], dtype=np.float64),
                csda_range_g_cm2=float(stored["csda_range_g_cm2"]),
                histories=int(stored["histories"]),
            )
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None
    shape = kernel.batch_fraction.shape
    sound = len(shape) == 2 and shape[0] > 1 and shape[1] == BINS
    sums = kernel.batch_fraction.sum(axis=-1) if sound else np.zeros(1)
    return kernel if np.all(np.abs(sums - 1.0) < 0.2) else None


def store_kernel(key: str, kernel: PointKernel) -> None:
    """Keep a kernel for later runs, if the folder lets us."""
    folder = cache_folder()
    beside: str | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number, beside = tempfile.mkstemp(suffix=".part", dir=folder)
        with os.fdopen(number, "wb") as file:
            np.savez_compressed(
                file,
                medium=np.array(kernel.medium),
                energy_keV=np.array(kernel.energy_keV),
                batch_fraction=kernel.batch_fraction,
                csda_range_g_cm2=np.array(kernel.csda_range_g_cm2),
                histories=np.array(kernel.histories),
            )
        os.replace(beside, folder / f"{key}.npz")
        beside = None
    except OSError:
        pass
    finally:
        if beside is not None:
            Path(beside).unlink(missing_ok=True)
