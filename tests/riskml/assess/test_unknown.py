"""What is listed as unknown: what nobody knows of this change, and nothing that has no meaning for it."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from riskml.assess.unknown import ANCHORS, OF_CODE, unknown_of
from riskml.change import Change, Commit, FileDiff, Hunk
from riskml.features.catalogue import CATALOGUE, NAMES, extract
from riskml.features.feature import Evidence
from riskml.history import History, View
from riskml.suite import FileCoverage, SuiteRun

WORDS = ("no touched file", "no change in that time", "no line of source code")


def text(path: str, added: bytes, **more: Any) -> FileDiff:
    """One file with some lines at its end."""
    return FileDiff(path, path, hunks=(Hunk(1, 0, 2, added.count(b"\n")),), added=added, lines_before=1, **more)


def known_past() -> View:
    """Return a complete history in which nothing happened."""
    return History().view(None)


def listed(*files: FileDiff, suite: SuiteRun | None = None) -> set[str]:
    """List what is unknown of a change of these files, of a model that reads everything."""
    evidence = Evidence(Change(files, (Commit("a" * 40, "Say more"),), at=1_700_000_000), known_past(), suite)
    return set(unknown_of(extract(evidence), NAMES, evidence))


def test_of_prose_neither_code_nor_coverage_is_missed():
    """No line of it can run, and no test reads it."""
    missed = listed(text("docs/a.md", b"more\n"), FileDiff("docs/a.png", "docs/a.png", binary=True))

    assert not missed & {*OF_CODE, "tests_run"}


@pytest.mark.parametrize("files", [
    [text("conf/app.toml", b"a = 1\n")], [text("tests/test_a.py", b"assert 1\n")], [text("src/a.py", b"\n# more\n")],
])
def test_where_no_code_is_added_only_its_tests_are_missed(files: list[FileDiff]):
    """Configuration, tests and comments have no indentation or coverage to know; whether tests pass is worth knowing."""
    missed = listed(*files)

    assert not missed & set(OF_CODE)
    assert "tests_run" in missed


def test_of_code_its_coverage_is_missed_until_a_report_knows_its_lines():
    """A report of other files says nothing of these."""
    code = text("src/a.py", b"x = 1\n")
    other, own = (SuiteRun((), {path: FileCoverage(frozenset({2}), frozenset())}) for path in ("src/b.py", "src/a.py"))

    assert [name in listed(code, suite=suite) for name, suite in
            [("coverage_changed_lines", None), ("coverage_changed_lines", other), ("coverage_changed_lines", own)]] == [
            True, True, False]
    assert "line_length" not in listed(code)


def test_code_that_could_not_be_read_is_unknown():
    """A source file that comes as binary may hold anything; without the change itself any binary file may."""
    unread = FileDiff("src/a.py", "src/a.py", binary=True)

    assert set(OF_CODE) <= listed(unread)
    vector = {**dict.fromkeys(NAMES, 0.0), **dict.fromkeys(OF_CODE, nan), "binary_files": 1.0}
    assert set(OF_CODE) <= set(unknown_of(vector, NAMES, None))
    assert not set(unknown_of({**vector, "docs_only": 1.0}, NAMES, None))


def test_the_age_of_what_is_new_is_not_missed_unless_its_past_is():
    """With a complete history it has none; without one nobody knows."""
    new = Evidence(Change((text("src/a.py", b"x = 1\n", status="A"),), at=1_700_000_000))

    assert not listed(text("src/a.py", b"x = 1\n", status="A")) & {"age", "days_since_fix", "repo_fix_share_90d"}
    assert {"age", "days_since_fix", "repo_fix_share_90d"} <= set(unknown_of(extract(new), NAMES, new))


def test_a_tracker_that_was_not_asked_is_one_unknown_and_one_that_was_asked_is_none():
    """The first of its features stands for all; once it is known, the rest is what the files are like."""
    evidence = Evidence(Change((text("src/a.py", b"x = 1\n"),)))
    vector = extract(evidence)
    trackers = {name for name in NAMES if "reported" in name}

    assert set(unknown_of(vector, NAMES, evidence)) & trackers == {"reported_fixes"}
    assert not set(unknown_of({**vector, "reported_fixes": 0.0}, NAMES, evidence)) & trackers


def test_whatever_may_be_missing_by_nature_is_in_the_tables():
    """A feature whose description says so, and that is in none of them, would be called unknown where it has no meaning."""
    by_nature = {f.name for f in CATALOGUE if any(words in f.missing for words in WORDS)}

    assert by_nature <= {*ANCHORS, *OF_CODE}
