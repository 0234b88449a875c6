"""The landscape as tables for files: targets, findings, agents, ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ligandose.agents.landscape import (
    STAGES,
    agents_against,
    highest_stage,
    landscape_agents,
)
from ligandose.evidence import sources
from ligandose.report.landscape_figures import stages_by_kind
from ligandose.report.tables import Table, Value, table
from ligandose.targets import Profile, ranking_entry, target, target_entry, targets


def landscape_tables(ranked: Mapping[str, Sequence[Profile]]) -> tuple[Table, ...]:
    """Return every table that lies beside the page."""
    return (_targets(), _findings(), _agents(), _ranking(ranked))


def _targets() -> Table:
    columns = ("target", "name", "kind", "hgnc_symbol", "uniprot", "family", "compartments",
               "indications", "imaging_companions", "gene_view", "trt_stage", "agents",
               "adc_stage", "car_t_stage", "bispecific_stage", "antibody_stage",
               "small_molecule_stage", "findings_known", "findings_verified")  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for name in targets():
        entry = target_entry(target(name))
        lists = ("hgnc_symbol", "uniprot")
        staged = [STAGES[s] if s >= 0 else "" for s in stages_by_kind(target(name))[1:]]
        rows.append(
            (
                *(entry[key] for key in ("id", "name", "kind")),
                *(";".join(entry[key]) for key in lists),
                entry["family"],
                *(";".join(entry[key]) for key in ("compartments", "indications", "companions")),
                entry["gene_view"],
                highest_stage(name),
                len(agents_against(name)),
                *staged,
                entry["claims_known"],
                entry["claims_verified"],
            )
        )
    return table("targets", columns, rows)


def _findings() -> Table:
    columns = ("target", "field", "context", "value", "low", "high", "unit", "status",
               "knowledge", "source", "locator", "date", "note")  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for name in targets():
        for claim in target(name).claims:
            cited = sources().get(claim.source)
            rows.append(
                (
                    *(name, claim.field, claim.context, claim.value, claim.low, claim.high),
                    *(claim.unit, claim.measured.value, claim.status.value, claim.source),
                    *(cited.locator if cited else "", claim.date, claim.note),
                )
            )
    return table("findings", columns, rows)


def _agents() -> Table:
    columns = ("agent", "aliases", "targets", "compartments", "vector_class", "label", "nuclides",
               "indications", "stage", "stage_date", "stage_verified", "status", "status_reason",
               "trials", "nct", "sponsor", "companion", "source")  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for agent in landscape_agents():
        stage, reason = agent.claim("stage"), agent.claim("status_reason").value
        rows.append(
            (
                agent.name,
                *map(";".join, (agent.aliases, agent.targets, agent.compartments)),
                *(agent.vector_class, agent.label),
                *map(";".join, (agent.nuclides, agent.indications)),
                *(agent.stage, stage.date, stage.verified, agent.status, reason),
                *map(";".join, (agent.trials, agent.nct)),
                *(agent.sponsor, agent.companion, stage.source),
            )
        )
    return table("agents", columns, rows)


def _ranking(ranked: Mapping[str, Sequence[Profile]]) -> Table:
    columns = ("indication", "target", "tier", "assessable", "score_p05", "score_median",
               "score_p95", "tier_stability", "missing_weight", "reasons_for", "reasons_against",
               "flags")  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for indication, profiles in ranked.items():
        for entry in map(ranking_entry, profiles):
            score = entry["score"]
            rows.append(
                (
                    *(indication, entry["id"], entry["tier"], entry["assessable"]),
                    *(score[key] for key in ("p05", "median", "p95")),
                    *(entry["tier_stability"], entry["missing_weight"]),
                    *("; ".join(entry[k]) for k in ("reasons_for", "reasons_against", "flags")),
                )
            )
    return table("ranking", columns, rows)
