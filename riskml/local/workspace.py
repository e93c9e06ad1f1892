"""A change of a repository on this machine, judged: git, mined history, artifact and policy wired together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from riskml.adapters.git import GitRepository
from riskml.assess import Decision, ReleaseDecision, Yardstick, effects_of, judge, judge_release, unit_of
from riskml.change import Change, FileDiff
from riskml.context import ServiceContext
from riskml.errors import ObjectMissing, PolicyError, TooLarge, UsageError
from riskml.features.catalogue import NAMES
from riskml.features.feature import Evidence
from riskml.history import View
from riskml.issues import Issues
from riskml.local.merged import line, merged
from riskml.local.scorers import bundled_scorer
from riskml.mine import state as mined
from riskml.parse.match import match_coverage
from riskml.policy.policy import Policy, default_policy, load_policy
from riskml.ports import Scorer, Vector
from riskml.suite import SuiteRun

POLICY_PATH = ".riskml/policy.yaml"
"""Where a repository keeps its own policy; read at the base of a change, so that no change edits its own judge."""
_MANY = 100  # changes of a release, more of which are worth a sign of life


@dataclass(frozen=True, slots=True)
class Past:
    """What is known before a change: the history as its base saw it, and the vectors of the repository's recent changes."""

    view: View | None
    recent: Sequence[Vector]


class Workspace:
    """One repository and its mined history, kept in ``state_dir`` so that the next change costs only what is new.

    ``state_dir=None`` keeps nothing. ``issues`` tells which of them report a fault; without it that part of the
    past is unknown. ``progress`` is told how many commits of how many are mined, ``notice`` what was skipped.
    """

    def __init__(
        self, repository: GitRepository, state_dir: Path | None = None, *, issues: Issues | None = None,
        progress: Callable[[int, int], None] | None = None, notice: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.repository = repository
        self._state_dir = state_dir
        self._issues = issues
        self._progress = progress
        self._notice = notice

    @property
    def state_file(self) -> Path | None:
        """The file that holds this repository's mined history: one for all its working trees."""
        if self._state_dir is None:
            return None
        place = hashlib.sha256(str(self.repository.common_dir).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        informed = "" if self._issues is None else "-issues"
        return self._state_dir / f"{self.repository.key.replace('/', '-')}-{place}{informed}.riskml"

    def change(self, base: str | None = None, head: str | None = None, *, now: int) -> Change:
        """Return the change that is meant: ``base..head``, or, when no head is named, the working tree if it is dirty.

        ``now`` (UNIX seconds) is the moment a working tree is judged.
        """
        if head is None and self.repository.is_dirty():
            return self.repository.worktree_change(now, base)
        return self.repository.change(base, "HEAD" if head is None else head)

    def posted(self, files: Sequence[FileDiff], base: str | None = None, *, now: int) -> Change:
        """Return the change of a diff that lies on top of ``base`` (default: ``HEAD``), as of ``now`` (UNIX seconds).

        A diff does not tell how long the files were that it changes; the base does.
        """
        commit = self.repository.resolve("HEAD" if base is None else base)
        open_ = [f for f in files if f.lines_before is None and f.status != "A" and not f.binary and not f.submodule]
        kept = self.repository.blobs(commit) if any(not f.old_blob for f in open_) else {}
        blobs = {f.path: blob for f in open_ if (blob := f.old_blob or kept.get(f.old_path))}
        lines = self.repository.count_lines(blobs.values())
        measured = (replace(f, lines_before=lines.get(blobs[f.path])) if f.path in blobs else f for f in files)
        return Change(tuple(measured), at=now, base=commit, kind="diff")

    def past(self, base: str | None) -> Past:
        """Return what the ancestors of a commit tell, mining what is not mined yet.

        A change without a base (the first commit) has an empty past, not an unknown one.
        """
        tip = None if base is None else self.repository.resolve(base)
        state = mined.update(self.repository, self.state_file, tip, issues=self._issues,
                             progress=self._progress, notice=self._notice)
        return Past(state.view(tip), state.recent(tip))

    def policy(self, base: str | None) -> Policy | None:
        """Return the repository's own policy as of the base; ``None`` if it has none."""
        text = None if base is None else self.repository.read_file(base, POLICY_PATH)
        if text is None:
            return None
        try:
            return load_policy(text, name=POLICY_PATH, features=NAMES)
        except PolicyError as error:
            where = f"{POLICY_PATH} at {(base or '')[:12]}" + (f", {error.where}" if error.where else "")
            parts = {} if error.got is None else {"got": error.got}
            raise PolicyError(error.what, where=where, expected=error.expected, **parts) from None

    def matched(self, suite: SuiteRun | None, change: Change) -> SuiteRun | None:
        """Return the reports with their coverage under the repository's own paths, all of them as of the change."""
        if suite is None or suite.coverage is None:
            return suite
        tree = change.head or ("HEAD" if change.kind == "worktree" else change.base)
        gone = {file.old_path for file in change.files if file.status in ("D", "R")}
        known = [] if tree is None else [path for path in self.repository.paths(tree) if path not in gone]
        return match_coverage(suite, [*known, *(file.path for file in change.files if file.status != "D")])

    def judge(
        self, change: Change, suite: SuiteRun | None = None, *, id: str, now: datetime,  # noqa: A002 # the wire's name
        scorer: Scorer | None = None, policy: Policy | None = None, context: ServiceContext | None = None,
    ) -> Decision:
        """Judge a change of this repository: by the given policy, else by its own at the base, else by the default."""
        past = self.past(change.base)
        return judge(
            change, past.view, self.matched(suite, change), scorer or bundled_scorer(), policy or self.policy(change.base),
            id=id, now=now, repository=self.repository.key, context=context, recent=past.recent,
        )

    def release(
        self, base: str, head: str = "HEAD", suite: SuiteRun | None = None, *, id: str, now: datetime,  # noqa: A002 # as above
        scorer: Scorer | None = None, policy: Policy | None = None, context: ServiceContext | None = None,
    ) -> ReleaseDecision:
        """Judge all that releasing ``head`` after ``base`` brings, change by change, each as its own base knew the past.

        The policy is the given one, else the repository's own at the base. The reports are about the head.

        Where nothing is merged there is nothing to release, and the answer says so. Raises ``UsageError`` when the base is the
        later one of the two.
        """
        start, tip, fork = self._ends(base, head)
        along = line(self.repository, start, tip)
        state = mined.update(self.repository, self.state_file, tip, issues=self._issues,
                             progress=self._progress, notice=self._notice)
        whole, read = self._one_diff(start, tip, fork)
        evidence = Evidence(whole, state.view(fork), self.matched(suite, whole))
        measure = Yardstick(scorer or bundled_scorer(), policy or self.policy(start) or default_policy(),
                            context or ServiceContext(), state.recent(fork))
        picked = line(self.repository, tip, start).units if fork != start else ()
        released = {effects_of(change.files)[0] for change in merged(self.repository, picked, missing=set())}
        missing, units = set[str](), []
        for change in merged(self.repository, along.units, missing=missing):
            units.append(unit_of(Evidence(change, state.view(change.base)), measure))
            if self._progress is not None and len(along.units) > _MANY:
                self._progress(len(units), len(along.units))
        return judge_release(units, evidence, measure, id=id, now=now, repository=self.repository.key, read=read,
                             released=released, notes=_told(along.idle, len(missing)))

    def _ends(self, base: str, head: str) -> tuple[str, str, str]:
        """Return the full ids of a release's base, its head, and where they parted."""
        start, tip, fork = self.repository.resolve(base), self.repository.resolve(head), self.repository.merge_base(base, head)
        if fork == tip and start != tip:
            raise UsageError("the base is later than the head", where="--base, --head", got=f"{base}..{head}",
                             expected="the earlier release as the base, the later one as the head")
        return start, tip, fork

    def _one_diff(self, start: str, tip: str, fork: str) -> tuple[Change, bool]:
        """Return the whole release as one change, and whether its diff could be read: else it has no files."""
        try:
            return self.repository.change(start, tip), True
        except (TooLarge, ObjectMissing):
            return Change((), base=fork, head=tip), False


def _told(idle: int, missing: int) -> list[str]:
    """Say which merges of a range bring nothing, and what of it could not be read."""
    notes = [f"{idle} {'merge brings' if idle == 1 else 'merges bring'} only what the base has already"] if idle else []
    if missing:
        notes.append(f"{missing} {'blob is' if missing == 1 else 'blobs are'} missing here: what changed in them is unknown")
    return notes
