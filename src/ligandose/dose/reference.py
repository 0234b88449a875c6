"""S values of a reference person from specific absorbed fractions, scaled to patients.

Scaling from the reference (m_ref, M_ref for the body) to a patient (m, M):

* self-dose, charged particles: × m_ref/m (MIRD pamphlet 11; OLINDA/EXM, Stabin et al. 2005),
  and, where the region is an organ, × φ(m)/φ(m_ref) of spheres of both masses;
* self-dose, photons: × (m_ref/m)^(2/3) (W. S. Snyder 1970; MIRD pamphlet 11; OLINDA/EXM);
* cross-dose: × (M_ref/M)^(2/3), and independent of the mass of the target (MIRD pamphlet 11 for
  distant organs; Petoussi-Henss et al. 2007, doi:10.1093/rpd/ncm270, for marrow above 100 keV;
  Mohammadi and Kinase in mice). The power of the body's mass is dimensional: at a fixed absorbed
  share of a beam, dose falls with the square of the distance;
* wall ← its contents, charged particles: × m_ref/m of the contents (the dose at their surface is
  half of their own);
* tissues of the skeleton among each other, charged particles: × m_ref/m of the target;
* regions spread through the body (muscle, fat, blood, skin, remainder): charged particles
  × m_ref/m, photons as cross-dose;
* whole body ← any region: charged particles × M_ref/M (all that a region emits stays in the
  body), photons as cross-dose (what the body stops grows with its length).

Lesions, and regions that the table lacks, are spheres inside a host region; see `_spheres`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ligandose.dose.curves import RADIATIONS, EnergyCurves
from ligandose.dose.derived import reference_saf
from ligandose.dose.emissions import emission_spectrum, nuclide_curves
from ligandose.dose.masses import checked_activity, checked_masses
from ligandose.dose.placement import Place, located_regions
from ligandose.dose.reference_matrix import (
    PHOTON,
    ReferenceMatrix,
    ScaledTerms,
    is_host,
    reference_mass_kg,
    reference_matrix,
)
from ligandose.dose.saf import SafTable
from ligandose.errors import UnknownNameError

FloatArray = NDArray[np.float64]
TWO_THIRDS = 2.0 / 3.0
MARROW_SHARE_OF_ESCAPE = 0.5  # ICRP-30: marrow ← trabecular surfaces
SAME = 1e-9


@dataclass(frozen=True)
class ReferenceSValues:
    """S values of a reference person scaled to patients; interface: `SValues`.

    Use `ReferenceSValues.of`. Attributes are for reading: `places` says where each region lies,
    `reference_mass_kg` at which masses the table holds.
    """

    regions: tuple[str, ...]
    nuclides: tuple[str, ...]
    table: SafTable
    places: tuple[Place, ...]
    reference_mass_kg: FloatArray
    with_progeny: bool
    horizon_s: float | None
    _matrices: dict[str, ReferenceMatrix] = field(repr=False)

    @classmethod
    def of(
        cls,
        regions: Sequence[str],
        nuclides: Sequence[str],
        *,
        host: str = "adult-male",
        table: SafTable | None = None,
        host_of: Mapping[str, str] | None = None,
        blood: str = "blood",
        with_progeny: bool = False,
        horizon_s: float | None = None,
    ) -> ReferenceSValues:
        """Prepare the S values of `nuclides` in `regions`.

        Args:
            regions: canonical names, contents, "lesion:NAME", "remainder", "whole_body".
            nuclides: names such as "Lu-177".
            host: whose shipped table to use, unless `table` is given.
            table: from `reference_saf` or `icrp133.saf_table`.
            host_of: the region that each lesion lies in, where the shipped placement is not meant.
            blood: what "blood" is: all "blood", by the blood content of organs, or the
                "large_vessels" outside heart and organs.
            with_progeny: add the progeny, decaying where the parent decayed.
            horizon_s: progeny decays later than this are left out; default 50 years.

        Raises:
            UnknownNameError: an unknown region, nuclide or host.
            InputError: a region given twice, an emission above the table.
            DataError: no table, or one that cannot place a region.
        """
        table = reference_saf(host) if table is None else table
        located = located_regions(table, regions, host_of=host_of, blood=blood)
        matrices: dict[str, ReferenceMatrix] = {}
        for name in nuclides:
            s = _table_s(table, name, with_progeny, horizon_s)
            matrices[name] = reference_matrix(table, located, *s)
        return cls(
            regions=tuple(regions),
            nuclides=tuple(nuclides),
            table=table,
            places=located,
            reference_mass_kg=np.array([reference_mass_kg(table, located, p) for p in located]),
            with_progeny=with_progeny,
            horizon_s=horizon_s,
            _matrices=matrices,
        )

    def reference_s(self, nuclide: str) -> tuple[FloatArray, FloatArray]:
        """Return S at the reference masses and its statistical standard deviation.

        Returns:
            Two arrays (targets, sources, 3), Gy/(Bq s). Lesions have no reference mass: their own
            dose, and that between them and their host, is 0 here.

        Raises:
            UnknownNameError: the nuclide was not prepared.
        """
        matrix = self._matrix(nuclide)
        return matrix.total(), matrix.sd

    def s_Gy_per_Bq_s(
        self, nuclide: str, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
    ) -> FloatArray:
        """Return S(target ← source) of one nuclide, (patients, targets, sources, 3), Gy/(Bq s).

        Args:
            nuclide: one of `nuclides`.
            mass_kg: (regions,) or (patients, regions); masses of walls without contents.
            body_mass_kg: () or (patients,) mass of the whole body.

        Raises:
            UnknownNameError: the nuclide was not prepared.
            InputError: masses of the wrong shape, not positive, or of a sphere outside its table.
        """
        self._matrix(nuclide)
        mass, body = checked_masses(self.regions, mass_kg, body_mass_kg)
        return self._terms(nuclide, mass, body).s()

    def dose_Gy(
        self, tia_Bq_s: ArrayLike, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
    ) -> FloatArray:
        """Return absorbed dose D = Σ TIA × S, (patients, regions, 3), Gy.

        Args:
            tia_Bq_s: (patients, regions, nuclides) time-integrated activity.
            mass_kg, body_mass_kg: as `s_Gy_per_Bq_s`.

        Raises:
            InputError: shapes that do not fit, negative or non-finite activity, bad masses.
        """
        own, cross = self.self_and_cross_dose_Gy(
            tia_Bq_s, mass_kg=mass_kg, body_mass_kg=body_mass_kg
        )
        return own + cross

    def self_and_cross_dose_Gy(
        self, tia_Bq_s: ArrayLike, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
    ) -> tuple[FloatArray, FloatArray]:
        """Return the dose of each region from itself and from all others; as `dose_Gy`."""
        mass, body = checked_masses(self.regions, mass_kg, body_mass_kg)
        tia = checked_activity(tia_Bq_s, (*mass.shape, len(self.nuclides)))
        own = np.zeros((*mass.shape, len(RADIATIONS)))
        total = np.zeros_like(own)
        for k, name in enumerate(self.nuclides):
            if np.any(tia[..., k]):
                terms = self._terms(name, mass, body)
                own += terms.own * tia[..., k, None]
                total += terms.dose(tia[..., k])
        return own, total - own

    def mean_dose_by_source_Gy(
        self, tia_Bq_s: ArrayLike, *, mass_kg: ArrayLike, body_mass_kg: ArrayLike
    ) -> FloatArray:
        """Return the mean dose over patients to each target from each source, (t, s), Gy.

        All radiations together; the diagonal is self-dose. Arguments and errors as `dose_Gy`.
        """
        mass, body = checked_masses(self.regions, mass_kg, body_mass_kg)
        tia = checked_activity(tia_Bq_s, (*mass.shape, len(self.nuclides)))
        total = np.zeros((mass.shape[1], mass.shape[1]))
        for k, name in enumerate(self.nuclides):
            if np.any(tia[..., k]):
                total += self._terms(name, mass, body).summed_by_source(tia[..., k])
        return total / mass.shape[0]

    def omissions(self) -> list[str]:
        """Return what these S values leave out, one sentence each."""
        progeny = PROGENY_IN_PLACE if self.with_progeny else PROGENY_APART
        return [*self.table.omissions, *SCALING_OMISSIONS, progeny]

    def _matrix(self, nuclide: str) -> ReferenceMatrix:
        if nuclide not in self._matrices:
            raise UnknownNameError("nuclide", nuclide, self.nuclides, where="S values")
        return self._matrices[nuclide]

    def _curves(self, nuclide: str) -> EnergyCurves:
        return nuclide_curves(nuclide, with_progeny=self.with_progeny, horizon_s=self.horizon_s)

    def _terms(self, nuclide: str, mass: FloatArray, body: FloatArray) -> ScaledTerms:
        """Evaluate the factored S of one nuclide; mass (p, r), body (p,)."""
        matrix = self._matrix(nuclide)
        ratio = self.reference_mass_kg / mass
        whole: FloatArray = (self.table.whole_kg / body) ** TWO_THIRDS
        spheres = np.array([not p.own for p in self.places])
        compact = np.array([p.compact for p in self.places]) & ~spheres
        own = matrix.own * ratio[..., None]
        scale = np.where(compact, ratio**TWO_THIRDS, whole[:, None])
        own[..., PHOTON] = matrix.own[:, PHOTON] * scale
        self._correct_electrons(nuclide, own, mass, [i for i, c in enumerate(compact) if c])
        pairs: list[tuple[int, int, FloatArray]] = []
        if np.any(spheres):
            pairs = self._spheres(nuclide, own, mass, whole)
        return ScaledTerms(matrix, whole, np.where(spheres, 1.0, ratio), own, tuple(pairs))

    def _correct_electrons(
        self, nuclide: str, own: FloatArray, mass: FloatArray, compact: list[int]
    ) -> None:
        """Multiply the electron self-dose of organs with φ(m)/φ(m_ref) of spheres."""
        reference = self.reference_mass_kg[compact]
        if np.allclose(mass[:, compact], reference, rtol=SAME):
            return
        curve = self._curves(nuclide)
        models = [self.places[i].model for i in compact]
        density, pieces = [m.density_kg_m3 for m in models], [m.pieces for m in models]
        k = RADIATIONS.index("electron")
        kept = curve.self_J(mass[:, compact], density_kg_m3=density, pieces=pieces)[..., k]
        standard = curve.self_J(reference, density_kg_m3=density, pieces=pieces)[..., k]
        own[:, compact, k] *= np.divide(
            kept, standard, out=np.ones_like(kept), where=standard + 0 * kept > 0
        )

    def _spheres(
        self, nuclide: str, own: FloatArray, mass: FloatArray, whole: FloatArray
    ) -> list[tuple[int, int, FloatArray]]:
        """Set the self-dose of placed spheres; return S between each and its host.

        * sphere ← sphere: the absorbed fraction of a sphere of its mass and density;
        * sphere ← host: charged particles (1 − φ) E / m_host, what reciprocity asks for in a
          uniform medium; photons: the self-dose of the host;
        * host ← sphere: the charged energy that leaves the sphere, over the host's mass (marrow:
          half of it, as from trabecular surfaces); photons: the self-dose of the host, less what
          stays in the sphere.

        Between a sphere and other regions S is that of its host (in the matrix).
        """
        curve = self._curves(nuclide)
        pairs: list[tuple[int, int, FloatArray]] = []
        for i, place in enumerate(self.places):
            if place.own:
                continue
            m = mass[:, i]
            kept = curve.self_J(
                m, density_kg_m3=place.model.density_kg_m3, pieces=place.model.pieces
            )
            own[:, i] = kept / m[:, None]
            for h, host in enumerate(self.places):
                if is_host(host, place):
                    pairs += self._with_host(curve, kept, (i, h), (own, mass, whole))
        return pairs

    def _with_host(
        self,
        curve: EnergyCurves,
        kept: FloatArray,
        at: tuple[int, int],
        known: tuple[FloatArray, FloatArray, FloatArray],
    ) -> list[tuple[int, int, FloatArray]]:
        sphere, host = at
        own, mass, _ = known
        place, m_host = self.places[host], mass[:, host, None]
        leaves = np.maximum(curve.emitted_J - kept, 0.0) / m_host
        share = MARROW_SHARE_OF_ESCAPE if place.name == "red_marrow" else 1.0
        to_sphere, to_host = leaves * share, leaves * share
        photons = own[:, host, PHOTON]
        to_sphere[:, PHOTON] = photons
        to_host[:, PHOTON] = np.maximum(photons - kept[:, PHOTON] / m_host[:, 0], 0.0)
        return [(sphere, host, to_sphere), (host, sphere, to_host)]


@lru_cache(maxsize=32)
def _table_s(
    table: SafTable, nuclide: str, with_progeny: bool, horizon_s: float | None
) -> tuple[FloatArray, FloatArray]:
    """Return the table's S of a nuclide and its standard deviation, (sources, targets, 3) each."""
    spectrum = emission_spectrum(nuclide, with_progeny=with_progeny, horizon_s=horizon_s)
    return table.s_values(spectrum)


SCALING_OMISSIONS = (
    "A patient's body has the reference's shape: cross-dose follows the masses of organs and body "
    "by stated powers, not the patient's own distances.",
    "Lesions are spheres inside a host organ, at no particular place in it; lesions in one host "
    "irradiate each other with the host's photon self-dose.",
)
PROGENY_IN_PLACE = (
    "Progeny decay where the parent decayed; their decays later than the horizon (50 years unless "
    "stated) are left out."
)
PROGENY_APART = "Progeny count only where their own time-integrated activity is given."
