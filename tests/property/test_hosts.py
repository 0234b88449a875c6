"""Reference hosts: parts add up to the whole, and every site can be modelled."""

from itertools import product

import pytest

from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import Status, sources
from ligandose.hosts import diseases, draw_values, host, hosts
from ligandose.kinetics import kinetic_parameters

EVERYONE = [host(name, disease=d) for name, d in product(hosts(), (None, *diseases()))]
NAMES = [f"{h.name} {h.disease}" for h in EVERYONE]
everyone = pytest.mark.parametrize("person", EVERYONE, ids=NAMES)

# ICRP-89 states masses to two or three digits; the remainder closes the sum by construction.
MASS_TOLERANCE = 0.01
# Fractions are written with twelve digits and closed by the remainder.
FRACTION_TOLERANCE = 1e-9


def total(person, quantity, *, organs=None):
    return sum(person.findings[f"{o}.{quantity}"].internal for o in organs or person.organs)


@everyone
def test_organs_and_blood_add_up_to_the_body(person):
    whole = person.findings["whole_body.body_mass"].internal
    parts = total(person, "mass") + person.findings["blood.mass"].internal
    assert parts == pytest.approx(whole, rel=MASS_TOLERANCE)


@everyone
def test_blood_flows_add_up_to_the_cardiac_output(person):
    # The lungs' own (bronchial) flow is among them.
    assert total(person, "blood_flow_fraction") == pytest.approx(1.0, abs=FRACTION_TOLERANCE)


@everyone
def test_blood_of_organs_and_large_vessels_adds_up_to_all_blood(person):
    central = person.findings["blood.blood_volume_fraction"].internal
    parts = total(person, "blood_volume_fraction") + central
    assert parts == pytest.approx(1.0, abs=FRACTION_TOLERANCE)


@everyone
def test_mass_and_volume_of_blood_agree(person):
    volume = person.findings["whole_body.blood_volume"].internal
    density = person.findings["blood.density"].internal
    mass = person.findings["blood.mass"].internal
    # ICRP-89 rounds 5.618 and 4.134 kg to 5.6 and 4.1.
    assert volume * density == pytest.approx(mass, rel=0.01)


@everyone
def test_spaces_fit_into_their_organ(person):
    parameters = kinetic_parameters(person, reference_values(person), AGENT_OF_NOTHING)
    for region in (*person.organs, *person.lesions):
        volume = volume_of(person, region)
        spaces = (
            parameters[f"{region}.vascular_volume"] + parameters[f"{region}.interstitial_volume"]
        )
        assert 0.0 < spaces[0] < volume


@everyone
def test_every_site_has_a_release_and_each_of_an_organ_a_density(person):
    for place in person.sites:
        key = f"{place.region}.{place.site}"
        if f"{key}.uptake" in person.findings:  # a transporter
            assert person.finding(f"{key}.uptake").internal > 0.0
            assert person.finding(f"{key}.washout").internal > 0.0
            continue
        assert person.finding(f"{key}.release").internal > 0.0
        if place.region in person.organs:
            assert person.finding(f"{key}.density").internal > 0.0


@everyone
def test_sites_face_a_space_that_their_region_has(person):
    for place in person.sites:
        own = {"kidneys": {"tubular"}, "blood": {"plasma"}}.get(place.region, set())
        assert place.space in {"interstitial", "vascular"} | own


@pytest.mark.parametrize(
    "person", [h for h in EVERYONE if h.disease], ids=lambda h: f"{h.name} {h.disease}"
)
def test_every_lesion_of_a_disease_carries_a_target(person):
    assert person.lesions
    for lesion in person.lesions:
        sites = [place.site for place in person.sites if place.region == lesion]
        carried = {f"{lesion}.{s}.{q}" for s in sites for q in ("density", "uptake")}
        assert carried & person.findings.keys(), lesion


@pytest.mark.parametrize("name", hosts())
def test_a_host_without_disease_has_no_lesions(name):
    healthy = host(name)
    assert healthy.lesions == ()
    assert not any(key.startswith("lesion") for key in healthy.findings)
    assert not any(place.region.startswith("lesion") for place in healthy.sites)


@pytest.mark.parametrize("disease", diseases())
def test_a_disease_replaces_values_of_the_person_and_leaves_the_others(disease):
    healthy, ill = host("adult-male"), host("adult-male", disease=disease)
    changed = {k for k, f in healthy.findings.items() if ill.findings[k] != f}
    assert ill.lesions
    assert all(ill.findings[k].subject == disease for k in changed)


@everyone
def test_no_finding_lacks_a_status_or_a_known_source(person):
    known = sources()
    for key, finding in person.findings.items():
        assert isinstance(finding.status, Status)
        assert finding.source in known, key


def test_unknown_hosts_and_diseases_suggest_the_nearest():
    with pytest.raises(UnknownNameError, match="adult-male"):
        host("adult_mal")
    with pytest.raises(UnknownNameError, match="mCRPC"):
        host("adult-male", disease="mcrcp")
    with pytest.raises(UnknownNameError):
        host("")


def test_a_finding_that_is_not_there_is_named():
    with pytest.raises(DataError, match=r"adult-male .*kidneys\.colour"):
        host("adult-male").finding("kidneys.colour")


AGENT_OF_NOTHING = {"unbound_plasma": 1.0, "permeability_factor": 1.0}


def reference_values(person):
    return draw_values(person.findings, patients=1, seed=1, variability=False)


def volume_of(person, region):
    mass = (
        person.findings[f"{region}.mass"].internal / person.findings[f"{region}.density"].internal
    )
    if region in person.lesions:
        return mass * person.findings[f"{region}.number"].internal
    blood = person.findings["whole_body.blood_volume"].internal
    return mass + blood * person.findings[f"{region}.blood_volume_fraction"].internal
