"""Where the daughters of a carried nuclide decay: in place, or as the element that they are.

An alpha recoil (or the conversion after a β decay, Bi-212 from Pb-212) breaks the chelate. Of what
part of the carried atoms the daughter stays where they decayed is a property of the agent; its
whole progeny then stays too, since cells hold it. The rest is a free atom of another element in
the interstitium of that region and follows the element's own biokinetics until it decays, and so
on down the chain. Every dose is therefore linear in the part that stays. Only the numbers of
decays are wanted, so each member is solved at once (`stationary`), and the decays of each member
over all regions, excreta included, are those of the chain, whatever stays and whatever leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.kinetics.elements import ElementModel, element_parameters
from ligandose.kinetics.stationary import rate_matrix, stationary_integrals
from ligandose.nuclides import DecayChain

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FreeElement:
    """An element's model with its values, ready to be solved.

    Attributes:
        model: pools and passages.
        rates_per_s: (patients, pools, pools).
    """

    model: ElementModel
    rates_per_s: Floats

    @classmethod
    def of(
        cls,
        model: ElementModel,
        body: Mapping[str, Floats],
        factors: Mapping[str, Floats],
    ) -> FreeElement:
        """Evaluate a model; arguments and errors as `element_parameters`."""
        parameters = element_parameters(model, body, factors)
        return cls(model, rate_matrix(model.description, parameters))


def daughter_decays(
    chain: DecayChain,
    parent_decays: Floats,
    regions: Sequence[str],
    *,
    retained: Floats | float,
    elements: Mapping[str, FreeElement],
    horizon_s: float,
) -> tuple[tuple[str, ...], dict[str, Floats]]:
    """Return the decays of every member of a chain by region.

    Args:
        chain: of the carried nuclide.
        parent_decays: (patients, regions) decays of the parent while carried.
        regions: names along that axis, excreta among them.
        retained: (patients,) part of the carried atoms whose progeny stays where they decayed.
        elements: of every daughter, by symbol; none are needed where all stays.
        horizon_s: a member that lives longer decays only in part until then:
            a share 1 - 2^(-horizon/half-life).

    Returns:
        All regions (those given, then the ones that only elements know) and the decays
        (patients, regions) of each radioactive daughter.

    Raises:
        InputError: a retained part outside 0 … 1.
    """
    known = [p.region for free in elements.values() for p in free.model.description.pools]
    names = list(dict.fromkeys([*regions, *known]))
    column = {name: i for i, name in enumerate(names)}
    patients = parent_decays.shape[0]
    in_place = {chain.members[0]: np.zeros((patients, len(names)))}
    in_place[chain.members[0]][:, : parent_decays.shape[1]] = parent_decays
    stays = _retained(retained, patients)
    loose: dict[str, Floats] = {}
    result: dict[str, Floats] = {}
    for m, member in enumerate(chain.members[1:], start=1):
        if chain.decay_constant_per_s[m] == 0.0:
            continue
        born_here = np.zeros((patients, len(names)))
        for p in range(m):
            share = chain.branching[m, p]
            if share > 0.0 and chain.members[p] in in_place:
                born_here += share * in_place[chain.members[p]]
        decayed = -np.expm1(-chain.decay_constant_per_s[m] * horizon_s)
        freed = np.zeros_like(born_here)
        if chain.branching[m, 0] > 0.0:
            of_carried = chain.branching[m, 0] * in_place[chain.members[0]]
            leaving = (1.0 - stays[:, None]) * _movable(elements.get(_element(member)), names)
            freed = of_carried * leaving
        in_place[member] = (born_here - freed) * decayed
        born_loose = _loose_births(chain, m, loose, freed, elements, column)
        total = in_place[member].copy()
        if born_loose is not None:
            free = elements[_element(member)]
            decays = chain.decay_constant_per_s[m] * stationary_integrals(
                free.rates_per_s, born_loose, decay_per_s=float(chain.decay_constant_per_s[m])
            )
            loose[member] = decays * decayed
            for k, pool in enumerate(free.model.description.pools):
                total[:, column[pool.region]] += loose[member][:, k]
        result[member] = total
    return tuple(names), result


def _movable(free: FreeElement | None, names: Sequence[str]) -> Floats:
    """Return 1 for regions that a free atom can leave, 0 for contents and excreta, (regions,).

    Without a model every region counts as one that can be left, so that the error names it.
    """
    if free is None:
        return np.ones(len(names))
    return np.array([float(free.model.place_of_birth(name) is not None) for name in names])


def _element(nuclide: str) -> str:
    return nuclide.partition("-")[0]


def _retained(retained: Floats | float, patients: int) -> Floats:
    part = np.broadcast_to(np.asarray(retained, dtype=np.float64), (patients,))
    wrong = ~((part >= 0.0) & (part <= 1.0))
    if np.any(wrong):
        raise InputError(
            f"retained part of the daughters is {float(part[wrong][0]):g}; allowed is 0 (all "
            "leave) to 1 (all stay)"
        )
    return part


def _loose_births(
    chain: DecayChain,
    m: int,
    loose: Mapping[str, Floats],
    freed: Floats,
    elements: Mapping[str, FreeElement],
    column: Mapping[str, int],
) -> Floats | None:
    """Return (patients, pools) births of a member as a free atom; None where there are none.

    A daughter of a free atom is born free in the same region.
    """
    member = chain.members[m]
    parents = [
        (chain.members[p], chain.branching[m, p])
        for p in range(m)
        if chain.branching[m, p] > 0.0 and chain.members[p] in loose
    ]
    if not parents and not np.any(freed):
        return None
    symbol = _element(member)
    if symbol not in elements:
        raise InputError(
            f"{member} is set free, but no biokinetics of {symbol} are given; "
            "give them, or keep the daughters in place"
        )
    model = elements[symbol].model
    place = {pool.name: k for k, pool in enumerate(model.description.pools)}
    births = np.zeros((freed.shape[0], len(place)))
    for region, i in column.items():
        pool = model.place_of_birth(region)
        if pool is not None:
            births[:, place[pool]] += freed[:, i]
    for parent, share in parents:
        other = elements[_element(parent)].model
        for k, pool in enumerate(other.description.pools):
            births[:, place[model.pool_like(pool)]] += share * loose[parent][:, k]
    return births
