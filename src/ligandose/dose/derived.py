"""Regions that a phantom does not draw: marrow, mineral bone, muscle, fat, blood, the whole body.

`derived_saf` adds them to the table of a phantom, so that what follows sees one kind of table,
whether it comes from this project's phantom or from ICRP Publication 133.

* muscle, adipose: parts of the phantom's soft tissue. Photons: as soft tissue. Charged particles
  stay in the tissue that emits them (less what soft tissue loses to its neighbours).
* skeleton: `skeleton`.
* blood: where it is (ICRP-89 blood volumes): in organs by their share of the blood; in the
  chambers of the heart; the rest, in large vessels, lies in soft tissue. "large_vessels" is that
  rest alone. Charged particles of blood inside an organ irradiate the organ.
* walls of hollow organs: electrons of the contents give a wall the dose at the surface of the
  contents, half of theirs where the range is short (the convention of MIRD, of ICRP Publication
  30 and of OLINDA), not the phantom's mean over the wall, most of which they do not reach. The
  wall of the heart has no sensitive surface and keeps its mean.
* whole_body: the mean over all regions by mass, as a source and as a target.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ligandose.dose.curves import RADIATIONS
from ligandose.dose.regions import HEART_BLOOD, is_lumen, parameter, region_model
from ligandose.dose.saf import KEV_PER_MEV, SafGrid, SafTable
from ligandose.dose.saf_file import shipped_saf
from ligandose.dose.skeleton import (
    CORTICAL,
    ENDOSTEUM,
    MARROW,
    OMISSIONS,
    SKELETAL_SOURCES,
    SKELETAL_TARGETS,
    TRABECULAR,
    charged_fraction,
    is_bone,
    marrow_shares,
    marrow_to_endosteum_dose_ratio,
    photon_dose_ratio,
)
from ligandose.hosts import Host, host
from ligandose.transport import sphere_surface_fraction, sphere_table

FloatArray = NDArray[np.float64]
SOFT = "soft_tissue"
BLOOD, VESSELS, BODY = "blood", "large_vessels", "whole_body"
SOFT_PARTS = ("muscle", "adipose", VESSELS)
BLOOD_KG_L = 1.06  # ICRP Publication 89
LOW_MEV = 1e-6
DERIVED_OMISSIONS = (
    "Muscle, fat and large vessels are one soft tissue for photons; their charged particles do "
    "not reach each other.",
    "Walls of hollow organs take, from electrons of their contents, the dose at the surface of the "
    "contents: an upper bound for the sensitive cells, which lie deeper; alphas of contents give "
    "walls nothing.",
    *OMISSIONS,
)


@cache
def reference_saf(name: str) -> SafTable:
    """Return the shipped table of a host with the derived regions; errors as `shipped_saf`."""
    return derived_saf(shipped_saf(name), host(name))


def derived_saf(table: SafTable, person: Host) -> SafTable:
    """Return a phantom's table with the regions that the phantom does not draw.

    Args:
        table: of a phantom whose regions make up the body, among them soft_tissue and bones.
        person: whose masses and blood volumes the derived regions have.
    """
    return _Derivation(table, person).table()


class _Derivation:
    """Rows and columns of the derived regions, as mixtures of those of the phantom."""

    def __init__(self, table: SafTable, person: Host) -> None:
        self.phantom = table
        self.body_kg = dict(table.body_mass_kg)
        self.bones = tuple(r for r in self.body_kg if is_bone(r))
        self.mass_kg = self._masses(person)
        self.blood = self._blood_shares(person)
        self.drawn = table.sources
        self.new = (*SOFT_PARTS, *SKELETAL_SOURCES)
        self.sources = (*self.drawn, *self.new, BLOOD, BODY)
        self.targets = (*table.targets, *SOFT_PARTS, *SKELETAL_TARGETS, BLOOD, BODY)

    def table(self) -> SafTable:
        grids = {p: self._grid(p) for p in RADIATIONS}
        return replace(
            self.phantom,
            sources=self.sources,
            targets=self.targets,
            target_mass_kg=np.array([self.mass_kg[t] for t in self.targets]),
            grids=grids,
            parts=self._parts(),
            omissions=(*self.phantom.omissions, *DERIVED_OMISSIONS),
        )

    def _masses(self, person: Host) -> dict[str, float]:
        mass = dict(self.body_kg)
        for region in ("muscle", "adipose", MARROW, TRABECULAR, CORTICAL):
            mass[region] = person.finding(f"{region}.mass").internal
        mass[ENDOSTEUM] = parameter(person.name, "endosteum_mass")
        blood = person.finding("whole_body.blood_volume").internal * BLOOD_KG_L
        central = blood * person.finding("blood.blood_volume_fraction").internal
        chambers = person.finding("blood.heart_share").internal
        mass[BLOOD], mass[VESSELS] = blood, central * (1.0 - chambers)
        mass[BODY] = sum(self.body_kg.values())
        return mass

    def _blood_shares(self, person: Host) -> dict[str, float]:
        """Return the share of the blood in each region that has a row; the rest: soft tissue."""
        central = person.finding("blood.blood_volume_fraction").internal
        chambers = person.finding("blood.heart_share").internal
        in_heart = central * chambers if HEART_BLOOD in self.phantom.sources else 0.0
        shares = {VESSELS: central - in_heart}
        if in_heart:
            shares[HEART_BLOOD] = in_heart
        named = {*self.phantom.sources, "muscle", "adipose", MARROW, TRABECULAR, CORTICAL}
        for organ in person.organs:
            if organ in named:
                shares[organ] = person.finding(f"{organ}.blood_volume_fraction").internal
        shares[SOFT] = 1.0 - sum(shares.values())
        return shares

    def _parts(self) -> dict[str, dict[str, float]]:
        """Return what each source occupies of the phantom's regions, kg."""
        parts = {r: dict(p) for r, p in self.phantom.parts.items()}
        for region in SOFT_PARTS:
            parts[region] = {SOFT: self.mass_kg[region]}
        parts[BLOOD] = {SOFT: self.mass_kg[VESSELS]}
        for region in (MARROW, TRABECULAR, CORTICAL):
            shares = self._source_shares(region)
            parts[region] = {b: share * self.mass_kg[region] for b, share in shares.items()}
        return parts

    def _source_shares(self, region: str) -> dict[str, float]:
        """Return where a source of the skeleton or the soft tissue lies among drawn regions."""
        if region in SOFT_PARTS:
            return {SOFT: 1.0}
        if region == MARROW:
            return marrow_shares(self.bones)
        total = sum(self.body_kg[b] for b in self.bones)
        return {b: self.body_kg[b] / total for b in self.bones}

    def _mixing(self, names: tuple[str, ...], drawn: tuple[str, ...]) -> FloatArray:
        """Return (names, drawn) shares; drawn regions are themselves, blood and body excepted."""
        column = {r: i for i, r in enumerate(drawn)}
        matrix = np.zeros((len(names), len(drawn)))
        for i, name in enumerate(names):
            shares = {name: 1.0} if name in column else self._source_shares(name)
            for region, share in shares.items():
                matrix[i, column[region]] = share
        return matrix

    def _grid(self, particle: str) -> SafGrid:
        grid = self.phantom.grids[particle]
        cube = np.concatenate([grid.limit_per_kg[..., None], grid.saf_per_kg], axis=-1)
        sd = np.concatenate(
            [np.zeros_like(cube[..., :1]), grid.relative_sd * grid.saf_per_kg], axis=-1
        )
        energy = np.concatenate([[LOW_MEV], grid.energy_MeV])
        value = self._extended(particle, cube, energy, squared=False)
        relative = np.zeros_like(value)
        if np.any(sd):
            variance = self._extended(particle, sd**2, energy, squared=True)
            np.divide(np.sqrt(variance), value, out=relative, where=value > 0)
        return SafGrid(grid.energy_MeV, value[..., 1:], relative[..., 1:], value[..., 0])

    def _extended(
        self, particle: str, cube: FloatArray, energy: FloatArray, *, squared: bool
    ) -> FloatArray:
        """Return the cube of all regions; with `squared` for variances, so weights are squared."""
        power = 2 if squared else 1
        names_s, names_t = (*self.drawn, *self.new), self.targets[:-2]
        left = self._mixing(names_s, self.drawn) ** power
        right = self._mixing(names_t, self.phantom.targets) ** power
        whole = np.array([self.body_kg[t] for t in self.phantom.targets])
        whole = (whole / whole.sum()) ** power
        to_body = np.einsum("as,ste,t->ae", left, cube, whole, optimize=True)
        used = cube if particle == "photon" else self._without_mixtures(cube)
        made = np.einsum("as,ste,bt->abe", left, used, right, optimize=True)
        # a source in all of the body has one concentration everywhere, in mixed tissues too
        from_body = np.einsum(
            "s,ste,bt->be", self._body_shares() ** power, cube, right, optimize=True
        )
        if particle == "photon":
            self._weigh_photons(made, energy, power)
            self._weigh_photons(from_body[None], energy, power)
        else:
            drawn = np.ix_(range(len(self.drawn)), range(len(self.phantom.targets)))
            made[drawn] = cube
            if not squared:
                self._add_local(made, cube, particle, energy)
            if particle == "electron":
                self._set_walls(made, energy, squared=squared)
        return self._with_blood_and_body(made, to_body, from_body, power)

    def _body_shares(self) -> FloatArray:
        """Return (drawn,) shares of the body's mass."""
        mass = np.array([self.body_kg[s] for s in self.drawn])
        return mass / mass.sum()

    def _without_mixtures(self, cube: FloatArray) -> FloatArray:
        """Return the cube without what soft tissue and bones give themselves."""
        result = cube.copy()
        for region in (SOFT, *self.bones):
            result[self.drawn.index(region), self.phantom.targets.index(region)] = 0.0
        return result

    def _weigh_photons(self, made: FloatArray, energy: FloatArray, power: int) -> None:
        for target in SKELETAL_TARGETS:
            ratio = photon_dose_ratio(target, energy)
            made[:, self.targets.index(target)] *= ratio**power

    def _add_local(
        self, made: FloatArray, cube: FloatArray, particle: str, energy: FloatArray
    ) -> None:
        """Add what charged particles of mixed tissues give to the tissues of the mixture."""
        row = {r: i for i, r in enumerate(self.sources)}
        column = {r: i for i, r in enumerate(self.targets)}
        soft = cube[self.drawn.index(SOFT), self.phantom.targets.index(SOFT)]
        for region in SOFT_PARTS:
            kept = soft * self.body_kg[SOFT] / self.mass_kg[region]
            made[row[region], column[region]] += kept
        for source in SKELETAL_SOURCES:
            for target in SKELETAL_TARGETS:
                fraction = charged_fraction(source, target, particle, energy)
                made[row[source], column[target]] += fraction / self.mass_kg[target]
        ratio = marrow_to_endosteum_dose_ratio()
        made[row[MARROW], column[ENDOSTEUM]] += ratio * made[row[MARROW], column[MARROW]]

    def _set_walls(self, made: FloatArray, energy: FloatArray, *, squared: bool) -> None:
        """Give walls the surface dose of their contents (its statistics are not a table's)."""
        for source in self.drawn:
            if is_lumen(source) and region_model(source).wall in self.targets:
                at = self.sources.index(source), self.targets.index(region_model(source).wall)
                made[at] = 0.0 if squared else self._surface(source, energy)

    def _surface(self, contents: str, energy_MeV: FloatArray) -> FloatArray:
        """Return the surface dose of contents over the energy that they emit, (e,) 1/kg."""
        model, mass = region_model(contents), self.mass_kg[contents]
        highest = sphere_table("electron").energy_keV[-1]  # 5 MeV: no shipped nuclide has more
        fraction = sphere_surface_fraction(
            "electron",
            np.minimum(energy_MeV * KEV_PER_MEV, highest),
            mass_kg=mass / model.pieces,
            density_kg_m3=model.density_kg_m3,
        )
        return fraction / mass

    def _with_blood_and_body(
        self, made: FloatArray, to_body: FloatArray, from_body: FloatArray, power: int
    ) -> FloatArray:
        """Return the cube with blood and the whole body as the last sources and targets."""
        n_s, n_t, n_e = made.shape
        blood_rows = [self.blood.get(r, 0.0) for r in (*self.drawn, *self.new)]
        as_source = np.array(blood_rows) ** power
        as_target = np.array([self.blood.get(r, 0.0) for r in self.targets[:-2]]) ** power
        result = np.zeros((n_s + 2, n_t + 2, n_e))
        result[:n_s, :n_t], result[:n_s, -1] = made, to_body
        result[-2, :n_t], result[-2, -1] = (
            np.tensordot(as_source, made, axes=1),
            as_source @ to_body,
        )
        body = self._body_shares() ** power
        result[-1, :n_t], result[-1, -1] = from_body, body @ to_body[: len(self.drawn)]
        result[:, -2] = np.einsum("b,abe->ae", as_target, result[:, :n_t], optimize=True)
        return result
