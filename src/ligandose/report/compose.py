"""What a report consists of: sections with text, figures and tables, in reading order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ligandose.report import agreement, course_tables, curves, doses, other_tables
from ligandose.report.canvas import Figure, house_style
from ligandose.report.contract import (
    CourseDocument,
    as_course,
    as_nuclide,
    as_validation,
    kind_of,
)
from ligandose.report.lesion_tissue import lesion_tissue_text
from ligandose.report.spectrum import emitted_by_chain, spectrum_figure
from ligandose.report.summary import (
    INTENDED_USE,
    KeyNumber,
    host_of,
    key_numbers,
    sentences,
    study_yaml,
)
from ligandose.report.tables import Column, Table, TextTable
from ligandose.report.text import (
    agent_label,
    duration,
    host_label,
    mean_sd,
    nuclide_label,
    number,
    percent,
    plain,
    quantity_text,
    regimen_text,
)

Pair = tuple[str, str]


@dataclass(frozen=True)
class Section:
    """One heading of a report; `folded` tables open on demand."""

    anchor: str
    title: str
    text: tuple[str, ...] = ()
    facts: tuple[Pair, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[TextTable, ...] = ()
    folded: tuple[TextTable, ...] = ()
    items: tuple[str, ...] = ()
    code: tuple[Pair, ...] = ()
    links: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Report:
    """Everything that a report folder holds, before it becomes files."""

    kind: str
    title: str
    subtitle: str
    summary: tuple[str, ...]
    key_numbers: tuple[KeyNumber, ...]
    sections: tuple[Section, ...]
    data: tuple[Table, ...]
    document: Mapping[str, Any]
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, dict[str, str]])
    intended_use: str = INTENDED_USE

    @property
    def figures(self) -> list[Figure]:
        """Every figure of every section."""
        return [figure for section in self.sections for figure in section.figures]


def compose(document: Mapping[str, Any]) -> Report:
    """Return the report of a course, validation or nuclide document.

    Raises:
        InputError: the document is of another kind, or misses a key.
    """
    makers: dict[str, Callable[[Mapping[str, Any]], Report]] = {
        "course": course_report,
        "validation": validation_report,
        "nuclide": nuclide_report,
    }
    with house_style():
        return makers[kind_of(document)](document)


def present(*figures: Figure | None) -> tuple[Figure, ...]:
    """Return the figures that there was something to draw for."""
    return tuple(figure for figure in figures if figure is not None)


def filled(*tables: TextTable) -> tuple[TextTable, ...]:
    """Return the tables that have rows."""
    return tuple(table for table in tables if table.rows)


def course_report(document: Mapping[str, Any]) -> Report:
    """Return the report of a course."""
    course = as_course(document)
    sections = (
        _dose_section(course),
        Section(
            "activity",
            "Activity over time",
            figures=present(curves.first_cycle_figure(course), curves.course_figure(course)),
        ),
        _limit_section(course),
        _effect_section(course),
        _setup_section(course),
        _parameter_section(course),
        _omission_section(course),
        provenance_section(document, _reproduction(course)),
    )
    regimen = regimen_text(course["regimen"])
    return Report(
        kind="Course report",
        title=agent_label(course["agent"]["name"]),
        subtitle=f"{regimen} · {course['patients']} virtual patients · {host_of(course['host'])}",
        summary=tuple(sentences(course)),
        key_numbers=tuple(key_numbers(course)),
        sections=tuple(section for section in sections if _has_content(section)),
        data=_course_data(course),
        document=document,
        sources=course["sources"],
    )


def _has_content(section: Section) -> bool:
    parts = (section.text, section.facts, section.figures, section.tables, section.folded)
    return any(parts) or bool(section.items or section.code or section.links)


def _course_data(course: CourseDocument) -> tuple[Table, ...]:
    published: list[dict[str, Any]] = [dict(row) for row in course["published"]]
    records = {
        "parameters": course["parameters"],
        "published": published,
        "failed": course["failed"],
    }
    tables = [course_tables.record_table(name, rows) for name, rows in records.items() if rows]
    return (course_tables.region_table(course), *tables)


def _dose_section(course: CourseDocument) -> Section:
    return Section(
        "dose",
        "Absorbed dose",
        figures=present(doses.coefficient_figure(course)),
        tables=filled(course_tables.dose_text(course), course_tables.coefficient_text(course)),
        folded=filled(course_tables.cross_dose_text(course), course_tables.biological_text(course)),
    )


def _limit_section(course: CourseDocument) -> Section:
    return Section(
        "limits",
        "Cumulative dose and limits",
        figures=present(doses.limit_figure(course)),
        tables=filled(course_tables.limit_text(course)),
    )


def _effect_section(course: CourseDocument) -> Section:
    effective = course["effect"].get("effective_dose_mSv_per_MBq")
    facts = ((("Effective dose", f"{quantity_text(effective)} mSv/MBq"),)) if effective else ()
    return Section(
        "effect",
        "Effect",
        facts=facts,
        figures=present(
            doses.probability_figure(course),
            curves.lesion_figure(course),
            curves.blood_figure(course),
        ),
        tables=filled(lesion_tissue_text(course), course_tables.blood_text(course)),
    )


def _setup_section(course: CourseDocument) -> Section:
    agent, host, regimen = course["agent"], course["host"], course["regimen"]
    amounts = [a["amount_nmol"] for a in regimen["administrations"]]
    impurities: Sequence[Mapping[str, Any]] = agent.get("impurities") or []
    facts: list[Pair] = [
        ("Agent", agent_label(agent["name"])),
        ("Vector, label, nuclide", _joined(agent, "vector", "label", "nuclide")),
        ("Target", str(agent.get("target") or "")),
        ("Indication", str(agent.get("indication") or "")),
        ("Impurities", "; ".join(_impurity(entry) for entry in impurities)),
        ("Host", host_of(host)),
        ("Body mass", _with_unit(host.get("body_mass_kg"), "kg")),
        ("Glomerular filtration", _with_unit(host.get("gfr_mL_min"), "mL/min")),
        ("Regimen", regimen_text(regimen)),
        ("Amount given", _amounts(amounts)),
        ("Co-medication", ", ".join(regimen.get("comedication") or []) or "none"),
        ("Virtual patients", f"{course['patients']}, seed {course['seed']}"),
    ]
    folded = filled(_failed_text(course))
    return Section("setup", "What was simulated", facts=_nonempty(facts), folded=folded)


def _nonempty(facts: Sequence[Pair]) -> tuple[Pair, ...]:
    return tuple(fact for fact in facts if fact[1])


def _joined(agent: Mapping[str, Any], *keys: str) -> str:
    return " · ".join(
        nuclide_label(str(agent[key])) if key == "nuclide" else str(agent[key])
        for key in keys
        if agent.get(key)
    )


def _impurity(entry: Mapping[str, Any]) -> str:
    return f"{nuclide_label(str(entry['nuclide']))} {percent(entry['activity_fraction'])}"


def _with_unit(quantity: Mapping[str, Any] | None, unit: str) -> str:
    return f"{quantity_text(quantity)} {unit}" if quantity else ""


def _amounts(amounts: Sequence[float]) -> str:
    if len(set(amounts)) == 1:
        return f"{plain(amounts[0])} nmol each time"
    return ", ".join(plain(amount) for amount in amounts) + " nmol"


def _failed_text(course: CourseDocument) -> TextTable:
    columns = (
        Column("Patient"),
        Column("Reason", numeric=False, wide=True),
        Column("Parameters", numeric=False, wide=True),
    )
    rows = tuple(
        (
            str(entry.get("patient")),
            str(entry.get("reason")),
            ", ".join(f"{k} {number(v)}" for k, v in dict(entry.get("parameters") or {}).items()),
        )
        for entry in course["failed"]
    )
    return TextTable("failed", "Patients that could not be solved", columns, rows)


def _parameter_section(course: CourseDocument) -> Section:
    statuses = [str(p.get("status") or "unstated") for p in course["parameters"]]
    counted = {status: statuses.count(status) for status in dict.fromkeys(sorted(statuses))}
    text = (
        f"{len(statuses)} parameters: "
        + ", ".join(f"{count} {status}" for status, count in counted.items())
        + ". Verified: read at the source that is named. Unverified: recalled or quoted second "
        "hand. Calibrated: estimated from published values. Assumed: a modelling choice.",
    )
    return Section(
        "parameters",
        "Parameters and their sources",
        text=text if statuses else (),
        folded=filled(course_tables.parameter_text(course)),
    )


def _omission_section(course: CourseDocument) -> Section:
    return Section("omissions", "What is left out", items=tuple(course["omissions"]))


def _reproduction(course: CourseDocument) -> tuple[Pair, ...]:
    command = course["provenance"].get("command") or "ligandose simulate study.yaml --out report"
    return (("study.yaml", study_yaml(course)), ("Command", str(command)))


def provenance_section(document: Mapping[str, Any], code: tuple[Pair, ...] = ()) -> Section:
    """Return versions, data editions, hashes and the command that makes the same again."""
    held: Mapping[str, Any] = document.get("provenance") or {}
    software: Mapping[str, str] = held.get("software") or {}
    hashes: Mapping[str, str] = held.get("data_sha256") or held.get("tables_sha256") or {}
    seed = held.get("seed")
    facts: list[Pair] = [
        ("Ligandose", str(held.get("version") or document.get("version") or "")),
        ("Data edition", str(held.get("data_edition") or "")),
        ("Decay data", str(held.get("library") or "")),
        ("Absorbed fractions", _absorbed_fractions(held)),
        ("Made", str(held.get("created_utc") or "")),
        ("Seed", "" if seed is None else str(seed)),
        ("Input SHA-256", str(held.get("input_sha256") or "")),
        ("Software", ", ".join(f"{name} {version}" for name, version in software.items())),
    ]
    columns = (Column("File", numeric=False), Column("SHA-256", numeric=False))
    files = TextTable("data_files", "Data files", columns, tuple(sorted(hashes.items())))
    return Section(
        "provenance", "Provenance", facts=_nonempty(facts), folded=filled(files), code=code
    )


def _absorbed_fractions(held: Mapping[str, Any]) -> str:
    """Return where the specific absorbed fractions of each host come from."""
    tables: Sequence[Mapping[str, Any]] = held.get("absorbed_fractions") or []
    return "; ".join(
        f"{host_label(str(table['host']))}: {table['origin']} ({', '.join(table['sha256'])})"
        for table in tables
    )


def validation_report(document: Mapping[str, Any]) -> Report:
    """Return the report of a validation."""
    validation = as_validation(document)
    summary = other_tables.validation_summary(validation)
    tested = Section(
        "agreement",
        "Agreement",
        figures=present(agreement.scatter_figure(validation), agreement.forest_figure(validation)),
        tables=filled(other_tables.validation_text(validation)),
    )
    return Report(
        kind="Validation report",
        title="Predicted and published",
        subtitle=f"{len(validation['rows'])} dose coefficients of "
        f"{len(agreement.agents_of(validation['rows']))} agents",
        summary=validation_sentences(validation["summary"]),
        key_numbers=_validation_numbers(validation["summary"]),
        sections=(
            Section("folds", "Fold errors", tables=filled(summary)),
            tested,
            provenance_section(document, (("Command", "ligandose validate --out validation"),)),
        ),
        data=(agreement.validation_table(validation, "validation"),),
        document=document,
        sources=validation["sources"],
    )


def validation_sentences(summary: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what calibration and prediction mean, with their fold errors."""
    words = {
        "calibration": "Over the values that the calibration has seen",
        "prediction": "Over values that it has not seen (agents or organs predicted from their own "
        "measured properties, the host untouched)",
        "vectors": "Over agents of other vector classes (antibodies, fragments, salts, transporter "
        "substrates, alpha emitters)",
    }
    return tuple(
        f"{words[use]} the geometric mean fold error is {number(summary[use].get('gmfe'))} "
        f"in {summary[use].get('pairs')} pairs of organ and agent."
        for use in words
        if isinstance(summary.get(use), Mapping)
    )


def _validation_numbers(summary: Mapping[str, Any]) -> tuple[KeyNumber, ...]:
    return tuple(
        KeyNumber(
            use.capitalize(),
            f"{number(summary[use].get('gmfe'))} ×",
            f"geometric mean fold error, {summary[use].get('pairs')} pairs",
        )
        for use in ("calibration", "prediction", "vectors")
        if isinstance(summary.get(use), Mapping)
    )


def nuclide_report(document: Mapping[str, Any]) -> Report:
    """Return the report of a nuclide."""
    nuclide = as_nuclide(document)
    emitted = emitted_by_chain(nuclide)
    name = nuclide_label(str(nuclide["name"]))
    return Report(
        kind="Nuclide",
        title=name,
        subtitle=half_life_text(nuclide),
        summary=(f"{name}: {half_life_text(nuclide, exact=True)}.",),
        key_numbers=(),
        sections=(
            Section(
                "emissions",
                "Emissions",
                figures=present(spectrum_figure(emitted)),
                tables=filled(
                    other_tables.progeny_text(nuclide), other_tables.energy_text(nuclide)
                ),
                folded=filled(other_tables.emission_text(emitted)),
            ),
            provenance_section(document, (("Command", f"ligandose nuclide {nuclide['name']}"),)),
        ),
        data=(course_tables.record_table("emissions", list(nuclide["emissions"])),),
        document=document,
        sources=nuclide.get("sources") or {},
    )


def half_life_text(nuclide: Mapping[str, Any], *, exact: bool = False) -> str:
    """Return the half-life in words, or that the nuclide is stable."""
    half_life = nuclide["half_life_s"]
    if half_life is None:
        return "stable"
    words = f"half-life {duration(half_life)}"
    if exact:
        words += f" ({mean_sd(half_life, nuclide.get('half_life_uncertainty_s'))} s)"
    return words
