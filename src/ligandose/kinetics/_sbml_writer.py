"""Element by element, the SBML document of a model (see `sbml`, which is what others use)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from ligandose.kinetics import _mathml as mathml
from ligandose.kinetics.description import ModelDescription, Site
from ligandose.kinetics.solve import Dose

SBML_NAMESPACE = "http://www.sbml.org/sbml/level3/version1/core"
LABELLED = "labelled"
UNLABELLED = "unlabelled"
UNPLACED = "unplaced"
DECAY = "decay_constant"


@dataclass(frozen=True, slots=True)
class Given:
    """A dose with its start in the document's time and its labelled share (None: reduced)."""

    dose: Dose
    start_s: float
    labelled: float | None

    def share(self, group: str) -> float:
        """Return the share of the dose that belongs to a group when it starts."""
        if self.labelled is not None:
            return self.labelled if group == LABELLED else 1.0 - self.labelled
        return float(group in ("", str(self.dose.tag)))


class _Identifiers:
    """Identifiers that SBML allows, one for each name and no two alike."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def new(self, *parts: str) -> str:
        plain = re.sub(r"\W", "_", "_".join(p for p in parts if p), flags=re.ASCII)
        if not plain or plain[0].isdigit():
            plain = f"_{plain}"
        identifier, k = plain, 2
        while identifier in self._used:
            identifier, k = f"{plain}_{k}", k + 1
        self._used.add(identifier)
        return identifier


class Writer:
    """Builds the document; `species` and `symbols` hold the identifiers that it used.

    Args:
        description: the model.
        numbers: value of every parameter, phase by phase.
        name: name of the model.
        into: pool that receives the doses that name none of their own.
        groups: ligands that are counted apart, ("",) for one.
    """

    def __init__(
        self,
        description: ModelDescription,
        numbers: Sequence[Mapping[str, float]],
        *,
        name: str,
        into: str,
        groups: Sequence[str],
    ) -> None:
        self.description = description
        self.numbers = numbers
        self.into = into
        self.groups = tuple(groups)
        self.identifiers = _Identifiers()
        self.species: dict[tuple[str, str], str] = {}
        self.symbols: dict[str, str] = {}
        self.volume = {p.name: p.volume for p in description.pools if p.volume}
        self.root = ET.Element("sbml", xmlns=SBML_NAMESPACE, level="3", version="1")
        self.model = ET.SubElement(
            self.root,
            "model",
            id=self.identifiers.new(name),
            name=name,
            substanceUnits="nmol",
            timeUnits="second",
            volumeUnits="litre",
            extentUnits="nmol",
        )

    def write(
        self, phase_starts: Sequence[float], given: Sequence[Given], *, decay_per_s: float | None
    ) -> str:
        """Return the document; the label decays at `decay_per_s` (None: no label)."""
        self._units()
        self._compartments()
        self._species_elements(given)
        self._parameters(decay_per_s)
        rates = self._infusion_parameters(given)
        self._reactions(decaying=decay_per_s is not None)
        for item, rate in rates:
            self._infusion(item, rate)
        self._events(phase_starts, given, rates)
        ET.indent(self.root)
        text = ET.tostring(self.root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'

    def _list(self, name: str) -> ET.Element:
        found = self.model.find(name)
        return ET.SubElement(self.model, name) if found is None else found

    def _units(self) -> None:
        unit = ET.SubElement(self._list("listOfUnitDefinitions"), "unitDefinition", id="nmol")
        ET.SubElement(
            ET.SubElement(unit, "listOfUnits"),
            "unit",
            kind="mole",
            exponent="1",
            scale="-9",
            multiplier="1",
        )

    def _varies(self, name: str) -> bool:
        return any(table[name] != self.numbers[0][name] for table in self.numbers)

    def _compartments(self) -> None:
        parent = self._list("listOfCompartments")
        for name in sorted(set(self.volume.values())):
            self._compartment(parent, name, self.numbers[0][name], constant=not self._varies(name))
        # What has no volume of its own still has to be somewhere; no law refers to this one.
        if len(self.volume) < len(self.description.pools):
            self._compartment(parent, UNPLACED, 1.0, constant=True)

    def _compartment(self, parent: ET.Element, name: str, size: float, *, constant: bool) -> None:
        self.symbols[name] = self.identifiers.new(name)
        ET.SubElement(
            parent,
            "compartment",
            id=self.symbols[name],
            name=name,
            spatialDimensions="3",
            size=repr(float(size)),
            units="litre",
            constant=_boolean(constant),
        )

    def _species_elements(self, given: Sequence[Given]) -> None:
        parent = self._list("listOfSpecies")
        for group in self.groups:
            at_start: dict[str, float] = {}
            for g in given:
                if g.start_s == 0.0 and g.dose.duration_s == 0.0:
                    into = g.dose.into or self.into
                    amount = g.dose.amount_nmol * g.share(group)
                    at_start[into] = at_start.get(into, 0.0) + amount
            for pool in self.description.pools:
                identifier = self.identifiers.new(pool.name, group)
                self.species[pool.name, group] = identifier
                ET.SubElement(
                    parent,
                    "species",
                    id=identifier,
                    name=f"{pool.name} {group}".strip(),
                    compartment=self.symbols[pool.volume or UNPLACED],
                    initialAmount=repr(float(at_start.get(pool.name, 0.0))),
                    substanceUnits="nmol",
                    hasOnlySubstanceUnits="true",
                    boundaryCondition="false",
                    constant="false",
                )

    def _parameter(self, name: str, value: float, *, constant: bool = True) -> str:
        identifier = self.symbols[name] = self.identifiers.new(name)
        ET.SubElement(
            self._list("listOfParameters"),
            "parameter",
            id=identifier,
            name=name,
            value=repr(float(value)),
            constant=_boolean(constant),
        )
        return identifier

    def _parameters(self, decay_per_s: float | None) -> None:
        for name in self.description.parameters:
            if name not in self.symbols:
                self._parameter(name, self.numbers[0][name], constant=not self._varies(name))
        if decay_per_s is not None:
            self._parameter(DECAY, decay_per_s)

    def _infusion_parameters(self, given: Sequence[Given]) -> list[tuple[Given, str]]:
        """Add the rate of every infusion, on from the start if that is when it starts."""
        rates: list[tuple[Given, str]] = []
        for k, item in enumerate(given):
            if item.dose.duration_s > 0.0:
                now = item.dose.amount_nmol / item.dose.duration_s if item.start_s == 0.0 else 0.0
                rates.append((item, self._parameter(f"infusion_{k}_rate", now, constant=False)))
        return rates

    def _named(self, names: Iterable[str]) -> list[ET.Element]:
        return [mathml.symbol(self.symbols[name]) for name in names]

    def _reactions(self, *, decaying: bool) -> None:
        for group in self.groups:
            for e in self.description.exchanges:
                amount = mathml.symbol(self.species[e.source, group])
                law = mathml.quotient(
                    mathml.product([*self._named(e.clearance), amount]),
                    self._named([self.volume[e.source]])[0],
                )
                self._reaction(e.source, e.target, group, group, law)
            for t in self.description.transformations:
                amount = mathml.symbol(self.species[t.source, group])
                law = mathml.product([*self._named(t.rate), amount])
                self._reaction(t.source, t.target, group, group, law)
            for site in self.description.sites:
                self._association(site, group)
        if decaying:
            for pool in self.description.pools:
                amount = mathml.symbol(self.species[pool.name, LABELLED])
                law = mathml.product([*self._named([DECAY]), amount])
                self._reaction(pool.name, pool.name, LABELLED, UNLABELLED, law)

    def _association(self, site: Site, group: str) -> None:
        """Write k_on · ligand / volume · (capacity + Σ carriers - Σ bound of every group)."""
        occupants = [self.species[site.complex, g] for g in self.groups]
        carriers = [self.species[c, g] for c in site.carriers for g in self.groups]
        sites = [mathml.symbol(c) for c in carriers]
        if site.capacity:
            sites.insert(0, mathml.product(self._named(site.capacity)))
        free = mathml.difference(mathml.total(sites), [mathml.symbol(o) for o in occupants])
        ligand = mathml.symbol(self.species[site.ligand, group])
        law = mathml.quotient(
            mathml.product([*self._named(site.on_rate), ligand, free]),
            self._named([self.volume[site.ligand]])[0],
        )
        others = [o for o in occupants if o != self.species[site.complex, group]] + carriers
        self._reaction(site.ligand, site.complex, group, group, law, modifiers=others)

    def _reaction(
        self,
        source: str,
        target: str,
        source_group: str,
        target_group: str,
        law: ET.Element,
        *,
        modifiers: Iterable[str] = (),
    ) -> None:
        """Add a reaction; a source "" takes nothing from a pool."""
        product = self.species[target, target_group]
        reactant = self.species[source, source_group] if source else ""
        reaction = ET.SubElement(
            self._list("listOfReactions"),
            "reaction",
            id=self.identifiers.new(reactant or "infusion", "to", product),
            reversible="false",
            fast="false",
        )
        for name, species in (("Reactants", reactant), ("Products", product)):
            if species:
                ET.SubElement(
                    ET.SubElement(reaction, f"listOf{name}"),
                    "speciesReference",
                    species=species,
                    stoichiometry="1",
                    constant="true",
                )
        present = list(modifiers)
        if present:
            parent = ET.SubElement(reaction, "listOfModifiers")
            for species in present:
                ET.SubElement(parent, "modifierSpeciesReference", species=species)
        ET.SubElement(reaction, "kineticLaw").append(mathml.math(law))

    def _infusion(self, given: Given, rate: str) -> None:
        """Add what flows in: rate · share, where the labelled share decays from its start on."""
        into = given.dose.into or self.into
        for group in self.groups:
            if given.labelled is None:
                if given.share(group):
                    self._reaction("", into, "", group, mathml.symbol(rate))
                continue
            labelled = mathml.product(
                [
                    mathml.number(given.labelled),
                    mathml.decayed(self.symbols[DECAY], since=given.start_s),
                ]
            )
            share = labelled
            if group == UNLABELLED:
                share = mathml.difference(mathml.number(1.0), [labelled])
            law = mathml.product([mathml.symbol(rate), share])
            self._reaction("", into, "", group, law)

    def _events(
        self,
        phase_starts: Sequence[float],
        given: Sequence[Given],
        rates: Sequence[tuple[Given, str]],
    ) -> None:
        for k in range(1, len(phase_starts)):
            before, after = self.numbers[k - 1], self.numbers[k]
            changes = {
                self.symbols[n]: mathml.number(v) for n, v in after.items() if v != before[n]
            }
            self._event(f"phase_{k}", phase_starts[k], changes)
        for item in given:
            if item.dose.duration_s == 0.0 and item.start_s > 0.0:
                amounts = {
                    self.species[item.dose.into or self.into, g]: item.dose.amount_nmol
                    * item.share(g)
                    for g in self.groups
                    if item.share(g)
                }
                changes = {
                    s: mathml.total([mathml.symbol(s), mathml.number(a)])
                    for s, a in amounts.items()
                }
                self._event("bolus", item.start_s, changes)
        for item, rate in rates:
            if item.start_s > 0.0:
                speed = item.dose.amount_nmol / item.dose.duration_s
                self._event("start", item.start_s, {rate: mathml.number(speed)})
            end = item.start_s + item.dose.duration_s
            self._event("end", end, {rate: mathml.number(0.0)})

    def _event(self, name: str, time_s: float, changes: Mapping[str, ET.Element]) -> None:
        if not changes:
            return
        event = ET.SubElement(
            self._list("listOfEvents"),
            "event",
            id=self.identifiers.new("event", name),
            useValuesFromTriggerTime="false",
        )
        trigger = ET.SubElement(event, "trigger", initialValue="false", persistent="true")
        trigger.append(mathml.math(mathml.from_time(time_s)))
        parent = ET.SubElement(event, "listOfEventAssignments")
        for symbol, value in changes.items():
            assignment = ET.SubElement(parent, "eventAssignment", variable=symbol)
            assignment.append(mathml.math(value))


def _boolean(value: bool) -> str:
    return "true" if value else "false"
