"""``riskml init``: look at a repository, write a policy in shadow mode and the files of its CI, and replay its last changes."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from riskml.cli.options import add_state_options, note, progress, state_dir, write_output
from riskml.counted import counted
from riskml.errors import ArtifactError, InputError, RepositoryError, UnknownRef

if TYPE_CHECKING:
    from riskml.adapters.git import GitRepository
    from riskml.ci.hindsight import Hindsight
    from riskml.ci.survey import Survey, System
    from riskml.ci.written import Done

WHOLE = 50_000
"""Up to this many commits, CI fetches all of the history: it takes seconds, and the features of the past need it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("repository", nargs="?", default=".", metavar="REPO", help="a git repository (default: this folder)")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be written")
    parser.add_argument("--undo", action="store_true", help="remove what was written here, as far as it was not changed since")
    parser.add_argument("--ci", action="append", choices=("github", "gitlab", "jenkins", "none"),
                        help="write the files of this system (default: the ones whose traces are found); may be repeated")
    parser.add_argument("--install", metavar="SPEC", help="what pip installs in CI (default: this version of riskml)")
    parser.add_argument("--no-backtest", action="store_true",
                        help="do not replay the last changes: mining a history of 80,000 commits for it takes some 20 s")
    parser.add_argument("--artifact", metavar="DIR", help="model artifact for the replay (default: the bundled one)")
    add_state_options(parser)


def run(args: argparse.Namespace) -> int:
    """Look, replay, write, and say what was done and what is left to do."""
    from riskml.adapters.git import GitRepository
    from riskml.ci import written

    repository = GitRepository.open(args.repository)
    root = repository.path
    if repository.is_bare:
        raise RepositoryError("a bare repository has no place for files", got=args.repository, expected="a clone with files")
    if args.undo:
        write_output("\n".join(_undone(written.undo(root, dry_run=args.dry_run), dry_run=args.dry_run)), None)
        return 0
    from riskml.ci.files import POLICY, ci_files, policy_text
    from riskml.ci.survey import look
    from riskml.policy.policy import default_text

    survey = look(root)
    systems = _systems(args.ci, survey)
    commits, lines = _history(args, repository)
    lines += [*_reports(survey, root)]
    lines += history_in_ci(commits, systems)
    files = {POLICY: policy_text(default_text())}
    for system in systems:
        files |= ci_files(system, install=args.install or _this_version(), whole_history=0 < commits <= WHOLE)
    lines += _told(written.write(root, files, dry_run=args.dry_run), dry_run=args.dry_run)
    lines += ["", "Next:", *_next(systems, installs=None if args.install else _this_version())]
    write_output("\n".join(lines), None)
    return 0


def history_in_ci(commits: int, systems: Collection[System]) -> list[str]:
    """Say what CI does not know where the history is too long to be fetched each time (0 commits: not known).

    >>> history_in_ci(WHOLE, ["github"]), len(history_in_ci(WHOLE + 1, ["github"])), history_in_ci(WHOLE + 1, [])
    ([], 1, [])
    """
    if not systems or commits <= WHOLE:
        return []
    return [(f"! history in CI: more than {WHOLE:,} commits, so CI fetches no further than the merge base, and what happened "
             "to the touched files before is unknown there; `--deepen full` in the written files fetches all")]


def _next(systems: Collection[System], *, installs: str | None) -> Iterator[str]:
    from riskml.ci.files import NEXT

    yield from (f"  {system}: {NEXT[system]}" for system in systems)
    if systems and installs is not None:
        yield f"  CI installs {installs} from its index; `--install` names a wheel, a URL or another version"
    if not systems:
        yield "  no CI system was found: `riskml init --ci github|gitlab|jenkins`, or, in any other,"
        yield "  `riskml predict --base BASE --head HEAD --deepen auto --also dotenv=riskml.env`"
    yield "  `riskml predict` scores what you have here; `riskml init --undo` takes all of this back"


def _systems(asked: list[System] | None, survey: Survey) -> tuple[System, ...]:
    if asked is None:
        return survey.systems
    return tuple(dict.fromkeys(system for system in asked if str(system) != "none"))


def _this_version() -> str:
    from importlib.metadata import version

    return f"riskml=={version('riskml')}"


def _history(args: argparse.Namespace, repository: GitRepository) -> tuple[int, list[str]]:
    """Return how many commits there are (0: not known), and what the replay says."""
    if repository.is_shallow:
        return 0, ["! git history: a shallow clone; what became of past changes is unknown (`git fetch --unshallow`)"]
    try:
        tip = repository.head()
    except UnknownRef:
        return 0, ["! git history: no commit yet"]
    if args.no_backtest:
        commits = len(repository.rev_list([tip]))
        return commits, [f"✓ git history: {counted(commits, 'commit')}, full clone"]
    from riskml.ci.hindsight import look_back
    from riskml.local import Workspace, scorer_from

    try:
        scorer = scorer_from(args.artifact)
    except ArtifactError as error:
        if args.artifact is not None:
            raise
        note(f"nothing was replayed: {error}")
        commits = len(repository.rev_list([tip]))
        return commits, [f"✓ git history: {counted(commits, 'commit')}, full clone"]
    place = Workspace(repository, state_dir(args)).state_file
    commits, found = look_back(repository, place, scorer, tip, progress=progress(repository.key), notice=note)
    return commits, [f"✓ git history: {counted(commits, 'commit')}, full clone", *_replayed(found)]


def _replayed(found: list[Hindsight]) -> Iterator[str]:
    from riskml.ci.hindsight import LEAST

    if found:
        yield f"Replay of the last {counted(found[0].changes, 'change')}, as each was seen on its day:"
    for each in found:
        if isnan(each.caught):
            yield f"  ! {each.kind}: {counted(each.harmful, 'change')}, too few to say anything in percent (at least {LEAST})"
        else:
            yield (f"  flagging the riskiest 10 % would have caught {each.caught:.0%} of the {each.harmful} that were later "
                   f"{each.kind} (most lines added instead: {each.lines_added:.0%}); {each.unknown} are too young to tell")


def _reports(survey: Survey, root: Path) -> Iterator[str]:
    from riskml.adapters.reports import read_suite

    for what, globs in (("JUnit", survey.junit), ("coverage", survey.coverage)):
        option = "junit" if what == "JUnit" else "coverage"
        if not globs:
            yield f"! {what}: no report here: what it would say is unknown (`riskml predict --{option}` names one)"
        for glob, count in globs.items():
            try:
                suite = read_suite([glob], root=root) if what == "JUnit" else read_suite((), [glob], root=root)
            except InputError as error:
                yield f"! {what}: {glob} names {counted(count, 'file')} that cannot be read as reports ({error.what})"
                continue
            tests = f", {counted(len(suite.cases), 'test')}" if suite is not None and suite.cases else ""
            yield f"✓ {what}: --{option} '{glob}' names {counted(count, 'file')}{tests}"
    if not survey.looked_at_all:
        yield "! the tree is very large: only a part of it was searched for reports"


def _told(done: list[Done], *, dry_run: bool) -> Iterator[str]:
    words = {"wrote": "would write" if dry_run else "wrote", "updated": "would update" if dry_run else "updated",
             "same": "already there", "kept": "left alone: it is yours, or was changed since"}
    yield ""
    yield from (f"{words[each.fate]:12} {each.path}" if each.fate != "kept" else f"{each.path} was {words['kept']}"
                for each in done)


def _undone(done: list[Done], *, dry_run: bool) -> Iterator[str]:
    words = {"removed": "would remove" if dry_run else "removed", "kept": "left alone, as it was changed since:",
             "gone": "gone already:"}
    yield from (f"{words[each.fate]} {each.path}" for each in done)
    if not done:
        yield "nothing was written here by `riskml init`"
