"""What is in no measured organ lies evenly in all the rest of the body."""

from __future__ import annotations

import numpy as np
import pytest

from ligandose.design.translate_dose import REMAINDER, _with_even_remainder


def test_particles_that_stay_give_every_unmeasured_organ_the_same_dose() -> None:
    """Energy that stays where it is: S = 1/m on the diagonal, so a dose of 1/(body - measured)."""
    regions = ("kidneys", "liver", "stomach_contents", "stomach", REMAINDER)
    mass = np.array([0.3, 1.8, 0.25, 0.15, 60.0])
    body = 0.3 + 1.8 + 0.15 + 60.0
    s = np.zeros((5, 5, 1))
    s[np.arange(5), np.arange(5), 0] = 1.0 / mass
    even = _with_even_remainder(s, regions, ("kidneys", "stomach_contents", REMAINDER), mass, body)
    dose = even[:, regions.index(REMAINDER), 0]
    assert dose[[0, 2]] == pytest.approx(0.0)
    # liver and stomach were not measured; contents are no part of the body's tissue
    assert dose[[1, 3, 4]] == pytest.approx(np.full(3, 1.0 / (body - 0.3)))
    assert (dose * mass).sum() == pytest.approx(1.0)
    np.testing.assert_array_equal(even[:, :4], s[:, :4])
