"""What ``riskml mine`` and ``riskml label`` share: one repository and a table, or many and a folder of tables."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from riskml.cli.options import given, note, progress, read_bytes
from riskml.errors import InputError, UsageError

if TYPE_CHECKING:  # git and the features are slow to load; --help must not wait for them
    from riskml.fleet.listing import Listed
    from riskml.fleet.recipe import Recipe
    from riskml.fleet.task import Result

SOME_FAILED = 2
"""Exit code when tables of some repositories are missing, as for one repository that cannot be mined."""


def add_fleet_options(parser: argparse.ArgumentParser, verb: str) -> None:
    """Options on which repositories, where to, and who does the work."""
    parser.add_argument("repositories", nargs="*", type=given, metavar="REPO", help="git repositories")
    parser.add_argument("--repositories", dest="listed", type=given, metavar="FILE",
                        help="a list of more ('-': standard input): PATH or NAME<tab>PATH a line")
    parser.add_argument("--output", required=True, type=given, metavar="PATH",
                        help="table to write: .parquet, .csv or .jsonl; of several repositories a folder, which gets "
                        "repository=NAME/part.parquet for each")
    parser.add_argument("--rev", "--branch", default="HEAD", metavar="REF", help=f"whose ancestors to {verb} (default: HEAD)")
    parser.add_argument("--resume", action="store_true",
                        help="keep a finished table whose tip, options, features and bytes are unchanged")
    parser.add_argument("--jobs", type=int, default=1, metavar="N",
                        help=f"how many repositories to {verb} at the same time, each in a process of its own (default: 1)")
    parser.add_argument("--scheduler", type=given, metavar="ADDRESS",
                        help="let the workers of this dask.distributed scheduler do it; they need the same paths")


def run_fleet(args: argparse.Namespace, recipe: Recipe) -> int:
    """Make the tables, and say on stderr what came of each. Returns the exit code."""
    if args.jobs < 1:
        raise UsageError("too few jobs", where="--jobs", got=args.jobs, expected="a number from 1 on")
    if args.scheduler is not None and args.jobs != 1:
        raise UsageError("jobs are of this machine, the scheduler has its workers", where="--jobs", got=args.jobs,
                         expected="either --jobs or --scheduler")
    repositories = _repositories(args)
    _unambiguous(args, repositories, recipe)
    if Path(args.output).suffix or (len(repositories) == 1 and args.listed is None and args.scheduler is None):
        if len(repositories) > 1 or args.scheduler is not None:
            raise UsageError("one table is not enough", where="--output", got=args.output, expected="a folder")
        return _one(args, repositories[0], recipe)
    return _many(args, repositories, recipe)


def _repositories(args: argparse.Namespace) -> list[Listed]:
    from riskml.fleet.listing import Listed, read_list

    found = [Listed(path) for path in args.repositories]
    if args.listed is not None:
        try:
            found += read_list(read_bytes(args.listed, "list of repositories").decode())
        except UnicodeDecodeError:
            raise InputError("cannot read the list of repositories (not UTF-8)", where="--repositories", got=args.listed,
                             expected="a UTF-8 file") from None
    if not found:
        raise UsageError("no repository", where="command line", got="nothing", expected="REPO, or --repositories FILE")
    return found


def _unambiguous(args: argparse.Namespace, repositories: list[Listed], recipe: Recipe) -> None:
    """Refuse numbers of issues where there are several repositories: ``#12`` is another issue in each."""
    numbers = [] if recipe.issues is None else [issue for issue in recipe.issues.faults if issue.startswith("#")]
    if numbers and len(repositories) > 1:
        raise UsageError("a number is another issue in each repository", where=f"--issues {args.issues}", got=numbers[0],
                         expected="keys such as KAFKA-123, or one repository at a time")


def _one(args: argparse.Namespace, repository: Listed, recipe: Recipe) -> int:
    from riskml.fleet.task import Task, perform

    task = Task(repository.name or Path(repository.path).name, repository.path, args.output, recipe, recipe.rests_on(),
                noted=args.resume, resume=args.resume)
    _tell(perform(task, progress(Path(repository.path).name)), repository.path)
    return 0


def _many(args: argparse.Namespace, repositories: list[Listed], recipe: Recipe) -> int:
    from riskml.fleet.cluster import on_cluster
    from riskml.fleet.listing import tasks
    from riskml.fleet.processes import in_processes

    folder = Path(args.output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder ({error.strerror})", where="--output", got=args.output,
                         expected="a folder that can be written") from None
    wanted = tasks(repositories, folder, recipe, resume=args.resume)
    results = in_processes(wanted, args.jobs) if args.scheduler is None else on_cluster(wanted, args.scheduler)
    kept = failed = 0
    for done, result in enumerate(results, 1):
        _tell(result, f"[{done:,}/{len(repositories):,}] {result.task.name}")
        kept, failed = kept + result.kept, failed + result.failed
    note(f"{args.output}: {len(repositories) - failed:,} of {len(repositories):,} tables are there, {kept:,} of them kept, "
         f"{failed:,} failed")
    return SOME_FAILED if failed else 0


def _tell(result: Result, who: str) -> None:
    for text in result.notices:
        note(f"{who}: {text}")
    if result.failed:
        note(f"{who}: failed, {result.task.repository}: {result.said}")
    else:
        note(f"{who}: {'kept, ' if result.kept else ''}{result.said}")
