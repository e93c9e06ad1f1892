"""A past that tells what a test wants."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.history import AuthorPast, FilePast, ReportedPast, RepositoryPast


class Past:
    """A view that tells what it is given."""

    def __init__(self, files: dict[str, FilePast], repository: RepositoryPast, *, complete: bool = True) -> None:
        self.files, self.summary, self.complete = files, repository, complete

    def file(self, path: str, at: int) -> FilePast | None:
        """Look a file up."""
        assert isinstance(at, int)
        return self.files.get(path)

    def missing_cochanges(self, paths: Sequence[str], at: int) -> int | None:
        """Count something that depends on the set of paths alone."""
        assert isinstance(at, int)
        return None if len(paths) > 5 else len(set(paths))

    def reported(self, paths: Sequence[str], at: int) -> ReportedPast | None:
        """Take what the files were fixed for, as told, for reported faults."""
        if not self.complete:
            return None
        found = [past for path in paths if (past := self.file(path, at)) is not None]
        pasts = sorted((past.fixes, past.fixes_90d, past.fixes_365d, past.changes) for past in found)
        totals, quarters, years, changes = zip(*pasts, strict=True) if pasts else ((), (), (), ())
        near = sum(changes) + len(set(paths))
        commits, fixes = self.summary.commits_90d, self.summary.fixes_90d
        return ReportedPast(totals, quarters, years, sum(changes), max((p.last_fix_at or 0 for p in found), default=0) or None,
                            min(2, sum(totals)), min(10, sum(changes)), near, min(near, sum(years)),
                            commits, fixes, 2 * commits, fixes)

    def repository(self, at: int) -> RepositoryPast:
        """Tell the summary."""
        assert isinstance(at, int)
        return self.summary

    def author(self, email: str, at: int) -> AuthorPast:
        """Know everybody by the length of the address."""
        assert isinstance(at, int)
        return AuthorPast(len(email), len(email) / 2, 5)

    def author_subsystem(self, email: str, subsystems: Sequence[str], at: int) -> int:
        """Count something that fits the rest."""
        assert isinstance(at, int)
        return len(email) + len(set(subsystems))

    def author_share(self, email: str, paths: Sequence[str], at: int) -> float | None:
        """Share something, or nothing."""
        assert isinstance(at, int)
        return 1 / (1 + len(email)) if paths else None
