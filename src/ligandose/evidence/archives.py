"""Files of a user unpacked to plain text, within bounds.

A table may come plain, gzipped, or as one or more members of a zip. Whatever it is, it is
written line by line to a scratch folder as UTF-8 text with `\\n` line ends and without its header,
while its size, its encoding and the number of fields of every line are checked. Everything after
this reads only that text.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from ligandose.errors import InputError

CHUNK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 1 << 20
MOST_MEMBERS = 64
HIGHEST_RATIO = 200.0
"""Unpacked to packed size. Tables of the Human Protein Atlas reach 10 to 30."""
RATIO_FREE_BYTES = 8 << 20
"""Below this size the ratio does not matter: a small file does no harm."""
MOST_BYTES = 2 << 30
"""Unpacked size of all files of one import together."""

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_NESTED = (".zip", ".gz", ".bz2", ".xz", ".zst", ".7z", ".tar", ".tgz", ".rar")


@dataclass
class Budget:
    """Bytes that may still be unpacked in this import."""

    left: int = MOST_BYTES

    def take(self, count: int, where: str) -> None:
        """Count `count` bytes; InputError where the import gets too large."""
        self.left -= count
        if self.left < 0:
            raise InputError(
                f"{where}: the files of one import unpack to more than {MOST_BYTES >> 30} GiB; "
                "import fewer at a time, and check that the file is what you expect"
            )


@dataclass(frozen=True)
class Member:
    """One table inside a file of the user.

    Attributes:
        path: the file.
        name: the member of a zip, "" for a file that holds one table.
        shown: the user's file, where `path` is a text made from it.
    """

    path: Path
    name: str = ""
    shown: str = ""

    @property
    def where(self) -> str:
        """How messages name the table."""
        return f"{self.path} ({self.name})" if self.name else self.shown or str(self.path)

    @property
    def label(self) -> str:
        """The innermost file name, which may tell the edition."""
        return self.name or Path(self.shown or self.path).name


@dataclass
class StagedText:
    """A table as checked plain text.

    Attributes:
        member: where it came from.
        path: lines without the header, fields parted by tabs.
        header: names of the columns as the file has them.
        quoted: whether fields may stand in double quotes.
        lines: how many.
        sha256: of the unpacked bytes as they came.
        notes: what is odd and harmless.
    """

    member: Member
    path: Path
    header: list[str]
    quoted: bool
    lines: int
    sha256: str
    notes: list[str] = field(default_factory=list[str])

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (line number in the user's file, fields) for messages; slow, for errors only."""
        with self.path.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=2):
                fields = line.rstrip("\n").split("\t")
                yield number, [f.strip('" ') if self.quoted else f.strip() for f in fields]


def is_workbook(path: Path) -> bool:
    """Whether a file is an Excel workbook (.xlsx, itself a zip)."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def members_of(path: Path) -> list[Member]:
    """Return the tables inside a file; InputError for a file that holds none."""
    if not os.path.exists(path):
        raise InputError(f"{path}: no such file; give a table as downloaded (tsv, gz or zip)")
    if not os.path.isfile(path):
        raise InputError(f"{path}: not a file")
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if not magic:
        raise InputError(f"{path}: the file is empty; download it again")
    if magic not in _ZIP:
        return [Member(path)]
    with _archive(path) as archive:
        return [Member(path, info.filename) for info in _tables_in(path, archive)]


def stage(member: Member, target: Path, budget: Budget) -> StagedText:
    """Unpack a table to `target` as checked text.

    Raises:
        InputError: truncated, not text, not UTF-8, too large, lines of unequal numbers of fields.
    """
    try:
        with _opened(member, budget) as stream:
            return _copy(member, stream, target)
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise InputError(
            f"{member.where}: the compressed data is cut short or damaged ({error}); "
            "download the file again"
        ) from error
    except OSError as error:
        raise storage_error(error, member.where, target) from error


def storage_error(error: OSError, where: str, target: Path) -> InputError:
    """Return what to tell of a failed read or write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return InputError(
            f"{target.parent}: no space left while {where} was unpacked; free some space or put "
            "the store elsewhere (--store FILE); the store is as it was"
        )
    return InputError(f"{where}: cannot be read or unpacked ({error.strerror or error})")


@contextmanager
def _archive(path: Path) -> Generator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise InputError(
            f"{path}: the zip is cut short or damaged ({error}); download the file again"
        ) from error


def _tables_in(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    found = [info for info in archive.infolist() if not _is_litter(info)]
    if not found:
        raise InputError(f"{path}: the zip holds no file; download it again")
    if len(found) > MOST_MEMBERS:
        raise InputError(
            f"{path}: the zip holds {len(found)} files, at most {MOST_MEMBERS} are read; "
            "unpack the tables that you need"
        )
    for info in found:
        if info.filename.lower().endswith(_NESTED):
            raise InputError(
                f"{path} ({info.filename}): an archive inside an archive is not read; "
                "unpack it and import what it holds"
            )
        if info.flag_bits & 0x1:
            raise InputError(f"{path} ({info.filename}): encrypted; unpack it first")
    return found


def _is_litter(info: zipfile.ZipInfo) -> bool:
    name = info.filename
    hidden = name.rsplit("/", 1)[-1].startswith(".")
    return info.is_dir() or name.startswith("__MACOSX/") or hidden


@contextmanager
def _opened(member: Member, budget: Budget) -> Generator[_Bounded]:
    if member.name:
        with _archive(member.path) as archive, archive.open(member.name) as stream:
            packed = archive.getinfo(member.name).compress_size
            yield _Bounded(stream, packed, budget, member.where)
        return
    with member.path.open("rb") as raw:
        packed = member.path.stat().st_size
        if raw.read(2) != _GZIP:
            raw.seek(0)
            yield _Bounded(raw, packed, budget, member.where)
            return
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) as stream:
            yield _Bounded(cast("IO[bytes]", stream), packed, budget, member.where)


class _Bounded:
    """Reads chunks of an unpacked stream and stops where it grows out of proportion."""

    def __init__(self, stream: IO[bytes], packed: int, budget: Budget, where: str) -> None:
        self._stream, self._budget, self._where = stream, budget, where
        self._most = max(RATIO_FREE_BYTES, int(packed * HIGHEST_RATIO))
        self._seen = 0

    def chunks(self) -> Iterator[bytes]:
        while chunk := self._stream.read(CHUNK_BYTES):
            self._seen += len(chunk)
            self._budget.take(len(chunk), self._where)
            if self._seen > self._most:
                raise InputError(
                    f"{self._where}: unpacks to more than {HIGHEST_RATIO:.0f} times its size, as "
                    "archives made to do harm do; unpack it yourself if you trust it"
                )
            yield chunk


def _copy(member: Member, stream: _Bounded, target: Path) -> StagedText:
    digest = hashlib.sha256()
    rest = b""
    with target.open("wb") as out:
        writer = _Writer(member, out)
        for chunk in stream.chunks():
            digest.update(chunk)
            whole, mark, rest = (rest + chunk).rpartition(b"\n")
            if len(rest) > LONGEST_LINE_BYTES:
                raise InputError(
                    f"{member.where} line {writer.seen + 1}: longer than "
                    f"{LONGEST_LINE_BYTES >> 20} MiB; this is not a table with one row a line"
                )
            if mark:
                writer.write(whole)
        notes: list[str] = []
        if rest:
            writer.write(rest)
            notes.append("the last line has no line end; the file may have been cut there")
    if not writer.header:
        raise InputError(f"{member.where}: the table is empty; download it again")
    if not writer.rows:
        raise InputError(f"{member.where}: the table has a header and no rows; download it again")
    return StagedText(
        member, target, writer.header, writer.quoted, writer.rows, digest.hexdigest(), notes
    )


class _Writer:
    """Checks lines and writes the rows."""

    def __init__(self, member: Member, out: IO[bytes]) -> None:
        self.member, self.out = member, out
        self.header: list[str] = []
        self.quoted = False
        self.seen = 0
        self.rows = 0
        self._blank = 0

    def write(self, block: bytes) -> None:
        """Take whole lines, without the last line end."""
        lines = _lines(block, self.member, self.seen)
        first = self.seen + 1
        self.seen += len(lines)
        if not self.header:
            self.header, self.quoted = _header(lines.pop(0), self.member)
            first += 1
        tabs = len(self.header) - 1
        good: list[bytes] = []
        for number, line in enumerate(lines, start=first):
            if line.count(b"\t") == tabs and not self._blank:
                good.append(line)
            elif not line.strip():
                self._blank = self._blank or number
            else:
                self._refuse(number, line)
        if good:
            self.out.write(b"\n".join(good) + b"\n")
            self.rows += len(good)

    def _refuse(self, number: int, line: bytes) -> None:
        if self._blank:
            raise InputError(
                f"{self.member.where} line {self._blank}: an empty line inside the table; "
                "take the table as downloaded"
            )
        fields = line.count(b"\t") + 1
        raise InputError(
            f"{self.member.where} line {number}: {fields} fields, the header has "
            f"{len(self.header)}; the row is cut short or the file was edited; download it again"
        )


def _lines(block: bytes, member: Member, before: int) -> list[bytes]:
    """Split a block into lines of checked text."""
    if before == 0:
        _refuse_other_encodings(block, member)
        block = block.removeprefix(b"\xef\xbb\xbf")
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        line = before + block.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{member.where} line {line}: byte 0x{block[error.start]:02x} is not UTF-8 text; "
            "take the table as downloaded, or save it again as UTF-8"
        ) from error
    if (zero := block.find(b"\0")) >= 0:
        line = before + block.count(b"\n", 0, zero) + 1
        raise InputError(f"{member.where} line {line}: a zero byte; this is not a text table")
    return block.replace(b"\r\n", b"\n").removesuffix(b"\r").split(b"\n")


def _refuse_other_encodings(block: bytes, member: Member) -> None:
    if block[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{member.where}: UTF-16 text; save it again as UTF-8")
    if block.lstrip()[:5].lower() in (b"<!doc", b"<html"):
        raise InputError(
            f"{member.where}: a web page, not a table; the download went wrong, try again"
        )


def _header(line: bytes, member: Member) -> tuple[list[str], bool]:
    text = line.decode("utf-8")
    if "\t" not in text:
        raise InputError(
            f"{member.where}: the first line has no tabs ({text[:60]!r}); a table with columns "
            "parted by tabs is expected, as downloaded"
        )
    quoted = text.startswith('"')
    names = [name.strip().strip('"').strip() for name in text.split("\t")]
    if double := sorted({n for n in names if n and names.count(n) > 1}):
        raise InputError(f"{member.where}: column {double[0]!r} is there more than once")
    return names, quoted
