"""Read the JEFF-4.0 radioactive decay library as it is carried by the sandy distribution."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from endf.mf8 import parse_mf8_mt457

from ligandose.nuclides.names import SYMBOLS

ARCHIVE = "decay_jeff_40.tar.xz"
MEMBER = "decay_jeff_40.dat"

ISOMER_LETTERS = ("", "m", "n", "o")

Key = tuple[int, int, int]
"""(Z, A, isomer number)"""


@dataclass(frozen=True)
class Evaluation:
    """One nuclide of the library: parsed MF8/MT457 and the evaluator's text of MF1/MT451."""

    key: Key
    data: dict[str, Any]
    text: tuple[str, ...]

    @property
    def name(self) -> str:
        return name_of(self.key)

    @property
    def stable(self) -> bool:
        return self.data["NST"] == 1

    @property
    def origin(self) -> str:
        """The evaluation that JEFF took over (DDEP, ENSDF, IAEA, UKPADD, UKHEDD, NUBASE)."""
        for line in self.text:
            if "Original data taken from:" in line:
                found = line.split(":", 1)[1].strip(" *").split()
                return re.sub(r"\d+$", "", found[0])
        return "unstated"


def name_of(key: Key) -> str:
    """Return "Tc-99m" for (43, 99, 1)."""
    z, a, isomer = key
    return f"{SYMBOLS[z]}-{a}{ISOMER_LETTERS[isomer]}"


def key_of(name: str) -> Key:
    """Return (43, 99, 1) for "Tc-99m"."""
    symbol, number = name.split("-")
    isomer = ISOMER_LETTERS.index(number[-1]) if number[-1].isalpha() else 0
    return SYMBOLS.index(symbol), int(number.rstrip("mno")), isomer


def library_bytes(archive_name: str = ARCHIVE) -> bytes:
    """Return the only file of an archive inside the installed sandy distribution."""
    folder = resources.files("sandy") / "appendix" / "onefile_archives"
    with (
        (folder / archive_name).open("rb") as packed,
        tarfile.open(fileobj=packed, mode="r:xz") as archive,
    ):
        member = archive.extractfile(archive.getmembers()[0])
        if member is None:
            raise FileNotFoundError(f"{archive_name} holds no file")
        return member.read()


def _sections(content: bytes) -> dict[int, dict[str, list[str]]]:
    """Return for each material number its lines of MF1/MT451 and MF8/MT457."""
    sections: dict[int, dict[str, list[str]]] = {}
    for line in content.decode("latin-1").splitlines(keepends=True):
        place = line[70:75]
        if place in (" 1451", " 8457"):
            material = sections.setdefault(int(line[66:70]), {})
            material.setdefault(place, []).append(line)
    return sections


@dataclass(frozen=True)
class Library:
    """The whole library, parsed when asked for, nuclide by nuclide."""

    sha256: str
    materials: dict[Key, dict[str, list[str]]]

    def __contains__(self, key: Key) -> bool:
        return key in self.materials

    @cache  # noqa: B019 - the one library lives as long as the script
    def __getitem__(self, key: Key) -> Evaluation:
        lines = self.materials[key]
        data = parse_mf8_mt457(io.StringIO("".join(lines[" 8457"])))
        text = tuple(line[:66].rstrip() for line in lines[" 1451"])
        return Evaluation(key, data, text)

    def __hash__(self) -> int:
        return hash(self.sha256)


def _endf_float(field: str) -> float:
    return float(re.sub(r"([0-9.])([+-])", r"\1e\2", field.strip()))


@cache
def load_library(archive_name: str = ARCHIVE) -> Library:
    """Return a decay library with every material under its (Z, A, isomer)."""
    content = library_bytes(archive_name)
    materials: dict[Key, dict[str, list[str]]] = {}
    for lines in _sections(content).values():
        if " 8457" not in lines:
            continue
        head = lines[" 8457"][0]
        za, isomer = int(_endf_float(head[:11])), int(head[33:44])
        materials[(za // 1000, za % 1000, isomer)] = lines
    return Library(hashlib.sha256(content).hexdigest(), materials)


def progeny_key(parent: Key, mode: dict[str, Any]) -> Key | None:
    """Return what a decay mode leaves behind; None for spontaneous fission.

    RTYP is a chain of digits: 1 beta-, 2 EC/beta+, 3 IT, 4 alpha, 5 neutron, 6 SF, 7 proton
    (ENDF-102, MF8/MT457).
    """
    z, a, _ = parent
    for digit in f"{float(mode['RTYP']):.6f}".replace(".", "").rstrip("0"):
        if digit == "6":
            return None
        dz, da = {"1": (1, 0), "2": (-1, 0), "3": (0, 0), "4": (-2, -4), "5": (0, -1),
                  "7": (-1, -1)}[digit]  # fmt: skip
        z, a = z + dz, a + da
    return z, a, int(mode["RFS"])


def chain_keys(library: Library, starts: list[Key]) -> list[Key]:
    """Return the given nuclides and all that they decay to, sorted by (Z, A, isomer)."""
    found: set[Key] = set()
    waiting = list(starts)
    while waiting:
        key = waiting.pop()
        if key in found:
            continue
        found.add(key)
        for mode in library[key].data.get("modes", []):
            progeny = progeny_key(key, mode)
            if progeny is not None:
                waiting.append(progeny)
    return sorted(found)
