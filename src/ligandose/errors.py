"""The errors that Ligandose raises on purpose.

Each message says what is wrong, where, the value received, what is allowed and what to do;
the command line prints it as one line and exits with code 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LigandoseError(Exception):
    """Root of every error that a user can cause or mend."""


class InputError(LigandoseError):
    """A value, file or study that breaks a stated rule."""


class UnknownNameError(InputError):
    """A name that is not in a catalogue; suggests the nearest known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        self.kind = kind
        self.name = name
        self.suggestions = nearest_names(name, known)
        place = f"{where}: " if where else ""
        known_count = len(set(known))
        hint = (
            f"did you mean {' or '.join(self.suggestions)}?"
            if self.suggestions
            else f"{known_count} are known"
        )
        super().__init__(f"{place}unknown {kind} {name!r}; {hint}")


class DataError(LigandoseError):
    """Shipped or imported data that is missing, altered or contradicts its descriptor."""


class SolverError(LigandoseError):
    """A numerical method that could not reach what was asked of it."""


def folded(name: str) -> str:
    """Return a name without case and punctuation, as names are compared."""
    return "".join(c for c in name.casefold() if c.isalnum())


def nearest_names(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Return up to `most` known names that resemble `name`, the nearest first."""
    by_folded: dict[str, str] = {}
    for candidate in known:
        by_folded.setdefault(folded(candidate), candidate)
    matches = difflib.get_close_matches(folded(name), list(by_folded), n=most, cutoff=0.5)
    return [by_folded[m] for m in matches]
