"""Where the ligand was, at every radius and time, and the decays that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from ligandose.errors import InputError
from ligandose.kinetics.radial_grid import Floats, RadialGrid
from ligandose.kinetics.radial_rules import need_at_least, need_positive

STATES = ("free", "surface", "inside")


@dataclass(frozen=True)
class LocalActivity:
    """Time-integrated activity by radius and by where the label sits.

    Attributes:
        radius_um: (n,) rising radius; distance_um: (n,) distance from the source.
        share: (n,) share of the tissue's volume.
        free_Bq_s_L, surface_Bq_s_L, inside_Bq_s_L: (n,) Bq·s per litre of tissue up to the end
            of the course: in the interstitium, on the surface of cells, in cells.
        beyond_end_Bq_s_L: (n,) what would follow after the end if all that is there then
            stayed: an upper bound unless more is still delivered.
    """

    radius_um: Floats
    distance_um: Floats
    share: Floats
    free_Bq_s_L: Floats
    surface_Bq_s_L: Floats
    inside_Bq_s_L: Floats
    beyond_end_Bq_s_L: Floats

    @property
    def total_Bq_s_L(self) -> Floats:
        """(n,) all states together."""
        return self.free_Bq_s_L + self.surface_Bq_s_L + self.inside_Bq_s_L

    @property
    def mean_Bq_s_L(self) -> float:
        """Mean over the tissue of all states together."""
        return float(self.share @ self.total_Bq_s_L)

    @property
    def uniformity(self) -> float:
        """Uniformity of the total over the tissue, see `uniformity_of`."""
        return uniformity_of(self.total_Bq_s_L, self.share)

    def at_distance(self, distance_um: ArrayLike) -> dict[str, Floats]:
        """Return the three states (…) at distances from the source, by name.

        Linear between the middles of shells, constant beyond the first and the last.
        """
        where = np.asarray(distance_um, dtype=np.float64)
        order = np.argsort(self.distance_um)
        rows = (self.free_Bq_s_L, self.surface_Bq_s_L, self.inside_Bq_s_L)
        return {
            name: np.interp(where, self.distance_um[order], row[order])
            for name, row in zip(STATES, rows, strict=True)
        }


@dataclass(frozen=True)
class RadialCourse:
    """Ligand in a tissue: concentrations in nmol per litre of tissue (cells and spaces).

    Attributes:
        radius_um: (n,) middle of each shell, rising; distance_um: (n,) from the source.
        share: (n,) share of the tissue's volume.
        density_nmol_L: (n,) sites.
        time_s: (t,) times of the integrator's steps, from 0.
        free_nmol_L, bound_nmol_L, internalised_nmol_L: (n, t).
        delivered_nmol_L, washed_back_nmol_L, released_nmol_L: (t,) cumulative amount per volume
            of the tissue that came in, that went back out free, and whose label was released.
    """

    radius_um: Floats
    distance_um: Floats
    share: Floats
    density_nmol_L: Floats
    time_s: Floats
    free_nmol_L: Floats
    bound_nmol_L: Floats
    internalised_nmol_L: Floats
    delivered_nmol_L: Floats
    washed_back_nmol_L: Floats
    released_nmol_L: Floats
    _dense: Floats = field(repr=False)

    @classmethod
    def from_steps(
        cls, grid: RadialGrid, density: Floats, time: Floats, state: Floats, dense: Floats
    ) -> RadialCourse:
        """Arrange the integrator's output, shells by rising radius."""
        n = grid.radius_um.size
        order = np.argsort(grid.radius_um)
        rows = state[:, : 3 * n].reshape(-1, 3, n)[:, :, order]
        return cls(
            radius_um=grid.radius_um[order],
            distance_um=grid.distance_um[order],
            share=grid.share[order],
            density_nmol_L=density[order],
            time_s=time,
            free_nmol_L=rows[:, 0].T,
            bound_nmol_L=rows[:, 1].T,
            internalised_nmol_L=rows[:, 2].T,
            delivered_nmol_L=state[:, -3],
            washed_back_nmol_L=state[:, -2],
            released_nmol_L=state[:, -1],
            _dense=dense.reshape(-1, 3, 3, n)[:, :, :, order],
        )

    @property
    def cell_associated_nmol_L(self) -> Floats:
        """(n, t) bound and internalised."""
        return self.bound_nmol_L + self.internalised_nmol_L

    @property
    def mean_nmol_L(self) -> dict[str, Floats]:
        """(t,) mean over the tissue by state."""
        rows = (self.free_nmol_L, self.bound_nmol_L, self.internalised_nmol_L)
        return {name: self.share @ row for name, row in zip(STATES, rows, strict=True)}

    @property
    def occupied_share(self) -> Floats:
        """(t,) bound ligand over sites, over the whole tissue: the saturated share of volume."""
        sites = self.share @ self.density_nmol_L
        if sites == 0.0:
            raise InputError("radial course: no sites, so no share of them is occupied")
        return (self.share @ self.bound_nmol_L) / sites

    @property
    def imbalance(self) -> float:
        """Largest |delivered - washed back - released - in tissue| over what was delivered."""
        held = np.sum(list(self.mean_nmol_L.values()), axis=0)
        lost = self.delivered_nmol_L - self.washed_back_nmol_L - self.released_nmol_L - held
        most = self.delivered_nmol_L[-1]
        return float(np.max(np.abs(lost)) / most) if most > 0.0 else float(np.max(np.abs(lost)))

    def at(self, time_s: ArrayLike) -> dict[str, Floats]:
        """Return the states (n, k) at times (k,) within the course, from the dense output.

        Raises:
            InputError: a time before 0 or after the end.
        """
        time = np.atleast_1d(np.asarray(time_s, dtype=np.float64))
        if not np.all((time >= 0.0) & (time <= self.time_s[-1])):
            raise InputError(
                f"radial course: times must lie from 0 to {self.time_s[-1]:g} s, got {time}"
            )
        k = np.clip(np.searchsorted(self.time_s, time) - 1, 0, self.time_s.size - 2)
        theta = ((time - self.time_s[k]) / np.diff(self.time_s)[k])[:, None]
        result: dict[str, Floats] = {}
        for s, name in enumerate(STATES):
            row = self._row(s)
            a, b, c = (self._dense[k, m, s] for m in range(3))
            inner = row[:, k + 1].T + (1.0 - theta) * (a + theta * (b + theta * c))
            result[name] = ((1.0 - theta) * row[:, k].T + theta * inner).T
        return result

    def time_integrated_activity(
        self, half_life_s: float, specific_activity_Bq_nmol: float
    ) -> LocalActivity:
        """Return the decays up to the end of the course, by radius and state.

        Labelled ligand is taken as a constant share of the total, apart from decay: the activity
        per amount is a e^(-λ t). That holds for one administration in which labelled and
        unlabelled ligand are given together; released label has left the tissue. The dense
        output of each step is integrated against e^(-λ t) in closed form, so the result does
        not depend on output times. Daughters are not followed.

        Args:
            half_life_s: physical half-life; infinite for none.
            specific_activity_Bq_nmol: a, activity per amount of ligand at time 0.

        Raises:
            InputError: half-life not above 0, specific activity below 0.
        """
        from ligandose.kinetics._exponential_moments import exponential_moments

        if not np.isinf(half_life_s):
            need_positive("time_integrated_activity", half_life_s=half_life_s)
        need_at_least(
            "time_integrated_activity", 0.0, specific_activity_Bq_nmol=specific_activity_Bq_nmol
        )
        decay = np.log(2.0) / half_life_s
        step = np.diff(self.time_s)
        moments = np.empty((step.size, 5))
        for k in range(step.size):
            exponential_moments(decay * step[k], moments[k])
        moments *= (step * np.exp(-decay * self.time_s[:-1]))[:, None]
        m0, m1, m2, m3, m4 = moments.T
        integrals: list[Floats] = []
        for s in range(3):
            row, (a, b, c) = self._row(s), (self._dense[:, m, s] for m in range(3))
            # y = y0 + θ(y1 - y0 + a) + θ²(b - a) + θ³(c - b) - θ⁴ c, integrated term by term
            total = row[:, :-1] @ (m0 - m1) + row[:, 1:] @ m1
            total += (m1 - m2) @ a + (m2 - m3) @ b + (m3 - m4) @ c
            integrals.append(specific_activity_Bq_nmol * total)
        at_end = sum(self._row(s)[:, -1] for s in range(3))
        remaining = specific_activity_Bq_nmol * np.exp(-decay * self.time_s[-1]) * at_end
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond = np.where(remaining == 0.0, 0.0, remaining / decay)
        place = (self.radius_um, self.distance_um, self.share)
        return LocalActivity(*place, integrals[0], integrals[1], integrals[2], beyond)

    def penetration_depth_um(self, *, level: float = 0.5) -> Floats:
        """Return how far ligand on and in cells reaches, at each time.

        The distance from the source at which it has fallen to `level` times its largest value of
        that time for good, linear between shells; the whole tissue where it has not, 0 where
        there is none.

        Args:
            level: share of the largest concentration, in (0, 1).

        Returns:
            (t,) µm.

        Raises:
            InputError: level outside (0, 1).
        """
        order = np.argsort(self.distance_um)
        values = self.cell_associated_nmol_L[order].T
        return np.array([depth_of(row, self.distance_um[order], level=level) for row in values])

    def uniformity(self, time_s: float) -> float:
        """Return the uniformity of ligand on and in cells at a time, see `uniformity_of`."""
        state = self.at(time_s)
        return uniformity_of((state["surface"] + state["inside"])[:, 0], self.share)

    def _row(self, state: int) -> Floats:
        return (self.free_nmol_L, self.bound_nmol_L, self.internalised_nmol_L)[state]


def uniformity_of(value: Floats, share: Floats) -> float:
    """Return mean²/mean of squares = 1/(1 + CV²) over volume: 1 if even, near 0 if in one spot.

    For a tissue of which a share f is evenly filled and the rest empty it is f.
    """
    square = float(share @ value**2)
    return float(share @ value) ** 2 / square if square > 0.0 else 1.0


def depth_of(value: Floats, distance_um: Floats, *, level: float) -> float:
    """Return the distance beyond which `value` stays below `level` times its maximum.

    Args:
        value: (n,) by rising distance; distance_um: (n,).
        level: in (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"penetration depth: level is {level:g}; between 0 and 1 is allowed")
    top = value.max()
    if top <= 0.0:
        return 0.0
    above = np.flatnonzero(value >= level * top)
    last = int(above[-1])
    if last == value.size - 1:
        return float(distance_um[-1])
    fall = value[last] - value[last + 1]
    part = (value[last] - level * top) / fall
    return float(distance_um[last] + part * (distance_um[last + 1] - distance_um[last]))
