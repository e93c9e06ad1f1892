"""Which file of the repository a coverage report means: the one whose path shares the longest end with the report's.

Reports name files by absolute paths of the machine that ran the tests, relative to a source folder, or by package. So a
report's path fits a file when one of the two ends with the whole other: ``/builds/7/shop/src/a.py`` and ``org/acme/Foo.java``
fit ``src/a.py`` and ``src/main/java/org/acme/Foo.java``. The longest fit wins; two equally long ones leave it unknown, and that
is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from riskml.counted import counted
from riskml.parse.line_hits import union
from riskml.suite import FileCoverage, SuiteRun

_SHOWN = 5


def match_coverage(run: SuiteRun, paths: Collection[str]) -> SuiteRun:
    r"""Key the coverage of ``run`` by the repository paths it fits, and note what was ambiguous or outside.

    ``paths`` are all files of the repository at the change's head. With the changed files alone the answer is good as long as
    no unchanged file ends like a changed one. Matching twice changes nothing but the notes.

    >>> lines = FileCoverage(covered=frozenset({1}), missed=frozenset())
    >>> run = SuiteRun(coverage={r"C:\ci\shop\src\a.py": lines, "b.py": lines})
    >>> matched = match_coverage(run, ["src/a.py", "x/b.py", "y/b.py"])
    >>> matched.coverage
    {'src/a.py': FileCoverage(covered=frozenset({1}), missed=frozenset())}
    >>> matched.notes
    ('coverage of b.py fits several files: x/b.py, y/b.py',)
    """
    if run.coverage is None:
        return run
    by_name: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for path in sorted(set(paths)):
        parts = tuple(path.split("/"))
        by_name.setdefault(parts[-1], []).append((path, parts))
    notes: list[str] = []
    outside: list[str] = []
    claims: dict[str, list[tuple[bool, str, FileCoverage]]] = {}
    for spelled, lines in run.coverage.items():
        parts = split(spelled)
        best = _best(parts, by_name.get(parts[-1], ()) if parts else ())
        if len(best) == 1:
            claims.setdefault(best[0], []).append(("/".join(parts) == best[0], spelled, lines))
        elif best:
            notes.append(f"coverage of {spelled} fits several files: {_list(best)}")
        else:
            outside.append(spelled)
    coverage = _agreed(claims, notes)
    if outside:
        notes.append(f"coverage of {counted(len(outside), 'file')} not in the repository: {_list(outside)}")
    return replace(run, coverage=coverage, notes=run.notes + tuple(notes))


def split(spelled: str) -> tuple[str, ...]:
    r"""Cut a report's path into names, whatever its separators; the drive and the root are not names.

    >>> split(r"C:\ci\shop\.\src\..\lib\a.py")
    ('ci', 'shop', 'lib', 'a.py')
    """
    parts: list[str] = []
    for part in spelled.removeprefix("file://").replace("\\", "/").split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    if parts and len(parts[0]) == 2 and parts[0][1] == ":":
        del parts[0]
    return tuple(parts)


def _best(parts: tuple[str, ...], candidates: Iterable[tuple[str, tuple[str, ...]]]) -> list[str]:
    longest = 0
    best: list[str] = []
    for path, own in candidates:
        common = min(len(own), len(parts))
        if own[-common:] == parts[-common:] and common >= longest:
            if common > longest:
                longest, best = common, []
            best.append(path)
    if len(best) > 1 and "/".join(parts) in best:
        return ["/".join(parts)]
    return best


def _agreed(claims: Mapping[str, list[tuple[bool, str, FileCoverage]]], notes: list[str]) -> dict[str, FileCoverage]:
    """Join what several entries say of one file.

    The same file measured in two places has the same executable lines; entries that do not are two files, and which of them
    the repository's is cannot be told, unless one is spelled exactly like it.
    """
    coverage: dict[str, FileCoverage] = {}
    for path, entries in claims.items():
        exact = [entry for entry in entries if entry[0]]
        used = exact or entries
        if len({lines.covered | lines.missed for _, _, lines in used}) > 1:
            rivals = _list([spelled for _, spelled, _ in used])
            notes.append(f"coverage of {path} is unknown: {rivals} fit it and differ in their lines")
            continue
        joined = used[0][2]
        for _, _, lines in used[1:]:
            joined = union(joined, lines)
        coverage[path] = joined
    return coverage


def _list(items: list[str]) -> str:
    shown = ", ".join(items[:_SHOWN])
    return shown if len(items) <= _SHOWN else f"{shown} and {len(items) - _SHOWN} more"
