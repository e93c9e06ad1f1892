"""The parser of diffs: what git writes becomes records, and what it does not write is refused."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.change import FileDiff, Hunk
from riskml.errors import MalformedDiff, TooLarge
from riskml.parse.diff import DIFF_OPTIONS, parse_patch, unquote

MODIFIED = b"""diff --git a/src/app.py b/src/app.py
index 1111111..2222222 100755
--- a/src/app.py
+++ b/src/app.py
@@ -1,5 +1,5 @@ def main():
 one
-two
+TWO
 three
-four
 five
+six
"""


def one(data: bytes) -> FileDiff:
    """Parse a diff of one file."""
    (file,) = parse_patch(data)
    return file


def refused(data: bytes) -> str:
    """Return the words with which a diff is refused."""
    with pytest.raises(MalformedDiff) as caught:
        parse_patch(data)
    return str(caught.value)


def test_context_is_taken_off():
    """A hunk with context becomes one hunk per run of changed lines, numbered as -U0 numbers them."""
    file = one(MODIFIED)

    assert file.hunks == (Hunk(2, 1, 2, 1), Hunk(4, 1, 3, 0), Hunk(5, 0, 5, 1))
    assert (file.removed, file.added) == (b"two\nfour\n", b"TWO\nsix\n")
    assert (file.path, file.status, file.old_mode, file.new_mode) == ("src/app.py", "M", 0o100755, 0o100755)


def test_no_bytes_are_no_files():
    """An empty diff is an empty change."""
    assert parse_patch(b"") == ()
    assert parse_patch(b"\n") == ()


def test_new_and_deleted_files_know_their_old_length():
    """A new file had no lines, and a deleted one had those that its diff shows."""
    new, gone = parse_patch(
        b"diff --git a/n b/n\nnew file mode 100644\nindex 0000000..1111111\n"
        b"--- /dev/null\n+++ b/n\n@@ -0,0 +1,2 @@\n+a\n+b\n"
        b"diff --git a/g b/g\ndeleted file mode 100644\nindex 1111111..0000000\n"
        b"--- a/g\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"
    )

    assert (new.status, new.lines_before, new.old_mode, new.new_mode, new.lines_added) == ("A", 0, 0, 0o100644, 2)
    assert (gone.status, gone.lines_before, gone.old_mode, gone.new_mode, gone.lines_deleted) == ("D", 2, 0o100644, 0, 2)


def test_empty_files_come_and_go_without_hunks():
    """The blob of no bytes needs no hunk, abbreviated or not."""
    new, gone = parse_patch(
        b"diff --git a/n b/n\nnew file mode 100644\nindex 0000000..e69de29\n"
        b"diff --git a/g b/g\ndeleted file mode 100644\nindex e69de29bb2d1d6434b8b29ae775ad8c2e48c5391.." + b"0" * 40 + b"\n"
    )

    assert (new.status, new.hunks, new.lines_before) == ("A", (), 0)
    assert (gone.status, gone.hunks, gone.lines_before) == ("D", (), 0)


def test_rename_with_edit():
    """A rename keeps both names, and an edit inside it its hunks."""
    file = one(
        b"diff --git a/old name b/new/name\nsimilarity index 80%\nrename from old name\nrename to new/name\n"
        b"index 1111111..2222222 100644\n--- a/old name\t\n+++ b/new/name\n@@ -3 +3 @@\n-x\n+y\n"
    )

    assert (file.status, file.old_path, file.path, file.hunks) == ("R", "old name", "new/name", (Hunk(3, 1, 3, 1),))


def test_rename_and_copy_alone():
    """A file that only moved, or was copied, has no lines that changed."""
    moved, copied = parse_patch(
        b"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n"
        b"diff --git a/x b/z\nsimilarity index 100%\ncopy from x\ncopy to z\n"
    )

    assert (moved.status, moved.old_path, moved.path, moved.hunks) == ("R", "x", "y", ())
    assert (copied.status, copied.old_path, copied.path, copied.lines_before) == ("C", "x", "z", None)


def test_mode_alone():
    """A change of mode alone is a change without lines."""
    file = one(b"diff --git a/run b/run\nold mode 100644\nnew mode 100755\n")

    assert (file.status, file.old_mode, file.new_mode, file.hunks) == ("M", 0o100644, 0o100755, ())


@pytest.mark.parametrize("body", [
    b"Binary files a/x b/logo.png and b/x b/logo.png differ\n",
    b"GIT binary patch\nliteral 5\nMcmZQzWMT#Y01f~L\n\nliteral 0\nHcmV?d00001\n\n",
])  # fmt: skip
def test_binary(body: bytes):
    """A binary file is known as such, whether git shows its bytes or not, and has no lines."""
    binary, text = parse_patch(b"diff --git a/x b/logo.png b/x b/logo.png\nindex 1111111..2222222 100644\n" + body + MODIFIED)

    assert (binary.binary, binary.path, binary.hunks, binary.lines_before) == (True, "x b/logo.png", (), None)
    assert text == one(MODIFIED)


def test_submodule():
    """A submodule's commit id is no content, so it counts no lines."""
    file = one(
        b"diff --git a/lib b/lib\nindex 1111111..2222222 160000\n--- a/lib\n+++ b/lib\n@@ -1 +1 @@\n"
        b"-Subproject commit 1111111111111111111111111111111111111111\n"
        b"+Subproject commit 2222222222222222222222222222222222222222\n"
    )

    assert (file.submodule, file.hunks, file.added, file.removed, file.new_mode) == (True, (), b"", b"", 0o160000)


def test_type_change_is_one_file():
    """A file that becomes a link is one file of status T, though git writes it as two."""
    file = one(
        b"diff --git a/x b/x\ndeleted file mode 100644\nindex 1111111..0000000\n"
        b"--- a/x\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"
        b"diff --git a/x b/x\nnew file mode 120000\nindex 0000000..2222222\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+target\n"
        b"\\ No newline at end of file\n"
    )

    assert (file.status, file.old_mode, file.new_mode, file.lines_before) == ("T", 0o100644, 0o120000, 2)
    assert (file.removed, file.added, file.hunks) == (b"a\nb\n", b"target\n", (Hunk(1, 2, 0, 0), Hunk(0, 0, 1, 1)))


def test_missing_newline_at_the_end():
    """Lines end with a newline in the record, whether they did in the file or not."""
    file = one(
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n-old\n\\ No newline at end of file\n+new\n"
        b"\\ No newline at end of file\n"
    )

    assert (file.removed, file.added, file.hunks) == (b"old\n", b"new\n", (Hunk(2, 1, 2, 1),))


def test_content_is_bytes():
    """Carriage returns, NULs and bytes that are not UTF-8 come through as they are."""
    file = one(b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\r\n+a\xff\r\n+\0\x0cb\n")

    assert (file.removed, file.added) == (b"a\r\n", b"a\xff\r\n\0\x0cb\n")


def test_lines_that_look_like_heads_are_lines():
    """Content may look like any part of a diff; its mark keeps it apart."""
    lines = [b"diff --git a/y b/y", b"@@ -1 +1 @@", b"-- a/x", b"++ b/x", b"\\ No newline", b"Binary files a and b differ"]
    body = b"".join(b"-" + line + b"\n" for line in lines) + b"".join(b"+" + line + b"\n" for line in lines)

    file = one(b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,6 +1,6 @@\n" + body)

    assert file.removed == file.added == b"".join(line + b"\n" for line in lines)


@pytest.mark.parametrize(("old", "new"), [(b"a/", b"b/"), (b"i/", b"w/"), (b"c/", b"i/"), (b"", b"")])
@pytest.mark.parametrize("name", [b"x", b"a/x", b"dir/two words b/x", b"b/b/b"])
def test_prefixes(old: bytes, new: bytes, name: bytes):
    """Names are the same under every prefix that a user may have configured, and without one."""
    data = b"diff --git %b%b %b%b\nold mode 100644\nnew mode 100755\n" % (old, name, new, name)

    assert one(data).path == name.decode()


@pytest.mark.parametrize(("written", "name"), [
    (b'"caf\\303\\251.txt"', "café.txt"),
    (b'"tab\\there"', "tab\there"),
    (b'"quote\\"back\\\\slash"', 'quote"back\\slash'),
    (b'"line\\nbreak\\001"', "line\nbreak\x01"),
    (b'"latin\\351"', "latin\udce9"),
    (b"caf\xc3\xa9.txt", "café.txt"),
    (b'"', '"'),
])  # fmt: skip
def test_unquote(written: bytes, name: str):
    """Quoted paths lose their quotes, and bytes that are not UTF-8 survive as surrogates."""
    assert unquote(written) == name


def test_quoted_names_in_heads():
    """Both names of a header may be quoted, with the prefix inside the quotes."""
    file = one(b'diff --git "a/\\351 b" "b/\\351 b"\n--- "a/\\351 b"\t\n+++ "b/\\351 b"\t\n@@ -1 +1 @@\n-a\n+b\n')

    assert file.path == "\udce9 b"


def test_raw_lines_complete_the_files():
    """The --raw lines add the modes and blobs of a file that only moved, which the patch does not show."""
    blob = b"5" * 40
    file = one(
        b":100755 100755 %b %b R100\tx\ty\n\n" % (blob, blob)
        + b"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n"
    )

    assert (file.old_mode, file.new_mode, file.old_blob, file.new_blob) == (0o100755, 0o100755, "5" * 40, "5" * 40)


def test_blob_ids_are_whole_or_unknown():
    """An abbreviated id names no blob for sure, and zeros name none, so both are unknown."""
    assert (one(MODIFIED).old_blob, one(MODIFIED).new_blob) == ("", "")
    full = MODIFIED.replace(b"1111111..2222222", b"0" * 64 + b".." + b"2" * 64)
    assert (one(full).old_blob, one(full).new_blob) == ("", "2" * 64)


def test_empty_context_lines():
    """Context lines without their space (diff.suppressBlankEmpty) are context, and blank lines after a hunk are nothing."""
    data = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n\n-a\n+b\n\n"

    assert one(data).hunks == (Hunk(2, 1, 2, 1),)
    assert one(data + b"\n\n") == one(data)
    assert one(data.rstrip(b"\n") + b"\n \n") == one(data)


@pytest.mark.parametrize(("data", "words"), [
    (b"hello\n", ["text that is no part of a diff", "line 1", "'hello'", "git diff BASE...HEAD"]),
    (b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", ["line 1", "diff --git"]),
    (MODIFIED + b"hello\n", ["text that is no part of a diff", "line 13", "'hello'"]),
    (MODIFIED.replace(b" five\n", b""), ["wrong length", "line 6", "4 old and 4 new lines", "5 old and 5 new lines"]),
    (MODIFIED[:-5], ["wrong length", "line 6"]),
    (MODIFIED[:90], ["a file without its hunks"]),
    (MODIFIED[:60], ["not an index line", "line 1"]),
    (MODIFIED.replace(b"+TWO\n", b"TWO\n"), ["no part of a diff", "line 8", "'TWO'"]),
    (MODIFIED.replace(b"@@ -1,5", b"@@ 1,5"), ["no part of a file's head", "line 5"]),
    (MODIFIED.replace(b"-1,5", b"-x,5"), ["not the head of a hunk", "line 5"]),
    (MODIFIED.replace(b"--- a/src", b"--- a/etc"), ["two names for one file", "'--- src/app.py'"]),
    (MODIFIED.replace(b"+++ b/src/app.py\n", b""), ["hunks without a '+++' line"]),
    (MODIFIED.replace(b"100755", b"rwxr-x"), ["not an index line"]),
    (MODIFIED.replace(b"src/app.py", b"../app.py"), ["a path that git cannot write", "'../app.py'"]),
    (MODIFIED.replace(b"b/src/app.py", b"b/src/other.py"), ["a file without its name"]),
    (MODIFIED + b"@@ -9 +10 @@\n-a\n+b\n", ["does not follow the one before", "line 13"]),
    (MODIFIED + b"@@ -3 +3 @@\n-a\n+b\n", ["does not follow the one before"]),
    (MODIFIED.replace(b"\n", b"\r\n"), ["CRLF", "line 1"]),
    (b"diff --cc x\nindex 1,2..3\n", ["combined diff of a merge", "line 1", "two sides"]),
    (MODIFIED + b"diff --cc x\nindex 1,2..3\n", ["combined diff of a merge", "line 13"]),
    (b"Submodule lib 1111111..2222222:\n  > Fix\n", ["submodule written as its log", "--submodule=short"]),
    (b":100644 100644 1111111 2222222 M\tx\n", ["no file in the diff"]),
    (b":100644 100644 1111111 2222222 M\tx\n\n" + MODIFIED, ["name different files", "each file in both"]),
    (b"diff --git a/x b/x\nindex 1111111..2222222 100644\n", ["a file without its hunks", "line 2"]),
    (b"diff --git a/x b/x\nnew file mode 100644\nindex 0000000..2222222\n", ["a file without its hunks"]),
])  # fmt: skip
def test_what_is_no_diff_is_refused(data: bytes, words: list[str]):
    """The refusal says what is wrong, in which line, what is there, and what would be right."""
    message = refused(data)

    assert all(word in message for word in words), message


def test_too_large():
    """The limit is on bytes, and said."""
    with pytest.raises(TooLarge, match=r"got '168 bytes'; expected at most 100 bytes"):
        parse_patch(MODIFIED, limit=100)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_lost_line_never_passes(data: st.DataObject):
    """Whatever line a diff loses, it is refused or it was one that says nothing about what changed."""
    lines = MODIFIED.splitlines(keepends=True)
    lost = data.draw(st.integers(0, len(lines) - 1))
    try:
        files = parse_patch(b"".join(lines[:lost] + lines[lost + 1 :]))
    except MalformedDiff:
        return

    assert lines[lost].startswith(b"index ")
    assert [(f.hunks, f.added, f.removed) for f in files] == [(f.hunks, f.added, f.removed) for f in parse_patch(MODIFIED)]


PIECES = [*MODIFIED.splitlines(keepends=True), b"\n", b"\0", b"diff --git ", b"@@ -", b":100644 "]


@given(st.binary(max_size=300) | st.lists(st.sampled_from(PIECES)).map(b"".join))
@settings(max_examples=300, deadline=None)
def test_nothing_crashes_it(data: bytes):
    """Any bytes are a diff or a MalformedDiff, and nothing else."""
    with suppress(MalformedDiff):
        parse_patch(data)


@pytest.mark.parametrize("context", [0, 1, 3, 10, 1000])
def test_context_size_does_not_matter(repo, context: int):
    """The same diff at any context size gives the same records."""
    text = [f"line {i}\n" for i in range(200)]
    same = "".join(text)
    before = repo.commit("one", {"a.txt": same, "b.txt": "same\n" * 3, "gone.txt": "x\ny\n", "moved.txt": same})
    text[3:5] = ["new\n"]
    text[50:50] = ["in\n", "between\n"]
    del text[52:60]
    text[190:] = ["end\n"]
    repo.remove("gone.txt")
    repo.git("mv", "moved.txt", "there.txt")
    after = repo.commit("two", {"a.txt": "".join(text), "there.txt": "".join(text[5:]), "new.txt": "n"})

    def at(lines: int) -> tuple[FileDiff, ...]:
        return parse_patch(repo.git("diff-tree", "-r", *DIFF_OPTIONS, f"-U{lines}", before, after).encode() + b"\n")

    assert at(context) == at(0)
    assert {f.path: f.status for f in at(0)} == {"a.txt": "M", "gone.txt": "D", "new.txt": "A", "there.txt": "R"}


def test_twenty_files_are_parsed_in_two_milliseconds():
    """A posted diff of twenty files costs the service no more than two milliseconds (with room for a slow machine)."""
    patch = b"".join(MODIFIED.replace(b"app.py", b"app%d.py" % i) for i in range(20))
    times = []
    for _ in range(20):
        start = time.perf_counter()
        parse_patch(patch)
        times.append(time.perf_counter() - start)

    assert min(times) < 0.010
