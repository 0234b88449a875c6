"""Write the table of measured and predicted lever pairs into docs/optimise.md.

    python scripts/write_levers.py [--check]

The table stands between two markers; everything else of the page is left as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ligandose.design.levers_model import LeverPair, lever_pairs, score

PAGE = Path(__file__).resolve().parents[1] / "docs" / "optimise.md"
BEGIN, END = "<!-- begin: written by scripts/write_levers.py -->", "<!-- end -->"


def main() -> None:
    """Rewrite the page, or say whether it is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    new = with_table(text)
    if given.check:
        raise SystemExit(0 if new == text else f"{PAGE.name}: the lever table is not up to date")
    PAGE.write_text(new, encoding="utf-8")


def with_table(text: str) -> str:
    """Return the page with the table of this version of model and data."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{table_text()}\n\n{END}{tail}"


def table_text() -> str:
    """Return the summary, the table of predictions, and the list of what is not predictable."""
    pairs = lever_pairs()
    found = score(pairs)
    n = found["predictable"]
    lines = [
        f"Of {found['pairs']} measured pairs {n} can be predicted. Direction is right in "
        f"{found['direction']} ({_percent(found['direction'], n)}), size within a factor of 2 in "
        f"{found['size']} ({_percent(found['size'], n)}), **both in {found['both']} "
        f"({_percent(found['both'], n)})**.",
        "",
        "| example | reference | quantity | region | measured | predicted | direction | size |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(p) for p in pairs if p.predicted is not None and p.measured is not None]
    lines += ["", "Not predictable, and why:", "", "| example | pairs | why |", "|---|---|---|"]
    count: dict[tuple[str, str], int] = {}
    for p in pairs:
        if p.predicted is None:
            count[p.example, p.reason] = count.get((p.example, p.reason), 0) + 1
    lines += [f"| {example} | {k} | {why} |" for (example, why), k in count.items()]
    return "\n".join(lines)


def _row(p: LeverPair) -> str:
    marks = ["right" if ok else "**wrong**" for ok in (p.right_direction, p.right_size)]
    return (
        f"| {p.example} | {p.reference} | {p.quantity} | {p.region.replace('_', ' ')} | "
        f"{_measured(p)}{'' if p.status == 'verified' else ' (u)'} | {p.predicted:.2f} | "
        f"{marks[0]} | {marks[1]} |"
    )


def _measured(p: LeverPair) -> str:
    if p.multiplier is None:
        return f"{p.low:g} to {p.high:g}" if p.low is not None else f"up to {p.high:g}"
    span = f" ({p.low:g} to {p.high:g})" if p.low is not None and p.high is not None else ""
    return f"{p.multiplier:g}{span}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


if __name__ == "__main__":
    main()
