"""A screen's study file: which targets, vectors and nuclides, for whom, within which limits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ligandose.agents import agents
from ligandose.course.study import StudyText, read_study_text
from ligandose.design.screen_plan import (
    DEFAULT_KNOWLEDGE,
    DEFAULT_PATIENTS,
    Cap,
    ScreenPlan,
    Tumour,
)
from ligandose.design.screen_schema import ScreenPart, check_screen
from ligandose.design.screen_settings import (
    Limit,
    Setting,
    generic_vectors,
    number_of,
    setting,
    settings,
)
from ligandose.design.screen_targets import check_name, selected_targets
from ligandose.effect import effect_parameters, tumour_parameters
from ligandose.errors import InputError, UnknownNameError
from ligandose.hosts import VEIN, diseases, host, hosts, read_route
from ligandose.nuclides import nuclide
from ligandose.targets import (
    canonical_name,
    indication_name,
)

STUDY_SOURCE = "study file"
NOT_SIMULATABLE = "is not simulatable"


def read_screen(path: Path | str) -> ScreenPlan:
    """Read a screen's study file (YAML, UTF-8); docs/design.md says what it can hold.

    Raises:
        InputError: file, line, field, the value that came, what is allowed, and what to do.
    """
    text = read_study_text(Path(path))
    return replace(_plan(text), sha256=hashlib.sha256(text.raw).hexdigest())


def screen_from_mapping(data: Mapping[str, Any], *, name: str = "screen") -> ScreenPlan:
    """Return the plan of a mapping of the shape of a study file; `name` stands in messages.

    Raises:
        InputError: as `read_screen`.
    """
    return _plan(StudyText(name, data))


def _plan(text: StudyText) -> ScreenPlan:
    part = check_screen(text)
    indication = _named(text, "indication", indication_name, part.indication)
    check_name(text, ("host",), "host", part.host, hosts())
    disease, notes = _disease(text, part, indication)
    if part.setting is not None:
        check_name(text, ("setting",), "setting", part.setting, settings())
    held = setting(part.setting or "")
    route, reason = _route(text, part, held)
    mass, number = _lesions(part, held)
    tumour, said = _tumour(text, part, disease)
    targets, selected = selected_targets(text, part.targets, indication)
    return ScreenPlan(
        indication=indication,
        host=part.host,
        disease=disease,
        setting=part.setting or "",
        goal=_goal(text, part, held, tumour),
        targets=targets,
        vectors=_vectors(text, part.vectors),
        nuclides=_nuclides(text, part.nuclides),
        reference=_reference(text, part),
        limits=_limits(text, part, held),
        marrow=part.marrow or held.marrow,
        fraction=part.limit.fraction,
        mode=part.limit.activity,
        share_beyond=part.limit.share_beyond,
        cap=_cap(text, part),
        transport_h=_transport_h(part),
        impurities={
            _nuclide(text, ("supply", "impurities"), n): {
                _nuclide(text, ("supply", "impurities", n), i): share for i, share in held_.items()
            }
            for n, held_ in part.supply.impurities.items()
        },
        labels=part.labels,
        swap_label=part.swap_label,
        route=route,
        route_reason=reason,
        rank_at=part.rank_at,
        lesion_mass_g=mass,
        lesion_number=number,
        tumour=tumour,
        density=part.density,
        exclude=_exclude(text, part),
        patients=part.patients or DEFAULT_PATIENTS,
        seed=1 if part.seed is None else part.seed,
        knowledge=DEFAULT_KNOWLEDGE if part.knowledge is None else part.knowledge,
        notes=(*selected, *notes, *said),
    )


# ------------------------------------------------------------------ names


def _named(text: StudyText, key: str, find: Callable[[str], str], name: str) -> str:
    try:
        return find(name)
    except InputError as error:
        raise InputError(f"{text.place((key,))} {error}") from error


def _vectors(text: StudyText, listed: Sequence[str]) -> tuple[str, ...]:
    known = (*generic_vectors(), *agents())
    for i, name in enumerate(listed):
        check_name(text, ("vectors", i), "class of vectors or agent", name, known)
    if not listed:
        raise InputError(f"{text.place(('vectors',))} is empty; name classes or agents")
    return tuple(dict.fromkeys(listed))


def _nuclides(text: StudyText, listed: Sequence[str]) -> tuple[str, ...]:
    if not listed:
        raise InputError(f"{text.place(('nuclides',))} is empty; name nuclides such as Lu-177")
    return tuple(
        dict.fromkeys(_nuclide(text, ("nuclides", i), name) for i, name in enumerate(listed))
    )


def _nuclide(text: StudyText, path: tuple[str | int, ...], name: str) -> str:
    try:
        return nuclide(name).name
    except InputError as error:
        raise InputError(f"{text.place(path)} {error}") from error


def _reference(text: StudyText, part: ScreenPart) -> str:
    if part.reference is None:
        return ""
    check_name(text, ("reference",), "agent", part.reference, agents())
    return part.reference


# ------------------------------------------------------------------ setting


def _disease(text: StudyText, part: ScreenPart, indication: str) -> tuple[str, tuple[str, ...]]:
    """Return the disease that lends its lesions: the indication's own where it has any."""
    if part.disease is not None:
        check_name(text, ("disease",), "disease", part.disease, diseases())
        found = part.disease
    elif indication in diseases():
        found = indication
    else:
        raise InputError(
            f"{text.name}: no lesions are held for {indication}; name a disease that lends them: "
            f"{', '.join(diseases())}"
        )
    if not host(part.host, disease=found).lesions:
        raise InputError(f"{text.place(('disease',))} {found} has no lesions; choose another")
    if found == indication:
        return found, ()
    return found, (f"Lesions (perfusion, volumes, numbers) are those of {found}.",)


def _lesions(
    part: ScreenPart, held: Setting
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    own, cv = part.lesions, part.lesions.cv
    mass = held.lesion_mass_g if own.mass_g is None else (own.mass_g, cv)
    number = held.lesion_number if own.number is None else (own.number, cv)
    return mass, number


def _route(text: StudyText, part: ScreenPart, held: Setting) -> tuple[str, str]:
    """Return the route, and why nothing can be simulated where the setting needs another one."""
    if part.route is None:
        return VEIN, held.route
    try:
        return str(read_route(part.route)), ""
    except InputError as error:
        if NOT_SIMULATABLE in str(error):  # known, but without published numbers
            return part.route, str(error)
        raise InputError(f"{text.place(('route',))} {error}") from error


def _goal(text: StudyText, part: ScreenPart, held: Setting, tumour: Tumour | None) -> str:
    goal = part.goal or held.goal
    if goal != "marrow_bed" and tumour is None:
        raise InputError(
            f"{text.name}: no radiobiology of {part.disease or part.indication} is published here, "
            "so a kill cannot be given; name whose it should be, such as tumour: {of: mCRPC}, "
            "with own values where you have them"
        )
    return goal


def _tumour(
    text: StudyText, part: ScreenPart, disease: str
) -> tuple[Tumour | None, tuple[str, ...]]:
    own = part.tumour
    of = own.of or disease
    try:
        tumour_parameters(of)
    except UnknownNameError as error:
        if own.of is not None:
            raise InputError(f"{text.place(('tumour', 'of'))} {error}") from error
        return None, ()
    given = {
        "alpha": own.alpha_per_Gy,
        "alpha_beta": own.alpha_beta_Gy,
        "doubling_time": own.doubling_time_d,
        "kick_off_time": own.kick_off_time_d,
        "clonogen_density": None if own.clonogens_per_g is None else 1e3 * own.clonogens_per_g,
        "dose_log_sd": own.dose_log_sd,
    }
    values = {key: value for key, value in given.items() if value is not None}
    notes = [f"Radiobiology of the lesions is that of {of}."] if of != disease else []
    if values:
        listed = ", ".join(f"{key} = {value:g}" for key, value in values.items())
        notes.append(f"Own radiobiology of the study file: {listed}.")
    return Tumour(of, values), tuple(notes)


def _limits(text: StudyText, part: ScreenPart, held: Setting) -> tuple[Limit, ...]:
    limits = {limit.region: limit for limit in held.limits}
    for region, own in part.organ_limits.items():
        path = ("organ_limits", region)
        given = {
            "absorbed_dose": own.dose_Gy,
            "bed": own.bed_Gy,
            "eqd2": own.eqd2_Gy,
        }
        stated = {key: value for key, value in given.items() if value is not None}
        if len(stated) != 1:
            raise InputError(f"{text.place(path)} needs exactly one of dose_Gy, bed_Gy and eqd2_Gy")
        quantity, value = next(iter(stated.items()))
        organs = (*host(part.host).organs, "urinary_bladder")
        check_name(text, path, "organ", region, organs)
        if quantity != "absorbed_dose":
            try:
                effect_parameters(region)
            except UnknownNameError as error:
                raise InputError(f"{text.place(path)} {error}; give dose_Gy") from error
        limits[region] = Limit(region, quantity, value, "of the study", STUDY_SOURCE)
    return tuple(limits.values())


def _cap(text: StudyText, part: ScreenPart) -> Cap:
    own = part.cap

    def by_nuclide(key: str, given: float | dict[str, float] | None) -> dict[str, float]:
        if given is None:
            return {}
        if isinstance(given, dict):
            return {_nuclide(text, ("cap", key, n), n): value for n, value in given.items()}
        return {"": given}

    return Cap(
        cycles=own.cycles,
        every_weeks=own.every_weeks,
        activity_GBq=by_nuclide("activity_GBq", own.activity_GBq),
        amount_nmol=own.amount_nmol,
        amount_given_nmol=own.amount_given_nmol,
        specific_activity_GBq_nmol=by_nuclide(
            "specific_activity_GBq_nmol", own.specific_activity_GBq_nmol
        ),
    )


def _transport_h(part: ScreenPart) -> float:
    stated = part.supply.transport_h
    return number_of("supply", "transport") if stated is None else stated


def _exclude(text: StudyText, part: ScreenPart) -> tuple[tuple[str, str, str], ...]:
    found: list[tuple[str, str, str]] = []
    for i, one in enumerate(part.exclude):
        path = ("exclude", i)
        given = [(k, v) for k in ("target", "vector", "nuclide") if (v := getattr(one, k))]
        if len(given) != 1:
            raise InputError(f"{text.place(path)} needs exactly one of target, vector and nuclide")
        kind, name = given[0]
        if kind == "target":
            name = _named(text, "exclude", canonical_name, name)
        elif kind == "nuclide":
            name = _nuclide(text, path, name)
        found.append((kind, name, one.reason))
    return tuple(found)
