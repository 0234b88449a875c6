"""The user's folder of ICRP-133 files: what a whole one gives, and what is wrong with others."""

import numpy as np
import pytest
from icrp133_folder import CROSS, TARGETS, masses, write_folder

from ligandose.dose import ReferenceSValues, emission_spectrum, s_value_document, saf_table
from ligandose.errors import DataError, UnknownNameError
from ligandose.evidence import read_table

DATE = "2016-08-12"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("icrp"))


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path, sexes=("am",))


def edit(folder, name, change):
    path = (
        folder
        / f"{name}_{DATE}.{'NDX' if name.endswith(('s', 'ns')) and '-' not in name else 'SAF'}"
    )
    lines = path.read_text().splitlines()
    path.write_text("\n".join(change(lines)) + "\n")


def replace_line(number, new):
    def change(lines):
        line = new(lines[number - 1]) if callable(new) else new
        return [*lines[: number - 1], line, *lines[number:]]

    return change


def test_a_whole_folder_gives_the_fractions_in_it(whole):
    table = saf_table(whole, "adult-male")
    s, t = table.sources.index("kidneys"), table.targets.index("kidneys")
    mass = masses(TARGETS, "am")["Kidneys"]
    # three decimals in the file
    assert table.grids["electron"].saf_per_kg[s, t] == pytest.approx(1 / mass, rel=1e-3)
    liver = table.targets.index("liver")
    assert table.grids["electron"].saf_per_kg[s, liver] == pytest.approx(CROSS)
    assert table.origin.startswith("ICRP Publication 133")


def test_male_and_female_are_different_tables(whole):
    male, female = (saf_table(whole, h) for h in ("adult-male", "adult-female"))
    assert female.mass_kg("liver") == pytest.approx(0.75 * male.mass_kg("liver"))


def test_it_replaces_the_shipped_table(whole):
    document = s_value_document("Lu-177", saf_folder=whole)
    assert document["unit"] == "Gy/(Bq s)"
    found = {(v["target"], v["source"]): v for v in document["values"]}
    mass = masses(TARGETS, "am")["Kidneys"]
    electrons = emission_spectrum("Lu-177").emitted_J[1]
    own = found["kidneys", "kidneys"]
    assert own["electron"] == pytest.approx(electrons / mass, rel=1e-3)
    assert own["total"] == pytest.approx(own["electron"] + own["photon"] + own["alpha"])
    assert found["liver", "remainder"]["electron"] == pytest.approx(electrons * CROSS, rel=1e-3)


def test_all_canonical_regions_have_a_place(whole):
    regions = [r["region"] for r in read_table("dose_regions.csv")]
    regions = [r for r in regions if r not in ("lesion", "soft_tissue")]
    values = ReferenceSValues.of([*regions, "lesion:bone"], ["Lu-177"], table=saf_table(whole))
    mass = np.full(len(values.regions), 0.1)
    s = values.s_Gy_per_Bq_s("Lu-177", mass_kg=mass, body_mass_kg=70.0)
    assert np.all(np.isfinite(s))
    assert np.all(np.einsum("pttk->pt", s) > 0)


def test_contents_irradiate_their_wall_by_the_file(whole):
    regions = ["urinary_bladder", "urinary_bladder_contents"]
    values = ReferenceSValues.of(regions, ["Lu-177"], table=saf_table(whole))
    s, _ = values.reference_s("Lu-177")
    electrons = emission_spectrum("Lu-177").emitted_J[1]
    assert s[0, 1, 1] == pytest.approx(electrons * CROSS, rel=1e-3)
    assert s[1, 0, 1] == 0.0  # the wall's electrons do not reach into the contents


def test_masses_in_grams_are_recognised(folder):
    def grams(lines):
        rows = [line.split() for line in lines[4:]]
        return lines[:4] + [f"{r[0]} {float(r[1]) * 1000} {float(r[2]) * 1000}" for r in rows]

    edit(folder, "torgans", grams)
    assert saf_table(folder).mass_kg("liver") == pytest.approx(masses(TARGETS, "am")["Liver"])


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="not a folder"):
        saf_table(tmp_path / "nothing")


def test_an_unknown_host(folder):
    with pytest.raises(UnknownNameError, match="adult"):
        saf_table(folder, "adult_male")


@pytest.mark.parametrize(
    "name", ["rcp-am_photon", "rcp-am_electron", "rcp-am_alpha", "torgans", "sregions"]
)
def test_a_missing_file_is_named(folder, name):
    next(folder.glob(f"{name}_*")).unlink()
    with pytest.raises(DataError, match=name):
        saf_table(folder)


def test_the_other_sex_alone_is_not_enough(folder):
    with pytest.raises(DataError, match="rcp-af_photon"):
        saf_table(folder, "adult-female")


def test_two_editions_side_by_side_are_refused(folder):
    old = folder / f"rcp-am_photon_{DATE}.SAF"
    (folder / "rcp-am_photon_2017-03-07.SAF").write_bytes(old.read_bytes())
    with pytest.raises(DataError, match="leave one"):
        saf_table(folder)


def test_a_truncated_file_is_refused(folder):
    edit(folder, "rcp-am_electron", lambda lines: lines[:-1])
    with pytest.raises(DataError, match=r"rcp-am_electron.*3396 records.*3397 due"):
        saf_table(folder)


def test_a_line_that_is_cut_off_is_named(folder):
    edit(folder, "rcp-am_photon", replace_line(100, lambda line: line[:90]))
    with pytest.raises(DataError, match=r"rcp-am_photon.*line 100.*cut off"):
        saf_table(folder)


@pytest.mark.parametrize("bad", ["       NaN", "-1.000E-03", " 1.0x0E-03"])
def test_a_value_that_is_no_fraction_is_named(folder, bad):
    edit(folder, "rcp-am_photon", replace_line(9, lambda line: line[:42] + bad + line[52:]))
    with pytest.raises(DataError, match=r"rcp-am_photon.*line 9"):
        saf_table(folder)


def test_energies_that_do_not_rise_are_refused(folder):
    def swap(line):
        return line[:32] + line[42:52] + line[32:42] + line[52:]

    edit(folder, "rcp-am_alpha", replace_line(4, swap))
    with pytest.raises(DataError, match=r"rcp-am_alpha.*line 4.*do not rise"):
        saf_table(folder)


def test_records_in_another_order_are_refused(folder):
    def swap(lines):
        return [*lines[:5], lines[6], lines[5], *lines[7:]]

    edit(folder, "rcp-am_photon", swap)
    with pytest.raises(DataError, match=r"line 6: Oesophagus <- O-cavity, expected O-mucosa"):
        saf_table(folder)


@pytest.mark.parametrize("particle", ["photon", "electron", "alpha"])
def test_files_of_different_phantoms_are_refused(whole, folder, particle):
    other = whole / f"rcp-af_{particle}_{DATE}.SAF"
    (folder / f"rcp-am_{particle}_{DATE}.SAF").write_bytes(other.read_bytes())
    with pytest.raises(DataError, match="phantom"):
        saf_table(folder)


@pytest.mark.parametrize("name", ["torgans", "sregions"])
def test_a_short_index_is_refused(folder, name):
    edit(folder, name, lambda lines: lines[:-2])
    with pytest.raises(DataError, match=name):
        saf_table(folder)


def test_a_bad_mass_in_an_index_is_named(folder):
    edit(folder, "sregions", replace_line(7, "O-mucosa  heavy  0  0.1  0"))
    with pytest.raises(DataError, match=r"sregions.*line 7"):
        saf_table(folder)


def test_an_empty_file_is_refused(folder):
    (folder / f"rcp-am_photon_{DATE}.SAF").write_text("")
    with pytest.raises(DataError, match="not whole"):
        saf_table(folder)
