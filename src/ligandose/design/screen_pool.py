"""Running the candidates: processes on this machine, or a dask cluster; results as they come.

A candidate is one task and the same function everywhere, on one thread with the seed of the
study, so where it runs does not change a digit. A worker that dies costs its task alone: what is
finished is kept, the others run again one by one, and a task that kills its worker twice is named.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Any

from ligandose.errors import InputError, SolverError

Task = Mapping[str, Any]
Result = dict[str, Any]
Evaluate = Callable[[Task], Result]
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
WAITING_PER_WORKER = 2
"""Tasks that are handed out beyond those that run: memory does not grow with the candidates."""


def run_tasks(
    tasks: Mapping[str, Task],
    evaluate: Evaluate,
    *,
    workers: int | None = None,
    cluster: str | None = None,
) -> Iterator[tuple[str, Result]]:
    """Yield (key, result) of every task as it is finished.

    Args:
        tasks: by key; JSON-able.
        evaluate: module-level function of a task.
        workers: processes; default as many as there are cores. 1 runs in this process.
        cluster: address of a dask scheduler in place of processes.

    Raises:
        InputError: a cluster that cannot be reached, or dask is not installed.
        SolverError: workers died; says at which tasks. All others have been yielded before.
    """
    if not tasks:
        return
    if cluster is not None:
        yield from _on_cluster(tasks, evaluate, cluster)
        return
    count = min(workers or _cores(), len(tasks))
    if count == 1:
        for key, task in tasks.items():
            yield key, evaluate(task)
        return
    left = dict(tasks)
    for key, result in _in_processes(tasks, evaluate, count):
        del left[key]
        yield key, result
    yield from _again(left, evaluate)


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)


def _in_processes(
    tasks: Mapping[str, Task], evaluate: Evaluate, count: int
) -> Iterator[tuple[str, Result]]:
    """Yield results until all are done or a worker dies; what ran with it is then left out."""
    waiting = iter(tasks.items())
    running: dict[Future[Result], str] = {}
    with _one_thread_each(), _pool(count) as pool:
        try:
            for _ in range(count * WAITING_PER_WORKER):
                _hand_out(pool, waiting, running, evaluate)
            while running:
                done = next(as_completed(running))
                key = running.pop(done)
                yield key, done.result()
                _hand_out(pool, waiting, running, evaluate)
        except BrokenProcessPool:
            for future, key in running.items():
                if future.done() and future.exception() is None:
                    yield key, future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _pool(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Let this worker end when the process that started it is gone, even by kill -9."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=watch, daemon=True).start()


@contextmanager
def _one_thread_each() -> Generator[None]:
    """Let processes that start meanwhile use one thread: workers share the cores already."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _hand_out(
    pool: ProcessPoolExecutor,
    waiting: Iterator[tuple[str, Task]],
    running: dict[Future[Result], str],
    evaluate: Evaluate,
) -> None:
    following = next(waiting, None)
    if following is not None:
        running[pool.submit(evaluate, following[1])] = following[0]


def _again(left: Mapping[str, Task], evaluate: Evaluate) -> Iterator[tuple[str, Result]]:
    """Yield results of the tasks that a dead worker left, each in a process of its own pool."""
    died: list[str] = []
    remaining = dict(left)
    while remaining:
        with _one_thread_each(), _pool(1) as pool:
            for key, task in list(remaining.items()):
                del remaining[key]
                try:
                    result = pool.submit(evaluate, task).result()
                except BrokenProcessPool:
                    died.append(str(task.get("candidate", {}).get("name", key)))
                    break
                yield key, result
    if died:
        raise SolverError(
            f"screen: the worker died at {', '.join(died[:5])}"
            f"{' and others' if len(died) > 5 else ''}, most often for want of memory; all other "
            "candidates are done and kept: run the same command again, with fewer --threads"
        )


def _on_cluster(
    tasks: Mapping[str, Task], evaluate: Evaluate, address: str
) -> Iterator[tuple[str, Result]]:
    try:
        import distributed  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError(
            "--cluster needs dask.distributed; install ligandose with its extra `cluster`"
        ) from None
    dask: Any = distributed
    try:
        client = dask.Client(address, timeout="20s")
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(
            f"--cluster {address}: no dask scheduler answers ({type(error).__name__}); give an "
            "address such as tcp://10.0.0.1:8786"
        ) from None
    try:
        keys = list(tasks)
        futures = {
            client.submit(evaluate, tasks[key], key=f"ligandose-{key}", pure=True, retries=1): key
            for key in keys
        }
        died: list[str] = []
        for future in dask.as_completed(list(futures)):
            key = futures.pop(future)
            error = future.exception()
            if error is None:
                yield key, future.result()
            elif type(error).__name__ in ("KilledWorker", "CancelledError"):
                died.append(str(tasks[key].get("candidate", {}).get("name", key)))
            else:
                raise error
            future.release()
        if died:
            raise SolverError(
                f"screen: workers of {address} died at {', '.join(died[:5])}; all other candidates "
                "are done and kept: run the same command again"
            )
    finally:
        client.close()
