"""Where the energy goes: absorbed fractions of spheres (more of this room comes with transport)."""

from ligandose.transport.spheres import (
    PARTICLES,
    SphereTable,
    sphere_fraction_grid,
    sphere_self_fraction,
    sphere_surface_fraction,
    sphere_table,
)

__all__ = [
    "PARTICLES",
    "SphereTable",
    "sphere_fraction_grid",
    "sphere_self_fraction",
    "sphere_surface_fraction",
    "sphere_table",
]
