"""From vessel to cell and into spheroids: ligand that diffuses, binds, goes in and is let go.

Radial reaction and diffusion in tissue around a vessel (a Krogh cylinder) or in a spheroid from
its surface inwards. With c the free, b the bound and i the internalised ligand and V the vacant
receptor, all in nmol per litre of tissue, ε the share of tissue that free ligand can fill:

    ∂c/∂t = (D/r^(d-1)) ∂/∂r (r^(d-1) ∂c/∂r) - (k_on/ε) c V + k_off b + k_rec i
    ∂b/∂t = (k_on/ε) c V - (k_off + k_int) b
    ∂i/∂t = k_int b - (k_rec + k_rel) i

Through a vessel wall of permeability P passes P (C - c/ε) per area, C being what is unbound in
plasma; the far side is closed. The equations are those of Graff & Wittrup 2003 (Cancer Res
63:1288) for spheroids and of Thurber & Wittrup 2012 (J Theor Biol 314:57) for the cylinder,
with the receptor's fates named as in the whole-body model.

Receptors: either every receptor that goes in is replaced at once, V = B - b, as in the
whole-body model (`turnover_per_s=None`); or ∂V/∂t = k_t (B - V) - (k_on/ε) c V + k_off b +
k_rec i, so that what goes in with ligand must be made again. Both agree where k_t = k_int and
nothing is recycled.

Left out: fluid flow through the interstitium, the fall of concentration along the vessel
(`transport_moduli` says when it matters), binding to interstitial protein, growth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ligandose.errors import InputError, SolverError
from ligandose.kinetics.radial_course import RadialCourse
from ligandose.kinetics.radial_grid import Floats, RadialGrid, radial_grid
from ligandose.kinetics.radial_plasma import PlasmaCurve
from ligandose.kinetics.radial_rules import need_at_least, need_positive, need_profile, need_share

DEFAULT_CELLS = 80
FEWEST_CELLS, MOST_CELLS = 4, 2000
DEFAULT_GRADING = 3.0
DEFAULT_RTOL = 1e-7
STEPS_PER_CALL = 512
MOST_STEPS = 200_000
# Points at which a density that changes within a shell is averaged over it.
SAMPLES_PER_SHELL = 16


@dataclass(frozen=True)
class Binding:
    """A kind of site and what becomes of the ligand on it; names as in the whole-body model.

    Attributes:
        k_on_L_nmol_s: association with a free site, L/nmol/s.
        k_d_nmol_L: dissociation constant K_D; k_off = K_D k_on.
        density_nmol_L: sites per litre of tissue; one number, or a pair of sequences
            (distance from the source in µm, density) joined by straight lines and constant
            beyond their ends. Two equal distances make a jump.
        internalisation_per_s: bound ligand that goes in.
        recycling_per_s: internalised ligand that comes back free.
        release_per_s: label that leaves internalised ligand and is washed away at once; 0 for
            a perfectly residualising label.
        turnover_per_s: own turnover k_t of receptors, None: replaced at once.

    Raises:
        InputError: a negative or non-finite rate or density, k_on or K_D not above 0, or a
            profile whose distances fall.
    """

    k_on_L_nmol_s: float
    k_d_nmol_L: float
    density_nmol_L: float | tuple[tuple[float, ...], tuple[float, ...]]
    internalisation_per_s: float
    recycling_per_s: float
    release_per_s: float
    turnover_per_s: float | None = None

    def __post_init__(self) -> None:
        where = "binding"
        need_positive(where, k_on_L_nmol_s=self.k_on_L_nmol_s, k_d_nmol_L=self.k_d_nmol_L)
        need_at_least(
            where,
            0.0,
            internalisation_per_s=self.internalisation_per_s,
            recycling_per_s=self.recycling_per_s,
            release_per_s=self.release_per_s,
            turnover_per_s=0.0 if self.turnover_per_s is None else self.turnover_per_s,
        )
        if isinstance(self.density_nmol_L, tuple):
            need_profile(where, self.density_nmol_L)
        else:
            need_at_least(where, 0.0, density_nmol_L=self.density_nmol_L)

    @property
    def k_off_per_s(self) -> float:
        """Dissociation rate."""
        return self.k_d_nmol_L * self.k_on_L_nmol_s

    def density_on(self, grid: RadialGrid) -> Floats:
        """(n,) mean density of each shell, nmol per litre of tissue."""
        n = grid.radius_um.size
        if not isinstance(self.density_nmol_L, tuple):
            return np.full(n, float(self.density_nmol_L))
        where, value = (np.array(v, dtype=np.float64) for v in self.density_nmol_L)
        part = (np.arange(SAMPLES_PER_SHELL) + 0.5) / SAMPLES_PER_SHELL
        inner, outer = grid.edge_um[:-1, None], grid.edge_um[1:, None]
        radius = inner + (outer - inner) * part
        weight = radius ** (grid.dimension - 1)
        density = np.empty_like(radius)
        density[:] = np.interp(np.abs(radius - grid.edge_um[0]), where, value)
        return (density * weight).sum(axis=1) / weight.sum(axis=1)


@dataclass(frozen=True)
class VesselTissue:
    """Tissue around a straight vessel, up to half the way to the next one (Krogh cylinder).

    Attributes:
        vessel_radius_um, krogh_radius_um: radii of the vessel and of its tissue.
        permeability_um_s: P of the vessel wall per area of wall.
        diffusion_um2_s: effective D in tissue.
        void_fraction: ε, share of tissue that free ligand can fill.
        binding: the sites.
        unbound_plasma: share of the plasma concentration that is not bound to protein.

    Raises:
        InputError: a radius, P or D not above 0, a vessel wider than its tissue, ε or the
            unbound share outside (0, 1].
    """

    vessel_radius_um: float
    krogh_radius_um: float
    permeability_um_s: float
    diffusion_um2_s: float
    void_fraction: float
    binding: Binding
    unbound_plasma: float = 1.0

    def __post_init__(self) -> None:
        where = "vessel tissue"
        need_positive(
            where,
            vessel_radius_um=self.vessel_radius_um,
            krogh_radius_um=self.krogh_radius_um,
            permeability_um_s=self.permeability_um_s,
            diffusion_um2_s=self.diffusion_um2_s,
        )
        need_share(where, void_fraction=self.void_fraction, unbound_plasma=self.unbound_plasma)
        if self.krogh_radius_um <= self.vessel_radius_um:
            raise InputError(
                f"{where}: krogh_radius_um is {self.krogh_radius_um:g}, vessel_radius_um "
                f"{self.vessel_radius_um:g}; the tissue must reach farther than the vessel"
            )

    def grid(self, cells: int, *, grading: float) -> RadialGrid:
        """Return the shells, from the vessel wall outwards."""
        source, far = self.vessel_radius_um, self.krogh_radius_um
        return radial_grid(source, far, dimension=2, cells=cells, grading=grading)

    @property
    def wall_um_s(self) -> float:
        """Permeability of what ligand enters through."""
        return self.permeability_um_s


@dataclass(frozen=True)
class Spheroid:
    """A spheroid or a micrometastasis without vessels, bathed in ligand.

    Attributes:
        radius_um: its radius.
        diffusion_um2_s, void_fraction, binding: as in `VesselTissue`.
        film_um_s: mass-transfer coefficient of an unstirred layer around it; None: free ligand
            at the surface is that of the medium, c = ε C.
        unbound_plasma: share of the concentration outside that is not bound to protein.

    Raises:
        InputError: a radius, D or film not above 0, ε or the unbound share outside (0, 1].
    """

    radius_um: float
    diffusion_um2_s: float
    void_fraction: float
    binding: Binding
    film_um_s: float | None = None
    unbound_plasma: float = 1.0

    def __post_init__(self) -> None:
        where = "spheroid"
        need_positive(
            where,
            radius_um=self.radius_um,
            diffusion_um2_s=self.diffusion_um2_s,
            film_um_s=1.0 if self.film_um_s is None else self.film_um_s,
        )
        need_share(where, void_fraction=self.void_fraction, unbound_plasma=self.unbound_plasma)

    def grid(self, cells: int, *, grading: float) -> RadialGrid:
        """Return the shells, from the surface inwards."""
        return radial_grid(self.radius_um, 0.0, dimension=3, cells=cells, grading=grading)

    @property
    def wall_um_s(self) -> float:
        """Permeability of what ligand enters through."""
        return np.inf if self.film_um_s is None else self.film_um_s


def solve_radial(
    problem: VesselTissue | Spheroid,
    plasma: PlasmaCurve,
    *,
    end_s: float | None = None,
    cells: int = DEFAULT_CELLS,
    grading: float = DEFAULT_GRADING,
    rtol: float = DEFAULT_RTOL,
) -> RadialCourse:
    """Return the course of ligand in the tissue from time 0, when it is empty, to `end_s`.

    Ligand is the total of labelled and unlabelled: they share the sites. What is labelled
    follows from the specific activity, if both are given together in one administration
    (`RadialCourse.time_integrated_activity`).

    Args:
        problem: tissue around a vessel, or a spheroid.
        plasma: concentration in plasma or medium.
        end_s: end; by default the last point of the curve.
        cells: shells.
        grading: width of the shell farthest from the source over that of the nearest.
        rtol: error allowed per step, as a share of the local concentration (of a thousandth of
            the largest concentration of that state where there is less).

    Returns:
        Concentrations by radius at every step of the integrator.

    Raises:
        InputError: end not after 0 or beyond the curve; cells, grading or rtol out of range.
        SolverError: the integrator could not go on.

    Example:
        >>> site = Binding(1e-4, 1.0, 500.0, 1e-5, 0.0, 1e-6)
        >>> vessel = VesselTissue(8.0, 75.0, 3e-3, 14.0, 0.24, site)
        >>> curve = PlasmaCurve.exponentials([100.0], [1e-5])
        >>> course = solve_radial(vessel, curve, end_s=86400.0)
        >>> bool(course.bound_nmol_L[0, -1] > course.bound_nmol_L[-1, -1])
        True
    """
    end = _checked_end(plasma, end_s)
    if not FEWEST_CELLS <= cells <= MOST_CELLS:
        raise InputError(
            f"solve_radial: cells is {cells}; {FEWEST_CELLS} to {MOST_CELLS} are allowed"
        )
    need_positive("solve_radial", grading=grading)
    if not 0.0 < rtol <= 1e-2:
        raise InputError(f"solve_radial: rtol is {rtol:g}; above 0 and at most 0.01 is allowed")
    grid = problem.grid(cells, grading=grading)
    density = problem.binding.density_on(grid)
    time, state, dense = _integrate(problem, plasma, grid, density, end=end, rtol=rtol)
    return RadialCourse.from_steps(grid, density, time, state, dense)


def _checked_end(plasma: PlasmaCurve, end_s: float | None) -> float:
    last = plasma.last_s
    if end_s is None:
        if np.isinf(last):
            raise InputError("solve_radial: a curve of exponentials has no last point; give end_s")
        return last
    if not (np.isfinite(end_s) and 0.0 < end_s <= last):
        raise InputError(
            f"solve_radial: end_s is {end_s:g}; it must lie after 0 and not beyond the last "
            f"point of the plasma curve ({last:g} s)"
        )
    return float(end_s)


def _integrate(
    problem: VesselTissue | Spheroid,
    plasma: PlasmaCurve,
    grid: RadialGrid,
    density: Floats,
    *,
    end: float,
    rtol: float,
) -> tuple[Floats, Floats, Floats]:
    """Return times (t,), states (t, size) and dense output (t - 1, 3, 3 n)."""
    from ligandose.kinetics.radial_stepper import OUT_OF_ROOM, STUCK, advance

    binding, n = problem.binding, grid.radius_um.size
    entry, leave = grid.entry_per_s(
        problem.diffusion_um2_s, problem.void_fraction, permeability_um_s=problem.wall_um_s
    )
    nearer, farther = grid.exchange_per_s(problem.diffusion_um2_s)
    shells = (nearer, farther, grid.share, density, entry * problem.unbound_plasma, leave)
    turnover = binding.turnover_per_s
    constants = (
        binding.k_on_L_nmol_s / problem.void_fraction,
        binding.k_off_per_s,
        binding.internalisation_per_s,
        binding.recycling_per_s,
        binding.release_per_s,
        0.0 if turnover is None else turnover,
        turnover is not None,
    )
    rate = plasma.rates
    y = np.zeros(4 * n + 4 + rate.size)
    if turnover is not None:
        y[3 * n : 4 * n] = density
    y[4 * n + 1 : 4 * n + 1 + rate.size] = plasma.amplitudes
    largest = np.zeros(4)
    times, states, denses = [np.zeros(1)], [y[None].copy()], list[Floats]()
    step, total = 1e-3 / (leave + constants[0] * max(density.max(), 1e-300)), 0
    for t, stop, start_value, slope in plasma.segments(end):
        y[4 * n] = start_value
        step = min(step, stop - t)
        status = OUT_OF_ROOM
        while status == OUT_OF_ROOM:
            room = np.empty(STEPS_PER_CALL)
            state_room = np.empty((STEPS_PER_CALL, y.size))
            dense_room = np.empty((STEPS_PER_CALL, 3, 3 * n))
            done, t, step, status = advance(
                y, t, stop, step, largest, shells, constants, slope, rate, rtol,
                room, state_room, dense_room,
            )  # fmt: skip
            total += done
            if status == STUCK or total > MOST_STEPS:
                raise SolverError(
                    f"solve_radial: no step small enough at {t:g} s after {total} steps; check "
                    "the rates for a wrong unit, or allow a larger rtol"
                )
            times.append(room[:done].copy())
            states.append(state_room[:done].copy())
            denses.append(dense_room[:done].copy())
    return np.concatenate(times), np.concatenate(states), np.concatenate(denses)
