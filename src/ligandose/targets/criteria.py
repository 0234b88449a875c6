"""The criteria of the target profile: what each says of a target in an indication, in draws.

Rules, scales and weights are data (`target_criteria.csv`, `target_criterion_terms.csv`,
`target_organs.csv`, `target_tiers.csv`; decision 012). Every criterion gives draws of its
desirability (0 bad, 1 ideal); a missing one is drawn from all surface proteins of like RNA, or
from all terms alike, and says that it is missing.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.evidence import Claim, Status, read_table
from ligandose.targets.background import positive_fractions, staining_levels
from ligandose.targets.catalogue import DEFAULT, Target, target
from ligandose.targets.density import Density, density_of, density_with_levels
from ligandose.targets.density_model import ALL_EVIDENCE, features_of
from ligandose.targets.expression import cancer_expression, surface_evidence

FloatArray = NDArray[np.float64]

LAYERS = frozenset({"rna", "protein", "surface", "density", "literature"})
"""Kinds of evidence that can be left out."""
COMMON_LAYERS = frozenset({"rna", "protein", "surface"})
"""What every protein target has: atlas expression and surface tables."""
USES: Mapping[str, frozenset[str]] = {
    "tumour_density": ALL_EVIDENCE,
    "prevalence": frozenset({"rna", "protein", "literature"}),
    "homogeneity": frozenset({"literature"}),
    "contrast": ALL_EVIDENCE,
    "internalisation": frozenset({"literature"}),
    "shedding": frozenset({"literature"}),
    "access": frozenset({"surface", "literature"}),
    "geometry": frozenset(),
}
"""Kinds of evidence that a criterion uses."""
NO_RECEPTOR = ("mineral", "necrosis", "physical")
NEEDED_ORGANS = 2.0 / 3.0
"""Contrast counts as known where this part of the organs has a density from evidence."""


@dataclass(frozen=True)
class Judged:
    """One criterion of one target in one indication.

    Attributes:
        criterion: its name.
        draws: (n,) desirability, 0 to 1.
        known: whether evidence of the target itself stands behind it.
        applies: False where the criterion has no meaning; its weight goes to the others.
        value: what was found, in words with numbers and units.
        layer: kind of evidence, one of LAYERS, "computed" or "".
        verified: whether the evidence was read at its source.
        parts: desirability by organ, for the contrast.
    """

    criterion: str
    draws: FloatArray
    known: bool
    value: str
    layer: str
    verified: bool = False
    applies: bool = True
    parts: Mapping[str, float] | None = None

    @property
    def median(self) -> float:
        """Median desirability."""
        return float(np.median(self.draws))


@dataclass(frozen=True)
class Question:
    """A target in an indication, the evidence that may be used, and the random numbers."""

    target: Target
    indication: str
    layers: frozenset[str]
    draws: int
    rng: np.random.Generator

    @property
    def use(self) -> frozenset[str]:
        """Kinds of evidence for the density."""
        return self.layers & ALL_EVIDENCE

    def claims(self, field: str, *contexts: str) -> tuple[Claim, ...]:
        """Return claims of the literature, none where that layer is left out."""
        return self.target.said(field, *contexts) if "literature" in self.layers else ()


@cache
def constant(key: str) -> float:
    """Return a number of the profile's rules."""
    return next(float(r["value"]) for r in read_table("target_tiers.csv") if r["key"] == key)


@cache
def criteria() -> Mapping[str, Mapping[str, str]]:
    """Return the rows of the criteria by name."""
    return {row["criterion"]: row for row in read_table("target_criteria.csv")}


@cache
def tolerances_Gy() -> Mapping[str, float]:
    """Return the tolerance of the organs that contrast is asked of."""
    return {row["organ"]: float(row["tolerance_Gy"]) for row in read_table("target_organs.csv")}


def judge(
    name: str, indication: str, layers: frozenset[str], draws: int, seed: int
) -> tuple[Judged, ...]:
    """Judge a target by every criterion, in the order of the table.

    Every criterion has random numbers of its own, so that leaving out a kind of evidence changes
    only the criteria that use it.
    """
    return tuple(
        _judge_by(criterion, name, indication, layers & USES[criterion], draws, seed)
        for criterion in criteria()
    )


@lru_cache(maxsize=50_000)
def _judge_by(
    criterion: str, name: str, indication: str, layers: frozenset[str], draws: int, seed: int
) -> Judged:
    key = zlib.crc32(f"{criterion}|{name}|{indication}".encode())
    rng = np.random.default_rng([seed, key])
    return _JUDGES[criterion](Question(target(name), indication, layers, draws, rng))


def scaled(criterion: str, values: FloatArray) -> FloatArray:
    """Return desirability on a criterion's own scale (linear or logarithmic)."""
    row = criteria()[criterion]
    low, high = float(row["zero_at"]), float(row["one_at"])
    if row["scale"] in ("log", "organ"):
        return np.clip(np.log(values / low) / np.log(high / low), 0.0, 1.0)
    return np.clip((values - low) / (high - low), 0.0, 1.0)


@cache
def terms(criterion: str) -> Mapping[str, float | None]:
    """Return the desirability of every term; None where the criterion then does not apply."""
    return {
        row["term"]: float(row["desirability"]) if row["desirability"] else None
        for row in read_table("target_criterion_terms.csv")
        if row["criterion"] == criterion
    }


def _tumour_density(question: Question) -> Judged:
    if question.target.kind in NO_RECEPTOR:
        return _without_meaning(question, "tumour_density")
    found = density_of(question.target, question.indication, use=question.use)
    known = found.from_evidence
    density = _density_draws(question, found, _shared(question))
    return Judged(
        "tumour_density",
        scaled("tumour_density", density),
        known,
        f"{_spread(found)} in the lesion, {_basis(found)}" if known else "no evidence in tumours",
        _layer(found) if known else "",
        found.basis == "measured",
    )


def _prevalence(question: Question) -> Judged:
    if question.target.kind in NO_RECEPTOR:
        return _without_meaning(question, "prevalence")
    published = question.claims("prevalence", question.indication)
    if published:
        draws, text, verified = _fractions(question, published)
        value = f"{text} of patients carry it"
        return _judged("prevalence", draws, value, "literature", verified=verified)
    stained = cancer_expression(question.target, question.indication)
    if stained is not None and "protein" in question.layers and stained.trusted:
        positive = stained.patients[2] + stained.patients[3]
        draws = question.rng.beta(positive + 0.5, stained.number - positive + 0.5, question.draws)
        value = f"{positive} of {stained.number} patients with a medium or high stain"
        return _judged("prevalence", draws, value, "protein", verified=True)
    draws = positive_fractions(question.target, question.indication, question.draws, question.rng)
    return Judged("prevalence", scaled("prevalence", draws), False, "not measured", "")


def _homogeneity(question: Question) -> Judged:
    if question.target.kind in NO_RECEPTOR:
        return _without_meaning(question, "homogeneity")
    published = question.claims("positive_cells", question.indication)
    if published:
        draws, text, verified = _fractions(question, published)
        value = f"{text} of cells carry it"
        return _judged("homogeneity", draws, value, "literature", verified=verified)
    draws = question.rng.uniform(0.0, 1.0, question.draws)
    return Judged("homogeneity", scaled("homogeneity", draws), False, "not measured", "")


def _contrast(question: Question) -> Judged:
    if question.target.kind in NO_RECEPTOR:
        return _without_meaning(question, "contrast")
    shared = _shared(question)
    tumour = density_of(question.target, question.indication, use=question.use)
    tumour_draws = _density_draws(question, tumour, shared)
    found = [_organ_density(question, organ, shared) for organ in tolerances_Gy()]
    measured = sum(evidence for evidence, _ in found)
    needed = constant("reference_tumour_dose") / np.array(list(tolerances_Gy().values()))
    organs = np.array([draws for _, draws in found])
    parts = scaled("contrast", tumour_draws / organs / needed[:, None])
    inverse = (1.0 / np.maximum(parts, constant("floor"))).mean(axis=0)
    medians = dict(zip(tolerances_Gy(), np.median(parts, axis=1).tolist(), strict=True))
    lesion_known = tumour.from_evidence
    known = lesion_known and measured >= NEEDED_ORGANS * len(parts)
    return Judged(
        "contrast",
        1.0 / inverse,
        known,
        _contrast_words(medians, known=known),
        _layer(tumour) if known else "",
        known,
        parts=medians,
    )


def _internalisation(question: Question) -> Judged:
    return _term(question, "internalisation", "internalisation")


def _shedding(question: Question) -> Judged:
    return _term(question, "shedding", "shedding")


def _access(question: Question) -> Judged:
    judged = _term(question, "access", "surface_access")
    if not judged.known and "surface" in question.layers and _listed_at_surface(question.target):
        draws = np.ones(question.draws)
        judged = _judged("access", draws, "listed as a surface protein", "surface", verified=True)
    if question.indication in _behind_barrier():
        limit = terms("access")["behind barrier"] or 0.0
        value = f"{judged.value}; the tumour lies behind the blood–brain barrier"
        draws = np.minimum(judged.draws, limit)
        return Judged("access", draws, judged.known, value, judged.layer, judged.verified)
    return judged


def _geometry(question: Question) -> Judged:
    places = question.target.compartments(question.indication)
    if not places:
        draws = question.rng.uniform(0.0, 1.0, question.draws)
        return Judged("geometry", scaled("geometry", draws), False, "place unknown", "")
    best = max(places, key=lambda place: crossfire(place)[1])
    low, middle, high = crossfire(best)
    ratios = question.rng.triangular(low, middle, max(high, low + 1e-9), question.draws)
    value = f"sits on {best}: {middle:.0%} of the dose of an even source reaches tumour cells"
    return _judged("geometry", ratios, value, "computed", verified=False)


@cache
def crossfire(compartment: str) -> tuple[float, float, float]:
    """Return (worst, typical, best) mean dose of tumour cells over that of an even source.

    Of the reference nuclide that does best; 1 for targets of the tumour cell itself.
    """
    by_nuclide = crossfire_by_nuclide().get(compartment)
    if by_nuclide is None:
        return 1.0, 1.0, 1.0
    return max(by_nuclide.values(), key=lambda ratios: ratios[1])


@cache
def crossfire_by_nuclide() -> Mapping[str, Mapping[str, tuple[float, float, float]]]:
    """Return (worst, typical, best) ratio by compartment and nuclide (target_geometry.csv)."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in read_table("target_geometry.csv"):
        ratios = found.setdefault(row["compartment"], {}).setdefault(row["nuclide"], [])
        ratios.append(float(row["mean_ratio"]))
    return {
        place: {n: (min(r), sorted(r)[len(r) // 2], max(r)) for n, r in by.items()}
        for place, by in found.items()
    }


_JUDGES: Mapping[str, Callable[[Question], Judged]] = {
    "tumour_density": _tumour_density,
    "prevalence": _prevalence,
    "homogeneity": _homogeneity,
    "contrast": _contrast,
    "internalisation": _internalisation,
    "shedding": _shedding,
    "access": _access,
    "geometry": _geometry,
}


def _judged(
    criterion: str, values: FloatArray, value: str, layer: str, *, verified: bool
) -> Judged:
    row = criteria()[criterion]
    draws = values if row["scale"] == "term" else scaled(criterion, values)
    return Judged(criterion, draws, True, value, layer, verified)


def _without_meaning(question: Question, criterion: str) -> Judged:
    nothing = np.ones(question.draws)
    value = f"not applicable to a target of the kind {question.target.kind}"
    return Judged(criterion, nothing, False, value, "", applies=False)


def _term(question: Question, criterion: str, field: str) -> Judged:
    allowed = terms(criterion)
    said = question.claims(field)
    said = tuple(c for c in said if c.context == DEFAULT) or said
    if not said:
        draws = _any_term(question, criterion)
        return Judged(criterion, draws, False, "not measured", "")
    unknown = [c.term for c in said if c.term not in allowed]
    if unknown:
        raise InputError(
            f"target {question.target.name}: {field} is {unknown[0]!r}; allowed: {list(allowed)}"
        )
    words = ", ".join(dict.fromkeys(c.term for c in said))
    scored = [(c, allowed[c.term]) for c in said if allowed[c.term] is not None]
    verified = any(c.verified for c in said)
    if not scored:
        nothing = np.ones(question.draws)
        return Judged(criterion, nothing, True, words, "literature", verified, applies=False)
    chosen = question.rng.integers(0, len(scored), question.draws)
    draws = np.array([value for _, value in scored], dtype=float)[chosen]
    sure = np.array([c.status is Status.VERIFIED for c, _ in scored])[chosen]
    confused = ~sure & (question.rng.random(question.draws) < constant("unverified_confusion"))
    draws = np.where(confused, _any_term(question, criterion), draws)
    return Judged(criterion, draws, True, words, "literature", verified)


def _any_term(question: Question, criterion: str) -> FloatArray:
    values = [v for t, v in terms(criterion).items() if v is not None and t != "behind barrier"]
    return question.rng.choice(np.array(values), question.draws)


def _fractions(question: Question, published: tuple[Claim, ...]) -> tuple[FloatArray, str, bool]:
    """Draw a published fraction; several are drawn in turn, each with its range or 0.1."""
    best = tuple(c for c in published if c.verified) or published
    centre = np.array([_middle(c) for c in best])
    width = np.array([0.1 if c.low is None or c.high is None else (c.high - c.low) / 3.29
                      for c in best])  # fmt: skip
    chosen = question.rng.integers(0, len(best), question.draws)
    draws = question.rng.normal(centre[chosen], np.maximum(width[chosen], 0.03))
    text = " to ".join(f"{v:.0%}" for v in dict.fromkeys((centre.min(), centre.max())))
    return np.clip(draws, 0.0, 1.0), text, any(c.verified for c in best)


def _middle(claim: Claim) -> float:
    if claim.value is None and claim.low is not None and claim.high is not None:
        return 0.5 * (claim.low + claim.high)
    return 0.0 if claim.value is None else claim.number


def _shared(question: Question) -> FloatArray:
    """Standard normal draws of what all modelled tissues of the target share."""
    return _shared_draws(question.target.name, question.draws)


@cache
def _shared_draws(name: str, draws: int) -> FloatArray:
    return np.random.default_rng([17, zlib.crc32(name.encode())]).standard_normal(draws)


def _density_draws(question: Question, found: Density, shared: FloatArray) -> FloatArray:
    own = np.sqrt(np.log(found.gsd) ** 2 - np.log(found.shared_gsd) ** 2)
    noise = question.rng.standard_normal(question.draws)
    logs = np.log(found.median_nmol_L) + np.log(found.shared_gsd) * shared + own * noise
    return np.exp(logs)


def _organ_density(question: Question, organ: str, shared: FloatArray) -> tuple[bool, FloatArray]:
    """Return whether there is evidence, and draws; without protein evidence, draw its level."""
    found = density_of(question.target, organ, use=question.use)
    if found.basis == "measured" or "protein" in found.pattern:
        return True, _density_draws(question, found, shared)
    features = features_of(question.target, organ, use=question.use)
    levels = staining_levels(organ, features.rna_nTPM, question.draws, question.rng)
    medians, spread = density_with_levels(question.target, organ, levels, use=question.use)
    draws = medians * (_density_draws(question, spread, shared) / spread.median_nmol_L)
    return features.rna_nTPM is not None, draws


def _listed_at_surface(target: Target) -> bool:
    rows = [surface_evidence().get(gene) for gene in target.genes]
    return bool(rows) and all(
        row is not None and (row["surfy"] == "surface" or row["cspa"].startswith("1"))
        for row in rows
    )


@cache
def _behind_barrier() -> frozenset[str]:
    rows = read_table("indications.csv")
    return frozenset(row["indication"] for row in rows if row["behind_barrier"] == "yes")


def _contrast_words(parts: Mapping[str, float], *, known: bool) -> str:
    if not known:
        return "density in tumour or organs not known"
    worst = sorted(parts, key=lambda organ: parts[organ])[:3]
    listed = ", ".join(f"{organ.replace('_', ' ')} {parts[organ]:.2f}" for organ in worst)
    return f"least favourable organs (0 to 1): {listed}"


def _spread(found: Density) -> str:
    low, high = found.interval_nmol_L
    return f"{short(found.median_nmol_L)} nmol/L ({short(low)} to {short(high)})"


def short(value: float) -> str:
    """Return a number with two significant digits and no exponent."""
    digits = max(0, 1 - math.floor(math.log10(value))) if value > 0 else 0
    return f"{float(f'{value:.2g}'):,.{digits}f}"


def _basis(found: Density) -> str:
    return "measured" if found.basis == "measured" else f"modelled from {found.pattern}"


def _layer(found: Density) -> str:
    return "density" if found.basis == "measured" else found.pattern.split("+")[-1]
