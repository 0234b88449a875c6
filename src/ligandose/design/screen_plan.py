"""What a screen asks for, as plain values: they travel to workers and name result files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ligandose.design.screen_settings import MARROW, Limit

PER_PATIENT, POPULATION = "per_patient", "population"
MODES = (PER_PATIENT, POPULATION)
RANKED_AT = ("practical", "limit", "cap")
DEFAULT_PATIENTS = 100
DEFAULT_KNOWLEDGE = 8
KNOWLEDGE_PATIENTS = 24


@dataclass(frozen=True)
class Cap:
    """What practice allows.

    Attributes:
        cycles, every_weeks: of the course; None leaves those that are typical of the agent.
        activity_GBq: most activity of one cycle by nuclide, "" for all others; a nuclide without
            one takes the highest that a catalogued agent is given with.
        amount_nmol: most vector of one cycle; None for no cap.
        amount_given_nmol: vector given with each cycle; None for what is typical of the agent.
        specific_activity_GBq_nmol: highest at calibration by nuclide, "" for all others.
    """

    cycles: int | None = None
    every_weeks: float | None = None
    activity_GBq: Mapping[str, float] = field(default_factory=dict[str, float])
    amount_nmol: float | None = None
    amount_given_nmol: float | None = None
    specific_activity_GBq_nmol: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class Tumour:
    """Radiobiology of the lesions.

    Attributes:
        disease: whose rows of effect.csv they are.
        values: what the study gives instead, in the units of that table: alpha (1/Gy),
            alpha_beta (Gy), doubling_time and kick_off_time (d), clonogen_density (1/kg),
            dose_log_sd (1).
    """

    disease: str
    values: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class ScreenPlan:
    """A screen.

    Attributes:
        indication: identifier of the catalogue, for densities and tiers.
        host, disease: who receives it, and the disease that lends its lesions.
        setting: name of the setting, "" for none.
        goal: what candidates are ranked by.
        targets: identifiers; vectors: classes or agents of the catalogue; nuclides: names.
        reference: agent of the catalogue that all are compared with; "" for none.
        limits: of organs that limit; `marrow` says what the marrow is.
        fraction: part of its own limit that an organ may reach.
        mode: "per_patient" (each gets what the own organs allow) or "population" (all get the
            activity that brings `share_beyond` of them beyond a limit).
        cap: what practice allows.
        transport_h: from calibration to injection.
        impurities: activity fractions at calibration of long-lived nuclides, by nuclide.
        labels: "good" or "conditional": the least that a label must hold a nuclide.
        swap_label: whether a vector may carry another label than its own.
        route: way into the body, as `hosts.read_route` knows them.
        route_reason: what the setting says of its route where the study names none; nothing can
            then be simulated.
        rank_at: activity at which candidates are ranked: "limit", "cap", or "practical", the
            lower of both.
        lesion_mass_g, lesion_number: median and variation in place of the disease's.
        tumour: radiobiology of the lesions; None where none is known.
        density: "catalogue" (measured before modelled) or "model" (expression only, for all).
        exclude: (kind, name, reason) of what the study leaves out.
        patients, seed, knowledge: of the population; draws from the uncertainty of parameters.
        notes: what a reader must know of how the file was filled in.
        sha256: of the study file.
    """

    indication: str
    host: str
    disease: str
    targets: tuple[str, ...]
    vectors: tuple[str, ...]
    nuclides: tuple[str, ...]
    limits: tuple[Limit, ...]
    setting: str = ""
    goal: str = "log10_kill"
    reference: str = ""
    marrow: str = "limit"
    fraction: float = 1.0
    mode: str = PER_PATIENT
    share_beyond: float = 0.05
    cap: Cap = Cap()
    transport_h: float = 0.0
    impurities: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict[str, Mapping[str, float]]
    )
    labels: str = "conditional"
    swap_label: bool = True
    route: str = "vein"
    route_reason: str = ""
    rank_at: str = "practical"
    lesion_mass_g: tuple[float, float] | None = None
    lesion_number: tuple[float, float] | None = None
    tumour: Tumour | None = None
    density: str = "catalogue"
    exclude: tuple[tuple[str, str, str], ...] = ()
    patients: int = DEFAULT_PATIENTS
    seed: int = 1
    knowledge: int = DEFAULT_KNOWLEDGE
    notes: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def counted_limits(self) -> tuple[Limit, ...]:
        """The limits that count; marrow may be rescued or the target."""
        return tuple(x for x in self.limits if x.region != MARROW or self.marrow == "limit")

    def task(self) -> dict[str, Any]:
        """Return what decides the result of one candidate, JSON-able: no lists of candidates."""
        every = asdict(self)
        left_out = ("targets", "vectors", "nuclides", "reference", "exclude", "notes", "sha256")
        ranking = ("goal", "rank_at", "setting", "labels", "swap_label", "route_reason")
        return {k: v for k, v in every.items() if k not in (*left_out, *ranking)}


def plan_of_task(task: Mapping[str, Any]) -> ScreenPlan:
    """Return the part of a plan that a task carries; the rest has its default."""
    values = dict(task)
    values["limits"] = tuple(Limit(**one) for one in values["limits"])
    values["cap"] = Cap(**values["cap"])
    if values["tumour"] is not None:
        values["tumour"] = Tumour(**values["tumour"])
    for key in ("lesion_mass_g", "lesion_number"):
        if values[key] is not None:
            values[key] = tuple(values[key])
    return ScreenPlan(targets=(), vectors=(), nuclides=(), **values)
