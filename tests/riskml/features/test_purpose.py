"""What a change is for."""

from __future__ import annotations

from math import isnan

import pytest

from riskml.change import Change, Commit, FileDiff, Hunk
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence


def edit(path: str, removed: bytes, added: bytes) -> FileDiff:
    """Build an edited file."""
    return FileDiff(path, path, "M", (Hunk(1, removed.count(b"\n"), 1, added.count(b"\n")),), added, removed)


def vector(*files: FileDiff, messages: tuple[str, ...] = ()) -> dict[str, float]:
    """Extract the features of a change."""
    return extract(Evidence(Change(files, tuple(Commit(str(i), text) for i, text in enumerate(messages)))))


@pytest.mark.parametrize(("name", "message"), [
    ("fix", "Fix crash"), ("revert", 'Revert "x"'), ("refactoring", "Refactor x"), ("dependency_update",
    "Bump a from 1.0 to 1.1"),
    ("breaking", "feat!: x"), ("automated", "x\n\nSigned-off-by: dependabot[bot]"), ("issue_referenced", "KAFKA-1: x"),
])
def test_one_commit_is_enough_to_say_it(name: str, message: str) -> None:
    """A change says what any of its commits says; without a commit nobody said anything, which is unknown."""
    assert vector(messages=("Add words", message))[name] == 1
    assert vector(messages=("Add words",))[name] == 0
    assert isnan(vector()[name])


def test_a_merge_is_told_by_its_parents() -> None:
    """Not by its message."""
    change = Change((), (Commit("1", "Add", parents=("a", "b")),))

    assert extract(Evidence(change))["merge"] == 1
    assert vector(messages=("Merge branch 'a'",))["merge"] == 0


def test_only_means_every_file() -> None:
    """One other file is enough to be no documentation change, and nothing is not only something."""
    docs, test, code = (edit(path, b"a\n", b"b\n") for path in ("README.md", "tests/test_a.py", "a.py"))

    assert vector(docs)["docs_only"] == vector(test)["tests_only"] == 1
    assert vector(docs, code)["docs_only"] == vector(test,
    code)["tests_only"] == vector()["docs_only"] == vector()["tests_only"] == 0


def test_kinds_of_files_are_counted() -> None:
    """Each kind once a file; a lock file is a dependency file that is generated."""
    files = [edit(path, b"", b"x\n") for path in (
        "conf/a.yaml", ".gitlab-ci.yml", "Dockerfile", "db/migrate/1.rb", "pom.xml", "yarn.lock", "a.proto", "auth/a.go")]
    found = vector(*files)

    assert [found[name] for name in ("config_files", "ci_files", "infrastructure_files", "migration_files",
    "dependency_files",
                                     "api_files", "sensitive_files")] == [1, 1, 1, 1, 2, 1, 1]
    assert found["generated_share"] == 1 / 8


@pytest.mark.parametrize(("path", "removed", "added", "kind"), [
    ("a.java", b"x();\n", b"    x();\n", "format_only"), ("a.java", b"f(a, b);\n", b"f(a,\n  b);\n", "format_only"),
    ("a.py", b"x()  \n", b"x()\n\n", "format_only"), ("a.py", b"x()\n", b"    x()\n", None), ("a.yaml", b"a: 1\n",
    b"  a: 1\n", None),
    ("noext", b"a\n", b" a\n", None), ("noext", b"a \n", b"a\n", "format_only"), ("a.c", b"x;\r\n", b"x;\n", "format_only"),
    ("a.java", b"// a\n", b"/* b\n * c\n */\n", "comment_only"), ("a.py", b"", b"# a\n\n", "comment_only"),
    ("a.py", b"", b"# a\nx()\n", None), ("a.java", b"x(); // a\n", b"x(); // b\n", None), ("a.md", b"a\n", b"# b\n", None),
    ("a.json", b"1\n", b"2\n", None), ("a.sql", b"-- a\n", b"-- b\n", "comment_only"), ("a.c", b"", b"*p = 1;\n", None),
    ("a.java", b"import a.B;\n", b"import a.C;\nimport a.D;\n", "import_only"), ("a.py", b"", b"from a import b\n",
    "import_only"),
    ("a.c", b"", b"#include <a.h>\n", "import_only"), ("a.js", b"", b"const a = require('a');\n", "import_only"),
    ("a.py", b"import a\n", b"import a\nb()\n", None), ("a.md", b"", b"import this\n", None), ("a.py", b"",
    b"important()\n", None),
    # longer than what is looked at first
    ("a.java", b"x();\n" * 99, b"  x();\n" * 99, "format_only"), ("a.java", b"x();\n" * 99, b"  x();\n" * 98, None),
    ("a.java", b"", b"x();\n" * 99, None), ("a.java", b"x();\n", b" \n" * 300 + b"x();\n", "format_only"),
    ("a.java", b"x();\n", b"x();\n" + b"y();\n" * 99, None), ("a.java", b"x();\n" * 99 + b"y();\n", b"x();\n" * 99, None),
    ("a.py", b"x()\r\n" * 99, b"x() \n\n" * 99, "format_only"), ("a.py", b"x()\n" * 99, b"x()\n" * 99 + b"y()\n", None),
    ("a.py", b"", b"# a\n" * 99, "comment_only"), ("a.py", b"", b"# a\n" * 99 + b"x()", None),
    ("a.py", b"", b"import a\r\n" * 99, "import_only"), ("a.py", b"import a\n" * 99, b"import a\n" * 98 + b"b()\n", None),
])
def test_lines_that_hardly_matter_are_told(path: str, removed: bytes, added: bytes, kind: str | None) -> None:
    """Blanks, comments, imports: at most one of them is said, and none if any line is more than that."""
    found = vector(edit(path, removed, added))

    assert [name for name in ("format_only", "comment_only", "import_only") if found[name]] == ([kind] if kind else [])


def test_code_that_moves_between_files_is_no_formatting() -> None:
    """Files are compared each with itself."""
    found = vector(edit("a.java", b"x();\n", b""), edit("b.java", b"", b"x();\n"))

    assert found["format_only"] == 0


@pytest.mark.parametrize("other", [FileDiff("a.png", "a.png", binary=True), FileDiff("sub", "sub", submodule=True)])
def test_what_cannot_be_read_is_not_harmless(other: FileDiff) -> None:
    """Next to a binary file or a submodule nothing is said of the lines."""
    found = vector(edit("a.py", b"", b"# a\n"), other)

    assert found["comment_only"] == 0


def test_a_pure_rename_changes_no_lines() -> None:
    """Without changed lines there is nothing that could be blanks only."""
    found = vector(FileDiff("b.py", "a.py", "R"))

    assert found["format_only"] == found["comment_only"] == found["import_only"] == 0
