"""Decisions in the lab: which agent, why, and what to change.

Everything here simulates, so it is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ligandose.design.explain import run_explain
    from ligandose.design.explain_study import explain_from_mapping, read_explain
    from ligandose.design.levers_model import LeverPair, lever_pairs
    from ligandose.design.optimise import optimise_document, run_optimise
    from ligandose.design.optimise_study import (
        OptimisePlan,
        optimise_from_mapping,
        read_optimise,
    )
    from ligandose.design.screen import run_screen, screen_document
    from ligandose.design.screen_candidates import Candidate, candidates
    from ligandose.design.screen_companion import Companion, companion
    from ligandose.design.screen_plan import ScreenPlan
    from ligandose.design.screen_settings import Setting, setting, settings
    from ligandose.design.screen_study import read_screen, screen_from_mapping
    from ligandose.design.translate import translation_document
    from ligandose.design.translate_table import read_animals

_MODULE_OF = {
    "explain_from_mapping": "explain_study",
    "read_explain": "explain_study",
    "run_explain": "explain",
    "LeverPair": "levers_model",
    "OptimisePlan": "optimise_study",
    "lever_pairs": "levers_model",
    "optimise_document": "optimise",
    "optimise_from_mapping": "optimise_study",
    "read_optimise": "optimise_study",
    "run_optimise": "optimise",
    "Candidate": "screen_candidates",
    "Companion": "screen_companion",
    "ScreenPlan": "screen_plan",
    "Setting": "screen_settings",
    "candidates": "screen_candidates",
    "companion": "screen_companion",
    "read_screen": "screen_study",
    "run_screen": "screen",
    "screen_document": "screen",
    "screen_from_mapping": "screen_study",
    "setting": "screen_settings",
    "settings": "screen_settings",
    "read_animals": "translate_table",
    "translation_document": "translate",
}

__all__ = [
    "Candidate",
    "Companion",
    "LeverPair",
    "OptimisePlan",
    "ScreenPlan",
    "Setting",
    "candidates",
    "companion",
    "explain_from_mapping",
    "lever_pairs",
    "optimise_document",
    "optimise_from_mapping",
    "read_animals",
    "read_explain",
    "read_optimise",
    "read_screen",
    "run_explain",
    "run_optimise",
    "run_screen",
    "screen_document",
    "screen_from_mapping",
    "setting",
    "settings",
    "translation_document",
]


def __getattr__(name: str) -> Any:
    """Import a name of the room when it is first used."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
