"""A coverage path finds the repository's file by the longest common end, or stays unknown."""

from __future__ import annotations

import pytest

from riskml.parse.match import match_coverage, split
from riskml.suite import FileCoverage, SuiteRun

ONE = FileCoverage(frozenset({1}), frozenset({2}))
TWO = FileCoverage(frozenset({2}), frozenset({1}))
OTHER = FileCoverage(frozenset({9}), frozenset())


@pytest.mark.parametrize(
    ("spelled", "path"),
    [
        ("src/shop/pay.py", "src/shop/pay.py"),
        ("./src/shop/pay.py", "src/shop/pay.py"),
        ("/builds/acme/shop/src/shop/pay.py", "src/shop/pay.py"),
        (r"C:\ci\_work\1\s\src\shop\pay.py", "src/shop/pay.py"),
        (r"src\shop\pay.py", "src/shop/pay.py"),
        ("shop/pay.py", "src/shop/pay.py"),
        ("file:///builds/src/shop/pay.py", "src/shop/pay.py"),
        ("build/../src/shop/pay.py", "src/shop/pay.py"),
        ("org/acme/Foo.java", "core/src/main/java/org/acme/Foo.java"),
        ("/w/setup.py", "setup.py"),
    ],
)
def test_one_file_fits(spelled: str, path: str) -> None:
    """Absolute, relative, package and Windows paths all find their file."""
    files = ["src/shop/pay.py", "setup.py", "core/src/main/java/org/acme/Foo.java"]
    run = match_coverage(SuiteRun(coverage={spelled: ONE}), files)
    assert run.coverage == {path: ONE}
    assert run.notes == ()


def test_longest_end_wins() -> None:
    """A file in a folder is preferred to one of the same name at the root."""
    run = match_coverage(SuiteRun(coverage={"/w/tools/setup.py": ONE}), ["setup.py", "tools/setup.py"])
    assert run.coverage == {"tools/setup.py": ONE}


def test_exact_path_wins() -> None:
    """A path that is spelled like a file means that file, although another ends with it."""
    run = match_coverage(SuiteRun(coverage={"src/a.py": ONE}), ["src/a.py", "lib/src/a.py"])
    assert run.coverage == {"src/a.py": ONE}
    assert run.notes == ()


def test_ambiguous_is_unknown_and_said() -> None:
    """A path that fits two files equally well is coverage of neither."""
    run = match_coverage(SuiteRun(coverage={"util/a.py": ONE}), ["x/util/a.py", "y/util/a.py"])
    assert run.coverage == {}
    assert run.notes == ("coverage of util/a.py fits several files: x/util/a.py, y/util/a.py",)


def test_part_of_a_name_does_not_match() -> None:
    """Ends are compared by whole names, and the same name in another folder is another file."""
    run = match_coverage(SuiteRun(coverage={"my_pay.py": ONE, "other/pay.py": ONE}), ["src/pay.py"])
    assert run.coverage == {}
    assert run.notes == ("coverage of 2 files not in the repository: my_pay.py, other/pay.py",)


def test_shards_are_united() -> None:
    """Two machines that measured the same file in different places are joined: the executable lines agree."""
    run = match_coverage(SuiteRun(coverage={"/ci/1/src/a.py": ONE, "/ci/2/src/a.py": TWO}), ["src/a.py"])
    assert run.coverage == {"src/a.py": FileCoverage(frozenset({1, 2}), frozenset())}


def test_rivals_that_differ_are_unknown() -> None:
    """Two entries that fit one file and have other lines are two files, and which is ours cannot be told."""
    run = match_coverage(SuiteRun(coverage={"/ci/x/src/a.py": ONE, "/ci/y/src/a.py": OTHER}), ["src/a.py"])
    assert run.coverage == {}
    assert run.notes == ("coverage of src/a.py is unknown: /ci/x/src/a.py, /ci/y/src/a.py fit it and differ in their lines",)


def test_exact_rival_wins() -> None:
    """Among entries that fit one file, the one spelled exactly like it is it."""
    run = match_coverage(SuiteRun(coverage={"src/a.py": ONE, "/ci/vendor/src/a.py": OTHER}), ["src/a.py"])
    assert run.coverage == {"src/a.py": ONE}


def test_no_report_stays_unknown() -> None:
    """Without coverage there is nothing to match, which is not the same as nothing covered."""
    assert match_coverage(SuiteRun(), ["a.py"]).coverage is None


def test_matching_twice() -> None:
    """Coverage that is keyed by repository path stays as it is."""
    once = match_coverage(SuiteRun(coverage={"shop/pay.py": ONE}), ["src/shop/pay.py"])
    assert match_coverage(once, ["src/shop/pay.py"]) == once


@pytest.mark.parametrize(("spelled", "parts"), [("/", ()), ("../../a", ("a",)), ("a//b/", ("a", "b")), ("c:x", ("c:x",))])
def test_odd_paths(spelled: str, parts: tuple[str, ...]) -> None:
    """Paths that lead nowhere are cut without complaint."""
    assert split(spelled) == parts
