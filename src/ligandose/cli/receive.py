"""The command receive: a DICOM node that takes images from a PACS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ligandose.cli.options import Debug, whole

Folder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Where studies go.", show_default=False)
]
Port = Annotated[int, typer.Option(parser=whole(1, 65535), metavar="N", help="To listen on.")]
Host = Annotated[
    str, typer.Option(metavar="ADDRESS", help="To listen on; others than loopback are open.")
]
Title = Annotated[str, typer.Option(metavar="AET", help="Our application entity title.")]


def receive(
    out: Folder,
    port: Port = 11112,
    host: Host = "127.0.0.1",
    aet: Title = "LIGANDOSE",
    debug: Debug = False,
) -> None:
    """Take DICOM images from a PACS (C-STORE) until Ctrl-C."""
    import sys
    import threading

    from ligandose.cli.output import warn
    from ligandose.plan import DicomNode

    del debug
    if host not in ("127.0.0.1", "::1", "localhost"):
        warn(f"{host} can be reached by others; DICOM has no password here")

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    with DicomNode(out, port=port, host=host, aet=aet, say=say):
        threading.Event().wait()
