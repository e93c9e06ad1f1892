"""What every feature of the catalogue owes, whoever adds it."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from functools import cache
from math import inf, isfinite, isnan

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskml.change import Change, Commit, FileDiff, Hunk, Person
from riskml.features.catalogue import CATALOGUE, GROUPS, NAMES, extract, validate
from riskml.features.feature import Evidence, Feature
from riskml.features.wording import WORDS, files_of, word
from riskml.history import FilePast, History, RepositoryPast
from riskml.history.revisits import Revisited
from riskml.suite import CaseResult, FileCoverage, SuiteRun
from tests.told_past import Past

DAY, NOW = 86_400, 1_700_000_000
PATHS = (
    "src/main/java/org/acme/auth/Login.java", "src/test/java/org/acme/LoginTest.java", "lib/a.py", "lib/b.py", "README.md",
    "conf/app.yaml", "Dockerfile", "db/migrations/0001.sql", "package.json", "yarn.lock", "vendor/x/y.go", "core/x.scala",
    ".github/workflows/ci.yml", "api/a.proto", "logo.png", "ü/ñ.rb", "\udcff.c", "Makefile", "x.unknown", "noext",
)
LINES = (
    b"if (x == null && y) {", b"    return x;", b"\tfor (int i = 0; i < n; i++) {", b"// TODO later", b"# note", b"", b"   ",
    b"import java.util.List;", b"DROP TABLE users;", b"public void run() throws IOException {", b" * comment", b"}",
    b"synchronized (lock) { try { socket.read(b); } catch (IOException e) { } }", b"\xff\xfe\x00", b"x" * 300, b"a\rb",
)
MESSAGES = (
    "Fix NPE in login", "", "KAFKA-1: add\n\nBody text here.\n", 'Revert "x"\n\nThis reverts commit 1234567.', "docs: words",
    "Bump a from 1.0 to 1.1\n\nSigned-off-by: dependabot[bot]", "refactor!: rename", "Merge branch 'a'", "\udc80 odd \x00 text",
)
COUNTS = st.integers(0, 500)


@st.composite
def diffs(draw: st.DrawFn, path: str) -> FileDiff:
    """One file of a change: statuses, contents and sizes that git can produce, and some that it should not."""
    status = draw(st.sampled_from("AMDRCT"))
    old = draw(st.sampled_from(PATHS)) if status in "RC" else path
    if draw(st.integers(0, 9)) == 0:
        return FileDiff(path, old, status, binary=draw(st.booleans()), submodule=draw(st.booleans()))
    hunks, added, removed, line = [], [], [], 1
    for _ in range(draw(st.integers(0, 3))):
        minus = [] if status == "A" else draw(st.lists(st.sampled_from(LINES), max_size=4))
        plus = [] if status == "D" else draw(st.lists(st.sampled_from(LINES), max_size=4))
        if plus or minus:
            hunks.append(Hunk(line, len(minus), line, len(plus)))
            line += 10
            added += plus
            removed += minus
    before = 0 if status == "A" else draw(st.none() | st.integers(len(removed), 1000))
    return FileDiff(path, old, status, tuple(hunks), b"".join(row + b"\n" for row in added),
    b"".join(row + b"\n" for row in removed),
                    lines_before=before)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Draw a change of up to eight files with up to three commits."""
    paths = draw(st.lists(st.sampled_from(PATHS), max_size=8, unique=True))
    files = tuple(draw(diffs(path)) for path in paths)
    moments = st.integers(NOW - 400 * DAY, NOW)
    commits = tuple(
        Commit(str(index), draw(st.sampled_from(MESSAGES)), draw(moments), draw(moments), draw(st.sampled_from((0, 120,
        -720))),
               Person("A", draw(st.sampled_from(("", "a@b.org", "long.name@example.org")))), draw(st.sampled_from(((),
               ("p",), ("p", "q")))))
        for index in range(draw(st.integers(0, 3))))
    return Change(files, commits, NOW)


@st.composite
def revisited(draw: st.DrawFn) -> Revisited:
    """Draw how many changes came back within ever shorter times."""
    counts = [draw(COUNTS)]
    for _ in range(3):
        counts.append(draw(st.integers(0, counts[-1])))
    return Revisited(*counts)


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """Draw a history in which the windows lie inside each other."""
    files = {}
    for path in draw(st.lists(st.sampled_from(PATHS), unique=True)):
        total = draw(COUNTS)
        year = draw(st.integers(0, total))
        fixes, last = draw(st.integers(0, total)), draw(st.integers(NOW - 4000 * DAY, NOW + DAY))
        files[path] = FilePast(
            total, min(3, year), year, year, min(total, 9), last if total else None, fixes, min(fixes, 5), min(fixes, year),
            last if fixes else None, min(2, total), min(1, total), min(2, total))
    commits = draw(COUNTS)
    summary = RepositoryPast(
        commits_90d=commits, commits_365d=commits, fixes_90d=commits // 3, reverts_365d=commits // 9,
        commits_before=commits, fixes_before=commits // 2, revisited_365d=draw(revisited()),
        revisited_before=draw(revisited()), revisited_long_ago=draw(revisited()))
    return Past(files, summary, complete=draw(st.integers(0, 9)) > 0)


@st.composite
def suites(draw: st.DrawFn) -> SuiteRun:
    """Draw reports of some tests and of the coverage of some files."""
    outcomes = st.sampled_from(("passed", "failed", "error", "skipped"))
    cases = [CaseResult("s", str(index), draw(outcomes), draw(st.none() | st.floats(0, 100)), draw(st.booleans()))
             for index in range(draw(st.integers(0, 5)))]
    lines = st.frozensets(st.integers(1, 40), max_size=20)
    coverage = draw(st.none() | st.dictionaries(st.sampled_from(PATHS), st.builds(FileCoverage, lines, lines)))
    return SuiteRun(draw(st.sampled_from((None, tuple(cases)))), coverage)


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    """All that may be known of a change, each part of it also unknown."""
    return Evidence(draw(changes()), draw(st.none() | pasts()), draw(st.none() | suites()), draw(st.none() | suites()),
                    draw(st.none() | st.integers(0, 9)))


def again(evidence: Evidence, **other: object) -> Evidence:
    """Copy the evidence, unread."""
    return replace(evidence, **other)


def same(one: dict[str, float], two: dict[str, float]) -> list[str]:
    """Names of the features that differ."""
    return [name for name in NAMES if one[name] != two[name] and not (isnan(one[name]) and isnan(two[name]))]


@cache
def samples() -> tuple[tuple[Evidence, dict[str, float]], ...]:
    """Collect a fixed family of evidences with their vectors, for the tests that run once for each feature."""
    found: list[Evidence] = []

    @settings(max_examples=150, database=None, derandomize=True, suppress_health_check=list(HealthCheck), deadline=None)
    @given(evidences())
    def collect(evidence: Evidence) -> None:
        found.append(evidence)

    collect()
    return tuple((evidence, extract(evidence, "people")) for evidence in (*found, *RARE))


def edit(path: str, added: bytes, removed: bytes = b"") -> Evidence:
    """Build evidence of one edited file, with reports in which a test is new and another one took longer the more is added."""
    plus, minus = added.count(b"\n"), removed.count(b"\n")
    new = (CaseResult("s", f"new{n}", "passed") for n in range(plus))
    after = SuiteRun((CaseResult("s", "old", "passed", 1.0 + plus), *new),
                     {path: FileCoverage(frozenset({1}), frozenset(range(2, 2 + plus)))})
    before = SuiteRun((CaseResult("s", "old", "passed", 1.0),), {path: FileCoverage(frozenset({1}), frozenset({2}))})
    file = FileDiff(path, path, "M", (Hunk(1, minus, 1, plus),), added, removed, lines_before=9)
    return Evidence(Change((file,)), None, after, before)


CODE = (b"public void a() {\n  // TODO\n  if (b == null) {\n    for (;;) {\n"
        b"      try { c.read(); } catch (D e) { synchronized (e) { throw e; } }\n    }\n  }\n}\n")
BUSY = FilePast(9, 2, 5, 6, 3, NOW - 9 * DAY, 4, 2, 3, NOW - 20 * DAY, 3, 1, 2)
CALM = FilePast(1, 0, 0, 1, 1, NOW - 200 * DAY)
MIXED = SuiteRun((CaseResult("s", "a", "failed", 3.0), CaseResult("s", "b", "error"), CaseResult("s", "c", "skipped"),
                  CaseResult("s", "d", "passed", 1.0, flaky=True)))
AUTH = FileDiff("src/Auth.java", "lib/Auth.java", "R", (Hunk(1, 1, 1, 5), Hunk(9, 0, 13, 5)), CODE * 2, CODE)
EVERYTHING = Evidence(
    Change((replace(AUTH, lines_before=40), FileDiff("c.py", "c.py", "D", lines_before=3),
            FileDiff("vendor/b.go", "vendor/b.go", "A", (Hunk(0, 0, 1, 1),), b"x\n", lines_before=0),
            FileDiff("logo.png", "logo.png", binary=True), FileDiff("sub", "sub", submodule=True), *(FileDiff(p, p) for p in (
                "conf/a.yaml", ".gitlab-ci.yml", "Dockerfile", "db/migrate/1.rb", "pom.xml", "a.proto", "tests/test_c.py"))),
           (Commit("1", "feat!: Refactor\n\nKAFKA-1", NOW - 9 * DAY, NOW - 8 * DAY, 60, Person("A", ""), ("a", "b")),
            Commit("2", "Fix crash", NOW - 3 * DAY, NOW - DAY), Commit("4", "refactor x", NOW - DAY, NOW - DAY),
            Commit("3", 'Revert "x"', NOW - DAY, NOW - DAY),
            Commit("5", "Bump a from 1.0 to 1.1\n\nSigned-off-by: dependabot[bot]", NOW - DAY, NOW, 120, Person("B", ""))),
            NOW),
    Past({"lib/Auth.java": BUSY, "c.py": CALM},
         RepositoryPast(commits_90d=9, commits_365d=20, fixes_90d=3, reverts_365d=2, commits_before=40, fixes_before=10,
                        revisited_365d=Revisited(40, 30, 20, 10), revisited_before=Revisited(40, 20, 10, 5),
                        revisited_long_ago=Revisited(40, 8, 4, 2))),
    MIXED, None, 3)
ADD = Commit("1", "Add", NOW - 2 * DAY, NOW - 2 * DAY, 0, Person("A", "a@b.org"))
QUIET = RepositoryPast(commits_90d=3, commits_365d=3, commits_before=20, revisited_365d=Revisited(20),
                       revisited_before=Revisited(20), revisited_long_ago=Revisited(20))
LITTLE = Evidence(
    Change((FileDiff("c.py", "c.py", "M", (Hunk(1, 1, 1, 1),), b"x\n", b"y\n", lines_before=3),), (ADD,), NOW),
    Past({"c.py": CALM._replace(fixes=1, last_fix_at=NOW - 300 * DAY)}, QUIET),
    SuiteRun((CaseResult("s", "a", "passed", 1.0),)), None, 0)
RARE = (
    EVERYTHING, LITTLE, Evidence(Change(EVERYTHING.change.files[:3:2]), LITTLE.past), edit("docs/a.md", b"word\n"),
    edit("lib/a.c", b"x\ny\n"), edit("tests/test_a.py", b"x\n", b"y\n"), edit("lib/a.py", b"# note\n"),
    edit("lib/a.py", b"import os\n"), edit("lib/a.java", b"  x();\n", b"x();\n"), edit("lib/b.java", b"", CODE),
    edit("db/migrations/1.sql", b"DROP TABLE a;\n"),
)
"""Evidence in which each feature takes at least two values, whatever the drawn samples hold."""

ALL = pytest.mark.parametrize("feature", CATALOGUE, ids=NAMES)
THOROUGH = settings(deadline=None, max_examples=60)


@ALL
def test_feature_is_described(feature: Feature) -> None:
    """Name, unit, question, source and range say what the number means."""
    assert feature.name.isascii()
    assert feature.name == feature.name.lower()
    assert "?" in feature.question
    assert feature.low < feature.high
    assert feature.monotone in (-1, 0, 1)
    assert len(feature.reference) > 5


@ALL
def test_feature_is_finite_within_its_range_or_missing_for_a_reason(feature: Feature) -> None:
    """Every value lies in the declared range; NaN comes only where the catalogue says when."""
    for _, vector in samples():
        value = vector[feature.name]
        assert isinstance(value, float)
        assert (isnan(value) and feature.missing) or (isfinite(value) and feature.low <= value <= feature.high)


@ALL
def test_feature_moves(feature: Feature) -> None:
    """A feature tells changes apart: it takes at least two values."""
    values = [extract(again(evidence), "people")[feature.name] for evidence in RARE]

    assert len({value for value in values if not isnan(value)}) > 1


@ALL
def test_feature_has_words_for_both_directions(feature: Feature) -> None:
    """Each value is worded, with its number, whichever way it moves the risk; nothing unfilled is left."""
    for _, vector in samples()[:40]:
        for raises in (True, False):
            text = word(feature.name, vector[feature.name], raises, ("lib/a.py",))
            assert text
            assert not set(text) & set("{}[]|")
    assert WORDS[feature.name].some


@ALL
def test_feature_names_files_of_the_change(feature: Feature) -> None:
    """The files that carry a feature are at most three, each of them of the change, and named in the same order always."""
    for evidence, _ in samples()[:40]:
        files = files_of(feature.name, evidence)
        mixed = again(evidence, change=replace(evidence.change, files=tuple(reversed(evidence.change.files))))
        assert len(files) == len(set(files)) <= 3
        assert set(files) <= {diff.path for diff in evidence.change.files}
        assert files_of(feature.name, mixed) == files


@ALL
def test_a_person_is_described_on_request_only(feature: Feature) -> None:
    """Whatever describes a person is unknown in the default profile, and nothing else depends on the author."""
    for evidence, _ in samples()[:40]:
        commits = tuple(replace(commit, author=Person("Zoë", "somebody.else@example.com"), utc_offset=-90)
                        for commit in evidence.change.commits)
        one, two = extract(again(evidence)), extract(again(evidence, change=replace(evidence.change, commits=commits)))
        assert isnan(one[feature.name]) or not feature.person
        assert not same(one, two)


def test_names_are_unique_and_groups_compute_what_they_declare() -> None:
    """A name means one feature, and each group returns a value for each of its features."""
    evidence = Evidence(Change(()))

    assert len(set(NAMES)) == len(NAMES)
    assert set(WORDS) == set(NAMES)
    assert all(len(group.compute(evidence)) == len(group.features) for group in GROUPS)


def test_the_names_of_kamei_are_there() -> None:
    """Other data sets use these names, so they are kept to the letter."""
    assert set(NAMES) >= {"la", "ld", "lt", "nf", "nd", "ns", "entropy", "ndev", "age", "nuc", "fix", "exp", "rexp", "sexp"}


@THOROUGH
@given(evidences(), st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(evidence: Evidence, chance: random.Random) -> None:
    """Files are a set: any order gives the same numbers, to the last bit."""
    files = list(evidence.change.files)
    chance.shuffle(files)

    assert not same(extract(again(evidence)), extract(again(evidence, change=replace(evidence.change, files=tuple(files)))))


@THOROUGH
@given(evidences())
def test_arguments_are_left_alone(evidence: Evidence) -> None:
    """Reading changes nothing: not the change, not the reports, and a second reading says the same."""
    before = copy.deepcopy((evidence.change, evidence.suite, evidence.suite_before))
    first, second = extract(evidence, "people"), extract(evidence, "people")

    assert not same(first, second)
    assert (evidence.change, evidence.suite, evidence.suite_before) == before


@THOROUGH
@given(evidences())
def test_a_vector_is_its_own_valid_input(evidence: Evidence) -> None:
    """What was computed is accepted when a client sends it back."""
    vector = extract(evidence, "people")

    assert not same(vector, validate(vector))


@THOROUGH
@given(evidences())
def test_without_history_or_tests_their_features_are_unknown(evidence: Evidence) -> None:
    """Nothing known is not nothing happened: no group falls back to zeros."""
    vector = extract(again(evidence, past=None, suite=None), "people")

    assert all(isnan(vector[feature.name]) for group in GROUPS if group.name in ("past", "repository", "testing")
               for feature in group.features)


@pytest.mark.parametrize("change", [Change(()), Change((), (Commit("1", "x", 5, 6),), 7), Change((FileDiff("a", "a"),))])
def test_the_empty_change_works(change: Change) -> None:
    """A change without files, commits or lines has a vector like any other."""
    vector = extract(Evidence(change, History().view(None)), "people")

    assert tuple(vector) == NAMES
    assert vector["la"] == vector["ld"] == vector["hunks"] == 0
    assert vector["entropy"] == 0


def grown() -> History:
    """Three commits to two files: one adds them, two fix the first."""
    history = History()
    login, other = "auth/login.py", "lib/b.py"
    for index, paths in enumerate(((login, other), (login,), (login,))):
        files = tuple(FileDiff(path, path, "M" if index else "A", (Hunk(1, 0, 1, 1),), b"x\n") for path in paths)
        parents = (str(index - 1),) if index else ()
        history.append(Change(files, (Commit(str(index), "Fix it" if index else "Add", NOW, NOW + index, 0, Person("A",
        "a@x"), parents),)))
    return history


EDIT = Change((FileDiff("auth/login.py", "auth/login.py", "M", (Hunk(1, 1, 1, 1),), b"if b:\n", b"if a:\n", lines_before=2),),
              (Commit("new", "Change", NOW, NOW + 9 * DAY),), NOW + 9 * DAY, base="2")


def test_moving_a_file_alone_changes_no_risk_class() -> None:
    """A pure rename has no lines, no content, no new file, and keeps the past and every class that calls for attention."""
    view = grown().view("2")
    moved = Change((FileDiff("tests/misc.md", "auth/login.py", "R", lines_before=2),), EDIT.commits, EDIT.at)
    touched = Change((FileDiff("auth/login.py", "auth/login.py", "M", lines_before=2),), EDIT.commits, EDIT.at)
    vector, still = extract(Evidence(moved, view)), extract(Evidence(touched, view))

    assert same(vector, still) == ["files_renamed"]
    assert vector["la"] == vector["ld"] == vector["files_added"] == vector["unseen_files_share"] == 0
    assert (vector["prior_fixes"], vector["nuc"], vector["sensitive_files"]) == (2, 3, 1)


def test_moving_while_editing_hides_nothing() -> None:
    """The same edit under a harmless name looks as it would under the old one."""
    view = grown().view("2")
    renamed = replace(EDIT, files=(replace(EDIT.files[0], path="docs/notes.py", status="R"),))

    assert same(extract(Evidence(EDIT, view)), extract(Evidence(renamed, view))) == ["files_renamed"]


def test_what_comes_later_cannot_be_seen() -> None:
    """Fifty commits on the base branch, fixes of the same file among them, change no number of a change that started before."""
    history = grown()
    before = extract(Evidence(EDIT, history.view("2")), "people")
    for index in range(50):
        commit = Commit(f"later{index}", "Fix it again", NOW, NOW + 10 + index, 0, Person("B", "b@x"),
                        (f"later{index - 1}" if index else "2",))
        history.append(Change((FileDiff("auth/login.py", "auth/login.py", "M", (Hunk(1, 1, 1, 1),), b"y\n", b"x\n"),),
        (commit,)))

    assert not same(before, extract(Evidence(EDIT, history.view("2")), "people"))
    assert same(before, extract(Evidence(EDIT, history.view("later49")), "people"))


def test_bounds_are_the_declared_ones() -> None:
    """No range is empty or starts at minus infinity, so that a client's number can be checked."""
    assert all(-inf < feature.low < feature.high for feature in CATALOGUE)
