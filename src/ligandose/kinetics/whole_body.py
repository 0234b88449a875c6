"""The whole-body model, composed of the blocks that a vector uses.

Every organ has a vascular and an interstitial space; plasma flows from the arterial pool through
the organs to the venous pool and through the lungs back (portal organs drain into the liver).
Ligand binds to the sites that an organ carries and that the vector knows, is internalised,
recycled, or its label is released. The kidney filters into the proximal tubule, whose brush
border carries its own sites. The liver takes ligand up into hepatocytes and secretes it into the
gut. Which of the other blocks a vector uses is data (`VectorBlocks`).

Structure after the radioligand models of Kletting et al. 2016 (J Nucl Med 57:503,
doi 10.2967/jnumed.115.164699) and Fele-Paranj et al. 2024 (doi 10.1186/s41181-023-00236-w), with
three differences: PSMA and megalin of the kidney face the tubule, where histology shows them;
what the organs release is a fragment that is filtered and does not bind again; and the bladder is
emptied at discrete times, worked out afterwards from the cumulative urine. Proteins leave the
vessels through pores with the lymph and are taken up by the endothelium, as in the model of
Shah and Betts 2012 (doi 10.1007/s10928-011-9232-2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from ligandose.kinetics.blocks import SMALL, OrganSite, VectorBlocks
from ligandose.kinetics.description import (
    Exchange,
    ModelDescription,
    Pool,
    Site,
    Transformation,
)

VENOUS = "venous"
ARTERIAL = "arterial"
BLOOD = "blood"
EXCRETED = ("urine", "faeces")
URINE, FAECES = (f"{way}.excreted" for way in EXCRETED)
MARROW_SPACES = "red_marrow_spaces"
RELEASED_IN_BLOOD = "blood_released"
WHOLE_BLOOD = "whole_blood"
"""Region of what is spread over all blood, that in organs included."""
FRAGMENT = "released.plasma"
UNLABELLED = "unlabelled"
"""Region of all that carries no label."""
BINDER = "binder"
"""Name of the molecule that is given before the vector in two-step treatment."""
CLEARED = "cleared"
"""Pool of what a clearing step took from the plasma."""
PLASMA_SPACES = (VENOUS, ARTERIAL, ".vascular")
"""Endings of the names of all pools of plasma."""

GUT_CONTENTS = (
    "small_intestine_contents",
    "large_intestine_right_contents",
    "large_intestine_left_contents",
    "rectum_contents",
)


def whole_body(
    organs: Sequence[str],
    *,
    portal: Iterable[str],
    lesions: Sequence[str],
    sites: Sequence[OrganSite],
    blocks: VectorBlocks = SMALL,
    vector: str = "vector",
    beside: Sequence[ModelDescription] = (),
) -> ModelDescription:
    """Describe the model of a body with these organs, lesions and sites.

    Args:
        organs: perfused organs; must contain lungs, liver and kidneys.
        portal: organs whose blood drains into the liver.
        lesions: names of lesion regions.
        sites: what the vector binds to, and where.
        blocks: what else happens to the vector.
        vector: "vector", or the name of another molecule in the same body that carries no label,
            which then begins the names of its pools and of its own parameters; what it does is
            not part of any region.
        beside: what the model is joined with: elements that labels are set free as, or the model
            of another molecule.
    """
    builder = _Builder(blocks, vector)
    builder.circulation([*organs, *lesions], portal=frozenset(portal))
    builder.kidneys()
    builder.liver_and_gut()
    builder.released()
    for site in sites:
        builder.site(site)
    for uptake in blocks.uptakes:
        builder.uptake(uptake)
    if blocks.captures:
        builder.captures(blocks.captures)
    if blocks.cleared:
        builder.clearing()
    for reservoir in blocks.reservoirs:
        builder.reservoir(reservoir)
    for region, fed in blocks.arteries:
        builder.artery(region, fed)
    return builder.description(beside)


class _Builder:
    """Collects pools and processes organ by organ."""

    def __init__(self, blocks: VectorBlocks, vector: str) -> None:
        self.blocks = blocks
        self.vector = vector
        self.species = "" if vector == "vector" else f"{vector}:"
        own = f"{self.species}{FRAGMENT}"
        self.freed_into = f"{blocks.catabolite}.plasma" if blocks.catabolite else own
        self.pools: list[Pool] = []
        self.exchanges: list[Exchange] = []
        self.transformations: list[Transformation] = []
        self.sites: list[Site] = []

    def description(self, beside: Sequence[ModelDescription]) -> ModelDescription:
        """Return what was collected, joined with other models."""
        return ModelDescription(
            pools=(*self.pools, *(p for part in beside for p in part.pools)),
            exchanges=(*self.exchanges, *(e for part in beside for e in part.exchanges)),
            transformations=(
                *self.transformations,
                *(t for part in beside for t in part.transformations),
            ),
            sites=(*self.sites, *(s for part in beside for s in part.sites)),
        )

    def _pool(self, name: str, region: str, volume: str = "") -> str:
        name = f"{self.species}{name}"
        self.pools.append(Pool(name, UNLABELLED if self.species else region, volume))
        return name

    def _named(self, name: str) -> str:
        return f"{self.species}{name}"

    def _of_vector(self, name: str) -> str:
        return f"{self.vector}.{name}"

    def _exchange(self, source: str, target: str, *clearance: str) -> None:
        self.exchanges.append(Exchange(source, target, clearance))

    def _transform(self, source: str, target: str, *rate: str) -> None:
        self.transformations.append(Transformation(source, target, rate))

    def circulation(self, regions: Sequence[str], *, portal: frozenset[str]) -> None:
        """Add the large vessels and the spaces of every region, joined by plasma flow."""
        venous = self._pool(VENOUS, BLOOD, "venous.volume")
        arterial = self._pool(ARTERIAL, BLOOD, "arterial.volume")
        self._label_loss(venous, arterial)
        for region in regions:
            self._spaces(region)
            vascular = self._named(f"{region}.vascular")
            flow = f"{region}.plasma_flow"
            if region == "lungs":
                self._exchange(venous, vascular, flow)
                self._exchange(vascular, arterial, flow)
            elif region in portal:
                self._exchange(arterial, vascular, flow)
                self._exchange(vascular, self._named("liver.vascular"), flow)
            elif region == "liver":
                self._exchange(arterial, vascular, flow)
                self._exchange(vascular, venous, "liver.venous_plasma_flow")
            else:
                self._exchange(arterial, vascular, flow)
                self._exchange(vascular, venous, flow)

    def _spaces(self, region: str) -> None:
        # What marrow holds unbound is judged by the marrow-to-blood ratio, so it is kept apart.
        counted_in = MARROW_SPACES if region == "red_marrow" else region
        vascular = self._pool(f"{region}.vascular", counted_in, f"{region}.vascular_volume")
        fluid = self._pool(f"{region}.interstitial", counted_in, f"{region}.interstitial_volume")
        unbound = self._of_vector("unbound_plasma")
        if self.blocks.convective:
            self._exchange(vascular, fluid, self._of_vector(f"{region}.extravasation"), unbound)
            self._exchange(fluid, vascular, self._of_vector(f"{region}.return"), unbound)
            self._exchange(
                fluid, self._named(VENOUS), f"{region}.lymph_flow", self._of_vector("lymph_passage")
            )
        else:
            permeability = (f"{region}.permeability", self._of_vector("permeability_factor"))
            self._exchange(vascular, fluid, *permeability, unbound)
            self._exchange(fluid, vascular, *permeability, self._of_vector("unbound_interstitial"))
        if self.blocks.catabolised:
            self._catabolism(region, vascular)
        self._label_loss(vascular, fluid)

    def _label_loss(self, *spaces: str) -> None:
        """Add the loss of the label in spaces; what is lost is the free element in plasma."""
        if self.blocks.lost_label:
            for space in spaces:
                self._transform(
                    space, f"{self.blocks.lost_label}.plasma", self._of_vector("label_loss")
                )

    def _catabolism(self, region: str, vascular: str) -> None:
        """Add uptake by the endothelium, less what is salvaged, and the catabolites' stay."""
        catabolites = self._pool(f"{region}.catabolites", region)
        self._exchange(
            vascular,
            catabolites,
            f"{region}.endothelial_uptake",
            self._of_vector("not_salvaged"),
        )
        self._transform(catabolites, self.freed_into, self._of_vector("catabolite_release"))

    def kidneys(self) -> None:
        """Add filtration of free ligand, the proximal tubule and the way to urine."""
        tubular = self._pool("kidneys.tubular", "kidneys", "kidneys.tubular_volume")
        collecting = self._pool("kidneys.collecting", "kidneys")
        urine = self._pool(URINE, EXCRETED[0])
        self._exchange(
            self._named("kidneys.vascular"),
            tubular,
            "gfr",
            self._of_vector("sieving"),
            self._of_vector("unbound_plasma"),
        )
        if self.blocks.secreted:
            self._exchange(
                self._named("kidneys.vascular"), collecting, "gfr", self._of_vector("secretion")
            )
        self._exchange(tubular, collecting, "kidneys.tubular_outflow")
        self._transform(collecting, urine, "kidneys.transit")

    def liver_and_gut(self) -> None:
        """Add uptake into hepatocytes, bile and the transit of gut contents."""
        hepatocyte = self._pool("liver.hepatocyte", "liver")
        self._exchange(
            self._named("liver.interstitial"),
            hepatocyte,
            "liver.hepatocyte_volume",
            "liver.hepatocyte.uptake",
            self._of_vector("hepatocyte_uptake"),
            self._of_vector("unbound_interstitial"),
        )
        contents = [self._pool(name, name) for name in GUT_CONTENTS]
        contents.append(self._pool(FAECES, EXCRETED[1]))
        self._transform(hepatocyte, contents[0], "liver.hepatocyte.biliary")
        for name, (this, following) in zip(GUT_CONTENTS, pairwise(contents), strict=True):
            self._transform(this, following, f"{name}.transit")

    def released(self) -> None:
        """Add the way of labels that are set free, unless an element's own pools take them.

        A fragment is extracellular, filtered, and bound by nothing.
        """
        if not self.blocks.catabolite:
            # Unlike the large vessels, this pool holds the plasma of the whole body: its amount
            # per mass of blood is another one, so it is counted apart.
            plasma = self._pool(FRAGMENT, RELEASED_IN_BLOOD, "released.plasma_volume")
            fluid = self._pool("released.interstitial", "remainder", "released.interstitial_volume")
            self._exchange(plasma, fluid, "released.permeability")
            self._exchange(fluid, plasma, "released.permeability")
            self._exchange(plasma, self._named("kidneys.collecting"), "gfr")
        self._transform(
            self._named("liver.hepatocyte"), self.freed_into, "liver.hepatocyte.release"
        )

    def site(self, site: OrganSite) -> None:
        """Add association, dissociation, internalisation, recycling and release at a site."""
        ligand = self._ligand(site)
        bound = self._pool(f"{site.region}.{site.site}.bound", site.region)
        taken_by = site.cleared_in or site.region
        internalised = self._pool(f"{site.region}.{site.site}.internalised", taken_by)
        of_site = self._of_vector(site.site)
        self.sites.append(
            Site(
                ligand,
                bound,
                on_rate=(f"{of_site}.k_on", *self._unbound(site.space)),
                capacity=(f"{site.region}.{site.site}.capacity",),
            )
        )
        self._transform(bound, ligand, f"{of_site}.k_off")
        self._transform(bound, internalised, f"{of_site}.internalisation")
        self._transform(internalised, ligand, f"{of_site}.recycling")
        self._transform(
            internalised,
            self.freed_into,
            f"{site.region}.{site.site}.release",
            *((self._of_vector("release_factor"),) if self.blocks.catabolite else ()),
        )

    def uptake(self, uptake: OrganSite) -> None:
        """Add uptake by a transporter into cells, and the way back of what they lose."""
        ligand = self._ligand(uptake)
        key = f"{uptake.region}.{uptake.site}"
        stored = self._pool(f"{key}.stored", uptake.region)
        self._exchange(
            ligand,
            stored,
            f"{key}.uptake_clearance",
            self._of_vector(f"{uptake.site}.transport"),
            *self._unbound(uptake.space),
        )
        self._transform(stored, ligand, f"{key}.washout", self._of_vector(f"{uptake.site}.intact"))
        self._transform(
            stored, self.freed_into, f"{key}.washout", self._of_vector(f"{uptake.site}.broken")
        )

    def captures(self, sites: Sequence[OrganSite]) -> None:
        """Add capture by the binder that sits at sites, and by what of it is still in blood.

        A captured vector leaves as the binder does: back by its own dissociation, or inside.
        """
        self._capture(self._pool("blood.captured", BLOOD), VENOUS, (VENOUS, ARTERIAL), "blood")
        for site in sites:
            key = f"{site.region}.{site.site}"
            captured = self._pool(f"{key}.captured", site.region)
            inside = self._pool(f"{key}.taken_in", site.region)
            ligand = self._ligand(site)
            self._capture(captured, ligand, (f"{key}.bound",), site.space)
            self._transform(captured, inside, f"{BINDER}.{site.site}.internalisation")
            self._transform(inside, self.freed_into, f"{key}.release")

    def _capture(self, captured: str, ligand: str, carriers: tuple[str, ...], space: str) -> None:
        on = self._of_vector(f"{BINDER}.k_on")
        unbound = self._unbound("vascular" if space == "blood" else space)
        names = tuple(f"{BINDER}:{carrier}" for carrier in carriers)
        self.sites.append(Site(ligand, captured, (on, *unbound), (), names))
        self._transform(captured, ligand, self._of_vector(f"{BINDER}.k_off"))

    def _ligand(self, place: OrganSite) -> str:
        if place.region == BLOOD:
            return self._named(VENOUS)
        return self._named(f"{place.region}.{place.space}")

    def _unbound(self, space: str) -> tuple[str, ...]:
        if space == "tubular" or (space == "interstitial" and self.blocks.convective):
            return ()
        name = "unbound_plasma" if space in ("vascular", "plasma") else "unbound_interstitial"
        return (self._of_vector(name),)

    def clearing(self) -> None:
        """Add what a clearing agent does: it takes what is in plasma into the liver for good."""
        cleared = self._pool(CLEARED, "liver")
        plasma = [p.name for p in self.pools if p.name.endswith(PLASMA_SPACES)]
        for space in plasma:
            self._transform(space, cleared, self._of_vector("clearing"))

    def reservoir(self, name: str) -> None:
        """Add a space that ligand is given into and leaves for the blood."""
        inside = self._pool(reservoir_pool(name), name)
        self._transform(inside, self._named(VENOUS), f"{name}.absorption")

    def artery(self, region: str, fed: Sequence[str]) -> None:
        """Add the artery of a region, which divides what comes by the flows to all that it feeds.

        Plasma passes it within a second, so that no more than its blood is ever in it.
        """
        inside = self._pool(artery_pool(region), BLOOD)
        for name in fed:
            self._transform(
                inside,
                self._named(f"{name}.vascular"),
                "artery.emptying",
                f"{region}.artery.share:{name}",
            )


def reservoir_pool(name: str) -> str:
    """Return the name of the pool of a space outside the circulation."""
    return f"{name}.reservoir"


def artery_pool(region: str) -> str:
    """Return the name of the pool of the artery of a region."""
    return f"{region}.artery"
