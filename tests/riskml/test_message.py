"""What a message says of its change."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml import message

FIXES = [
    "Fix NPE in the consumer", "KAFKA-123: Fixes a crash on start", "bugfix for windows", "hotfix: roll back counter",
    "Handle the race condition between close and read", "fix(api)!: reject NUL", "Resolve deadlock in shutdown",
    "Wrong result for empty input", "fix typo, and a crash in the parser", "[CAMEL-1] Fixed memory leak",
    "Avoid regression #12",
    "Bug: off by one", "[hotfix] Fix the build", "[BUGFIX] x", "Handle empty input\n\nThis fixes #12.",
]
NO_FIXES = [
    "", "Add prefix to the fixtures", "Introduce suffix trees", "Fix typo", "fix typos in the docs", "Fixed javadoc",
    "Fix checkstyle",
    "fixing indentation", "docs: fix the crash section", "chore: fix flaky bug bot", "Debugging aid",
    "Merge branch 'fix-npe'",
    'Revert "Fix NPE in the consumer"', "Add default value", "Affix label", "[hotfix][tests] Log at debug level",
    "[FLINK-1][docs] Fix the example",
    "Add cache\n\nSo that nothing leaks and no thread can deadlock.", "Fix broken links", "Fixed minor formatting",
    "Support multiple faulted-in pages lazily? no",
]


@pytest.mark.parametrize("text", FIXES)
def test_a_repair_of_behaviour_is_a_fix(text: str) -> None:
    """The usual words, as words of their own, say that a change repairs."""
    assert message.is_fix(text)


@pytest.mark.parametrize("text", NO_FIXES)
def test_what_only_sounds_like_a_repair_is_none(text: str) -> None:
    """Parts of words, prose repairs, quoted reverts, branch names and other conventional types are no fixes."""
    assert not message.is_fix(text)


@pytest.mark.parametrize(("text", "answer"), [
    ('Revert "Add cache"', True), ('Revert "Revert "Add cache""', False), ('Revert "Revert "Revert "x"""', True),
    ('Reapply "Add cache"\n\nThis reverts commit 1234567.', False), ("revert: add cache", True),
    ("KAFKA-12: Revert the cache", True),
    ("[SPARK-1][CORE] Revert the cache", True), ("MINOR: backed out changeset 1234567", True), ("Back out the cache", True),
    ("Cleanup\n\nThis reverts commit 1234567.", True), ("Add a revert button", False), ("Play back outputs", False),
    ("", False),
])
def test_a_revert_takes_something_back(text: str, answer: bool) -> None:
    """A revert is told by its subject or by git's own sentence, and a revert of a revert brings the change back."""
    assert message.is_revert(text) is answer


@pytest.mark.parametrize(("text", "shas"), [
    ("Revert x\n\nThis reverts commit 0123456789abcdef0123456789abcdef01234567.",
    ("0123456789abcdef0123456789abcdef01234567",)),
    ("This reverts commits 1234567, 89abcde and fedcba9.", ("1234567", "89abcde", "fedcba9")),
    ("This reverts commit 1234567, reversing\nchanges made to 89abcde.", ("1234567",)),
    ("Backed out changeset 89ABCDE (bug 12)", ("89abcde",)),
    ("Revert 1234567", ("1234567",)),
    ("Revert 'Add x'", ()),
    ("This reverts commit " + "a" * 70, ()),
    ("See 1234567", ()),
])
def test_the_reverted_commits_are_named(text: str, shas: tuple[str, ...]) -> None:
    """Only commits that are said to be taken back count, not those beside them."""
    assert message.reverted_shas(text) == shas


def test_kernel_trailers_name_the_commit_that_was_wrong() -> None:
    """``Fixes:`` followed by an id at the start of a line, and by nothing else, is a link to a commit."""
    text = 'x\n\nFixes: 54a4f0239f2e ("KVM")\nfixes: 54A4F0239F2E\nFixes: #12\nThis fixes: 1234567\n  Fixes: 0123456'

    assert message.fixes_trailers(text) == ("54a4f0239f2e", "0123456")


@pytest.mark.parametrize(("text", "refs"), [
    ("KAFKA-123: x", ("KAFKA-123",)), ("[SPARK-9] x, see SPARK-9 and HIVE-2", ("SPARK-9", "HIVE-2")), ("x (#12)", ("#12",)),
    ("GH-12", ("#12",)), ("org/repo#7", ("#7",)), ("Bug 1234 - x", ("#1234",)), ("see https://example.org/o/r/pull/9",
    ("#9",)),
    ("UTF-8 and SHA-256 over HTTP-2", ()), ("colour &#12; of color#12", ()), ("a-1 b-2", ()), ("", ()), ("/LIB-1.2.jar",
    ()),
])
def test_issue_references_are_read_in_every_spelling(text: str, refs: tuple[str, ...]) -> None:
    """Keys and numbers are found once each; encodings, entities and file names are no issues."""
    assert message.issue_refs(text) == refs


@pytest.mark.parametrize(("text", "answer"), [
    ("Merge branch 'a' into b", True), ("Merge pull request #1 from a/b", True),
    ("Merge remote-tracking branch 'o/x'", True),
    ("Merged in feature (pull request #3)", True), ("Merge trunk into 2.0", True), ("Merge sort is stable", False),
    ("Emerge", False),
])
def test_merge_subjects_are_those_that_tools_write(text: str, answer: bool) -> None:
    """Prose that starts with the verb is not taken for a merge."""
    assert message.is_merge_message(text) is answer


@pytest.mark.parametrize(("text", "kind"), [
    ("feat: x", "feat"), ("fixup! fix(core): x", "fix"), ("Hotfix: x", "fix"), ("doc: x", "docs"), ("core: x", None),
    ("feat x", None),
    ("feat(a b)!: x", "feat"), ("", None), ("fix:", None),
])
def test_conventional_types_have_one_spelling(text: str, kind: str | None) -> None:
    """Aliases are folded and unknown prefixes are no types."""
    assert message.conventional_type(text) == kind


@pytest.mark.parametrize(("text", "answer"), [
    ("Bump jetty from 9.4.1 to 9.4.2", True), ("Update dependency guava to v31", True), ("chore(deps): bump x", True),
    ("KAFKA-1: Upgrade zookeeper to 3.5.6", True), ("build(deps-dev): y", True), ("Update the handler", False),
    ("Bump the lamp", False),
])
def test_dependency_updates_are_told_by_their_subject(text: str, answer: bool) -> None:
    """A bump needs a version, a dependency, or the conventional scope."""
    assert message.is_dependency_update(text) is answer


@pytest.mark.parametrize(("text", "answer"), [
    ("refactor: x", True), ("Clean up imports", True), ("cleanup", True), ("Rename a to b", True), ("feat: extract", False),
    ("Add pages\n\nrefactor later", False),
])
def test_refactorings_affirm_themselves_in_the_subject(text: str, answer: bool) -> None:
    """Only the subject counts, and a conventional type decides."""
    assert message.is_refactoring(text) is answer


@given(st.text(max_size=400))
def test_any_text_is_answered(text: str) -> None:
    """No message, however odd, makes a function fail."""
    for ask in (message.is_fix, message.is_revert, message.reverted_shas, message.fixes_trailers, message.issue_refs,
                message.is_merge_message, message.conventional_type, message.is_breaking, message.is_refactoring,
                message.is_dependency_update, message.is_automated, message.subject):
        ask(text)


@pytest.mark.parametrize("text", [
    "revert " + "1234567" * 4000, "KAFKA-1: " * 3000, "a.b/" * 8000 + "#",
    "fix " + "the " * 8000, "update " * 5000, "[x] " * 8000,
    "revert commit " * 3000, " " * 32000 + "x", "fixup! " * 5000, "this reverts commit " + "1234567 and " * 3000,
])
def test_hostile_messages_are_answered_quickly(text: str) -> None:
    """No message makes the time grow faster than its length: a second for all answers is far more than is needed."""
    began = time.perf_counter()
    test_any_text_is_answered.hypothesis.inner_test(text)

    assert time.perf_counter() - began < 1.0
