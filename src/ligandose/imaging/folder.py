"""What lies in a folder of DICOM files: its series, found by their headers alone."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import filereader
from pydicom.uid import DeflatedExplicitVRLittleEndian

from ligandose.errors import InputError
from ligandose.imaging.header import Header, decoding, short_name

_reader: Any = filereader  # pydicom leaves parts of the types of its readers open

MOST_FILES = 50_000
MOST_FILE_BYTES = 4_000_000_000
_KEYWORDS = (
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "Modality",
    "SeriesDescription", "FrameOfReferenceUID", "SeriesNumber", "ImageType", "NumberOfFrames",
)  # fmt: skip


@dataclass(frozen=True)
class Series:
    """One DICOM series.

    Attributes:
        uid: SeriesInstanceUID.
        modality: such as "CT", "PT", "NM", "SEG", "RTSTRUCT".
        description: SeriesDescription; may name people, so it is never written.
        frame_of_reference: FrameOfReferenceUID, "" where there is none.
        files: its files, sorted by name.
    """

    uid: str
    modality: str
    description: str
    frame_of_reference: str
    files: tuple[Path, ...]

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"series {self.description or self.uid!r} ({self.modality}, {len(self.files)} files)"


def find_series(folder: Path | str) -> list[Series]:
    """Return the series in a folder and its subfolders, ordered by modality and UID.

    Files without the DICOM preamble and DICOMDIR are passed over.

    Raises:
        InputError: no such folder, no DICOM file in it, a damaged file, the same image twice, or
            a series whose files differ in modality or frame of reference.
    """
    groups: dict[str, list[tuple[Path, Header]]] = {}
    seen: dict[str, Path] = {}
    for path in dicom_files(folder):
        header = Header(read_dataset(path, keywords=_KEYWORDS), short_name(path))
        uid, instance = header.text("SeriesInstanceUID"), header.text("SOPInstanceUID")
        if not uid or not instance:
            raise InputError(f"{header.place}: has no SeriesInstanceUID or SOPInstanceUID; damaged")
        if instance in seen:
            raise InputError(
                f"{header.place}: is the same image as {short_name(seen[instance])} "
                f"(SOPInstanceUID {instance}); remove one copy"
            )
        seen[instance] = path
        groups.setdefault(uid, []).append((path, header))
    found = [_series(uid, members) for uid, members in groups.items()]
    if not found:
        raise InputError(f"{folder}: holds no DICOM file; give the folder of the exported series")
    return sorted(found, key=lambda s: (s.modality, s.uid))


def one_series(folder: Path | str, modalities: Iterable[str], *, uid: str = "") -> Series:
    """Return the one series of a folder that has one of the modalities (and the UID, if given).

    Raises:
        InputError: none, or more than one, with what to choose from.
    """
    wanted = tuple(modalities)
    everything = find_series(folder)
    found = [s for s in everything if s.modality in wanted and uid in ("", s.uid)]
    if len(found) == 1:
        return found[0]
    listed = "; ".join(f"{s.uid} {s.label}" for s in (found or everything)[:6])
    kind = "/".join(wanted)
    if not found:
        raise InputError(f"{folder}: no {kind} series{f' {uid}' if uid else ''}; there is {listed}")
    raise InputError(
        f"{folder}: {len(found)} {kind} series; name one with `series: UID`, or give a folder "
        f"with one only: {listed}"
    )


def dicom_files(folder: Path | str) -> list[Path]:
    """Return the DICOM files of a folder (or the one file), sorted."""
    root = Path(folder)
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise InputError(f"{root}: no such folder or file; give that of the exported images")
    found: list[Path] = []
    for place, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            if name.upper() != "DICOMDIR" and _has_preamble(path):
                found.append(path)
            if len(found) > MOST_FILES:
                raise InputError(f"{root}: more than {MOST_FILES} DICOM files; give one patient's")
    return found


def read_dataset(path: Path, *, keywords: Iterable[str] | None = None) -> Any:
    """Return the data set of a file: everything, or the named elements without pixels.

    Raises:
        InputError: not DICOM, damaged, larger than MOST_FILE_BYTES, or deflated (a small file
            can unpack to any size).
    """
    place = short_name(path)
    with decoding(place):
        if path.stat().st_size > MOST_FILE_BYTES:
            raise InputError(f"{place}: larger than {MOST_FILE_BYTES / 1e9:.0f} GB; split it")
        if not _has_preamble(path):
            raise InputError(f"{place}: is not a DICOM file (no DICM preamble); export it again")
        syntax = str(_reader.read_file_meta_info(path).get("TransferSyntaxUID", ""))
        if syntax == DeflatedExplicitVRLittleEndian:
            raise InputError(f"{place}: is deflated; unpack it first, as with dcmconv +te")
        if keywords is None:
            return _reader.dcmread(path)
        return _reader.dcmread(path, stop_before_pixels=True, specific_tags=list(keywords))


def _has_preamble(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return _reader.read_preamble(stream, force=True) is not None
    except (OSError, EOFError):
        return False


def _series(uid: str, members: list[tuple[Path, Header]]) -> Series:
    first = members[0][1]

    def same(keyword: str) -> str:
        values = {header.text(keyword) for _, header in members}
        if len(values) > 1:
            shown = ", ".join(sorted(values)[:4])
            raise InputError(
                f"{first.place} and others of series {uid}: {keyword} differs ({shown}); these "
                "are several series under one UID: export them apart"
            )
        return values.pop()

    return Series(
        uid=uid,
        modality=same("Modality"),
        description=first.text("SeriesDescription"),
        frame_of_reference=same("FrameOfReferenceUID"),
        files=tuple(sorted(path for path, _ in members)),
    )
