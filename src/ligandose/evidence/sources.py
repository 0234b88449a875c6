"""The table of sources that findings point to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ligandose.evidence.edition import read_table


@dataclass(frozen=True, slots=True)
class Source:
    """A publication, report, database edition or script of this repository.

    Attributes:
        id: short identifier used in the tables, such as "ICRP-89" or "violet2019".
        citation: authors, title, journal, year.
        locator: DOI, PMID, PMC, report number or path of the script.
    """

    id: str
    citation: str
    locator: str


@cache
def sources() -> dict[str, Source]:
    """Return every source of the edition by its identifier."""
    return {
        row["id"]: Source(id=row["id"], citation=row["citation"], locator=row["locator"])
        for row in read_table("sources.csv")
    }
