"""Nuclide names: any usual spelling in, "Tc-99m" out."""

from __future__ import annotations

import re

from ligandose.errors import InputError

_ELEMENTS = (
    "n H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As "
    "Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd "
    "Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am "
    "Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
)
SYMBOLS = tuple(_ELEMENTS.split())
"""Chemical symbols by atomic number; "n" stands at 0."""

_BY_LOWER_CASE = {symbol.lower(): symbol for symbol in SYMBOLS[1:]}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹ᵐⁿ", "0123456789mn")
_DASHES = str.maketrans("‐‑‒–—−", "------")
_SYMBOL_FIRST = re.compile(r"([A-Za-z]{1,2})[-\s]?(\d{1,3})(m1?|m2|n|)", re.IGNORECASE)
_PLAIN = re.compile(r"(\d{1,3})[-\s]?([A-Za-z]{1,2})")
_ISOMER_FIRST = re.compile(r"(\d{1,3})(m1?|m2|n)[-\s]?([A-Za-z]{1,2})", re.IGNORECASE)
_ISOMER_FIRST_BY_CASE = re.compile(r"(\d{1,3})(m1?|m2|n)[-\s]?([A-Z][a-z]?)")
_ISOMER = {"": "", "m": "m", "m1": "m", "m2": "n", "n": "n"}


def canonical_name(name: str) -> str:
    """Return a nuclide name as "Symbol-Amass[m|n]", whether or not it is in the tables.

    "177Lu", "Lu177", "lu-177", "¹⁷⁷Lu" give "Lu-177"; "99mTc", "Tc-99m1" give "Tc-99m"; the second
    isomer is "n" ("Hf-177m2" gives "Hf-177n").

    >>> canonical_name("¹⁷⁷Lu"), canonical_name("99mTc"), canonical_name("ac225")
    ('Lu-177', 'Tc-99m', 'Ac-225')

    Raises:
        InputError: the text has not the form of a nuclide name.
    """
    text = name.strip().translate(_SUPERSCRIPTS).translate(_DASHES)
    for symbol, number, isomer in _readings(text):
        proper = _BY_LOWER_CASE.get(symbol.lower())
        if proper is not None:
            return f"{proper}-{int(number)}{_ISOMER[isomer.lower()]}"
    raise InputError(f"{name!r} is not a nuclide name; write it like Lu-177, 177Lu or Tc-99m")


def _readings(text: str) -> list[tuple[str, str, str]]:
    """Return the (symbol, mass number, isomer) that the text can mean, the likeliest first.

    "99mTc" is mass, isomer, symbol. Case tells "52mN" (an isomer of nitrogen) from "52Mn"; where
    case does not help ("52mn") the element with the longer symbol is meant.
    """
    readings: list[tuple[str, str, str]] = []
    if found := _SYMBOL_FIRST.fullmatch(text):
        readings.append((found[1], found[2], found[3]))
    if found := _ISOMER_FIRST_BY_CASE.fullmatch(text):
        readings.append((found[3], found[1], found[2]))
    if found := _PLAIN.fullmatch(text):
        readings.append((found[2], found[1], ""))
    if found := _ISOMER_FIRST.fullmatch(text):
        readings.append((found[3], found[1], found[2]))
    return readings
