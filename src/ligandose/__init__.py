"""Ligandose: targeted radionuclide therapy from target to plan (research software).

    import ligandose as ld

    agent = ld.agent("177Lu-PSMA-617")
    host = ld.host("adult-male", disease="mCRPC")
    regimen = ld.Regimen.cycles(6, activity_GBq=7.4, every_weeks=6, amount_nmol=100)
    course = ld.simulate(agent, host, regimen, patients=100)
    ld.report(course, "out")

Names are imported when they are first used, so that `import ligandose` takes no time. The rooms
(`ligandose.agents`, `ligandose.hosts`, `ligandose.nuclides` …) hold the rest.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from ligandose.agents import Agent, agent
    from ligandose.course import Administration, Course, Regimen, simulate, validate
    from ligandose.course.study import Study, read_study, study_from_mapping
    from ligandose.errors import (
        DataError,
        InputError,
        LigandoseError,
        SolverError,
        UnknownNameError,
    )
    from ligandose.hosts import Host, diseases, host
    from ligandose.nuclides import Nuclide, nuclide

__version__ = "0.1.0"

_ROOM_OF = {
    "Administration": "course",
    "Agent": "agents",
    "Course": "course",
    "DataError": "errors",
    "Host": "hosts",
    "InputError": "errors",
    "LigandoseError": "errors",
    "Nuclide": "nuclides",
    "Regimen": "course",
    "SolverError": "errors",
    "Study": "course.study",
    "UnknownNameError": "errors",
    "agent": "agents",
    "diseases": "hosts",
    "host": "hosts",
    "nuclide": "nuclides",
    "read_study": "course.study",
    "simulate": "course",
    "study_from_mapping": "course.study",
    "validate": "course",
}
_ROOMS = ("agents", "course", "dose", "effect", "evidence", "hosts", "kinetics", "nuclides",
          "report", "transport")  # fmt: skip

__all__ = [
    "Administration",
    "Agent",
    "Course",
    "DataError",
    "Host",
    "InputError",
    "LigandoseError",
    "Nuclide",
    "Regimen",
    "SolverError",
    "Study",
    "UnknownNameError",
    "__version__",
    "agent",
    "diseases",
    "host",
    "nuclide",
    "read_study",
    "report",
    "simulate",
    "study_from_mapping",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name in _ROOM_OF:
        found = getattr(import_module(f"ligandose.{_ROOM_OF[name]}"), name)
        globals()[name] = found
        return found
    if name in _ROOMS:
        return import_module(f"ligandose.{name}")
    raise AttributeError(f"module 'ligandose' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_ROOMS, "cli", "errors"})


if TYPE_CHECKING:

    def report(course: Course | Mapping[str, Any], out_dir: Path | str) -> Path:
        """Write the report of a course (or of a document of one) and return its page."""
        ...


class _ReportRoom(ModuleType):
    """The room `ligandose.report`, which can also be called: `ligandose.report(course, "out")`."""

    def __call__(self, course: Course | Mapping[str, Any], out_dir: Path | str) -> Path:
        """Write the report of a course (or of a document of one) and return its page.

        Raises:
            InputError: a folder that must not be replaced.
        """
        document = course if isinstance(course, Mapping) else course.document()
        return cast("Path", self.write_report(document, out_dir))


class _Package(ModuleType):
    """The package itself. Importing a room sets it as an attribute; the report's learns to be
    called there, in whatever order things are imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "report" and isinstance(value, ModuleType):
            value.__class__ = _ReportRoom
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
