"""What the commands of transport print: stable keys, strict JSON, the same for a seed."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ligandose.cli import main
from ligandose.dose import emission_spectrum
from ligandose.evidence import EDITION, data_path
from ligandose.hosts import phantom
from ligandose.transport import sphere_self_fraction, voxels

sys.path.insert(0, str(Path(__file__).parents[1] / "malformed"))
from icrp133_folder import write_folder

SAF = data_path("sources.csv").parent / "saf_adult-male.csv"  # type: ignore[attr-defined]
needs_table = pytest.mark.skipif(
    not SAF.is_file(), reason="the table of absorbed fractions is not in this edition yet"
)
HEAD = {"document", "schema", "version", "research_use_only", "provenance"}
J_PER_KEV = 1.602176634e-16
FEW = {"electron": 2_560, "photon": 2_560, "alpha": 2_560}


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = main(list(arguments))
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    return captured.out


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found = json.loads(printed(capsys, *arguments, "--json"), parse_constant=refuse)
    assert set(found) >= HEAD
    assert found["document"] == f"ligandose.{arguments[0]}"
    assert found["research_use_only"] is True
    made = found["provenance"]
    assert made["data_edition"] == EDITION
    assert made["data_sha256"]
    assert len(made["input_sha256"]) == 64
    assert "seed" in made
    return found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Follow few particles, and keep their kernels away from those of the user."""
    monkeypatch.setattr(voxels, "HISTORIES", FEW)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    voxels._kept_kernel.cache_clear()


@needs_table
def test_svalue_has_its_keys_and_conserves_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "svalue", "177Lu")
    assert (found["nuclide"], found["host"], found["unit"]) == ("Lu-177", "adult-male", "Gy/(Bq s)")
    assert found["provenance"]["inputs"]["saf_sha256"] is None
    keys = {"target", "source", "total", "electron", "photon", "alpha", "uncertainty"}
    for value in found["values"]:
        assert set(value) == keys
        parts = value["electron"] + value["photon"] + value["alpha"]
        assert value["total"] == pytest.approx(parts, rel=1e-9, abs=1e-40)
        assert value["uncertainty"] >= 0.0
    regions = {value["target"] for value in found["values"]}
    assert regions == {value["source"] for value in found["values"]} == set(found["masses_kg"])
    assert len(found["values"]) == len(regions) ** 2


@needs_table
def test_svalue_of_one_source_is_part_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    whole = document(capsys, "svalue", "Lu-177")["values"]
    some = document(capsys, "svalue", "Lu-177", "--source", "kidneys")["values"]
    one = document(capsys, "svalue", "Lu-177", "--source", "kidneys", "--target", "liver")
    assert some == [value for value in whole if value["source"] == "kidneys"]
    assert one["values"] == [value for value in some if value["target"] == "liver"]
    lines = printed(capsys, "svalue", "Lu-177", "--source", "kidneys").splitlines()
    assert next(line.split()[0] for line in lines if " kidneys " in line) == "kidneys"


@needs_table
def test_svalue_of_a_chain_names_its_members(capsys: pytest.CaptureFixture[str]) -> None:
    alone, whole = (
        document(capsys, "svalue", "Ac-225", "--target", "liver", "--source", "liver", *chain)
        for chain in ((), ("--chain",))
    )
    assert alone["members"] == {"Ac-225": 1.0}
    assert {"Fr-221", "At-217", "Bi-213"} <= set(whole["members"])
    ratio = whole["values"][0]["alpha"] / alone["values"][0]["alpha"]
    assert 4.0 < ratio < 5.5  # four alphas, the later ones harder


def test_svalue_takes_the_users_own_files_and_says_which(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "icrp").mkdir()
    folder = write_folder(tmp_path / "icrp", sexes=("am",))
    out = tmp_path / "out"
    found = document(capsys, "svalue", "Lu-177", "--saf", str(folder), "--out", str(out))
    hashes = found["provenance"]["inputs"]["saf_sha256"]
    assert set(hashes) == {path.name for path in folder.iterdir()}
    assert "ICRP Publication 133" in found["table"]
    assert {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} == {
        "figures/s_values.csv", "figures/s_values.png", "figures/s_values.svg", "manifest.json",
        "svalue.json", "tables/s_values.csv",
    }  # fmt: skip
    assert json.loads((out / "svalue.json").read_text())["values"] == found["values"]


def test_sphere_has_its_keys_and_keeps_what_the_table_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = document(capsys, "sphere", "177Lu", "--mass-g", "1")
    assert (found["nuclide"], found["unit"]) == ("Lu-177", "Gy/(Bq s)")
    assert found["provenance"]["seed"] is None
    s, fraction = found["s_Gy_per_Bq_s"], found["absorbed_fraction"]
    assert set(s) == set(fraction) == {"total", "alpha", "electron", "photon"}
    assert fraction["alpha"] is None  # none is emitted: there is no fraction of nothing
    emitted = emission_spectrum("Lu-177").emitted_J
    assert s["electron"] == pytest.approx(fraction["electron"] * emitted[1] / 1e-3)
    assert s["total"] == pytest.approx(s["alpha"] + s["electron"] + s["photon"])


def test_sphere_of_one_line_keeps_the_fraction_of_the_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Cs-137 alone: its beta chain member Ba-137m emits the 662 keV line
    found = document(capsys, "sphere", "Ba-137m", "--mass-g", "300", "--density", "1.04")
    line = sphere_self_fraction("photon", 661.66, mass_kg=0.3, density_kg_m3=1040.0)
    # X rays of 4 to 37 keV (1 % of the photon energy) are kept better than the line
    assert float(line) < found["absorbed_fraction"]["photon"] < 1.06 * float(line)


def test_a_chain_adds_its_progeny(capsys: pytest.CaptureFixture[str]) -> None:
    alone = document(capsys, "sphere", "Ac-225", "--mass-g", "1")
    whole = document(capsys, "sphere", "Ac-225", "--mass-g", "1", "--chain")
    assert alone["members"] == {"Ac-225": 1.0}
    assert whole["members"]["Fr-221"] == pytest.approx(1.0, abs=1e-6)
    # four alphas in place of one
    ratio = whole["s_Gy_per_Bq_s"]["alpha"] / alone["s_Gy_per_Bq_s"]["alpha"]
    assert 4.0 < ratio < 5.5


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (("sphere", "Lu-177", "--mass-g", "1"), "Absorbed fraction"),
        (("phantom", "adult-male"), "kidneys"),
    ],
    ids=["sphere", "phantom"],
)
def test_people_get_a_table(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], fragment: str
) -> None:
    assert fragment in printed(capsys, *arguments)


@pytest.mark.usefixtures("quick")
def test_vsv_has_its_keys_and_accounts_for_the_energy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = document(capsys, "vsv", "Lu-177", "--voxel-mm", "3", "--medium", "soft_tissue")
    assert (found["unit"], found["medium"]) == ("Gy/(Bq s)", "soft_tissue")
    assert found["voxel_mm"] == [3.0, 3.0, 3.0]
    assert found["provenance"]["seed"] == 1
    kernel, balance = found["kernel"], found["energy_balance"]
    assert len(kernel) == len(found["uncertainty"]) == len(found["by_kind"]["electron"])
    assert all(isinstance(n, int) and n >= 0 for entry in kernel for n in entry[:3])
    mass_kg = 1e-3 * 0.3**3 * found["density_g_cm3"]
    images = [2 ** sum(n > 0 for n in entry[:3]) for entry in kernel]
    kept = sum(image * entry[3] for image, entry in zip(images, kernel, strict=True))
    assert kept * mass_kg / J_PER_KEV == pytest.approx(balance["inside_keV"], rel=1e-9)
    assert balance["inside_keV"] + balance["beyond_keV"] == pytest.approx(balance["emitted_keV"])
    assert 0.0 < balance["share_inside"] < 1.0


@pytest.mark.usefixtures("quick")
def test_vsv_is_the_same_for_a_seed_on_any_number_of_threads(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kernel(name: str, *options: str) -> list[list[float]]:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        voxels._kept_kernel.cache_clear()
        return document(capsys, "vsv", "Y-90", "--voxel-mm", "2,2,3", *options)["kernel"]

    one = kernel("one", "--threads", "1")
    assert kernel("two", "--threads", "2") == one
    assert kernel("other", "--seed", "2") != one


@pytest.mark.usefixtures("quick")
def test_vsv_of_a_chain_is_the_sum_of_its_members(capsys: pytest.CaptureFixture[str]) -> None:
    whole = document(capsys, "vsv", "Pb-212", "--voxel-mm", "4", "--radius-mm", "12", "--chain")
    total = np.zeros(len(whole["kernel"]))
    for name, decays in whole["members"].items():
        part = document(capsys, "vsv", name, "--voxel-mm", "4", "--radius-mm", "12")
        total += decays * np.array([entry[3] for entry in part["kernel"]])
    assert [entry[3] for entry in whole["kernel"]] == pytest.approx(total, rel=1e-12)


@pytest.mark.usefixtures("quick")
def test_vsv_follows_more_particles_where_less_uncertainty_is_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = document(capsys, "vsv", "Lu-177", "--voxel-mm", "3")
    near = [n for n, entry in enumerate(first["kernel"]) if sum(entry[:3]) <= 1]
    reached = max(first["uncertainty"][n] / first["kernel"][n][3] for n in near)
    asked = 0.5 * reached
    second = document(capsys, "vsv", "Lu-177", "--voxel-mm", "3", "--uncertainty", f"{asked:.5f}")
    assert max(second["uncertainty"][n] / second["kernel"][n][3] for n in near) < asked


@pytest.mark.usefixtures("quick")
def test_a_vsv_folder_is_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "vsv"
    text = printed(capsys, "vsv", "Lu-177", "--voxel-mm", "3", "--out", str(out))
    assert text.splitlines()[-1] == f"Report: {out}"
    assert {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} == {
        "figures/voxel_s_values.csv", "figures/voxel_s_values.png", "figures/voxel_s_values.svg",
        "manifest.json", "tables/kernel.csv", "vsv.json",
    }  # fmt: skip
    rows = (out / "tables" / "kernel.csv").read_text().splitlines()
    assert rows[0].startswith("i,j,k,s_Gy_per_Bq_s")
    assert len(rows) == 1 + len(json.loads((out / "vsv.json").read_text())["kernel"])


def test_absorbed_fraction_has_its_keys_and_agrees_with_the_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = document(
        capsys, "absorbed-fraction", "--particle", "electron", "--energy-MeV", "1",
        "--mass-g", "1", "--uncertainty", "0.01", "--threads", "1",
    )  # fmt: skip
    assert found["medium_around"] == "water"
    table = float(sphere_self_fraction("electron", 1000.0, mass_kg=1e-3))
    assert 0.0 < found["uncertainty"] <= 0.01 * found["absorbed_fraction"]
    # 1 %: the table is another run of another engine; three standard errors of this one
    assert found["absorbed_fraction"] == pytest.approx(
        table, abs=0.01 * table + 3 * found["uncertainty"]
    )


def test_less_stays_where_nothing_scatters_back(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("absorbed-fraction", "--particle", "electron", "--energy-MeV", "1",
                 "--mass-g", "0.1", "--uncertainty", "0.01")  # fmt: skip
    water = document(capsys, *arguments)
    vacuum = document(capsys, *arguments, "--medium-around", "vacuum")
    assert vacuum["absorbed_fraction"] < water["absorbed_fraction"]


def test_alphas_stay_in_a_gram(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(
        capsys, "absorbed-fraction", "--particle", "alpha", "--energy-MeV", "5.8", "--mass-g", "1"
    )
    assert 0.99 < found["absorbed_fraction"] <= 1.0


def test_phantom_lists_masses_and_draws_nothing_without_a_folder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = document(capsys, "phantom", "adult-male")
    person = phantom("adult-male")
    assert found["files"] == []
    assert set(found["masses_kg"]) == set(person.regions)
    assert found["body_mass_kg"] == pytest.approx(float(person.region_mass_kg.sum()))
    labels = {region["region"]: region["label"] for region in found["regions"]}
    assert labels == {region: i + 1 for i, region in enumerate(person.regions)}


def test_phantom_writes_slices_and_label_map(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    nibabel: Any = pytest.importorskip("nibabel")
    out = tmp_path / "phantom"
    found = document(capsys, "phantom", "adult-male", "--out", str(out), "--spacing-mm", "20")
    assert sorted(p.name for p in out.iterdir()) == sorted(found["files"])
    image = nibabel.load(out / "label_map.nii.gz")
    labels = np.asarray(image.dataobj)
    assert image.header.get_zooms() == (20.0, 20.0, 20.0)
    assert labels.max() <= len(found["regions"])
    inside = float((labels > 0).sum()) * 8e-3
    # 2 cm voxels: the surface of a body of 70 L holds about a tenth of its voxels
    litres = sum(region["volume_cm3"] for region in found["regions"]) / 1e3
    assert inside == pytest.approx(litres, rel=0.05)
    assert stat.S_IMODE(os.stat(out / "phantom.svg").st_mode) & 0o400
