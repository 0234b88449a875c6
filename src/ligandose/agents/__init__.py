"""What carries it: vectors with their labels, and the catalogue of agents."""

from ligandose.agents.catalogue import Agent, Impurity, agent, agents, vector_findings

__all__ = ["Agent", "Impurity", "agent", "agents", "vector_findings"]
