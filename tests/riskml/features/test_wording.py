"""Reasons in the words of code."""

from __future__ import annotations

import pytest

from riskml.change import Change, FileDiff, Hunk
from riskml.errors import UnknownFeature
from riskml.features.feature import Evidence
from riskml.features.wording import WORDS, files_of, word
from riskml.suite import FileCoverage, SuiteRun


@pytest.mark.parametrize(("name", "value", "text"), [
    ("la", 1.0, "adds 1 line"), ("la", 1234.0, "adds 1,234 lines"), ("la", 0.0, "adds no line"), ("fix", 1.0,
    "a message says that it repairs a fault"),
    ("largest_file_share", 0.955, "96 % of the changed lines sit in one file"), ("fix_share", 0.004,
    "0.4 % of the earlier changes"),
    ("fix_share", 0.0004, "less than 0.1 % of the earlier changes"), ("fix_share", 0.999,
    "more than 99 % of the earlier changes"),
    ("age", 12.34, "last changed 12 days ago on average"), ("age", 1.26, "last changed 1.3 days ago"), ("age", 0.041,
    "last changed 0.041 days ago"),
    ("coverage_delta", -0.053, "moves by -5.3 %"), ("coverage_delta", 0.2, "moves by +20 %"), ("in_flight", 1.0,
    "1 other open change touches"),
    ("uncovered_changed_lines", 1.0, "1 of the changed lines is run by no test"),
])
def test_a_fact_is_told_with_its_number(name: str, value: float, text: str) -> None:
    """Numbers are rounded for reading, with the plural that fits them."""
    assert text in word(name, value, raises=True)


def test_what_lowers_the_risk_is_no_warning() -> None:
    """Where a fact would sound like a warning, it is told the other way when it lowered the risk."""
    assert word("code_without_tests", 1.0, raises=True) == "adds source code and touches no test"
    assert word("code_without_tests", 1.0, raises=False) == "adds source code for which no test had to change"


def test_no_adjective_without_a_number() -> None:
    """Words that judge size or frequency stand in no text."""
    judging = {"large", "huge", "many", "few", "high", "low", "often", "rarely", "very", "only a", "unusually", "significant"}

    assert not [name for name, words in WORDS.items() for text in words for word in judging if f" {word} " in f" {text} "]


def test_a_name_out_of_the_catalogue_is_refused() -> None:
    """Not worded as something else."""
    with pytest.raises(UnknownFeature):
        word("lines", 1.0, raises=True)
    with pytest.raises(UnknownFeature):
        files_of("lines", Evidence(Change(())))


def test_files_are_named_by_what_the_feature_counts() -> None:
    """Lines by lines, words by words, missed lines by missed lines, and other matters by no file."""
    files = (FileDiff("a.py", "a.py", hunks=(Hunk(1, 0, 1, 1),), added=b"if a or b: pass\n"),
             FileDiff("b.py", "b.py", hunks=(Hunk(1, 0, 1, 2),), added=b"x\nwhile y: pass\n"),
             FileDiff("c.md", "c.md", hunks=(Hunk(1, 0, 1, 9),), added=b"if\n" * 9))
    coverage = {"b.py": FileCoverage(frozenset({1}), frozenset({2, 7}))}
    evidence = Evidence(Change(files), suite=SuiteRun(None, coverage))

    assert files_of("la", evidence) == ("c.md", "b.py", "a.py")
    assert files_of("conditionals_added", evidence) == ("a.py",)
    assert files_of("loops_added", evidence) == ("b.py",)
    assert files_of("docs_only", evidence) == ("c.md",)
    assert files_of("uncovered_changed_lines", evidence) == ("b.py",)
    assert files_of("message_words", evidence) == files_of("nuc", evidence) == ()


def test_no_two_features_read_the_same() -> None:
    """A list of reasons never says one sentence twice with two contributions, whatever is 0."""
    zero = [words.none for words in WORDS.values()]

    assert sorted(set(zero)) == sorted(zero)
