"""SYNTHETIC documents for the tests of the report. No number here is a prediction or a measurement.

The shapes follow the contract of course, validation and nuclide documents; the values come from a
made-up population so that bands, tails and rounding look as they do in a true document.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

FIXTURE = "FIXTURE (synthetic, for tests only)"
# region: (kind, mass kg, Gy/GBq, CV, effective half-life h, peak fraction of activity)
REGIONS: dict[str, tuple[str, float, float, float, float, float]] = {
    "kidneys": ("organ", 0.31, 0.45, 0.36, 38.0, 0.020),
    "salivary_glands": ("organ", 0.085, 0.61, 0.45, 30.0, 0.008),
    "lacrimal_glands": ("organ", 0.0014, 2.1, 0.3, 32.0, 0.0006),
    "liver": ("organ", 1.8, 0.092, 0.4, 28.0, 0.02),
    "spleen": ("organ", 0.15, 0.071, 0.45, 33.0, 0.002),
    "red_marrow": ("organ", 1.17, 0.034, 0.5, 20.0, 0.01),
    "urinary_bladder": ("organ", 0.05, 0.31, 0.35, 5.0, 0.03),
    "large_intestine_left": ("organ", 0.15, 0.08, 0.5, 25.0, 0.002),
    "small_intestine": ("organ", 0.65, 0.07, 0.4, 26.0, 0.006),
    "lungs": ("organ", 1.2, 0.025, 0.4, 15.0, 0.008),
    "heart": ("organ", 0.33, 0.028, 0.4, 12.0, 0.003),
    "brain": ("organ", 1.45, 0.0069, 0.4, 12.0, 0.0015),
    "muscle": ("organ", 29.0, 0.011, 0.4, 14.0, 0.05),
    "whole_body": ("organ", 73.0, 0.037, 0.3, 22.0, 1.0),
    "lesion:bone_1": ("lesion", 0.031, 4.8, 0.75, 52.0, 0.012),
    "lesion:bone_2": ("lesion", 0.012, 3.9, 0.8, 50.0, 0.004),
    "lesion:node_1": ("lesion", 0.008, 3.2, 0.7, 48.0, 0.002),
    "lesion:liver_1": ("lesion", 0.019, 2.2, 0.9, 45.0, 0.004),
}
SOURCES = {
    "herrmann2024": {"citation": "Herrmann et al., J Nucl Med 65 (2024) 71", "locator": FIXTURE},
    "violet2019": {"citation": "Violet et al., J Nucl Med 60 (2019) 517", "locator": FIXTURE},
    "icrp89": {"citation": "ICRP Publication 89", "locator": FIXTURE},
    "limits": {"citation": "Organ limits <script>alert(1)</script>", "locator": FIXTURE},
}


def quantity(values: np.ndarray) -> dict[str, float]:
    low, median, high = np.percentile(values, [5, 50, 95])
    return {
        "mean": float(values.mean()), "sd": float(values.std(ddof=1)), "median": float(median),
        "p05": float(low), "p95": float(high),
    }  # fmt: skip


def lognormal(rng: np.random.Generator, mean: float, cv: float, n: int = 400) -> np.ndarray:
    sigma = math.sqrt(math.log(1 + cv * cv))
    return mean * np.exp(sigma * rng.standard_normal(n) - 0.5 * sigma**2)


def curve(samples: np.ndarray) -> dict[str, list[float]]:
    low, median, high = np.percentile(samples, [5, 50, 95], axis=0)
    rows = {"mean": samples.mean(axis=0), "median": median, "p05": low, "p95": high}
    return {name: [float(v) for v in row] for name, row in rows.items()}


def _region(rng: np.random.Generator, name: str, given_GBq: float, cycles: int) -> dict[str, Any]:
    kind, mass, coefficient, cv, _, _ = REGIONS[name]
    per_activity = lognormal(rng, coefficient, cv)
    dose = per_activity * given_GBq
    uncertain = quantity(lognormal(rng, coefficient, 0.25))
    bed = dose * (1 + dose / cycles / 2.5 * 0.05)
    return {
        "region": name, "kind": kind, "mass_kg": mass,
        "tiac_s": quantity(per_activity * 1e9 * mass / 2.4e-14 / 1e9),
        "dose_Gy": {
            **quantity(dose),
            "by_radiation": {
                "alpha": quantity(0 * dose), "electron": quantity(0.97 * dose),
                "photon": quantity(0.03 * dose),
            },
            "per_cycle": [quantity(dose / cycles * (0.94**i)) for i in range(cycles)],
            "uncertainty": quantity(lognormal(rng, coefficient * given_GBq, 0.25)),
        },
        "dose_per_activity_Gy_per_GBq": {**quantity(per_activity), "uncertainty": uncertain},
        "bed_Gy": quantity(bed), "eqd2_Gy": quantity(bed / 1.8),
    }  # fmt: skip


def _activity(rng: np.random.Generator, starts_h: list[float]) -> dict[str, Any]:
    since = np.concatenate([np.geomspace(0.05, 24, 36), np.linspace(30, 1000, 60)])
    times = np.unique(np.concatenate([[s, *(s + since)] for s in starts_h]))
    curves: dict[str, Any] = {}
    for name in [*REGIONS, "blood"]:
        _, _, _, cv, half, peak = REGIONS.get(name, ("", 0, 0, 0.3, 6.0, 0.3))
        scale = lognormal(rng, peak * 7400.0, cv, 60)[:, None]
        rate = (math.log(2) / lognormal(rng, half, 0.2, 60))[:, None]
        total = np.zeros((60, times.size))
        for start in starts_h:
            t = np.clip(times - start, 0, None)[None, :]
            total += np.where(times >= start, scale * np.exp(-rate * t) * (1 - np.exp(-t / 0.7)), 0)
        curves[name] = curve(total)
    return {"time_h": [float(t) for t in times], "activity_MBq": curves}


def _blood_and_lesions(rng: np.random.Generator, starts_h: list[float]) -> dict[str, Any]:
    days = np.linspace(0, 300, 151)
    dip = np.zeros((60, days.size))
    for start in starts_h:
        t = np.clip(days - start / 24, 0, None)
        dip += (t / 24) ** 3 * np.exp(3 - t / 8)
    depth = lognormal(rng, 0.2, 0.5, 60)[:, None]
    platelets = lognormal(rng, 240, 0.25, 60)[:, None] * np.exp(-depth * dip)
    neutrophils = lognormal(rng, 4.3, 0.35, 60)[:, None] * np.exp(-0.8 * depth * dip)
    lesions = {
        name: curve(
            lognormal(rng, 1e3 * REGIONS[name][1], 0.6, 60)[:, None]
            * np.exp(-lognormal(rng, 0.012, 0.6, 60)[:, None] * days)
        )
        for name in REGIONS if name.startswith("lesion:")
    }  # fmt: skip
    return {
        "time_d": [float(d) for d in days], "platelets_1e9_L": curve(platelets),
        "neutrophils_1e9_L": curve(neutrophils), "lesion_mass_g": lesions,
    }  # fmt: skip


def _limit(rng: np.random.Generator, region: str, limit: float, cycles: int) -> dict[str, Any]:
    dose = lognormal(rng, REGIONS[region][2] * 7.4, REGIONS[region][3])
    total = [dose * (i + 1) * (1.05 if region == "kidneys" else 1) for i in range(cycles)]
    return {
        "region": region, "quantity": "bed_Gy" if region == "kidneys" else "dose_Gy",
        "limit": limit, "source": "limits", "cycle": list(range(1, cycles + 1)),
        "cumulative": [quantity(t) for t in total],
        "fraction_exceeding": [float((t > limit).mean()) for t in total],
        "first_cycle": {"median": 5.0},
    }  # fmt: skip


def _effect(rng: np.random.Generator) -> dict[str, Any]:
    lesions = [name for name in REGIONS if name.startswith("lesion:")]
    return {
        "tcp": {**{n: quantity(rng.beta(0.6, 0.9, 400)) for n in lesions},
                "all": quantity(rng.beta(0.2, 3.0, 400))},
        "ntcp": {"kidneys": quantity(rng.beta(0.3, 8.0, 400))},
        "blood": {
            "platelets": {
                "nadir_1e9_L": quantity(lognormal(rng, 150, 0.3)),
                "nadir_day": quantity(lognormal(rng, 235, 0.1)),
                "grade_fraction": {"1": 0.31, "2": 0.055, "3": 0.021, "4": 0.0},
            },
            "neutrophils": {
                "nadir_1e9_L": quantity(lognormal(rng, 3.0, 0.3)),
                "nadir_day": quantity(lognormal(rng, 240, 0.1)),
                "grade_fraction": {"1": 0.12, "2": 0.03, "3": 0.008, "4": 0.001},
            },
        },
        "effective_dose_mSv_per_MBq": None,
    }  # fmt: skip


def _published() -> list[dict[str, Any]]:
    rows = [
        ("kidneys", 0.43, 0.16, None, None, 29, "VISION sub-study", "calibration", "herrmann2024"),
        ("kidneys", 0.39, 0.15, None, None, 30, "Violet 2019", "none", "violet2019"),
        ("salivary_glands", 0.63, 0.36, None, None, 29, "VISION sub-study", "calibration",
         "herrmann2024"),
        ("lacrimal_glands", 2.1, 0.47, None, None, 29, "VISION sub-study", "none", "herrmann2024"),
        ("liver", 0.090, 0.044, None, None, 29, "VISION sub-study", "calibration", "herrmann2024"),
        ("spleen", 0.067, 0.027, None, None, 29, "VISION sub-study", "calibration", "herrmann2024"),
        ("red_marrow", 0.035, 0.020, 0.011, 0.09, 29, "VISION sub-study", "calibration",
         "herrmann2024"),
        ("brain", 0.007, None, None, None, None, "a cohort with a very long name that goes on & on",
         "none", "violet2019"),
        ("lesion:bone_1", 5.3, 3.7, None, None, 30, "Violet 2019", "none", "violet2019"),
    ]  # fmt: skip
    keys = ("region", "mean", "sd", "low", "high", "n", "cohort", "use", "source")
    common = {
        "quantity": "dose_per_activity", "unit": "Gy/GBq", "status": "unverified",
    }  # fmt: skip
    return [{**common, **dict(zip(keys, row, strict=True))} for row in rows]


def _parameters() -> list[dict[str, Any]]:
    keys = (
        "subject",
        "region",
        "quantity",
        "value",
        "unit",
        "cv",
        "gsd",
        "status",
        "source",
        "note",
    )
    rows = [
        ("adult-male", "kidneys", "mass", 0.31, "kg", 0.15, 1.05, "verified", "icrp89", FIXTURE),
        ("PSMA-617", "", "K_D PSMA", 6.8, "nmol/L", None, 1.5, "unverified", "violet2019", FIXTURE),
        ("PSMA-617", "", "k_on PSMA", 0.046, "L/nmol/min", None, 2.0, "assumed", "", FIXTURE),
        ("mCRPC", "lesion:bone_1", "PSMA density", None, "nmol/L", 0.6, 1.6, "calibrated",
         "herrmann2024", "a <b>note</b> & more"),
    ]  # fmt: skip
    return [dict(zip(keys, row, strict=True)) for row in rows]


def course(*, agent: str = "177Lu-PSMA-617", cycles: int = 6, seed: int = 1) -> dict[str, Any]:
    """Return a synthetic course document of `cycles` × 7.4 GBq every six weeks."""
    rng = np.random.default_rng(seed)
    starts = [i * 6 * 168.0 for i in range(cycles)]
    given = 7.4 * cycles
    return {
        "document": "ligandose.course", "schema": 1, "version": "0.1.0",
        "research_use_only": True,
        "agent": {
            "name": agent, "vector": "PSMA-617", "label": "DOTA", "nuclide": "Lu-177",
            "target": "PSMA", "indication": FIXTURE,
            "impurities": [{"nuclide": "Lu-177m", "activity_fraction": 1e-4}],
            "source": "violet2019",
        },
        "host": {
            "name": "adult-male", "disease": "mCRPC",
            "body_mass_kg": quantity(lognormal(rng, 78, 0.15)),
            "gfr_mL_min": quantity(lognormal(rng, 84, 0.25)),
        },
        "regimen": {
            "administrations": [
                {"time_h": s, "activity_GBq": 7.4, "amount_nmol": 100.0} for s in starts
            ],
            "total_activity_GBq": given, "cycles": cycles, "every_weeks": 6.0, "comedication": [],
        },
        "patients": 1000,
        "failed": [
            {"patient": 417, "reason": "step size <too small>", "parameters": {"k_on": 0.1}}
        ],
        "seed": seed,
        "regions": [_region(rng, name, given, cycles) for name in REGIONS],
        "curves": {**_activity(rng, starts), **_blood_and_lesions(rng, starts)},
        "limits": [
            _limit(rng, "kidneys", 28.0, cycles), _limit(rng, "kidneys", 40.0, cycles),
            _limit(rng, "red_marrow", 2.0, cycles),
        ],
        "effect": _effect(rng), "published": _published(), "parameters": _parameters(),
        "sources": SOURCES,
        "omissions": ["Cross-dose between organs is not yet included.", FIXTURE],
        "provenance": {
            "version": "0.1.0", "data_edition": "2026.11",
            "data_sha256": {"hosts.csv": "ab" * 32, "vectors.csv": "cd" * 32},
            "input_sha256": "ef" * 32, "seed": seed, "created_utc": "2026-11-01T12:00:00Z",
            "software": {"python": "3.11", "numpy": "2.2"},
        },
    }  # fmt: skip


def validation() -> dict[str, Any]:
    """Return a synthetic validation document of three agents."""
    rng = np.random.default_rng(5)
    rows: list[dict[str, Any]] = []
    plan = {
        "177Lu-PSMA-617": ("calibration", 6), "177Lu-DOTATATE": ("calibration", 5),
        "177Lu-PSMA-I&T": ("prediction", 5), "68Ga-PSMA-11": ("prediction", 4),
        "90Y-DOTATOC": ("prediction", 4),
    }  # fmt: skip
    for agent, (use, count) in plan.items():
        for region in list(REGIONS)[:count]:
            mean, cv = REGIONS[region][2], REGIONS[region][3]
            predicted = mean * float(np.exp(0.3 * rng.standard_normal()))
            fold = max(predicted / mean, mean / predicted)
            rows.append({
                "agent": agent, "region": region, "use": use, "published_mean": mean,
                "published_sd": cv * mean, "published_low": None, "published_high": None,
                "cohorts": ["VISION sub-study"], "predicted_mean": predicted,
                "predicted_sd": 0.4 * predicted, "predicted_p05": 0.5 * predicted,
                "predicted_p95": 1.8 * predicted, "fold_error": fold, "cv_published": cv,
                "cv_predicted": 0.4, "cv_ratio": 0.4 / cv, "within": fold < 1.5,
                "note": FIXTURE, "sources": ["herrmann2024"],
            })  # fmt: skip
    rows[-1].update(
        predicted_mean=None, predicted_p05=None, predicted_p95=None, fold_error=None, within=None
    )
    return {
        "document": "ligandose.validation", "rows": rows,
        "summary": {
            "calibration": {"gmfe": 1.24, "pairs": 11, "worst": 1.61},
            "prediction": {"gmfe": 1.41, "pairs": 13, "worst": 1.93},
            "by_agent": {"177Lu-PSMA-617": {"gmfe": 1.22, "pairs": 6, "worst": 1.5}},
        },
        "sources": SOURCES, "provenance": course()["provenance"],
    }  # fmt: skip
