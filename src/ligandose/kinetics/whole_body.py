"""The whole-body model of small molecules and peptides, written once.

Every organ has a vascular and an interstitial space joined by permeability; plasma flows from
the arterial pool through the organs to the venous pool and through the lungs back (portal organs
drain into the liver). Ligand binds to the sites that an organ carries and that the vector knows,
is internalised, recycled, or released as a small labelled fragment. The kidney filters into the
proximal tubule, whose brush border carries its own sites. The liver takes ligand up into
hepatocytes and secretes it into the gut.

Structure after the radioligand models of Kletting et al. 2016 (J Nucl Med 57:503,
doi 10.2967/jnumed.115.164699) and Fele-Paranj et al. 2024 (doi 10.1186/s41181-023-00236-w), with
three differences: PSMA and megalin of the kidney face the tubule, where histology shows them;
what the organs release is a fragment that is filtered and does not bind again; and the bladder is
emptied at discrete times, worked out afterwards from the cumulative urine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ligandose.kinetics.description import (
    Exchange,
    ModelDescription,
    Pool,
    Site,
    Transformation,
)

URINE = "urine.excreted"
FAECES = "faeces.excreted"
VENOUS = "venous"
ARTERIAL = "arterial"
EXCRETED = ("urine", "faeces")
MARROW_SPACES = "red_marrow_spaces"
RELEASED_IN_BLOOD = "blood_released"

GUT_CONTENTS = (
    "small_intestine_contents",
    "large_intestine_right_contents",
    "large_intestine_left_contents",
    "rectum_contents",
)


@dataclass(frozen=True, slots=True)
class OrganSite:
    """A kind of site in a region that the vector of the model binds to.

    Attributes:
        region: organ, or "lesion:NAME".
        site: name of the kind of site.
        space: "interstitial", "vascular" or "tubular": the space that the site faces.
    """

    region: str
    site: str
    space: str


def whole_body(
    organs: Sequence[str],
    *,
    portal: Iterable[str],
    lesions: Sequence[str],
    sites: Sequence[OrganSite],
) -> ModelDescription:
    """Describe the model of a body with these organs, lesions and sites.

    Args:
        organs: perfused organs; must contain lungs, liver and kidneys.
        portal: organs whose blood drains into the liver.
        lesions: names of lesion regions.
        sites: what the vector binds to, and where.
    """
    portal = frozenset(portal)
    builder = _Builder()
    builder.circulation([*organs, *lesions], portal=portal)
    builder.kidneys()
    builder.liver_and_gut()
    builder.released()
    for site in sites:
        builder.site(site)
    return builder.description()


class _Builder:
    """Collects pools and processes organ by organ."""

    def __init__(self) -> None:
        self.pools: list[Pool] = []
        self.exchanges: list[Exchange] = []
        self.transformations: list[Transformation] = []
        self.sites: list[Site] = []

    def description(self) -> ModelDescription:
        """Return what was collected."""
        return ModelDescription(
            pools=tuple(self.pools),
            exchanges=tuple(self.exchanges),
            transformations=tuple(self.transformations),
            sites=tuple(self.sites),
        )

    def _exchange(self, source: str, target: str, *clearance: str) -> None:
        self.exchanges.append(Exchange(source, target, clearance))

    def _transform(self, source: str, target: str, *rate: str) -> None:
        self.transformations.append(Transformation(source, target, rate))

    def circulation(self, regions: Sequence[str], *, portal: frozenset[str]) -> None:
        """Add the large vessels and the spaces of every region, joined by plasma flow."""
        self.pools.append(Pool(VENOUS, "blood", "venous.volume"))
        self.pools.append(Pool(ARTERIAL, "blood", "arterial.volume"))
        for region in regions:
            self._spaces(region)
            vascular = f"{region}.vascular"
            flow = f"{region}.plasma_flow"
            if region == "lungs":
                self._exchange(VENOUS, vascular, flow)
                self._exchange(vascular, ARTERIAL, flow)
            elif region in portal:
                self._exchange(ARTERIAL, vascular, flow)
                self._exchange(vascular, "liver.vascular", flow)
            elif region == "liver":
                self._exchange(ARTERIAL, vascular, flow)
                self._exchange(vascular, VENOUS, "liver.venous_plasma_flow")
            else:
                self._exchange(ARTERIAL, vascular, flow)
                self._exchange(vascular, VENOUS, flow)

    def _spaces(self, region: str) -> None:
        vascular, interstitial = f"{region}.vascular", f"{region}.interstitial"
        # What marrow holds unbound is judged by the marrow-to-blood ratio, so it is kept apart.
        counted_in = MARROW_SPACES if region == "red_marrow" else region
        self.pools.append(Pool(vascular, counted_in, f"{region}.vascular_volume"))
        self.pools.append(Pool(interstitial, counted_in, f"{region}.interstitial_volume"))
        permeability = (f"{region}.permeability", "vector.permeability_factor")
        self._exchange(vascular, interstitial, *permeability, "vector.unbound_plasma")
        self._exchange(interstitial, vascular, *permeability, "vector.unbound_interstitial")

    def kidneys(self) -> None:
        """Add filtration of free ligand, the proximal tubule and the way to urine."""
        self.pools.append(Pool("kidneys.tubular", "kidneys", "kidneys.tubular_volume"))
        self.pools.append(Pool("kidneys.collecting", "kidneys"))
        self.pools.append(Pool(URINE, "urine"))
        self._exchange(
            "kidneys.vascular", "kidneys.tubular", "gfr", "vector.sieving", "vector.unbound_plasma"
        )
        self._exchange("kidneys.tubular", "kidneys.collecting", "kidneys.tubular_outflow")
        self._transform("kidneys.collecting", URINE, "kidneys.transit")

    def liver_and_gut(self) -> None:
        """Add uptake into hepatocytes, bile and the transit of gut contents."""
        self.pools.append(Pool("liver.hepatocyte", "liver"))
        self._exchange(
            "liver.interstitial",
            "liver.hepatocyte",
            "liver.hepatocyte_volume",
            "liver.hepatocyte.uptake",
            "vector.hepatocyte_uptake",
            "vector.unbound_interstitial",
        )
        contents = [*GUT_CONTENTS, FAECES]
        for name in GUT_CONTENTS:
            self.pools.append(Pool(name, name))
        self.pools.append(Pool(FAECES, "faeces"))
        self._transform("liver.hepatocyte", contents[0], "liver.hepatocyte.biliary")
        for this, following in pairwise(contents):
            self._transform(this, following, f"{this}.transit")

    def released(self) -> None:
        """Add the fragment that organs release: extracellular, filtered, bound by nothing."""
        # Unlike the large vessels, this pool holds the plasma of the whole body: its amount per
        # mass of blood is another one, so it is counted apart.
        self.pools.append(Pool("released.plasma", RELEASED_IN_BLOOD, "released.plasma_volume"))
        self.pools.append(
            Pool("released.interstitial", "remainder", "released.interstitial_volume")
        )
        self._exchange("released.plasma", "released.interstitial", "released.permeability")
        self._exchange("released.interstitial", "released.plasma", "released.permeability")
        self._exchange("released.plasma", "kidneys.collecting", "gfr")
        self._transform("liver.hepatocyte", "released.plasma", "liver.hepatocyte.release")

    def site(self, site: OrganSite) -> None:
        """Add association, dissociation, internalisation, recycling and release at a site."""
        ligand = f"{site.region}.{site.space}"
        bound = f"{site.region}.{site.site}.bound"
        internalised = f"{site.region}.{site.site}.internalised"
        of_vector = f"vector.{site.site}"
        unbound = {
            "interstitial": ("vector.unbound_interstitial",),
            "vascular": ("vector.unbound_plasma",),
            "tubular": (),
        }[site.space]
        self.pools.append(Pool(bound, site.region))
        self.pools.append(Pool(internalised, site.region))
        self.sites.append(
            Site(
                ligand,
                bound,
                on_rate=(f"{of_vector}.k_on", *unbound),
                capacity=(f"{site.region}.{site.site}.capacity",),
            )
        )
        self._transform(bound, ligand, f"{of_vector}.k_off")
        self._transform(bound, internalised, f"{of_vector}.internalisation")
        self._transform(internalised, ligand, f"{of_vector}.recycling")
        self._transform(internalised, "released.plasma", f"{site.region}.{site.site}.release")
