"""What a vector does in a body, as data: the sites that it meets, and the blocks that it uses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrganSite:
    """A kind of site in a region that the vector of the model binds to.

    Attributes:
        region: organ, "lesion:NAME", or "blood" for sites on blood cells and for shed antigen.
        site: name of the kind of site.
        space: "interstitial", "vascular" or "tubular": the space that the site faces.
        cleared_in: region that takes up what is bound, where it is another one (antigen that is
            shed into the plasma and cleared by the liver); "" for the same.
    """

    region: str
    site: str
    space: str
    cleared_in: str = ""


@dataclass(frozen=True, slots=True)
class VectorBlocks:
    """Which blocks a vector uses besides circulation, kidney, liver and binding.

    Attributes:
        convective: it leaves the vessels through pores, with the lymph, and comes back with it;
            otherwise by permeability both ways.
        catabolised: the endothelium of every organ takes it up; what is not salvaged there is
            broken down and its label stays as a catabolite for a while.
        uptakes: transporters that carry it into cells, unsaturated.
        captures: sites that a binder given before occupies and that catch the vector by it.
        catabolite: what cells release: "" for a small fragment that is filtered and binds
            nothing, else the element that comes off (direct iodine), whose pools `elements` adds.
        lost_label: element that intact ligand loses in plasma and interstitium; "" for none.
        secreted: the tubule takes it from the kidneys' plasma into the urine.
        cleared: a clearing step takes it from the plasma into the liver while it lasts.
        reservoirs: spaces outside the circulation that it is given into.
        arteries: arteries that it is given into: the region, and all regions that it feeds.
    """

    convective: bool = False
    catabolised: bool = False
    uptakes: tuple[OrganSite, ...] = ()
    captures: tuple[OrganSite, ...] = ()
    catabolite: str = ""
    lost_label: str = ""
    secreted: bool = False
    cleared: bool = False
    reservoirs: tuple[str, ...] = ()
    arteries: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def free_elements(self) -> tuple[str, ...]:
        """Elements whose own pools the model needs."""
        return tuple(e for e in dict.fromkeys((self.catabolite, self.lost_label)) if e)


SMALL = VectorBlocks()
"""Small molecules and peptides with a residualising metal."""
