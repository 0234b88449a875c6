"""What every row of the decay tables must obey."""

import json

import numpy as np
import pytest

from ligandose.evidence import read_table
from ligandose.nuclides import (
    EMISSION_KINDS,
    ENERGY_KINDS,
    canonical_name,
    decay_chain,
    electron_lines,
    nuclide,
    nuclide_document,
    nuclides,
    photon_lines,
    spectrum_curves,
)

SUPERSCRIPT = str.maketrans("0123456789m", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵐ")


@pytest.mark.parametrize("name", nuclides())
def test_every_usual_spelling_names_the_same_nuclide(name):
    symbol, number = name.split("-")
    for spelling in (
        name, name.lower(), name.upper() if number.isdigit() else name, symbol + number,
        number + symbol, f"{number}-{symbol}", f" {number} {symbol} ",
        number.translate(SUPERSCRIPT) + symbol, f"{symbol}–{number}",
    ):  # fmt: skip
        assert canonical_name(spelling) == name, spelling


def test_case_tells_an_isomer_from_an_element():
    assert canonical_name("52Mn") == canonical_name("52mn") == "Mn-52"
    assert canonical_name("52mMn") == "Mn-52m"
    assert canonical_name("52mN") == "N-52m"
    assert canonical_name("99mTc") == canonical_name("99MTC") == "Tc-99m"


@pytest.mark.parametrize("name", nuclides())
def test_branchings_yields_and_energies_are_possible(name):
    found = nuclide(name)
    total = sum(mode.branching for mode in found.modes)
    # six-digit branchings
    assert total == pytest.approx(1.0, abs=5e-4)
    greatest_q = max(mode.q_keV for mode in found.modes)
    for emission in found.emissions:
        assert emission.kind in EMISSION_KINDS
        assert emission.energy_keV > 0.0
        assert emission.yield_per_decay > 0.0
        assert emission.yield_uncertainty >= 0.0
        if emission.endpoint_keV is not None:
            assert 0.0 < emission.energy_keV < emission.endpoint_keV
        # evaluated level energies and Q values differ by a few keV
        assert (emission.endpoint_keV or emission.energy_keV) < greatest_q * 1.001 + 3.0 or (
            emission.kind == "annihilation"
        )


@pytest.mark.parametrize("name", nuclides())
def test_modes_conserve_charge_and_mass(name):
    steps = {"alpha": (-2, -4), "beta-": (1, 0), "EC/beta+": (-1, 0), "IT": (0, 0),
             "2beta-": (2, 0), "2EC": (-2, 0)}  # fmt: skip
    found = nuclide(name)
    for mode in found.modes:
        if mode.progeny is None:
            assert mode.kind == "SF"
            continue
        progeny = nuclide(mode.progeny)
        assert (progeny.z - found.z, progeny.a - found.a) == steps[mode.kind]
        # mass lost is energy released (six-digit masses: 1e-5 u = 9 keV, more for heavy nuclides)
        if mode.kind == "alpha":
            lost = (found.mass_u - progeny.mass_u - 4.002603) * 931494.1
            assert lost == pytest.approx(mode.q_keV, abs=1500.0)


@pytest.mark.parametrize("name", ["Lu-177", "Ac-225", "Tc-99m", "F-18", "Hf-177"])
def test_the_document_is_json_and_holds_what_readers_are_promised(name):
    document = json.loads(json.dumps(nuclide_document(name), allow_nan=False))
    for key in ("name", "half_life_s", "half_life_uncertainty_s", "modes", "progeny",
                "energy_keV_per_decay", "emissions", "chain", "provenance"):  # fmt: skip
        assert key in document
    assert document["research_use_only"] is True
    assert set(ENERGY_KINDS) <= set(document["energy_keV_per_decay"])
    assert document["chain"]["members"][0]["decays_per_parent_decay"] == pytest.approx(
        0.0 if name == "Hf-177" else 1.0
    )
    assert len(document["provenance"]["library_sha256"]) == 64


def test_the_document_sums_what_it_lists():
    document = nuclide_document("Ra-223")
    for key, kinds in ENERGY_KINDS.items():
        listed = sum(
            e["energy_keV"] * e["yield_per_decay"]
            for e in document["emissions"]
            if e["kind"] in kinds
        )
        assert document["energy_keV_per_decay"][key] == pytest.approx(listed, rel=1e-12, abs=1e-12)


def test_a_stable_end_member_has_no_emissions_and_no_decays():
    stable = nuclide(decay_chain("Lu-177").members[-1])
    assert stable.is_stable
    assert stable.emissions == ()
    assert decay_chain("Lu-177").cumulative_yield()[-1] == 0.0


def test_lines_of_transport_hold_the_energy_of_the_table():
    for name in ("I-131", "Tc-99m", "Ga-68"):
        energy = nuclide(name).energy_keV_per_decay()
        photons, electrons = photon_lines(name), electron_lines(name)
        assert np.all(np.diff(photons.energy_MeV) >= 0.0)
        assert photons.energy_MeV @ photons.yield_per_decay * 1e3 == pytest.approx(
            energy["gamma"] + energy["x"] + energy["annihilation"]
        )
        assert electrons.energy_MeV @ electrons.yield_per_decay * 1e3 == pytest.approx(
            energy["electron"]
        )


def test_curves_show_each_kind_of_line_once():
    curves = spectrum_curves("ac225")
    assert curves["name"] == "Ac-225"
    assert set(curves["lines"]) == {"alpha", "recoil", "conversion", "auger", "gamma", "x"}
    assert curves["beta"]["energy_keV"].size == 0


def test_reading_nuclide_by_nuclide_loses_no_row_of_the_emission_table():
    counts: dict[str, int] = {}
    for row in read_table("nuclides_emissions.csv"):
        counts[row["nuclide"]] = counts.get(row["nuclide"], 0) + 1
    assert counts == {name: len(nuclide(name).emissions) for name in counts}
    assert sum(counts.values()) > 15_000
