"""Starting git so that only the command decides what happens: no configuration, hook, helper, pager, prompt or network."""

from __future__ import annotations

import re
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from os import devnull
from subprocess import Popen, TimeoutExpired
from typing import IO, BinaryIO, NamedTuple, cast

from riskml.errors import ObjectMissing, RepositoryError

if sys.platform == "linux":
    from fcntl import F_SETPIPE_SZ, fcntl

NEUTRAL: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": devnull,
    "GIT_CONFIG_GLOBAL": devnull,
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_CONFIG_COUNT": "0",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # A partial clone must not fetch what it lacks: git 2.39.4 and later know the first, all know the second.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_DIFF_OPTS": "",  # "--unified=…" in it would win over the option
    "GIT_PAGER": "cat",
    "GIT_NAMESPACE": "",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_GLOB_PATHSPECS": "0",
    "GIT_NOGLOB_PATHSPECS": "0",
    "GIT_ICASE_PATHSPECS": "0",
    "LC_ALL": "C",
    "TZ": "UTC",
}
"""What every git finds in its environment, whatever the caller's says; a variable can be set there, but not taken away."""

_PIPE_BYTES = 1 << 20
_REMARKS = 50  # lines of stderr that are kept
_PATIENCE_S = 5.0  # with a git that has nobody left to write to
_STOPPED = (-13, 141)  # SIGPIPE: the reader had enough
_ID = r"\b([0-9a-f]{64}|[0-9a-f]{40})\b"
_UNREADABLE = re.compile(
    rf"(?:unable to|could not|cannot|failed to|missing|bad|invalid|corrupt)\b[^\n]*?{_ID}"
    rf"|{_ID}[^\n]*(?:corrupt|missing|empty|bad file|is not a blob)",
    re.IGNORECASE,
)


class Place(NamedTuple):
    """Where a git runs: its folder, whose ``.gitattributes`` it may read, and what is set in its environment."""

    directory: str
    environment: Mapping[str, str]


class Completed(NamedTuple):
    """How a git ended, and what it wrote."""

    code: int
    stdout: bytes
    stderr: str


def settings(values: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that set configuration for one git, above what any file says.

    >>> settings({"core.eol": "lf"})
    {'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_KEY_0': 'core.eol', 'GIT_CONFIG_VALUE_0': 'lf'}
    """
    variables = {"GIT_CONFIG_COUNT": str(len(values))}
    for i, (key, value) in enumerate(values.items()):
        variables |= {f"GIT_CONFIG_KEY_{i}": key, f"GIT_CONFIG_VALUE_{i}": value}
    return variables


def run(place: Place, args: Sequence[str], *, stdin: bytes = b"", accept: Sequence[int] = (0,)) -> Completed:
    """Run git to its end.

    Raises ``ObjectMissing`` or ``RepositoryError`` when it ends with a code that is not in ``accept``.
    """
    with _started(place, args, stdin) as (process, remarks):
        stdout = cast("IO[bytes]", process.stdout).read()
        code = _ended(process)
    stderr = b"".join(remarks).decode("utf-8", "replace")
    if code not in accept:
        raise failure(args, code, stderr)
    return Completed(code, stdout, stderr)


@contextmanager
def stream(place: Place, args: Sequence[str], *, stdin: bytes = b"") -> Iterator[BinaryIO]:
    """Start git and give what it writes, unread. Leaving early stops it.

    Raises ``ObjectMissing`` or ``RepositoryError`` when git fails; also in place of an error of the reader, which in that case
    only saw that the bytes ended too soon.
    """
    fault: Exception | None = None
    with _started(place, args, stdin) as (process, remarks):
        try:
            yield cast("BinaryIO", process.stdout)
        except Exception as error:  # noqa: BLE001 - raised again below, once it is known whether git failed first
            fault = error
        code = _ended(process)
    if code not in (0, *_STOPPED):
        raise failure(args, code, b"".join(remarks).decode("utf-8", "replace")) from fault
    if fault is not None:
        raise fault


@contextmanager
def _started(place: Place, args: Sequence[str], stdin: bytes) -> Iterator[tuple[Popen[bytes], deque[bytes]]]:
    """Give a running git and the last lines it wrote to stderr, complete once the block is left; leave no git behind."""
    from git import Git  # 0.2 s, which only those pay who open a repository

    git = Git(place.directory)
    command = [git.GIT_PYTHON_GIT_EXECUTABLE or "git", *args]
    with tempfile.TemporaryFile() as given:  # a file, not a pipe: git may write much before it has read all
        given.write(stdin)
        given.seek(0)
        started = git.execute(command, env=dict(place.environment), istream=cast("BinaryIO", given), as_process=True)
    process = cast("Popen[bytes]", started.proc)
    stdout, stderr = cast("IO[bytes]", process.stdout), cast("IO[bytes]", process.stderr)
    if sys.platform == "linux":
        with suppress(OSError):  # a user has a budget of pipe memory
            fcntl(stdout.fileno(), F_SETPIPE_SZ, _PIPE_BYTES)  # fewer switches between git and its reader
    remarks: deque[bytes] = deque(maxlen=_REMARKS)
    # Unread, the remarks of a chatty git would fill their pipe, and it would wait for ever.
    listener = threading.Thread(target=remarks.extend, args=(stderr,), daemon=True)
    listener.start()
    try:
        yield process, remarks
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        listener.join()
        stdout.close()
        stderr.close()


def _ended(process: Popen[bytes]) -> int:
    """Wait for a git whose output nobody reads any more."""
    cast("IO[bytes]", process.stdout).close()
    try:
        return process.wait(_PATIENCE_S)
    except TimeoutExpired:
        process.kill()
        process.wait()
        return _STOPPED[0]


def failure(args: Sequence[str], code: int, stderr: str) -> RepositoryError:
    """Return the error that says why a git failed, in its own last words: ``ObjectMissing`` if it could not read an object."""
    command = next((arg for arg in args if not arg.startswith("-")), "git")
    missing = _UNREADABLE.search(stderr)
    if missing:
        expected = "a complete clone: `git fsck` names what is broken, `git fetch --refetch` brings what is missing"
        found = missing[1] or missing[2]
        return ObjectMissing("git cannot read an object", where=f"git {command}", got=found, expected=expected)
    lines = stderr.strip().split("\n")
    said = next((line for line in reversed(lines) if line.startswith(("fatal: ", "error: "))), lines[0]) or f"exit code {code}"
    return RepositoryError("git failed", where=f"git {command}", got=said, expected="exit code 0")
