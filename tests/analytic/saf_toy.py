"""A body whose specific absorbed fractions are known: every absorbed energy is accounted for.

Photons: the part `f(E)` of the energy is absorbed in the body, half of it spread evenly over the
body, half in the source. Electrons: all but 1 % stay in the source, the rest is spread evenly.
"""

import numpy as np

from ligandose.dose.saf_file import parse_saf

MASS_KG = {
    "kidneys": 0.31,
    "liver": 1.8,
    "spleen": 0.15,
    "heart": 0.33,
    "heart_contents": 0.5,
    "urinary_bladder": 0.05,
    "urinary_bladder_contents": 0.2,
    "skin": 3.3,
    "bone_spine": 3.0,
    "bone_pelvis": 2.0,
    "bone_skull": 1.2,
    "bone_facial": 0.3,
    "bone_ribs": 1.4,
    "bone_clavicles": 0.1,
    "bone_scapulae": 0.4,
    "bone_leg": 1.5,
    "bone_arm": 0.6,
    "soft_tissue": 52.0,
}
BODY_KG = sum(MASS_KG.values())
ENERGY_MEV = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0])
ESCAPING = 0.01


def photon_share(energy_MeV):
    """Part of the photon energy that the body absorbs."""
    return 0.9 * energy_MeV**-0.1 * 0.6


def shares(particle):
    """Return the part spread over the body and the part kept in the source, by energy."""
    if particle == "photon":
        return 0.5 * photon_share(ENERGY_MEV), 0.5 * photon_share(ENERGY_MEV)
    return np.full(ENERGY_MEV.size, ESCAPING), np.full(ENERGY_MEV.size, 1 - ESCAPING)


def toy_csv(*, relative_sd=0.01):
    """Return the text of the shipped format."""
    saf = ",".join(f"saf_{e:g}" for e in ENERGY_MEV)
    lines = [f"particle,source,target,{saf},{saf.replace('saf_', 'rsd_')}"]
    for particle in ("photon", "electron"):
        spread, kept = shares(particle)
        for source in MASS_KG:
            for target, mass in MASS_KG.items():
                values = spread / BODY_KG + (kept / mass if source == target else 0)
                numbers = [f"{v:.9g}" for v in values] + [str(relative_sd)] * ENERGY_MEV.size
                lines.append(",".join([particle, source, target, *numbers]))
    return "\n".join(lines) + "\n"


def toy_table(**kwargs):
    """Return the table of the toy body, as an adult male."""
    return parse_saf(toy_csv(**kwargs), name="toy.csv", host="adult-male", mass_kg=dict(MASS_KG))
