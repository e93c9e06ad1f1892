"""Tasks on a cluster of dask.distributed. All that its machines must share with this one is riskml and the paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

from riskml.errors import ServiceUnavailable, UsageError
from riskml.fleet.task import Result, Task, carry_out

_PATIENCE_S = 10.0


def on_cluster(tasks: Iterable[Task], address: str, *, patience_s: float = _PATIENCE_S) -> Iterator[Result]:
    """Yield the results as they come. ``patience_s``: how long scheduler and first worker are waited for.

    The scheduler gives the work of a worker that is lost to another one; a task that lost several (``allowed-failures`` of the
    scheduler, 3 by default) has failed.

    Raises ``UsageError`` when there is no dask.distributed, ``ServiceUnavailable`` when there is no scheduler or no worker.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError:
        raise UsageError("a cluster needs dask.distributed, which is not installed", where="--scheduler", got=address,
                         expected="pip install 'riskml[cluster]'") from None
    with _connected(Client, address, patience_s) as client:
        run = uuid4().hex  # what another run did, or failed to do, is no answer to this one
        given = {client.submit(carry_out, task, key=f"{task.name}-{run}", pure=False): task for task in tasks}
        for future in as_completed(list(given), loop=client.loop):  # type: ignore[no-untyped-call] # it has no types
            task = given.pop(future)
            if future.cancelled() or future.status == "lost":
                raise ServiceUnavailable("the scheduler was lost", where="--scheduler", got=address,
                                         expected="a scheduler that stays; --resume keeps what is finished")
            error = future.exception()
            if isinstance(error, KilledWorker):
                yield Result(task, "every worker that took it on was lost, as happens when memory is short", failed=True)
            elif error is not None:
                yield Result(task, f"{type(error).__name__}: {error}", failed=True)
            else:
                yield future.result()
            future.release()


def _connected(client: Any, address: str, patience_s: float) -> Any:
    try:
        connected = client(address, timeout=patience_s, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ServiceUnavailable("no scheduler answers", where="--scheduler", got=address,
                                 expected="the address of a running one, such as tcp://10.0.0.1:8786") from error
    try:
        connected.wait_for_workers(1, timeout=patience_s)
    except OSError as error:  # a time-out is one
        connected.close()
        raise ServiceUnavailable("the scheduler has no worker", where="--scheduler", got=address,
                                 expected="dask worker ADDRESS --nthreads 1, at least one") from error
    return connected
