"""How long the tables of the Human Protein Atlas take to import, and how much memory.

    python benchmarks/import_hpa.py [--data ../shared/data] [--repeats N] [--json]

Both read the same three tables (edition 21.1: 20 090 genes; 1.19 M rows of normal tissue, 0.40 M
of cancers, one column of RNA per tissue), each run in a process of its own. Ours checks every
value and line, folds duplicates and writes a store to disk; the peer is pandas, which reads the
tables and drops duplicates, the RNA turned to one row per gene and tissue, and writes nothing.
Before times are compared both must have found the same: rows that were measured, the sum of the
RNA, the number of rows with level High, the sum of patients. Memory is the largest resident set
of the process.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

RNA = "hpa_v21.1_rna_tissue_consensus_nTPM_wide.tsv.gz"
IHC = "hpa_v21.1_normal_tissue_ihc.tsv.gz"
CANCER = "hpa_v21.1_pathology_cancer_ihc.tsv.gz"
LIMIT_S, LIMIT_MB = 20.0, 1000.0
COUNTS = ["High", "Medium", "Low", "Not.detected"]


@dataclass(frozen=True)
class Found:
    """What a reader found in the tables."""

    rna_rows: int
    rna_sum: float
    ihc_rows: int
    ihc_high: int
    cancer_rows: int
    cancer_patients: int


@dataclass(frozen=True)
class Row:
    """One line of the result."""

    program: str
    seconds: float
    memory_MB: float
    found: Found


def ours(data: Path) -> tuple[float, Found]:
    """Import into a store; the store is read again outside the measured time."""
    from ligandose.evidence.duck import connect, rows
    from ligandose.evidence.importing import import_tables

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "evidence.duckdb"
        start = time.perf_counter()
        import_tables([data / name for name in (RNA, IHC, CANCER)], kind="hpa", store=store)
        seconds = time.perf_counter() - start
        with connect(store, read_only=True) as con:
            found = Found(
                *rows(con, "SELECT count(*), round(sum(value), 1) FROM rna")[0],
                *rows(con, "SELECT count(*), count(*) FILTER (level = 'High') FROM ihc")[0],
                *rows(con, "SELECT count(*), sum(high + medium + low + not_detected)::BIGINT "
                           "FROM cancer")[0],
            )  # fmt: skip
    return seconds, found


def pandas(data: Path) -> tuple[float, Found]:
    """Read into data frames."""
    import pandas as pd

    start = time.perf_counter()
    wide = pd.read_csv(data / RNA, sep="\t")
    rna = wide.melt(["Gene", "Gene.name"]).dropna(subset="value").drop_duplicates()
    ihc = pd.read_csv(data / IHC, sep="\t", keep_default_na=False).drop_duplicates()
    ihc = ihc[ihc["Level"] != "N/A"]
    cancer = pd.read_csv(data / CANCER, sep="\t").dropna(subset=COUNTS, how="all")
    cancer = cancer.drop_duplicates()
    seconds = time.perf_counter() - start
    high = int((ihc["Level"] == "High").sum())
    patients = int(cancer[COUNTS].to_numpy().sum())
    total = round(float(rna["value"].sum()), 1)
    return seconds, Found(len(rna), total, len(ihc), high, len(cancer), patients)


def measured(name: str, data: Path) -> Row:
    """Run one reader in this process."""
    readers: dict[str, Callable[[Path], tuple[float, Found]]] = {
        "ligandose": ours,
        "pandas": pandas,
    }
    seconds, found = readers[name](data)
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Row(name, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, found)


def best(name: str, data: Path, repeats: int) -> Row:
    """Return the fastest run; the machine may have other work. Each is a new process."""
    context = multiprocessing.get_context("spawn")
    results: list[Row] = []
    for _ in range(repeats):
        with context.Pool(1) as pool:
            results.append(pool.apply(measured, (name, data)))
    return min(results, key=lambda row: row.seconds)


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not (options.data / RNA).exists():
        print(f"{options.data}: the tables of edition 21.1 are not here; nothing measured")
        return
    us, peer = (best(name, options.data, options.repeats) for name in ("ligandose", "pandas"))
    if us.found != peer.found:
        sys.exit(f"the readers disagree:\n{us.found}\n{peer.found}")
    ratio = peer.seconds / us.seconds
    within = us.seconds < LIMIT_S and us.memory_MB < LIMIT_MB
    versions = {name: version(name) for name in ("duckdb", "pandas")}
    if options.json:
        print(json.dumps({
            "rows": [asdict(us), asdict(peer)], "peer_seconds_over_ours": ratio,
            "within_limits": within, "python": platform.python_version(), "versions": versions,
        }, indent=2))  # fmt: skip
        return
    print(f"{us.found.rna_rows + us.found.ihc_rows + us.found.cancer_rows} values, {versions}")
    for row in (us, peer):
        print(f"{row.program:10s} {row.seconds:6.2f} s {row.memory_MB:7.0f} MB")
    print(f"pandas takes {ratio:.2f} times as long, without writing or checking values")
    print(f"limits {LIMIT_S:.0f} s and {LIMIT_MB:.0f} MB: {'kept' if within else 'MISSED'}")


if __name__ == "__main__":
    main()
