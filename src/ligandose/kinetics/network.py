"""From a model description to the index tables that the solver walks.

The right-hand side is bilinear: linear passages y_source · k and associations
k_on · y_ligand · (capacity - Σ y_bound). Its Jacobian therefore has a fixed sparsity, and the
elimination of W = 1/(γh) I - J can be worked out once. W has non-positive off-diagonal entries
and non-negative column sums (amount is conserved), so elimination without pivoting is stable
(Funderlic & Plemmons 1981, Linear Algebra Appl 41:99, doi 10.1016/0024-3795(81)90091-1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.kinetics.description import ModelDescription

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]


@dataclass(frozen=True)
class Elimination:
    """Straight-line program of a sparse LU factorisation and its triangular solves.

    Entries of W and its factors live in one list of nonzeros; all arrays are int32 indices.

    Attributes:
        diagonal: (n,) nonzero of each pivot, in elimination order.
        state: (n,) state that each pivot position stands for.
        scale_entry: (…) entries of L, each to be divided by its pivot.
        scale_pointer: (n + 1,) ranges of the scalings of each pivot.
        update_target, update_left, update_right: W[t] -= W[l] · W[r].
        update_pointer: (n + 1,) ranges of the updates of each pivot.
        forward_target, forward_entry, forward_source: b[t] -= W[e] · b[s] in order.
        backward_target, backward_entry, backward_source, backward_pointer: the same, grouped by
            target from the last pivot to the first.
    """

    nonzeros: int
    diagonal: Indices
    state: Indices
    scale_entry: Indices
    scale_pointer: Indices
    update_target: Indices
    update_left: Indices
    update_right: Indices
    update_pointer: Indices
    forward_target: Indices
    forward_entry: Indices
    forward_source: Indices
    backward_entry: Indices
    backward_source: Indices
    backward_pointer: Indices


@dataclass(frozen=True)
class Network:
    """Index tables of a compiled model with one or more tags of ligand.

    Tags are groups of ligand that share all sites but are counted apart, such as the ligand of
    two administrations with different specific activity. State `tag · n + i` is pool i of a tag.

    Attributes:
        description: what was compiled.
        tags: number of tags.
        linear_source, linear_target: (n_linear,) states of each linear passage.
        site_ligand, site_complex: (n_site,) states of each association.
        occupant_pointer, occupant_state: complexes that occupy the site of each association, and
            carriers that bring sites.
        occupant_weight: 1 for a complex, -1 for a carrier.
        linear_source_entry, linear_target_entry: nonzeros (source, source) and (target, source).
        site_ligand_entry, site_complex_entry: nonzeros (ligand, ligand), (complex, ligand).
        occupant_ligand_entry, occupant_complex_entry: nonzeros (ligand, b) and (complex, b).
        state_entry: (n_states,) nonzero of each diagonal.
        elimination: how W is factorised and solved.
        region_pointer, region_state: states of each region of each tag, tag-major.
    """

    description: ModelDescription
    tags: int
    linear_source: Indices
    linear_target: Indices
    site_ligand: Indices
    site_complex: Indices
    occupant_pointer: Indices
    occupant_state: Indices
    occupant_weight: Floats
    linear_source_entry: Indices
    linear_target_entry: Indices
    site_ligand_entry: Indices
    site_complex_entry: Indices
    occupant_ligand_entry: Indices
    occupant_complex_entry: Indices
    state_entry: Indices
    elimination: Elimination
    region_pointer: Indices
    region_state: Indices

    @property
    def n_states(self) -> int:
        """Number of pools times number of tags."""
        return len(self.description.pools) * self.tags

    @property
    def n_regions(self) -> int:
        """Number of observed regions times number of tags."""
        return len(self.description.regions) * self.tags

    def state(self, pool: str, *, tag: int = 0) -> int:
        """Return the index of a pool of a tag."""
        names = [p.name for p in self.description.pools]
        return tag * len(names) + names.index(pool)

    def rates(self, parameters: Mapping[str, Floats]) -> tuple[Floats, Floats, Floats]:
        """Evaluate rates and capacities for every patient.

        Args:
            parameters: (n_patients,) values of every parameter of the description.

        Returns:
            linear rates (n_linear, n_patients) in 1/s, association rates (n_site, n_patients)
            in 1/(nmol s), capacities (n_site, n_patients) in nmol.

        Raises:
            InputError: a parameter that is missing, negative or not finite, or a volume of zero.
        """
        _check(parameters, self.description)
        volume = {p.name: parameters[p.volume] for p in self.description.pools if p.volume}
        linear = [
            _product(parameters, e.clearance) / volume[e.source] for e in self.description.exchanges
        ]
        linear += [_product(parameters, t.rate) for t in self.description.transformations]
        sites = self.description.sites
        n_patients = next(iter(parameters.values())).size
        on = [_product(parameters, s.on_rate) / volume[s.ligand] for s in sites]
        none = np.zeros(n_patients)
        capacity = [_product(parameters, s.capacity) if s.capacity else none for s in sites]

        def stack(rows: list[Floats]) -> Floats:
            table = np.vstack(rows) if rows else np.zeros((0, n_patients))
            return np.tile(table, (self.tags, 1))

        return stack(linear), stack(on), stack(capacity)


def _product(parameters: Mapping[str, Floats], names: tuple[str, ...]) -> Floats:
    return reduce(np.multiply, (parameters[name] for name in names))


def _check(parameters: Mapping[str, Floats], description: ModelDescription) -> None:
    for name in description.parameters:
        if name not in parameters:
            raise InputError(f"kinetic parameter {name!r} has no value")
        values = parameters[name]
        if not np.all(np.isfinite(values)) or np.any(values < 0.0):
            raise InputError(f"kinetic parameter {name!r} must be finite and not negative")
    for pool in description.pools:
        if pool.volume and np.any(parameters[pool.volume] == 0.0):
            raise InputError(f"volume {pool.volume!r} of {pool.name!r} must be greater than 0")


def compile_network(description: ModelDescription, *, tags: int = 1) -> Network:
    """Work out index tables, sparsity and elimination of a description."""
    n = len(description.pools)
    index = {pool.name: i for i, pool in enumerate(description.pools)}
    passages = [
        (index[p.source], index[p.target])
        for p in (*description.exchanges, *description.transformations)
    ]
    source = _tagged([s for s, _ in passages], n, tags)
    target = _tagged([t for _, t in passages], n, tags)
    ligand = _tagged([index[s.ligand] for s in description.sites], n, tags)
    bound = _tagged([index[s.complex] for s in description.sites], n, tags)
    # Every tag of ligand at a site finds it occupied by the complexes of all tags.
    occupants_of = [[index[s.complex] + tag * n for tag in range(tags)] for s in description.sites]
    for site, occupants in zip(description.sites, occupants_of, strict=True):
        occupants += [index[c] + tag * n for c in site.carriers for tag in range(tags)]
    weights_of = [[1.0] * tags + [-1.0] * (len(o) - tags) for o in occupants_of] * tags
    occupants_of *= tags
    entries = {(i, i) for i in range(n * tags)}
    entries.update(zip(target, source, strict=True))
    entries.update(zip(bound, ligand, strict=True))
    for pair, occupants in zip(zip(ligand, bound, strict=True), occupants_of, strict=True):
        entries.update(product(pair, occupants))
    elimination, position = _eliminate(entries, n * tags)

    def at(rows: list[int], columns: list[int]) -> Indices:
        return _indices([position[rc] for rc in zip(rows, columns, strict=True)])

    flat = [b for occ in occupants_of for b in occ]
    ligand_of = [lig for lig, occ in zip(ligand, occupants_of, strict=True) for _ in occ]
    complex_of = [com for com, occ in zip(bound, occupants_of, strict=True) for _ in occ]
    members = [
        [i + tag * n for i, p in enumerate(description.pools) if p.region == region]
        for tag in range(tags)
        for region in description.regions
    ]
    everything = list(range(n * tags))
    return Network(
        description=description,
        tags=tags,
        linear_source=_indices(source),
        linear_target=_indices(target),
        site_ligand=_indices(ligand),
        site_complex=_indices(bound),
        occupant_pointer=_pointers(occupants_of),
        occupant_state=_indices(flat),
        occupant_weight=np.array([w for group in weights_of for w in group]),
        linear_source_entry=at(source, source),
        linear_target_entry=at(target, source),
        site_ligand_entry=at(ligand, ligand),
        site_complex_entry=at(bound, ligand),
        occupant_ligand_entry=at(ligand_of, flat),
        occupant_complex_entry=at(complex_of, flat),
        state_entry=at(everything, everything),
        elimination=elimination,
        region_pointer=_pointers(members),
        region_state=_indices([i for group in members for i in group]),
    )


def _tagged(states: list[int], n: int, tags: int) -> list[int]:
    return [state + tag * n for tag in range(tags) for state in states]


def _indices(values: list[int]) -> Indices:
    return np.array(values, dtype=np.int32)


def _pointers(groups: list[list[int]]) -> Indices:
    return np.concatenate(([0], np.cumsum([len(g) for g in groups]))).astype(np.int32)


def _minimum_degree_order(entries: set[tuple[int, int]], n: int) -> list[int]:
    """Order pivots by least Markowitz count, ties to the lower index."""
    rows: list[set[int]] = [set() for _ in range(n)]
    columns: list[set[int]] = [set() for _ in range(n)]
    for i, j in entries:
        if i != j:
            columns[j].add(i)
            rows[i].add(j)
    left = set(range(n))
    order: list[int] = []
    while left:
        pivot = min(left, key=lambda k: (len(rows[k]) * len(columns[k]), k))
        left.remove(pivot)
        order.append(pivot)
        for i in columns[pivot]:
            rows[i].discard(pivot)
            new = rows[pivot] - {i}
            rows[i] |= new
            for j in new:
                columns[j].add(i)
        for j in rows[pivot]:
            columns[j].discard(pivot)
    return order


def _eliminate(
    entries: set[tuple[int, int]], n: int
) -> tuple[Elimination, dict[tuple[int, int], int]]:
    """Fill in symbolically and write down the factorisation as a list of operations."""
    order = _minimum_degree_order(entries, n)
    rank = {state: k for k, state in enumerate(order)}
    filled = {(rank[i], rank[j]) for i, j in entries}
    below: list[list[int]] = []
    right: list[list[int]] = []
    for k in range(n):
        below.append(sorted(i for i in range(k + 1, n) if (i, k) in filled))
        right.append(sorted(j for j in range(k + 1, n) if (k, j) in filled))
        filled.update((i, j) for i in below[k] for j in right[k])
    place = {ij: p for p, ij in enumerate(sorted(filled))}
    scalings = [[place[i, k] for i in below[k]] for k in range(n)]
    updates = [
        [(place[i, j], place[i, k], place[k, j]) for i in below[k] for j in right[k]]
        for k in range(n)
    ]
    forward = [(i, place[i, k], k) for k in range(n) for i in below[k]]
    backward = [[(place[k, j], j) for j in right[k]] for k in range(n)]
    flat_updates = [u for group in updates for u in group]
    flat_backward = [b for group in backward for b in group]
    elimination = Elimination(
        nonzeros=len(place),
        diagonal=_indices([place[k, k] for k in range(n)]),
        state=_indices(order),
        scale_entry=_indices([e for group in scalings for e in group]),
        scale_pointer=_pointers(scalings),
        update_target=_indices([u[0] for u in flat_updates]),
        update_left=_indices([u[1] for u in flat_updates]),
        update_right=_indices([u[2] for u in flat_updates]),
        update_pointer=_pointers([[0] * len(group) for group in updates]),
        forward_target=_indices([order[f[0]] for f in forward]),
        forward_entry=_indices([f[1] for f in forward]),
        forward_source=_indices([order[f[2]] for f in forward]),
        backward_entry=_indices([b[0] for b in flat_backward]),
        backward_source=_indices([order[b[1]] for b in flat_backward]),
        backward_pointer=_pointers([[0] * len(group) for group in backward]),
    )
    position = {(i, j): place[rank[i], rank[j]] for i, j in entries}
    return elimination, position
