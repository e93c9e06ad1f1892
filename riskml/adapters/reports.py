"""Report files on disk: found by glob, read within limits, and merged into one suite run."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from riskml.errors import InputError, MalformedReport, TooLarge
from riskml.parse.hardened_xml import MAX_BYTES
from riskml.parse.report import Report
from riskml.parse.reports import COVERAGE_KINDS, PARSERS, detect, merge
from riskml.suite import SuiteRun

MAX_FILES: Final = 10_000
MAX_TOTAL_BYTES: Final = 1_000_000_000


def read_suite(
    junit: Sequence[str] = (), coverage: Sequence[str] = (), *, root: str | os.PathLike[str] = "."
) -> SuiteRun | None:
    """Read and merge the reports that the globs name; ``None`` when no glob was given at all.

    A glob may use ``*``, ``?``, ``[…]`` and ``**``; a relative one starts at ``root``. A file named twice is read once. Names
    in errors, in ``sources`` and in notes are relative to ``root`` where possible.

    Raises ``InputError`` when a glob names no file or a file cannot be read, ``MalformedReport`` (with the file's name) when a
    file is none of the formats of its kind, ``TooLarge`` above the limits on one file, their number or their sum.
    """
    base = Path(root)
    tests = [_read(path, name, ("junit",)) for path, name in _within_limits(_found(junit, base))]
    covers = [_read(path, name, COVERAGE_KINDS) for path, name in _within_limits(_found(coverage, base))]
    return merge([*tests, *covers]) if junit or coverage else None


def _read(path: Path, name: str, kinds: Sequence[str]) -> Report:
    data = read_report_bytes(path, name)
    kind = detect(data, name)
    if kind not in kinds:
        option = "--coverage" if kind in COVERAGE_KINDS else "--junit"
        wanted = f"one of: {', '.join(kinds)}"
        raise MalformedReport(f"a {kind} report, which belongs to {option}", where=name, got=kind, expected=wanted)
    return PARSERS[kind](data, name)


def read_report_bytes(path: Path, name: str) -> bytes:
    """Read one file of at most ``MAX_BYTES``; pipes and devices are refused before they are read."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError("not a regular file", where=name, expected="a report file")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"the report cannot be read ({error.strerror})", where=name, expected="a readable file") from error
    if len(data) > MAX_BYTES:
        raise TooLarge("the report is too large", where=name, got=status.st_size, expected=f"at most {MAX_BYTES} bytes")
    return data


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # opening a pipe would wait for its writer


def _found(patterns: Sequence[str], base: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file once, in the order of the globs and of names within one, so that the same files give the same answer."""
    seen: set[Path] = set()
    for pattern in patterns:
        names = sorted(glob.glob(pattern, root_dir=base, recursive=True, include_hidden=True))
        files = [base / name for name in names if not (base / name).is_dir()]
        if not files:
            raise InputError("no report found", where=str(base), got=pattern, expected="a glob that names at least one file")
        for file in files:
            resolved = file.resolve()
            if resolved not in seen:
                seen.add(resolved)
                yield file, _name(file, base)


def _within_limits(files: Iterable[tuple[Path, str]]) -> list[tuple[Path, str]]:
    kept: list[tuple[Path, str]] = []
    total = 0
    for path, name in files:
        kept.append((path, name))
        if len(kept) > MAX_FILES:
            raise TooLarge("too many report files", where=name, expected=f"at most {MAX_FILES}")
        total += path.stat().st_size if path.exists() else 0  # a dangling link is told apart when it is read
        if total > MAX_TOTAL_BYTES:
            raise TooLarge("the reports are too large together", where=name, got=total, expected=f"{MAX_TOTAL_BYTES} bytes")
    return kept


def _name(file: Path, base: Path) -> str:
    try:
        return file.resolve().relative_to(base.resolve()).as_posix()
    except ValueError:
        return str(file)
