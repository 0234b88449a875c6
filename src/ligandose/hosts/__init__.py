"""Who receives it: reference people, diseases with their lesions, populations, phantoms."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ligandose.hosts.expressed import with_targets
from ligandose.hosts.host import Host, SitePlace, diseases, host, hosts
from ligandose.hosts.population import draw_values

if TYPE_CHECKING:
    from ligandose.hosts._shapes import contains_jit as contains
    from ligandose.hosts.phantom_model import Phantom, phantom, phantoms

__all__ = [
    "Host",
    "Phantom",
    "SitePlace",
    "contains",
    "diseases",
    "draw_values",
    "host",
    "hosts",
    "phantom",
    "phantoms",
    "with_targets",
]

# The phantoms need numba, whose import takes longer than the whole of the rest.
_LATE = {
    "Phantom": ("ligandose.hosts.phantom_model", "Phantom"),
    "contains": ("ligandose.hosts._shapes", "contains_jit"),
    "phantom": ("ligandose.hosts.phantom_model", "phantom"),
    "phantoms": ("ligandose.hosts.phantom_model", "phantoms"),
}


def __getattr__(name: str) -> Any:
    """Import a phantom's name when it is first used."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LATE[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value
