"""Reading git's output ahead, so that git and the reader work at the same time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence

from riskml.ports import LogSource

_BLOCK = 1 << 18
_BLOCKS = 64
_LARGE = 1 << 20


class Prefetch:
    """A running git whose output is read into memory ahead of use, 16 MiB at most.

    An error of git appears at the read after the last good byte.
    """

    def __init__(self, source: LogSource, args: Sequence[str], stdin: bytes) -> None:
        self._blocks: queue.Queue[bytes | BaseException] = queue.Queue(_BLOCKS)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(source, args, stdin), daemon=True)
        self._end: BaseException | bytes | None = None
        self._thread.start()

    def close(self) -> None:
        """Stop git, whatever is still unread."""
        self._stopped.set()
        while self._thread.is_alive():
            try:
                self._blocks.get(timeout=0.05)
            except queue.Empty:
                continue

    def read(self, size: int) -> bytes:
        """Return what is there, at least one byte; wait for the full size only when it is large. Empty at the end."""
        found: list[bytes] = []
        length = 0
        while self._end is None and length < size and (not found or size > _LARGE or not self._blocks.empty()):
            block = self._blocks.get()
            if isinstance(block, BaseException) or not block:
                self._end = block
            else:
                found.append(block)
                length += len(block)
        if not found and isinstance(self._end, BaseException):
            raise self._end
        return b"".join(found)

    def _run(self, source: LogSource, args: Sequence[str], stdin: bytes) -> None:
        try:
            with source.stream(args, stdin=stdin) as out:
                while block := out.read(_BLOCK):
                    if self._stopped.is_set():
                        break
                    self._blocks.put(block)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the bytes are read
            self._blocks.put(error)
        else:
            self._blocks.put(b"")
