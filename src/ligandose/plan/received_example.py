"""A virtual patient with known truth: PBPK course, SPECT/CT at several times, case.yaml."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from ligandose.agents import agent as agent_of
from ligandose.course import Course, Regimen, simulate
from ligandose.hosts import host as host_of
from ligandose.imaging import (
    Camera,
    Lesion,
    VirtualPatient,
    course_activity,
    generate_case,
    virtual_patient,
)
from ligandose.imaging.identity import atomically

Floats = NDArray[np.float64]

AGENT, DISEASE, HOST = "177Lu-PSMA-617", "mCRPC", "adult-male"
ACTIVITY_GBQ, AMOUNT_NMOL = 7.4, 100.0
TIME_H = (4.0, 24.0, 72.0, 168.0)
OUTLINED = ("kidneys", "liver", "spleen", "lesion:L1", "lesion:L2")
LESIONS = (Lesion("L1", "liver", 40.0), Lesion("L2", "soft_tissue", 25.0))
LESION_SHARE = 0.5
"""A lesion in the picture has the concentration of the course's lesions times a drawn factor
around this (their own would be brighter than all else)."""
LESION_DENSITY_KG_ML = 1.04e-3
TINY_BQ = 1e-3
TRUNK_CM = (20.0, 44.0)
FINE_MM = 2.4


def example_course(seed: int, *, agent: str = AGENT, disease: str = DISEASE) -> Course:
    """Return the course of one virtual patient of the population."""
    return simulate(
        agent_of(agent),
        host_of(HOST, disease=disease),
        Regimen.cycles(1, activity_GBq=ACTIVITY_GBQ, every_weeks=6, amount_nmol=AMOUNT_NMOL),
        patients=1,
        seed=seed,
        variability=True,
    )


def example_body(
    *, fine_mm: float = FINE_MM, lesions: Sequence[Lesion] = LESIONS
) -> VirtualPatient:
    """Return the trunk of the stylized adult male with lesions."""
    low, high = TRUNK_CM
    return virtual_patient(HOST, fine_mm=fine_mm, from_cm=low, to_cm=high, lesions=lesions)


@dataclass(frozen=True, eq=False)
class TrueActivity:
    """What is in the picture: activity of every region over time, and its integral.

    Attributes:
        regions: names.
        time_s: (t,) of the course.
        activity_Bq: (t, regions); between the times it changes exponentially.
    """

    regions: tuple[str, ...]
    time_s: Floats
    activity_Bq: Floats

    def __call__(self, time_s: float) -> dict[str, float]:
        """Return the activity by region at a time."""
        at = float(np.clip(time_s, self.time_s[0], self.time_s[-1]))
        log = np.log(np.maximum(self.activity_Bq, TINY_BQ))
        columns: list[Floats] = list(log.T)
        found = [float(np.exp(np.interp(at, self.time_s, column))) for column in columns]
        return {
            name: value if value > 2.0 * TINY_BQ else 0.0
            for name, value in zip(self.regions, found, strict=True)
        }

    def tia_Bq_s(self) -> dict[str, float]:
        """Return the integral by region from 0 on: from 0 in a straight line, after the last time
        by its last slope."""
        y = np.maximum(self.activity_Bq, TINY_BQ)
        step = np.diff(self.time_s)[:, None]
        fall = np.log(y[:-1] / y[1:])
        flat = np.abs(fall) < 1e-9
        safe = np.where(flat, 1.0, fall)
        parts = np.where(flat, y[:-1] * step, (y[:-1] - y[1:]) * step / safe)
        slope = np.maximum(fall[-1] / step[-1], 1e-9)
        total = 0.5 * y[0] * self.time_s[0] + parts.sum(axis=0) + y[-1] / slope
        return dict(zip(self.regions, total.tolist(), strict=True))


def true_activity(
    course: Course, body: VirtualPatient, lesion_factor: Mapping[str, float]
) -> TrueActivity:
    """Return the activity of every region of the picture.

    Lesions follow the course's lesion, by concentration, times their factor; the activity that the
    course puts outside of the trunk is left out with the part of each region that lies there.
    """
    index = next(i for i, r in enumerate(course.regions) if r.startswith("lesion:"))
    mass_kg = float(np.asarray(course.cycles[0].masses.mass_kg)[0, index])
    whole = virtual_patient(HOST, fine_mm=2.0 * body.grid.spacing_mm[0])
    everything = _volumes_mL(whole)
    here = _volumes_mL(body)
    kept = {r: min(here.get(r, 0.0) / v, 1.0) for r, v in everything.items() if v > 0.0}
    level = course.activity_all_Bq[0, :, index] / mass_kg  # Bq per kg
    columns: dict[str, list[float]] = {r: [] for r in body.regions}
    for number, time in enumerate(course.time_s):
        found = course_activity(course, float(time), body)
        for region in body.regions:
            if region in lesion_factor:
                mass = here[region] * LESION_DENSITY_KG_ML
                columns[region].append(float(level[number]) * lesion_factor[region] * mass)
            else:
                columns[region].append(found[region] * kept.get(region, 0.0))
    names = tuple(body.regions)
    table = np.array([columns[r] for r in names], np.float64).T
    return TrueActivity(names, np.asarray(course.time_s, np.float64), table)


def _volumes_mL(body: VirtualPatient) -> dict[str, float]:
    volumes = body.counts() * body.grid.voxel_mL
    return dict(zip(body.regions, volumes.tolist(), strict=True))


def generate_example(
    folder: Path | str,
    *,
    seed: int = 1,
    time_h: Sequence[float] = TIME_H,
    fwhm_mm: float = 12.0,
    assumed_fwhm_mm: float | None = None,
    body: VirtualPatient | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Path:
    """Write the case of a virtual patient of 177Lu-PSMA-617 and return its case.yaml.

    Args:
        folder: a new or empty folder.
        seed: of the patient and the noise.
        time_h: of the images.
        fwhm_mm: of the camera.
        assumed_fwhm_mm: what case.yaml says of it; default the truth.
        body: another body than `example_body`.
        settings: keys of `dose` in case.yaml that replace those of the example.

    Raises:
        InputError: a folder that is not empty, times outside of the course.
    """
    body = body or example_body()
    course = example_course(seed)
    rng = np.random.default_rng([seed, 77])
    lesions = [r for r in body.regions if r.startswith("lesion:")]
    factor = {r: LESION_SHARE * float(np.exp(rng.normal(0.0, 0.3))) for r in lesions}
    activity = true_activity(course, body, factor)
    outlined = [r for r in body.regions if r in OUTLINED or r in lesions]
    file = generate_case(
        folder, body, activity, nuclide_name="Lu-177", administered_Bq=ACTIVITY_GBQ * 1e9,
        time_h=time_h, outlined=outlined, camera=Camera(fwhm_mm=fwhm_mm), seed=seed,
        label=f"VIRTUAL-{seed}",
    )  # fmt: skip
    case = yaml.safe_load(file.read_text(encoding="utf-8"))
    assumed = fwhm_mm if assumed_fwhm_mm is None else assumed_fwhm_mm
    case["agent"] = AGENT
    case["patient"] = {
        "host": HOST,
        "body_mass_kg": float(course.cycles[0].masses.body_kg[0]),
        "disease": DISEASE,
        "lesion_in": {"lesion:L1": "liver"} if "lesion:L1" in lesions else {},
    }
    case["dose"] = {**example_settings(assumed), **(settings or {})}
    _add_truth(Path(folder) / "truth.json", body, activity, outlined)
    text = yaml.safe_dump(case, sort_keys=False)
    return atomically(file, lambda part: part.write_text(text, encoding="utf-8"))


def example_settings(fwhm_mm: float) -> dict[str, Any]:
    """Return the keys of `dose` in the example's case.yaml."""
    return {
        "registration": "rigid",
        "recovery": {"model": "gtm", "fwhm_mm": float(fwhm_mm), "fwhm_sd_mm": 0.1 * fwhm_mm},
        "background": {"model": "air", "fwhm_mm": 150.0},
        "uncertainty": {"calibration": 0.03, "point": 0.03, "outline_fwhm_mm": 1.5},
    }


def _add_truth(
    path: Path, body: VirtualPatient, activity: TrueActivity, outlined: Sequence[str]
) -> None:
    """Add the true integrals and volumes of all regions to truth.json."""
    truth = json.loads(path.read_text(encoding="utf-8"))
    truth["tia_Bq_s"] = activity.tia_Bq_s()
    truth["volume_all_mL"] = _volumes_mL(body)
    density = body.density_g_cm3.tolist()
    truth["density_g_cm3"] = dict(zip(body.regions, density, strict=True))
    truth["outlined"] = list(outlined)
    text = json.dumps(truth, indent=1)
    atomically(path, lambda part: part.write_text(text, encoding="utf-8"))
