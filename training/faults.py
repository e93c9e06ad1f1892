"""Which issues report a fault, from a tracker's export or from a published list of commits that repaired one."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from riskml.adapters.git import GitRepository
from riskml.errors import InputError
from riskml.issues import Issues
from riskml.message import issue_refs, subject
from riskml.parse.issues import read_issues

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # git takes anything else for a branch or an option


def told(issues: Sequence[Path], fixes: Sequence[Path], git: GitRepository) -> Issues | None:
    """Put together what exports and lists of repairs tell about one repository; ``None`` where there are neither."""
    if not issues and not fixes:
        return None
    faults: dict[str, int | None] = {}
    for path in issues:
        faults |= read_issues(_bytes(path), str(path)).faults
    if fixes:
        faults |= repaired_by(git, {sha for path in fixes for sha in read_fixes(path)})
    return Issues(faults)


def read_fixes(path: Path) -> Iterable[str]:
    """Read the column ``fix_hash`` of a CSV (plain or gzipped), such as ApacheJIT's links between fixes and what they blame.

    The authors took for a fix what names an issue that the tracker lists as a bug; nothing but that is read here, and no label.
    """
    content = _bytes(path)
    try:
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace")
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if "fix_hash" not in (rows.fieldnames or ()):
            raise InputError("a column is missing", where=str(path), got=list(rows.fieldnames or ()), expected="fix_hash")
        return {sha for row in rows if _SHA.fullmatch(sha := row["fix_hash"] or "")}
    except (OSError, EOFError, zlib.error, csv.Error) as problem:
        raise InputError("not a readable CSV table", where=str(path), got=str(problem)) from problem


def repaired_by(git: GitRepository, fixes: Iterable[str]) -> Mapping[str, None]:
    """Find the issues that the subjects of some commits name first; commits that the repository lacks are passed over."""
    wanted = sorted(fixes)
    if not wanted:
        return {}
    args = ["log", "-z", "--no-walk=unsorted", "--ignore-missing", "--stdin", "--no-show-signature", "--no-color", "--no-notes",
            "--encoding=UTF-8", "--format=%B"]
    with git.stream(args, stdin=("\n".join(wanted) + "\n").encode()) as out:
        messages = out.read().decode("utf-8", "replace").split("\0")
    refs = (issue_refs(subject(message)) or issue_refs(message) for message in messages)
    return dict.fromkeys(found[0] for found in refs if found)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError("a file cannot be read", where=str(path), got=error.strerror, expected="a readable CSV file") from None
