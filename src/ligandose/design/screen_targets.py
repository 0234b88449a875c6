"""Targets of a screen: named, or selected by tier, compartment and stage."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from ligandose.agents import STAGES, highest_stage
from ligandose.course.study import StudyText
from ligandose.errors import InputError, nearest_names
from ligandose.targets import (
    COMPARTMENTS,
    canonical_name,
    judged_targets,
    profile,
    target,
)

SELECTORS = ("tier", "compartment", "stage")
_RELATION = re.compile(r"\s*(tier|compartment|stage)\s*(<=|>=|==|=|<|>|:)\s*(.+?)\s*$")
_TESTS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    ":": lambda a, b: a == b,
}


def check_name(
    text: StudyText, path: tuple[str | int, ...], kind: str, name: str, known: Sequence[str]
) -> None:
    """Raise InputError where a name of a study is not known; says where, and what is."""
    if name not in known:
        near = nearest_names(name, known)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise InputError(
            f"{text.place(path)} unknown {kind} {name!r}; {hint}known are {', '.join(known)}"
        )


def selected_targets(
    text: StudyText, listed: Sequence[Any], indication: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return named targets with those of the indication that meet all selectors, and notes.

    Raises:
        InputError: an unknown name or selector; selectors that no target meets; nothing at all.
    """
    names: list[str] = []
    notes: list[str] = []
    tests: list[Callable[[str], bool]] = []
    said: list[str] = []
    for i, item in enumerate(listed):
        path = ("targets", i)
        for key, relation, value in _selectors(text, path, item):
            tests.append(_test(text, path, key, relation, value, indication))
            said.append(f"{key} {relation} {value}")
        if isinstance(item, str) and not _RELATION.match(item):
            try:
                names.append(canonical_name(item))
            except InputError as error:
                raise InputError(f"{text.place(path)} {error}") from error
    if tests:
        pool = judged_targets(indication)
        chosen = [name for name in pool if all(test(name) for test in tests)]
        if not chosen and not names:
            raise InputError(
                f"{text.place(('targets',))} none of {len(pool)} targets of {indication} meets "
                f"{' and '.join(said)}; `ligandose targets rank --indication {indication}` lists "
                "them"
            )
        names += chosen
        notes.append(f"{len(chosen)} of {len(pool)} targets of {indication} meet "
                     f"{' and '.join(said)}: {', '.join(chosen) or 'none'}.")  # fmt: skip
    if not names:
        raise InputError(f"{text.place(('targets',))} is empty; name targets or select them")
    return tuple(dict.fromkeys(names)), tuple(notes)


def _selectors(
    text: StudyText, path: tuple[str | int, ...], item: Any
) -> list[tuple[str, str, str]]:
    if isinstance(item, str):
        found = _RELATION.match(item)
        return [(found[1], found[2], found[3])] if found else []
    if isinstance(item, dict) and item:
        made: list[tuple[str, str, str]] = []
        for key, value in cast("dict[object, object]", item).items():
            check_name(text, path, "selector", str(key), SELECTORS)
            given = re.match(r"\s*(<=|>=|==|=|<|>)?\s*(.+?)\s*$", str(value))
            made.append((str(key), (given[1] if given else None) or "=", given[2] if given else ""))
        return made
    shown = str(cast("object", item))[:40]
    raise InputError(
        f"{text.place(path)} got {shown!r}; write a target such as PSMA, or a selector "
        "such as tier <= 2 or compartment: stroma"
    )


def _test(
    text: StudyText,
    path: tuple[str | int, ...],
    key: str,
    relation: str,
    value: str,
    indication: str,
) -> Callable[[str], bool]:
    holds = _TESTS[relation]
    if key == "tier":
        if value not in ("1", "2", "3", "4"):
            raise InputError(f"{text.place(path)} tier {value!r}; allowed are 1 (best) to 4")
        wanted = float(value)

        def tier(name: str) -> bool:
            found = profile(name, indication).tier
            return found is not None and holds(float(found), wanted)

        return tier
    if key == "compartment":
        check_name(text, path, "compartment", value, COMPARTMENTS)
        return lambda name: value in target(name).compartments(indication)
    check_name(text, path, "stage", value, STAGES)

    def stage(name: str) -> bool:
        found = highest_stage(name)
        return bool(found) and holds(float(STAGES.index(found)), float(STAGES.index(value)))

    return stage
