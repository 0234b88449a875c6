"""Names in a study file, and what is noted while it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ligandose.course.study_yaml import FieldPath, StudyText, shortened
from ligandose.errors import InputError, nearest_names


@dataclass(frozen=True, slots=True)
class Notes:
    """What the file left to the catalogue, and what its own values mean for a result."""

    filled_in: list[str]
    caveats: list[str]


def check_known(
    text: StudyText, path: FieldPath, kind: str, name: str, known: Iterable[str], remedy: str
) -> None:
    """Raise where a name is in no catalogue: the nearest names, or all where they are few."""
    names = tuple(known)
    if name in names:
        return
    near = nearest_names(name, names)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    allowed = f"allowed are {', '.join(names)}" if len(names) <= 8 else f"{len(names)} are known"
    raise InputError(
        f"{text.place(path)} unknown {kind} {shortened(name)!r}; {meant}{allowed}{remedy}"
    )
