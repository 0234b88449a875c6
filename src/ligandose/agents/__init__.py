"""What carries it: vectors with their labels, the catalogue of agents and their landscape."""

from ligandose.agents.catalogue import Agent, Impurity, agent, agents, vector_findings
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
    "Impurity",
    "LandscapeAgent",
    "agent",
    "agent_coverage",
    "agents",
    "agents_against",
    "highest_stage",
    "landscape_agent",
    "landscape_agents",
    "vector_findings",
]
