"""Ways into the body besides a vein, and what a host must have for them.

An artery brings everything to one organ or lesion first. A needle brings it into the fluid between
the cells of lesions. A cavity (peritoneal cavity, cerebrospinal fluid, the cavity that a resection
left) is a reservoir that ligand leaves for the blood at a rate that was measured in patients:
`local_routes.csv` has volumes and half-times with their sources. What has no such number is not
simulatable, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ligandose.errors import InputError
from ligandose.evidence import Finding, read_findings
from ligandose.hosts.derived import BASES
from ligandose.hosts.host import LESION, Host

VEIN = "vein"
ARTERY = "intra-arterial"
NEEDLE = "intratumoural"
RESERVOIRS = {
    "intraperitoneal": "peritoneal_cavity",
    "intrathecal": "cerebrospinal_fluid",
    "intracavitary": "resection_cavity",
}
"""Region of the contents by the way that leads there."""
WAYS = (VEIN, ARTERY, NEEDLE, *RESERVOIRS)
WITH_REGION = (ARTERY, NEEDLE)
SYNONYMS = {
    "intravenous": VEIN,
    "intraarterial": ARTERY,
    "intratumoral": NEEDLE,
    "intraventricular": "intrathecal",
}
NOT_SIMULATABLE = {
    "oral": "how much is absorbed, and how fast, is known of free elements only; give iodide as if "
    "into a vein, which it reaches whole within minutes",
    "intrapleural": "no half-time of absorption from the pleural cavity is held",
    "intrasynovial": "no half-time of absorption from a joint is held",
    "intravesical": "no half-time of absorption from the bladder is held",
    "subcutaneous": "no half-time of absorption from the skin is held",
    "intramuscular": "no half-time of absorption from muscle is held",
    "inhalation": "no half-time of absorption from the airways is held",
}
TABLE = "local_routes.csv"
PASSAGE_TIME = "artery.passage_time"


@dataclass(frozen=True, slots=True)
class Route:
    """A way into the body.

    Attributes:
        way: one of `WAYS`.
        region: organ or lesion of an artery or a needle; "" for the others.
    """

    way: str = VEIN
    region: str = ""

    def __str__(self) -> str:
        return f"{self.way}:{self.region}" if self.region else self.way

    @property
    def reservoir(self) -> str:
        """Region of the contents of a cavity; "" where the way leads to none."""
        return RESERVOIRS.get(self.way, "")


def read_route(text: str) -> Route:
    """Return the route of a text such as "vein" or "intra-arterial:lesion:liver".

    Raises:
        InputError: a way that is not simulatable, not known, without the region that it needs or
            with one that it cannot have.

    Examples:
        >>> read_route("intra-arterial:liver")
        Route(way='intra-arterial', region='liver')
        >>> str(read_route("intravenous"))
        'vein'
    """
    said, _, region = text.strip().partition(":")
    way = SYNONYMS.get(said.strip(), said.strip())
    if way in NOT_SIMULATABLE:
        raise InputError(f"route {text!r} is not simulatable: {NOT_SIMULATABLE[way]}")
    if way not in WAYS:
        known = [f"{w}:REGION" if w in WITH_REGION else w for w in WAYS]
        raise InputError(f"route {text!r} is not known; allowed are {', '.join(known)}")
    if way in WITH_REGION and not region:
        where = "organ or lesion" if way == ARTERY else "lesion"
        raise InputError(f"route {text!r} needs a region: write {way}:REGION with an {where}")
    if region and way not in WITH_REGION:
        raise InputError(
            f"route {text!r} contradicts itself: {way} has no region of its own; write {way}, or "
            f"{ARTERY}:{region}"
        )
    return Route(way, region)


def fed_by(host: Host, region: str) -> tuple[str, ...]:
    """Return what the artery of a region feeds: the region, and the lesions that lie in it."""
    inside = f"{LESION}{region}"
    return (region, inside) if inside in host.lesions else (region,)


def with_routes(host: Host, routes: Iterable[Route], *, protein: bool) -> Host:
    """Return a host that has what routes need: volume and absorption of cavities.

    Args:
        host: who receives it.
        routes: of the administrations.
        protein: whether a protein is given, which leaves a cavity with the lymph or the fluid;
            small molecules pass its wall too.

    Raises:
        InputError: a region that the host does not have, a cavity without numbers for this host or
            for molecules of this size.
    """
    found = dict(host.findings)
    for route in routes:
        if route.way == ARTERY:
            _check_artery(host, route)
            found[PASSAGE_TIME] = _rows(ARTERY)["passage_time"]
        elif route.way == NEEDLE:
            _check_needle(host, route)
        elif route.reservoir:
            found.update(_reservoir(host, route, protein=protein))
    return host if len(found) == len(host.findings) else replace(host, findings=found)


def _check_artery(host: Host, route: Route) -> None:
    if route.region == "lungs":
        raise InputError(
            f"route {route} is not simulatable: the lungs receive what comes from the veins; write "
            f"{VEIN}"
        )
    regions = [r for r in (*host.organs, *host.lesions) if r != "lungs"]
    if route.region not in regions:
        raise InputError(
            f"route {route}: host {host.name} with disease {host.disease or 'none'} has no region "
            f"{route.region!r}; it has {', '.join(regions)}"
        )


def _check_needle(host: Host, route: Route) -> None:
    if route.region not in host.lesions:
        known = ", ".join(host.lesions) or "none; name a disease"
        raise InputError(
            f"route {route}: only lesions are injected; the lesions of host {host.name} with "
            f"disease {host.disease or 'none'} are {known}"
        )


def _reservoir(host: Host, route: Route, *, protein: bool) -> dict[str, Finding]:
    """Return the findings of a cavity under the keys of its region."""
    rows = _rows(route.way)
    name, size = route.reservoir, "protein" if protein else "small"
    volume = rows.get(f"volume.{host.name}")
    if volume is None and host.name == BASES.get(host.name, host.name):
        volume = rows["volume"]
    if volume is None:
        raise InputError(
            f"route {route} is not simulatable in host {host.name}: the volume of its {name} is "
            "not held"
        )
    half_time = rows.get(f"absorption_half_time.{size}")
    if half_time is None or half_time.value is None:
        what = "proteins" if protein else "small molecules"
        raise InputError(
            f"route {route} is not simulatable: how fast {what} leave the {name} is not held"
        )
    return {
        f"{name}.volume": replace(volume, region=name, quantity="volume"),
        f"{name}.absorption_half_time": replace(
            half_time, region=name, quantity="absorption_half_time"
        ),
    }


def _rows(way: str) -> dict[str, Finding]:
    return {f.quantity: f for f in read_findings(TABLE) if f.subject == way}
