"""Decay chains of the shipped nuclides: members, activities, numbers of decays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.errors import InputError, UnknownNameError
from ligandose.nuclides.chains import (
    decays_to_infinity,
    topological_order,
    transition_matrices,
)
from ligandose.nuclides.table import nuclide

FloatArray = NDArray[np.float64]
InitialActivity = float | Mapping[str, float] | FloatArray


@dataclass(frozen=True)
class DecayChain:
    """A nuclide and all that it decays to, parents before progeny, stable end members included.

    Attributes:
        members: names; the first is the parent that the chain was asked for.
        half_life_s: (member,) half-lives, infinite for stable members.
        decay_constant_per_s: (member,) ln 2 / half-life.
        branching: (member, member) `branching[child, parent]`.
    """

    members: tuple[str, ...]
    half_life_s: FloatArray = field(repr=False)
    decay_constant_per_s: FloatArray = field(repr=False)
    branching: FloatArray = field(repr=False)

    def activities(self, initial_activity_Bq: InitialActivity, time_s: ArrayLike) -> FloatArray:
        """Return the activity of every member at every time.

        Args:
            initial_activity_Bq: activity of the parent at time zero; or a mapping from members to
                activities; or an array (member,).
            time_s: one time or an array of times, not negative.

        Returns:
            (member, time) activities in Bq; (member,) for one time.

        Raises:
            InputError: a negative or not finite activity or time; a stable member with activity.
            UnknownNameError: a nuclide that is not a member.
        """
        times = _checked_times(time_s)
        atoms, _ = transition_matrices(self.decay_constant_per_s, self.branching, times.ravel())
        at_time = atoms @ self._atoms(initial_activity_Bq)
        return _shaped(self.decay_constant_per_s[:, None] * at_time.T, times)

    def decays(self, initial_activity_Bq: InitialActivity, time_s: ArrayLike) -> FloatArray:
        """Return the number of decays (Bq·s) of every member from time zero to each time.

        Arguments, shape and errors as in `activities`; a time may be infinite.
        """
        times = _checked_times(time_s, allow_infinite=True)
        flat = times.ravel()
        atoms = self._atoms(initial_activity_Bq)
        result = np.empty((len(self.members), flat.size))
        endless = np.isinf(flat)
        _, atom_seconds = transition_matrices(
            self.decay_constant_per_s, self.branching, flat[~endless]
        )
        result[:, ~endless] = self.decay_constant_per_s[:, None] * (atom_seconds @ atoms).T
        radioactive = self.decay_constant_per_s > 0.0
        result[:, endless] = (decays_to_infinity(self.branching, atoms) * radioactive)[:, None]
        return _shaped(result, times)

    def cumulative_yield(self, horizon_s: float | None = None) -> FloatArray:
        """Return the decays of each member per atom of the parent, (member,).

        Args:
            horizon_s: count decays up to this time only; None for all time, where a long-lived
                member (Pm-145 of Tb-149, Bi-209 of Ac-225) counts as fully decayed.
        """
        start = np.zeros(len(self.members))
        start[0] = self.decay_constant_per_s[0]
        return self.decays(start, np.inf if horizon_s is None else horizon_s)

    def _atoms(self, initial_activity_Bq: InitialActivity) -> FloatArray:
        activity = self._activity_vector(initial_activity_Bq)
        if not (np.all(np.isfinite(activity)) and np.all(activity >= 0.0)):
            raise InputError(
                f"initial activities of the chain of {self.members[0]} must be finite and not "
                f"negative (Bq), got {activity.tolist()}"
            )
        stable = self.decay_constant_per_s == 0.0
        if np.any(activity[stable] > 0.0):
            raise InputError(f"a stable member of the chain of {self.members[0]} has no activity")
        safe = np.where(stable, 1.0, self.decay_constant_per_s)
        return activity / safe

    def _activity_vector(self, given: InitialActivity) -> FloatArray:
        activity = np.zeros(len(self.members))
        if isinstance(given, Mapping):
            for name, value in given.items():
                activity[self.index(name)] = value
        elif np.ndim(given) == 0:
            activity[0] = given
        else:
            array = np.asarray(given, dtype=np.float64)
            if array.shape != activity.shape:
                raise InputError(
                    f"the chain of {self.members[0]} has {activity.size} members, "
                    f"got initial activities of shape {array.shape}"
                )
            activity[:] = array
        return activity

    def index(self, name: str) -> int:
        """Return the place of a member.

        Raises:
            UnknownNameError: not a member.
        """
        canonical = nuclide(name).name
        if canonical not in self.members:
            raise UnknownNameError(f"member of the chain of {self.members[0]}", name, self.members)
        return self.members.index(canonical)


def _checked_times(time_s: ArrayLike, *, allow_infinite: bool = False) -> FloatArray:
    times = np.asarray(time_s, dtype=np.float64)
    allowed = (times >= 0.0) & (np.isfinite(times) | allow_infinite)
    if not np.all(allowed):
        raise InputError(f"times must be finite and not negative (s), got {times[~allowed][0]}")
    return times


def _shaped(values: FloatArray, times: FloatArray) -> FloatArray:
    return values[:, 0] if times.ndim == 0 else values.reshape(-1, *times.shape)


@cache
def decay_chain(name: str) -> DecayChain:
    """Return the chain of a nuclide (any usual spelling) down to stability.

    Raises:
        UnknownNameError: the nuclide is not in the table.
    """
    parent = nuclide(name).name
    parents_of: dict[str, set[str]] = {parent: set()}
    waiting = [parent]
    while waiting:
        current = waiting.pop()
        for progeny in nuclide(current).progeny:
            if progeny not in parents_of:
                parents_of[progeny] = set()
                waiting.append(progeny)
            parents_of[progeny].add(current)
    members = tuple(topological_order(parents_of))
    place = {member: i for i, member in enumerate(members)}
    branching = np.zeros((len(members), len(members)))
    for member in members:
        for mode in nuclide(member).modes:
            if mode.progeny is not None:
                branching[place[mode.progeny], place[member]] += mode.branching
    return DecayChain(
        members=members,
        half_life_s=np.array([nuclide(m).half_life_s for m in members]),
        decay_constant_per_s=np.array([nuclide(m).decay_constant_per_s for m in members]),
        branching=branching,
    )
