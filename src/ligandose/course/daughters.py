"""Progeny of an agent's nuclide in a course: what stays where it is born, and what leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent, elements
from ligandose.dose import commitment_period_s, progeny_decays
from ligandose.hosts import Host
from ligandose.kinetics import FreeElement, daughter_decays, element_model, kinetic_parameters
from ligandose.nuclides import DecayChain, decay_chain

Floats = NDArray[np.float64]

RETAINED = "retained_daughters"
"""Finding of a vector: part of the carried atoms whose progeny stays where they decayed."""
SHORT_LIVED_S = 300.0
"""Members that live less need no biokinetics: set free, they reach the plasma and no further."""


@dataclass(frozen=True)
class Daughters:
    """How the chain of an agent's nuclide is followed.

    Attributes:
        agent, host: whose.
        chain: of the agent's nuclide.
        nuclides: all whose decays are counted: the agent's, its impurities, and their progeny.
        mobile: symbols of the elements that free daughters follow.
    """

    agent: Agent
    host: Host
    chain: DecayChain
    nuclides: tuple[str, ...]
    mobile: tuple[str, ...]

    @classmethod
    def of(cls, agent: Agent, host: Host) -> Daughters | None:
        """Return how the daughters of an agent are followed; None where all decay in place.

        Raises:
            DataError: a daughter that may leave and whose element has no biokinetics.
        """
        if RETAINED not in agent.findings:
            return None
        chain = decay_chain(agent.nuclide)
        members = [
            m for m, rate in zip(chain.members, chain.decay_constant_per_s, strict=True) if rate > 0
        ]
        if len(members) == 1:
            return None
        horizon = commitment_period_s()
        impurities = [i.nuclide for i in agent.impurities]
        every = [*members, *impurities]
        for name in impurities:
            every += progeny_decays(name, horizon_s=horizon)
        mobile = dict.fromkeys(m.partition("-")[0] for m in members[1:])
        return cls(agent, host, chain, tuple(dict.fromkeys(every)), tuple(mobile))

    def decays(
        self,
        regions: Sequence[str],
        tia_Bq_s: Floats,
        host_values: Mapping[str, Floats],
        agent_values: Mapping[str, Floats],
    ) -> tuple[tuple[str, ...], Floats]:
        """Return the decays of every nuclide by region.

        Args:
            regions: of the kinetic model.
            tia_Bq_s: (patients, regions, nuclides) of the agent's nuclide and its impurities.
            host_values, agent_values: (patients,) values of the findings by key.

        Returns:
            Regions and (patients, regions, `nuclides`).
        """
        retained = np.minimum(agent_values[RETAINED], 1.0)
        free: dict[str, FreeElement] = {}
        if np.any(retained < 1.0):
            free = self._elements(kinetic_parameters(self.host, host_values, agent_values))
        names, found = daughter_decays(
            self.chain,
            tia_Bq_s[..., 0],
            regions,
            retained=retained,
            elements=free,
            horizon_s=commitment_period_s(),
        )
        total = np.zeros((tia_Bq_s.shape[0], len(names), len(self.nuclides)))
        given = slice(0, len(regions))
        total[:, given, 0] = tia_Bq_s[..., 0]
        for member, decays in found.items():
            total[..., self.nuclides.index(member)] += decays
        for k, impurity in enumerate(self.agent.impurities, start=1):
            counts = progeny_decays(impurity.nuclide, horizon_s=commitment_period_s())
            for member, count in {impurity.nuclide: 1.0, **counts}.items():
                total[:, given, self.nuclides.index(member)] += count * tia_Bq_s[..., k]
        return names, total

    def _elements(self, body: Mapping[str, Floats]) -> dict[str, FreeElement]:
        regions = (*self.host.organs, *self.host.lesions)
        found: dict[str, FreeElement] = {}
        for symbol in self.mobile:
            model = element_model(symbol, regions, short_lived=self._short_lived(symbol))
            found[symbol] = FreeElement.of(model, body, {})
        return found

    def _short_lived(self, symbol: str) -> bool:
        """Return whether all members of an element without biokinetics live a few minutes."""
        lives = [
            life
            for member, life in zip(self.chain.members[1:], self.chain.half_life_s[1:], strict=True)
            if member.partition("-")[0] == symbol and np.isfinite(life)
        ]
        return symbol not in elements() and max(lives) <= SHORT_LIVED_S
