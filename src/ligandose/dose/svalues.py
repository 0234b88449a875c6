"""Absorbed dose per decay between regions: the interface, and spheres as its first filling.

Axes: patient, target region, source region, radiation (`RADIATIONS`), nuclide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.dose.body import photon_energy_in_body
from ligandose.dose.curves import RADIATIONS, EnergyCurves
from ligandose.dose.emissions import nuclide_curves
from ligandose.dose.masses import checked_activity, checked_masses
from ligandose.dose.regions import RegionModel, parameter, region_model
from ligandose.errors import InputError, UnknownNameError

FloatArray = NDArray[np.float64]
PHOTON = RADIATIONS.index("photon")
ALPHA = RADIATIONS.index("alpha")
MARROW = "red_marrow"


class SValues(Protocol):
    """Absorbed dose per decay, S(target ← source), for whole populations.

    `regions` names both the target and the source axis; `nuclides` the nuclide axis.
    """

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions, in the order of the target and source axes."""
        ...

    @property
    def nuclides(self) -> tuple[str, ...]:
        """Nuclides, in the order of the nuclide axis."""
        ...

    def s_Gy_per_Bq_s(
        self, nuclide: str, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
    ) -> FloatArray:
        """Return S, shape (patients, targets, sources, 3 radiations), Gy/(Bq s)."""
        ...

    def dose_Gy(
        self, tia_Bq_s: ArrayLike, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
    ) -> FloatArray:
        """Return Σ over sources and nuclides of TIA × S, (patients, targets, 3), Gy."""
        ...

    def omissions(self) -> list[str]:
        """Return what these values leave out, one sentence each."""
        ...


@dataclass(frozen=True)
class SphereTerms:
    """S of one nuclide, factored: few numbers per source instead of a matrix.

    Attributes:
        own: (p, r, 3) dose to the source itself.
        spread: (p, r) photon dose to every other region, and to itself where diffuse.
        wall: (p, r, 3) dose to the wall of contents; 0 for other sources.
        body: (p, r, 3) energy absorbed in the whole body over its mass.
    """

    own: FloatArray
    spread: FloatArray
    wall: FloatArray
    body: FloatArray


@dataclass(frozen=True)
class SphereSValues:
    """Self-dose of spheres with the patient's masses; photon cross-dose by a stated stand-in.

    * organ, lesion, contents: S = E φ(m) / m with φ of a sphere of the region's mass and density
      (pairs: two spheres). Charged particles that leave are not followed.
    * diffuse regions (blood, muscle, fat, skin, bone, marrow, remainder): charged particles
      φ = 1; photons as spread below.
    * photons that escape their source and are absorbed in the body are spread evenly over the
      mass of the rest of the body. The absorbed part φ_body is that of the trunk (organs) or
      the mean over the body (diffuse regions), `photon_energy_in_body`; for photons
      Σ_t m_t S(t ← r) = E φ_body where the targets make up the body.
    * wall ← contents: the surface dose of the sphere of contents (1/2 of its mean dose for
      electrons of short range, the MIRD convention); alphas 0 (they end in mucus and the
      insensitive surface; ICRP-100 finds the same).

    Use `SphereSValues.of`. Interface: `SValues`.
    """

    regions: tuple[str, ...]
    nuclides: tuple[str, ...]
    curves: tuple[EnergyCurves, ...]
    models: tuple[RegionModel, ...]
    with_progeny: bool = False

    @classmethod
    def of(
        cls,
        regions: Sequence[str],
        nuclides: Sequence[str],
        *,
        with_progeny: bool = False,
        horizon_s: float | None = None,
    ) -> SphereSValues:
        """Prepare the S values of `nuclides` in `regions`.

        Args:
            regions: canonical names, "lesion:NAME", contents; each once. `whole_body` may be
                among them as a target: it gets all absorbed energy over the body mass.
            nuclides: names such as "Lu-177".
            with_progeny: add the progeny, decaying where the parent decayed. Choose this where
                time-integrated activities are given for the parent only.
            horizon_s: progeny decays later than this after the parent's are left out; default
                the shipped 50 years.

        Raises:
            UnknownNameError: an unknown region or nuclide.
            InputError: a name given twice.
        """
        curves = {
            n: nuclide_curves(n, with_progeny=with_progeny, horizon_s=horizon_s) for n in nuclides
        }
        return replace(cls.of_curves(regions, curves), with_progeny=with_progeny)

    @classmethod
    def of_curves(cls, regions: Sequence[str], curves: dict[str, EnergyCurves]) -> SphereSValues:
        """Prepare from curves that the caller made; errors as `of`."""
        for name in regions:
            if list(regions).count(name) > 1:
                raise InputError(f"region {name!r} is given twice")
        return cls(
            regions=tuple(regions),
            nuclides=tuple(curves),
            curves=tuple(curves.values()),
            models=tuple(region_model(n) for n in regions),
        )

    def s_Gy_per_Bq_s(
        self, nuclide: str, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
    ) -> FloatArray:
        """Return S(target ← source) of one nuclide.

        Args:
            nuclide: one of `nuclides`.
            mass_kg: (regions,) or (patients, regions); masses of walls without contents.
            body_mass_kg: () or (patients,) mass of the whole body.

        Returns:
            (patients, targets, sources, 3) Gy/(Bq s), radiations in the order of RADIATIONS;
            0 from `whole_body`, which is a target only.

        Raises:
            UnknownNameError: the nuclide was not prepared.
            InputError: masses of the wrong shape, not positive, or outside the table.
        """
        if nuclide not in self.nuclides:
            raise UnknownNameError("nuclide", nuclide, self.nuclides, where="S values")
        mass, body = checked_masses(self.regions, mass_kg, body_mass_kg)
        terms = self._terms(self.curves[self.nuclides.index(nuclide)], mass, body)
        patients, n = mass.shape
        s = np.zeros((patients, n, n, len(RADIATIONS)))
        s[..., PHOTON] = terms.spread[:, None, :]
        for i in range(n):
            s[:, i, i] = terms.own[:, i]
        for source, target in self._walls():
            s[:, target, source] = terms.wall[:, source]
        for target in self._bodies():
            s[:, target] = terms.body
            s[:, :, target] = 0.0
        return s

    def dose_Gy(
        self, tia_Bq_s: ArrayLike, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
    ) -> FloatArray:
        """Return absorbed dose D = Σ TIA × S without building the matrix.

        Args:
            tia_Bq_s: (patients, regions, nuclides) time-integrated activity.
            mass_kg, body_mass_kg: as `s_Gy_per_Bq_s`.

        Returns:
            (patients, regions, 3) Gy.

        Raises:
            InputError: shapes that do not fit, negative or non-finite activity, bad masses.
        """
        mass, body = checked_masses(self.regions, mass_kg, body_mass_kg)
        tia = checked_activity(tia_Bq_s, (*mass.shape, len(self.nuclides)))
        if any(np.any(tia[:, i]) for i in self._bodies()):
            raise InputError("whole_body is a target only; give its activity as 'remainder'")
        dose = np.zeros((*mass.shape, len(RADIATIONS)))
        for k, curve in enumerate(self.curves):
            if np.any(tia[:, :, k]):
                dose += self._dose_of(self._terms(curve, mass, body), tia[:, :, k])
        return dose

    def _dose_of(self, terms: SphereTerms, tia: FloatArray) -> FloatArray:
        spread = terms.spread * tia
        dose = terms.own * tia[..., None]
        dose[..., PHOTON] += spread.sum(axis=1, keepdims=True) - spread
        for source, target in self._walls():
            dose[:, target] += terms.wall[:, source] * tia[:, source, None]
            dose[:, target, PHOTON] -= spread[:, source]
        for target in self._bodies():
            dose[:, target] = np.einsum("prk,pr->pk", terms.body, tia)
        return dose

    def _terms(self, curve: EnergyCurves, mass: FloatArray, body: FloatArray) -> SphereTerms:
        """Evaluate the factored S of one nuclide; mass (p, r), body (p,)."""
        diffuse = np.array([m.role in ("diffuse", "body") for m in self.models])
        absorbed = self._charged_and_self(curve, mass, diffuse)
        trunk, everywhere = photon_energy_in_body(curve, body)
        in_body = np.where(diffuse, everywhere[:, None], trunk[:, None])
        absorbed[..., PHOTON] = np.minimum(absorbed[..., PHOTON], in_body)
        escaping = in_body - absorbed[..., PHOTON]
        others = np.where(diffuse, body[:, None], body[:, None] - mass)
        wall = np.zeros_like(absorbed)
        for source, target in self._walls():
            self._fill_wall(curve, mass, source, target, (wall, escaping, others))
        if np.any(others <= 0):
            raise InputError("a region is as heavy as the whole body; check body_mass_kg")
        spread = escaping / others
        own = absorbed / mass[..., None]
        own[..., PHOTON] += np.where(diffuse, spread, 0.0)
        total = np.broadcast_to(curve.emitted_J, absorbed.shape).copy()
        total[..., PHOTON] = in_body
        return SphereTerms(own, spread, wall, total / body[:, None, None])

    def _charged_and_self(
        self, curve: EnergyCurves, mass: FloatArray, diffuse: NDArray[np.bool_]
    ) -> FloatArray:
        """Return energy per decay that each region keeps, (p, r, 3) J; no photons if diffuse."""
        absorbed = np.empty((*mass.shape, len(RADIATIONS)))
        absorbed[:, diffuse] = curve.emitted_J
        absorbed[:, diffuse, PHOTON] = 0.0
        spheres = np.flatnonzero(~diffuse)
        if spheres.size:
            density = np.array([self.models[i].density_kg_m3 for i in spheres])
            pieces = np.array([self.models[i].pieces for i in spheres])
            absorbed[:, spheres] = curve.self_J(
                mass[:, spheres], density_kg_m3=density, pieces=pieces
            )
        if MARROW in self.regions:
            kept = parameter("marrow", "charged_particle_self_fraction")
            absorbed[:, self.regions.index(MARROW), :PHOTON] *= kept
        return absorbed

    def _fill_wall(
        self,
        curve: EnergyCurves,
        mass: FloatArray,
        source: int,
        target: int,
        parts: tuple[FloatArray, FloatArray, FloatArray],
    ) -> None:
        """Write the dose to a wall; take its photon energy and mass out of what is spread."""
        wall, escaping, others = parts
        model, m_contents, m_wall = self.models[source], mass[:, source], mass[:, target]
        surface = curve.surface_J(
            m_contents, density_kg_m3=model.density_kg_m3, pieces=model.pieces
        )
        dose = surface / m_contents[:, None]
        dose[:, ALPHA] = 0.0
        dose[:, PHOTON] = np.minimum(dose[:, PHOTON], escaping[:, source] / m_wall)
        wall[:, source] = dose
        escaping[:, source] -= m_wall * dose[:, PHOTON]
        others[:, source] -= m_wall

    def _walls(self) -> list[tuple[int, int]]:
        """Return (contents, wall) pairs of indices where both are among the regions."""
        index = {name: i for i, name in enumerate(self.regions)}
        return [
            (i, index[model.wall]) for i, model in enumerate(self.models) if model.wall in index
        ]

    def _bodies(self) -> list[int]:
        return [i for i, model in enumerate(self.models) if model.role == "body"]

    def omissions(self) -> list[str]:
        """Return what these S values leave out, one sentence each."""
        return [*SPHERE_OMISSIONS, PROGENY_IN_PLACE if self.with_progeny else PROGENY_APART]


SPHERE_OMISSIONS = (
    "Photon cross-dose is a stand-in: the energy that leaves its source and is absorbed in the "
    "body is spread evenly over the rest of the body; neighbours of a hot organ get more than "
    "is shown, distant organs less.",
    "Electrons and alphas that leave a region are not followed into its neighbours (walls of "
    "hollow organs excepted).",
    "Organs are spheres of their mass and density; flat or lobed organs keep less of their own "
    "radiation than is shown.",
    "Red marrow and bone: charged particles are absorbed where they arise; the exchange between "
    "active marrow, fat, trabecular bone and endosteum is left out, so the self-dose of active "
    "marrow is an upper bound.",
    "Walls of hollow organs get the dose at the inner surface of their contents, not the mean "
    "over the depth of the sensitive cells; alphas from contents are taken as zero.",
    "Bremsstrahlung and secondary radiation are in the absorbed fractions, not as cross-dose of "
    "electrons.",
)
PROGENY_IN_PLACE = (
    "Progeny decay where the parent decayed; their decays later than the horizon (50 years unless "
    "stated) are left out."
)
PROGENY_APART = "Progeny count only where their own time-integrated activity is given."
