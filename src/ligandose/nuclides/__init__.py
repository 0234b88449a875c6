"""What decays: half-lives, chains, emissions and beta spectra of the shipped nuclides."""

from ligandose.nuclides.auger import (
    ATOMIC_KINDS,
    AtomicKind,
    AtomicLine,
    Vacancies,
    atomic_lines,
    fine_electron_lines,
    fine_x_lines,
    vacancies,
)
from ligandose.nuclides.chain import DecayChain, decay_chain
from ligandose.nuclides.describe import nuclide_document, provenance, spectrum_curves
from ligandose.nuclides.names import canonical_name
from ligandose.nuclides.spectra import (
    BetaSpectrum,
    Lines,
    alpha_lines,
    beta_bins,
    beta_spectrum,
    electron_lines,
    lines,
    photon_lines,
    recoil_lines,
)
from ligandose.nuclides.table import (
    EMISSION_KINDS,
    ENERGY_KINDS,
    DecayMode,
    Emission,
    EmissionKind,
    Nuclide,
    nuclide,
    nuclides,
)

__all__ = [
    "ATOMIC_KINDS",
    "EMISSION_KINDS",
    "ENERGY_KINDS",
    "AtomicKind",
    "AtomicLine",
    "BetaSpectrum",
    "DecayChain",
    "DecayMode",
    "Emission",
    "EmissionKind",
    "Lines",
    "Nuclide",
    "Vacancies",
    "alpha_lines",
    "atomic_lines",
    "beta_bins",
    "beta_spectrum",
    "canonical_name",
    "decay_chain",
    "electron_lines",
    "fine_electron_lines",
    "fine_x_lines",
    "lines",
    "nuclide",
    "nuclide_document",
    "nuclides",
    "photon_lines",
    "provenance",
    "recoil_lines",
    "spectrum_curves",
    "vacancies",
]
