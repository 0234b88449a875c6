"""A study file that is wrong says so in one line: file, line, field, value, allowed, remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from ligandose.course.study import read_study, study_from_mapping
from ligandose.errors import InputError

AGENT = "agent: 177Lu-PSMA-617\n"
REGIMEN = AGENT + "regimen:\n  cycles: 6\n  amount_nmol: 100\n"
BASE = "agent:\n  base: 177Lu-PSMA-617\n"


def message_of(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "study.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as caught:
        read_study(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert len(message) < 600
    return message.removeprefix(str(path))


def last_line(content: str) -> str:
    return content.splitlines()[-1].strip()[:50]


WRONG_FIELDS: dict[str, tuple[str, ...]] = {
    # content: fragments of the message, the first one being line and field
    AGENT + "hst: adult-male\n": (":2: hst:", "unknown key", "did you mean host?", "patients"),
    AGENT + "host: adult-mal\n": (":2: host:", "'adult-mal'", "did you mean adult-male"),
    AGENT + "disease: mcrpc\n": (":2: disease:", "'mcrpc'", "mCRPC", "none"),
    "agent: 177Lu-PSMA-618\n": (":1: agent:", "'177Lu-PSMA-618'", "did you mean 177Lu-PSMA-617"),
    "agent: 5\n": (":1: agent:", "got 5", "write a name"),
    "agent:\n": (":1: agent:", "has no value"),
    "host: adult-male\n": (": agent:", "is missing", "ligandose agents"),
    BASE + "  PSMA.kd: 1\n": (":3: agent.PSMA.kd:", "PSMA.k_d", "ligandose agents"),
    BASE + "  PSMA.k_d: 0\n": (":3: agent.PSMA.k_d:", "got 0,", "nmol/L", "the catalogue has"),
    BASE + "  PSMA.k_d: -1\n": (":3: agent.PSMA.k_d:", "got -1,", "allowed is"),
    BASE + "  PSMA.k_d: 1 nM\n": (":3: agent.PSMA.k_d:", "'1 nM'", "bare number"),
    BASE + "  unbound_plasma: 1.4\n": (":3: agent.unbound_plasma:", "got 1.4", "up to 1"),
    BASE + "  half_life_s: 0\n": (":3: agent.half_life_s:", "unknown property of the vector"),
    BASE + "  nuclide: Lu-179\n": (":3: agent.nuclide:", "'Lu-179'", "Lu-177"),
    BASE + "  nuclide: Pb-208\n": (":3: agent.nuclide:", "Pb-208 is stable"),
    BASE + "  nuclide: Tb-161\n": (" regimen.activity_GBq:", "is missing", "161Tb-PSMA-617"),
    BASE + "  nuclide: Ac-225\n": (":3: agent.nuclide:", "225Ac-PSMA-617", "without nuclide"),
    BASE + "  name: 177Lu-DOTATATE\n": (":3: agent.name:", "of the catalogue", "another name"),
    "agent:\n  PSMA.k_d: 1\n": (" agent.base:", "is missing"),
    AGENT + "host:\n  base: adult-male\n  kidneys.mass: 0\n": (
        ":4: host.kidneys.mass:", "got 0,", "kg", "the catalogue has 0.31 kg",
    ),
    AGENT + "host:\n  base: adult-male\n  kidneys.mass: 310\n": (
        ":4: host.kidneys.mass:", "got 310,", "up to 93 kg",  # grams for kilograms
    ),
    AGENT + "host:\n  base: adult-male\n  kidneys.mas: 1\n": (
        ":4: host.kidneys.mas:", "did you mean kidneys.mass",
    ),
    AGENT + "patients: 0\n": (":2: patients:", "got 0,", "1 to 1000000"),
    AGENT + "patients: 1e9\n": (":2: patients:", "got 1000000000,", "1 to 1000000"),
    AGENT + "patients: 10.5\n": (":2: patients:", "got 10.5", "whole number"),
    AGENT + "patients: '10'\n": (":2: patients:", "got '10'", "patients: 10"),
    AGENT + "patients: true\n": (":2: patients:", "got true", "whole number"),
    AGENT + "seed: -1\n": (":2: seed:", "got -1,", "negative"),
    AGENT + "threads: 0\n": (":2: threads:", "got 0,"),
    AGENT + "patients: 5\npatients: 6\n": (":3: the key patients", "line 2"),
    AGENT + "seed: -1\nfoo: 2\nthreads: 0\n": (":3: foo:", "2 more problems"),
    REGIMEN + "  activity_GBq: 7400\n": (
        ":5: regimen.activity_GBq:", "got 7400,", "up to 100 GBq", "MBq?", "activity_GBq: 7.4",
    ),
    REGIMEN + "  activity_GBq: -7.4\n": (":5: regimen.activity_GBq:", "got -7.4,", "negative"),
    REGIMEN + "  activity_GBq: 0\n": (":5: regimen.activity_GBq:", "got 0,", "above 0"),
    REGIMEN + "  activity_GBq: 7.4 GBq\n": ("'7.4 GBq'", "bare number", "activity_GBq: 7.4"),
    REGIMEN + "  activity_GBq: 7400 MBq\n": ("'7400 MBq'", "bare number", "activity_GBq: 7.4"),
    REGIMEN + "  activity_GBq: 7,4\n": ("'7,4'", "bare number", "activity_GBq: 7.4"),
    REGIMEN + "  activity_GBq: 1:30\n": ("'1:30'", "without a unit"),
    REGIMEN + "  activity_GBq: .nan\n": ("got nan,", "up to 100 GBq"),
    REGIMEN + "  activity_GBq: .inf\n": ("got inf,", "up to 100 GBq"),
    REGIMEN + f"  activity_GBq: {'9' * 400}\n": ("more than 60 digits", "up to 100 GBq"),
    REGIMEN + "  activity_GBq: [7.4]\n": ("got [7.4]", "a list", "bare number"),
    REGIMEN + "  activity_MBq: 7400\n": (":5: regimen.activity_MBq:", "use activity_GBq: 7.4"),
    REGIMEN + "  activity_mCi: 200\n": (":5: regimen.activity_mCi:", "use activity_GBq: 7.4"),
    REGIMEN + "  activty_GBq: 7.4\n": (":5: regimen.activty_GBq:", "did you mean activity_GBq?"),
    AGENT + "regimen: {amount_nmol: 0}\n": ("regimen.amount_nmol:", "got 0,", "above 0"),
    AGENT + "regimen: {cycles: 0}\n": ("regimen.cycles:", "got 0,", "1 to 50"),
    AGENT + "regimen: {every_weeks: 0}\n": ("regimen.every_weeks:", "got 0,", "104 weeks"),
    AGENT + "regimen: typical\n": (":2: regimen:", "'typical'", "mapping"),
    AGENT + "regimen: {comedication: amino_acids}\n": ("regimen.comedication:", "list"),
    AGENT + "regimen: {comedication: [amino_acid]}\n": (
        "regimen.comedication[0]:", "'amino_acid'", "did you mean amino_acids?",
    ),
    AGENT + "regimen: {administrations: []}\n": (":2: regimen:", "no administration"),
    AGENT + "regimen: {administrations: [{time_h: 0}]}\n": (
        "regimen.administrations[0].activity_GBq:", "is missing",
    ),
    AGENT + "regimen: {administrations: [{time_d: 3, activity_GBq: 1}]}\n": (
        "regimen.administrations[0].time_d:", "use time_h: 72",
    ),
    AGENT + "regimen: {administrations: [{time_h: 0, activity_GBq: 0}]}\n": (
        ":2: regimen:", "no administration carries activity",
    ),
    AGENT + "regimen:\n  administrations:\n  - {time_h: 9, activity_GBq: 1}\n"
    "  - {time_h: 0, activity_GBq: 1}\n": (":2: regimen:", "times must increase"),
    AGENT + "regimen:\n  cycles: 2\n  administrations: [{time_h: 0, activity_GBq: 1}]\n": (
        ":3: regimen.cycles:", "either the cycles or the list",
    ),
    # the typical 0.008 GBq of the alpha emitter, written as if the key were in MBq
    "agent: 225Ac-PSMA-617\nregimen: {activity_GBq: 8}\n": (
        ":2: regimen.activity_GBq:", "got 8,", "typical", "MBq?", "activity_GBq: 0.008",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "fragments"), WRONG_FIELDS.items(), ids=list(map(last_line, WRONG_FIELDS))
)
def test_a_wrong_field_is_named_with_its_line_its_value_and_what_is_allowed(
    tmp_path: Path, content: str, fragments: tuple[str, ...]
) -> None:
    message = message_of(tmp_path, content)
    for fragment in fragments:
        assert fragment in message


NOT_A_STUDY = {
    b"": "is empty",
    b"# a comment\n": "is empty",
    b"- a\n": "holds a list",
    b"7\n": "holds a number",
    b"a: b: c\n": ":1:5: is not YAML",
    b"agent: [1, 2\n": ":2:1: is not YAML",
    b"\tagent: x\n": ":1:1: is not YAML",
    b"agent: x\n---\nagent: y\n": ":2:1: is not YAML",
    b"agent: !!python/object/apply:os.system [ls]\n": ":1:8: is not YAML",
    b"agent: !!int abc\n": "does not fit its tag",
    b"seed: " + b"9" * 5000 + b"\n": "too many digits",
    b"1: 2\n": ":1: the key '1' is not a name",
    b"? [a, b]\n: c\n": ":1: the key",
    b"a: *b\n": "undefined alias",
    b"agent: a\x07b\n": ":1: has the control character U+0007",
    b"agent: \xe9\n": ":1: is not UTF-8 text (byte 0xe9)",
    b"a\0b": "is a binary file",
    "agent: x\n".encode("utf-16"): "is UTF-16",
    b"#" * 1_100_000: "larger than 100 kB",
    b"[" * 50_000: "nested deeper",
    b"a: &a [*a]\n": "nested deeper",
    b"agent: " + b"{a: " * 20 + b"1" + b"}" * 20 + b"\n": "nested deeper",
}


@pytest.mark.parametrize(("content", "fragment"), NOT_A_STUDY.items(), ids=lambda v: str(v)[:24])
def test_what_is_not_a_study_is_refused_with_the_place_where_reading_stopped(
    tmp_path: Path, content: bytes, fragment: str
) -> None:
    assert fragment in message_of(tmp_path, content)


def test_aliases_count_as_what_they_stand_for(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]" for i in range(1, 9)]
    assert "more than 5000 values" in message_of(tmp_path, "\n".join(lines))


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("", "is a folder"),
        ("studi.yaml", "no such file; did you mean"),
        ("nowhere/study.yaml", "no such file"),
        ("study.yaml/x", "cannot be read"),
        ("a\0b", "cannot be read"),
    ],
)
def test_a_path_that_is_no_file_says_what_it_is(tmp_path: Path, name: str, fragment: str) -> None:
    (tmp_path / "study.yaml").write_text(AGENT)
    with pytest.raises(InputError, match=fragment):
        read_study(tmp_path / name)


def test_what_a_study_leaves_out_comes_from_the_catalogue_and_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("\ufeff" + AGENT + "regimen: {cycles: 2}\n", encoding="utf-8")
    study = read_study(path)
    assert (study.host.name, study.host.disease) == ("adult-male", "mCRPC")
    assert len(study.regimen.administrations) == 2
    assert study.regimen.administrations[0].activity_Bq == 7.4e9
    listed = " ".join(study.filled_in)
    for key in ("host", "disease", "activity_GBq", "amount_nmol", "every_weeks", "infusion_min"):
        assert f"{key}: " in listed
    assert "cycles" not in listed
    assert study.caveats == ()


def test_numbers_are_read_as_they_look() -> None:
    study = study_from_mapping({"agent": "177Lu-PSMA-617", "patients": 1e3, "seed": 0})
    assert (study.patients, study.seed) == (1000, 0)


def test_yaml_1e2_is_a_number_and_010_is_ten(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(AGENT + "regimen: {amount_nmol: 1e2}\npatients: 010\n")
    study = read_study(path)
    assert study.regimen.administrations[0].amount_nmol == 100.0
    assert study.patients == 10


def test_own_values_of_the_vector_rename_the_agent_and_are_told_to_the_reader() -> None:
    study = study_from_mapping({"agent": {"base": "177Lu-PSMA-617", "PSMA.k_d": 0.5}})
    assert study.agent.findings["PSMA.k_d"].value == 0.5
    assert study.agent.name == "177Lu-PSMA-617 (modified)"  # published values are of another one
    assert any("PSMA.k_d = 0.5" in caveat for caveat in study.caveats)


def test_another_nuclide_takes_the_values_of_its_own_metal_complex_and_no_impurity() -> None:
    data = {
        "agent": {"base": "177Lu-DOTATATE", "nuclide": "161Tb"},
        "regimen": {"activity_GBq": 5.0},
    }
    study = study_from_mapping(data)
    assert (study.agent.name, study.agent.nuclide) == ("161Tb-DOTATATE", "Tb-161")
    assert study.agent.impurities == ()
    assert all(not f.subject.startswith("Lu-") for f in study.agent.findings.values())
    assert any("Tb-161" in caveat for caveat in study.caveats)


def test_no_disease_is_a_choice_and_not_an_omission() -> None:
    data = {"agent": "177Lu-PSMA-617"}
    assert study_from_mapping({**data, "disease": "none"}).host.lesions == ()
    assert study_from_mapping({**data, "disease": None}).host.lesions == ()
    assert study_from_mapping(data).host.lesions != ()


def test_a_preload_without_activity_may_come_before_the_labelled_agent() -> None:
    data = {
        "agent": "177Lu-PSMA-617",
        "regimen": {
            "administrations": [
                {"time_h": 0, "activity_GBq": 0, "amount_nmol": 100},
                {"time_h": 1, "activity_GBq": 7.4},
            ]
        },
    }
    first, second = study_from_mapping(data).regimen.administrations
    assert (first.activity_Bq, first.amount_nmol) == (0.0, 100.0)
    assert (second.activity_Bq, second.amount_nmol) == (7.4e9, 110.0)  # its own typical amount
