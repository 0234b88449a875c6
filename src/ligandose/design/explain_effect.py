"""Effect on the lesions of rows: levels of the spread of dose, classes of cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ligandose.design.explain_tissue import class_ratios, class_shares
from ligandose.design.screen_dose import CourseDose
from ligandose.design.screen_effect import LesionParameters, TumourEffect, tumour_effect
from ligandose.errors import InputError

if TYPE_CHECKING:
    from ligandose.design.explain_model import Case

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NAMES = ("log10_kill", "tcp", "log10_survivors", "regrowth_d", "dose_Gy")
LN10 = float(np.log(10.0))


def lesion_effect(
    case: Case,
    dose: CourseDose,
    factor: Floats,
    lesion: Mapping[str, Floats],
    number: Mapping[str, Floats],
    *,
    spread: Floats,
    place: Ints | None,
) -> TumourEffect:
    """Return the effect in (n,) rows.

    Args:
        case: agent, host and limits.
        dose: of the rows.
        factor: (n,) of the simulated activity.
        lesion: (n,) radiobiology by quantity.
        number: (n,) lesions of each kind.
        spread: (n,) standard deviation of ln dose within a lesion; few levels.
        place: (n,) number of the place of the decays among the cells; None, or a row's -1, for
            the mean dose of the lesion.

    Raises:
        InputError: a place for a nuclide that the table of tissues does not have.
    """
    found: dict[str, Floats] = {}
    placed = np.full(spread.size, -1) if place is None else place
    groups = np.unique(np.stack([spread, placed >= 0]), axis=1)
    for level, has_place in groups.T:
        rows = np.flatnonzero((spread == level) & ((placed >= 0) == bool(has_place)))
        parameters = LesionParameters(
            alpha_per_Gy=lesion["alpha"][rows],
            doubling_time_s=lesion["doubling_time"][rows],
            kick_off_s=lesion["kick_off_time"][rows],
            clonogens_per_kg=lesion["clonogen_density"][rows],
            dose_log_sd=float(level),
        )
        here = {k: v[rows] for k, v in number.items()}
        one = _effect(
            case, _rows(dose, rows), factor[rows], parameters, here,
            placed[rows] if has_place else None,
        )  # fmt: skip
        for name in NAMES:
            found.setdefault(name, np.full(spread.size, np.nan))[rows] = getattr(one, name)
    return TumourEffect(*(found[name] for name in NAMES))


def _effect(
    case: Case,
    dose: CourseDose,
    factor: Floats,
    parameters: LesionParameters,
    number: Mapping[str, Floats],
    place: Ints | None,
) -> TumourEffect:
    """Return the effect on classes of cells together; what each leaves adds up."""
    lesions = case.host.lesions
    whole = tumour_effect(dose, factor, parameters, lesions=lesions, number=number)
    if place is None:
        return whole
    emitter = case.emitter or case.agent.nuclide
    ratios = class_ratios(emitter)
    if ratios is None:
        raise InputError(f"explain: no doses of cells are held for {emitter}")
    count, rows = class_shares().size, factor.size
    again = np.tile(np.arange(rows), count)

    def by_class(values: Floats) -> Floats:
        return values.reshape(count, rows)

    every = tumour_effect(
        _scaled(_rows(dose, again), lesions, ratios[place].T.ravel()),
        factor[again],
        replace(
            parameters,
            alpha_per_Gy=parameters.alpha_per_Gy[again],
            doubling_time_s=parameters.doubling_time_s[again],
            kick_off_s=parameters.kick_off_s[again],
            clonogens_per_kg=parameters.clonogens_per_kg[again] * np.repeat(class_shares(), rows),
        ),
        lesions=lesions,
        number={k: v[again] for k, v in number.items()},
    )
    after = _log10_sum(by_class(every.log10_survivors))
    before = _log10_sum(by_class(every.log10_survivors + every.log10_kill))
    return TumourEffect(
        log10_kill=before - after,
        tcp=np.exp(-(10.0**after)),
        log10_survivors=after,
        regrowth_d=by_class(every.regrowth_d).min(axis=0),
        dose_Gy=whole.dose_Gy,
    )


def _log10_sum(values: Floats) -> Floats:
    """Return (n,) decimal logarithms of the sums over (classes, n) decimal logarithms."""
    return np.asarray(np.logaddexp.reduce(values * LN10, axis=0), dtype=np.float64) / LN10


def _scaled(dose: CourseDose, lesions: tuple[str, ...], ratio: Floats) -> CourseDose:
    """Return the doses with those of lesions times (n,) ratios."""
    held = np.isin(dose.regions, lesions)
    by = np.where(held[None, None, :], ratio[:, None, None], 1.0)
    return replace(dose, low_Gy=dose.low_Gy * by, alpha_Gy=dose.alpha_Gy * by)


def _rows(dose: CourseDose, rows: NDArray[np.intp]) -> CourseDose:
    return replace(
        dose,
        low_Gy=dose.low_Gy[rows],
        alpha_Gy=dose.alpha_Gy[rows],
        protraction=dose.protraction[rows],
        half_time_s=dose.half_time_s[rows],
        mass_kg=dose.mass_kg[rows],
        failed=dose.failed[rows],
    )
