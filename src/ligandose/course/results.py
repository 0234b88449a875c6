"""The result of a course: arrays by patient, with labelled views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ligandose.agents import Agent
from ligandose.course.absorbed import OTHER_LESIONS, WHOLE_BODY, Masses
from ligandose.course.biology import CycleDose, CycleEffect, LesionState, Radiobiology
from ligandose.course.regimen import Regimen
from ligandose.course.reservoirs import CavityDose
from ligandose.dose import RADIATIONS, ReferenceSValues
from ligandose.hosts import Host

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CycleResult:
    """One cycle.

    Attributes:
        start_s: first administration, after that of the course.
        masses: of the regions, lesions as they are at the start.
        dose: sources and doses.
        effect: protraction, BED and EQD2.
        lesions_after: lesions when the next cycle starts.
        cavities: what cavities held that the vector was given into, and their surface dose.
    """

    start_s: float
    masses: Masses
    dose: CycleDose
    effect: CycleEffect
    lesions_after: LesionState
    cavities: tuple[CavityDose, ...] = ()


@dataclass(frozen=True)
class Course:
    """A simulated course of an agent in a population.

    Attributes:
        agent, host, regimen, seed, varied: what was simulated.
        host_values, agent_values: (patients,) values of the findings by key.
        time_s: (t,) times after the first administration.
        activity_all_Bq: (patients, t, regions) activity of the agent's nuclide; NaN for patients
            who could not be solved, and where it is not followed over time: the whole body and
            the bladder's contents, of which only the time integral is worked out.
        cycles: results by cycle (administrations that are close to each other are one cycle).
        failed: (patients,) True where the solver gave up.
        biology: radiobiological parameters that were used.
        lesions_before: lesions before the first administration.
        s_values: dose per decay between the regions.
        knowledge: (draws,) ratios of the population mean dose of each region to the best
            estimate, from uncertainty of the parameters; empty where it was not asked for.
    """

    agent: Agent
    host: Host
    regimen: Regimen
    seed: int
    varied: bool
    host_values: Mapping[str, Floats]
    agent_values: Mapping[str, Floats]
    time_s: Floats
    activity_all_Bq: Floats
    cycles: tuple[CycleResult, ...]
    failed: NDArray[np.bool_]
    biology: Radiobiology
    lesions_before: LesionState
    s_values: ReferenceSValues
    knowledge: Mapping[str, Floats] = field(default_factory=dict[str, Floats])

    @property
    def patients(self) -> int:
        """Number of virtual patients, the failed ones included."""
        return self.failed.size

    @property
    def omissions(self) -> list[str]:
        """What the doses leave out, one sentence each."""
        return self.s_values.omissions()

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions along the axes of doses, sources that stand for other lesions included."""
        return self.cycles[0].masses.regions

    @cached_property
    def shown_regions(self) -> tuple[str, ...]:
        """Regions that are reported: without the auxiliary sources."""
        hidden = (OTHER_LESIONS, "_contents", "_surface")
        return tuple(r for r in self.regions if not r.endswith(hidden))

    @cached_property
    def dose_per_cycle_Gy(self) -> Floats:
        """(patients, cycles, regions, radiations) physical absorbed dose; NaN where failed."""
        return self._marked(np.stack([c.dose.dose_Gy for c in self.cycles], axis=1))

    @cached_property
    def bed_per_cycle_Gy(self) -> Floats:
        """(patients, cycles, regions) BED."""
        return self._marked(np.stack([c.effect.bed_Gy for c in self.cycles], axis=1))

    @cached_property
    def eqd2_per_cycle_Gy(self) -> Floats:
        """(patients, cycles, regions) EQD2."""
        return self._marked(np.stack([c.effect.eqd2_Gy for c in self.cycles], axis=1))

    @cached_property
    def tiac_s(self) -> Floats:
        """(patients, regions) time-integrated activity of the agent's nuclide per activity, s.

        The whole body holds what all sources of dosimetry hold together.
        """
        total = np.sum([c.dose.tia_Bq_s[..., 0] for c in self.cycles], axis=0)
        total[:, self.regions.index(WHOLE_BODY)] = total.sum(axis=1)
        return self._marked(total / self.regimen.total_activity_Bq)

    def _marked(self, values: Floats) -> Floats:
        values[self.failed] = np.nan
        return values

    def of(self, values: Floats, region: str) -> Floats:
        """Return `values` of one region, whose axis is the last."""
        return values[..., self.regions.index(region)]

    def dose_of(self, region: str) -> Floats:
        """Return (patients,) absorbed dose of a region over the whole course, Gy."""
        return self.dose_per_cycle_Gy[:, :, self.regions.index(region)].sum(axis=(1, 2))

    @property
    def cavities(self) -> tuple[CavityDose, ...]:
        """Cavities that the vector was given into, over the whole course; NaN where failed."""
        total: dict[str, CavityDose] = {}
        for cavity in (c for cycle in self.cycles for c in cycle.cavities):
            known = total.get(cavity.region)
            total[cavity.region] = cavity if known is None else known + cavity
        for cavity in total.values():
            cavity.tia_Bq_s[self.failed] = np.nan
            cavity.surface_Gy[self.failed] = np.nan
        return tuple(total.values())

    @property
    def activity(self) -> xr.DataArray:
        """Activity, dimensions patient, nuclide, region, time (Bq).

        The nuclide axis holds the agent's nuclide; progeny decays where it was born, so its
        decays follow from those of the parent (`DecayChain.cumulative_yield`).
        """
        import xarray as xr

        return xr.DataArray(
            np.moveaxis(self.activity_all_Bq, 1, 2)[:, None],
            dims=("patient", "nuclide", "region", "time"),
            coords={
                "nuclide": [self.agent.nuclide],
                "region": list(self.regions),
                "time": self.time_s,
            },
            name="activity",
            attrs={"units": "Bq", "time_units": "s"},
        )

    @property
    def dose(self) -> xr.DataArray:
        """Absorbed dose, dimensions patient, cycle, region, radiation (Gy)."""
        import xarray as xr

        return xr.DataArray(
            self.dose_per_cycle_Gy,
            dims=("patient", "cycle", "region", "radiation"),
            coords={
                "cycle": np.arange(1, len(self.cycles) + 1),
                "region": list(self.regions),
                "radiation": list(RADIATIONS),
            },
            name="absorbed_dose",
            attrs={"units": "Gy", "omissions": self.omissions},
        )

    def with_knowledge(self, ratios: Mapping[str, Floats]) -> Course:
        """Return the course with the uncertainty of knowledge of its doses."""
        return replace(self, knowledge=dict(ratios))

    def document(self) -> dict[str, Any]:
        """Return the course as one JSON-able document with distributions over patients."""
        from ligandose.course.document import course_document

        return course_document(self)
