"""What made a result: version, data edition with hashes, inputs, seed, software."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from ligandose.evidence import EDITION, edition_hashes

SOFTWARE = ("numpy", "scipy", "numba")


def provenance(*, seed: int, inputs: Any) -> dict[str, Any]:
    """Return the provenance of a result.

    Args:
        seed: of the population.
        inputs: everything that decides the result besides the data edition, JSON-able.
    """
    text = json.dumps(inputs, sort_keys=True, default=str)
    return {
        "version": version("ligandose"),
        "data_edition": EDITION,
        "data_sha256": edition_hashes(),
        "input_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "inputs": inputs,
        "seed": seed,
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": {
            "python": platform.python_version(),
            **{name: version(name) for name in SOFTWARE},
        },
    }
