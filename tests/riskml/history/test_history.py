"""The history against a slow, obvious one that walks the ancestors of a commit and counts everything again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.change import Change, Commit, FileDiff, Person, Status
from riskml.errors import UsageError
from riskml.history import AuthorPast, FilePast, Header, History, RepositoryPast, ordered
from riskml.history.log import developer_key
from riskml.history.order import keys
from riskml.history.revisits import Revisited

DAY = 86_400
PATHS = ("a", "b.py", "lib/c.py", "lib/d")
EMAILS = ("ada@example.org", "bob@example.org", "eve@example.org")
MESSAGES = ("Add things", "Fix a crash", 'Revert "Add things"')


def commit(sha: str, parents: Sequence[str] = (), day: float = 0, files: Iterable[FileDiff] = (), message: str = "Add things",
           email: str = EMAILS[0]) -> Change:
    """Build the change of one commit."""
    at = int(day * DAY)
    header = Commit(sha, message, at, at, 0, Person("", email), tuple(parents))
    return Change(tuple(files), (header,), at, parents[0] if parents else None, sha, "commit")


def diff(path: str, status: Status = "M", old: str | None = None) -> FileDiff:
    """Build a change of a file that says nothing but its names."""
    return FileDiff(path, old or path, status)


def told(changes: Iterable[Change]) -> History:
    """Append changes in their order."""
    changes = list(changes)
    by_sha = {c.commits[0].sha: c for c in changes}
    history = History()
    for header in ordered(Header(c.commits[0].sha, c.commits[0].parents, c.at) for c in changes):
        history.append(by_sha[header.sha])
    return history


Label = tuple[str, str]


@dataclass
class Slow:
    """The reference: a set of commits, and for every question a walk over all ancestors."""

    changes: dict[str, Change]
    resolved: dict[str, list[tuple[str, Label | None]]] = field(default_factory=dict)
    touched: dict[str, dict[Label, bool]] = field(default_factory=dict)
    code: dict[str, set[Label]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = keys(Header(sha, c.commits[0].parents, c.at) for sha, c in self.changes.items())

    def ancestors(self, tips: Sequence[str]) -> list[str]:
        """All commits that some tips reach, themselves included, in order."""
        found: set[str] = set()
        waiting = list(tips)
        while waiting:
            sha = waiting.pop()
            if sha not in found:
                found.add(sha)
                waiting.extend(self.changes[sha].commits[0].parents)
        return sorted(found, key=lambda sha: self.key[sha])

    def is_merge(self, sha: str) -> bool:
        """Whether a commit has several parents."""
        return len(self.changes[sha].commits[0].parents) > 1

    def bound(self, path: str, seen: Sequence[str]) -> tuple[str, Label | None] | None:
        """Return the last binding of a path among some commits: who made it, and to which file (``None``: freed)."""
        last = None
        for sha in seen:
            self.resolve(sha)
            for name, label in self.resolved[sha]:
                if name == path:
                    last = (sha, label)
        return last

    def resolve(self, sha: str) -> None:
        """Find out which files a commit touches and which names it binds."""
        if sha in self.resolved:
            return
        self.resolved[sha], self.touched[sha], self.code[sha] = [], {}, set()
        if self.is_merge(sha):
            return
        seen = self.ancestors(self.changes[sha].commits[0].parents)
        freed, bound = [], []
        for d in self.changes[sha].files:
            source = self.bound(d.old_path, seen) if d.status == "R" else None
            here = self.bound(d.path, seen)
            if source is not None and source[1] is not None:
                label = source[1]
                freed.append((d.old_path, None))
                bound.append((d.path, label))
            elif here is not None and here[1] is not None:
                label = here[1]
            else:
                label = (d.path, here[0] if here else "")
                bound.append((d.path, label))
            self.touched[sha][label] = d.status == "D" and self.touched[sha].get(label, True)
            if d.path.endswith(".py"):
                self.code[sha].add(label)
        self.resolved[sha] = [*freed, *bound]

    def events(self, base: str | None) -> list[str]:
        """All commits that a base sees, without merges."""
        seen = self.ancestors([base] if base else [])
        for sha in seen:
            self.resolve(sha)
        return [sha for sha in seen if not self.is_merge(sha)]

    def settled(self, sha: str) -> int:
        """Return the largest committer time among a commit and its ancestors."""
        return max(self.changes[a].at for a in self.ancestors([sha]))

    def email(self, sha: str) -> str:
        """Who wrote a commit."""
        author = self.changes[sha].commits[0].author
        assert author is not None
        return author.email

    def tally(self, events: Sequence[str], at: int, word: str = "") -> tuple[int, int, int, int, int | None]:
        """Count ever, in 7, 90 and 365 days, and the time of the last."""
        chosen = [e for e in events if word in self.changes[e].commits[0].message]
        times = [self.settled(e) for e in chosen]
        seven, ninety, year = (sum(t >= at - days * DAY for t in times) for days in (7, 90, 365))
        return len(chosen), seven, ninety, year, times[-1] if times else None

    def file(self, path: str, base: str | None, at: int) -> FilePast | None:
        """Tell what ``View.file`` should say."""
        events = self.events(base)
        bound = self.bound(path, self.ancestors([base] if base else []))
        if bound is None or bound[1] is None:
            return None
        mine = [sha for sha in events if bound[1] in self.touched[sha]]
        at = max(at, self.settled(base or ""))
        changes, fixes, reverts = self.tally(mine, at), self.tally(mine, at, "Fix"), self.tally(mine, at, "Revert")
        return FilePast(
            changes[0], changes[1], changes[2], changes[3], len({self.email(e) for e in mine}), changes[4],
            fixes[0], fixes[2], fixes[3], fixes[4], reverts[0], reverts[2], reverts[3],
        )

    def repository(self, base: str | None, at: int) -> RepositoryPast:
        """Tell what ``View.repository`` should say."""
        events = self.events(base)
        at = max(at, self.settled(base)) if base else at
        changes, fixes, reverts = self.tally(events, at), self.tally(events, at, "Fix"), self.tally(events, at, "Revert")
        before = [[e for e in events if at - 1095 * DAY <= self.settled(e) < at - 365 * DAY
                   and word in self.changes[e].commits[0].message] for word in ("", "Fix")]
        return RepositoryPast(
            changes[2], changes[3], len(before[0]), fixes[2], len(before[1]), reverts[3],
            self.revisited(events, at - 365 * DAY, at + 1), self.revisited(events, at - 1095 * DAY, at - 365 * DAY),
            self.revisited(events, at - 3650 * DAY, at - 1095 * DAY),
        )

    def revisited(self, events: Sequence[str], start: int, end: int) -> Revisited:
        """Count how many changes to code in [start, end) came back to a file within a year, a month and a week."""
        gaps = [self.gap(e) for e in events if start <= self.settled(e) < end]
        known = [gap for gap in gaps if gap is not None]
        return Revisited(len(known), *(sum(gap < days * DAY for gap in known) for days in (365, 30, 7)))

    def gap(self, sha: str) -> float | None:
        """Seconds since one of the code files of a commit was changed last; infinite for a first change, None without code."""
        if not self.code[sha]:
            return None
        before = [self.settled(e) for parent in self.changes[sha].commits[0].parents for e in self.events(parent)
                  if self.code[sha] & set(self.touched[e])]
        return self.settled(sha) - max(before, default=float("-inf"))

    def missing_cochanges(self, paths: Sequence[str], base: str | None) -> int:
        """Tell what ``View.missing_cochanges`` should say of few paths and small commits."""
        events = self.events(base)
        seen = self.ancestors([base] if base else [])
        bound = [self.bound(path, seen) for path in paths]
        here = {b[1] for b in bound if b is not None and b[1] is not None}
        missing = set()
        for label in here:
            near = [self.touched[e] for e in events if label in self.touched[e]][-20:]
            counts = Counter(other for files in near for other in files)
            missing |= {other for other, n in counts.items() if n >= 3 and 2 * n >= len(near)}
        return sum(not [self.touched[e][other] for e in events if other in self.touched[e]][-1] for other in missing - here)

    def author(self, email: str, base: str | None, at: int) -> AuthorPast:
        """Tell what ``View.author`` should say."""
        times = [self.settled(e) for e in self.events(base) if self.email(e) == email]
        if not times:
            return AuthorPast()
        at = max(at, self.settled(base or ""))
        return AuthorPast(len(times), sum(1 / ((at - t) // 31_557_600 + 1) for t in times), times[0])

    def subsystem(self, email: str, tops: set[str], base: str | None) -> int:
        """Tell what ``View.author_subsystem`` should say."""
        own = [e for e in self.events(base) if self.email(e) == email]
        return sum(any(("lib" if d.path.startswith("lib/") else "") in tops for d in self.changes[e].files) for e in own)

    def share(self, email: str, path: str, base: str | None) -> float | None:
        """Tell what ``View.author_share`` should say of one path."""
        bound = self.bound(path, self.ancestors([base] if base else []))
        mine = [e for e in self.events(base) if bound and bound[1] in self.touched[e]]
        return sum(self.email(e) == email for e in mine) / len(mine) if mine else None


@st.composite
def histories(draw: st.DrawFn) -> list[Change]:
    """Repositories with branches, merges, several roots, renames, clocks that run backwards, and names that come again."""
    changes: list[Change] = []
    for number in range(draw(st.integers(1, 14))):
        ids = [c.commits[0].sha for c in changes]
        near = st.sampled_from(ids[-4:]) if ids else st.nothing()
        least = 0 if draw(st.integers(0, 9)) == 0 else 1
        parents = draw(st.lists(near, min_size=least, max_size=3, unique=True)) if ids else []
        paths = draw(st.lists(st.sampled_from(PATHS), unique=True, max_size=3))
        files = []
        free = [p for p in PATHS if p not in paths]
        for path in paths:
            status = draw(st.sampled_from("AMMMDR"))
            old = free.pop() if status == "R" and free else None
            files.append(diff(path, "R" if old else status if status != "R" else "M", old))
        changes.append(commit(
            f"{draw(st.integers(0, 15)):x}{number:02}", parents, draw(st.sampled_from((0, 3, 30, 200, 500, 1500))) + number,
            files, draw(st.sampled_from(MESSAGES)), draw(st.sampled_from(EMAILS)),
        ))
    return changes


def check(history: History, slow: Slow, bases: Iterable[str | None]) -> None:
    """Compare every answer for some bases."""
    for base in bases:
        view = history.view(base)
        at = slow.changes[base].at + 5 * DAY if base else 0
        assert view.repository(at) == slow.repository(base, at)
        for path in PATHS:
            assert view.file(path, at) == slow.file(path, base, at)
        assert view.missing_cochanges(PATHS[:2], at) == slow.missing_cochanges(PATHS[:2], base)
        for email in EMAILS:
            got, wanted = view.author(email, at), slow.author(email, base, at)
            assert (got.changes, got.first_changed_at) == (wanted.changes, wanted.first_changed_at)
            assert got.recent_changes == pytest.approx(wanted.recent_changes)
            assert [view.changes_by(email, most) for most in (1, 3)] == [min(most, wanted.changes) for most in (1, 3)]
            assert view.author_subsystem(email, ["lib"], at) == slow.subsystem(email, {"lib"}, base)
            assert view.author_subsystem(email, ["lib", ""], at) == slow.subsystem(email, {"lib", ""}, base)
            assert view.author_share(email, PATHS[:1], at) == slow.share(email, PATHS[0], base)


@settings(max_examples=300, deadline=None)
@given(histories())
def test_view_counts_what_a_walk_over_the_ancestors_counts(changes: list[Change]) -> None:
    """Every view equals a recount over the ancestors of its base, whatever branches, merges and renames there are."""
    slow = Slow({c.commits[0].sha: c for c in changes})
    check(told(changes), slow, [None, *slow.changes])


@settings(max_examples=200, deadline=None)
@given(histories(), st.data())
def test_history_grown_in_steps_is_the_history_told_at_once(changes: list[Change], data: st.DataObject) -> None:
    """Commits that arrive late and belong before known ones lead to the same answers as if all had been known."""
    slow = Slow({c.commits[0].sha: c for c in changes})
    at_once = told(changes)
    cut = data.draw(st.integers(0, len(changes)))
    history = told(changes[:cut])
    late = {c.commits[0].sha: c for c in changes[cut:]}
    later = sorted(slow.key[sha] for sha in late)
    if later:
        start = sum(history.key(sha) < later[0] for sha in history.shas)
        facts = {fact.key.sha: fact for fact in history.rewind(start)}
        for key in sorted([*later, *(f.key for f in facts.values())]):
            history.tell(facts[key.sha]) if key.sha in facts else history.append(late[key.sha])
    assert history.shas == at_once.shas
    check(history, slow, [None, *slow.changes])


@settings(max_examples=100, deadline=None)
@given(histories())
def test_forgotten_ancestors_are_found_again(changes: list[Change]) -> None:
    """What a commit sees can be found again from the parents alone, as it must be once it has fallen out of memory."""
    history = told(changes)
    seen = [history.seen(p) for p in range(len(history))]
    history._seen.clear()
    assert [history.seen(p) for p in range(len(history))] == seen


def test_rename_keeps_the_past() -> None:
    """The past of a file goes with it, and its old name means a new file from then on."""
    history = told([
        commit("1", day=1, files=[diff("a", "A")]),
        commit("2", ["1"], 2, [diff("b", "R", "a")]),
        commit("3", ["2"], 3, [diff("a", "A")]),
    ])
    view = history.view("3")
    renamed, new = view.file("b", 3 * DAY), view.file("a", 3 * DAY)
    assert renamed is not None
    assert new is not None
    assert (renamed.changes, new.changes) == (2, 1)
    assert history.view("2").file("a", 3 * DAY) is None


def test_file_that_comes_back_finds_its_past() -> None:
    """Taking a deletion back does not make a file look new."""
    history = told([
        commit("1", day=1, files=[diff("a", "A")]),
        commit("2", ["1"], 2, [diff("a", "D")]),
        commit("3", ["2"], 3, [diff("a", "A")]),
    ])
    past = history.view("3").file("a", 3 * DAY)
    assert past is not None
    assert past.changes == 3


def test_branch_that_is_not_merged_is_not_seen() -> None:
    """A change on one branch leaves no trace in what the other branch knew, and shows once they are merged."""
    history = told([
        commit("1", day=1, files=[diff("a", "A")]),
        commit("2", ["1"], 2, [diff("a")], "Fix a crash"),
        commit("3", ["1"], 3, [diff("b", "A")]),
        commit("4", ["3", "2"], 4),
    ])
    before, after = history.view("3").file("a", 5 * DAY), history.view("4").file("a", 5 * DAY)
    assert before is not None
    assert after is not None
    assert (before.fixes, after.fixes) == (0, 1)


def test_deleted_files_are_not_missed() -> None:
    """A file that always changed along is missed, until it is deleted."""
    pairs = [commit(str(n), [str(n - 1)] if n else [], n, [diff("a"), diff("b")]) for n in range(4)]
    gone = commit("4", ["3"], 4, [diff("b", "D")])
    history = told([*pairs, gone])
    assert history.view("3").missing_cochanges(["a"], 0) == 1
    assert history.view("4").missing_cochanges(["a"], 0) == 0


def test_change_of_many_files_is_not_asked_what_it_forgot() -> None:
    """Beyond 20 paths the answer is unknown, not zero."""
    assert told([commit("1")]).view("1").missing_cochanges([str(n) for n in range(21)], 0) is None


def test_author_is_kept_as_a_digest() -> None:
    """No address survives in the history; case and blanks of an address do not matter."""
    history = told([commit("1", email="Ada@Example.org", files=[diff("a", "A")])])
    assert developer_key(" ada@example.org") in history.developers
    assert "ada" not in repr(vars(history)).lower()


def test_experience_counts_folders_and_files() -> None:
    """An author's share of files and changes to top folders are counted over the ancestors."""
    history = told([
        commit("1", day=1, files=[diff("lib/c", "A")]), commit("2", ["1"], 2, [diff("lib/c")], email=EMAILS[1]),
        commit("3", ["2"], 3, [diff("a", "A")]),
    ])
    view = history.view("3")
    assert view.author_subsystem(EMAILS[0], ["lib"], 0) == 1
    assert view.author_subsystem(EMAILS[0], ["lib", ""], 0) == 2
    assert view.author_share(EMAILS[0], ["lib/c"], 0) == 0.5
    assert view.author_share(EMAILS[0], ["nowhere"], 0) is None


def test_wrong_order_is_refused() -> None:
    """A commit before its parent, twice, or earlier than its place is an error, never a wrong count."""
    history = told([commit("1", day=5)])
    for wrong in (commit("2", ["missing"], 6), commit("1", day=5), commit("0", day=1)):
        with pytest.raises(UsageError):
            history.append(wrong)
    with pytest.raises(UsageError, match="not mined"):
        history.view("2")


def test_incomplete_history_says_so() -> None:
    """A shallow clone lacks parents; its views say that the past is not complete."""
    history = History(complete=False)
    history.append(commit("2", ["1"], 1, [diff("a")]))
    assert not history.view("2").complete
    assert not history.view("1").complete


def test_the_summary_of_a_repository_counts_changes_and_no_persons():
    """What no feature reads is not computed for every change, least of all a count of people."""
    assert not [name for name in RepositoryPast._fields if "develop" in name or "author" in name]
