"""Makes a folder of files laid out like those of ICRP Publication 133, with made-up numbers.

Names of regions are the publication's; masses and fractions are not.
"""

import numpy as np

TARGETS = [
    "O-mucosa",
    "Oesophagus",
    "St-stem",
    "SI-stem",
    "RC-stem",
    "LC-stem",
    "RS-stem",
    "ET1-bas",
    "ET2-bas",
    "LN-ET",
    "Bronch-bas",
    "Bronch-sec",
    "Bchiol-sec",
    "AI",
    "LN-Th",
    "R-marrow",
    "Endost-BS",
    "Brain",
    "Eye-lens",
    "P-gland",
    "Tongue",
    "Tonsils",
    "S-glands",
    "Thyroid",
    "Breast",
    "Thymus",
    "Ht-wall",
    "Adrenals",
    "Liver",
    "Pancreas",
    "Kidneys",
    "Spleen",
    "GB-wall",
    "Ureters",
    "UB-wall",
    "Ovaries",
    "Testes",
    "Prostate",
    "Uterus",
    "LN-Sys",
    "Skin",
    "Adipose",
    "Muscle",
]
SOURCES = [
    "O-cavity",
    "O-mucosa",
    "Teeth-S",
    "Teeth-V",
    "Tongue",
    "Tonsils",
    "Oesophag-s",
    "Oesophag-f",
    "Oesophag-w",
    "St-cont",
    "St-mucosa",
    "St-wall",
    "SI-cont",
    "SI-mucosa",
    "SI-wall",
    "SI-villi",
    "RC-cont",
    "RC-mucosa",
    "RC-wall",
    "LC-cont",
    "LC-mucosa",
    "LC-wall",
    "RS-cont",
    "RS-mucosa",
    "RS-wall",
    "ET1-sur",
    "ET2-sur",
    "ET2-bnd",
    "ET2-seq",
    "LN-ET",
    "Bronchi",
    "Bronchi-b",
    "Bronchi-q",
    "Brchiole",
    "Brchiole-b",
    "Brchiole-q",
    "ALV",
    "LN-Th",
    "Lungs",
    "Adrenals",
    "Blood",
    "C-bone-S",
    "C-bone-V",
    "T-bone-S",
    "T-bone-V",
    "C-marrow",
    "T-marrow",
    "R-marrow",
    "Y-marrow",
    "Brain",
    "Breast",
    "Eye-lens",
    "GB-wall",
    "GB-cont",
    "Ht-wall",
    "Kidneys",
    "Liver",
    "LN-Sys",
    "Ovaries",
    "Pancreas",
    "P-gland",
    "Prostate",
    "S-glands",
    "Skin",
    "Spleen",
    "Testes",
    "Thymus",
    "Thyroid",
    "Ureters",
    "UB-wall",
    "UB-cont",
    "Uterus",
    "Adipose",
    "Cartilage",
    "Muscle",
    "ET1-wall",
    "ET2-wall",
    "Lung-Tis",
    "RT-air",
]
SAME = {"Oesophag-w": "Oesophagus", "Lung-Tis": "AI", "C-bone-S": "Endost-BS"}
SAME |= {f"{g}-wall": f"{g}-stem" for g in ("St", "SI", "RC", "LC", "RS")}
BODY = {"Muscle", "Adipose", "Liver", "Kidneys", "Spleen", "Brain", "Skin", "Teeth-V", "Cartilage"}
BODY |= {"C-bone-V", "T-bone-V", "R-marrow", "Y-marrow", "Lung-Tis", "Ht-wall", "Pancreas"}
ENERGIES = {
    "photon": np.geomspace(0.001, 10, 28),
    "electron": np.geomspace(0.001, 10, 28),
    "alpha": np.linspace(0.5, 12, 24),
}
CROSS = 1e-3


def masses(names, sex):
    """Return made-up masses, heavier for the male, in kg."""
    return {n: (0.05 + 0.02 * i) * (1.0 if sex == "am" else 0.75) for i, n in enumerate(names)}


def saf_lines(sex, particle):
    """Return the lines of one .SAF file."""
    energy, mass = ENERGIES[particle], masses(TARGETS, sex)
    head = f"{len(TARGETS):4d}{len(SOURCES):4d}{'':14s}" + "".join(f"{e:10.5f}" for e in energy)
    lines = [
        "made-up numbers",
        f"phantom {sex}",
        particle.capitalize(),
        head + "   Ecutoff",
        "-" * 40,
    ]
    for source in SOURCES:
        for target in TARGETS:
            own = SAME.get(source, source) == target
            value = 1.0 / mass[target] if own else (0.0 if particle == "alpha" else CROSS)
            values = [value * (1 - 0.4 * i / energy.size) if particle == "photon" else value
                      for i in range(energy.size)]  # fmt: skip
            cut = f"{energy[0]:10.5f}" if particle != "alpha" else f"{energy[0]:5.1f}"
            lines.append(
                f"{target:10s}<-{source:10s}" + "".join(f"{v:10.3E}" for v in values) + cut + "  1"
            )
    return lines


def write_folder(folder, *, sexes=("am", "af")):
    """Write all files of the given phantoms into a folder and return it."""
    date = "2016-08-12"
    for sex in sexes:
        for particle in ENERGIES:
            text = "\n".join(saf_lines(sex, particle)) + "\n"
            (folder / f"rcp-{sex}_{particle}_{date}.SAF").write_text(text)
    lines = ["targets", "name  male  female", f"{len(TARGETS):4d} targets", "-" * 20]
    for name in TARGETS:
        lines.append(
            f"{name:10s}{masses(TARGETS, 'am')[name]:12.6f}{masses(TARGETS, 'af')[name]:12.6f}"
        )
    (folder / f"torgans_{date}.NDX").write_text("\n".join(lines) + "\n")
    lines = ["sources", "male and female", "name mass id mass id", f"{len(SOURCES):4d}", "-" * 20]
    for name in SOURCES:
        known = {s: masses(SOURCES, s)[name] for s in ("am", "af")}
        other = int(name in BODY)
        lines.append(f"{name:10s}{known['am']:12.6f}{other:3d}{known['af']:12.6f}{other:3d}")
    (folder / f"sregions_{date}.NDX").write_text("\n".join(lines) + "\n")
    return folder
