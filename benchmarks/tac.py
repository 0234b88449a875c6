"""How long do fits of activity over time take, next to PyTheranostics?

    python benchmarks/tac.py                  # ours alone
    python benchmarks/tac.py --peer PYTHON    # PYTHON: see tac_peer.py

Voxels: mono-exponentials through four times. Regions: bi-exponentials through six. The peer fits
the same curves with equal weights; both must agree before anything is timed.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from ligandose.kinetics import fit_tac, fit_voxels

HOUR_S = 3600.0
DECAY_PER_H = np.log(2.0) / 159.528  # Lu-177
VOXEL_TIMES_H = np.array([4.0, 24.0, 72.0, 168.0])
REGION_TIMES_H = np.array([1.0, 4.0, 24.0, 48.0, 96.0, 168.0])
AGREE = 1e-4
"""Relative difference of TIAs; the peer's optimiser stops at 1e-8 of its cost, which is flat."""


def voxel_curves(n, rng):
    """Return (n, 4) activities with 5 % noise of mono-exponentials, half-lives 20 to 100 h."""
    rate = np.log(2.0) / rng.uniform(20.0, 100.0, (n, 1))
    amplitude = rng.lognormal(0.0, 1.0, (n, 1))
    exact = amplitude * np.exp(-rate * VOXEL_TIMES_H)
    return exact * rng.normal(1.0, 0.05, exact.shape)


def region_curves(n, rng):
    """Return (n, 6) activities with 2 % noise of bi-exponentials, both phases falling."""
    fast, slow = (np.log(2.0) / rng.uniform(*span, (n, 1)) for span in ((3.0, 8.0), (40.0, 80.0)))
    share = rng.uniform(0.3, 0.7, (n, 1))
    t = REGION_TIMES_H
    exact = share * np.exp(-fast * t) + (1.0 - share) * np.exp(-slow * t)
    return exact * rng.normal(1.0, 0.02, exact.shape)


def ask_peer(python, time_h, activity, order, start):
    """Return the peer's TIAs, its seconds and its version."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(given, time_h=time_h, activity=activity, order=order, decay_per_h=DECAY_PER_H,
                 start=start)  # fmt: skip
        script = Path(__file__).with_name("tac_peer.py")
        subprocess.run([python, str(script), str(given), str(found)], check=True)
        answer = np.load(found)
        return answer["tia"], float(answer["seconds"]), str(answer["version"])


def voxels(activity):
    """Return our TIAs (h) of voxel curves, and the seconds."""
    begun = time.perf_counter()
    fits = fit_voxels(
        VOXEL_TIMES_H * HOUR_S, activity, decay_per_s=DECAY_PER_H / HOUR_S,
        uncertainty_Bq=np.ones(VOXEL_TIMES_H.size),
    )  # fmt: skip
    return fits.tia_Bq_s / HOUR_S, time.perf_counter() - begun


def regions(activity, models):
    """Return our TIAs (h) of region curves, and the seconds."""
    begun = time.perf_counter()
    found = [
        fit_tac(REGION_TIMES_H * HOUR_S, curve, decay_per_s=DECAY_PER_H / HOUR_S,
                uncertainty_Bq=np.full(curve.size, 0.02), models=models).tia_Bq_s
        for curve in activity
    ]  # fmt: skip
    return np.array(found) / HOUR_S, time.perf_counter() - begun


def compared(name, ours, theirs, seconds, peer):
    """Print the ratio of times per curve where the answers agree."""
    peer_seconds, count, version = peer
    apart = np.abs(theirs / ours[: theirs.size] - 1.0)
    print(f"{name}: TIA apart by {np.median(apart):.1e} (median), {apart.max():.1e} (largest of "
          f"{theirs.size})")  # fmt: skip
    if np.quantile(apart, 0.9) > AGREE:
        raise SystemExit("the answers differ: no times")
    each, its = seconds / ours.size, peer_seconds / count
    print(f"  per curve: PyTheranostics {version} {its * 1e6:.0f} µs, ours {each * 1e6:.2f} µs, "
          f"ratio {its / each:.1f}")  # fmt: skip


def main():
    """Time both."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peer", help="a Python that has pytheranostics")
    parser.add_argument("--voxels", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    rng = np.random.default_rng(20261123)
    many, few = voxel_curves(asked.voxels, rng), region_curves(100, rng)
    voxels(many[:1000]), regions(few[:2], ["bi"])  # compiled
    tia, seconds = min((voxels(many) for _ in range(asked.repeats)), key=lambda found: found[1])
    print(f"{asked.voxels} voxels x {VOXEL_TIMES_H.size} times: {seconds:.2f} s")
    region_tia, region_s = regions(few, ["bi"])
    print(f"{len(few)} regions, bi-exponential with covariance: {region_s:.2f} s")
    _, all_s = regions(few, None)
    print(f"{len(few)} regions, all models, chosen by AICc: {all_s:.2f} s")
    if asked.peer:
        some = many[:2000]
        start = np.stack([some[:, 0], np.full(len(some), 0.015)], axis=1)
        theirs, spent, version = ask_peer(asked.peer, VOXEL_TIMES_H, some, 1, start)
        compared("voxels", tia, theirs, seconds, (spent, len(some), version))
        start = np.tile([0.5, 0.15, 0.5, 0.012], (len(few), 1))
        theirs, spent, version = ask_peer(asked.peer, REGION_TIMES_H, few, 2, start)
        compared("regions", region_tia, theirs, region_s, (spent, len(few), version))


if __name__ == "__main__":
    main()
