"""Names of a room that are imported when they are first used: `import ligandose` stays quick."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


def late_names(room: str, names: Mapping[str, Iterable[str]]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a room (PEP 562) that imports a name from its module.

    Args:
        room: full name of the package, `__name__` there.
        names: names that each module of the room provides.
    """
    module_of = {name: module for module, provided in names.items() for name in provided}

    def get(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value = getattr(import_module(f"{room}.{module_of[name]}"), name)
        setattr(sys.modules[room], name, value)
        return value

    return get
