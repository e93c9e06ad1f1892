"""``riskml mine``: one row of features per commit of a history."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path

from riskml.cli.options import note, progress
from riskml.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("repositories", nargs="+", metavar="REPO", help="git repositories")
    parser.add_argument("--output", required=True, metavar="FILE",
                        help="table to write: .parquet, .csv or .jsonl; a folder when there are several repositories")
    parser.add_argument("--rev", default="HEAD", metavar="REF", help="whose ancestors to mine (default: HEAD)")
    parser.add_argument("--since", metavar="DATE", type=_date, help="only rows of commits from this day on (YYYY-MM-DD, UTC); "
                        "their history is whole all the same")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many repositories to mine at the same time")
    parser.add_argument("--profile", choices=("default", "people"), default="default",
                        help="people: with the features that describe an author")


def run(args: argparse.Namespace) -> int:
    """Mine, write, and say on stderr what was skipped."""
    if args.jobs < 1:
        raise UsageError("too few jobs", where="--jobs", got=args.jobs, expected="a number from 1 on")
    output = Path(args.output)
    if len(args.repositories) == 1:
        rows, notices = mine_one(args.repositories[0], output, args.rev, args.since, args.profile, show=True)
        _tell(args.repositories[0], rows, notices)
        return 0
    from riskml.adapters.git import GitRepository

    for repository in args.repositories:
        GitRepository.open(repository)  # one that is none is refused before hours of work, not after
    if output.suffix:
        raise UsageError("several repositories do not fit one table", where="--output", got=args.output, expected="a folder")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder ({error.strerror})", where="--output", got=args.output,
                         expected="a folder that can be written") from None
    names = _names(args.repositories)
    with ProcessPoolExecutor(args.jobs) as pool:
        running = {pool.submit(mine_one, repository, output / f"{name}.parquet", args.rev, args.since, args.profile): repository
                   for repository, name in zip(args.repositories, names, strict=True)}
        for done in as_completed(running):
            _tell(running[done], *done.result())
    return 0


def mine_one(
    repository: str, output: Path, rev: str, since: int | None, profile: str, *, show: bool = False
) -> tuple[int, list[str]]:
    """Mine one repository into one table. Returns the number of rows, and notices."""
    from riskml.adapters.git import GitRepository  # git and the features are slow to load; --help must not wait for them
    from riskml.mine.rows import mine
    from riskml.mine.table import write

    notices: list[str] = []
    rows = mine(GitRepository.open(repository), rev, since=since, profile="people" if profile == "people" else "default",
                progress=progress(Path(repository).name) if show else None, notice=notices.append)
    return write(rows, output), notices


def _tell(repository: str, rows: int, notices: Sequence[str]) -> None:
    for text in notices:
        note(f"{repository}: {text}")
    note(f"{repository}: {rows:,} {'row' if rows == 1 else 'rows'}")


def _names(repositories: Sequence[str]) -> list[str]:
    """Name tables after their folders; a number tells apart folders of one name."""
    seen: dict[str, int] = {}
    names = []
    for repository in repositories:
        name = Path(repository).resolve().name.removesuffix(".git") or "repository"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def _date(text: str) -> int:
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2024-01-31") from None
