"""Why the energy of a decay does not add up, and why a beta mean is not that of theory."""

from __future__ import annotations

from nuclide_jeff import Evaluation
from nuclide_rows import NuclideRows

BALANCE_LIMIT_PERCENT = 0.5
THEORY_LIMIT_PERCENT = 3.0
SAME_BALANCE_PERCENT, SAME_BALANCE_KEV = 0.25, 0.3
"""Our balance and the evaluator's differ by less (the greater of the two): capture neutrinos and
recoil are computed differently."""

# What a person found in the evaluation's text and decay scheme, where no rule tells it.
FOUND_BY_HAND = {
    "Tc-99": "the spectrum section has the endpoint 293.8 keV and the mean 95.28 keV where the "
    "evaluator's text has 295.82 and 98.51 keV",
    "La-132": "the decay scheme does not close: -34.7 keV by the evaluator's own count, whose "
    "capture neutrinos take 12 keV more than ours",
    "Pt-193": "K capture is impossible (56.6 keV released, K edge 76.1 keV), but the evaluation "
    "has K lines, which are dropped here, and the L lines that follow them",
}


def _stated(text: tuple[str, ...], label: str) -> float | None:
    """Return the sum over modes of a keV figure in the evaluator's text."""
    values: list[float] = []
    for line in text:
        if "TOTAL DECAY" in line:
            break
        if line.strip().startswith(label):
            values.append(float(line.split(label)[1].split()[0]))
    return sum(values) if values else None


def stated_gap_keV(text: tuple[str, ...]) -> tuple[float | None, float]:
    """Return the evaluator's own energy gap per decay, and what of it is atomic.

    RADLST evaluations print "diff. mode" and "diff. atomic", UKPADD and UKHEDD "effective" and
    "calculated" Q values.
    """
    gap = _stated(text, "diff. mode")
    if gap is not None:
        return gap, _stated(text, "diff. atomic") or 0.0
    q_values: dict[str, float] = {}
    for line in text:
        for label in ("EFFECTIVE Q VALUE", "CALCULATED Q VALUE"):
            if line.strip().upper().startswith(label):
                q_values[label] = float(line.split("=")[1].split()[0])
    if len(q_values) == 2:
        return q_values["CALCULATED Q VALUE"] - q_values["EFFECTIVE Q VALUE"], 0.0
    return None, 0.0


def imbalance_reason(
    evaluation: Evaluation, rows: NuclideRows, available_keV: float, imbalance: float | None
) -> str:
    """Return why the balance is off by more than 0.5 %, empty where it is not."""
    if not rows.emissions:
        return "the evaluation gives half-life and branching only, no spectra"
    if imbalance is None or abs(imbalance) <= BALANCE_LIMIT_PERCENT:
        return ""
    if evaluation.name in FOUND_BY_HAND:
        return FOUND_BY_HAND[evaluation.name]
    stated, atomic = stated_gap_keV(evaluation.text)
    missing_keV = imbalance / 100.0 * available_keV
    if stated is not None:
        tolerance = max(SAME_BALANCE_PERCENT / 100.0 * available_keV, SAME_BALANCE_KEV)
        same = abs(missing_keV - stated) <= tolerance
        rest = abs(missing_keV - atomic) <= BALANCE_LIMIT_PERCENT / 100.0 * available_keV
        if same and rest:
            return (
                f"Auger electrons and X rays of outer shells are not listed: {-atomic:.3g} keV "
                "by the evaluator's own count"
            )
        if same:
            return (
                f"the decay scheme does not close: {stated:+.3g} keV by the evaluator's own "
                f"count, of which {atomic:+.3g} keV atomic"
            )
    return f"not explained ({missing_keV:+.3g} keV)"


def theory_reason(rows: NuclideRows) -> str:
    """Return why the spectrum from theory misses the evaluated mean by more than 3 %."""
    reasons: list[str] = []
    for kind, evaluated in rows.evaluated_beta_keV.items():
        if abs(rows.theory_beta_keV[kind] / evaluated - 1.0) * 100.0 > THEORY_LIMIT_PERCENT:
            greatest = max(e.endpoint_keV or 0.0 for e in rows.emissions if e.kind == kind)
            reasons.append(
                f"{kind}: endpoint {greatest:.3g} keV below 50 keV, where the atom's electrons "
                "shape the spectrum"
                if greatest < 50.0
                else f"{kind}: forbidden non-unique transitions, for which the allowed shape "
                "taken here does not hold"
            )
    return "; ".join(reasons)
