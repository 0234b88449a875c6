"""What is known: findings with their source, and the shipped data tables that hold them.

What needs the database of the user's evidence store is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ligandose.evidence.claim import Claim, read_claims
from ligandose.evidence.coverage import Coverage, claim_coverage
from ligandose.evidence.edition import (
    EDITION,
    data_path,
    edition_hashes,
    listed,
    read_table,
    verify_edition,
)
from ligandose.evidence.finding import Finding, Measured, Status, read_findings
from ligandose.evidence.sources import Source, sources
from ligandose.evidence.tables import known_cancers, regions_of
from ligandose.evidence.units import to_internal
from ligandose.late import late_names

if TYPE_CHECKING:
    from ligandose.evidence.fetch import fetch_hpa
    from ligandose.evidence.import_report import FileReport, ImportReport
    from ligandose.evidence.importing import import_tables
    from ligandose.evidence.store import EvidenceStore
    from ligandose.evidence.store_file import default_store


__all__ = [
    "EDITION",
    "Claim",
    "Coverage",
    "EvidenceStore",
    "FileReport",
    "Finding",
    "ImportReport",
    "Measured",
    "Source",
    "Status",
    "claim_coverage",
    "data_path",
    "default_store",
    "edition_hashes",
    "fetch_hpa",
    "import_tables",
    "known_cancers",
    "listed",
    "read_claims",
    "read_findings",
    "read_table",
    "regions_of",
    "sources",
    "to_internal",
    "verify_edition",
]

_LATE = {
    "fetch": ("fetch_hpa",),
    "import_report": ("FileReport", "ImportReport"),
    "importing": ("import_tables",),
    "store": ("EvidenceStore",),
    "store_file": ("default_store",),
}

__getattr__ = late_names(__name__, _LATE)
