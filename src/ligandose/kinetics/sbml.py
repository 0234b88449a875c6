"""Export of a kinetic model with one patient's numbers to SBML, for any other simulator.

Systems Biology Markup Language Level 3 Version 1 Core (Hucka et al. 2018, J Integr Bioinform
15:20170080, doi 10.1515/jib-2017-0080). Time is in s, amount in nmol, volume in litres, and
time 0 is the start of the first phase. Every pool is a species that holds an amount; every
volume of the description is a compartment; every other number is a global parameter under its
own name, so that kinetic laws can be read and another patient's values put in their place.

Two forms exist. The reduced one is what the package solves: the total ligand, one species per
pool (and tag). In the other, labelled and unlabelled ligand are species of their own that compete
for the same sites, and the labelled one decays into the unlabelled one, as published models are
written. In what is infused the label decays as it does in the body.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ligandose.errors import InputError, UnknownNameError
from ligandose.kinetics._sbml_writer import LABELLED, UNLABELLED, Given, Writer
from ligandose.kinetics.description import ModelDescription
from ligandose.kinetics.solve import Dose, Phase


@dataclass(frozen=True)
class SbmlModel:
    """An exported model.

    Attributes:
        text: the SBML document.
        species: identifier by (pool, group); the group is "" in the reduced form with one tag,
            "0", "1", … with several, "labelled" or "unlabelled" in the hot-and-cold form.
        symbols: identifier of the parameter or compartment that holds each named number.
    """

    text: str
    species: Mapping[tuple[str, str], str]
    symbols: Mapping[str, str]


def export_sbml(
    description: ModelDescription,
    phases: Sequence[Phase],
    doses: Sequence[Dose],
    *,
    into: str,
    patient: int = 0,
    hot_and_cold: bool = False,
    decay_per_s: float | None = None,
    labelled_fraction: Sequence[float] | None = None,
    name: str = "ligandose",
) -> SbmlModel:
    """Write a model, one patient's numbers and the administrations as SBML.

    The arguments mean what they mean to `solve`. A bolus at the start is an initial amount, a
    later one an event; an infusion is a reaction that events switch on and off; what a later
    phase changes is assigned by an event.

    Args:
        description: the model.
        phases: numbers over time, (patients,) each.
        doses: administrations; the start of the first phase is time 0 of the document.
        into: pool that receives them.
        patient: whose numbers are written.
        hot_and_cold: labelled and unlabelled ligand as separate species.
        decay_per_s: decay constant λ of the label (hot and cold only).
        labelled_fraction: labelled share of each dose when it starts (hot and cold only).
        name: name of the model.

    Raises:
        InputError: an unknown pool, a number that is missing, a dose before the first phase, or
            a hot-and-cold export without decay constant or labelled fractions within 0 … 1.
    """
    _check(description, phases, doses, into)
    hot: tuple[float, ...] | None = None
    if hot_and_cold:
        hot = _checked_fractions(labelled_fraction, doses)
        if decay_per_s is None or not 0.0 < decay_per_s < math.inf:
            raise InputError(
                f"SBML export, hot and cold: decay_per_s = {decay_per_s} must be greater than 0"
            )
    start = phases[0].start_s
    shares = [None] * len(doses) if hot is None else hot
    given = [Given(d, d.time_s - start, share) for d, share in zip(doses, shares, strict=True)]
    writer = Writer(
        description,
        _numbers(description, phases, patient),
        name=name,
        into=into,
        groups=_tag_names(doses) if hot is None else (LABELLED, UNLABELLED),
    )
    text = writer.write(
        [p.start_s - start for p in phases],
        given,
        decay_per_s=decay_per_s if hot_and_cold else None,
    )
    return SbmlModel(text, MappingProxyType(writer.species), MappingProxyType(writer.symbols))


def _tag_names(doses: Sequence[Dose]) -> tuple[str, ...]:
    tags = 1 + max((d.tag for d in doses), default=0)
    return ("",) if tags == 1 else tuple(str(tag) for tag in range(tags))


def _checked_fractions(
    fractions: Sequence[float] | None, doses: Sequence[Dose]
) -> tuple[float, ...]:
    given = () if fractions is None else tuple(fractions)
    if len(given) != len(doses) or not all(0.0 <= f <= 1.0 for f in given):
        raise InputError(
            f"SBML export, hot and cold: labelled_fraction = {fractions} must hold one number "
            f"within 0 … 1 for each of {len(doses)} administrations"
        )
    return given


def _numbers(
    description: ModelDescription, phases: Sequence[Phase], patient: int
) -> list[dict[str, float]]:
    """Return the patient's value of every parameter of the description, phase by phase."""
    tables: list[dict[str, float]] = []
    for phase in phases:
        for name in description.parameters:
            if name not in phase.parameters:
                raise InputError(f"SBML export: kinetic parameter {name!r} has no value")
        tables.append({n: float(phase.parameters[n][patient]) for n in description.parameters})
    return tables


def _check(
    description: ModelDescription, phases: Sequence[Phase], doses: Sequence[Dose], into: str
) -> None:
    pools = [pool.name for pool in description.pools]
    for name in dict.fromkeys([into, *(dose.into for dose in doses if dose.into)]):
        if name not in pools:
            raise UnknownNameError("pool", name, pools)
    for dose in doses:
        if dose.time_s < phases[0].start_s:
            raise InputError(
                f"SBML export: administration at {dose.time_s} s is before the start "
                f"({phases[0].start_s} s)"
            )
