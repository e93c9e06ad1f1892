"""An export of an issue tracker: which issues report a fault.

A CSV file with a header. ``issue`` (``KAFKA-123``, ``#12`` or ``12``) and ``type`` are read, and ``reported_at`` if it is there
(ISO 8601, UTC where it names no zone); other columns are left alone, so the export of Jira, GitHub or GitLab needs no more than
its columns renamed.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime

from riskml.errors import InputError
from riskml.issues import Issues

FAULTS = frozenset({"bug", "defect", "error", "fault", "hotfix", "incident", "regression"})
"""Types (in any case) that report a fault. Of several words, as labels are listed, one is enough."""

LIMIT = 256 * 1024 * 1024
_KEY = re.compile(r"[A-Z][A-Z0-9]{1,14}-[1-9]\d{0,6}")
_NUMBER = re.compile(r"#?(\d{1,7})")
_WORDS = re.compile(r"[a-z]+")
_DENIED = re.compile(r"\b(?:not?|non)[\s_-]+(?:an?[\s_-]+)?[a-z]+")
"""What "not a bug" and "non-defect" say; trackers have such labels."""


def read_issues(content: bytes, name: str = "issues") -> Issues:
    r"""Read an export.

    >>> read_issues(b"issue,type,reported_at\nSHOP-7,Bug,2024-05-01T10:00:00Z\nSHOP-8,Story,\n12,type: bug,\n").faults
    {'SHOP-7': 1714557600, '#12': None}

    Raises ``InputError`` with the line and column of what is not as it should be.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("not text in UTF-8", where=name, got=f"byte {error.start}", expected="a CSV file in UTF-8") from None
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)  # a quote left open would swallow what follows
    absent = [column for column in ("issue", "type") if column not in (rows.fieldnames or ())]
    if absent:
        raise InputError("columns are missing", where=name, got=list(rows.fieldnames or ()),
                         expected="a header with issue,type")
    faults: dict[str, int | None] = {}
    try:
        for row in rows:
            where = f"{name} line {rows.line_num}"
            issue = _issue(row["issue"] or "", where)
            if FAULTS.intersection(_WORDS.findall(_DENIED.sub(" ", (row["type"] or "").lower()))):
                faults[issue] = _moment(row.get("reported_at") or "", where)
    except csv.Error as error:
        raise InputError(f"not CSV ({error})", where=f"{name} after line {rows.line_num}", expected="a CSV file") from None
    return Issues(faults)


def _issue(text: str, where: str) -> str:
    text = text.strip()
    if _KEY.fullmatch(text):
        return text
    number = _NUMBER.fullmatch(text)
    if number is None:
        raise InputError("not an issue", where=f"{where} issue", got=text, expected="a key such as KAFKA-123, or a number")
    return f"#{int(number[1])}"


def _moment(text: str, where: str) -> int | None:
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError("not a time", where=f"{where} reported_at", got=text,
                         expected="such as 2024-05-01T10:00:00Z") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
