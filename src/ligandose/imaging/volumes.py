"""NIfTI and NRRD volumes: (z, y, x) values and their grid, within bounded memory and time.

NIfTI (nifti.nimh.nih.gov) has RAS millimetres; NRRD (teem.sourceforge.net/nrrd/format.html) says
its space itself. Compressed data are unpacked only as far as the header says they go.
"""

from __future__ import annotations

import gzip
import logging
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import nibabel
import numpy as np
from numpy.typing import NDArray

from ligandose.errors import InputError
from ligandose.imaging.grid import MOST_VOXELS, Grid, grid_from_ras
from ligandose.imaging.header import decoding

MOST_HEADER_BYTES = 1_000_000
MOST_FILE_BYTES = 4_000_000_000
MOST_BYTES = 1_700_000_000
"""Unpacked values of one file; 512 x 512 x 1500 voxels of 4 bytes."""
MOST_CHANNELS = 64
NIFTI_FAULT = 30
"""Level from which nibabel would mend a header (negative spacings, for instance); we refuse it."""
_QUIET = logging.getLogger("ligandose.imaging.volumes")
_QUIET.disabled = True
_NRRD_TYPES = {
    "signed char": "i1", "int8": "i1", "int8_t": "i1", "uchar": "u1", "unsigned char": "u1",
    "uint8": "u1", "uint8_t": "u1", "short": "i2", "signed short": "i2", "int16": "i2",
    "int16_t": "i2", "ushort": "u2", "unsigned short": "u2", "uint16": "u2", "uint16_t": "u2",
    "int": "i4", "signed int": "i4", "int32": "i4", "int32_t": "i4", "uint": "u4",
    "unsigned int": "u4", "uint32": "u4", "uint32_t": "u4", "float": "f4", "double": "f8",
}  # fmt: skip
_SPACES = {
    "left-posterior-superior": (1.0, 1.0, 1.0), "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0), "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0), "las": (1.0, -1.0, 1.0),
}  # fmt: skip
_VECTOR = re.compile(r"none|\([^()]*\)")


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume as its file has it.

    Attributes:
        values: (layers, z, y, x); most files have one layer.
        grid: where the voxels lie (LPS mm).
        fields: key-value pairs of a NRRD header (names of Slicer's segments, for instance).
        source: name of the file.
    """

    values: NDArray[Any]
    grid: Grid
    fields: Mapping[str, str]
    source: str

    def single(self) -> NDArray[Any]:
        """Return the (z, y, x) values; InputError where there are several layers."""
        if len(self.values) != 1:
            raise InputError(f"{self.source}: has {len(self.values)} layers; give one volume")
        return self.values[0]


def is_volume(path: Path) -> bool:
    """Say whether a file's name is that of a NIfTI or NRRD volume."""
    return path.name.lower().endswith((".nii", ".nii.gz", ".nrrd"))


def read_volume(path: Path | str) -> Volume:
    """Read a NIfTI (.nii, .nii.gz) or NRRD (.nrrd) file.

    Raises:
        InputError: no such file, another format, damaged, larger than allowed, or without the
            place of its voxels in the patient.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{file}: no such file")
    if file.stat().st_size > MOST_FILE_BYTES:
        raise InputError(f"{file.name}: larger than {MOST_FILE_BYTES / 1e9:.0f} GB; crop it")
    if not is_volume(file):
        raise InputError(f"{file.name}: not .nii, .nii.gz or .nrrd; convert it, or give DICOM")
    with decoding(file.name):
        found = _read_nrrd(file) if file.name.lower().endswith(".nrrd") else _read_nifti(file)
    if not np.isfinite(found.values).all():
        raise InputError(f"{file.name}: holds values that are not finite; export it again")
    return found


def _read_nifti(file: Path) -> Volume:
    packed = file.name.lower().endswith(".gz")
    with gzip.open(file, "rb") if packed else file.open("rb") as stream:
        start = stream.read(540)
        two = start[:2] in (b"\x1c\x02", b"\x02\x1c") or start[4:7] == b"n+2"
        kind: Any = nibabel.Nifti2Image if two else nibabel.Nifti1Image
        size = 540 if two else 348
        header: Any = kind.header_class(start[:size], check=False)
        header.check_fix(logger=_QUIET, error_level=NIFTI_FAULT)
        shape = tuple(int(n) for n in header.get_data_shape())
        if not 3 <= len(shape) <= 4 or min(shape) < 1:
            raise InputError(f"{file.name}: has the shape {shape}; give one volume (z, y, x)")
        _bound(file.name, shape)
        length = int(header["vox_offset"]) + int(np.prod(shape)) * header.get_data_dtype().itemsize
        if not 0 < length <= MOST_BYTES:
            raise InputError(f"{file.name}: would unpack to {length:.3g} bytes; crop it")
        raw = start + stream.read(length - len(start))
    if len(raw) < length:
        raise InputError(f"{file.name}: ends after {len(raw)} of {length} bytes; copy it again")
    _check_nifti(header, file.name)
    image: Any = kind.from_bytes(raw)
    values = np.asanyarray(image.dataobj)
    values = np.moveaxis(values, -1, 0) if values.ndim == 4 else values[None]
    values = values.transpose(0, 3, 2, 1)
    grid = grid_from_ras(values.shape[1:], image.affine)
    return Volume(np.ascontiguousarray(values), grid, {}, file.name)


def _check_nifti(header: Any, name: str) -> None:
    if int(header["qform_code"]) == 0 and int(header["sform_code"]) == 0:
        raise InputError(
            f"{name}: states no place of its voxels (qform and sform codes are 0); save it with "
            "its affine"
        )
    unit = str(header.get_xyzt_units()[0])
    if unit not in ("mm", "unknown"):
        raise InputError(f"{name}: lengths are in {unit}; save it in mm")


def _bound(name: str, shape: tuple[int, ...]) -> None:
    if min(shape) < 1 or float(np.prod(np.array(shape, np.float64))) > MOST_VOXELS:
        raise InputError(f"{name}: has the shape {shape}; allowed are {MOST_VOXELS:.3g} voxels")


def _read_nrrd(file: Path) -> Volume:
    with file.open("rb") as stream:
        fields, pairs = _nrrd_header(stream, file.name)
        sizes = tuple(int(n) for n in _field(fields, "sizes", file.name).split())
        _bound(file.name, sizes)
        dtype = _nrrd_dtype(fields, file.name)
        if "data file" in fields or "datafile" in fields:
            raise InputError(f"{file.name}: its data lie in another file; save it as one .nrrd")
        count = int(np.prod(sizes))
        if count * dtype.itemsize > MOST_BYTES:
            raise InputError(f"{file.name}: would unpack to {count * dtype.itemsize:.3g} bytes")
        raw = _nrrd_bytes(stream, fields, count * dtype.itemsize, file.name)
    values = np.frombuffer(raw, dtype, count=count).reshape(sizes, order="F").T
    axes, grid_affine = _nrrd_place(fields, file.name)
    if len(sizes) not in (3, 4) or axes.count(False) != len(sizes) - 3:
        raise InputError(f"{file.name}: {len(sizes)} axes, of which three must lie in space")
    # .T turned the axes round: the fastest is the last now
    layered = values[None] if len(sizes) == 3 else np.moveaxis(values, 3 - axes.index(False), 0)
    if len(layered) > MOST_CHANNELS:
        raise InputError(f"{file.name}: {len(layered)} layers, allowed are {MOST_CHANNELS}")
    depth, rows, columns = layered.shape[1:]
    return Volume(layered, Grid((depth, rows, columns), grid_affine), pairs, file.name)


def _nrrd_header(stream: Any, name: str) -> tuple[dict[str, str], dict[str, str]]:
    fields: dict[str, str] = {}
    pairs: dict[str, str] = {}
    if not stream.readline(64).startswith(b"NRRD000"):
        raise InputError(f"{name}: does not begin with NRRD000x; it is no NRRD file")
    used = 0
    while True:
        line = cast("bytes", stream.readline(MOST_HEADER_BYTES))
        used += len(line)
        if not line or used > MOST_HEADER_BYTES:
            raise InputError(f"{name}: the header has no end; damaged")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            return fields, pairs
        if text.startswith("#"):
            continue
        if ":=" in text:
            key, value = text.split(":=", 1)
            pairs[key] = value
        elif ": " in text:
            key, value = text.split(": ", 1)
            fields[key.strip().lower()] = value.strip()


def _field(fields: Mapping[str, str], key: str, name: str) -> str:
    if key not in fields:
        raise InputError(f"{name}: the NRRD header has no {key!r}; save it again")
    return fields[key]


def _nrrd_dtype(fields: Mapping[str, str], name: str) -> np.dtype[Any]:
    word = _field(fields, "type", name).lower()
    if word not in _NRRD_TYPES:
        raise InputError(f"{name}: type {word!r}, allowed are {', '.join(sorted(_NRRD_TYPES))}")
    order = ">" if fields.get("endian", "little").lower() == "big" else "<"
    return np.dtype(order + _NRRD_TYPES[word])


def _nrrd_bytes(stream: Any, fields: Mapping[str, str], length: int, name: str) -> bytes:
    """Return the data, unpacked no further than their stated length."""
    encoding = _field(fields, "encoding", name).lower()
    if int(fields.get("line skip", "0")) or int(fields.get("byte skip", "0")):
        raise InputError(f"{name}: skips lines or bytes; save it as an ordinary .nrrd")
    if encoding == "raw":
        raw = cast("bytes", stream.read(length))
    elif encoding in ("gzip", "gz"):
        unpack = zlib.decompressobj(wbits=31)
        parts: list[bytes] = []
        left = length
        while left > 0 and not unpack.eof:
            block = unpack.unconsumed_tail or cast("bytes", stream.read(1 << 20))
            if not block:
                break
            part = unpack.decompress(block, left)
            parts.append(part)
            left -= len(part)
        raw = b"".join(parts)
    else:
        raise InputError(f"{name}: encoding {encoding!r}, allowed are raw and gzip")
    if len(raw) < length:
        raise InputError(f"{name}: holds {len(raw)} of {length} bytes; copy it again")
    return raw


def _nrrd_place(fields: Mapping[str, str], name: str) -> tuple[list[bool], NDArray[np.float64]]:
    """Return which axes lie in space and the affine from (column, row, slice) to LPS mm."""
    space = _field(fields, "space", name).lower()
    if space not in _SPACES:
        raise InputError(f"{name}: space is {space!r}, allowed are {', '.join(sorted(_SPACES))}")
    units = set(re.findall(r'"([^"]*)"', fields.get("space units", "")))
    if not units <= {"mm", ""}:
        raise InputError(f"{name}: space units are {', '.join(sorted(units))}; save it in mm")
    words = _VECTOR.findall(_field(fields, "space directions", name))
    vectors = [_vector(word, name) for word in words if word != "none"]
    if len(vectors) != 3:
        raise InputError(f"{name}: {len(vectors)} space directions, three are needed")
    affine = np.eye(4)
    affine[:3, :3] = np.array(vectors).T
    affine[:3, 3] = _vector(_field(fields, "space origin", name), name)
    return [word != "none" for word in words], np.diag([*_SPACES[space], 1.0]) @ affine


def _vector(word: str, name: str) -> list[float]:
    numbers = [float(v) for v in word.strip("() ").split(",")]
    if len(numbers) != 3:
        raise InputError(f"{name}: {word!r:.60} is no vector of three numbers")
    return numbers
