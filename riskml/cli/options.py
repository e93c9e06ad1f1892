"""Options that several verbs share, and the few values that only a command line may read: environment, clock, terminal."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from riskml.errors import UsageError


def add_change_options(parser: argparse.ArgumentParser) -> None:
    """Options that name a change: a range of a repository, its working tree, or a diff."""
    parser.add_argument("repository", nargs="?", default=".", metavar="REPO", help="a git repository (default: this folder)")
    parser.add_argument("--base", metavar="REF", help="what the change goes into (default: the remote's default branch)")
    parser.add_argument("--head", metavar="REF", help="the change (default: the working tree if it is dirty, else HEAD)")
    parser.add_argument("--diff", metavar="FILE",
                        help="score this unified diff instead ('-': standard input); the repository gives the history")
    parser.add_argument("--junit", action="append", default=[], metavar="GLOB", help="JUnit XML reports; may be repeated")
    parser.add_argument("--coverage", action="append", default=[], metavar="FILE",
                        help="Cobertura, LCOV, JaCoCo or coverage.py JSON; may be repeated")
    add_state_options(parser)


def add_state_options(parser: argparse.ArgumentParser) -> None:
    """Options on where mined history is kept."""
    parser.add_argument("--state", metavar="DIR", help="where mined history is kept (default: the user's cache folder)")
    parser.add_argument("--no-state", action="store_true", help="mine anew and keep nothing")


def add_decision_options(parser: argparse.ArgumentParser) -> None:
    """Options on what judges a change."""
    parser.add_argument("--policy", metavar="FILE",
                        help="policy (default: .riskml/policy.yaml at the base, else the founding rule)")
    parser.add_argument("--service", metavar="FILE", help="YAML or JSON that describes the service the change is released to")
    parser.add_argument("--artifact", metavar="DIR", help="model artifact (default: the bundled one)")


def state_dir(args: argparse.Namespace) -> Path | None:
    """Folder for mined history; ``None`` keeps nothing."""
    if args.no_state:
        return None
    if args.state:
        return Path(args.state)
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache) / "riskml"


def read_text(name: str, what: str) -> str:
    """Return the text of a file the user named.

    Raises UsageError where it cannot be read.
    """
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(what, error, name, "a readable UTF-8 file") from None


def read_bytes(name: str, what: str) -> bytes:
    """Return the bytes of a file the user named; ``-`` is standard input.

    Raises UsageError where it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise _unreadable(what, error, name, "a readable file") from None


def write_output(text: str, output: str | None) -> None:
    """Print a result, or write it to the file the user named."""
    if output is None or output == "-":
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        return
    try:
        Path(output).write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    except OSError as error:
        what = f"cannot write the output ({error.strerror or type(error).__name__})"
        raise UsageError(what, where="--output", got=output, expected="a path to write") from None


def progress(label: str) -> Callable[[int, int], None] | None:
    """Return a callback that shows work done on stderr when it is a terminal; ``None`` elsewhere."""
    if not sys.stderr.isatty():
        return None
    started = time.monotonic()

    def show(done: int, total: int) -> None:
        elapsed = max(time.monotonic() - started, 1e-9)
        rate = done / elapsed
        left = (total - done) / rate if rate else 0.0
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{label}: {done:,} of {total:,} commits, {rate:,.0f}/s, {left:,.0f} s left \033[K{end}")
        sys.stderr.flush()

    return show


def note(text: str) -> None:
    """One line for the person at the terminal; results alone go to stdout."""
    print(f"riskml: {text}", file=sys.stderr)


def _unreadable(what: str, error: Exception, name: str, expected: str) -> UsageError:
    cause = (error.strerror or type(error).__name__) if isinstance(error, OSError) else "not UTF-8"
    return UsageError(f"cannot read the {what} ({cause})", where="command line", got=name, expected=expected)
