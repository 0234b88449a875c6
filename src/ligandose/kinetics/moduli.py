"""Dimensionless numbers that say what limits a ligand on its way, and closed forms of its front.

Two criteria decide whether a tissue is saturated (Thurber, Zajic & Wittrup 2007, J Nucl Med
48:995, doi 10.2967/jnumed.106.037069): the Thiele modulus, consumption by internalisation over
supply, and the clearance modulus, the exposure that saturation takes over the exposure that
there is; both must be below one. For a spheroid supply is diffusion from its surface,

    φ² = k_e R² ([Ag]/ε) / (D (C + K_D)),    Γ = R² ([Ag]/ε) / (D AUC);

for tissue around a vessel it is what passes the wall, per volume 2 P R_c C / (R_K² - R_c²),

    φ² = k_e [Ag] (R_K² - R_c²) / (2 P R_c (C + K_D)),   Γ = [Ag] (R_K² - R_c²) / (2 P R_c AUC).

Whether wall or tissue limits is told by the vascular Biot number Bi = P R_c ln(R_K/R_c) / (D ε):
resistance of the tissue over that of the wall. The front itself follows the shrinking core of
Graff & Wittrup 2003 (Cancer Res 63:1288): where binding is much faster than diffusion and all
sites up to the front are filled, front and exposure are tied by geometry alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ligandose.errors import InputError
from ligandose.kinetics.radial import Spheroid, VesselTissue
from ligandose.kinetics.radial_plasma import PlasmaCurve
from ligandose.kinetics.radial_rules import need_at_least, need_positive

BISECTIONS = 200
# A sphere is small inside: a steady front reaches its centre at φ² = 6, a moving one at Γ = 6.
FULL_SPHERE = 6.0


@dataclass(frozen=True)
class Modulus:
    """A dimensionless number with what it means.

    Attributes:
        value: the number.
        formula: how it is made.
        meaning: what it compares, and how this value reads.
    """

    value: float
    formula: str
    meaning: str


@dataclass(frozen=True)
class TransportModuli:
    """What limits the ligand; `thiele` is φ², `damkoehler` association over diffusion.

    Attributes:
        thiele, clearance: both below 1 where the tissue is saturated.
        damkoehler: (k_on/ε) [Ag] L²/D; its square root is the distance in front thicknesses.
        biot: resistance of the tissue over that of the wall; infinite without a wall.
        barrier: binding-site barrier, sites over the ligand that exposure brings to saturation
            within reach: Γ of diffusion alone. Above 1 with damkoehler above 1 a sharp front
            stops within the tissue.
        depletion: share of ligand that one passage along the vessel takes out of plasma, None
            where no plasma flow was given or there is no vessel.
    """

    thiele: Modulus
    clearance: Modulus
    damkoehler: Modulus
    biot: Modulus
    barrier: Modulus
    depletion: Modulus | None

    def document(self) -> dict[str, dict[str, float | str]]:
        """Return value, formula and meaning by name."""
        named = {
            "thiele": self.thiele,
            "clearance": self.clearance,
            "damkoehler": self.damkoehler,
            "biot": self.biot,
            "barrier": self.barrier,
        } | ({"depletion": self.depletion} if self.depletion else {})
        return {
            name: {"value": m.value, "formula": m.formula, "meaning": m.meaning}
            for name, m in named.items()
        }


def transport_moduli(
    problem: VesselTissue | Spheroid,
    plasma: PlasmaCurve,
    *,
    end_s: float,
    plasma_flow_per_s: float | None = None,
) -> TransportModuli:
    """Return the moduli of a problem for its exposure from time 0 to `end_s`.

    The concentration of the Thiele modulus is the mean over that time, AUC/end; sites are the
    mean over the tissue; both count what is unbound in plasma.

    Args:
        problem: as for `solve_radial`.
        plasma: the exposure.
        end_s: end of the exposure, within the curve.
        plasma_flow_per_s: plasma flow per volume of tissue, for the depletion along a vessel.

    Raises:
        InputError: end not after 0 or beyond the curve, flow not above 0.

    Example:
        >>> from ligandose.kinetics.radial import Binding, Spheroid
        >>> site = Binding(1e-4, 1.0, 300.0, 1e-5, 0.0, 0.0)
        >>> medium = PlasmaCurve.exponentials([100.0], [0.0])
        >>> ball = Spheroid(200.0, 12.7, 0.24, site)
        >>> moduli = transport_moduli(ball, medium, end_s=86400.0)
        >>> round(moduli.clearance.value, 3)
        0.456
    """
    need_positive("transport_moduli", end_s=end_s)
    if end_s > plasma.last_s:
        raise InputError(
            f"transport_moduli: end_s is {end_s:g}, the plasma curve ends at {plasma.last_s:g} s"
        )
    binding, d = problem.binding, problem.diffusion_um2_s
    grid = problem.grid(100, grading=1.0)
    sites = float(grid.share @ binding.density_on(grid))
    auc = plasma.auc_nmol_s_L(end_s) * problem.unbound_plasma
    concentration = auc / end_s
    length = abs(float(grid.edge_um[-1] - grid.edge_um[0]))
    if isinstance(problem, VesselTissue):
        inner, outer = problem.vessel_radius_um, problem.krogh_radius_um
        supply = 2.0 * problem.permeability_um_s * inner / (outer**2 - inner**2)
        resistance, limit = inner * math.log(outer / inner), 1.0
        formulas = (
            "k_e [Ag] (R_K² - R_c²) / (2 P R_c (C + K_D))",
            "[Ag] (R_K² - R_c²) / (2 P R_c AUC)",
            "P R_c ln(R_K/R_c) / (D ε)",
        )
    else:
        supply = d * problem.void_fraction / length**2
        resistance, limit = length, FULL_SPHERE
        formulas = ("k_e R² ([Ag]/ε) / (D (C + K_D))", "R² ([Ag]/ε) / (D AUC)", "h R / (D ε)")
    thiele = binding.internalisation_per_s * sites
    thiele /= supply * (concentration + binding.k_d_nmol_L)
    diffusion_supply = d * problem.void_fraction / length**2
    damkoehler = binding.k_on_L_nmol_s / problem.void_fraction * sites * length**2 / d
    wall = problem.wall_um_s
    biot = math.inf if math.isinf(wall) else wall * resistance / (d * problem.void_fraction)
    return TransportModuli(
        thiele=_judged(thiele, formulas[0], "consumption by internalisation over supply",
                       "supply outruns it", "ligand is used up before all sites are reached",
                       limit=limit),
        clearance=_judged(_over(sites, supply * auc), formulas[1],
                          "exposure that saturation takes over the exposure there is",
                          "exposure suffices", "ligand clears before saturation", limit=limit),
        damkoehler=_judged(damkoehler, "(k_on/ε) [Ag] L²/D", "association over diffusion",
                           "ligand spreads before it binds", "binds where it first meets sites"),
        biot=_judged(biot, formulas[2], "resistance of the tissue over that of the wall",
                     "the wall limits, so tissue fills evenly in depth",
                     "diffusion limits, so depth goes as the square root of exposure"),
        barrier=_judged(_over(sites, diffusion_supply * auc), "L² ([Ag]/ε) / (D AUC)",
                        "sites over what diffusion can bring",
                        "no binding-site barrier", "binding-site barrier, if damkoehler > 1"),
        depletion=_depletion(problem, plasma_flow_per_s),
    )  # fmt: skip


def _over(one: float, other: float) -> float:
    return one / other if other > 0.0 else math.inf


def _judged(
    value: float, formula: str, compares: str, below: str, above: str, *, limit: float = 1.0
) -> Modulus:
    """Return a modulus with its reading: below 1, from 1 to `limit`, or above."""
    if value < 1.0:
        reading = f"below 1: {below}"
    elif value < limit:
        reading = f"from 1 to {limit:g}: near the limit, the geometry may still let it fill"
    else:
        reading = f"{limit:g} or more: {above}"
    return Modulus(value, formula, f"{compares}; {reading}")


def _depletion(problem: VesselTissue | Spheroid, flow: float | None) -> Modulus | None:
    """Return 1 - e^(-PS/F), the largest share that a passage can take out (Crone 1963)."""
    if flow is None or isinstance(problem, Spheroid):
        return None
    need_positive("transport_moduli", plasma_flow_per_s=flow)
    inner, outer = problem.vessel_radius_um, problem.krogh_radius_um
    surface = 2.0 * inner / (outer**2 - inner**2)
    product = problem.permeability_um_s * problem.unbound_plasma * surface
    share = -math.expm1(-product / flow)
    reading = "the curve holds along the vessel" if share < 0.1 else "the vessel's end sees less"
    return Modulus(share, "1 - exp(-P S/F)", f"share extracted in one passage at most; {reading}")


def saturated_depth_um(problem: VesselTissue | Spheroid, auc_nmol_s_L: float) -> float:
    """Return how far a saturated front has come after an exposure, µm (shrinking core).

    Sites of one density, all filled up to the front, ligand quasi-steady behind it, none lost by
    internalisation or dissociation. With u = D ε AUC/[Ag] and the wall's P:

    - spheroid: (R²/6) (1 - 3x² + 2x³) + (D ε R/(3h)) (1 - x³) = u with x = core/R;
    - vessel: r²/2 ln(r/R_c) - (r² - R_c²)/4 + (D ε/(P R_c)) (r² - R_c²)/2 = u.

    Args:
        problem: with a density that is one number above 0.
        auc_nmol_s_L: exposure to ligand in plasma, bound and unbound.

    Returns:
        µm, at most the whole tissue.

    Raises:
        InputError: a density profile or no sites, an exposure below 0.
    """
    need_at_least("saturated_depth_um", 0.0, auc_nmol_s_L=auc_nmol_s_L)
    density = problem.binding.density_nmol_L
    if isinstance(density, tuple) or density <= 0.0:
        raise InputError(
            f"saturated_depth_um: density_nmol_L is {density}; one number above 0 is needed"
        )
    mobility = problem.diffusion_um2_s * problem.void_fraction
    exposure = mobility * auc_nmol_s_L * problem.unbound_plasma / density
    grid = problem.grid(4, grading=1.0)
    low, high = 0.0, abs(float(grid.edge_um[-1] - grid.edge_um[0]))
    if _exposure_to(problem, high, mobility) <= exposure:
        return high
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if _exposure_to(problem, middle, mobility) < exposure:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _exposure_to(problem: VesselTissue | Spheroid, depth: float, mobility: float) -> float:
    """Return u = D ε AUC/[Ag] (µm²) at which the front has come to a depth."""
    wall = 0.0 if math.isinf(problem.wall_um_s) else mobility / problem.wall_um_s
    if isinstance(problem, VesselTissue):
        inner = problem.vessel_radius_um
        front = inner + depth
        filled = 0.5 * (front**2 - inner**2)
        spread = 0.5 * front**2 * math.log(front / inner) - 0.5 * filled
        return spread + wall / inner * filled
    radius = problem.radius_um
    x = 1.0 - depth / radius
    spread = radius**2 / 6.0 * (1.0 - 3.0 * x**2 + 2.0 * x**3)
    return spread + wall * radius / 3.0 * (1.0 - x**3)
