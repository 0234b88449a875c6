"""What made a result: version, data edition with hashes, inputs, seed, software."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Protocol

from ligandose.evidence.edition import EDITION, edition_hashes

SOFTWARE = ("numpy", "scipy", "numba")


class Table(Protocol):
    """A table of specific absorbed fractions, as far as provenance goes."""

    @property
    def name(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def sha256(self) -> Mapping[str, str]: ...


def provenance(*, seed: int, inputs: Any, tables: Sequence[Table] = ()) -> dict[str, Any]:
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
