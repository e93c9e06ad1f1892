"""Options that several verbs share, and the few values that only a command line may read: environment, clock, terminal."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from errno import EACCES
from pathlib import Path

from riskml.errors import StoreUnwritable, TooLarge, UsageError

LARGEST_TEXT = 1024 * 1024
"""The largest policy, service description or assessment that is read, in bytes."""

LARGEST_FILE = 32 * 1024 * 1024
"""The largest file that is read where nothing else is said, in bytes."""



def add_change_options(parser: argparse.ArgumentParser) -> None:
    """Options that name a change: a range of a repository, its working tree, or a diff."""
    parser.add_argument("repository", nargs="?", type=given, default=".", metavar="REPO",
                        help="a git repository (default: this folder)")
    parser.add_argument("--base", type=given, metavar="REF",
                        help="what the change goes into (default: the remote's default branch)")
    parser.add_argument("--head", type=given, metavar="REF",
                        help="the change (default: the working tree if it is dirty, else HEAD)")
    parser.add_argument("--diff", type=given, metavar="FILE",
                        help="score this unified diff instead ('-': standard input); the repository gives the history as of "
                        "--base (default: HEAD)")
    parser.add_argument("--junit", action="append", default=[], metavar="GLOB", help="JUnit XML reports; may be repeated")
    parser.add_argument("--coverage", action="append", default=[], metavar="FILE",
                        help="Cobertura, LCOV, JaCoCo or coverage.py JSON; may be repeated")
    add_issues_option(parser)
    add_state_options(parser)


def add_issues_option(parser: argparse.ArgumentParser) -> None:
    """Where the issue tracker's word comes from."""
    parser.add_argument("--issues", type=given, metavar="FILE",
                        help="an issue tracker's export, CSV with issue,type: what was filed as a fault tells which earlier "
                        "commits repaired one")


def add_state_options(parser: argparse.ArgumentParser) -> None:
    """Options on where mined history is kept."""
    parser.add_argument("--state", type=given, metavar="DIR",
                        help="where mined history is kept (default: the user's cache folder)")
    parser.add_argument("--no-state", action="store_true", help="mine anew and keep nothing")


def add_decision_options(parser: argparse.ArgumentParser) -> None:
    """Options on what judges a change."""
    parser.add_argument("--policy", type=given, metavar="FILE",
                        help="policy (default: .riskml/policy.yaml at the base, else the founding rule)")
    parser.add_argument("--service", type=given, metavar="FILE",
                        help="YAML or JSON that describes the service the change is released to")
    parser.add_argument("--artifact", type=given, metavar="DIR", help="model artifact (default: the bundled one)")


def given(text: str) -> str:
    """Return the value of an option. An empty one, as an unset variable leaves it, does not count as left out."""
    if not text:
        raise argparse.ArgumentTypeError("the value is empty: is a variable unset? Leave out the option to get its default")
    return text


def state_dir(args: argparse.Namespace) -> Path | None:
    """Folder for mined history, made if need be; ``None`` keeps nothing.

    Raises StoreUnwritable where the folder that the user named cannot be written, before anything is mined for it. The default
    one is a convenience: without it there is a notice, and the history is mined anew each time.
    """
    if args.no_state:
        return None
    folder = Path(args.state or os.environ.get("XDG_CACHE_HOME") or Path(os.path.expanduser("~"), ".cache"))
    folder = folder if args.state else folder / "riskml"
    trouble = _trouble_with(folder)
    if trouble is None:
        return folder
    if args.state:
        raise StoreUnwritable(f"cannot keep the mined history ({trouble})", where="--state", got=args.state,
                              expected="a folder that can be written, or --no-state")
    note(f"the mined history is not kept, {folder} cannot be written ({trouble}); --state DIR names another place")
    return None


def _trouble_with(folder: Path) -> str | None:
    """Make a folder, and say why it cannot be written if it cannot."""
    if folder.parts[:1] == ("~",):
        return "the user has no home folder"  # nobody could expand it
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return error.strerror or type(error).__name__
    return None if os.access(folder, os.W_OK | os.X_OK) else os.strerror(EACCES)


def read_text(name: str, what: str) -> str:
    """Return the text of a file the user named.

    Raises UsageError where it cannot be read, TooLarge over 1 MiB.
    """
    try:
        return read_bytes(name, what, limit=LARGEST_TEXT).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(what, error, name) from None


def read_bytes(name: str, what: str, *, limit: int = LARGEST_FILE) -> bytes:
    """Return the bytes of a file the user named; ``-`` is standard input.

    Raises UsageError where it cannot be read, TooLarge over ``limit`` bytes.
    """
    try:
        if name == "-":
            data = sys.stdin.buffer.read(limit + 1) if sys.stdin is not None else b""
        else:
            with open(name, "rb") as file:
                data = file.read(limit + 1)
    except OSError as error:
        raise _unreadable(what, error, name) from None
    if len(data) > limit:
        raise TooLarge(f"the {what} is too large", where="command line", got=name, expected=f"at most {limit} bytes")
    return data


def write_output(text: str, output: str | None) -> None:
    """Print a result, or write it to the file the user named."""
    text = text if text.endswith("\n") else text + "\n"
    try:
        if output is not None and output != "-":
            Path(output).write_text(text, encoding="utf-8")
        else:
            stream = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 # closed: fails, and says so
            stream.write(text)
            stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        what = f"cannot write the output ({error.strerror or type(error).__name__})"
        where = "command line" if output is not None else "standard output"
        raise UsageError(what, where=where, got=output or "-", expected="a place that can be written") from None


def wants_colour() -> bool:
    """Whether standard output is a terminal that shows colour, and nobody asked for none (https://no-color.org)."""
    return (sys.stdout is not None and sys.stdout.isatty()
            and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")


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


def _unreadable(what: str, error: Exception, name: str) -> UsageError:
    cause = (error.strerror or type(error).__name__) if isinstance(error, OSError) else "not UTF-8"
    expected = "a readable file" if isinstance(error, OSError) else "a UTF-8 file"
    return UsageError(f"cannot read the {what} ({cause})", where="command line", got=name, expected=expected)
