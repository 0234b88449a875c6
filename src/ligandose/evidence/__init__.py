"""What is known: findings with their source, and the shipped data tables that hold them."""

from ligandose.evidence.edition import (
    EDITION,
    data_path,
    edition_hashes,
    read_table,
    verify_edition,
)
from ligandose.evidence.finding import Finding, Measured, Status, read_findings
from ligandose.evidence.sources import Source, sources
from ligandose.evidence.units import to_internal

__all__ = [
    "EDITION",
    "Finding",
    "Measured",
    "Source",
    "Status",
    "data_path",
    "edition_hashes",
    "read_findings",
    "read_table",
    "sources",
    "to_internal",
    "verify_edition",
]
