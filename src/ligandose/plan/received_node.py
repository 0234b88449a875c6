"""A DICOM node that takes images from a PACS: C-ECHO and C-STORE, nothing else.

What comes is written as it came, patient data included: the folder is for its owner alone. File
names are made of UIDs that were checked, never of texts in the data.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any
from weakref import WeakSet

from ligandose.errors import InputError, LigandoseError

LOOPBACK = "127.0.0.1"
PORT = 11112
AET = "LIGANDOSE"
MOST_BYTES = 4_000_000_000
"""Of one object, as `ligandose.imaging` reads them."""
MOST_ASSOCIATIONS = 8
LEAST_FREE_BYTES = 1_000_000_000
TIMEOUT_S = 60.0
LOG = "received.jsonl"
SUCCESS, OUT_OF_RESOURCES, CANNOT_UNDERSTAND, FAILURE = 0x0000, 0xA700, 0xC000, 0x0110
_UID = re.compile(r"(?=.{1,64}\Z)(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_AET = re.compile(r"(?=.*\S)[\x20-\x5b\x5d-\x7e]{1,16}")
_MODALITY = re.compile(r"[A-Z0-9_]{1,16}")


@dataclass
class DicomNode:
    """A node that listens while it is entered.

    Attributes:
        out: where studies go: out/STUDY/MODALITY_SERIES/INSTANCE.dcm.
        port, host, aet: where it listens, and its AE title; port 0 takes a free one.
        most_bytes: of one object; a larger one ends its association.
        say: called with one line for each thing that happens.
        stored, refused: numbers of objects.
    """

    out: Path
    port: int = PORT
    host: str = LOOPBACK
    aet: str = AET
    most_bytes: int = MOST_BYTES
    say: Callable[[str], None] = print
    stored: int = 0
    refused: int = 0
    _server: Any = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _sizes: dict[int, int] = field(default_factory=dict[int, int], repr=False)
    _ended: WeakSet[Any] = field(default_factory=WeakSet[Any], repr=False)

    def __enter__(self) -> DicomNode:
        """Begin to listen.

        Raises:
            InputError: an AE title that is none, a port that is taken, a folder that cannot be
                written.
            LigandoseError: pynetdicom is not installed.
        """
        if not _AET.fullmatch(self.aet):
            raise InputError(f"--aet {self.aet!r}: an AE title has 1 to 16 plain characters")
        try:
            self.out.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise InputError(f"--out {self.out}: {error.strerror or error}") from error
        if not os.access(self.out, os.W_OK | os.X_OK):
            raise InputError(f"--out {self.out}: no permission to write; give another folder")
        dicom, events = _pynetdicom()
        entity: Any = dicom.AE(ae_title=self.aet)
        entity.require_called_aet = True
        entity.maximum_associations = MOST_ASSOCIATIONS
        entity.network_timeout = entity.acse_timeout = entity.dimse_timeout = TIMEOUT_S
        for context in dicom.AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax, dicom.ALL_TRANSFER_SYNTAXES)
        entity.add_supported_context("1.2.840.10008.1.1")
        handlers = [
            (events.EVT_C_STORE, self._store),
            (events.EVT_C_ECHO, self._echo),
            (events.EVT_PDU_RECV, self._count),
            (events.EVT_CONN_CLOSE, self._forget),
        ]
        try:
            self._server = entity.start_server(
                (self.host, self.port), block=False, evt_handlers=handlers
            )
        except OSError as error:
            raise InputError(
                f"--host {self.host} --port {self.port}: {error.strerror or error}; give another "
                "port"
            ) from error
        self.port = int(self._server.server_address[1])
        self.say(f"{self.aet} listens on {self.host}:{self.port}; studies go to {self.out}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def _echo(self, event: Any) -> int:
        self._log(event, "echo", {})
        return SUCCESS

    def _count(self, event: Any) -> None:
        """Add up what an object has sent, and end the association where it is too much."""
        pdu = event.pdu
        if type(pdu).__name__ != "P_DATA_TF":
            return
        key = id(event.assoc)
        size = self._sizes.get(key, 0) + int(pdu.pdu_length)
        self._sizes[key] = size
        if size > self.most_bytes >= size - int(pdu.pdu_length):
            self._refuse(event, f"more than {self.most_bytes} bytes in one object", {})
            self._ended.add(event.assoc)
            event.assoc.abort()

    def _forget(self, event: Any) -> None:
        self._sizes.pop(id(event.assoc), None)

    def _store(self, event: Any) -> int:
        """Write one object; return the status that the sender gets."""
        self._sizes.pop(id(event.assoc), None)
        if event.assoc in self._ended:
            return OUT_OF_RESOURCES  # said already; the association is being ended
        try:
            raw: bytes = event.encoded_dataset()
            names = _names(raw)
        except Exception as error:  # what came may be anything
            self._refuse(event, f"cannot be read: {type(error).__name__}", {})
            return CANNOT_UNDERSTAND
        known = {"series": names[1], "instance": names[2], "bytes": len(raw)}
        stated = str(getattr(event.request, "AffectedSOPInstanceUID", "") or "")
        if stated and stated != names[2]:
            self._refuse(event, "the request names another object than its data", known)
            return CANNOT_UNDERSTAND
        if shutil.disk_usage(self.out).free < LEAST_FREE_BYTES + len(raw):
            self._refuse(event, "too little space is left", known)
            return OUT_OF_RESOURCES
        try:
            return self._write(event, raw, names, known)
        except OSError as error:
            self._refuse(event, f"cannot be written: {error.strerror or error}", known)
            return OUT_OF_RESOURCES

    def _write(
        self, event: Any, raw: bytes, names: tuple[str, str, str, str], known: dict[str, Any]
    ) -> int:
        study, series, instance, modality = names
        folder = self.out / study / f"{modality}_{series}"
        target = folder / f"{instance}.dcm"
        with self._lock:
            if target.exists():
                same = target.read_bytes() == raw
                if same:
                    self._log(event, "again", known)
                    return SUCCESS
                self._refuse(event, "another object with this UID is there already", known)
                return FAILURE
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, part = tempfile.mkstemp(prefix=".part-", dir=folder)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(raw)
                os.replace(part, target)
            finally:
                Path(part).unlink(missing_ok=True)
            self.stored += 1
        self._log(event, "stored", known)
        return SUCCESS

    def _refuse(self, event: Any, why: str, known: dict[str, Any]) -> None:
        self.refused += 1
        self._log(event, "refused", {**known, "why": why})

    def _log(self, event: Any, what: str, known: dict[str, Any]) -> None:
        """Say and write down what happened; never a name or a date of a patient."""
        peer = event.assoc.requestor
        line: dict[str, Any] = {
            "time_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "what": what,
            "from": f"{str(peer.ae_title).strip()} {peer.address}",
            **known,
        }
        shown = ", ".join(f"{k} {v}" for k, v in line.items() if k not in ("time_utc", "what"))
        self.say(f"{line['time_utc']} {what}: {shown}")
        with (self.out / LOG).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")


def _names(raw: bytes) -> tuple[str, str, str, str]:
    """Return study, series and instance UID and the modality of an encoded object.

    Raises:
        InputError: UIDs that are none.
    """
    import io

    reader: Any = import_module("pydicom.filereader")
    keywords = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "Modality"]
    header = reader.dcmread(io.BytesIO(raw), stop_before_pixels=True, specific_tags=keywords)
    uids = [str(header.get(keyword, "")) for keyword in keywords[:3]]
    for keyword, uid in zip(keywords, uids, strict=False):
        if not _UID.fullmatch(uid):
            raise InputError(f"{keyword} is no UID")
    modality = str(header.get("Modality", ""))
    return uids[0], uids[1], uids[2], modality if _MODALITY.fullmatch(modality) else "OT"


def _pynetdicom() -> tuple[Any, Any]:
    try:
        dicom: Any = import_module("pynetdicom")
        return dicom, dicom.evt
    except ModuleNotFoundError as error:
        raise LigandoseError(
            "receiving images needs pynetdicom; install it with: pip install 'ligandose[imaging]'"
        ) from error
