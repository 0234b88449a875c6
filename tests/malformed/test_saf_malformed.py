"""A table of specific absorbed fractions that is not whole is refused, with the place named."""

import numpy as np
import pytest

from ligandose.dose import SafGrid, SafTable, parse_saf, shipped_saf
from ligandose.errors import DataError, UnknownNameError

MASS = {"liver": 1.8, "spleen": 0.15}
HEADER = "particle,source,target,saf_0.01,saf_1,rsd_0.01,rsd_1"


def rows():
    return [
        f"{p},{s},{t},0.5,0.4,0.01,0.02" for p in ("photon", "electron") for s in MASS for t in MASS
    ]


def parsed(lines):
    return parse_saf("\n".join(lines) + "\n", name="saf_x.csv", host="x", mass_kg=MASS)


def test_a_whole_table_is_read():
    table = parsed([HEADER, *rows()])
    assert table.sources == ("liver", "spleen")
    assert table.grids["photon"].saf_per_kg[0, 1].tolist() == [0.5, 0.4]
    assert table.grids["photon"].relative_sd[0, 1].tolist() == [0.01, 0.02]


def test_an_energy_that_a_particle_does_not_have_is_empty():
    lines = [HEADER, *rows()]
    lines[5:] = [line.replace("0.5,0.4,0.01,0.02", ",0.4,,0.02") for line in lines[5:]]
    with pytest.raises(DataError, match="energies"):
        parsed(lines)  # one energy is no table
    header = HEADER.replace("saf_1,", "saf_0.1,saf_1,").replace("rsd_1", "rsd_0.1,rsd_1")
    full = [r.replace("0.5,0.4,0.01,0.02", "0.5,0.45,0.4,0.01,0.01,0.02") for r in rows()]
    full[4:] = [r.replace("0.5,0.45,0.4,0.01,0.01", ",0.45,0.4,,0.01") for r in full[4:]]
    table = parsed([header, *full])
    assert table.grids["electron"].energy_MeV.tolist() == [0.1, 1.0]


@pytest.mark.parametrize("drop", [1, 4, 8])
def test_a_missing_row_is_named(drop):
    lines = [HEADER, *rows()]
    particle, source, target = lines[drop].split(",")[:3]
    del lines[drop]
    with pytest.raises(DataError, match=f"{particle} {target} ← {source} is there 0 times"):
        parsed(lines)


def test_a_doubled_row_is_named():
    with pytest.raises(DataError, match="2 times"):
        parsed([HEADER, *rows(), rows()[0]])


def test_a_particle_that_is_missing_is_named():
    with pytest.raises(DataError, match="electron"):
        parsed([HEADER, *rows()[:4]])


def test_a_line_cut_off_is_named():
    lines = [HEADER, *rows()]
    lines[-1] = lines[-1][:25]
    with pytest.raises(DataError, match="line 9"):
        parsed(lines)


@pytest.mark.parametrize("bad", ["much", "0..5"])
def test_a_field_that_is_no_number_is_named(bad):
    lines = [HEADER, *rows()]
    lines[3] = lines[3].replace("0.5", bad)
    with pytest.raises(DataError, match="line 4"):
        parsed(lines)


@pytest.mark.parametrize("bad", ["nan", "-0.1", "inf"])
def test_a_number_that_is_no_fraction_is_refused(bad):
    lines = [HEADER, *rows()]
    lines[3] = lines[3].replace("0.5", bad)
    with pytest.raises(DataError, match="negative or not a number"):
        parsed(lines)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "a,b,c,saf_1,rsd_1",
        "particle,source,target",
        "particle,source,target,saf_0.01,saf_1,rsd_0.01,rsd_2",
        "particle,source,target,saf_0.01,rsd_0.01,saf_1,rsd_1",
        "particle,source,target,saf_low,saf_1,rsd_low,rsd_1",
    ],
)
def test_a_header_of_another_kind_is_refused(header):
    with pytest.raises(DataError, match="line 1"):
        parsed([header, *rows()])


def test_energies_must_rise():
    with pytest.raises(DataError, match="do not rise"):
        parsed([HEADER.replace("_0.01", "_2"), *rows()])


def test_a_region_without_a_mass_is_named():
    lines = [HEADER, *rows()]
    lines = [line.replace("spleen", "milt") for line in lines]
    with pytest.raises(DataError, match="milt"):
        parsed(lines)


def test_masses_must_be_positive():
    saf = np.ones((1, 1, 2))
    grid = SafGrid(np.array([0.01, 1.0]), saf, 0 * saf, np.ones((1, 1)))
    with pytest.raises(DataError, match="mass of liver"):
        SafTable("x", "test", ("liver",), ("liver",), np.zeros(1), {"photon": grid})


def test_an_unknown_host_is_named():
    with pytest.raises((UnknownNameError, DataError), match=r"adult-mail|phantom_regions"):
        shipped_saf("adult-mail")
