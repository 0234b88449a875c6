"""Where the energy goes: Monte Carlo of photons and charged particles, and what it has made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ligandose.late import late_names
from ligandose.transport.spheres import (
    PARTICLES,
    SphereTable,
    sphere_fraction_grid,
    sphere_self_fraction,
    sphere_surface_fraction,
    sphere_table,
)

if TYPE_CHECKING:
    from ligandose.transport._electron_tables import PRESETS
    from ligandose.transport.engine import Energies, Problem, run
    from ligandose.transport.kernels import PointKernel, point_kernel
    from ligandose.transport.problems import Emissions, problem
    from ligandose.transport.radial import (
        RadialKernel,
        alpha_range_um,
        alpha_within,
        electron_range_um,
        electron_within,
        photon_within,
        radial_kernel,
    )
    from ligandose.transport.spaces import (
        Medium,
        Space,
        infinite_space,
        phantom_space,
        sphere_space,
        voxel_space,
    )
    from ligandose.transport.sphere_runs import SphereFraction, sphere_fraction_simulated
    from ligandose.transport.voxels import VoxelKernel, voxel_s_values

__all__ = [
    "PARTICLES",
    "PRESETS",
    "Emissions",
    "Energies",
    "Medium",
    "PointKernel",
    "Problem",
    "RadialKernel",
    "Space",
    "SphereFraction",
    "SphereTable",
    "VoxelKernel",
    "alpha_range_um",
    "alpha_within",
    "electron_range_um",
    "electron_within",
    "infinite_space",
    "phantom_space",
    "photon_within",
    "point_kernel",
    "problem",
    "radial_kernel",
    "run",
    "sphere_fraction_grid",
    "sphere_fraction_simulated",
    "sphere_self_fraction",
    "sphere_space",
    "sphere_surface_fraction",
    "sphere_table",
    "voxel_s_values",
    "voxel_space",
]

# The engine needs numba, whose import takes longer than all that the shipped tables need; the
# radial kernels do not, but most runs need none.
_LATE = {
    "_electron_tables": ("PRESETS",),
    "engine": ("Energies", "Problem", "run"),
    "kernels": ("PointKernel", "point_kernel"),
    "problems": ("Emissions", "problem"),
    "radial": (
        "RadialKernel",
        "alpha_range_um",
        "alpha_within",
        "electron_range_um",
        "electron_within",
        "photon_within",
        "radial_kernel",
    ),
    "spaces": (
        "Medium",
        "Space",
        "infinite_space",
        "phantom_space",
        "sphere_space",
        "voxel_space",
    ),
    "sphere_runs": ("SphereFraction", "sphere_fraction_simulated"),
    "voxels": ("VoxelKernel", "voxel_s_values"),
}

__getattr__ = late_names(__name__, _LATE)
