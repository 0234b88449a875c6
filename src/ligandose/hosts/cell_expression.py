"""Expression that differs from cell to cell: positive share, log-normal spread, clones.

A cell is positive or negative; the sites of the positive ones follow a log-normal distribution
around one mean, and a clone multiplies them by a factor. Clones are mixed, or stand together in
patches: seeds lie at random in the tissue, as many as patches of the given size fit, every cell
belongs to the nearest seed, and each seed to a clone with the clone's share as probability.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree  # pyright: ignore

from ligandose.errors import InputError
from ligandose.hosts.tissue import Tissue, positive, wrapped

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
MEANS = ("all", "positive")


def draw_expression(
    tissue: Tissue,
    *,
    compartment: str,
    sites_per_cell_mean: float,
    fraction_positive: float,
    cv: float,
    mean_over: str = "all",
    clones: Sequence[tuple[float, float, float | None]] = (),
    seed: int = 0,
) -> Floats:
    """Draw binding sites per cell for the cells of one compartment.

    The stated mean is met exactly in every draw: after drawing, all sites are multiplied by one
    factor. The number of positive cells is met to within one cell.

    Args:
        tissue: the cells.
        compartment: tumour_cell, stroma or immune_cell; all other cells get 0.
        sites_per_cell_mean: mean of the sites per cell.
        fraction_positive: share of the compartment's cells that carry sites, more than 0 to 1.
        cv: coefficient of variation of the sites among positive cells (log-normal,
            σ² = ln(1 + cv²)), before clones; 0 for equal cells.
        mean_over: "all": the mean is over all cells of the compartment, as a density of tissue
            gives it; "positive": over the positive ones, as flow cytometry with a gate gives it.
        clones: (share, factor, patch_um) each: share of the cells, factor on their sites, size of
            the patches in which they stand together (None for single cells, mixed). The rest of
            the cells has factor 1. A factor of 0 is an antigen-loss clone. All clones that have
            patches must have patches of the same size.
        seed: seed of all random numbers.

    Returns:
        (n,) sites per cell, zero for negative cells and other compartments.

    Raises:
        InputError: numbers out of range, shares over one, no cell of the compartment, or clones
            that leave no sites.
        UnknownNameError: a compartment that holds no cells.

    >>> from ligandose.hosts import CellKind, spheroid
    >>> ball = spheroid(CellKind("t", "tumour_cell", 7.0, 5.0), n_cells=200, packing_fraction=0.6)
    >>> sites = draw_expression(ball, compartment="tumour_cell", sites_per_cell_mean=1e5,
    ...                         fraction_positive=0.8, cv=0.5)
    >>> round(sites.mean()), int((sites > 0).sum())
    (100000, 160)
    """
    mean = positive(sites_per_cell_mean, "sites_per_cell_mean")
    share = positive(fraction_positive, "fraction_positive")
    if share > 1.0:
        raise InputError(f"fraction_positive: {share:g} is over one; give a share of the cells")
    spread = positive(cv, "cv", zero=True)
    if mean_over not in MEANS:
        raise InputError(f"mean_over: {mean_over!r} is not one of {', '.join(MEANS)}")
    own = np.flatnonzero(tissue.cells_of(compartment))
    if len(own) == 0:
        raise InputError(f"compartment: tissue {tissue.name!r} has no cell of {compartment}")
    number = round(share * len(own))
    if number == 0:
        raise InputError(
            f"fraction_positive: {share:g} of {len(own)} cells is less than half a cell; "
            "give more or a larger tissue"
        )
    rng = np.random.default_rng(seed)
    factor = _clone_factor(tissue, own, clones, rng)
    carries = rng.permutation(len(own))[:number]
    sigma = math.sqrt(math.log1p(spread**2))
    sites = np.zeros(len(own))
    sites[carries] = np.exp(sigma * rng.normal(size=number) - 0.5 * sigma**2) * factor[carries]
    expressing = len(own) if mean_over == "all" else int((sites > 0.0).sum())
    if not sites.any():
        raise InputError("clones: leave no cell with sites; give one of them a factor above zero")
    found = np.zeros(tissue.n_cells)
    found[own] = sites * (mean * expressing / sites.sum())
    return found


def clone_of(
    tissue: Tissue, *, shares: Sequence[float], patch_um: float | None, seed: int = 0
) -> Integers:
    """Return (n,) the number of each cell's clone, with the last for what the shares leave.

    Args:
        tissue: the cells.
        shares: share of the cells of each clone, at most one in sum.
        patch_um: edge of the cube that has the volume of a patch; None for mixed clones.
        seed: seed of all random numbers.

    Raises:
        InputError: shares over one or below zero, or a patch size that is not positive.
    """
    return _clones(tissue, np.arange(tissue.n_cells), shares, patch_um, np.random.default_rng(seed))


def _clone_factor(
    tissue: Tissue, own: Integers, clones: Sequence[tuple[float, float, float | None]],
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Return (own,) the factor of each cell's clone."""
    if not clones:
        return np.ones(len(own))
    factors = [positive(factor, "clones: factor", zero=True) for _, factor, _ in clones]
    patches = {patch for _, _, patch in clones}
    if len(patches) > 1:
        raise InputError(
            f"clones: patch_um {sorted(map(str, patches))} differ; clones divide one pattern of "
            "patches, give all the same"
        )
    clone = _clones(tissue, own, [share for share, _, _ in clones], patches.pop(), rng)
    return np.array([*factors, 1.0])[clone]


def _clones(
    tissue: Tissue, own: Integers, shares: Sequence[float], patch_um: float | None,
    rng: np.random.Generator,
) -> Integers:  # fmt: skip
    """Return (own,) number of the clone of each of some cells."""
    given = [positive(share, "clones: share", zero=True) for share in shares]
    edges = np.cumsum(given)
    if len(edges) and edges[-1] > 1.0 + 1e-9:
        raise InputError(f"clones: shares sum to {edges[-1]:g}; at most 1 of all cells")
    if patch_um is None:
        rank = (rng.permutation(len(own)) + 0.5) / len(own)
        return np.searchsorted(edges, rank, side="right")
    size = positive(patch_um, "clones: patch_um")
    patch = _patches(tissue, own, size, rng)
    # Patches in random order fill the shares, so that each is met to within half a patch.
    order = rng.permutation(int(patch.max()) + 1)
    cells = np.bincount(patch, minlength=len(order))[order]
    middle = (np.cumsum(cells) - 0.5 * cells) / len(own)
    clone = np.empty(len(order), np.int64)
    clone[order] = np.searchsorted(edges, middle, side="right")
    return clone[patch]


def _patches(tissue: Tissue, own: Integers, patch_um: float, rng: np.random.Generator) -> Integers:
    """Return (own,) number of the nearest of random seeds, one for each patch_um³ of the box."""
    number = max(round(float(tissue.box_um.prod()) / patch_um**3), 1)
    seeds = rng.random((number, 3)) * tissue.box_um
    side = tissue.box_um if tissue.periodic else None
    points = tissue.centre_um[own]
    if tissue.periodic:
        points = wrapped(points, tissue.box_um)
    tree: Any = cKDTree(seeds, boxsize=side)
    _, nearest = tree.query(points)
    _, patch = np.unique(nearest, return_inverse=True)
    return patch
