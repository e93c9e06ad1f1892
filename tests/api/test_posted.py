"""A posted diff, and what a mirror adds to it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from api.posted import change_of_diff, measured
from api.schemas import PredictIn
from riskml.change import FileDiff

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FULL = "a" * 40
DIFF = (f"diff --git a/one.py b/one.py\nindex {FULL}..{'b' * 40} 100644\n--- a/one.py\n+++ b/one.py\n@@ -1 +1 @@\n-a\n+b\n"
        "diff --git a/two.py b/zwei.py\nsimilarity index 90%\nrename from two.py\nrename to zwei.py\n"
        "index aaaaaaa..bbbbbbb 100644\n--- a/two.py\n+++ b/zwei.py\n@@ -1 +1 @@\n-a\n+b\n"
        "diff --git a/new.py b/new.py\nnew file mode 100644\nindex 0000000..bbbbbbb\n--- /dev/null\n+++ b/new.py\n"
        "@@ -0,0 +1 @@\n+b\n")


class FakeMirror:
    """A repository that knows some lengths."""

    def __init__(self, **lines: int | None) -> None:
        self.lines = {f"{name}.py": count for name, count in lines.items()}
        self.asked: list[str] = []

    def lines_before(self, files: Iterable[FileDiff], base: str) -> dict[str, int | None]:
        """Tell what is known."""
        assert base == "base"
        self.asked += [f.path for f in files]
        return self.lines


def posted(**more: object) -> PredictIn:
    """Make a request with a diff."""
    return PredictIn.model_validate_json(json.dumps({"repository": "a", "diff": DIFF} | more))


def lengths(mirror: FakeMirror) -> dict[str, int | None]:
    """Give the length of each file before the change."""
    return {f.path: f.lines_before for f in measured(change_of_diff(posted(), NOW), "base", mirror).files}


def test_a_diff_without_commits_is_judged_as_of_now():
    """There is no other moment to end its windows at."""
    change = change_of_diff(posted(), NOW)
    assert (change.at, change.head, change.kind) == (int(NOW.timestamp()), None, "diff")


def test_commits_tell_the_moment_the_head_and_the_author_in_the_process():
    """The newest commit is the moment, the last one the head; zones are kept as minutes."""
    commits = [{"sha": "a" * 40, "message": "one", "authored_at": "2026-11-23T10:00:00+01:00", "author": "Ada <a@b.org>"},
               {"sha": "b" * 40, "message": "two", "authored_at": "2026-11-23T08:30:00Z", "author": "a@b.org"}]
    change = change_of_diff(posted(commits=commits), NOW)
    assert change.at == int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp())
    assert (change.head, change.message) == ("b" * 40, "one\n\ntwo")
    assert [c.utc_offset for c in change.commits] == [60, 0]
    assert [(c.author.name, c.author.email) for c in change.commits if c.author] == [("Ada", "a@b.org"), ("", "a@b.org")]


def test_a_mirror_tells_how_long_files_were():
    """It is asked for what the diff leaves open; a new file had no lines."""
    mirror = FakeMirror(one=7, zwei=3)
    assert lengths(mirror) == {"one.py": 7, "zwei.py": 3, "new.py": 0}
    assert mirror.asked == ["one.py", "zwei.py"]


def test_what_the_mirror_does_not_have_stays_unknown():
    """A file that is not there, or is no text, has no length, which is not 0."""
    assert lengths(FakeMirror()) == {"one.py": None, "zwei.py": None, "new.py": 0}
    assert lengths(FakeMirror(zwei=None))["zwei.py"] is None
