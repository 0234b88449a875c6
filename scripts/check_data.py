"""Check the shipped data edition: hashes, types, units, keys, sources, and the catalogue.

    python scripts/check_data.py

Prints one line per problem and exits with 1 if there is any.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase

from table_rules import Tables, read_tables, table_problems

from ligandose.errors import LigandoseError
from ligandose.evidence import EDITION, read_findings, verify_edition
from ligandose.evidence.edition import descriptor

FINDING_TABLES = (
    "hosts", "physiology", "sites", "diseases", "vectors", "comedication", "effect",
    "dose_parameters",
)  # fmt: skip
# Tables whose column `region` names canonical regions (that of vectors.csv names kinds of site).
REGION_TABLES = ("hosts", "physiology", "sites", "diseases", "clinical", "effect")
LESION = "lesion"
# Sources that stand for no publication: what they carry cannot have been read at a source.
NOT_READ = ("assumption", "calibration", "derived")


def finding_problems() -> Iterator[str]:
    """Read every table of findings as the package does."""
    for name in FINDING_TABLES:
        try:
            read_findings(f"{name}.csv")
        except LigandoseError as error:
            yield str(error)


def region_problems(tables: Tables) -> Iterator[str]:
    """Check that regions are canonical: dose_regions.csv is the list."""
    canonical = {row["region"] for row in tables["dose_regions"]}
    for name in REGION_TABLES:
        regions = {row["region"] for row in tables[name]}
        for region in sorted(regions):
            if region and region.partition(":")[0] not in canonical:
                yield f"{name}.csv: region {region!r} is not canonical (dose_regions.csv)"


def status_problems(tables: Tables) -> Iterator[str]:
    """Check that a status fits its source and that lesser knowledge has a spread."""
    for name, rows in tables.items():
        for line, row in enumerate(rows, start=2):
            status, source = row.get("status"), row.get("source")
            if status == "verified" and source in NOT_READ:
                yield f"{name}.csv line {line}: verified, but its source is {source!r}"


BINDER = "binder"
"""Stands for the molecule that is given before, in two-step treatment."""
UPTAKE_FACTOR = "uptake_factor"


def site_problems(tables: Tables) -> Iterator[str]:
    """Check that vectors bind sites that exist, and that every site can release what it took."""
    sites = {row["subject"] for row in tables["sites"]}
    targets = {row["target"] for row in tables["targets"]}
    organs = {row["region"] for row in tables["hosts"]}
    for row in tables["vectors"]:
        region = row["region"]
        known = sites | targets | {BINDER} | (organs if row["quantity"] == UPTAKE_FACTOR else set())
        if region and region not in known:
            yield f"vectors.csv {row['subject']}: {region!r} is no site of sites.csv and no target"
    found = {(r["subject"], r["region"], r["quantity"]) for r in tables["sites"]}
    for subject, region, quantity in sorted(found):
        if quantity == "density" and (subject, region, "release") not in found:
            yield f"sites.csv: {subject} in {region} has a density and no release"


def correlation_problems(tables: Tables) -> Iterator[str]:
    """Check that every pattern of correlations.csv names findings that vary."""
    keys = {f"{r['region']}.{r['quantity']}" for t in ("hosts", "physiology", "diseases")
            for r in tables[t]}  # fmt: skip
    lesions = {r["region"] for r in tables["diseases"] if r["region"].startswith(f"{LESION}:")}
    for row in tables["sites"]:
        for region in lesions if row["region"] == LESION else {row["region"]}:
            keys.add(f"{region}.{row['subject']}.{row['quantity']}")
    for row in tables["correlations"]:
        if not any(fnmatchcase(key, row["pattern"]) for key in keys):
            yield f"correlations.csv: {row['pattern']!r} matches no finding"


def agent_problems(tables: Tables) -> Iterator[str]:
    """Check what is held in lists: co-medication and impurities."""
    given = {row["subject"] for row in tables["comedication"]}
    nuclides = {row["nuclide"] for row in tables["nuclides"]}
    for table in ("agents", "validation"):
        for row in tables[table]:
            for name in filter(None, row["comedication"].split(";")):
                if name not in given:
                    yield f"{table}.csv {row['agent']}: {name!r} is not in comedication.csv"
    for row in tables["agents"]:
        for impurity in filter(None, row["impurities"].split(";")):
            nuclide, _, fraction = impurity.partition("=")
            if nuclide not in nuclides or not _is_fraction(fraction):
                yield f"agents.csv {row['agent']}: impurity {impurity!r} must be NUCLIDE=FRACTION"


def _is_fraction(text: str) -> bool:
    try:
        return 0.0 < float(text) < 1.0
    except ValueError:
        return False


def problems() -> list[str]:
    """Return every problem of the edition; later checks need what the earlier ones establish."""
    found = verify_edition()
    package = descriptor()
    if any("missing" in line for line in found):
        return found
    tables = read_tables(package)
    found += table_problems(package, tables)
    found += finding_problems()
    for check in (
        region_problems, status_problems, site_problems, correlation_problems, agent_problems,
    ):  # fmt: skip
        found += check(tables)
    return found


def main() -> None:
    try:
        found = problems()
    except LigandoseError as error:
        found = [str(error)]
    for line in found:
        print(line)
    if found:
        sys.exit(f"data edition {EDITION}: {len(found)} problems")
    files = len(descriptor()["resources"])
    print(f"data edition {EDITION}: {files} files, no problem")


if __name__ == "__main__":
    main()
