"""The kinetic equations a second time, for CVODE: written from the description alone.

Nothing here shares code with the solver of the package. A description becomes a right-hand side
and an analytic Jacobian that numba compiles, either of the total ligand ("reduced") or of
labelled and unlabelled ligand as separate states that compete for the same sites and of which
the first decays into the second ("hot and cold"), the way published models are written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit

from ligandose.kinetics.description import ModelDescription
from ligandose.kinetics.solve import Dose, Phase


@dataclass(frozen=True)
class Equations:
    """Compiled functions for CVODE and what is needed to call them.

    Attributes:
        description: what they were made of.
        groups: ligands that are counted apart; with `decaying`, the first turns into the second.
        n: number of states, groups · pools, followed by integrals if there are any.
        row, column: nonzeros of the Jacobian in compressed-column order.
        rhs, jacobian_sparse, jacobian_dense: functions (t, y, …, userdata) for scikit-sundae.
    """

    description: ModelDescription
    groups: int
    decaying: bool
    n: int
    row: np.ndarray
    column: np.ndarray
    rhs: Callable[..., None]
    jacobian_sparse: Callable[..., None]
    jacobian_dense: Callable[..., None]

    @property
    def sparsity(self) -> np.ndarray:
        """(n, n) pattern of the Jacobian."""
        pattern = np.zeros((self.n, self.n))
        pattern[self.row, self.column] = 1.0
        return pattern


class _Constants:
    """Numbers of one patient: linear rates, association rates, capacities, decay."""

    def __init__(self, description: ModelDescription) -> None:
        self.description = description
        self.size = len(_passages(description)) + 2 * len(description.sites) + 1

    def __call__(self, parameters: Mapping[str, float], decay_per_s: float) -> np.ndarray:
        d = self.description
        volume = {p.name: parameters[p.volume] for p in d.pools if p.volume}
        numbers = [_product(parameters, e.clearance) / volume[e.source] for e in d.exchanges]
        numbers += [_product(parameters, t.rate) for t in d.transformations]
        numbers += [_product(parameters, s.on_rate) / volume[s.ligand] for s in d.sites]
        numbers += [_product(parameters, s.capacity) for s in d.sites]
        return np.array([*numbers, decay_per_s])


def _product(parameters: Mapping[str, float], names: Sequence[str]) -> float:
    return math.prod([parameters[name] for name in names])


def build(
    description: ModelDescription,
    *,
    into: str,
    groups: int = 1,
    decaying: bool = False,
    integrals: bool = False,
) -> Equations:
    """Compile the equations of a description.

    Args:
        into: pool that receives what is infused.
        groups: ligands that are counted apart.
        decaying: group 0 decays into group 1.
        integrals: append ∫ e^(-λt) amount dt of every region and group as states.
    """
    pools = [p.name for p in description.pools]
    place = {name: i for i, name in enumerate(pools)}
    n = len(pools)
    source = np.array([place[p.source] for p in _passages(description)])
    target = np.array([place[p.target] for p in _passages(description)])
    ligand = np.array([place[s.ligand] for s in description.sites], dtype=np.int64)
    bound = np.array([place[s.complex] for s in description.sites], dtype=np.int64)
    region = np.array([description.regions.index(p.region) for p in description.pools])
    n_regions = len(description.regions) if integrals else 0
    size = groups * (n + n_regions)
    entries = _entries(source, target, ligand, bound, n, groups, decaying)
    if integrals:
        entries |= {
            (groups * n + g * n_regions + int(region[i]), g * n + i)
            for g in range(groups)
            for i in range(n)
        }
    ordered = sorted(entries, key=lambda e: (e[1], e[0]))
    row = np.array([e[0] for e in ordered])
    column = np.array([e[1] for e in ordered])
    at = np.zeros((size, size), dtype=np.int64)
    at[row, column] = np.arange(row.size)
    infused = place[into]
    shape = (n, groups, decaying, n_regions, infused)
    tables = (source, target, ligand, bound, region)
    return Equations(
        description=description,
        groups=groups,
        decaying=decaying,
        n=size,
        row=row,
        column=column,
        rhs=_make_rhs(shape, tables),
        jacobian_sparse=_make_jacobian(shape, tables, at, sparse=True),
        jacobian_dense=_make_jacobian(shape, tables, at, sparse=False),
    )


def _passages(description: ModelDescription):
    return (*description.exchanges, *description.transformations)


def _entries(source, target, ligand, bound, n, groups, decaying) -> set[tuple[int, int]]:
    entries = {(i, i) for i in range(groups * n)}
    for g in range(groups):
        o = g * n
        entries |= {(o + t, o + s) for s, t in zip(source, target, strict=True)}
        for a, b in zip(ligand, bound, strict=True):
            entries.add((o + b, o + a))
            for other in range(groups):
                entries |= {(o + a, other * n + b), (o + b, other * n + b)}
    if decaying:
        entries |= {(n + i, i) for i in range(n)}
    return {(int(i), int(j)) for i, j in entries}


# User data of all functions: constants of the patient, followed for each group by the steady and
# the decaying part of its infusion (nmol/s) and, last, the time from which decay counts.


def _make_rhs(shape, tables):
    n, groups, decaying, n_regions, infused = shape
    source, target, ligand, bound, region = tables
    n_linear, n_site = source.size, ligand.size

    @njit
    def rhs(t, y, yp, userdata):
        data = userdata[0]
        decay = data[n_linear + 2 * n_site]
        tail = n_linear + 2 * n_site + 1
        faded = np.exp(-decay * (t - data[tail + 2 * groups]))
        yp[:] = 0.0
        for g in range(groups):
            o = g * n
            yp[o + infused] = data[tail + 2 * g] + data[tail + 2 * g + 1] * faded
            for r in range(n_linear):
                flux = data[r] * y[o + source[r]]
                yp[o + source[r]] -= flux
                yp[o + target[r]] += flux
        for r in range(n_site):
            free = data[n_linear + n_site + r]
            for g in range(groups):
                free -= y[g * n + bound[r]]
            for g in range(groups):
                flux = data[n_linear + r] * y[g * n + ligand[r]] * free
                yp[g * n + ligand[r]] -= flux
                yp[g * n + bound[r]] += flux
        if decaying:
            for i in range(n):
                yp[i] -= decay * y[i]
                yp[n + i] += decay * y[i]
        if n_regions:
            for g in range(groups):
                for i in range(n):
                    yp[groups * n + g * n_regions + region[i]] += faded * y[g * n + i]

    return rhs


def _make_jacobian(shape, tables, at, *, sparse):
    n, groups, decaying, n_regions, _ = shape
    source, target, ligand, bound, region = tables
    n_linear, n_site = source.size, ligand.size

    if sparse:

        @njit
        def add(matrix, i, j, value):
            matrix[at[i, j]] += value
    else:

        @njit
        def add(matrix, i, j, value):
            matrix[i, j] += value

    @njit
    def jacobian(t, y, yp, matrix, userdata):
        data = userdata[0]
        decay = data[n_linear + 2 * n_site]
        matrix[:] = 0.0
        for g in range(groups):
            o = g * n
            for r in range(n_linear):
                add(matrix, o + source[r], o + source[r], -data[r])
                add(matrix, o + target[r], o + source[r], data[r])
        for r in range(n_site):
            free = data[n_linear + n_site + r]
            for g in range(groups):
                free -= y[g * n + bound[r]]
            for g in range(groups):
                a, b = g * n + ligand[r], g * n + bound[r]
                by_ligand = data[n_linear + r] * free
                by_bound = data[n_linear + r] * y[a]
                add(matrix, a, a, -by_ligand)
                add(matrix, b, a, by_ligand)
                for other in range(groups):
                    add(matrix, a, other * n + bound[r], by_bound)
                    add(matrix, b, other * n + bound[r], -by_bound)
        if decaying:
            for i in range(n):
                add(matrix, i, i, -decay)
                add(matrix, n + i, i, decay)
        if n_regions:
            tail = n_linear + 2 * n_site + 1
            faded = np.exp(-decay * (t - data[tail + 2 * groups]))
            for g in range(groups):
                for i in range(n):
                    add(matrix, groups * n + g * n_regions + region[i], g * n + i, faded)

    return jacobian


@dataclass(frozen=True)
class Setting:
    """How CVODE is set for a run.

    Attributes:
        rtol: relative tolerance.
        atol: (n,) absolute tolerances.
        linear_solver: "sparse" (SuperLU_MT), "dense" or "lapackdense".
    """

    rtol: float
    atol: np.ndarray
    linear_solver: str = "sparse"


class CvodePeer:
    """CVODE with compiled equations, ready to solve one patient after the other.

    Args:
        into: pool that receives the doses.
        labelled: labelled fraction of each dose, referred to the first phase's start (hot and
            cold), or None, where each dose goes to the group of its tag.
    """

    def __init__(
        self,
        equations: Equations,
        *,
        setting: Setting,
        into: str,
        decay_per_s: float,
        labelled: Sequence[float] | None = None,
    ) -> None:
        from scipy.sparse import csc_matrix
        from sksundae.cvode import CVODE

        self.equations = equations
        self.decay_per_s = decay_per_s
        self.labelled = labelled
        self.pools = len(equations.description.pools)
        self.into = [p.name for p in equations.description.pools].index(into)
        self.constants = _Constants(equations.description)
        self.data = np.zeros(self.constants.size + 2 * equations.groups + 1)
        sparse = setting.linear_solver == "sparse"
        self.solver = CVODE(
            equations.rhs,
            userdata=(self.data,),
            rtol=setting.rtol,
            atol=setting.atol,
            linsolver=setting.linear_solver,
            sparsity=csc_matrix(equations.sparsity) if sparse else None,
            jacfn=equations.jacobian_sparse if sparse else equations.jacobian_dense,
            max_num_steps=1_000_000,
        )

    def integrate(
        self, phases: Sequence[Phase], doses: Sequence[Dose], *, patient: int, time_s: np.ndarray
    ) -> np.ndarray:
        """Return (times, n) states of a patient, restarted wherever rates or sources jump.

        Args:
            time_s: increasing times; the integration ends at the last.
        """
        y = np.zeros(self.equations.n)
        out = np.zeros((time_s.size, self.equations.n))
        start = phases[0].start_s
        breaks = _breaks(phases, doses, end=float(time_s[-1]))
        for t0, t1 in pairwise(breaks):
            phase = [p for p in phases if p.start_s <= t0][-1]
            values = {k: v[patient] for k, v in phase.parameters.items()}
            self.data[: self.constants.size] = self.constants(values, self.decay_per_s)
            self.data[self.constants.size :] = self._give(doses, t0, y, start)
            wanted = (time_s > t0) & (time_s <= t1)
            states = self._segment(t0, time_s[wanted], t1, y)
            out[wanted] = states[: int(wanted.sum())]
            y = states[-1].copy()
        return out

    def _segment(self, t0: float, times: np.ndarray, t1: float, y: np.ndarray) -> np.ndarray:
        """Return states at the times, and at the end of the segment in the last row."""
        stops = [t0, *times]
        if stops[-1] != t1:
            stops.append(t1)
        if len(stops) > 2:
            return self.solver.solve(np.array(stops), y).y[1:]
        # Two times would mean "every step" to scikit-sundae.
        stops.insert(1, 0.5 * (t0 + t1))
        return self.solver.solve(np.array(stops), y).y[2:]

    def _give(self, doses: Sequence[Dose], t0: float, y: np.ndarray, start: float) -> np.ndarray:
        """Put boluses into y; return steady and decaying infusion of each group and the origin."""
        groups = self.equations.groups
        infusion = np.zeros(2 * groups + 1)
        infusion[-1] = start
        for k, dose in enumerate(doses):
            steady = np.zeros(groups)
            fading = np.zeros(groups)  # coefficient of e^(-λ(t - start))
            if self.labelled is None:
                steady[dose.tag] = 1.0
            else:
                steady[1] = 1.0
                fading[:2] = self.labelled[k], -self.labelled[k]
            if dose.duration_s == 0.0 and dose.time_s == t0:
                now = steady + fading * np.exp(-self.decay_per_s * (t0 - start))
                y[self.into : groups * self.pools : self.pools] += dose.amount_nmol * now
            elif dose.time_s <= t0 < dose.time_s + dose.duration_s:
                infusion[0:-1:2] += dose.amount_nmol / dose.duration_s * steady
                infusion[1:-1:2] += dose.amount_nmol / dose.duration_s * fading
        return infusion


def _breaks(phases: Sequence[Phase], doses: Sequence[Dose], *, end: float) -> list[float]:
    start = phases[0].start_s
    jumps = {start, end} | {p.start_s for p in phases}
    jumps |= {d.time_s for d in doses} | {d.time_s + d.duration_s for d in doses}
    return sorted(t for t in jumps if start <= t <= end)
