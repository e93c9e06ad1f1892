"""A git repository as the source of changes: from names to commits, and from commits to records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike, devnull
from pathlib import Path
from typing import BinaryIO

from riskml.adapters.git import blobs, names
from riskml.adapters.git.opening import Opened, open_at
from riskml.adapters.git.process import NEUTRAL, Completed, Place, failure, run, settings, stream
from riskml.adapters.git.sealed import SealedDirectory
from riskml.adapters.git.worktree import snapshot
from riskml.change import Change, Commit, FileDiff
from riskml.errors import NoMergeBase, PathOutside, TooLarge, UnknownRef
from riskml.parse import log
from riskml.parse.diff import DIFF_OPTIONS, parse_patch

LARGEST_DIFF = 256 * 1024 * 1024
"""The largest diff of one change that is read from a repository, in bytes."""

_DIFF = ("diff-tree", "-r", "--no-commit-id", *DIFF_OPTIONS)
_LOG = ("log", "--no-patch", "--encoding=UTF-8", "--no-notes", "--no-show-signature", "--no-color",
        "--no-decorate", "--date=format:%z", f"--format={log.FORMAT}")  # fmt: skip
_MOST_NAMES = 20_000  # that a wrong name is compared with
_OPTIONS_OF_NAMES = frozenset(("--all", "--branches", "--tags", "--remotes", "--glob", "--reflog", "-g", "--walk-reflogs"))
_EMPTY_TREES = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_DEEPEN = ("more history: `riskml predict --deepen auto`, `git fetch --deepen=200` (again, if need be), "
           "`fetch-depth: 0` on GitHub, `GIT_DEPTH: 0` on GitLab")


class GitRepository:
    """One repository, opened for reading. Nothing in it is run, and nothing in it is written.

    Commits are named as git names them (``main``, ``v1.0``, ``HEAD~2``, an id), one at a time. Errors are ``RepositoryError``
    and its children: ``UnknownRef`` for a name, ``NoMergeBase`` for two histories that do not meet here, ``ObjectMissing`` for
    what the clone lacks or cannot read.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._sealed = SealedDirectory(opened.common_dir, opened.object_format)
        self._resolved: set[str] = set()

    @classmethod
    def open(cls, path: str | PathLike[str], *, search_parent: bool = True) -> GitRepository:
        """Open the repository that a path belongs to: its folder or one inside it, its ``.git``, or a bare repository.

        Raises ``NotARepository``.
        """
        return cls(open_at(path, search_parent=search_parent))

    # What it is

    @property
    def path(self) -> Path:
        """The root of the working tree, or of the git directory if there is none."""
        return self._opened.worktree or self._opened.git_dir

    @property
    def common_dir(self) -> Path:
        """The git directory that all working trees of the repository share: the same for each of them."""
        return self._opened.common_dir

    @property
    def key(self) -> str:
        """A name that is the same on every machine: ``owner/name`` from the origin's address, else the folder's name."""
        return self._opened.key

    @property
    def is_bare(self) -> bool:
        """Whether there is no working tree."""
        return self._opened.worktree is None

    @property
    def is_partial(self) -> bool:
        """Whether the clone left out objects to fetch them when needed (``--filter``). They are never fetched from here."""
        return self._opened.partial

    @property
    def is_shallow(self) -> bool:
        """Whether the history was cut (``--depth``)."""
        return bool(self._cut())

    def _cut(self) -> frozenset[str]:
        """Return the commits whose parents were left out."""
        try:
            return frozenset((self._opened.common_dir / "shallow").read_text("ascii").split())
        except FileNotFoundError:
            return frozenset()

    # From names to ids (in the repository's own directory, where the names are)

    def resolve(self, ref: str) -> str:
        """Return the id of the commit that has a name.

        Raises ``UnknownRef`` with the names that come close, and for anything that git could read as an option or a range.
        """
        if ref in self._resolved:
            return ref
        args = ("rev-parse", "--verify", "--end-of-options", f"{names.checked(ref)}^{{commit}}")
        found = self._names(*args, accept=(0, 128))
        if found.code == 0:
            commit = found.stdout.decode("ascii").strip()
            self._resolved.add(commit)
            return commit
        if ref in ("HEAD", "@") and not self._has_commits():
            raise UnknownRef("the repository has no commit yet", got=ref, expected="a repository with at least one commit")
        if "ambiguous" in found.stderr:
            raise UnknownRef("more than one object has this name", got=ref, expected="a longer part of the commit id")
        if "Needed a single revision" not in found.stderr:
            raise failure(args, found.code, found.stderr)
        raise names.unknown(ref, self._branches_and_tags(), shallow=self.is_shallow)

    def head(self) -> str:
        """Return the id of the commit that is checked out."""
        return self.resolve("HEAD")

    def default_base(self, head: str) -> str:
        """Return the name of the branch that ``head`` would be merged into, when nobody said which.

        The first that exists of: what ``origin/HEAD`` points to, ``origin/main``, ``origin/master``, ``main``, ``master``,
        ``trunk``, ``develop``. A branch that already contains ``head`` does not count; if all do, ``head`` is history, and its
        first parent is returned, so that the change is its last commit.

        Raises ``UnknownRef`` if there is no such branch.
        """
        tip = self.resolve(head)
        candidates = self._default_branches()
        for name, commit in candidates:
            if not self.is_ancestor(tip, commit):
                return name
        parents = self._parents(self._header(tip))
        if candidates and parents:
            return parents[0]
        expected = f"--base REF, or one of: {', '.join(names.DEFAULT_BRANCHES)}"
        raise UnknownRef("no branch to compare with", got=head, expected=expected)

    def merge_base(self, base: str, head: str) -> str:
        """Return the id of the best common ancestor of two commits.

        Raises ``NoMergeBase``; in a shallow clone with the command that brings the missing history.
        """
        return self._fork(self.resolve(base), self.resolve(head), f"{base} and {head}")

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether one commit is the other or an ancestor of it."""
        old, new = self.resolve(ancestor), self.resolve(descendant)
        return old == new or self._read("merge-base", "--is-ancestor", old, new, accept=(0, 1)).code == 0

    # From commits to records

    def change(self, base: str | None, head: str = "HEAD") -> Change:
        """Return what merging ``head`` into ``base`` would change: one diff from their merge base, with the commits of it.

        Without a base, a merge commit is compared with its first parent (it is the merge that CI tests), and any other commit
        with ``default_base``. Equal commits are an empty change.
        """
        tip = self.resolve(head)
        header = self._header(tip)
        if base is None:
            parents = self._parents(header)
            if not parents:
                return self.commit_change(tip)
            base = parents[0] if len(parents) > 1 else self.default_base(tip)
        start = self.resolve(base)
        fork = self._fork(start, tip, f"{base} and {head}")
        files, commits = self._files(fork, tip), self._since(start, tip)
        return Change(files, commits, at=header.committed_at, base=fork, head=tip, kind="range")

    def commit_change(self, ref: str) -> Change:
        """Return what one commit changed against its first parent; the first commit of a history, against nothing."""
        tip = self.resolve(ref)
        header = self._header(tip)
        parent = next(iter(self._parents(header)), None)
        files = self._files(parent or _EMPTY_TREES[self._opened.object_format], tip)
        return Change(files, (header,), at=header.committed_at, base=parent, head=tip, kind="commit")

    def worktree_change(self, now: int, base: str | None = None) -> Change:
        """Return what the working tree changes: staged, unstaged, and new files that are not ignored.

        Against ``HEAD``; with a base, against the merge base of both, with the commits since. ``now`` is the moment it is
        judged, in UNIX seconds. Changes inside submodules and untracked repositories inside the tree are left out.
        """
        tip = self.head()
        start = self.resolve(base) if base is not None else tip
        fork = self._fork(start, tip, f"{base} and HEAD")
        with snapshot(self._opened, tip) as taken:
            files = self._files(fork, taken.tree, taken.place)
        return Change(files, self._since(start, tip), at=now, base=fork, head=None, kind="worktree")

    def is_dirty(self) -> bool:
        """Whether the working tree differs from ``HEAD``, as ``worktree_change`` sees it; a bare repository never does."""
        if self.is_bare:
            return False
        tip = self.head()
        with snapshot(self._opened, tip) as taken:
            tree = self._read("rev-parse", "--verify", f"{tip}^{{tree}}").stdout.decode("ascii").strip()
            return taken.tree != tree

    # Contents

    def read_file(self, ref: str, path: str, *, limit: int = 1024 * 1024) -> bytes | None:
        """Return a regular file as of a commit; ``None`` if there is none at this path (a link or a folder is none).

        Raises ``PathOutside`` for a path that does not stay in the tree, ``TooLarge`` over ``limit`` bytes.
        """
        parts = path.split("/")
        if not path or "\0" in path or path.startswith("/") or any(part in ("", ".", "..") for part in parts):
            raise PathOutside("a path that leads out of the tree", got=path, expected="a relative path such as src/main.py")
        listed = self._read("ls-tree", "-z", "--long", "--full-tree", self.resolve(ref), "--", path).stdout
        if not listed:
            return None
        mode, _, blob, size = listed.split(b"\t", 1)[0].decode("ascii").split()
        if mode not in ("100644", "100755", "100664"):
            return None
        if size.isdigit() and int(size) > limit:  # git writes BAD for the size of what the clone lacks
            raise TooLarge("the file is too large", where=path, got=f"{size} bytes", expected=f"at most {limit} bytes")
        return self.read_blob(blob)

    def paths(self, ref: str) -> list[str]:
        """Return the path of every file as of a commit, links and submodules among them, in git's order."""
        listed = self._read("ls-tree", "-r", "-z", "--name-only", "--full-tree", self.resolve(ref)).stdout
        return [path.decode("utf-8", "surrogateescape") for path in listed.split(b"\0") if path]

    def blobs(self, ref: str) -> dict[str, str]:
        """Return every file as of a commit with the id of its blob; submodules are none."""
        listed = self._read("ls-tree", "-r", "-z", "--full-tree", self.resolve(ref)).stdout
        found: dict[str, str] = {}
        for entry in listed.split(b"\0")[:-1]:
            about, _, path = entry.partition(b"\t")
            _, kind, blob = about.decode("ascii").split(" ")
            if kind == "blob":
                found[path.decode("utf-8", "surrogateescape")] = blob
        return found

    def read_blob(self, blob: str) -> bytes:
        """Return the content of a blob. Raises ``ObjectMissing``."""
        return self._read("cat-file", "blob", names.checked(blob)).stdout

    def count_lines(self, ids: Iterable[str]) -> dict[str, int]:
        """Return the lines of each blob that is text, the last one with or without its newline; others are left out."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        with self.stream(blobs.BATCH, "".join(f"{blob}\n" for blob in wanted).encode("ascii")) as contents:
            return blobs.count_lines(contents, wanted)

    # For whoever reads in bulk

    @contextmanager
    def stream(self, args: Sequence[str], stdin: bytes | None = None) -> Iterator[BinaryIO]:
        """Give the bytes that ``git ARGS`` writes, as they come; leaving early stops it.

        Revisions are ids, as ``resolve`` gives them: names are not known there, nor replace refs, attributes or configuration.

        Raises ``ObjectMissing``, which names the object, or ``RepositoryError``, at the end or in place of the reader's error;
        ``ValueError`` for an option that means the names, such as ``--all``, which would find none.
        """
        for arg in args:
            if arg.split("=", 1)[0] in _OPTIONS_OF_NAMES:
                raise ValueError(f"{arg} means the refs of a repository, and none are in reach here: give ids")
        with stream(self._sealed.place(), args, stdin=stdin or b"") as output:
            yield output

    def stand_in_for(self, blobs: Collection[str]) -> None:
        """From now on, read these missing blobs as binary contents that resemble nothing, instead of failing at them."""
        self._sealed.stand_in_for([names.checked(blob) for blob in blobs])

    def rev_list(self, args: Sequence[str], stdin: bytes | None = None) -> list[str]:
        """Return the lines that ``git rev-list ARGS`` writes; revisions are ids."""
        with self.stream(("rev-list", *args), stdin) as output:
            return output.read().decode("ascii").splitlines()

    # How

    def _read(self, *args: str, accept: Sequence[int] = (0,)) -> Completed:
        """Run git over the objects alone."""
        return run(self._sealed.place(), args, accept=accept)

    def _names(self, *args: str, accept: Sequence[int] = (0,)) -> Completed:
        """Run git in the repository's own directory, where the names are; only for commands that run nothing else."""
        git_dir, common_dir = self._opened.git_dir, self._opened.common_dir
        environment = {
            **NEUTRAL,
            **settings({"core.fsmonitor": "false", "core.hooksPath": devnull}),
            "GIT_DIR": str(git_dir),
            "GIT_COMMON_DIR": str(common_dir),
            "GIT_WORK_TREE": str(git_dir),
            "GIT_OBJECT_DIRECTORY": str(common_dir / "objects"),
            "GIT_SHALLOW_FILE": str(common_dir / "shallow"),
        }
        return run(Place(str(git_dir), environment), args, accept=accept)

    def _has_commits(self) -> bool:
        return bool(self._names("for-each-ref", "--count=1").stdout)

    def _branches_and_tags(self) -> list[str]:
        kinds = ("refs/heads", "refs/remotes", "refs/tags")
        listed = self._names("for-each-ref", "--format=%(refname:lstrip=2)", f"--count={_MOST_NAMES}", *kinds)
        return listed.stdout.decode("utf-8", "replace").splitlines()

    def _default_branches(self) -> list[tuple[str, str]]:
        """Return those of the default branches that exist, in their order, with their commits."""
        places = [f"refs/{'remotes' if '/' in name else 'heads'}/{name}" for name in names.DEFAULT_BRANCHES]
        listed = self._names("for-each-ref", "--format=%(refname) %(objectname) %(symref)", *places).stdout
        lines = listed.decode("utf-8", "replace").splitlines()
        found = {name: (commit, symref) for name, commit, symref in (line.split(" ") for line in lines)}
        return [((found[place][1] or place).split("/", 2)[2], found[place][0]) for place in places if place in found]

    def _header(self, commit: str) -> Commit:
        return self._log("--no-walk", commit)[0]

    def _since(self, start: str, tip: str) -> tuple[Commit, ...]:
        return self._log("--reverse", "--topo-order", tip, f"^{start}")

    def _log(self, *args: str) -> tuple[Commit, ...]:
        with self.stream((*_LOG, *args, "--")) as output:
            return tuple(change.commits[0] for change in log.commits(output.read))

    def _parents(self, commit: Commit) -> tuple[str, ...]:
        """Return the parents of a commit, which a shallow clone may hide."""
        if commit.sha in self._cut():
            raise NoMergeBase("this shallow clone ends here, without the commit's parents", got=commit.sha, expected=_DEEPEN)
        return commit.parents

    def _fork(self, old: str, new: str, both: str) -> str:
        found = self._read("merge-base", old, new, accept=(0, 1))
        if found.code == 0:
            return found.stdout.decode("ascii").split()[0]
        if self.is_shallow:
            what = "this shallow clone does not reach back to a common ancestor"
            raise NoMergeBase(what, got=both, expected=_DEEPEN)
        raise NoMergeBase("no common ancestor", got=both, expected="a base that shares history with the head")

    def _files(self, old: str, new: str, place: Place | None = None) -> tuple[FileDiff, ...]:
        """Return the diff of two commits or trees, with the lengths of the old files."""
        if old == new:
            return ()
        with stream(place or self._sealed.place(), (*_DIFF, old, new, "--")) as output:
            data = output.read(LARGEST_DIFF + 1)
        files = parse_patch(data, limit=LARGEST_DIFF)
        lines = self.count_lines(file.old_blob for file in files if _length_is_open(file))
        return tuple(replace(file, lines_before=lines.get(file.old_blob)) if _length_is_open(file) else file for file in files)


def _length_is_open(file: FileDiff) -> bool:
    return file.lines_before is None and bool(file.old_blob) and not file.binary and not file.submodule
