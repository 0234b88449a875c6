"""The shapes of a tissue file, and of the tissue of a lesion in a study file."""

from __future__ import annotations

from pydantic import ConfigDict, model_validator

from ligandose.course.schema import Part, Whole


class TissuePart(Part):
    """A typical tissue by name, or a mapping with `base` or `shape` and fields of it."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, float | str]  # pyright: ignore[reportIncompatibleVariableOverride]

    base: str | None = None
    shape: str = "tissue"

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"base": value} if isinstance(value, str) else value


class SourcePart(Part):
    """Where the decays are."""

    compartment: str
    place: str = "cell_surface"
    fraction_positive: float = 1.0
    cv: float = 0.0
    patch_um: float = 0.0


class DeliveryPart(Part):
    """The agent whose course brings the decays."""

    agent: str
    lesion: str


class TimePart(Part):
    """Biological half-times."""

    uptake_half_time_h: float = 0.0
    clearance_half_time_h: float | None = None


class OrganPart(Part):
    """The organ that limits."""

    name: str
    uptake_ratio: float
    uptake_half_time_h: float = 0.0
    clearance_half_time_h: float | None = None
    alpha_weight: float = 1.0


class ComparePart(Part):
    """What is equal: one of the four values."""

    mean_dose_Gy: float | None = None
    emitted_dose_Gy: float | None = None
    activity_MBq_g: float | None = None
    organ_dose_Gy: float | None = None
    organ: OrganPart | None = None


class BeamPart(Part):
    """External beam besides the decays."""

    fractions: Whole
    dose_per_fraction_Gy: float
    every_h: float = 24.0


class EffectPart(Part):
    """Radiosensitivity, of a disease or given."""

    disease: str | None = None
    alpha_per_Gy: float | None = None
    alpha_beta_Gy: float | None = None
    repair_half_time_h: float | None = None
    rbe: float | None = None
    oxygen: bool = False
    surface_mmHg: float | None = None
    clonogenic_fraction: float = 1.0
    lesion_mass_g: float | None = None
    combined_with: list[str] | None = None
    external_beam: BeamPart | None = None


class SweepPart(Part):
    """A value that is varied."""

    field: str
    values: list[float]


class TissueFilePart(Part):
    """A whole tissue file."""

    tissue: TissuePart
    source: SourcePart
    compare: ComparePart
    effect: EffectPart
    nuclides: list[str] | None = None
    time: TimePart | None = None
    delivery: DeliveryPart | None = None
    retained_daughters: float = 1.0
    lesion_radius_mm: float | None = None
    sweep: SweepPart | None = None
    seed: Whole = 1


class LesionTissuePart(Part):
    """The tissue that a lesion of a study carries."""

    lesion: str | None = None
    tissue: TissuePart
    source: SourcePart
    delivery: bool = False
    oxygen: bool = False
    surface_mmHg: float | None = None
    retained_daughters: float = 1.0
    lesion_radius_mm: float | None = None
    seed: Whole = 1
