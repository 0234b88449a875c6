"""The command plan: what to give a patient next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ligandose.cli.options import Debug, Json, Out, Quiet, RunSeed, number_option

if TYPE_CHECKING:
    from ligandose.report.tables import Page, Table

SMALL_GBQ = 0.1
UNEXPLAINED = 0.01
Folder = Annotated[
    Path, typer.Argument(metavar="CASE", help="Folder with patient.yaml; docs/plan.md.")
]
GoalFile = Annotated[
    Path | None,
    typer.Option("--goal", metavar="FILE", help="plan.yaml; default that of the folder.",
                 show_default=False),
]  # fmt: skip
Draws = Annotated[int, number_option(50, 5000, "Draws of the posterior; default 300.")]
Steps = Annotated[
    int, number_option(0, 500, "Steps of each chain; default 12; 0: Laplace approximation.")
]


def plan(
    case: Folder,
    goal: GoalFile = None,
    draws: Draws = 300,
    steps: Steps = 12,
    seed: RunSeed = 1,
    json: Json = False,
    out: Out = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Plan a patient's next treatments from measurements."""
    from ligandose.cli.documents import Wanted, deliver

    del debug
    deliver(
        lambda progress: _document(case, goal, draws, steps, seed, progress),
        _print,
        _write,
        Wanted(json, out, quiet),
    )


def _document(
    case: Path, goal: Path | None, draws: int, steps: int, seed: int, progress: Any
) -> dict[str, Any]:
    import hashlib

    from ligandose.cli.documents import computed
    from ligandose.plan import Settings, plan_content, read_goal, read_patient

    patient = read_patient(case)
    file = case / "plan.yaml" if goal is None else goal
    wanted = read_goal(file)
    content = plan_content(patient, wanted, Settings(draws, steps, seed), progress=progress)
    inputs = {
        "case": dict(patient.sha256),
        "goal": hashlib.sha256(file.read_bytes()).hexdigest(),
        "draws": draws,
        "steps": steps,
    }
    return computed("plan", content, inputs=inputs, seed=seed)


def _rows(document: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            option["name"],
            str(option["cycles"]),
            _planned(option["planned"]),
            "yes" if option["feasible"] else "no",
            *(f"{100.0 * p['probability_above']:.1f} %" for p in option["probabilities"]),
        )
        for option in document["alternatives"]
    ]


def _planned(planned: list[Mapping[str, Any]]) -> str:
    """Return "6 × 7.4" or, where they differ, "8.1, 7.6, 7.3" (GBq; MBq where small)."""
    small = max((cycle["activity_GBq"] for cycle in planned), default=1.0) < SMALL_GBQ
    unit, factor = (" MBq", 1e3) if small else ("", 1.0)
    given = [f"{factor * cycle['activity_GBq']:.3g}" for cycle in planned]
    if len(set(given)) == 1:
        return f"{len(given)} × {given[0]}{unit}"
    return ", ".join(given) + unit


def _columns(document: Mapping[str, Any]) -> tuple[str, ...]:
    bounds = document["probabilities"]
    names = (f"above {b['dose_Gy']:g} Gy {b['region'].replace('_', ' ')}" for b in bounds)
    return ("Strategy", "Cycles", "To come, GBq", "Holds", *names)


def _sentences(document: Mapping[str, Any]) -> tuple[str, ...]:
    prescription, stop = document["prescription"], document["stop"]
    checks = document["posterior"]["checks"]
    first = prescription["cycles"][0]
    fits = "meets the goal" if prescription["feasible"] else "does not meet the goal in full"
    said = [
        f"Next: {first['activity_GBq']:.3g} GBq of {document['agent']} ({first['amount_nmol']:g} "
        f"nmol) on day {first['day']:g}, cycle {first['cycle']} of "
        f"{prescription['cycles'][-1]['cycle']}; "
        f"the strategy {prescription['strategy']!r} {fits}"
        + (f", set by {prescription['set_by']!r}." if prescription["set_by"] else "."),
    ]
    missed = [row for row in document["probabilities"] if not row["holds"]]
    if any(row["kind"] == "limit" for row in missed):
        said.insert(0, "No further treatment in the allowed range holds every limit.")
    if checks["p_value"] is not None and checks["p_value"] < UNEXPLAINED:
        said.insert(0, "The model does not explain these data: do not trust its doses.")
    said += [_missed(row) for row in missed]
    if stop["reasons"]:
        said.insert(0, "Do not go on now: " + "; ".join(stop["reasons"]) + ".")
        said = [s.replace("Next:", "Once that is resolved:", 1) for s in said]
    if stop["change_to"]:
        said.insert(1, _instead(stop["change_to"]))
    said += [f"PET: {_eligible(scan)}" for scan in document["selection"]]
    said += document["changed"]
    if checks["p_value"] is not None:
        said.append(_posterior(document["posterior"]))
    said += stop["rules"]
    return tuple(said)


def _posterior(found: Mapping[str, Any]) -> str:
    method, agreement = found["method"], found["method"]["laplace_agreement"]
    words = [p["identified"] for p in found["parameters"]]
    sampled = ""
    if agreement is not None:
        word = "agree" if agreement["agrees"] else "differ"
        shift = agreement["largest_shift_sd"]
        sampled = f" Sampling and Laplace {word} (largest shift {shift:.2g} sd)."
    return (
        f"{method['data']} data identify {words.count('yes')} of {len(words)} values and tell of "
        f"{words.count('partly')} more; the rest is the population's. A repeated set of data "
        f"would miss the model by more with probability {found['checks']['p_value']:.2g}.{sampled}"
    )


def _missed(row: Mapping[str, Any]) -> str:
    found, wanted = 100.0 * row["probability_above"], 100.0 * row["allowed"]
    side = "at most" if row["kind"] == "limit" else "at least"
    return (
        f"Not met: {row['text']!r}; above {row['dose_Gy']:g} Gy with {found:.1f} %, "
        f"{side} {wanted:g} % is asked for."
    )


def _instead(targets: list[Mapping[str, Any]]) -> str:
    with_agent = [t for t in targets if t["agents"]]
    known = "; ".join(f"{t['target']}: {', '.join(t['agents'])}" for t in with_agent)
    rest = ", ".join(t["target"] for t in targets if not t["agents"])
    others = f"other targets of the disease without an agent in the catalogue: {rest}"
    return ("Agents to change to: " + known if known else "No agent to change to") + f" ({others})."


def _eligible(scan: Mapping[str, Any]) -> str:
    ratio = ", ".join(f"{name} {value:.3g}" for name, value in scan["lesion_over_liver"].items())
    word = "eligible" if scan["eligible"] else "not eligible"
    fdg = f"; seen by FDG alone: {', '.join(scan['discordant'])}" if scan["discordant"] else ""
    return f"{scan['scan']} on day {scan['day']:g}, over the liver: {ratio}{fdg}: {word}."


def _print(document: Mapping[str, Any]) -> None:
    from ligandose.cli.output import print_rows

    for sentence in _sentences(document):
        print(sentence)
    print()
    title = f"{document['case']}: strategies on the same draws, probability above each dose"
    print_rows(title, _columns(document), _rows(document))
    print("\nNot a clinical recommendation.")


def _page(document: Mapping[str, Any]) -> Page:
    from ligandose.report.summary import PATIENT_USE
    from ligandose.report.tables import Page

    return Page(
        f"Plan for {document['case']}: {document['agent']}",
        sentences=_sentences(document),
        columns=_columns(document),
        rows=tuple(_rows(document)),
        command="ligandose plan case --goal plan.yaml --out out",
        intended_use=PATIENT_USE,
    )


def _tables(document: Mapping[str, Any]) -> list[Table]:
    from ligandose.report.tables import table

    statistics = ("median", "p05", "p95")
    doses = [
        [r["region"], *(r["dose_Gy"][s] for s in statistics), *(r["bed_Gy"][s] for s in statistics)]
        for r in document["predicted"]
    ]
    parameters = [
        [p["of"], p["parameter"], p["unit"], p["prior"]["median"], p["prior"]["gsd"],
         *(p["posterior"][s] for s in statistics), p["sd_ratio"], p["identified"]]
        for p in document["posterior"]["parameters"]
    ]  # fmt: skip
    checks = [
        [d["datum"], d["measured"], *(d["predicted"][s] for s in statistics), d["share_below"]]
        for d in document["posterior"]["checks"]["data"]
    ]
    found = [
        table(
            "predicted",
            ("region", *(f"dose_{s}_Gy" for s in statistics), *(f"bed_{s}_Gy" for s in statistics)),
            doses,
        ),
        table(
            "parameters",
            ("of", "parameter", "unit", "prior_median", "prior_gsd", *statistics, "sd_ratio",
             "identified"),
            parameters,
        ),
        table("checks", ("datum", "measured", *statistics, "share_below"), checks),
    ]  # fmt: skip
    rule = document["population_selection"]
    return found if rule is None else [*found, _selection_table(rule)]


def _selection_table(rule: Mapping[str, Any]) -> Table:
    """Return doses and effect among selected and rejected virtual patients."""
    from ligandose.report.tables import table

    rows: list[list[Any]] = []
    for group, own in rule["groups"].items():
        if not own["patients"]:
            continue
        named = {
            "least lesion, Gy": own["least_lesion_dose_Gy"],
            **{f"{name}, Gy": dose for name, dose in own["lesion_dose_Gy"].items()},
            "kidneys, Gy": own["kidney_dose_Gy"],
        }
        if own["tumour_control"] is not None:
            named["control of all lesions"] = own["tumour_control"]
        share = own["patients"] / rule["patients"]
        rows += [
            [group, share, what, *(value[s] for s in ("mean", "median", "p05", "p95"))]
            for what, value in named.items()
        ]
    return table("selection", ("group", "share", "of", "mean", "median", "p05", "p95"), rows)


def _write(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.report import json_bytes, publish
    from ligandose.report.plan_figures import plan_figures, plan_sheet
    from ligandose.report.result_page import result_page
    from ligandose.report.write import figure_files

    page, tables, figures = _page(document), _tables(document), plan_figures(document)
    files = {"plan.json": json_bytes(document), "plan.pdf": plan_sheet(document, page)}
    for table in tables:
        files[f"tables/{table.name}.csv"] = table.csv().encode()
    for figure in figures:
        files |= figure_files(figure, folder="figures/")
    files["report.html"] = result_page(document, page, figures=figures, tables=tables).encode()
    return publish(files, out)
