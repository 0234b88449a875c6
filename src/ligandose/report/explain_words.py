"""What an explanation says in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ligandose.report.text import agent_label, interval, number, percent

Document = Mapping[str, Any]


def sentences(document: Document) -> list[str]:
    """Return what an explanation says, a sentence for each part."""
    said: list[str] = []
    for one in document["sensitivity"]:
        label = {f["factor"]: f["label"] for f in one["factors"]}
        kill = next(o for o in one["outputs"] if o["output"] == "relative_kill")
        best = sorted(kill["indices"], key=lambda i: -(i["total"] or 0.0))[:3]
        words = ", ".join(f"{_lower(label[i['factor']])} ({number(i['total'], 2)})" for i in best)
        sure = "converged" if kill["converged"] else "not converged at this sample"
        said.append(
            f"{agent_label(str(one['agent']))}: the kill at the limit depends most on {words} "
            f"(total Sobol indices of its logarithm, {sure})."
        )
    found = document["comparison"]
    if found and found["groups"]:
        parts = ", ".join(
            f"{g['group']} {number(g['log10_kill']['mean'], 2)}"
            for g in sorted(found["groups"], key=lambda g: -abs(g["log10_kill"]["mean"]))
        )
        said.append(
            f"{agent_label(str(found['first']))} against {agent_label(str(found['second']))}: "
            f"{number(found['difference']['mean'], 2)} decades of kill on average, of which "
            f"{parts}; better in {percent(found['better_share'])} of the patients."
        )
    information = document["information"]
    if information and information["measurements"]:
        best = information["measurements"][0]
        said.append(
            f"Now {agent_label(str(information['choice']))} has the highest expected kill and is "
            f"best in {percent(_best_share(information))} of the draws from what is not known. "
            f"Knowing {best['group'].lower()} would add most to the choice: "
            f"{number(best['value'], 2)} decades (95 % {interval(*best['interval'])}); it would "
            f"change it in {percent(best['changes_choice'])} of the draws."
        )
    return said


def _lower(label: str) -> str:
    """Return a label as it stands in a sentence; symbols keep their case."""
    return label if label[1:2] in ("_", " ") else label[:1].lower() + label[1:]


def _best_share(information: Mapping[str, Any]) -> float:
    options = {o["agent"]: o["probability_best"] for o in information["options"]}
    return float(options[information["choice"]])
