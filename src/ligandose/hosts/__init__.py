"""Who receives it: reference people, diseases with their lesions, populations, phantoms, tissue."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from ligandose.late import late_names

if TYPE_CHECKING:
    from ligandose.hosts._shapes import contains_jit
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
    "contains_jit",
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
    "_shapes": ("contains_jit",),
    "_tissue_block": ("tumour_tissue",),
    "_tissue_clusters": ("micrometastasis", "sheet", "spheroid"),
    "_tissue_spec": ("TissueSpec", "typical_tissue", "typical_tissue_rows", "typical_tissues"),
    "_tissue_table": ("cells_from_table",),
    "cell_expression": ("clone_of", "draw_expression"),
    "phantom_model": ("Phantom", "phantom", "phantoms"),
    "tissue": (
        "CELL_COMPARTMENTS",
        "COMPARTMENTS",
        "Capillaries",
        "CellKind",
        "Nests",
        "Tissue",
        "density_nmol_L",
        "first_overlap",
        "sites_per_cell",
    ),
}

__getattr__ = late_names(__name__, _LATE)
