"""Tables of many patients: the event table of NONMEM, and PEtab, read and written.

The event table has one row for each administration (EVID 1) and measurement (EVID 0), columns
ID, TIME (h after the patient's first administration), EVID, AMT (MBq), NMOL, DUR (h), CMT (1, the
vein), DVID, DV (MBq at the time of the measurement), MDV, then covariates. DVID 1, 2, … are
regions and AGENT 1, 2, … agents; a second file beside it (NAME_codes.csv) says which. Only
numbers stand in the event table itself, as NONMEM wants it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from ligandose.errors import InputError
from ligandose.plan.individual_data import ActivityDatum, Given, PatientData
from ligandose.plan.population_model import Subject

COLUMNS = ("ID", "TIME", "EVID", "AMT", "NMOL", "DUR", "CMT", "AGENT", "DVID", "DV", "RELSD", "MDV")
CODES = ("kind", "code", "name")
HOUR_S = 3600.0
MOST_BYTES = 100_000_000
MISSING = "."


def write_events(path: Path | str, subjects: Sequence[Subject]) -> tuple[Path, Path]:
    """Write an event table and its codes; return both files.

    Raises:
        InputError: a measurement that is no activity, or covariates that differ in name.
    """
    file = Path(path)
    agents, regions, names = _codes(subjects)
    rows: list[list[str]] = []
    for number, subject in enumerate(subjects, start=1):
        if set(subject.covariates) != set(names):
            raise InputError(
                f"subject {subject.name}: covariates {', '.join(subject.covariates) or 'none'}; "
                f"all subjects must have {', '.join(names) or 'none'}"
            )
        rows += _events(number, subject, agents, regions, names)
    _write(file, [*COLUMNS, *(_column(n) for n in names)], rows)
    codes = [["agent", str(i), n] for i, n in enumerate(agents, start=1)]
    codes += [["region", str(i), n] for i, n in enumerate(regions, start=1)]
    codes += [["covariate", _column(n), n] for n in names]
    codes += [["subject", str(i), s.name] for i, s in enumerate(subjects, start=1)]
    beside = file.with_name(f"{file.stem}_codes.csv")
    _write(beside, list(CODES), codes)
    return file, beside


def _codes(subjects: Sequence[Subject]) -> tuple[list[str], list[str], list[str]]:
    agents = dict.fromkeys(g.agent for s in subjects for g in s.data.given)
    regions = dict.fromkeys(a.region for s in subjects for a in s.data.activities)
    names = dict.fromkeys(k for s in subjects for k in s.covariates)
    return list(agents), list(regions), list(names)


def _column(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name).upper()


def _events(
    number: int, subject: Subject, agents: list[str], regions: list[str], names: list[str]
) -> list[list[str]]:
    """Return the rows of a subject in order of time, administrations before measurements."""
    first = min((g.time_s for g in subject.data.given), default=0.0)
    start = {g.name: g for g in subject.data.given}
    known = [repr(float(subject.covariates[n])) for n in names]
    timed: list[tuple[float, int, list[str]]] = []
    for g in subject.data.given:
        time = (g.time_s - first) / HOUR_S
        timed.append((time, 0, [
            str(number), repr(time), "1", repr(g.activity_Bq / 1e6), repr(g.amount_nmol),
            repr(g.duration_s / HOUR_S), "1", str(agents.index(g.agent) + 1), "0", MISSING,
            MISSING, "1", *known,
        ]))  # fmt: skip
    for a in subject.data.activities:
        if a.quantity != "activity_MBq":
            raise InputError(
                f"subject {subject.name}: {a.region} is given as {a.quantity}; the event table "
                "holds activity_MBq only"
            )
        given = start[a.given]
        time = (given.time_s - first + a.time_s) / HOUR_S
        timed.append((time, 1, [
            str(number), repr(time), "0", "0", "0", "0", "1",
            str(agents.index(given.agent) + 1), str(regions.index(a.region) + 1), repr(a.value),
            repr(a.relative_sd), "0", *known,
        ]))  # fmt: skip
    return [row for _, _, row in sorted(timed, key=lambda item: (item[0], item[1]))]


def _write(path: Path, columns: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def read_events(path: Path | str) -> list[Subject]:
    """Read an event table with its codes.

    Each measurement belongs to the last administration of its agent before it.

    Raises:
        InputError: file, line and column of what breaks a rule.
    """
    file = Path(path)
    codes = _read_codes(file.with_name(f"{file.stem}_codes.csv"))
    header, rows = _read(file)
    if tuple(header[: len(COLUMNS)]) != COLUMNS:
        raise InputError(f"{file.name}:1: the columns must begin with {', '.join(COLUMNS)}")
    extra = header[len(COLUMNS) :]
    for column in extra:
        if column not in codes["covariate"]:
            raise InputError(f"{file.name}:1: {column} is not in {file.stem}_codes.csv")
    by_subject: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in rows:
        by_subject.setdefault(row["ID"], []).append((line, row))
    return [
        _subject(file.name, codes, extra, codes["subject"].get(number, number), own)
        for number, own in by_subject.items()
    ]


def _subject(
    file: str,
    codes: Mapping[str, Mapping[str, str]],
    extra: Sequence[str],
    name: str,
    rows: Sequence[tuple[int, Mapping[str, str]]],
) -> Subject:
    given: list[Given] = []
    activities: list[ActivityDatum] = []
    for line, row in rows:
        where = f"{file}:{line}"
        time = _number(row, "TIME", where, low=0.0) * HOUR_S
        agent = _code(codes, "agent", row["AGENT"], where)
        if row["EVID"] == "1":
            given.append(
                Given(
                    f"dose {len(given) + 1}", agent, time,
                    _number(row, "AMT", where, low=0.0, above=True) * 1e6,
                    _number(row, "NMOL", where, low=0.0, above=True),
                    _number(row, "DUR", where, low=0.0) * HOUR_S,
                )
            )  # fmt: skip
        elif row["EVID"] == "0":
            if row["MDV"] == "1":
                continue
            last = [g for g in given if g.agent == agent]
            if not last:
                raise InputError(f"{where}: a measurement before any administration of {agent}")
            activities.append(
                ActivityDatum(
                    last[-1].name, _code(codes, "region", row["DVID"], where),
                    time - last[-1].time_s, "activity_MBq",
                    _number(row, "DV", where, low=0.0, above=True),
                    _number(row, "RELSD", where, low=0.0, above=True),
                )
            )  # fmt: skip
        else:
            raise InputError(f"{where}: EVID {row['EVID']!r}; known are 0 and 1")
    known = {
        codes["covariate"][c]: _number(rows[0][1], c, f"{file}:{rows[0][0]}", low=0.0)
        for c in extra
    }
    return Subject(name, PatientData(tuple(given), tuple(activities)), known)


def _read_codes(path: Path) -> dict[str, dict[str, str]]:
    header, rows = _read(path)
    if tuple(header) != CODES:
        raise InputError(f"{path.name}:1: the columns must be {', '.join(CODES)}")
    codes: dict[str, dict[str, str]] = {"agent": {}, "region": {}, "covariate": {}, "subject": {}}
    for line, row in rows:
        if row["kind"] not in codes:
            raise InputError(f"{path.name}:{line}: kind {row['kind']!r}; known: {', '.join(codes)}")
        codes[row["kind"]][row["code"]] = row["name"]
    return codes


def _read(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    if not path.is_file():
        raise InputError(f"{path.name}: no such file")
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path.name}: larger than {MOST_BYTES / 1e6:g} MB")
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: is not UTF-8 ({error})") from error
    reader = csv.DictReader(lines)
    rows: list[tuple[int, dict[str, str]]] = []
    for line, row in enumerate(reader, start=2):
        if None in row or None in row.values():
            raise InputError(f"{path.name}:{line}: the number of fields is not the header's")
        rows.append((line, {k: v.strip() for k, v in row.items()}))
    return list(reader.fieldnames or ()), rows


def _code(codes: Mapping[str, Mapping[str, str]], kind: str, code: str, where: str) -> str:
    if code not in codes[kind]:
        raise InputError(f"{where}: {kind} {code!r} is not in the codes")
    return codes[kind][code]


def _number(
    row: Mapping[str, str], key: str, where: str, *, low: float, above: bool = False
) -> float:
    try:
        value = float(row[key])
    except ValueError:
        raise InputError(f"{where}: {key} got {row[key][:40]!r}; write a number") from None
    if not math.isfinite(value) or value < low or (above and value == low):
        raise InputError(f"{where}: {key} got {value:g}, allowed is {'above' if above else 'from'} "
                         f"{low:g}")  # fmt: skip
    return value
