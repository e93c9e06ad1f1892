"""What the changed code is made of."""

from __future__ import annotations

from math import isnan

import pytest

from riskml.change import Change, Commit, FileDiff, Hunk
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.features.reading import CAP


def edit(path: str, added: bytes, removed: bytes = b"") -> FileDiff:
    """Build an edited file."""
    return FileDiff(path, path, "M", (Hunk(1, removed.count(b"\n"), 1, added.count(b"\n")),), added, removed)


def vector(*files: FileDiff, message: str | None = None) -> dict[str, float]:
    """Extract the features of a change."""
    return extract(Evidence(Change(files, () if message is None else (Commit("1", message),))))


JAVA = b"""\
    public synchronized int read(InputStream in) throws IOException {
        // if the stream is null, give up: TODO
        if (in == null || closed && !open) {
            return -1;
        }

        for (int i = 0; i < size; i++) {
            try {
                lock.lock();
            } catch (RuntimeException e) {
                throw e;
            }
        }
    }
"""


def test_words_of_code_are_counted() -> None:
    """In lines of code, not in comments, and as words of their own."""
    found = vector(edit("A.java", JAVA))

    assert (found["conditionals_added"], found["loops_added"], found["error_handling_added"]) == (3, 1, 4)
    assert (found["concurrency_added"], found["null_handling_added"], found["public_added"], found["todo_added"]) == (3, 1,
    1, 1)
    assert found["decision_density"] == 5 / 12


def test_both_sides_are_read() -> None:
    """What is removed counts for itself."""
    found = vector(edit("A.java", b"", JAVA))

    assert (found["conditionals_removed"], found["error_handling_removed"], found["public_removed"]) == (3, 4, 1)
    assert (found["conditionals_added"], found["code_lines_deleted"]) == (0, 14)


def test_shape_of_the_code() -> None:
    """Depth in levels of four blanks or a tab, share of blank and comment lines, mean length."""
    found = vector(edit("a.go", b"\tx\n\t\tyy\n\n// z\n"))

    assert (found["indent_mean"], found["indent_max"], found["comment_share"], found["line_length"]) == (1.5, 2, 0.5, 2.0)


def test_without_code_its_shape_is_unknown() -> None:
    """A change of prose or of tests has no code whose depth could be told; a change of comments has no code either."""
    assert isnan(vector(edit("a.md", b"x\n"))["indent_mean"])
    assert isnan(vector(edit("tests/test_a.py", b"x\n"))["comment_share"])
    assert vector(edit("a.py", b"# x\n"))["comment_share"] == 1
    assert isnan(vector(edit("a.py", b"# x\n"))["line_length"])


def test_tests_are_held_against_code() -> None:
    """Lines of code and lines of tests are counted apart."""
    both = vector(edit("a.py", b"x\ny\n"), edit("tests/test_a.py", b"z\n", b"w\nv\n"))

    assert (both["code_lines_added"], both["test_lines_added"], both["test_lines_deleted"], both["test_files_share"]) == (2,
    1, 2, 0.5)
    assert both["code_without_tests"] == 0
    assert vector(edit("a.py", b"x\n"))["code_without_tests"] == 1
    assert vector(edit("a.py", b"", b"x\n"))["code_without_tests"] == 0
    assert vector(edit("a.md", b"x\n"))["code_without_tests"] == 0


@pytest.mark.parametrize(("path", "line", "count"), [
    ("db/V1__a.sql", b"DROP TABLE a; truncate b;\n", 2), ("db/migrate/1.rb", b"remove_column :a, :b\n", 1),
    ("a/migrations/1.py", b"migrations.RemoveField('a')\n", 1), ("a.sql", b"ALTER TABLE a\n", 0), ("a.sql",
    b"alter table a drop b;\n", 1),
    ("a.sql", b"DELETE FROM a WHERE 1;\n", 1), ("a.sql", b"create table drops (id int);\n", 0), ("a.py", b"DROP TABLE a;\n",
    0),
    ("tests/a.sql", b"DROP TABLE a;\n", 0),
])
def test_statements_that_lose_data_are_counted_where_they_run(path: str, line: bytes, count: int) -> None:
    """In SQL and in migrations; not in tests, and not in code that only mentions them."""
    assert vector(edit(path, line))["destructive_statements"] == count


def test_generated_code_is_not_read() -> None:
    """What a program wrote tells nothing of the change."""
    assert vector(edit("vendor/a.go", b"if x {\n"))["conditionals_added"] == 0


def test_reading_is_capped_and_does_not_depend_on_order() -> None:
    """A file beyond the cap is counted in lines only, and the files are read in the order of their paths."""
    big, small = edit("a.c", b"if (x)\n" * (CAP // 7 + 1)), edit("b.c", b"while (x)\n")
    one, two = vector(big, small), vector(small, big)

    assert one["loops_added"] == two["loops_added"] == 0
    assert one["conditionals_added"] == two["conditionals_added"] == CAP // 7
    assert one["code_lines_added"] == CAP // 7 + 2


def test_the_message_is_measured() -> None:
    """Words and lines with text; no message is unknown."""
    found = vector(message="Add a thing (#12)\n\nBecause it\nwas missing.\n")

    assert (found["message_words"], found["message_lines"], found["issue_referenced"]) == (8, 3, 1)
    assert isnan(vector()["message_words"])
