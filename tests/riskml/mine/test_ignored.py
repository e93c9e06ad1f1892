"""Commits that the repository wants looked through: whose their lines are, against ``git blame --ignore-revs-file``."""

from __future__ import annotations

from itertools import pairwise

import pytest

from riskml.adapters.git import GitRepository
from riskml.mine.ignored import FILE, ignored_at
from riskml.mine.labels import label
from riskml.mine.traced import Traced

BEFORE = "def total(items):\n  result = 0\n  for item in items:\n    result = result+item\n  return result\n"
AFTER = "def total(items):\n    result = 0\n    for item in items:\n        result = result + item\n    return result\n"


@pytest.fixture
def reformatted(repo):
    """Return a repository of two writers and a commit that only lays their lines out anew, with the ids of the three."""
    first = repo.commit("Add a sum", {"m.py": BEFORE.replace("result+item", "item"), "n.py": "a=1\n"})
    second = repo.commit("Add up", {"m.py": BEFORE})
    layout = repo.commit("Reformat", {"m.py": AFTER, "n.py": "a = 1\n"})
    return repo, first, second, layout


def writers(repo, path: str) -> list[str | None] | None:
    """Return who wrote each line of a file at HEAD, the list of HEAD heeded."""
    source = GitRepository.open(repo.path)
    tip = source.resolve("HEAD")
    traced = Traced(source, tip, ignored=ignored_at(source, tip, lambda _text: None))
    for _ in traced:
        pass
    return traced.provenance.origins(tip, path)


def blamed(repo, path: str) -> list[str]:
    """Return what git says of who wrote each line, with the list in the working tree."""
    told = repo.git("blame", "--line-porcelain", "-s", "--ignore-revs-file", FILE, "HEAD", "--", path)
    lines = told.split("\n")
    heads = [lines[0], *(after for line, after in pairwise(lines) if line.startswith("\t"))]
    return [head.split(" ")[0] for head in heads if head]


def harmful(repo, **options) -> set[str]:
    """Return the harmful commits."""
    return {found.sha for found in label(GitRepository.open(repo.path), variant="b", **options) if found.harm}


def test_reformatted_lines_remain_those_of_their_writers(reformatted):
    """Through later edits, too, each line is whose git blame says it is."""
    repo, first, second, layout = reformatted
    edit = repo.commit("Start at one", {FILE: f"# layout\n{layout}\n", "m.py": AFTER.replace("= 0", "= 1")})

    assert writers(repo, "m.py") == blamed(repo, "m.py") == [first, edit, first, second, first]
    assert writers(repo, "n.py") == blamed(repo, "n.py") == [first]


def test_two_layouts_on_top_of_each_other_are_looked_through(reformatted):
    """The second one passes on what the first one passed on; through a rename and a merge as well."""
    repo, _, _, layout = reformatted
    repo.git("checkout", "-q", "-b", "side")
    repo.git("mv", "m.py", "sum.py")
    repo.commit("Move")
    again = repo.commit("Reformat with tabs", {"sum.py": AFTER.replace("    ", "\t")})
    repo.git("checkout", "-q", "main")
    repo.commit("Add a value", {"n.py": "a = 1\nb = 2\n"})
    repo.merge("side")
    repo.commit("List both", {FILE: f"{layout}\n{again}\n"})

    assert writers(repo, "sum.py") == blamed(repo, "sum.py")
    assert not {layout, again}.intersection(writers(repo, "sum.py"))


def test_lines_that_replaced_none_are_the_ignored_commits(repo):
    """Where a hunk grows, what is left over has nobody before it; where it shrinks, all have somebody."""
    first = repo.commit("Add", {"m.py": "f(1, 2)\n", "n.py": "f(\n1,\n2)\n"})
    layout = repo.commit("Reformat", {"m.py": "f(\n    1,\n    2,\n)\n", "n.py": "f(1, 2)\n", "o.py": "o\n"})
    repo.commit("List it", {FILE: layout})

    assert writers(repo, "m.py") == [first, layout, layout, layout]
    assert writers(repo, "n.py") == blamed(repo, "n.py") == [first]
    assert writers(repo, "o.py") == blamed(repo, "o.py") == [layout]


def test_lines_behind_one_that_was_split_keep_their_writers(repo):
    """In a hunk that grows in its midst, what follows is not shifted: the words tell which line is which."""
    writers_of = {}
    for number, line in enumerate(("f(1, 2)\n", "g('a')\n", "h( )\n")):
        lines = [*writers_of, line]
        writers_of[line] = repo.commit(f"Add {number}", {"m.py": "".join(lines)})
    layout = repo.commit("Reformat", {"m.py": 'f(\n    1,\n    2,\n)\ng("a")\nh()\n'})
    repo.commit("List it", {FILE: layout})
    first, second, third = writers_of.values()

    assert writers(repo, "m.py") == [first, layout, layout, layout, second, third]
    assert writers(repo, "m.py")[4:] == blamed(repo, "m.py")[4:]


@pytest.mark.parametrize("seed", range(3))
def test_random_histories_keep_their_lines_whatever_is_ignored(repo, grow, seed):
    """With every third commit ignored, each file has as many lines as git gives it, and what is not touched by one agrees."""
    grow(repo, seed, 30)
    tip = repo.git("rev-parse", "main")
    listed = repo.git("rev-list", "--no-merges", tip).split()
    traced, plain = (Traced(GitRepository.open(repo.path), tip, ignored=ignored) for ignored in (listed[::3], []))
    for _ in (*traced, *plain):
        pass

    for path in plain.provenance.paths(tip):
        before, after = plain.provenance.origins(tip, path), traced.provenance.origins(tip, path)
        assert (before is None) == (after is None), path
        for old, new in zip(before or [], after or [], strict=True):
            assert new == old or old in listed[::3], path


def test_ignored_commit_is_no_suspect_but_those_before_it_are(reformatted):
    """A fix of reformatted lines points at whoever wrote them; without the list, or on request, at the layout."""
    repo, first, second, layout = reformatted
    repo.commit("Fix the sum", {"m.py": AFTER.replace("result + item", "result + 1 * item").replace("= 0", "= 1")})
    assert harmful(repo) == {layout}

    repo.commit("List it", {FILE: layout})

    assert harmful(repo) == {first, second}
    assert harmful(repo, ignore_revs=False) == {layout}


def test_ignored_commit_is_neither_suspected_for_what_it_added_nor_a_fix(repo):
    """Lines of its own suspect nobody, and what it replaced was no fault, whatever its message says."""
    repo.commit("Add", {"m.py": "f(1, 2)\n"})
    layout = repo.commit("Fix bugs in layout", {"m.py": "f(\n    1,\n    2,\n)\n"})
    repo.commit("Fix a wrong value", {"m.py": "f(\n    1,\n    3,\n)\n", FILE: layout})

    assert harmful(repo) == set()
    assert harmful(repo, ignore_revs=False) != set()


def test_whoever_names_an_ignored_commit_is_heard(reformatted):
    """That a message takes it back is no suspicion."""
    repo, _, _, layout = reformatted
    repo.commit(f"Revert it\n\nThis reverts commit {layout}.\n", {"m.py": BEFORE, FILE: layout})

    assert harmful(repo) == {layout}


def test_what_cannot_be_heeded_is_told(reformatted):
    """Abbreviated and malformed entries, and ids of other histories, are counted and named; the others are heeded."""
    repo, first, _, layout = reformatted
    repo.commit("Fix the sum", {"m.py": "", FILE: f"{layout[:12]}\nmain\n{'a' * 40}\n{first}\n"})
    told: list[str] = []

    label(GitRepository.open(repo.path), notice=told.append)

    assert told == [
        f"{FILE}: 2 entries are not heeded, which should be full ids ('{layout[:12]}', 'main')",
        f"{FILE}: 1 id is of no commit in this history ({'a' * 40})",
    ]


def test_list_is_that_of_the_tip_and_a_regular_file(reformatted):
    """The working tree, its configuration and what a link leads to say nothing."""
    repo, _, _, layout = reformatted
    repo.write(FILE, layout)
    repo.git("config", "blame.ignoreRevsFile", FILE)
    source = GitRepository.open(repo.path)
    assert ignored_at(source, source.resolve("HEAD"), pytest.fail) == frozenset()
    linked = repo.path / FILE
    linked.rename(repo.path / "list")
    linked.symlink_to("list")
    tip = repo.commit("Link")

    assert ignored_at(source, tip, pytest.fail) == frozenset()


def test_list_that_is_too_large_or_missing_is_told(reformatted):
    """It stops nothing, and a notice says why it was not heeded."""
    repo, *_ = reformatted
    tip = repo.commit("Large", {FILE: "#\n" * 600_000})
    source = GitRepository.open(repo.path)
    told: list[str] = []

    assert ignored_at(source, tip, told.append) == frozenset()
    blob = repo.git("rev-parse", f"HEAD:{FILE}")
    (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert ignored_at(source, tip, told.append) == frozenset()

    assert len(told) == 2
    assert all("is not heeded" in text for text in told)
