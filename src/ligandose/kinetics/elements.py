"""The biokinetics of a free element: what a label or a daughter does once nothing carries it.

The compartments and transfer coefficients are data (`agents.element_transfers`, the systemic
models of ICRP's "Occupational Intakes of Radionuclides"). Two things are added: atoms that decay
sets free in a tissue are born in its interstitium, from where they reach the plasma as fast as
perfusion and the capillary wall allow; and contents of the gut move on as they do for every
other ligand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Compartment, Transfer, element_transfers
from ligandose.errors import DataError
from ligandose.kinetics.description import Exchange, ModelDescription, Pool, Transformation
from ligandose.kinetics.whole_body import (
    EXCRETED,
    GUT_CONTENTS,
    MARROW_SPACES,
    WHOLE_BLOOD,
)

Floats = NDArray[np.float64]

CONTENTS = "contents"
SURFACE = "surface"
REMAINDER = "remainder"
OTHER_TISSUE = "other_tissue"
"""Region of what the source calls other (soft) tissue: all that has no compartment of its own."""


@dataclass(frozen=True)
class ElementModel:
    """A free element in a body.

    Attributes:
        element: symbol.
        description: pools such as "Bi.plasma", "Bi.Liver 1", "Bi.liver.interstitial", "Bi.urine".
        regions: regions in whose interstitium atoms can be born.
        rates_per_s: value of every transfer coefficient by parameter name.
    """

    element: str
    description: ModelDescription
    regions: tuple[str, ...]
    rates_per_s: Mapping[str, float]

    def place_of_birth(self, region: str) -> str | None:
        """Return the pool in which an atom is born that decay sets free in a region.

        None for what the body no longer takes part in: excreta, and contents of gut and bladder.
        """
        if region in EXCRETED or region.endswith(f"_{CONTENTS}"):
            return None
        return interstitial(self.element, region) if region in self.regions else self.plasma

    @property
    def plasma(self) -> str:
        """Name of the pool of plasma."""
        return f"{self.element}.plasma"

    def pool_like(self, pool: Pool) -> str:
        """Return where a daughter is born whose free parent sat in a pool of another element.

        In the tissue that held the parent, if this element has a place there, else as one that
        is set free in that region.
        """
        held = [p.name for p in self.description.pools if p.region == pool.region]
        born = self.place_of_birth(pool.region)
        return born if born is not None else held[0] if held else self.plasma


def interstitial(element: str, region: str) -> str:
    """Return the name of the pool of an element in the interstitium of a region."""
    return f"{element}.{region}.interstitial"


def element_model(
    element: str, regions: Sequence[str], *, short_lived: bool = False
) -> ElementModel:
    """Describe a free element in the regions of a whole-body model.

    Args:
        element: symbol.
        regions: perfused organs and lesions of the host.
        short_lived: the element lives too short for its biokinetics to matter: set free, it
            reaches the plasma and no further.

    Raises:
        DataError: an element without transfer coefficients.
    """
    transfers = () if short_lived else element_transfers(element)
    return _element_model(element, tuple(regions), transfers)


@cache
def _element_model(
    element: str, regions: tuple[str, ...], transfers: tuple[Transfer, ...]
) -> ElementModel:
    pools = {f"{element}.plasma": Pool(f"{element}.plasma", WHOLE_BLOOD, PLASMA_VOLUME)}
    central = _central(transfers)
    passages: list[Transformation] = []
    rates: dict[str, float] = {}
    for transfer in transfers:
        ends: list[str] = []
        for compartment in (transfer.source, transfer.target):
            pool = _pool(element, compartment, regions, central)
            pools.setdefault(pool.name, pool)
            ends.append(pool.name)
        parameter = f"{ends[0]}>{ends[1].removeprefix(f'{element}.')}"
        rates[parameter] = rates.get(parameter, 0.0) + transfer.rate_per_s
        if ends[0] != ends[1]:
            passages.append(Transformation(ends[0], ends[1], (parameter,)))
    passages = list(dict.fromkeys(passages))
    gut = [f"{element}.{name}" for name in (*GUT_CONTENTS, EXCRETED[1])]
    for name, region in zip(gut, (*GUT_CONTENTS, EXCRETED[1]), strict=True):
        pools.setdefault(name, Pool(name, region))
    for region, (this, following) in zip(GUT_CONTENTS, pairwise(gut), strict=True):
        passages.append(Transformation(this, following, (f"{region}.transit",)))
    exchanges: list[Exchange] = []
    for region in regions:
        fluid = interstitial(element, region)
        counted_in = MARROW_SPACES if region == "red_marrow" else region
        pools[fluid] = Pool(fluid, counted_in, f"{region}.interstitial_volume")
        exchanges.append(Exchange(fluid, f"{element}.plasma", (f"{region}.exchange",)))
    description = ModelDescription(tuple(pools.values()), tuple(exchanges), tuple(passages), ())
    return ElementModel(element, description, regions, rates)


PLASMA_VOLUME = "released.plasma_volume"
OUTSIDE = "excreta"


def _central(transfers: Sequence[Transfer]) -> str:
    """Return the compartment that free atoms enter: the first of plasma that the source names."""
    return next((t.source.name for t in transfers if t.source.part == "plasma"), "")


def _pool(element: str, place: Compartment, regions: Sequence[str], central: str) -> Pool:
    """Return the pool of a compartment; plasma, contents and excreta go by names of their own.

    Urine is voided by itself, the stomach and oesophagus empty fast into the gut, surfaces of
    bone are sources of their own, and organs that the host lacks belong to its other tissue.
    """
    if place.region == "blood":
        if place.name == central:
            return Pool(f"{element}.plasma", WHOLE_BLOOD, PLASMA_VOLUME)
        return Pool(f"{element}.{place.name}", WHOLE_BLOOD)
    urine, faeces = EXCRETED
    if place.region == OUTSIDE:
        way = urine if place.part == urine else faeces
        return Pool(f"{element}.{way}", way)
    if place.part == CONTENTS:
        region = f"{place.region}_{CONTENTS}"
        if place.region == "urinary_bladder":
            region = urine
        elif region not in GUT_CONTENTS:
            region = GUT_CONTENTS[0]
        return Pool(f"{element}.{region}", region)
    known = place.region in regions and place.region != REMAINDER
    region = place.region if known else OTHER_TISSUE
    if known and place.part == SURFACE:
        region = f"{region}_{SURFACE}"
    return Pool(f"{element}.{place.name}", region)


def element_parameters(
    model: ElementModel,
    body: Mapping[str, Floats],
    factors: Mapping[str, Floats],
) -> dict[str, Floats]:
    """Evaluate the parameters of an element's model.

    Args:
        model: of `element_model`.
        body: parameters of the whole-body model (`kinetic_parameters`).
        factors: (patients,) multipliers of what passes from plasma into a region, by region:
            a blocked thyroid is {"thyroid": 0}.

    Returns:
        Parameters of `model.description` by name, (patients,) each.

    Raises:
        DataError: a body without a parameter that the model needs.
    """
    patients = next(iter(body.values())).size
    parameters = {name: np.full(patients, rate) for name, rate in model.rates_per_s.items()}
    for passage in model.description.transformations:
        target = next(p for p in model.description.pools if p.name == passage.target)
        if passage.source == model.plasma and target.region in factors:
            for name in passage.rate:
                parameters[name] = parameters[name] * factors[target.region]
    for region in model.regions:
        parameters[f"{region}.exchange"] = _exchange_clearance(body, region)
    for name in model.description.parameters:
        if name not in parameters:
            if name not in body:
                raise DataError(f"element {model.element}: {name!r} has no value")
            parameters[name] = body[name]
    return parameters


def _exchange_clearance(body: Mapping[str, Floats], region: str) -> Floats:
    """Return flow · PS / (flow + PS): limited by perfusion and by the capillary wall, L/s."""
    flow, permeability = body[f"{region}.plasma_flow"], body[f"{region}.permeability"]
    both = flow + permeability
    return np.divide(flow * permeability, both, out=np.zeros_like(both), where=both > 0.0)
