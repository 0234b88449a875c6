"""Solve a compiled model for many patients: amounts at chosen times and their time integrals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError, UnknownNameError
from ligandose.kinetics import rodas
from ligandose.kinetics._lanes import LANES
from ligandose.kinetics.network import Floats, Network

# Cheapest tolerance with a margin of two and more under the promised error (1e-6 of a region's
# maximum at any time, and of any time integral). Against CVODE at rtol 1e-11, 64 to 128 patients
# of each of three agents, bolus, infusion, two cycles, preload, one thousandth to ten times the
# usual amount: worst 3.6e-7 here, 6.0e-7 at 5e-6, 1.2e-7 at 1e-6 (which takes a third more steps).
# Far above the usual amount, sites desaturate abruptly: 8e-7 at 30 times, 5e-6 at 100 times, where
# rtol 1e-6 gives 5e-7.
RTOL = 3e-6
# Error per step that is always allowed, as a share of the amount given: it keeps a state that is
# still empty from dictating the first steps.
FLOOR = 1e-13
FIRST_STEP_S = 1e-2
# Share of the given amount that may be missing at the end. Ligand is kept to rounding unless rates
# differ by so much (1e15 and more) that elimination loses the slow ones; that is a failure.
LARGEST_LEAK = 1e-8


@dataclass(frozen=True, slots=True)
class Dose:
    """One administration into a pool.

    Attributes:
        time_s: start.
        amount_nmol: amount of ligand, labelled and unlabelled together.
        duration_s: length of the infusion; 0 for a bolus.
        tag: group of ligand that it belongs to.
        into: pool that receives it; "" for the one that all others go into.
    """

    time_s: float
    amount_nmol: float
    duration_s: float = 0.0
    tag: int = 0
    into: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time with rates of its own, from its start to the start of the next.

    Attributes:
        start_s: when it starts.
        parameters: values of every parameter per patient, (n_patients,) each.
    """

    start_s: float
    parameters: Mapping[str, Floats]


@dataclass(frozen=True)
class Solution:
    """Amounts and their time integrals.

    Attributes:
        time_s: (t,) output times.
        amount_nmol: (patients, t, tags, regions) amount of ligand, no decay applied.
        integral_nmol_s: (patients, decay constants, tags, regions) ∫ e^(-λ(t - t₀)) amount dt.
        final_nmol: (patients, states) amount of every state at the end.
        failed: (patients,) True where the integration was given up; all their values are NaN.
        steps: accepted and rejected steps, mean per group of eight patients.
    """

    time_s: Floats
    amount_nmol: Floats
    integral_nmol_s: Floats
    final_nmol: Floats
    failed: NDArray[np.bool_]
    steps: tuple[float, float]
    regions: tuple[str, ...] = field(default=())


def solve(
    network: Network,
    phases: Sequence[Phase],
    doses: Sequence[Dose],
    *,
    into: str,
    end_s: float,
    decay_per_s: Sequence[float] = (),
    origin_s: Sequence[float] | None = None,
    time_s: Floats | Sequence[float] = (),
    rtol: float = RTOL,
) -> Solution:
    """Integrate a model from its first phase to `end_s` for every patient.

    Args:
        network: compiled model.
        phases: rates over time; the first one starts the integration.
        doses: administrations, none before the first phase.
        into: pool that receives those that name none of their own.
        end_s: end of integration.
        decay_per_s: decay constants λ for which time integrals are wanted.
        origin_s: time from which each of them counts; default the start.
        time_s: increasing output times within the integration.
        rtol: error per step, relative to each state's largest amount so far.

    Raises:
        InputError: times out of order or out of range, amounts that are not positive, a pool or
            tag that the network does not have.
    """
    start = phases[0].start_s
    times = np.asarray(time_s, dtype=float)
    _check_places(network, doses, into)
    _check_times(phases, doses, times, start, end_s)
    groups = _Groups(network, phases[0].parameters)
    decay = np.asarray(decay_per_s, dtype=float)
    origin = np.full(decay.size, start) if origin_s is None else np.asarray(origin_s, dtype=float)
    state = groups.initial(total_nmol=sum(d.amount_nmol for d in doses))
    n_regions = network.n_regions
    integral = np.zeros((groups.count, decay.size * n_regions, LANES))
    outputs: list[Floats] = [groups.observe(state.y)] if np.any(times == start) else []
    breaks = _breaks(phases, doses, start, end_s)
    rates: tuple[Floats, Floats, Floats] | None = None
    for t0, t1 in pairwise(breaks):
        phase = _phase_at(phases, t0)
        if rates is None or phase.start_s == t0:
            rates = groups.rates(phase.parameters)
        infusion, bolus = _sources(network, doses, into, t0, state.y)
        if bolus or phase.start_s == t0 or np.any(infusion):
            state.step_size[:] = np.minimum(state.step_size, FIRST_STEP_S)
        inside = times[(times > t0) & (times <= t1)]
        out = np.zeros((groups.count, inside.size, n_regions, LANES))
        rodas.advance(
            state.y, state.largest, state.step_size, t0, t1, groups.tables, groups.entries,
            groups.program, rates, infusion, state.active, rtol, state.floor, decay, origin,
            groups.observed, inside, out, integral, state.counts,
        )  # fmt: skip
        outputs.append(np.moveaxis(out, 3, 1))
    _give_up_leaks(state, sum(d.amount_nmol for d in doses if d.time_s < end_s))
    return groups.solution(state, times, outputs, integral, decay.size)


@dataclass
class _State:
    y: Floats
    largest: Floats
    step_size: Floats
    floor: Floats
    active: NDArray[np.bool_]
    counts: NDArray[np.int64]


class _Groups:
    """Patients in groups of eight; the last group is filled with copies of its last patient."""

    def __init__(self, network: Network, parameters: Mapping[str, Floats]) -> None:
        self.network = network
        self.patients = next(iter(parameters.values())).size
        self.count = -(-self.patients // LANES)
        self.member = np.minimum(np.arange(self.count * LANES), self.patients - 1)
        e = network.elimination
        self.tables = (
            network.linear_source, network.linear_target, network.site_ligand,
            network.site_complex, network.occupant_pointer, network.occupant_state,
            network.occupant_weight,
        )  # fmt: skip
        self.entries = (
            network.linear_source_entry, network.linear_target_entry, network.site_ligand_entry,
            network.site_complex_entry, network.occupant_ligand_entry,
            network.occupant_complex_entry, network.state_entry,
        )  # fmt: skip
        self.program = (
            e.diagonal, e.state, e.scale_entry, e.scale_pointer, e.update_target, e.update_left,
            e.update_right, e.update_pointer, e.forward_target, e.forward_entry,
            e.forward_source, e.backward_entry, e.backward_source, e.backward_pointer,
            e.nonzeros,
        )  # fmt: skip
        self.observed = (network.region_pointer, network.region_state)

    def initial(self, *, total_nmol: float) -> _State:
        n = self.network.n_states
        return _State(
            y=np.zeros((self.count, n, LANES)),
            largest=np.zeros((self.count, n, LANES)),
            step_size=np.full(self.count, FIRST_STEP_S),
            floor=np.full((self.count, 1, LANES), FLOOR * total_nmol),
            active=np.ones((self.count, LANES), dtype=np.bool_),
            counts=np.zeros((self.count, 2), dtype=np.int64),
        )

    def rates(self, parameters: Mapping[str, Floats]) -> tuple[Floats, Floats, Floats]:
        linear, on, capacity = self.network.rates(parameters)
        return self._grouped(linear), self._grouped(on), self._grouped(capacity)

    def _grouped(self, rows: Floats) -> Floats:
        spread = rows[:, self.member].reshape(rows.shape[0], self.count, LANES)
        return np.ascontiguousarray(np.moveaxis(spread, 1, 0))

    def observe(self, y: Floats) -> Floats:
        """Return (groups, 8, 1, regions) amounts of each region."""
        pointer, member = self.observed
        sums = [y[:, member[a:b]].sum(axis=1) for a, b in pairwise(pointer)]
        return np.stack(sums, axis=-1)[:, :, None, :]

    def solution(
        self, state: _State, times: Floats, outputs: list[Floats], integral: Floats, n_decay: int
    ) -> Solution:
        tags = self.network.tags
        regions = self.network.description.regions
        amount = np.concatenate(outputs, axis=2) if outputs else np.zeros((self.count, LANES, 0, 1))
        shape = (self.count * LANES, times.size, tags, len(regions))
        amount = amount.reshape(shape)[: self.patients]
        flat = np.moveaxis(integral, 2, 1).reshape(self.count * LANES, n_decay, tags, len(regions))
        final = np.moveaxis(state.y, 2, 1).reshape(self.count * LANES, -1)[: self.patients]
        failed = ~state.active.reshape(-1)[: self.patients]
        flat = flat[: self.patients]
        for values in (amount, flat, final):
            values[failed] = np.nan
        accepted, rejected = state.counts.mean(axis=0)
        return Solution(
            time_s=times,
            amount_nmol=amount,
            integral_nmol_s=flat,
            final_nmol=final,
            failed=failed,
            steps=(float(accepted), float(rejected)),
            regions=regions,
        )


def _phase_at(phases: Sequence[Phase], time_s: float) -> Phase:
    return [p for p in phases if p.start_s <= time_s][-1]


def _breaks(
    phases: Sequence[Phase], doses: Sequence[Dose], start: float, end: float
) -> list[float]:
    """Return the times at which rates or sources jump, with start and end."""
    times = {start, end}
    times.update(p.start_s for p in phases)
    for dose in doses:
        times.update((dose.time_s, dose.time_s + dose.duration_s))
    return sorted(t for t in times if start <= t <= end)


def _sources(
    network: Network, doses: Sequence[Dose], into: str, t0: float, y: Floats
) -> tuple[Floats, bool]:
    """Put boluses of this moment into y; return infusion rates (nmol/s) and whether any came."""
    infusion = np.zeros_like(y)
    bolus = False
    for dose in doses:
        row = network.state(dose.into or into, tag=dose.tag)
        if dose.duration_s == 0.0 and dose.time_s == t0:
            y[:, row] += dose.amount_nmol
            bolus = True
        elif dose.time_s <= t0 < dose.time_s + dose.duration_s:
            infusion[:, row] += dose.amount_nmol / dose.duration_s
    return infusion, bolus


def _give_up_leaks(state: _State, given_nmol: float) -> None:
    """Count patients as failed who do not hold what they were given."""
    missing = np.abs(state.y.sum(axis=1) - given_nmol)
    state.active &= missing <= LARGEST_LEAK * given_nmol


def _check_places(network: Network, doses: Sequence[Dose], into: str) -> None:
    pools = [pool.name for pool in network.description.pools]
    for name in dict.fromkeys([into, *(dose.into for dose in doses if dose.into)]):
        if name not in pools:
            raise UnknownNameError("pool", name, pools, where="administration")
    for dose in doses:
        if not 0 <= dose.tag < network.tags:
            raise InputError(
                f"administration at {dose.time_s} s: tag {dose.tag} is not one of the "
                f"{network.tags} of the network"
            )


def _check_times(
    phases: Sequence[Phase], doses: Sequence[Dose], times: Floats, start: float, end: float
) -> None:
    starts = [p.start_s for p in phases]
    if sorted(starts) != starts or end <= starts[-1]:
        raise InputError(f"phases must start in order and before the end ({end} s); got {starts}")
    for dose in doses:
        if not start <= dose.time_s <= dose.time_s + dose.duration_s <= end:
            raise InputError(
                f"administration at {dose.time_s} s for {dose.duration_s} s is not within "
                f"{start} … {end} s"
            )
        if not 0.0 < dose.amount_nmol < float("inf"):
            raise InputError(
                f"administered amount {dose.amount_nmol} nmol must be greater than 0 and finite"
            )
    if times.size and (np.any(np.diff(times) <= 0.0) or times[0] < start or times[-1] > end):
        raise InputError(f"output times must increase within {start} … {end} s")
