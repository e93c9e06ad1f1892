"""Tasks in processes of this machine, as many at a time as were asked for."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from riskml.errors import UsageError
from riskml.fleet.task import Result, Task, carry_out

_LOOK_EVERY_S = 0.5


def in_processes(tasks: Iterable[Task], jobs: int) -> Iterator[Result]:
    """Yield the results as they come; with one job, tasks are done here.

    A process that is ended (memory is short, as a rule) takes its pool with it. What was under way is tried again at the
    end, one at a time: whose process is ended then has failed, the others have not.

    Raises ``UsageError`` when there is no joblib.
    """
    if jobs == 1:
        yield from map(carry_out, tasks)
        return
    waiting = iter(tasks)
    suspects: deque[Task] = deque()
    while True:
        broken = yield from _pool(waiting, jobs)
        if not broken:
            break
        suspects.extend(broken)
    while suspects:
        task = suspects.popleft()
        if (yield from _pool(iter([task]), 1)):
            yield Result(task, "its process was ended, as the system does when memory is short", failed=True)


def _pool(waiting: Iterator[Task], jobs: int) -> Generator[Result, None, list[Task]]:
    """Yield results until no task waits, or a process is ended; return the tasks that were under way then."""
    executor = _executor(jobs)
    running: dict[Future[Result], Task] = {}
    broken: list[Task] = []
    try:
        while True:
            while len(running) < jobs and not broken and (task := next(waiting, None)) is not None:
                try:
                    running[executor.submit(carry_out, task)] = task
                except BrokenProcessPool:
                    broken.append(task)
            if not running:
                return broken
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    broken.append(task)
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def _executor(jobs: int) -> Any:
    try:
        from joblib.externals.loky import ProcessPoolExecutor  # type: ignore[import-untyped] # joblib has no types
    except ImportError:
        raise UsageError("several jobs need joblib, which is not installed", where="--jobs", got=jobs,
                         expected="pip install 'riskml[table]', or --jobs 1") from None
    return ProcessPoolExecutor(jobs, initializer=leave_with, initargs=(os.getpid(),))


def leave_with(parent: int) -> None:
    """Let this process end when its parent has ended, however that came; it would wait for work for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
