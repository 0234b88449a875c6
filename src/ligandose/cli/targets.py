"""The commands of the targets: list, show, rank, compare, coverage, import; and the landscape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ligandose.cli.catalogue import stamped
from ligandose.cli.documents import MISSING, Wanted, computed, deliver, write_folder
from ligandose.cli.output import check_out, print_json, print_rows, require, shortest
from ligandose.cli.progress import Part, Progress
from ligandose.errors import InputError

if TYPE_CHECKING:
    from ligandose.targets import Profile, Target

EVIDENCE = ("all", "common")
ONCOREF = "oncoref"
RANKING_COLUMNS = (
    "Target", "Tier", "Score", "Stability", "For", "Against", "Flags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Import:
    """What is to be read into which evidence store."""

    kind: str
    paths: tuple[Path, ...]
    store: Path | None
    edition: str | None


def list_targets(
    compartment: str | None, indication: str | None, stage: str | None, *, as_json: bool
) -> None:
    """List the targets that sit somewhere, matter somewhere or came so far.

    Raises:
        UnknownNameError: an unknown indication.
        InputError: an unknown compartment or stage; lists those that are known.
    """
    from ligandose.agents import STAGES
    from ligandose.targets import COMPARTMENTS, indication_name, target, targets

    require("compartment", compartment, COMPARTMENTS)
    require("stage", stage, STAGES)
    place = indication_name(indication) if indication is not None else None
    entries = [
        entry
        for found in map(target, targets())
        if (entry := _entry(found))
        and (compartment is None or compartment in found.compartments(place))
        and (place is None or place in found.indications)
        and (stage is None or entry["stage"] == stage)
    ]
    if as_json:
        print_json(stamped("ligandose.targets", {"targets": entries}))
        return
    columns = ("Target", "Name", "Sits on", "Stage", "Agents", "Indications", "Verified")
    rows = [
        (
            e["id"],
            e["name"],
            ", ".join(e["compartments"]),
            e["stage"] or MISSING,
            str(e["agents"]),
            _few(e["indications"]),
            f"{e['claims_verified']} of {e['claims_known']}",
        )
        for e in entries
    ]
    print_rows(f"{len(entries)} targets", columns, rows)


def show_target(name: str, *, store: Path | None, as_json: bool) -> None:
    """Show a target: claims, expression, densities, agents, and what the user's store holds.

    Raises:
        UnknownNameError: no target of that name.
        InputError: a name of several targets, or a store that cannot be read.
    """
    from ligandose.agents import agents_against
    from ligandose.targets import target, target_document

    found = target(name)
    document = target_document(found)
    document["target"] = _entry(found)
    document["agents"] = [
        {
            "name": agent.name,
            "stage": agent.stage,
            "status": agent.status,
            "verified": agent.claim("stage").verified,
        }
        for agent in agents_against(found.name)
    ]
    document["imported"] = _imported(found, store)
    if as_json:
        print_json(stamped("ligandose.target", document))
    else:
        _print_target(document)


def rank_targets(indication: str | None, evidence: str, *, seed: int, wanted: Wanted) -> None:
    """Rank the targets of an indication, or every target where it does best.

    Raises:
        UnknownNameError: an unknown indication.
        InputError: another kind of evidence than all or common.
    """
    from ligandose.targets import indication_name

    require("kind of evidence", evidence, EVIDENCE)
    place = indication_name(indication) if indication is not None else None

    def make(progress: Part) -> dict[str, Any]:
        return _ranking_document(place, evidence, seed, progress)

    deliver(make, _print_ranking, _write_ranking, wanted)


def compare_targets(names: Sequence[str], indication: str | None, *, as_json: bool) -> None:
    """Lay the profiles of targets side by side.

    Raises:
        UnknownNameError: an unknown target or indication.
        InputError: fewer than two targets.
    """
    from ligandose.targets import indication_name, profile, target

    chosen = list(dict.fromkeys(target(name).name for name in names))
    if len(chosen) < 2:
        raise InputError(f"compare needs two targets or more; got {', '.join(names)}")
    place = indication_name(indication) if indication is not None else _shared_indication(chosen)
    entries = [_ranked(profile(name, place)) for name in chosen]
    if as_json:
        content = {"indication": place, "targets": entries}
        print_json(stamped("ligandose.comparison", content))
        return
    rows = [("tier", *(_tier(e) for e in entries)), ("score", *(_score(e) for e in entries))]
    for i, judged in enumerate(entries[0]["criteria"]):
        same = [e["criteria"][i] for e in entries]
        cells = (f"{c['desirability']:.2f}  {c['value']}" for c in same)
        rows.append((judged["criterion"].replace("_", " "), *cells))
    rows.append(("stage", *(e["stage"] or MISSING for e in entries)))
    rows.append(("flags", *("; ".join(e["flags"]) or MISSING for e in entries)))
    print_rows(f"Compared in {place}", ("", *(e["name"] for e in entries)), rows)


def show_coverage(*, as_json: bool) -> None:
    """Show the share of the catalogue's cells that are known and verified, by field."""
    from ligandose.agents import agent_coverage
    from ligandose.targets import target_coverage

    rows = [*target_coverage(), *agent_coverage()]
    if as_json:
        content = {"coverage": [row.document() for row in rows]}
        print_json(stamped("ligandose.coverage", content))
        return
    cells = [
        (
            f"{r.catalogue}: {r.field}",
            str(r.cells),
            f"{r.known_share:.0%}",
            f"{r.verified_share:.0%}",
        )
        for r in rows
    ]
    print_rows("Coverage", ("Field", "Cells", "Known", "Verified at its source"), cells)


def import_evidence(asked: Import, *, as_json: bool, quiet: bool) -> None:
    """Read tables into the evidence store and report what did not match.

    Raises:
        InputError: nothing to read, a table that breaks a rule, a store that cannot be written.
    """
    from ligandose.evidence import fetch_hpa, import_tables
    from ligandose.evidence.tables import SPECS

    kinds = (*SPECS, ONCOREF)
    require("source of tables", asked.kind, kinds)
    if asked.kind != ONCOREF and not asked.paths:
        raise InputError(f"import {asked.kind}: no file is named; give the tables as downloaded")
    with Progress(quiet=quiet) as progress:
        paths = asked.paths
        if asked.kind == ONCOREF:
            paths = tuple(f.path for f in fetch_hpa(progress=progress.between(0.0, 0.5)))
        report = import_tables(
            paths,
            kind="hpa" if asked.kind == ONCOREF else asked.kind,
            store=asked.store,
            edition=asked.edition,
            symbols=_catalogue_genes(),
            progress=progress.between(0.5 if asked.kind == ONCOREF else 0.0, 1.0),
        )
    document = report.document()
    if as_json:
        print_json(stamped("ligandose.import", document))
    else:
        _print_import(document)


def write_landscape_page(out: Path, *, as_json: bool, quiet: bool) -> None:
    """Write the page of the landscape into a folder.

    Raises:
        InputError: a folder that must not be replaced.
        OSError: the folder could not be written.
    """
    from ligandose.report import landscape_document, write_landscape

    check_out(out)
    with Progress(quiet=quiet) as progress:
        page = write_landscape(out, progress=progress)
    if as_json:
        content = {**landscape_document(), "page": str(page), "bytes": page.stat().st_size}
        print_json(stamped("ligandose.landscape", content))
    else:
        print(f"Landscape: {shortest(page)} ({page.stat().st_size / 1e6:.1f} MB)")


def _entry(found: Target) -> dict[str, Any]:
    """Return a target with what agents add to it, outside its tier."""
    from ligandose.agents import agents_against, highest_stage
    from ligandose.targets import target_entry

    return {
        **target_entry(found),
        "stage": highest_stage(found.name),
        "agents": len(agents_against(found.name)),
    }


def _ranked(made: Profile) -> dict[str, Any]:
    from ligandose.agents import highest_stage
    from ligandose.targets import publications, ranking_entry

    name = made.target.name
    return {
        **ranking_entry(made),
        "stage": highest_stage(name),
        "companions": list(dict.fromkeys(c.term for c in made.target.said("imaging_companion"))),
        "publications": publications().get(name),
    }


def _ranking_document(
    place: str | None, evidence: str, seed: int, progress: Part
) -> dict[str, Any]:
    from ligandose.targets import COMMON_LAYERS, LAYERS, attention, best_of, rank

    layers = LAYERS if evidence == "all" else COMMON_LAYERS
    if place is None:
        made = best_of(layers=layers, seed=seed, progress=progress)
    else:
        made = rank(place, layers=layers, seed=seed)
    content = {
        "indication": place,
        "evidence": evidence,
        "layers": sorted(layers),
        "ranking": [_ranked(each) for each in made],
        "attention": attention(made),
    }
    inputs = {"indication": place, "evidence": evidence}
    return computed("ranking", content, inputs=inputs, seed=seed)


def _print_ranking(document: Mapping[str, Any]) -> None:
    place = document["indication"]
    rows = [
        (
            entry["id"] if place else f"{entry['id']} ({entry['indication']})",
            _tier(entry),
            _score(entry),
            f"{entry['tier_stability']:.2f}",
            _first(entry["reasons_for"]),
            _first(entry["reasons_against"]),
            "; ".join(entry["flags"]),
        )
        for entry in document["ranking"]
    ]
    title = f"Targets in {place}" if place else "Targets, each in its best indication"
    print_rows(f"{title} ({document['evidence']} evidence)", RANKING_COLUMNS, rows)
    found = document["attention"]
    if found["spearman"] is not None:
        print(
            f"\nRank correlation of score and publications: {found['spearman']:.2f} "
            f"({found['targets']} targets). Attention is not evidence."
        )


def _write_ranking(document: Mapping[str, Any], out: Path) -> Path:
    from ligandose.report.tables import Table

    head = ("target", "id", "indication", "tier", "score_median", "score_p05", "score_p95",
            "tier_stability", "missing_weight", "stage", "reasons_for", "reasons_against",
            "flags")  # fmt: skip
    rows = tuple(
        (
            e["target"], e["id"], e["indication"], e["tier"], e["score"]["median"],
            e["score"]["p05"], e["score"]["p95"], e["tier_stability"], e["missing_weight"],
            e["stage"], "; ".join(e["reasons_for"]), "; ".join(e["reasons_against"]),
            "; ".join(e["flags"]),
        )
        for e in document["ranking"]
    )  # fmt: skip
    return write_folder(document, out, tables=[Table("ranking", head, rows)])


def _print_target(document: Mapping[str, Any]) -> None:
    from ligandose.targets import short

    entry = document["target"]
    title = f"{entry['name']} ({entry['id']}), {entry['kind']}: {entry['family']}"
    rows = [
        (c["field"], c["context"], _value(c), c["status"], "yes" if c["verified"] else "no",
         str(c["locator"] or MISSING), str(c["date"] or MISSING))
        for c in document["findings"]
    ]  # fmt: skip
    print_rows(title, ("Field", "Where", "Value", "Status", "Verified", "Source", "Date"), rows)
    print()
    organs = [
        (
            o["organ"],
            MISSING if o["rna_nTPM"] is None else f"{o['rna_nTPM']:g}",
            o["protein_level"] or MISSING,
            o["protein_reliability"] or MISSING,
        )
        for o in document["expression"]["organs"]
    ]
    print_rows("Normal organs", ("Organ", "RNA, nTPM", "Protein", "Reliability"), organs)
    print()
    densities = [
        (d["tissue"], short(d["density_nmol_L"]),
         f"{short(d['p05_nmol_L'])} to {short(d['p95_nmol_L'])}",
         d["basis"] if d["basis"] == "measured" else f"model from {d['pattern']}")
        for d in document["densities"]
    ]  # fmt: skip
    print_rows("Binding sites", ("Tissue", "nmol/L", "90 % interval", "Basis"), densities)
    print()
    agents = [(a["name"], a["stage"], a["status"]) for a in document["agents"]]
    print_rows("Agents", ("Agent", "Stage", "Status"), agents)
    for flag in document["flags"]:
        print(f"Flag: {flag}")


def _print_import(document: Mapping[str, Any]) -> None:
    rows = [
        (f["table"], f["edition"], str(f["rows_read"]), str(f["rows_kept"]), str(f["genes"]),
         _unmatched(f["unmatched"]), f"{f['seconds']:.1f} s")
        for f in document["files"]
    ]  # fmt: skip
    columns = ("Table", "Edition", "Rows read", "Values kept", "Genes", "Not matched", "Time")
    print_rows(f"Imported into {document['store']}", columns, rows)
    for name, reason in document["skipped"].items():
        print(f"Skipped {name}: {reason}")


def _unmatched(found: Mapping[str, Any]) -> str:
    parts = [f"{n['names']} {kind} ({', '.join(n['examples'][:3])})" for kind, n in found.items()]
    return "; ".join(parts) or MISSING


def _imported(found: Target, store: Path | None) -> dict[str, Any] | None:
    """Return what the user's own store says of a target's genes; None without a store."""
    from ligandose.evidence import default_store

    place = store if store is not None else default_store()
    if store is None and not place.exists():
        return None
    from ligandose.evidence import EvidenceStore

    with EvidenceStore.open(place) as opened:
        return {
            "store": str(place),
            "editions": [asdict(edition) for edition in opened.editions()],
            "genes": [
                gene.document()
                for name in found.expression_genes
                for gene in opened.expression(name)
            ],
        }


def _catalogue_genes() -> list[str]:
    from ligandose.targets import target, targets

    return sorted({gene for name in targets() for gene in target(name).expression_genes})


def _shared_indication(names: Sequence[str]) -> str:
    """Return the first indication that all targets matter in, else the first of the first."""
    from ligandose.targets import target

    lists = [target(name).indications for name in names]
    shared = [i for i in lists[0] if all(i in other for other in lists[1:])]
    found = shared or [i for indications in lists for i in indications]
    if not found:
        raise InputError(f"{', '.join(names)}: no indication is known; give one with --indication")
    return found[0]


def _tier(entry: Mapping[str, Any]) -> str:
    return "not assessable" if entry["tier"] is None else str(entry["tier"])


def _score(entry: Mapping[str, Any]) -> str:
    score = entry["score"]
    return f"{score['median']:.2f} ({score['p05']:.2f} to {score['p95']:.2f})"


def _first(reasons: Sequence[str]) -> str:
    return reasons[0] if reasons else MISSING


def _few(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _value(claim: Mapping[str, Any]) -> str:
    if claim["value"] is None:
        bounds = [f"{claim[edge]:g}" for edge in ("low", "high") if claim[edge] is not None]
        return " to ".join(bounds) or MISSING
    number = claim["value"]
    text = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{text} {claim['unit']}".strip() if claim["unit"] != "1" else text
