"""Ligandose: targeted radionuclide therapy from target to plan (research software)."""

__version__ = "0.1.0"
