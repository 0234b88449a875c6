"""How fast energies are known next to PENELOPE: figure of merit 1/(relative variance × time).

    python benchmarks/transport.py [--scale S] [--json] [--no-peer]

Three problems, one thread each, processor time (reading of data and compilation not counted):

* sphere: 0.5 MeV electrons, uniform in 1 g of water in water: absorbed fraction;
* voxels: electrons of Y-90, uniform in a voxel of 3 mm in water: energy in it and in its
  neighbour;
* photons: 0.2 MeV, uniform in 100 g of water in water; electrons local, or followed to 10 keV.

PENELOPE (pyPenred, a process of its own) runs at C1 = C2 = 0.1, the fastest that its manual
recommends, once with cutoffs of 10 keV and once with ours. Two estimators: "direct" follows
particles in the geometry and tallies the region; "kernel" follows them from a point and integrates
the kernel over the geometry, which needs far fewer histories. PENELOPE has no such estimator; here
it gets ours, so that the ratio of estimators is not taken for a ratio of codes. A time only counts
if the answer lies within 1 % of PENELOPE's careful run (tests/oracle/penelope/reference.csv).
Nine minutes on two cores; `--scale 0.3` takes four and knows the figures to 30 %.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import transport_ours as ours
import transport_peer as peer
import transport_peer_spaces as spaces
from transport_ours import Answer

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/oracle/penelope"))
from stored import stored

from ligandose.transport.voxels import decay_emissions

THREADS = min(2, os.cpu_count() or 1)  # for the adult
BIAS = 0.01
PEER_BATCHES = 30
VOXEL_MM = 3.0
LOSS_KEV = 20.0  # largest Wcc of the peer where its cutoff is above 10 keV


def fast_physics(cutoff_keV: float) -> peer.Physics:
    """PENELOPE's fast settings with another cutoff of electrons."""
    loss = 1e3 * min(cutoff_keV, LOSS_KEV)
    return replace(peer.FAST, electron_cutoff_eV=1e3 * cutoff_keV, wcc_eV=loss, wcr_eV=loss)


def _peer_answer(estimator: str, cutoff: float, found: peer.Estimate, places: slice) -> Answer:
    value, sigma = np.atleast_1d(found.value)[places], np.atleast_1d(found.sigma)[places]
    run = found.result
    return Answer("PENELOPE", estimator, cutoff, value, sigma, run.histories, run.seconds)


def peer_sphere(
    particle: str, energy_keV: float, mass_g: float, physics: peer.Physics, histories: int
) -> tuple[Answer, Answer]:
    """Return PENELOPE's direct answer and the one from its kernel."""
    cutoff = 1e-3 * physics.electron_cutoff_eV
    depth = 0.2 if particle == "electron" else 30.0
    case = spaces.sphere_case(
        particle, energy_keV, mass_g, around="water", depth_g_cm2=depth, histories=histories,
        physics=physics, batches=4,
    )  # fmt: skip
    direct = _peer_answer("direct", cutoff, spaces.sphere_fraction(case), slice(None))
    kernel = peer.point_kernel(
        particle, energy_keV, first_g_cm2=0.25, reach_g_cm2=2.01 * peer.radius_g_cm2(mass_g),
        histories=histories, physics=physics, batches=PEER_BATCHES,
    )  # fmt: skip
    fraction = peer.sphere_fractions(kernel, np.array([mass_g]))
    return direct, _peer_answer("kernel", cutoff, fraction, slice(None))


def peer_voxels(
    spectrum: peer.Spectrum, physics: peer.Physics, histories: int
) -> tuple[Answer, Answer]:
    """Return PENELOPE's energies in the source voxel and its neighbour, direct and by kernel."""
    cutoff = 1e-3 * physics.electron_cutoff_eV
    case = spaces.voxel_case(
        "electron", spectrum, VOXEL_MM, histories=histories, physics=physics, batches=PEER_BATCHES
    )
    direct = _peer_answer("direct", cutoff, spaces.voxel_energies(case), slice(0, 2))
    kernel = peer.point_kernel(
        "electron", spectrum, first_g_cm2=0.12, reach_g_cm2=1.2, histories=histories,
        physics=physics, batches=PEER_BATCHES,
    )  # fmt: skip
    found = spaces.voxel_energies_of(kernel, spectrum, VOXEL_MM)
    return direct, _peer_answer("kernel", cutoff, found, slice(0, 2))


def sphere_problem(scale: float, *, with_peer: bool) -> list[Answer]:
    """0.5 MeV electrons in 1 g."""
    answers = [
        ours.sphere_direct("electron", 500.0, 1.0, 0.2, int(400_000 * scale)),
        ours.sphere_by_kernel("electron", 500.0, 1.0, int(200_000 * scale)),
    ]
    cutoffs = (10.0, answers[0].cutoff_keV) if with_peer else ()
    for cutoff in cutoffs:
        n = int(100_000 * scale)
        answers += peer_sphere("electron", 500.0, 1.0, fast_physics(cutoff), n)
    return answers


def voxel_problem(scale: float, *, with_peer: bool) -> list[Answer]:
    """Electrons of Y-90 in voxels of 3 mm."""
    emissions = decay_emissions("Y-90")["electron"]
    answers = [
        ours.voxels_direct(emissions, VOXEL_MM, int(300_000 * scale)),
        ours.voxels_by_kernel(emissions, VOXEL_MM, int(150_000 * scale)),
    ]
    keep = emissions.low_keV > 1.0
    spectrum = peer.Spectrum(emissions.low_keV[keep], emissions.per_decay[keep])
    cutoffs = (10.0, answers[0].cutoff_keV) if with_peer else ()
    for cutoff in cutoffs:
        answers += peer_voxels(spectrum, fast_physics(cutoff), int(60_000 * scale))
    return answers


def photon_problem(scale: float, *, with_peer: bool) -> list[Answer]:
    """0.2 MeV photons in 100 g; electrons are followed or left where they are set free."""
    answers = [
        ours.sphere_direct("photon", 200.0, 100.0, 30.0, int(1_000_000 * scale)),
        ours.sphere_by_kernel("photon", 200.0, 100.0, int(500_000 * scale)),
    ]
    if with_peer:
        answers += peer_sphere("photon", 200.0, 100.0, peer.FAST, int(150_000 * scale))
        answers += peer_sphere("photon", 200.0, 100.0, peer.KERMA, int(1_000_000 * scale))
    return answers


def careful_values() -> dict[str, list[float]]:
    """Return the values that judge bias, from PENELOPE's careful runs."""
    spheres = stored("absorbed_fraction")

    def fraction(particle: str, energy_MeV: float, mass: str) -> list[float]:
        key = (particle, energy_MeV, mass, "water")
        return [r.value for r in spheres if (r.particle, r.energy_MeV, r.at, r.around) == key]

    voxels = [
        r for r in stored("voxel_energy_keV") if (r.nuclide, r.particle) == ("Y-90", "electron")
    ]
    return {
        "sphere": fraction("electron", 0.5, "1"),
        "voxels": [r.value for r in voxels if r.at in ("0/0/0", "1/0/0")],
        "photons": fraction("photon", 0.2, "100"),
    }


QUANTITIES = {"sphere": ["1 g"], "voxels": ["source voxel", "neighbour"], "photons": ["100 g"]}


def rows_of(name: str, answers: list[Answer]) -> list[dict[str, object]]:
    """Return lines of the table, one per quantity and answer; peers get the ratio to ours."""
    careful = careful_values()[name]
    rows: list[dict[str, object]] = []
    for place, quantity in enumerate(QUANTITIES[name]):
        merits = {a.estimator: a.merit[place] for a in answers if a.program == "ligandose"}
        for a in answers:
            bias = float(a.value[place] / careful[place] - 1)
            noise = 2 * float(a.sigma[place] / a.value[place])
            peer_row = a.program != "ligandose"
            rows.append({
                "problem": f"{name}: {quantity}",
                "program": a.program,
                "estimator": a.estimator,
                "electron_cutoff_keV": a.cutoff_keV,
                "value": float(a.value[place]),
                "bias": bias,
                "agrees": abs(bias) < BIAS + noise,
                "relative_sigma": 0.5 * noise,
                "histories_per_s": a.histories / a.seconds,
                "merit": float(a.merit[place]),
                "ours_better_same_estimator": float(merits[a.estimator] / a.merit[place])
                if peer_row else None,
                "ours_better_by_kernel": float(merits["kernel"] / a.merit[place])
                if peer_row else None,
            })  # fmt: skip
    return rows


def speeds(scale: float) -> dict[str, object]:
    """Photons and decays per second in the adult of 200³ voxels; on a GPU if there is one."""
    photons, decays, emissions = ours.adult_problems()
    per_decay = emissions.number_per_decay
    lu177 = decay_emissions("Lu-177")["photon"].number_per_decay
    size = int(4_000_000 * scale)
    rate = ours.histories_per_s(photons, size, threads=THREADS)
    out: dict[str, object] = {
        "threads": THREADS,
        "source": f"{ours.SOURCE} of {ours.HOST}, {ours.SIDE}^3 voxels",
        "photons_per_s_208_keV": rate,
        "Lu-177_decays_per_s_all_emissions": ours.histories_per_s(decays, size, threads=THREADS)
        / per_decay,
        "Lu-177_decays_per_s_photons_only": rate / lu177,
        "Lu-177_photons_per_decay": lu177,
        "all_S_values_of_a_nuclide_ms": 1e3 * ours.s_value_seconds(),
        "gpu": "none",
    }
    if ours.has_gpu():
        from numba import cuda

        name = cuda.get_current_device().name
        out["gpu"] = name.decode() if isinstance(name, bytes) else str(name)
        many = int(400_000_000 * scale)
        gpu = {"threads": 1, "device": "cuda"}
        photon_rate = ours.histories_per_s(photons, many, **gpu)
        out["gpu_photons_per_s_208_keV"] = photon_rate
        out["gpu_Lu-177_decays_per_s_all_emissions"] = (
            ours.histories_per_s(decays, many, **gpu) / per_decay
        )
        out["gpu_Lu-177_decays_per_s_photons_only"] = photon_rate / lu177
    return out


def document(scale: float, *, with_peer: bool) -> dict[str, object]:
    """Run everything; the document that `--json` prints."""
    problems = {"sphere": sphere_problem, "voxels": voxel_problem, "photons": photon_problem}
    rows: list[dict[str, object]] = []
    for name, solve in problems.items():
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += rows_of(name, solve(scale, with_peer=with_peer))
    print("adult …", file=sys.stderr, flush=True)
    return {
        "rows": rows,
        "speeds": speeds(scale),
        "machine": platform.machine(),
        "versions": {p: version(p) for p in ("numba", "numpy")}
        | ({"pyPenred": version("pyPenred")} if with_peer else {}),
    }


def table(result: dict[str, object]) -> str:
    """Return the document as Markdown."""
    lines = [
        "| problem | program | estimator | electron cutoff, keV | value | bias | σ | histories/s "
        "| 1/(σ² t) | ours better, same estimator | ours (kernel) better |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in result["rows"]:
        ratio = ("", "")
        if r["ours_better_same_estimator"] is not None:
            ratio = tuple(
                f"{r[k]:.2g} ×" for k in ("ours_better_same_estimator", "ours_better_by_kernel")
            )
        if not r["agrees"]:
            ratio = ("disagrees", "disagrees")
        cutoff = "local" if r["electron_cutoff_keV"] > 1e5 else f"{r['electron_cutoff_keV']:.3g}"
        lines.append(
            f"| {r['problem']} | {r['program']} | {r['estimator']} | {cutoff} | {r['value']:.5g} "
            f"| {100 * r['bias']:+.2f} % | {100 * r['relative_sigma']:.2f} % "
            f"| {r['histories_per_s']:.3g} | {r['merit']:.2e} | {ratio[0]} | {ratio[1]} |"
        )
    lines.append("")
    for key, value in result["speeds"].items():
        lines.append(f"* {key}: {f'{value:.3g}' if isinstance(value, float) else value}")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="factor on all histories (1)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--no-peer", action="store_true", help="leave PENELOPE out")
    options = parser.parse_args()
    if not options.no_peer and not peer.available():
        parser.error("pyPenred (group oracle) is not installed; give --no-peer")
    result = document(options.scale, with_peer=not options.no_peer)
    print(json.dumps(result, indent=2) if options.json else table(result))
    if not all(r["agrees"] for r in result["rows"]):
        sys.exit("an answer lies more than 1 % from PENELOPE's careful run")


if __name__ == "__main__":
    main()
