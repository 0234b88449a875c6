"""What a comparison of nuclides in a tissue is: the tissue, where decays are, what is equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from ligandose.errors import InputError, UnknownNameError
from ligandose.hosts import (
    CELL_COMPARTMENTS,
    COMPARTMENTS,
    CellKind,
    Tissue,
    TissueSpec,
    micrometastasis,
    sheet,
    tumour_tissue,
    typical_tissue,
)

Equal = Literal["mean_dose", "emitted_dose", "activity", "organ_dose"]
EQUALS: tuple[Equal, ...] = ("mean_dose", "emitted_dose", "activity", "organ_dose")
TISSUE_KG_PER_UM3 = 1e-15
"""Water, 1 g/cm³, as the S values of cells assume."""
SHAPES = ("tissue", "micrometastasis", "sheet")
PLACES = ("cell_surface", "cytoplasm", "nucleus", "whole_cell")


@dataclass(frozen=True)
class Shape:
    """Which tissue is built.

    Attributes:
        kind: "tissue" (a block of tumour tissue that repeats), "micrometastasis" (a ball of
            tumour cells without vessels), "sheet".
        values: of a tissue the fields of `TissueSpec`; of the others `radius_um` or `n_x`, `n_y`,
            `layers`, with `cell_radius_um`, `nucleus_radius_um`, `packing_fraction`,
            `necrotic_core_um`.
        base: typical tissue that `values` change; "" for none.
    """

    kind: str
    values: Mapping[str, Any]
    base: str = ""

    def build(self, seed: int) -> Tissue:
        """Return the tissue.

        Raises:
            InputError: a value that is missing or out of range.
        """
        if self.kind == "tissue":
            return tumour_tissue(self.spec(), seed=seed)
        given = dict(self.values)
        kind = CellKind(
            "tumour cell", "tumour_cell", _needed(given, "cell_radius_um"),
            _needed(given, "nucleus_radius_um"),
        )  # fmt: skip
        if self.kind == "sheet":
            n_x, n_y = (int(_needed(given, key)) for key in ("n_x", "n_y"))
            return sheet(kind, n_x=n_x, n_y=n_y, layers=int(given.get("layers", 1)))
        return micrometastasis(
            _needed(given, "radius_um"),
            kind,
            packing_fraction=_needed(given, "packing_fraction"),
            necrotic_core_um=float(given.get("necrotic_core_um", 0.0)),
            matrix_spacing_um=given.get("matrix_spacing_um"),
            seed=seed,
        )

    def spec(self) -> TissueSpec:
        """Return the specification of a block of tumour tissue."""
        if self.base:
            return typical_tissue(self.base, **self.values)
        return TissueSpec(**self.values)

    def allowed(self) -> tuple[str, ...]:
        """Return the names that `values` may have."""
        if self.kind == "tissue":
            return tuple(f.name for f in fields(TissueSpec))
        if self.kind == "sheet":
            return ("n_x", "n_y", "layers", "cell_radius_um", "nucleus_radius_um")
        return ("radius_um", "cell_radius_um", "nucleus_radius_um", "packing_fraction",
                "necrotic_core_um", "matrix_spacing_um")  # fmt: skip


def _needed(values: Mapping[str, Any], key: str) -> float:
    if key not in values:
        raise InputError(f"tissue: {key} is missing and has no default; state it")
    return float(values[key])


@dataclass(frozen=True)
class Source:
    """Where decays happen.

    Attributes:
        compartment: of `hosts.COMPARTMENTS`.
        place: part of the cell; not looked at for vessel and matrix.
        fraction_positive: share of the cells that carry the target.
        cv: coefficient of variation of the sites on positive cells (log-normal).
        patch_um: size of patches in which positive cells lie together; 0 for mixed.
    """

    compartment: str
    place: str = "cell_surface"
    fraction_positive: float = 1.0
    cv: float = 0.0
    patch_um: float = 0.0

    def __post_init__(self) -> None:
        if self.compartment not in COMPARTMENTS:
            raise UnknownNameError("compartment", self.compartment, COMPARTMENTS, where="source")
        if self.place not in PLACES:
            raise UnknownNameError("place", self.place, PLACES, where="source")
        if not 0.0 < self.fraction_positive <= 1.0:
            raise InputError(
                f"source: fraction_positive is {self.fraction_positive:g}; it must be above 0 and "
                "at most 1"
            )
        if not (np.isfinite(self.cv) and self.cv >= 0.0):
            raise InputError(f"source: cv is {self.cv:g}; it must be 0 or more")

    @property
    def in_cells(self) -> bool:
        """Whether decays are in or on cells."""
        return self.compartment in CELL_COMPARTMENTS


@dataclass(frozen=True)
class TimeCourse:
    """Biological uptake and clearance, without decay: b(t) = e^(−λ_c t) − e^(−λ_u t).

    Attributes:
        uptake_half_time_s: 0 for uptake at once.
        clearance_half_time_s: infinity for a label that stays.
    """

    uptake_half_time_s: float = 0.0
    clearance_half_time_s: float = np.inf

    def __post_init__(self) -> None:
        if not 0.0 <= self.uptake_half_time_s < self.clearance_half_time_s:
            raise InputError(
                f"time: uptake half-time {self.uptake_half_time_s:g} s, clearance half-time "
                f"{self.clearance_half_time_s:g} s; uptake must be the faster of the two"
            )

    def terms(self, decay_per_s: float) -> tuple[list[float], list[float]]:
        """Return amplitudes and rates (1/s) of the activity per activity given at time 0."""
        clearance = np.log(2.0) / self.clearance_half_time_s
        if self.uptake_half_time_s == 0.0:
            return [1.0], [clearance + decay_per_s]
        uptake = np.log(2.0) / self.uptake_half_time_s
        return [1.0, -1.0], [clearance + decay_per_s, uptake + decay_per_s]

    def residence_s(self, decay_per_s: float) -> float:
        """Return the decays per activity given at time 0, s."""
        amplitudes, rates = self.terms(decay_per_s)
        return float(sum(a / r for a, r in zip(amplitudes, rates, strict=True)))


@dataclass(frozen=True)
class Organ:
    """The organ that limits: its own time course, and how much it takes up.

    Attributes:
        name: for the report.
        time: uptake and clearance.
        uptake_ratio: its uptake per mass over that of the tissue, before decay.
        alpha_weight: weight of alpha dose in its limit (5 for deterministic effects, say); 1 for
            physical dose.
    """

    name: str
    time: TimeCourse
    uptake_ratio: float
    alpha_weight: float = 1.0

    def __post_init__(self) -> None:
        for what in ("uptake_ratio", "alpha_weight"):
            value = getattr(self, what)
            if not (np.isfinite(value) and value > 0.0):
                raise InputError(f"organ: {what} is {value:g}; it must be above 0")


@dataclass(frozen=True)
class Compare:
    """What is equal between the nuclides.

    Attributes:
        equal: "mean_dose": mean absorbed dose of the nuclei of live tumour cells; "emitted_dose":
            energy of charged particles emitted per mass of tissue, which is what a dose by local
            deposition says; "activity": activity given per mass of tissue, before uptake;
            "organ_dose": dose of the limiting organ.
        value: Gy, or for "activity" Bq/kg.
        organ: for "organ_dose".
    """

    equal: Equal
    value: float
    organ: Organ | None = None

    def __post_init__(self) -> None:
        if self.equal not in EQUALS:
            raise UnknownNameError("what is equal", self.equal, EQUALS, where="compare")
        if not (np.isfinite(self.value) and self.value > 0.0):
            raise InputError(f"compare: the value is {self.value:g}; it must be above 0")
        if (self.equal == "organ_dose") != (self.organ is not None):
            raise InputError("compare: an organ belongs to equal: organ_dose, and to nothing else")


@dataclass(frozen=True)
class ExternalBeam:
    """Fractions to the whole tissue, besides the decays.

    Attributes:
        fractions: number.
        dose_Gy: of each.
        every_s: time from one to the next.
    """

    fractions: int
    dose_Gy: float
    every_s: float = 86400.0

    def __post_init__(self) -> None:
        if not (1 <= self.fractions <= 100 and 0.0 < self.dose_Gy <= 50.0 and self.every_s > 0.0):
            raise InputError(
                f"external_beam: {self.fractions} fractions of {self.dose_Gy:g} Gy; 1 to 100 "
                "fractions of more than 0 up to 50 Gy are allowed"
            )


@dataclass(frozen=True)
class CellBiology:
    """Radiosensitivity of the tumour cells and of the immune cells' neighbours alike.

    Attributes:
        alpha_per_Gy, alpha_beta_Gy, repair_rate_per_s: of well-oxygenated cells, low LET.
        rbe: RBE_max of alphas; None for that of their energies (`dose_mean_rbe`).
        oxygen: whether tension falls with distance from vessels or the surface.
        surface_mmHg: tension around a micrometastasis or sheet.
        clonogenic_fraction: clonogens per live tumour cell.
        mass_kg: of the lesion that the tissue stands for; None for the piece itself.
        source: identifier of where alpha and alpha/beta come from.
        combined_with: drugs and repair genotypes whose sourced factors act on alpha.
        beam: fractions that are given besides; effects add, without interaction.
    """

    alpha_per_Gy: float
    alpha_beta_Gy: float
    repair_rate_per_s: float
    rbe: float | None = None
    oxygen: bool = False
    surface_mmHg: float | None = None
    clonogenic_fraction: float = 1.0
    mass_kg: float | None = None
    source: str = "given"
    combined_with: tuple[str, ...] = ()
    beam: ExternalBeam | None = None


@dataclass(frozen=True)
class Sweep:
    """A value of the plan that is varied.

    Attributes:
        field: a field of the tissue, or "source.fraction_positive", "source.cv", "value".
        values: in increasing order.
    """

    field: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Delivery:
    """The agent whose course brings the decays to a tissue.

    Attributes:
        agent: of the catalogue; its nuclide gives way to the one that is compared.
        lesion: region of its host.
    """

    agent: str
    lesion: str


@dataclass(frozen=True)
class TissuePlan:
    """All that decides a comparison besides the nuclides' data.

    Attributes:
        shape, source, time, compare, biology: see there.
        nuclides: in the order of the report.
        retained: part of the daughters that stay where their parent decayed.
        delivery: transport from the vessels; None for the same on every cell that carries the
            target.
        reach_um: how far a cell's dose is followed: the radius of the lesion around a block that
            repeats; a piece that stands alone needs none.
        sweep: None for one tissue.
        seed: of the tissue and the expression.
    """

    shape: Shape
    source: Source
    nuclides: tuple[str, ...]
    compare: Compare
    biology: CellBiology
    time: TimeCourse = TimeCourse()
    retained: float = 1.0
    delivery: Delivery | None = None
    reach_um: float = 10_000.0
    sweep: Sweep | None = None
    seed: int = 1

    def with_value(self, name: str, value: float) -> TissuePlan:
        """Return the plan with one value of it changed; names as in `Sweep`.

        Raises:
            UnknownNameError: a name that cannot be varied.
        """
        part, _, key = name.rpartition(".")
        if name in self.shape.allowed():
            values = {**self.shape.values, name: value}
            return replace(self, shape=replace(self.shape, values=values))
        if part == "source" and key in ("fraction_positive", "cv", "patch_um"):
            changed: Any = {key: value}
            return replace(self, source=replace(self.source, **changed))
        if name == "value":
            return replace(self, compare=replace(self.compare, value=value))
        known = [*self.shape.allowed(), "source.fraction_positive", "source.cv", "value"]
        raise UnknownNameError("field to vary", name, known, where="sweep")
