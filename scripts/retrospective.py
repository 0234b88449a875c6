"""Run the retrospective test and write the tables of docs/retrospective.md.

    python scripts/retrospective.py --run                # screens into tests/reference, then tables
    python scripts/retrospective.py --run --no-secondary # without the cases S1, S2, ...
    python scripts/retrospective.py                      # tables from the results that are there
    python scripts/retrospective.py --check              # exit 1 where the page differs from them

docs/retrospective-protocol.md was committed before the first run. Results stand in
tests/reference/retrospective_ranks.csv and retrospective_organs.csv; tables stand in the page
between `<!-- table NAME -->` and `<!-- end NAME -->`. An interrupted run goes on from --folder.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import _retrospective_statistics as stats
from _retrospective_run import (
    ROOT,
    SEED,
    Row,
    Setup,
    candidate_targets,
    density_scores,
    models_without,
    read_rows,
    screen_name,
    screen_rows,
    toxicity_row,
    write_rows,
)

from ligandose.targets import target

PAGE = ROOT / "docs/retrospective.md"
CASES, TOXICITY = "retrospective_cases.csv", "retrospective_toxicity.csv"
RANKS, ORGANS, INDEX = (
    "retrospective_ranks.csv", "retrospective_organs.csv", "retrospective_index.csv",
)  # fmt: skip
SMALL = ("small molecule", "peptide")
TOP = 5


# ------------------------------------------------------------------ run


def run(*, secondary: bool, folder: Path, workers: int) -> None:
    """Run every screen and every agent, and write the result tables."""
    began = time.monotonic()

    def told(what: str) -> None:
        print(f"{time.monotonic() - began:7.0f} s  {what}", file=sys.stderr, flush=True)

    cases = [c for c in read_rows(CASES) if secondary or c["role"] != "secondary"]
    agents = read_rows(TOXICITY)
    listed = candidate_targets()
    names = list(dict.fromkeys([*listed, *(c["target"] for c in [*cases, *agents])]))
    models = models_without(names, told)
    setup = Setup()
    first = {screen_name(c): c for c in reversed(cases)}
    organs: list[Row] = []
    rows: list[Row] = []
    for name in dict.fromkeys(screen_name(c) for c in cases):
        if first[name]["role"] == "secondary" and not organs:
            organs = [toxicity_row(c, models, setup, folder=folder, told=told) for c in agents]
            write_rows(ORGANS, organs)
        told(f"screen {name}")
        rows += screen_rows(
            first[name], listed, models, setup, folder=folder, workers=workers, told=told
        )
        write_rows(RANKS, rows)
    if not organs:
        organs = [toxicity_row(c, models, setup, folder=folder, told=told) for c in agents]
        write_rows(ORGANS, organs)
    left = [c for c in cases if c["target"] not in listed]
    write_rows(INDEX, [_index_row(c, models) for c in left])


def _index_row(case: Mapping[str, str], models: Mapping[str, object]) -> Row:
    tumour, ratio = density_scores(case["target"], case["indication"], models)  # pyright: ignore
    return {
        "case": case["case"],
        "target": case["target"],
        "tumour_density_nmol_L": f"{tumour:.6g}",
        "density_ratio": f"{ratio:.6g}",
    }


# ------------------------------------------------------------------ tables


def tables(
    cases: Sequence[Row],
    ranks: Sequence[Row],
    agents: Sequence[Row],
    organs: Sequence[Row],
    index: Sequence[Row],
) -> dict[str, str]:
    """Return the text of every table of the page, from the rows of the result tables."""
    by_screen: dict[str, list[Row]] = {}
    for row in ranks:
        by_screen.setdefault(row["screen"], []).append(row)
    known = [c for c in cases if screen_name(c) in by_screen]
    found = [_Found(c, by_screen[screen_name(c)], index) for c in known]
    approved = [f for f in found if f.case["role"] == "approved"]
    failed = [f for f in found if f.case["role"] == "failure"]
    second = [f for f in found if f.case["role"] == "secondary"]
    return {
        "approved": _case_table(approved, stats.approved_verdict),
        "failures": _case_table(failed, stats.failure_verdict),
        "secondary": _case_table(second, stats.approved_verdict) if second else "Not run.",
        "combined": _combined(approved, failed),
        "toxicity": _toxicity(agents, organs, ranks),
        "counts": _counts(by_screen),
    }


class _Found:
    """A case with the ranks of its screen: by the screen, among stained, by densities alone."""

    def __init__(self, case: Row, rows: Sequence[Row], index: Sequence[Row]) -> None:
        self.case = case
        self.rows = rows
        solved = [r for r in rows if r["lower_end"]]
        scored = {r["target"]: (float(r["lower_end"]), float(r["median_kill"])) for r in solved}
        name = case["target"]
        self.ranks = stats.with_last(stats.mean_ranks(scored), name)
        self.percentiles = stats.percentiles(self.ranks)
        self.percentile = self.percentiles[name]
        stained = {r["target"]: scored[r["target"]] for r in solved if r["stained"] == "yes"}
        self.stained = stats.mean_ranks(stained) if name in stained else {}
        own = [r for r in index if r["case"] == case["case"]]
        self.by_density = {
            key: stats.percentiles(
                stats.mean_ranks({r["target"]: (float(r[key]),) for r in [*solved, *own]})
            )
            for key in ("tumour_density_nmol_L", "density_ratio")
        }

    def top(self) -> str:
        """Return the first names of the ranking."""
        order = sorted(self.ranks, key=lambda n: (self.ranks[n], n))
        return ", ".join(target(n).common_name for n in order[:TOP])


def _case_table(found: Sequence[_Found], verdict: object) -> str:
    lines = [
        "| case | screen | target | rank | percentile | at least as high | verdict | among stained "
        "| tumour density alone | density ratio alone | first five |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for f in found:
        name = f.case["target"]
        stained = f.stained.get(name)
        among = "–" if stained is None else f"{stained:g} of {len(f.stained)}"
        said = verdict(f.percentile)  # pyright: ignore
        if f.case["role"] == "failure" and f.case["counted"] == "no":
            said = f"({said})"
        alone = [f.by_density[k].get(name) for k in ("tumour_density_nmol_L", "density_ratio")]
        cells = [
            f.case["case"],
            screen_name(f.case),
            target(name).common_name,
            f"{f.ranks[name]:g} of {len(f.ranks)}",
            f"{f.percentile:.2f}",
            f"{stats.share_as_high(f.ranks, name):.2f}",
            said,
            among,
            *("–" if value is None else f"{value:.2f}" for value in alone),
            f.top(),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _combined(approved: Sequence[_Found], failed: Sequence[_Found]) -> str:
    simulated = [f for f in approved if any(r["target"] == f.case["target"] for r in f.rows)]
    counted = [f for f in failed if f.case["counted"] == "yes"]
    stained = [f for f in approved if f.stained]
    lines = [
        "| statistic | cases | mean percentile | 90 % of chance | p |",
        "|---|---|---|---|---|",
        _combined_line("approved, **primary**", approved, high=True),
        _combined_line("approved, those that can be simulated", simulated, high=True),
        _combined_line("approved, tumour density alone", approved, high=True,
                       by="tumour_density_nmol_L"),
        _combined_line("approved, density ratio alone", approved, high=True, by="density_ratio"),
        _combined_line("approved, among stained candidates", stained, high=True, by="stained"),
        _combined_line("failures (low is right)", counted, high=False),
    ]  # fmt: skip
    if approved and counted:
        first, other = (sum(f.percentile for f in g) / len(g) for g in (approved, counted))
        lines.append(f"| approved less failures | {len(approved)}, {len(counted)} "
                     f"| {first - other:+.2f} | – | – |")  # fmt: skip
    return "\n".join(line for line in lines if line)


def _combined_line(said: str, found: Sequence[_Found], *, high: bool, by: str = "") -> str:
    if not found:
        return ""
    screens = [_percentiles_by(f, by) for f in found]
    own = [s[f.case["target"]] for s, f in zip(screens, found, strict=True)]
    mean = sum(own) / len(own)
    p, (low, top) = stats.chance_of_mean(mean, screens, seed=SEED, high=high)
    return f"| {said} | {len(found)} | {mean:.2f} | {low:.2f} to {top:.2f} | {p:.2g} |"


def _percentiles_by(found: _Found, by: str) -> Mapping[str, float]:
    if by == "stained":
        return stats.percentiles(found.stained)
    return found.by_density[by] if by else found.percentiles


def _toxicity(agents: Sequence[Row], organs: Sequence[Row], ranks: Sequence[Row]) -> str:
    lines = [
        "| case | agent | simulated as | documented | found (share of patients) | hit | chance |",
        "|---|---|---|---|---|---|---|",
    ]
    hits, chances = 0, []
    for case, found in zip(agents, organs, strict=True):
        chance = base_rate(ranks, case["organ"], antibody=_is_antibody(case))
        hit = found["found"] == case["organ"]
        counted = case["counted"] == "yes"
        if counted:
            hits += hit
            chances.append(chance)
        said = "yes" if hit else "**no**"
        way = case["vector"] if case["density"] == "catalogue" else f"generic {case['vector']}"
        shown = found["shares"].replace(";", ",") or found["reasons"]
        cells = [case["case"], case["agent"], way, case["organ"].replace("_", " "),
                 shown.replace("_", " "), said if counted else f"({said})",
                 f"{chance:.2f}"]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    p = stats.at_least(hits, chances)
    said = f"Hits: {hits} of {len(chances)}; by chance {sum(chances):.1f} are expected"
    lines += ["", f"{said}, and at least as many have a probability of {p:.2g}."]
    return "\n".join(lines)


def _is_antibody(case: Mapping[str, str]) -> bool:
    small = ("90Y-DOTATOC", "225Ac-PSMA-617", *SMALL)
    return case["vector"] not in small


def base_rate(ranks: Sequence[Mapping[str, str]], organ: str, *, antibody: bool) -> float:
    """Return the share of screened candidates of antibodies, or of small vectors, with an organ."""
    same = [
        r["limiting_organ"]
        for r in ranks
        if r["limiting_organ"] and ("antibody" in r["screen"]) == antibody
    ]
    return sum(o == organ for o in same) / len(same) if same else 0.0


def _counts(by_screen: Mapping[str, Sequence[Row]]) -> str:
    lines = [
        "| screen | candidates | ranked | lower end 0 | limiting organ | left out |",
        "|---|---|---|---|---|---|",
    ]
    for name, rows in by_screen.items():
        ranked = [r for r in rows if r["lower_end"]]
        zero = sum(float(r["lower_end"]) <= 0.0 for r in ranked)
        organs: dict[str, int] = {}
        for r in ranked:
            organs[r["limiting_organ"]] = organs.get(r["limiting_organ"], 0) + 1
        shown = ", ".join(
            f"{o.replace('_', ' ')} {n}" for o, n in sorted(organs.items(), key=lambda x: -x[1])
        )
        out = ", ".join(
            f"{target(r['target']).common_name} ({r['reasons'][:80]})"
            for r in rows
            if not r["lower_end"]
        )
        lines.append(f"| {name} | {len(rows)} | {len(ranked)} | {zero} | {shown} | {out or '–'} |")
    return "\n".join(lines)


# ------------------------------------------------------------------ page


def page_with(text: str, made: Mapping[str, str]) -> str:
    """Return the page with every table that it has a place for."""
    for name, table in made.items():
        pattern = re.compile(rf"(<!-- table {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        text = pattern.sub(lambda m, t=table: f"{m[1]}{t}\n{m[2]}", text)
    return text


def made_tables() -> dict[str, str]:
    """Return the tables of the results that stand in tests/reference."""
    index = read_rows(INDEX) if (ROOT / "tests/reference" / INDEX).exists() else []
    return tables(read_rows(CASES), read_rows(RANKS), read_rows(TOXICITY), read_rows(ORGANS), index)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, write or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", action="store_true", help="run the screens first")
    parser.add_argument("--no-secondary", action="store_true", help="without S1, S2, ...")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--folder", type=Path, default=ROOT / "out/retrospective")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    if given.run:
        run(secondary=not given.no_secondary, folder=given.folder, workers=given.workers)
    before = PAGE.read_text(encoding="utf-8")
    after = page_with(before, made_tables())
    if given.check:
        print("differs" if after != before else "as written")
        return int(after != before)
    PAGE.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
