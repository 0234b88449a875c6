"""What made a result: version, data edition with hashes, inputs, seed, software."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ligandose.evidence import EDITION, edition_hashes

if TYPE_CHECKING:
    from ligandose.dose import SafTable

SOFTWARE = ("numpy", "scipy", "numba")


def provenance(*, seed: int, inputs: Any, tables: Sequence[SafTable] = ()) -> dict[str, Any]:
    """Return the provenance of a result.

    Args:
        seed: of the population.
        inputs: everything that decides the result besides the data edition, JSON-able.
        tables: of specific absorbed fractions that were used.
    """
    text = json.dumps(inputs, sort_keys=True, default=str)
    return {
        "version": version("ligandose"),
        "data_edition": EDITION,
        "data_sha256": edition_hashes(),
        "absorbed_fractions": [
            {"host": table.name, "origin": table.origin, "sha256": dict(table.sha256)}
            for table in tables
        ],
        "input_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "inputs": inputs,
        "seed": seed,
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": {
            "python": platform.python_version(),
            **{name: version(name) for name in SOFTWARE},
        },
    }
