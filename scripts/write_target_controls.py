"""Write the computed tables of docs/targets.md, check them, or print them.

    python scripts/write_target_controls.py                   # into docs/targets.md
    python scripts/write_target_controls.py --check           # exit 1 where the page differs
    python scripts/write_target_controls.py controls --print  # some, on the terminal

Names: counts, coverage, list, show, rank, compare, agents (what these commands print, cut),
controls, indications, flags. Each stands in the page between
`<!-- table NAME -->` and `<!-- end NAME -->`. The controls are targets whose use in people is
established (or widely studied); ERBB2 and EGFR are laid beside them. Nothing is tuned to them: the
rules are data that were committed before (decision 012).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from _command_examples import example
from numpy.typing import NDArray

from ligandose.agents import agent_coverage, landscape_agents
from ligandose.evidence import read_table, sources
from ligandose.targets import (
    COMMON_LAYERS,
    LAYERS,
    Profile,
    attention,
    best_of,
    criteria,
    indications,
    judged_targets,
    rank,
    target,
    target_coverage,
    targets,
)
from ligandose.targets.criteria import Judged, constant
from ligandose.targets.flags import flags_of

FloatArray = NDArray[np.float64]

PAGE = Path(__file__).parents[1] / "docs" / "targets.md"
CONTROLS = (
    ("FOLH1", "mCRPC"),
    ("SSTR2", "GEP-NET"),
    ("SLC5A5", "DTC"),
    ("FAP", "PDAC"),
    ("FAP", "soft-tissue-sarcoma"),
)
RIVALS = ("ERBB2", "EGFR")
EVIDENCE = {"all": LAYERS, "common": COMMON_LAYERS}
WEIGHT_SETS = 1000
ENOUGH, MOST = 10, 0.25
"""From this many judged targets on, at most this part may share the top tier."""
HARD_CASES = (
    "CXCR4", "TACSTD2", "FOLR1", "CLDN18.2", "STEAP1", "SSTR2", "GRPR", "CA9", "STEAP2", "NECTIN4",
)  # fmt: skip
NOTHING = "–"
NOT_ASSESSABLE = "n. a."


@dataclass(frozen=True)
class Order:
    """Where targets come in an indication, with the weights as committed and with moved ones.

    Attributes:
        ranking: profiles of those that are judged there, the best first.
        outside: profiles of rivals that the ranking does not judge.
        places: (sets, n) place from 1 on of every target of the ranking in each weight set.
        kept: share of the weight sets with both rivals on the side of the control (above or
            below) that they are on with the weights as committed.
        above: the rivals that come above the control with the weights as committed.
    """

    ranking: Sequence[Profile]
    outside: Mapping[str, Profile]
    places: NDArray[np.int64]
    kept: float
    above: Sequence[str]


@cache
def ranked(indication: str, evidence: str) -> tuple[Profile, ...]:
    """Return the ranking as `ligandose targets rank` gives it."""
    return rank(indication, layers=EVIDENCE[evidence])


def weights_of(judged: Sequence[Judged]) -> FloatArray:
    """Return the weight of every criterion, 0 where it does not apply."""
    rows = criteria()
    return np.array([float(rows[j.criterion]["weight"]) * j.applies for j in judged])


def medians(made: Profile, factors: FloatArray) -> FloatArray:
    """Return the median score of a target in every weight set; factors are (sets, criteria)."""
    logs = np.log(np.maximum([j.draws for j in made.judged], constant("floor")))
    weights = factors * weights_of(made.judged)
    scores = weights @ logs / weights.sum(axis=1, keepdims=True)
    return np.asarray(np.median(np.exp(scores), axis=1))


def order_of(control: str, indication: str, evidence: str) -> Order:
    """Order an indication's targets under moved weights; what is not assessable stays last.

    Raises:
        SystemExit: the score here is not the profile's own.
    """
    part = constant("weight_perturbation")
    rng = np.random.default_rng([1, 3])
    moved = rng.uniform(1.0 - part, 1.0 + part, (WEIGHT_SETS, len(criteria())))
    ranking = ranked(indication, evidence)
    named = {made.target.name: made for made in ranking}
    extra = [name for name in (control, *RIVALS) if name not in named]
    outside = {m.target.name: m for m in rank(indication, names=extra, layers=EVIDENCE[evidence])}
    for made in (*ranking, *outside.values()):
        ours = float(medians(made, np.ones((1, len(criteria()))))[0])
        if not np.isclose(ours, made.quantiles[1], rtol=1e-9):
            sys.exit(f"{made.target.name}: score {ours}, the profile has {made.quantiles[1]}")
    keys = np.array([_keys(made, moved) for made in ranking])
    places = 1 + np.argsort(np.argsort(-keys, axis=0, kind="stable"), axis=0).T
    every = {**named, **outside}
    same, higher = np.ones(WEIGHT_SETS, dtype=bool), list[str]()
    for rival in RIVALS:
        above, now = (
            _keys(every[rival], f) > _keys(every[control], f) for f in (moved, np.ones_like(moved))
        )
        same &= above == now
        higher += [rival] * bool(now[0])
    return Order(ranking, outside, places, float(np.mean(same)), higher)


def _keys(made: Profile, factors: FloatArray) -> FloatArray:
    """Return what sorts: the score, 1 lower where a target is not assessable."""
    return medians(made, factors) - (made.tier is None)


def controls() -> list[str]:
    """Return the table of the controls, with both kinds of evidence."""
    above: list[str] = []
    lines = [
        "| control | evidence | place | tier | score (90 %) | place in 90 % of weight sets "
        "| ERBB2 | EGFR | order kept | costs it most |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, indication in CONTROLS:
        for evidence in EVIDENCE:
            order = order_of(name, indication, evidence)
            above += [f"{rival} in {indication} ({evidence})" for rival in order.above]
            place = _place(order.ranking, name)
            made = order.ranking[place - 1] if place else order.outside[name]
            moved = NOTHING
            if place:
                low, high = np.quantile(order.places[:, place - 1], (0.05, 0.95))
                moved = f"{low:.0f} to {high:.0f}"
            rivals = [_rival(order, rival) for rival in RIVALS]
            lines.append(
                f"| {name}, {indication} | {evidence} | {_shown(place, order.ranking)} "
                f"| {_tier(made)} | {_score(made)} | {moved} | {rivals[0]} | {rivals[1]} "
                f"| {order.kept:.0%} | {_costs(made)} |"
            )
    told = f"ERBB2 or EGFR come above the control: {', '.join(above) or 'nowhere'}."
    return [told, "", *lines]


def _place(ranking: Sequence[Profile], name: str) -> int:
    """Return the place from 1 on; 0 where the target is not judged there."""
    return next((i for i, made in enumerate(ranking, 1) if made.target.name == name), 0)


def _shown(place: int, ranking: Sequence[Profile]) -> str:
    return f"{place} of {len(ranking)}" if place else "not judged"


def _tier(made: Profile) -> str:
    return NOT_ASSESSABLE if made.tier is None else str(made.tier)


def _score(made: Profile) -> str:
    low, middle, high = made.quantiles
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _rival(order: Order, name: str) -> str:
    place = _place(order.ranking, name)
    made = order.ranking[place - 1] if place else order.outside[name]
    where = f"{place}." if place else "not judged there"
    return f"{where} tier {_tier(made)}, {made.quantiles[1]:.2f}".replace(
        "there tier", "there; tier"
    )


def _costs(made: Profile) -> str:
    """Return the two criteria that lower the score most, as what is left of 1."""
    lost = weights_of(made.judged) * -np.log(
        np.maximum([j.median for j in made.judged], constant("floor"))
    )
    worst = [made.judged[i] for i in np.argsort(-lost)[:2] if lost[i] > 0]
    return "; ".join(
        f"{j.criterion.replace('_', ' ')} {j.median:.2f}{'' if j.known else ', not known'}"
        for j in worst
    )


def by_indication() -> list[str]:
    """Return tiers and the correlation with publications of every indication."""
    lines = [
        "| indication | judged | assessable | tier 1 | share | first | Spearman, publications |",
        "|---|---|---|---|---|---|---|",
    ]
    missed: list[str] = []
    large = 0
    for indication in indications():
        if not judged_targets(indication):
            continue
        ranking = ranked(indication, "all")
        share = sum(made.tier == 1 for made in ranking) / len(ranking)
        large += len(ranking) >= ENOUGH
        if len(ranking) >= ENOUGH and share > MOST:
            missed.append(indication)
        lines.append(
            f"| {indication} | {len(ranking)} | {sum(m.tier is not None for m in ranking)} "
            f"| {sum(m.tier == 1 for m in ranking)} | {share:.0%} "
            f"| {_firsts(ranking)} | {_spearman(ranking)} |"
        )
    best = best_of()
    lines.append(
        f"| *each target in its best* | {len(best)} | {sum(m.tier is not None for m in best)} "
        f"| {sum(m.tier == 1 for m in best)} | {sum(m.tier == 1 for m in best) / len(best):.0%} "
        f"| {_firsts(best)} | {_spearman(best)} |"
    )
    rule = (
        f"Rule: where {ENOUGH} or more are judged ({large} indications), at most {MOST:.0%} share "
        f"tier 1: {'missed in ' + ', '.join(missed) if missed else 'kept'}."
    )
    return [rule, "", *lines]


def _firsts(ranking: Sequence[Profile]) -> str:
    return ", ".join(made.target.name for made in ranking[:3] if made.tier is not None) or NOTHING


def _spearman(ranking: Sequence[Profile]) -> str:
    found = attention(ranking)
    if found["spearman"] is None:
        return NOTHING
    return f"{found['spearman']:+.2f} (n = {found['targets']})".replace("-", "−", 1)


def flags() -> list[str]:
    """Return the flags of the hard cases."""
    lines = ["| target | name | flags |", "|---|---|---|"]
    for name in HARD_CASES:
        if name not in targets():
            lines.append(f"| {name} | {NOTHING} | **not in the catalogue** |")
            continue
        found = target(name)
        shown = "; ".join(_spoken(flag) for flag in flags_of(found)) or "none"
        lines.append(f"| {name} | {found.common_name} | {shown} |")
    return lines


def _spoken(flag: str) -> str:
    return flag.replace("_", " ").replace("|", "/")


def counts() -> list[str]:
    """Return how much the catalogue holds."""
    every = [target(name) for name in targets()]
    known = [c for t in every for c in t.claims if c.known]
    cited = {c.source for c in known} | {c.source for a in landscape_agents() for c in a.claims}
    models = sum(1 for a in landscape_agents() if a.model)
    rows = (
        ("targets", "targets.csv", len(every), _kinds(t.kind for t in every)),
        (
            "claims about targets",
            "target_findings.csv",
            len([c for t in every for c in t.claims]),
            f"{len(known)} known, {sum(c.verified for c in known)} of them verified",
        ),
        (
            "agents",
            "trt_agents.csv",
            len(landscape_agents()),
            f"{models} with values that simulate them",
        ),
        ("indications", "indications.csv", len(indications()), _groups()),
        _rows("treatments in use, by indication", "indication_treatments.csv"),
        _rows("targets that matter, by indication", "indication_targets.csv"),
        _rows("chelator and nuclide", "labels.csv"),
        _rows("levers: tumour and organ multipliers", "levers.csv"),
        _rows("densities for the model", "density_pairs.csv"),
        _rows("uptake and retention of transporters", "transporter_rates.csv"),
        (
            "sources",
            "sources.csv",
            len(sources()),
            f"{len(cited & set(sources()))} cited by claims about targets and agents",
        ),
    )
    lines = ["| what | table | rows | of which |", "|---|---|---|---|"]
    return [*lines, *(f"| {a} | `{b}` | {c} | {d} |" for a, b, c, d in rows)]


def _kinds(kinds: Iterable[str]) -> str:
    found: dict[str, int] = {}
    for kind in kinds:
        found[kind] = found.get(kind, 0) + 1
    ordered = sorted(found.items(), key=lambda item: -item[1])
    return ", ".join(f"{n} {kind}" for kind, n in ordered)


def _groups() -> str:
    return f"{len({row['group'] for row in read_table('indications.csv')})} groups"


def _rows(what: str, table: str) -> tuple[str, str, int, str]:
    rows = read_table(table)
    verified = sum(row.get("status") == "verified" for row in rows)
    return what, table, len(rows), f"{verified} verified"


def coverage() -> list[str]:
    """Return the share of cells known and verified, by field."""
    lines = ["| field | cells | known | verified |", "|---|---|---|---|"]
    for row in (*target_coverage(), *agent_coverage()):
        lines.append(
            f"| {row.catalogue}: {row.field.replace('_', ' ')} | {row.cells} "
            f"| {row.known_share:.0%} | {row.verified_share:.0%} |"
        )
    return lines


MAKERS: Mapping[str, Callable[[], list[str]]] = {
    "counts": counts,
    "coverage": coverage,
    "list": lambda: example("targets list --compartment stroma", rows=6, widest=40, columns=7),
    "show": lambda: example("targets show PSMA", rows=9, widest=30, columns=6),
    "rank": lambda: example("targets rank --indication PDAC", rows=8, widest=40, columns=6),
    "compare": lambda: example(
        "targets compare FOLH1 STEAP1 --indication mCRPC", rows=11, widest=48, columns=3
    ),
    "agents": lambda: example("agents list --target FAP", rows=6, widest=26, columns=7),
    "controls": controls,
    "indications": by_indication,
    "flags": flags,
}


def put_in(text: str, name: str, lines: Sequence[str]) -> str:
    """Return the page with a table in its place."""
    start, end = f"<!-- table {name} -->", f"<!-- end {name} -->"
    if text.count(start) != 1 or text.count(end) != 1:
        sys.exit(f"{PAGE.name}: needs {start} and {end} once each")
    head, tail = text[: text.index(start) + len(start)], text[text.index(end) :]
    return "\n".join([head, "", *lines, "", tail])


def main() -> None:
    """Make the chosen tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MAKERS))
    parser.add_argument("--print", action="store_true", dest="printed", help="change no file")
    parser.add_argument("--check", action="store_true", help="change no file; 1 where it differs")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in MAKERS]
    if unknown:
        parser.error(f"unknown table {unknown[0]}; allowed are {', '.join(MAKERS)}")
    made = {name: MAKERS[name]() for name in options.names or MAKERS}
    if options.printed:
        print("\n\n".join("\n".join(lines) for lines in made.values()))
        return
    text = PAGE.read_text("utf-8")
    differing: list[str] = []
    for name, lines in made.items():
        renewed = put_in(text, name, lines)
        if renewed != text:
            differing.append(name)
        text = renewed
    if not options.check:
        PAGE.write_text(text, "utf-8")
    elif differing:
        sys.exit(
            f"{PAGE.name}: {', '.join(differing)} differ from what the package computes; "
            f"run python scripts/{Path(__file__).name}"
        )


if __name__ == "__main__":
    main()
