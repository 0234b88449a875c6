"""A tissue file: what `ligandose tissue` compares, in a few readable lines."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from ligandose.agents import Agent, agents
from ligandose.course._study_names import check_known
from ligandose.course._tissue_schema import (
    BeamPart,
    ComparePart,
    DeliveryPart,
    EffectPart,
    LesionTissuePart,
    OrganPart,
    SweepPart,
    TimePart,
    TissueFilePart,
    TissuePart,
)
from ligandose.course.schema import checked, shown
from ligandose.course.study_yaml import FieldPath, StudyText, read_study_text
from ligandose.course.tissue_plan import (
    SHAPES,
    CellBiology,
    Compare,
    Delivery,
    Equal,
    ExternalBeam,
    Organ,
    Shape,
    Source,
    Sweep,
    TimeCourse,
    TissuePlan,
)
from ligandose.effect import tumour_parameters
from ligandose.errors import InputError, LigandoseError, nearest_names
from ligandose.hosts import diseases, typical_tissues
from ligandose.nuclides import nuclide, nuclides

HOUR_S = 3600.0
LESION = "lesion:"
UM_PER_MM = 1000.0
BQ_PER_KG = 1e9
"""Bq/kg in one MBq/g."""
GRAM_KG = 1e-3
MOST_VALUES = 60
VALUES = {
    "mean_dose": "mean_dose_Gy",
    "emitted_dose": "emitted_dose_Gy",
    "activity": "activity_MBq_g",
    "organ_dose": "organ_dose_Gy",
}


@dataclass(frozen=True)
class TissueFile:
    """A tissue file that was read.

    Attributes:
        plan: what it asks for.
        sha256: hash of the file, "" where there was none.
        places: "file:line: part:" of its parts, for what only comes out when a tissue is built.
    """

    plan: TissuePlan
    sha256: str = ""
    places: Mapping[str, str] = field(default_factory=dict[str, str])

    def located(self, error: LigandoseError) -> InputError:
        """Return an error of a comparison with the place in the file that it is about."""
        words = str(error)
        part = next((part for part in self.places if words.startswith(f"{part}:")), "")
        about = part or "tissue"
        place = self.places.get(about, "")
        return InputError(f"{place} {words.removeprefix(f'{part}:').strip()}" if place else words)


def read_tissue_file(path: Path | str, *, nuclides: Sequence[str] = ()) -> TissueFile:
    """Read a tissue file (YAML, UTF-8).

    Args:
        path: the file.
        nuclides: in place of those of the file, where any are given.

    Raises:
        InputError: file, line, field, the value that came, what is allowed, and what to do.
    """
    text = read_study_text(Path(path))
    plan = plan_of(text, nuclides=nuclides)
    places = {part: text.place((part,)) for part in text.data}
    return TissueFile(plan, hashlib.sha256(text.raw).hexdigest(), places)


def plan_from_mapping(
    data: Mapping[str, Any], *, name: str = "tissue", nuclides: Sequence[str] = ()
) -> TissuePlan:
    """Return the plan of a mapping of the shape of a tissue file; `name` stands in messages.

    Raises:
        InputError: as `read_tissue_file`.
    """
    return plan_of(StudyText(name, data), nuclides=nuclides)


def plan_of(text: StudyText, *, nuclides: Sequence[str] = ()) -> TissuePlan:
    """Return the plan of a text; errors as `read_tissue_file`."""
    part = checked(text, TissueFilePart)
    if not 0.0 <= part.retained_daughters <= 1.0:
        raise InputError(
            f"{text.place(('retained_daughters',))} got {shown(part.retained_daughters)}, allowed "
            "is 0 (all daughters leave) to 1 (all stay)"
        )
    plan = TissuePlan(
        shape=_shape(text, part.tissue),
        source=_made(text, ("source",), Source, **part.source.model_dump()),
        nuclides=_nuclides(text, part, nuclides),
        compare=_compare(text, part.compare),
        biology=_biology(text, part.effect),
        time=_time(text, ("time",), part.time),
        retained=part.retained_daughters,
        delivery=_delivery(text, part.delivery),
        sweep=_sweep(text, part.sweep),
        seed=part.seed,
    )
    if part.lesion_radius_mm is not None:
        reach = _positive(text, ("lesion_radius_mm",), part.lesion_radius_mm) * UM_PER_MM
        plan = replace(plan, reach_um=reach)
    if plan.sweep is not None:
        _made(text, ("sweep", "field"), plan.with_value, plan.sweep.field, plan.sweep.values[0])
    return plan


def _made(text: StudyText, path: FieldPath, make: Any, *values: Any, **named: Any) -> Any:
    """Return what `make` makes; its errors get the place in the file."""
    try:
        return make(*values, **named)
    except LigandoseError as error:
        raise InputError(f"{text.place(path)} {error}") from error


def _positive(text: StudyText, path: FieldPath, value: float) -> float:
    if not (np.isfinite(value) and value > 0.0):
        raise InputError(f"{text.place(path)} got {shown(value)}, allowed is a number above 0")
    return value


def _shape(text: StudyText, part: TissuePart, path: FieldPath = ("tissue",)) -> Shape:
    if part.base is not None:
        named = path if (*path, "base") not in text.lines else (*path, "base")
        check_known(text, named, "tissue", part.base, typical_tissues(), "")
        if part.shape != "tissue":
            raise InputError(
                f"{text.place((*path, 'shape'))} a {part.shape} has no base; remove one"
            )
    check_known(text, (*path, "shape"), "shape", part.shape, SHAPES, "")
    values = dict(part.__pydantic_extra__ or {})
    shape = Shape(part.shape, values, part.base or "")
    for key in values:
        if key not in shape.allowed():
            near = nearest_names(key, shape.allowed())
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            raise InputError(
                f"{text.place((*path, key))} unknown key of a {part.shape}; {meant}allowed "
                f"are {', '.join(shape.allowed())}"
            )
        if part.shape != "tissue" and isinstance(values[key], str):
            raise InputError(
                f"{text.place((*path, key))} got {shown(values[key])}, allowed is a number"
            )
    if part.shape == "tissue":
        _made(text, path, shape.spec)
    return shape


def _nuclides(text: StudyText, part: TissueFilePart, given: Sequence[str]) -> tuple[str, ...]:
    chosen = list(given) or part.nuclides or []
    if not chosen:
        raise InputError(
            f"{text.name}: no nuclides; write nuclides: [Lu-177, Ac-225] or give --nuclides"
        )
    found: list[str] = []
    for i, name in enumerate(chosen):
        try:
            canonical = nuclide(name).name
        except InputError:
            if given:
                raise
            check_known(
                text, ("nuclides", i), "nuclide", name, nuclides(), "; write it like Ac-225"
            )
            raise
        if nuclide(canonical).is_stable:
            place = "" if given else f"{text.place(('nuclides', i))} "
            raise InputError(f"{place}{canonical} is stable; give radionuclides")
        found.append(canonical)
    return tuple(dict.fromkeys(found))


def _time(text: StudyText, path: FieldPath, part: TimePart | OrganPart | None) -> TimeCourse:
    if part is None:
        return TimeCourse()
    clearance = part.clearance_half_time_h
    return _made(
        text, path, TimeCourse,
        uptake_half_time_s=part.uptake_half_time_h * HOUR_S,
        clearance_half_time_s=np.inf if clearance is None else clearance * HOUR_S,
    )  # fmt: skip


def _delivery(text: StudyText, part: DeliveryPart | None) -> Delivery | None:
    if part is None:
        return None
    check_known(text, ("delivery", "agent"), "agent", part.agent, agents(),
                "; `ligandose agents list` lists them")  # fmt: skip
    name = part.lesion.removeprefix(LESION)
    return Delivery(part.agent, f"{LESION}{name}")


def _compare(text: StudyText, part: ComparePart) -> Compare:
    given = {equal: getattr(part, key) for equal, key in VALUES.items()}
    chosen = [(equal, value) for equal, value in given.items() if value is not None]
    if len(chosen) != 1:
        raise InputError(
            f"{text.place(('compare',))} got {len(chosen)} values; give exactly one of "
            f"{', '.join(VALUES.values())}: it says what is equal between the nuclides"
        )
    equal, value = cast("tuple[Equal, float]", chosen[0])
    _positive(text, ("compare", VALUES[equal]), value)
    organ = None
    if part.organ is not None:
        own = part.organ
        time = _time(text, ("compare", "organ"), own)
        organ = _made(
            text, ("compare", "organ"), Organ, own.name, time, own.uptake_ratio, own.alpha_weight
        )
    scale = BQ_PER_KG if equal == "activity" else 1.0
    return _made(text, ("compare",), Compare, equal, value * scale, organ)


def _biology(text: StudyText, part: EffectPart) -> CellBiology:
    alpha, ratio = part.alpha_per_Gy, part.alpha_beta_Gy
    repair = part.repair_half_time_h
    source = "given"
    if part.disease is not None:
        check_known(text, ("effect", "disease"), "disease", part.disease, diseases(), "")
        known = _made(text, ("effect", "disease"), tumour_parameters, part.disease)
        source = f"tumour of {part.disease}"
        alpha = known.alpha_per_Gy if alpha is None else alpha
        ratio = known.alpha_beta_Gy if ratio is None else ratio
        repair = np.log(2.0) / known.repair_rate_per_s / HOUR_S if repair is None else repair
    needed = {"alpha_per_Gy": alpha, "alpha_beta_Gy": ratio, "repair_half_time_h": repair}
    for key, value in needed.items():
        if value is None:
            raise InputError(
                f"{text.place(('effect',))} {key} is missing; give it, or disease: NAME whose "
                f"tumours it is taken from ({', '.join(diseases())})"
            )
        _positive(text, ("effect", key), value)
    for key in ("rbe", "surface_mmHg", "clonogenic_fraction", "lesion_mass_g"):
        value = getattr(part, key)
        if value is not None:
            _positive(text, ("effect", key), value)
    if part.clonogenic_fraction > 1.0:
        raise InputError(
            f"{text.place(('effect', 'clonogenic_fraction'))} got "
            f"{shown(part.clonogenic_fraction)}, allowed is above 0 up to 1"
        )
    mass = None if part.lesion_mass_g is None else part.lesion_mass_g * GRAM_KG
    return CellBiology(
        alpha_per_Gy=cast("float", alpha),
        alpha_beta_Gy=cast("float", ratio),
        repair_rate_per_s=np.log(2.0) / (cast("float", repair) * HOUR_S),
        rbe=part.rbe,
        oxygen=part.oxygen,
        surface_mmHg=part.surface_mmHg,
        clonogenic_fraction=part.clonogenic_fraction,
        mass_kg=mass,
        source=source,
        combined_with=tuple(part.combined_with or ()),
        beam=_beam(text, part.external_beam),
    )


def _beam(text: StudyText, part: BeamPart | None) -> ExternalBeam | None:
    if part is None:
        return None
    return _made(
        text, ("effect", "external_beam"), ExternalBeam,
        part.fractions, part.dose_per_fraction_Gy, part.every_h * HOUR_S,
    )  # fmt: skip


def _sweep(text: StudyText, part: SweepPart | None) -> Sweep | None:
    if part is None:
        return None
    rising = all(a < b for a, b in zip(part.values, part.values[1:], strict=False))
    if not 2 <= len(part.values) <= MOST_VALUES or not rising:
        raise InputError(
            f"{text.place(('sweep', 'values'))} got {len(part.values)} values; give 2 to "
            f"{MOST_VALUES} that increase"
        )
    return Sweep(part.field, tuple(part.values))


def lesion_plan(text: StudyText, part: LesionTissuePart, agent: Agent, lesion: str) -> TissuePlan:
    """Return the plan of the tissue that a lesion of a study carries.

    What is equal, the time course and radiosensitivity come from the course, so that their places
    in the plan are not looked at.

    Raises:
        InputError: as `read_tissue_file`.
    """
    path = ("tissue",)
    if not 0.0 <= part.retained_daughters <= 1.0:
        raise InputError(
            f"{text.place((*path, 'retained_daughters'))} got {shown(part.retained_daughters)}, "
            "allowed is 0 (all daughters leave) to 1 (all stay)"
        )
    plan = TissuePlan(
        shape=_shape(text, part.tissue, (*path, "tissue")),
        source=_made(text, (*path, "source"), Source, **part.source.model_dump()),
        nuclides=(agent.nuclide,),
        compare=Compare("emitted_dose", 1.0),
        biology=CellBiology(1.0, 1.0, 1.0, oxygen=part.oxygen, surface_mmHg=part.surface_mmHg),
        retained=part.retained_daughters,
        delivery=Delivery(agent.name, lesion) if part.delivery else None,
        seed=part.seed,
    )
    if part.lesion_radius_mm is None:
        return plan
    reach = _positive(text, (*path, "lesion_radius_mm"), part.lesion_radius_mm) * UM_PER_MM
    return replace(plan, reach_um=reach)
