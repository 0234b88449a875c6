"""How a vector's size sets its passage through the vessel wall and the tissue of a tumour.

Values of a size class are published ones where the table `tissue_transport.csv` has them, and
otherwise follow from its molecular weight by published relations, with the spread that
their misses against other published values ask for. None of them is fitted here.

Permeability: two sizes of pores in the capillary wall, P = Σ D_free (D_pore/D_free) Φ (A/L), with
partition Φ = (1 - a/R)² of a molecule of radius a in pores of radius R, and void fraction
ε = v_i Σ f (1 - a/R)²; parameters after Schmidt & Wittrup 2009 (Mol Cancer Ther 8:2861,
doi 10.1158/1535-7163.MCT-09-0195) as a public code has them. The drag in a pore is the
centre-line solution of Haberman & Sayre up to a/R of 0.6 and the table of Paine & Scherr 1975
(Biophys J 15:1087) up to 0.9; that code multiplies the table once more by Φ, which breaks the
curve at 0.6 and is not done here. Diffusion: a straight line of logarithms between the values of
a payload of 1.1 kDa and of IgG.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from ligandose.errors import InputError, UnknownNameError
from ligandose.evidence import Finding, Status, read_findings
from ligandose.kinetics.radial_rules import need_positive

TABLE = "tissue_transport.csv"
SIZE_CLASSES = (
    "peptide", "affibody", "nanobody", "scfv", "fab", "minibody", "fab2", "igg",
)  # fmt: skip
CM2_PER_UM2 = 1e-8
PER_CM_IN_PER_UM = 1e-4
# Drag on a sphere in a pore, a/R from 0.60 to 0.90 by 0.02 (Paine & Scherr 1975), as quoted in
# the public code named in the table (source mrd-tracer-uptake).
DRAG = (
    11.14580, 12.87453, 14.98751, 17.59862, 20.86550, 25.01092, 30.35733, 37.38467,
    46.83132, 59.87967, 78.51925, 106.31670, 150.22684, 225.51931, 372.41035, 737.25652,
)  # fmt: skip
DRAG_FROM, DRAG_TO = 0.60, 0.90


@dataclass(frozen=True)
class TissueTransport:
    """Transport of a vector in tumour tissue.

    Attributes:
        molecular_weight_Da: molecular weight.
        permeability_um_s, diffusion_um2_s, void_fraction: as `VesselTissue` takes them.
        permeability_gsd, diffusion_gsd, void_fraction_gsd: geometric standard deviation of our
            knowledge of each.
        status: for each of the three, "verified" (published, read), "assumed" (by relation) …
        source: identifier in sources.csv for each of the three.
    """

    molecular_weight_Da: float
    permeability_um_s: float
    diffusion_um2_s: float
    void_fraction: float
    permeability_gsd: float
    diffusion_gsd: float
    void_fraction_gsd: float
    status: dict[str, str]
    source: dict[str, str]


@cache
def _findings() -> dict[tuple[str, str], Finding]:
    return {(f.subject, f.quantity): f for f in read_findings(TABLE)}


def _relation(quantity: str) -> float:
    return _findings()["relation", quantity].require()


def krogh_geometry_um(quantity: str) -> float:
    """Return "vessel_radius" or "krogh_radius" of tumours, µm."""
    return _findings()["geometry", quantity].require()


def published_transport(subject: str, quantity: str) -> Finding:
    """Return a row of the table, such as ("albumin", "diffusion"), in its own unit.

    Raises:
        UnknownNameError: no such row.
    """
    rows = _findings()
    if (subject, quantity) not in rows:
        known = [" ".join(key) for key in rows]
        raise UnknownNameError("tissue transport", f"{subject} {quantity}", known, where=TABLE)
    return rows[subject, quantity]


def tissue_transport(
    size_class: str | None = None, *, molecular_weight_Da: float | None = None
) -> TissueTransport:
    """Return permeability, diffusion and void fraction of a size class or a molecular weight.

    Raises:
        UnknownNameError: a size class that is not known.
        InputError: neither or both given; a weight beyond 400 Da to 400 kDa, where the
            relations say nothing.

    Example:
        >>> tissue_transport("igg").diffusion_um2_s
        12.7
        >>> tissue_transport("peptide").permeability_um_s > 0.1
        True
    """
    if (size_class is None) == (molecular_weight_Da is None):
        raise InputError("tissue_transport: give a size class or molecular_weight_Da, not both")
    if size_class is None:
        assert molecular_weight_Da is not None
        return _of_weight(molecular_weight_Da, "")
    if size_class not in SIZE_CLASSES:
        raise UnknownNameError("size class", size_class, SIZE_CLASSES)
    weight = _findings()[size_class, "molecular_weight"].require()
    return _of_weight(weight, size_class)


def _of_weight(weight: float, subject: str) -> TissueTransport:
    if not 400.0 <= weight <= 400e3:
        raise InputError(
            f"tissue_transport: molecular_weight_Da is {weight:g}; the relations hold from 400 "
            "to 400000"
        )
    radius = molecular_radius_nm(weight)
    by_relation = {
        "permeability": two_pore_permeability_um_s(radius),
        "diffusion": tumour_diffusion_um2_s(weight),
        "void_fraction": accessible_fraction(radius),
    }
    value, gsd = dict[str, float](), dict[str, float]()
    status, source = dict[str, str](), dict[str, str]()
    for quantity, related in by_relation.items():
        row = _findings().get((subject, quantity))
        if row is not None and row.value is not None:
            value[quantity], gsd[quantity] = row.value, row.gsd
            status[quantity], source[quantity] = row.status.value, row.source
        else:
            value[quantity], gsd[quantity] = related, _relation(f"{quantity}_spread")
            status[quantity] = Status.ASSUMED.value
            source[quantity] = _findings()["relation", _KEY_OF[quantity]].source
    return TissueTransport(
        molecular_weight_Da=weight,
        permeability_um_s=value["permeability"],
        diffusion_um2_s=value["diffusion"],
        void_fraction=value["void_fraction"],
        permeability_gsd=gsd["permeability"],
        diffusion_gsd=gsd["diffusion"],
        void_fraction_gsd=gsd["void_fraction"],
        status=status,
        source=source,
    )


_KEY_OF = {
    "permeability": "small_pore_area",
    "diffusion": "diffusion_small",
    "void_fraction": "tissue_small_pore_radius",
}


def molecular_radius_nm(molecular_weight_Da: float) -> float:
    """Return the radius of a globular molecule, nm (relation of the table)."""
    need_positive("molecular_radius_nm", molecular_weight_Da=molecular_weight_Da)
    return _relation("radius_per_cube_root") * (molecular_weight_Da / 1000.0) ** 0.333


def pore_hindrance(ratio: float) -> float:
    """Return D_pore/D_free of a sphere of radius `ratio` times that of its pore."""
    if ratio >= DRAG_TO:
        return 0.0
    if ratio >= DRAG_FROM:
        at = np.linspace(DRAG_FROM, DRAG_TO, len(DRAG))
        return math.exp(-float(np.interp(ratio, at, np.log(DRAG))))
    above = 1.0 - 2.105 * ratio + 2.0865 * ratio**3 - 1.7068 * ratio**5 + 0.72603 * ratio**6
    return above / (1.0 - 0.75857 * ratio**5)


def two_pore_permeability_um_s(radius_nm: float) -> float:
    """Return the permeability of the wall of a tumour capillary, µm/s."""
    need_positive("two_pore_permeability_um_s", radius_nm=radius_nm)
    free = _relation("free_diffusion_radius") / radius_nm
    total = 0.0
    for pores in ("small", "large"):
        ratio = radius_nm / _relation(f"{pores}_pore_radius")
        partition = max(1.0 - ratio, 0.0) ** 2
        area = _relation(f"{pores}_pore_area") * PER_CM_IN_PER_UM
        total += free * pore_hindrance(ratio) * partition * area
    return total


def accessible_fraction(radius_nm: float) -> float:
    """Return ε, the share of a tumour that molecules of this radius can fill."""
    need_positive("accessible_fraction", radius_nm=radius_nm)
    share = _relation("tissue_small_pore_share")
    small = max(1.0 - radius_nm / _relation("tissue_small_pore_radius"), 0.0) ** 2
    large = max(1.0 - radius_nm / _relation("tissue_large_pore_radius"), 0.0) ** 2
    return _relation("interstitial_fraction") * (share * small + (1.0 - share) * large)


def tumour_diffusion_um2_s(molecular_weight_Da: float) -> float:
    """Return D in tumour tissue, µm²/s: straight in logarithms from payload through IgG.

    Below the payload's weight it goes on along the line, no higher than free diffusion.
    """
    need_positive("tumour_diffusion_um2_s", molecular_weight_Da=molecular_weight_Da)
    rows = _findings()
    light = _relation("diffusion_small_molecular_weight")
    heavy = rows["igg", "molecular_weight"].require()
    fast, slow = _relation("diffusion_small"), rows["igg", "diffusion"].require()
    slope = math.log(slow / fast) / math.log(heavy / light)
    line = fast * (molecular_weight_Da / light) ** slope
    radius = molecular_radius_nm(molecular_weight_Da)
    return min(line, _relation("free_diffusion_radius") / radius)


def dextran_diffusion_um2_s(molecular_weight_Da: float) -> float:
    """Return D of dextran in VX2 carcinoma, µm²/s (Nugent & Jain 1984), for comparison."""
    factor = published_transport("dextran", "diffusion_factor").require()
    exponent = published_transport("dextran", "diffusion_exponent").require()
    return factor * molecular_weight_Da**exponent / CM2_PER_UM2
