"""Decisions in the lab: which agent, why, and what to change.

Everything here simulates, so it is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ligandose.late import late_names

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

_LATE = {
    "explain": ("run_explain",),
    "explain_study": ("explain_from_mapping", "read_explain"),
    "levers_model": ("LeverPair", "lever_pairs"),
    "optimise": ("optimise_document", "run_optimise"),
    "optimise_study": ("OptimisePlan", "optimise_from_mapping", "read_optimise"),
    "screen": ("run_screen", "screen_document"),
    "screen_candidates": ("Candidate", "candidates"),
    "screen_companion": ("Companion", "companion"),
    "screen_plan": ("ScreenPlan",),
    "screen_settings": ("Setting", "setting", "settings"),
    "screen_study": ("read_screen", "screen_from_mapping"),
    "translate": ("translation_document",),
    "translate_table": ("read_animals",),
}

__getattr__ = late_names(__name__, _LATE)
