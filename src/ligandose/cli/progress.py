"""A progress bar on stderr: only on a terminal, and only when it takes longer than two seconds."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

DELAY_S = 2.0


class Progress:
    """Call it with the share done (0 to 1) and what is being done; use it as a context.

    The bar comes up from a timer, not from a call: the first call may be long in coming while
    code is compiled.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._bar: RichProgress | None = None
        self._done = 0.0
        self._what = "starting"

    def __enter__(self) -> Progress:
        if self._shown:
            self._timer = threading.Timer(DELAY_S, self._begin)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._shown = False
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def __call__(self, share: float, what: str) -> None:
        with self._lock:
            self._done, self._what = min(max(share, 0.0), 1.0), what
            self._update()

    def between(self, start: float, end: float) -> Part:
        """Return the progress of a part of the work, from share `start` to share `end`."""
        return Part(self, start, end)

    def note(self, text: str) -> None:
        """Print a line for people: nothing where stderr is not a terminal."""
        with self._lock:
            if not self._shown:
                return
            if self._bar is not None:
                self._bar.console.print(text, markup=False, highlight=False, style="dim")
            else:
                print(text, file=sys.stderr, flush=True)

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        with self._lock:
            if not self._shown:
                return
            self._bar = RichProgress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.add_task(self._what, total=None)
            self._bar.start()
            self._update()

    def _update(self) -> None:
        if self._bar is not None:
            task = self._bar.task_ids[0]
            total = 1.0 if self._done > 0.0 else None  # a bar that moves, until there is a share
            self._bar.update(task, completed=self._done, total=total, description=self._what)


class Part:
    """A part of a longer run, called like the whole."""

    def __init__(self, whole: Progress, start: float, end: float) -> None:
        self._whole, self._start, self._width = whole, start, end - start

    def __call__(self, share: float, what: str) -> None:
        self._whole(self._start + self._width * share, what)

    def between(self, start: float, end: float) -> Part:
        """Return the progress of a part of this part."""
        width = self._width
        return Part(self._whole, self._start + width * start, self._start + width * end)
