"""What carries it: vectors with their labels, the catalogue of agents and their landscape."""

from ligandose.agents.catalogue import Agent, Impurity, agent, agents, vector_findings
from ligandose.agents.elements import Compartment, Transfer, element_transfers, elements
from ligandose.agents.landscape import (
    STAGES,
    LandscapeAgent,
    agent_coverage,
    agents_against,
    highest_stage,
    landscape_agent,
    landscape_agents,
)

__all__ = [
    "STAGES",
    "Agent",
    "Compartment",
    "Impurity",
    "LandscapeAgent",
    "Transfer",
    "agent",
    "agent_coverage",
    "agents",
    "agents_against",
    "element_transfers",
    "elements",
    "highest_stage",
    "landscape_agent",
    "landscape_agents",
    "vector_findings",
]
