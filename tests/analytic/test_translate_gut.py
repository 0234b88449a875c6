"""Passage of contents against the two-compartment closed form, and what the column demands."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ligandose.design.translate_gut import passage
from ligandose.design.translate_scaling import METHODS, scale_table
from ligandose.design.translate_table import read_animals
from ligandose.errors import InputError
from ligandose.hosts import host

HUMAN = host("adult-male")
DECAY = math.log(2.0) / 21600.0
HEAD = (
    "species,body_mass_g,region,time,time_unit,value,unit,organ_mass_g,contents,decay_corrected\n"
)


def table(tmp_path: Path, rows: list[tuple[str, float, float, str]]) -> Path:
    path = tmp_path / "mice.csv"
    lines = [f"mouse,25,{name},{t},h,{v},%ID,,{said},yes" for name, t, v, said in rows]
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def rate(segment: str) -> float:
    return HUMAN.finding(f"{segment}.transit_rate").internal


def test_a_chain_is_the_product_of_what_each_segment_passes_on() -> None:
    found = passage(0.3, HUMAN, decay_per_s=DECAY, first="small_intestine")
    small, right = rate("small_intestine"), rate("large_intestine_right")
    assert "stomach_contents" not in found
    # exact closed form, so rounding only
    assert found["small_intestine_contents"][0] == pytest.approx(0.3 / (small + DECAY), rel=1e-12)
    assert found["large_intestine_right_contents"][0] == pytest.approx(
        0.3 * small / (small + DECAY) / (right + DECAY), rel=1e-12
    )


def test_without_decay_everything_passes_everywhere() -> None:
    found = passage(1.0, HUMAN, decay_per_s=0.0, first="stomach")
    for name, (coefficient, _) in found.items():
        assert coefficient == pytest.approx(1.0 / rate(name.removesuffix("_contents")), rel=1e-12)


def test_the_most_that_all_hold_together_enters_and_scaling_does_not_matter(tmp_path: Path) -> None:
    small = [("small_intestine", t, v, "yes") for t, v in ((1.0, 6.0), (4.0, 2.0), (24.0, 0.5))]
    large = [("large_intestine", t, v, "yes") for t, v in ((1.0, 1.0), (4.0, 9.0), (24.0, 2.0))]
    animals = read_animals(table(tmp_path, [*small, *large]), decay_per_s=DECAY)
    held = {k: v for r in scale_table(animals, decay_per_s=DECAY, human=HUMAN)
            for k, v in r.human.items()}  # fmt: skip
    expected = passage(0.11, HUMAN, decay_per_s=DECAY, first="small_intestine")
    assert set(held) == set(expected)
    for name, methods in held.items():
        assert all(methods[m].tiac_s == pytest.approx(expected[name][0]) for m in METHODS)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("liver", 1.0, 6.0, "yes"), ("liver", 4.0, 2.0, "yes")], "contents"),
        ([("stomach", 1.0, 6.0, "yes"), ("stomach", 4.0, 2.0, "no")], "contents"),
        ([("stomach", 1.0, 6.0, "yes"), ("colon", 4.0, 2.0, "yes")], "no time in common"),
        ([("stomach", 1.0, 70.0, "yes"), ("colon", 1.0, 60.0, "yes")], "what was injected"),
    ],
)
def test_what_cannot_be_followed_is_refused(
    tmp_path: Path, rows: list[tuple[str, float, float, str]], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        scale_table(
            read_animals(table(tmp_path, rows), decay_per_s=DECAY), decay_per_s=DECAY, human=HUMAN
        )
