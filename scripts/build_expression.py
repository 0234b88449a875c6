"""Make the curated expression tables of the data edition from tables of others.

    python scripts/build_expression.py --tables FOLDER [--check]

FOLDER holds the Human Protein Atlas tables (RNA consensus, normal tissue and cancer staining), the
in-silico surfaceome (surfy*) and the cell surface protein atlas (cspa*), as downloaded. They are
read by the package's own importer into a store that is thrown away, and cut to the genes of the
catalogue of targets; the two background tables count all surface proteins, from which the values
of unmeasured targets are drawn. `--check` compares with the shipped tables instead of writing.

Human Protein Atlas, proteinatlas.org, Creative Commons Attribution-ShareAlike: the tables made
here are under that licence too (NOTICE, datapackage.json).
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ligandose.evidence import read_table
from ligandose.evidence.duck import connect, rows
from ligandose.evidence.importing import import_tables
from ligandose.evidence.tables import known_cancers, regions_of
from ligandose.targets.background import ANY, rna_class

EDITION = Path(__file__).parents[1] / "src/ligandose/data/2026.11"
LEVELS = ("Not detected", "Low", "Medium", "High")
QUANTILES = np.linspace(0.0, 1.0, 21)
FEWEST_PATIENTS, FEWEST_PROTEINS = 3, 20
STAINED_AS = {"basal ganglia": "caudate", "hippocampal formation": "hippocampus"}
"""Names of tissues in the staining table, where they are not those of the RNA."""


def catalogue_genes() -> list[str]:
    """Return every gene that the catalogue of targets names."""
    found: set[str] = set()
    for row in read_table("targets.csv"):
        found |= {g for c in ("hgnc_symbol", "expression_genes") for g in row[c].split(";") if g}
    return sorted(found)


def imported(tables: Path, store: Path) -> None:
    """Read every table of a folder into a store."""
    for kind, pattern in (("hpa", "hpa*"), ("surfy", "surfy*"), ("cspa", "cspa*")):
        import_tables(sorted(tables.glob(pattern)), kind=kind, store=store)


def made_tables(store: Path) -> dict[str, str]:
    """Return the text of every curated table by file name."""
    with connect(store, read_only=True) as con:
        query = _Store(con, catalogue_genes())
        organs = organ_background(query)
        return {
            "expression_rna.csv": _csv(["gene", "tissue", "nTPM"], query.rna()),
            "expression_protein.csv": _csv(
                ["gene", "tissue", "cell_type", "level", "reliability"], query.protein()
            ),
            "expression_cancer.csv": _csv(
                ["gene", "cancer", "high", "medium", "low", "not_detected"], query.cancer()
            ),
            "expression_surface.csv": _csv(
                ["gene", "uniprot", "surfy", "surfy_source", "cspa"], query.surface()
            ),
            "expression_calibrators.csv": _csv(
                ["gene", "tissue", "nTPM", "trusted_level"], query.calibrators()
            ),
            "expression_background_organs.csv": _csv(
                ["organ", "rna_class", *(f"level_{i}" for i in range(4))], organs
            ),
            "expression_background_cancers.csv": _csv(
                ["indication", "rna_class", "quantile", "positive_fraction"],
                cancer_background(query),
            ),
        }


class _Store:
    """The questions that the curated tables ask of a store."""

    def __init__(self, connection: Any, genes: Sequence[str]) -> None:
        self._connection = connection
        self._genes = list(genes)

    def _ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return rows(self._connection, query, *values)

    def rna(self) -> list[tuple[Any, ...]]:
        return self._ask(
            "SELECT symbol, tissue, value FROM rna WHERE list_contains(?, symbol) "
            "AND value IS NOT NULL ORDER BY ALL", self._genes
        )  # fmt: skip

    def protein(self) -> list[tuple[Any, ...]]:
        return self._ask(
            "SELECT symbol, tissue, cell_type, level, reliability FROM ihc "
            "WHERE list_contains(?, symbol) AND list_contains(?, level) ORDER BY ALL",
            self._genes, list(LEVELS),
        )  # fmt: skip

    def cancer(self) -> list[tuple[Any, ...]]:
        return self._ask(
            "SELECT symbol, cancer, high, medium, low, not_detected FROM cancer "
            "WHERE list_contains(?, symbol) AND high + medium + low + not_detected > 0 "
            "ORDER BY ALL", self._genes
        )  # fmt: skip

    def surface(self) -> list[tuple[Any, ...]]:
        listed = self._ask("SELECT symbol, uniprot, label, label_source FROM surfy")
        surfy = {r[0]: r for r in listed} | self._by_accession(listed)
        cspa = dict(self._ask("SELECT symbol, min(category) FROM cspa GROUP BY symbol"))
        return [
            (gene, *(surfy.get(gene, ("", "", "", ""))[1:]), cspa.get(gene, ""))
            for gene in self._genes
        ]

    def _by_accession(self, listed: list[tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
        """Return the rows of genes that the list has under an older symbol (PVRL4: NECTIN4)."""
        accessions = {r[1]: r for r in listed}
        return {
            gene: accessions[accession]
            for row in read_table("targets.csv")
            for gene, accession in zip(
                row["hgnc_symbol"].split(";"), row["uniprot"].split(";"), strict=False
            )
            if accession in accessions
        }

    def calibrators(self) -> list[tuple[Any, ...]]:
        """Return RNA and the strongest trusted stain of each pair of density_calibrators.csv."""
        pairs = dict.fromkeys(
            (row["gene"], row["tissue"]) for row in read_table("density_calibrators.csv")
        )
        return [(*pair, self._rna_of(*pair), self._level_of(*pair)) for pair in pairs]

    def _rna_of(self, gene: str, tissue: str) -> float | None:
        found = self._ask(
            "SELECT max(value) FROM rna WHERE symbol = ? AND tissue = ?", gene, tissue
        )
        return found[0][0]

    def _level_of(self, gene: str, tissue: str) -> int | None:
        name = STAINED_AS.get(tissue, tissue)
        found = self._ask(
            "SELECT level FROM ihc WHERE symbol = ? AND regexp_full_match(tissue, ?) "
            "AND reliability <> 'Uncertain' AND list_contains(?, level)",
            gene, f"{name}( [0-9])?", list(LEVELS),
        )  # fmt: skip
        return max((LEVELS.index(level) for (level,) in found), default=None)

    def surface_proteins(self) -> set[str]:
        return {r[0] for r in self._ask("SELECT symbol FROM surfy WHERE label = 'surface'")}

    def all_rna(self) -> list[tuple[Any, ...]]:
        return self._ask("SELECT symbol, tissue, value FROM rna WHERE value IS NOT NULL")

    def all_protein(self) -> list[tuple[Any, ...]]:
        return self._ask(
            "SELECT symbol, tissue, cell_type, level FROM ihc "
            "WHERE reliability <> 'Uncertain' AND list_contains(?, level)", list(LEVELS)
        )  # fmt: skip

    def all_cancer(self) -> list[tuple[Any, ...]]:
        return self._ask("SELECT symbol, cancer, high, medium, low, not_detected FROM cancer")

    def uncertain(self) -> set[str]:
        return {r[0] for r in self._ask("SELECT symbol FROM ihc WHERE reliability = 'Uncertain'")}


def organ_background(query: _Store) -> list[tuple[Any, ...]]:
    """Count surface proteins by organ, class of RNA and staining level."""
    surface = query.surface_proteins()
    rna: dict[tuple[str, str], float] = {}
    for gene, tissue, value in query.all_rna():
        if gene in surface:
            for organ in regions_of("rna", tissue):
                rna[gene, organ] = max(rna.get((gene, organ), 0.0), value)
    level: dict[tuple[str, str], int] = {}
    for gene, tissue, cell, stain in query.all_protein():
        if gene in surface:
            for organ in regions_of("ihc", tissue, cell):
                key = (gene, organ)
                level[key] = max(level.get(key, 0), LEVELS.index(stain))
    counts: dict[tuple[str, str], list[int]] = {}
    for (gene, organ), found in level.items():
        known = rna_class(rna.get((gene, organ)))
        for place in (organ, ANY):
            for of in {known, ANY}:
                counts.setdefault((place, of), [0, 0, 0, 0])[found] += 1
    return [
        (*key, *n)
        for key, n in sorted(counts.items())
        if sum(n) >= FEWEST_PROTEINS or key[0] == ANY
    ]


def cancer_background(query: _Store) -> list[tuple[Any, ...]]:
    """Return quantiles over surface proteins of the fraction of patients that stain."""
    surface = query.surface_proteins() - query.uncertain()
    highest: dict[str, float] = {}
    for gene, _, value in query.all_rna():
        highest[gene] = max(highest.get(gene, 0.0), value)
    patients: dict[tuple[str, str], np.ndarray] = {}
    for gene, cancer, high, medium, low, nothing in query.all_cancer():
        if gene in surface:
            for indication in known_cancers().get(cancer, ()):
                found = np.array([high + medium, high + medium + low + nothing])
                patients[gene, indication] = patients.get((gene, indication), 0) + found
    fractions: dict[tuple[str, str], list[float]] = {}
    for (gene, indication), (positive, number) in patients.items():
        if number < FEWEST_PATIENTS:
            continue
        for place in (indication, ANY):
            for of in {rna_class(highest.get(gene)), ANY}:
                fractions.setdefault((place, of), []).append(positive / number)
    made: list[tuple[Any, ...]] = []
    for key, values in sorted(fractions.items()):
        if len(values) >= FEWEST_PROTEINS:
            quantiles = np.quantile(values, QUANTILES)
            made += [
                (*key, f"{q:.2f}", f"{v:.4g}") for q, v in zip(QUANTILES, quantiles, strict=True)
            ]
    return made


def _csv(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if cell is None else _cell(cell) for cell in line] for line in lines)
    return text.getvalue()


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "evidence.duckdb"
        imported(asked.tables, store)
        made = made_tables(store)
    different = [n for n, text in made.items() if not _same(EDITION / n, text)]
    if asked.check:
        print("\n".join(f"{name}: differs from the shipped table" for name in different))
        return 1 if different else 0
    for name, text in made.items():
        (EDITION / name).write_text(text, encoding="utf-8")
    return 0


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
