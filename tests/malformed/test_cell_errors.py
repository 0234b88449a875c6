"""Bad input of a cell: one line that names the value and the rule, exit code 2."""

from __future__ import annotations

import numpy as np
import pytest

from ligandose.cli import main
from ligandose.dose import Cell, LineList, cell_s_values, cross_s_values, kernel_of_lines
from ligandose.errors import InputError, UnknownNameError

GOOD = "cell Lu-177 --cell-um 7 --nucleus-um 5"
WRONG = {
    "cell": "missing argument",
    "cell Lu-177": "missing option '--cell-um'",
    "cell Lu-177 --cell-um 7": "missing option '--nucleus-um'",
    "cell Lu-179 --cell-um 7 --nucleus-um 5": "did you mean Lu-177",
    "cell Hf-177 --cell-um 7 --nucleus-um 5": "emits nothing",
    "cell Lu-177 --cell-um 5 --nucleus-um 7": "must be smaller than its cell",
    "cell Lu-177 --cell-um 5 --nucleus-um 5": "must be smaller than its cell",
    "cell Lu-177 --cell-um 0 --nucleus-um 5": "got '0', allowed is a number, 0.01 to 1000 µm",
    "cell Lu-177 --cell-um -7 --nucleus-um 5": "got '-7'",
    "cell Lu-177 --cell-um 7 --nucleus-um -5": "got '-5'",
    "cell Lu-177 --cell-um 7 --nucleus-um nan": "got 'nan'",
    "cell Lu-177 --cell-um 7e4 --nucleus-um 5": "got '7e4'",
    "cell Lu-177 --cell-um 7um --nucleus-um 5": "got '7um'",
    f"{GOOD} --offset-um 2.5": "stays inside a cell of 7 µm at 0 to 2 µm",
    f"{GOOD} --offset-um -1": "got '-1'",
    f"{GOOD} --target nuclues": "did you mean nucleus",
    f"{GOOD} --retained 1.5": "allowed is a fraction, 0 to 1",
    f"{GOOD} --retained nan": "got 'nan'",
    f"{GOOD} --retained Fr-221=": "got 'Fr-221='",
    f"{GOOD} --retained =0.5": "got '=0.5'",
    f"{GOOD} --retained Fr-221=0.5": "unknown member of the chain of Lu-177",
    f"{GOOD} --distance-um 13": "cells that do not overlap are at least 14 µm apart",
    f"{GOOD} --distance-um 0": "got '0', allowed are positive distances",
    f"{GOOD} --distance-um 14,": "got '14,'",
    f"{GOOD} --electrons auger": "unknown choice of electrons",
    f"{GOOD} --horizon-d 0": "got '0'",
    f"{GOOD} --seed -1": "got '-1'",
}


@pytest.mark.parametrize("line", WRONG, ids=list(WRONG))
def test_one_line_says_what_is_wrong(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(line.split())
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert WRONG[line] in captured.err
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("ligandose: error: ")


@pytest.mark.parametrize(
    ("radius", "nucleus", "offset", "says"),
    [
        (0.0, 5.0, 0.0, "radius_um is 0"),
        (-7.0, 5.0, 0.0, "radius_um is -7"),
        (float("nan"), 5.0, 0.0, "radius_um is nan"),
        (float("inf"), 5.0, 0.0, "radius_um is inf"),
        (1500.0, 5.0, 0.0, "between 0.01 and 1000"),
        (7.0, 0.0, 0.0, "nucleus_radius_um is 0"),
        (7.0, 7.0, 0.0, "must be smaller"),
        (7.0, 9.0, 0.0, "must be smaller"),
        (7.0, 5.0, 2.1, "nucleus_offset_um is 2.1"),
        (7.0, 5.0, -0.1, "nucleus_offset_um is -0.1"),
        (7.0, 5.0, float("nan"), "nucleus_offset_um is nan"),
    ],
)
def test_a_cell_that_cannot_be(radius: float, nucleus: float, offset: float, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Cell(radius, nucleus, offset)


def test_names_and_distances_are_checked() -> None:
    cell = Cell(7.0, 5.0)
    kernel = kernel_of_lines(electron=LineList(np.array([10.0]), np.array([1.0])))
    with pytest.raises(UnknownNameError, match="source compartment"):
        cell_s_values(kernel, cell, source="membrane")
    with pytest.raises(UnknownNameError, match="target"):
        cell_s_values(kernel, cell, target="whole_cell")
    with pytest.raises(UnknownNameError, match="part of a cell"):
        cell.volume_um3("membrane")
    with pytest.raises(InputError, match="at least 14"):
        cross_s_values(kernel, cell, cell, source="nucleus", distance_um=[20.0, 13.9])
    with pytest.raises(InputError, match="2 axes"):
        cross_s_values(kernel, cell, cell, source="nucleus", distance_um=np.full((2, 2), 20.0))


@pytest.mark.parametrize(
    ("energy", "amount", "says"),
    [
        ([1.0, 2.0], [1.0], "two rows of one length"),
        ([0.0], [1.0], "energies must be positive"),
        ([-1.0], [1.0], "energies must be positive"),
        ([1.0], [-1.0], "yields not negative"),
        ([float("nan")], [1.0], "line 0"),
        ([1.0, 1.0], [1.0, float("inf")], "line 1"),
    ],
)
def test_lines_that_cannot_be(energy: list[float], amount: list[float], says: str) -> None:
    with pytest.raises(InputError, match=says):
        LineList(np.array(energy), np.array(amount))
