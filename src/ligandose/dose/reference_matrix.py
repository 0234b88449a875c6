"""S values at the reference masses, region by region, sorted by how they scale to patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.curves import RADIATIONS
from ligandose.dose.placement import REMAINDER, Place, remainder_masses_kg, remainder_shares
from ligandose.dose.saf import SafTable
from ligandose.dose.skeleton import SKELETAL_SOURCES, SKELETAL_TARGETS

FloatArray = NDArray[np.float64]
PHOTON = RADIATIONS.index("photon")
CHARGED = slice(0, PHOTON)
BLOOD, WHOLE_BODY = "blood", "whole_body"


@dataclass(frozen=True)
class ReferenceMatrix:
    """S of one nuclide at the reference masses, by how each entry scales.

    Attributes:
        own: (r, 3) self-dose.
        by_body: (targets, sources, 3) scales with the body.
        by_source: (targets, sources, 3) scales with the mass of the source (contents).
        by_target: (targets, sources, 3) scales with the mass of the target (skeleton, whole body).
        sd: (targets, sources, 3) statistical standard deviation of own and the rest.
    """

    own: FloatArray
    by_body: FloatArray
    by_source: FloatArray
    by_target: FloatArray
    sd: FloatArray

    def total(self) -> FloatArray:
        """Return (targets, sources, 3) S at the reference masses."""
        s = self.by_body + self.by_source + self.by_target
        s[np.diag_indices(len(self.own))] += self.own
        return s


@dataclass(frozen=True)
class ScaledTerms:
    """S of one nuclide for patients, factored.

    Attributes:
        matrix: at the reference.
        body: (p,) factor of `by_body`.
        mass: (p, r) reference mass over mass, the factor of `by_source` and `by_target`.
        own: (p, r, 3) self-dose.
        pairs: (target, source) indices whose S is not in `matrix`, with (p, 3) values.
    """

    matrix: ReferenceMatrix
    body: FloatArray
    mass: FloatArray
    own: FloatArray
    pairs: tuple[tuple[int, int, FloatArray], ...]

    def s(self) -> FloatArray:
        """Return (patients, targets, sources, 3) Gy/(Bq s)."""
        m = self.matrix
        s = (
            m.by_body * self.body[:, None, None, None]
            + m.by_source * self.mass[:, None, :, None]
            + m.by_target * self.mass[:, :, None, None]
        )
        for target, source, values in self.pairs:
            s[:, target, source] += values
        for i in range(self.mass.shape[1]):
            s[:, i, i] += self.own[:, i]
        return s

    def dose(self, tia: FloatArray) -> FloatArray:
        """Return (patients, targets, 3) dose from (patients, sources) activity."""
        m, dose = self.matrix, self.own * tia[..., None]
        _add_product(dose, m.by_body, tia, self.body[:, None, None])
        _add_product(dose, m.by_source, self.mass * tia, 1.0)
        _add_product(dose, m.by_target, tia, self.mass[..., None])
        for target, source, values in self.pairs:
            dose[:, target] += values * tia[:, source, None]
        return dose

    def summed_by_source(self, tia: FloatArray) -> FloatArray:
        """Return (targets, sources) dose, summed over patients and radiations."""
        m = self.matrix
        total = m.by_body.sum(axis=-1) * (self.body @ tia)
        total += m.by_source.sum(axis=-1) * (self.mass * tia).sum(axis=0)
        total += m.by_target.sum(axis=-1) * (self.mass.T @ tia)
        for target, source, values in self.pairs:
            total[target, source] += values.sum(axis=-1) @ tia[:, source]
        total[np.diag_indices(len(total))] += (self.own.sum(axis=-1) * tia).sum(axis=0)
        return total


def _add_product(
    dose: FloatArray, matrix: FloatArray, tia: FloatArray, factor: FloatArray | float
) -> None:
    """Add factor × Σ matrix (t, s, 3) × tia (p, s) to dose (p, t, 3)."""
    sources = np.flatnonzero(matrix.any(axis=(0, 2)))
    if sources.size:
        rows = np.swapaxes(matrix[:, sources], 0, 1).reshape(sources.size, -1)
        dose += factor * (tia[:, sources] @ rows).reshape(dose.shape)


def reference_matrix(
    table: SafTable, located: tuple[Place, ...], value: FloatArray, sd: FloatArray
) -> ReferenceMatrix:
    """Arrange the table's S (sources, targets, 3) by region and by how it scales."""
    rows, row_sd = _rows(table, located, value), _rows(table, located, sd, squared=True)
    column = [table.targets.index(p.target) for p in located]
    s = np.swapaxes(rows[:, column], 0, 1).copy()
    deviation = np.swapaxes(row_sd[:, column], 0, 1).copy()
    n = len(located)
    own = s[np.arange(n), np.arange(n)].copy()
    s[np.arange(n), np.arange(n)] = 0.0
    for i, place in enumerate(located):
        if place.name == REMAINDER:
            own[i, CHARGED] = _remainder_keeps(table, located, place, value)[CHARGED]
        if not place.own:
            own[i] = 0.0
            _clear_host(located, i, s)
    by_source, by_target = np.zeros_like(s), np.zeros_like(s)
    for i, source in enumerate(located):
        for j, target in enumerate(located):
            if source.model.wall and source.model.wall == target.name:
                by_source[j, i, CHARGED], s[j, i, CHARGED] = s[j, i, CHARGED], 0.0
            elif follows_target(source, target):
                by_target[j, i, CHARGED], s[j, i, CHARGED] = s[j, i, CHARGED], 0.0
    return ReferenceMatrix(own, s, by_source, by_target, deviation)


def follows_target(source: Place, target: Place) -> bool:
    """Say whether the charged energy that a target gets does not depend on the target's mass."""
    in_skeleton = source.source in SKELETAL_SOURCES and target.target in SKELETAL_TARGETS
    return in_skeleton or target.name == WHOLE_BODY


def _rows(
    table: SafTable, located: tuple[Place, ...], value: FloatArray, *, squared: bool = False
) -> FloatArray:
    """Return (regions, targets, 3): the row of each region; of the remainder, the mixture."""
    index = {s: i for i, s in enumerate(table.sources)}
    rows = np.zeros((len(located), *value.shape[1:]))
    for i, place in enumerate(located):
        if place.name != REMAINDER:
            rows[i] = value[index[place.source]]
            continue
        shares = remainder_shares(table, named_sources(located))
        for region, share in shares.items():
            part = value[index[region]]
            rows[i] += (share * part) ** 2 if squared else share * part
        if squared:
            rows[i] = np.sqrt(rows[i])
    return rows


def _remainder_keeps(
    table: SafTable, located: tuple[Place, ...], place: Place, value: FloatArray
) -> FloatArray:
    """Return the remainder's self-dose: its energy less what its parts lose to neighbours."""
    kept = np.zeros(len(RADIATIONS))
    for region, share in remainder_shares(table, named_sources(located)).items():
        if region in table.targets:
            at = table.sources.index(region), table.targets.index(region)
            kept += share * value[at] * table.mass_kg(region)
    return kept / reference_mass_kg(table, located, place)


def named_sources(located: tuple[Place, ...]) -> list[str]:
    """Return the table's sources that hold activity of their own, the remainder not among them."""
    return [p.source for p in located if p.own and p.name not in (REMAINDER, WHOLE_BODY)]


def _clear_host(located: tuple[Place, ...], i: int, s: FloatArray) -> None:
    """Take out of a sphere's row and column what `_spheres` gives for each patient.

    Charged particles of the skeleton's own tissues do not reach a sphere there but through the
    marrow that is its host; photons between spheres in one host are the host's self-dose.
    """
    place = located[i]
    for j, other in enumerate(located):
        if j == i:
            continue
        in_skeleton = place.target in SKELETAL_TARGETS and other.source in SKELETAL_SOURCES
        inside = place.source == place.target
        together = inside and not other.own and other.source == place.source
        if is_host(other, place):
            s[i, j] = s[j, i] = 0.0
        elif together or (inside and in_skeleton):
            s[i, j, CHARGED] = s[j, i, CHARGED] = 0.0
        elif in_skeleton or other.target == place.target or other.name == BLOOD:
            s[i, j, CHARGED] = 0.0  # particles that the host absorbs do not reach into the sphere


def is_host(region: Place, sphere: Place) -> bool:
    """Say whether a region is the host that a sphere is placed in.

    The remainder is the host of what lies in the tissue between organs.
    """
    if not region.own or sphere.own or sphere.source != sphere.target:
        return False
    return region.target == sphere.target and region.source in (sphere.source, REMAINDER)


def reference_mass_kg(table: SafTable, located: tuple[Place, ...], place: Place) -> float:
    """Return the mass that the table holds for; of a placed sphere, 1 kg, which is not used."""
    if place.name == REMAINDER:
        return sum(remainder_masses_kg(table, named_sources(located)).values())
    if not place.own:
        return 1.0
    if place.target == WHOLE_BODY:
        return table.whole_kg
    return table.organ_kg(place.target)
