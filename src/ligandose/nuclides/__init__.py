"""What decays: half-lives, chains, emissions and beta spectra of the shipped nuclides."""

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
    "EMISSION_KINDS",
    "ENERGY_KINDS",
    "BetaSpectrum",
    "DecayChain",
    "DecayMode",
    "Emission",
    "EmissionKind",
    "Lines",
    "Nuclide",
    "alpha_lines",
    "beta_bins",
    "beta_spectrum",
    "canonical_name",
    "decay_chain",
    "electron_lines",
    "lines",
    "nuclide",
    "nuclide_document",
    "nuclides",
    "photon_lines",
    "provenance",
    "recoil_lines",
    "spectrum_curves",
]
