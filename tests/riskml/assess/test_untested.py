"""Changed lines that no test reaches: named by their places, and tried as if tests did reach them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from riskml.assess.untested import LINES, reached, shown, untested, with_tests
from riskml.change import Change, FileDiff, Hunk
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.suite import FileCoverage, SuiteRun


def evidence(covered: set[int], missed: set[int], *hunks: Hunk, path: str = "billing/charge.py") -> Evidence:
    """Return a change of one file with a coverage report."""
    added = b"x()\n" * sum(h.new_lines for h in hunks)
    suite = SuiteRun(coverage={path: FileCoverage(frozenset(covered), frozenset(missed))})
    return Evidence(Change((FileDiff(path, path, hunks=hunks, added=added, lines_before=100),)), suite=suite)


def test_ranges_hold_added_lines_that_no_test_ran() -> None:
    """Over a line that cannot run, up to one that a test ran; what was there before does not count."""
    found = untested(evidence({12}, {3, 10, 11, 13, 15, 40}, Hunk(9, 0, 10, 8)))

    assert found == {"billing/charge.py": ((10, 11), (13, 15))}
    assert shown(found) == "billing/charge.py:10-11,13-15"


def test_what_tests_reach_everywhere_or_nobody_measured_has_no_places() -> None:
    """Covered lines, a file that the report does not know, and no report at all."""
    assert untested(evidence({10, 11}, set(), Hunk(9, 0, 10, 2))) == {}
    assert untested(Evidence(Change((FileDiff("a.py", "a.py", hunks=(Hunk(1, 0, 1, 3),)),)), suite=SuiteRun(coverage={}))) == {}
    assert untested(Evidence(Change((FileDiff("a.py", "a.py", hunks=(Hunk(1, 0, 1, 3),)),)))) == {}


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)), st.integers(1, 40), st.integers(1, 20))
def test_reaching_the_places_leaves_none(covered, missed, start, lines) -> None:
    """Then every added line that can run was run, and no other line changed its state."""
    before = evidence(covered, missed - covered, Hunk(start - 1, 0, start, lines))
    after = reached(before)

    assert untested(after) == {}
    assert extract(after)["uncovered_changed_lines"] == 0.0 or not (covered | missed) & set(range(start, start + lines))
    files = [e.suite.coverage["billing/charge.py"] for e in (before, after)]
    assert files[0].covered | files[0].missed == files[1].covered | files[1].missed
    assert all(start <= line < start + lines for line in files[1].covered - files[0].covered)


def test_a_change_with_code_gets_a_test_file_in_full() -> None:
    """It counts as any other file: more lines, more files, and code with tests."""
    code = FileDiff("billing/charge.py", "billing/charge.py", hunks=(Hunk(1, 0, 1, 9),), added=b"x()\n" * 9, lines_before=40)
    found = with_tests(Evidence(Change((code,))))
    assert found is not None
    before, after = extract(Evidence(Change((code,)))), extract(found[1])

    assert found[0] == "billing/charge.py"
    assert (before["code_without_tests"], after["code_without_tests"]) == (1.0, 0.0)
    assert (after["test_lines_added"], after["la"] - before["la"], after["nf"] - before["nf"]) == (LINES, LINES, 1)


def test_a_change_without_code_or_with_tests_gets_none() -> None:
    """There is nothing to test, or it is tested already."""
    prose = FileDiff("README.md", "README.md", hunks=(Hunk(1, 0, 1, 9),), added=b"x\n" * 9)
    test = FileDiff("tests/test_a.py", "tests/test_a.py", hunks=(Hunk(1, 0, 1, 9),), added=b"x()\n" * 9)
    code = FileDiff("a.py", "a.py", hunks=(Hunk(1, 0, 1, 9),), added=b"x()\n" * 9)

    assert with_tests(Evidence(Change((prose,)))) is None
    assert with_tests(Evidence(Change((code, test)))) is None
    assert with_tests(Evidence(Change(()))) is None
