"""Who receives it: reference people, diseases with their lesions, populations, phantoms, tissue."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ligandose.hosts.expressed import with_targets
from ligandose.hosts.host import Host, SitePlace, diseases, host, hosts, reference_hosts
from ligandose.hosts.population import draw_values
from ligandose.hosts.routes import (
    ARTERY,
    NEEDLE,
    PASSAGE_TIME,
    RESERVOIRS,
    VEIN,
    Route,
    fed_by,
    read_route,
    with_routes,
)

if TYPE_CHECKING:
    from ligandose.hosts._shapes import contains_jit as contains
    from ligandose.hosts._tissue_block import tumour_tissue
    from ligandose.hosts._tissue_clusters import micrometastasis, sheet, spheroid
    from ligandose.hosts._tissue_spec import (
        TissueSpec,
        typical_tissue,
        typical_tissue_rows,
        typical_tissues,
    )
    from ligandose.hosts._tissue_table import cells_from_table
    from ligandose.hosts.cell_expression import clone_of, draw_expression
    from ligandose.hosts.phantom_model import Phantom, phantom, phantoms
    from ligandose.hosts.tissue import (
        CELL_COMPARTMENTS,
        COMPARTMENTS,
        Capillaries,
        CellKind,
        Nests,
        Tissue,
        density_nmol_L,
        first_overlap,
        sites_per_cell,
    )

__all__ = [
    "ARTERY",
    "CELL_COMPARTMENTS",
    "COMPARTMENTS",
    "NEEDLE",
    "PASSAGE_TIME",
    "RESERVOIRS",
    "VEIN",
    "Capillaries",
    "CellKind",
    "Host",
    "Nests",
    "Phantom",
    "Route",
    "SitePlace",
    "Tissue",
    "TissueSpec",
    "cells_from_table",
    "clone_of",
    "contains",
    "density_nmol_L",
    "diseases",
    "draw_expression",
    "draw_values",
    "fed_by",
    "first_overlap",
    "host",
    "hosts",
    "micrometastasis",
    "phantom",
    "phantoms",
    "read_route",
    "reference_hosts",
    "sheet",
    "sites_per_cell",
    "spheroid",
    "tumour_tissue",
    "typical_tissue",
    "typical_tissue_rows",
    "typical_tissues",
    "with_routes",
    "with_targets",
]

# Phantoms and tissues need numba, whose import takes longer than the whole of the rest.
_LATE = {
    "Phantom": ("phantom_model", "Phantom"),
    "contains": ("_shapes", "contains_jit"),
    "phantom": ("phantom_model", "phantom"),
    "phantoms": ("phantom_model", "phantoms"),
    "CELL_COMPARTMENTS": ("tissue", "CELL_COMPARTMENTS"),
    "COMPARTMENTS": ("tissue", "COMPARTMENTS"),
    "Capillaries": ("tissue", "Capillaries"),
    "CellKind": ("tissue", "CellKind"),
    "Nests": ("tissue", "Nests"),
    "Tissue": ("tissue", "Tissue"),
    "TissueSpec": ("_tissue_spec", "TissueSpec"),
    "cells_from_table": ("_tissue_table", "cells_from_table"),
    "clone_of": ("cell_expression", "clone_of"),
    "density_nmol_L": ("tissue", "density_nmol_L"),
    "draw_expression": ("cell_expression", "draw_expression"),
    "first_overlap": ("tissue", "first_overlap"),
    "micrometastasis": ("_tissue_clusters", "micrometastasis"),
    "sheet": ("_tissue_clusters", "sheet"),
    "sites_per_cell": ("tissue", "sites_per_cell"),
    "spheroid": ("_tissue_clusters", "spheroid"),
    "tumour_tissue": ("_tissue_block", "tumour_tissue"),
    "typical_tissue": ("_tissue_spec", "typical_tissue"),
    "typical_tissue_rows": ("_tissue_spec", "typical_tissue_rows"),
    "typical_tissues": ("_tissue_spec", "typical_tissues"),
}


def __getattr__(name: str) -> Any:
    """Import a phantom's or a tissue's name when it is first used."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LATE[name]
    value = getattr(import_module(f"{__name__}.{module}"), attribute)
    globals()[name] = value
    return value
