"""``riskml``: finds the verb, runs it, and turns every refusal into one line on stderr and an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from riskml.errors import ArtifactError, RiskmlError, ServiceUnavailable, StoreError

COMMANDS = {
    "init": "set a repository up: policy, CI, and a replay of its last changes",
    "predict": "score a change: decision, reasons, plan",
    "comment": "say a decision in its merge request, in one comment that is kept up to date",
    "explain": "say why a change got its score, feature by feature",
    "features": "print the feature vector of a change as JSON",
    "plan": "render a rollout plan for a deploy tool",
    "verdict": "judge a stage of a release: promote, hold or rollback",
    "outcome": "tell what happened to a change, or to those that a history reverts",
    "backtest": "replay a policy over a repository's past, and count the harm it would have caught",
    "mine": "write one row of features per commit of a history",
    "label": "tell which commits of a history did harm, as later commits say",
    "score": "score a table of features",
    "policy": "check or explain a policy file",
    "model": "show or verify a model artifact",
}
"""Every verb, in the order of the help: the module ``riskml.cli.<verb>`` adds its options and runs it."""

EXIT_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (ServiceUnavailable, 3),
    (ArtifactError, 4),
    (StoreError, 5),
    (RiskmlError, 2),
    (OSError, 5),
    (KeyboardInterrupt, 130),
)
"""First match wins. 0 pass, 10 warn, 20 block and 30 unknown are answers, not errors; see ``riskml.cli.gate``."""


def build_parser(verbs: Sequence[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """Parser with the given verbs in full; the others appear by name and help only, so that start-up stays fast."""
    parser = argparse.ArgumentParser(
        prog="riskml", description="How risky a software change is to release, and how to release it.",
        epilog="riskml VERB --help tells the options of a verb.", allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB")
    for verb, text in COMMANDS.items():
        sub = subparsers.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
        if verb in verbs:
            importlib.import_module(f"riskml.cli.{verb}").add_arguments(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb. Returns the exit code."""
    _prepare_streams()
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        return 141  # whoever read our output had enough, as in `riskml features | head -1`
    except tuple(kind for kind, _ in EXIT_CODES) as error:
        print(f"riskml: {_said(error)}", file=sys.stderr)
        return next(code for kind, code in EXIT_CODES if isinstance(error, kind))
    else:
        return code
    finally:
        _leave_nothing_unwritten()


def _run(arguments: list[str]) -> int:
    verb = next((a for a in arguments if a in COMMANDS), None)
    parser = build_parser([verb] if verb else [])
    args = parser.parse_args(arguments)
    if args.version:
        from importlib.metadata import version  # only when asked: it reads the disk

        print(f"riskml {version('riskml')}")
        return 0
    if args.verb is None:
        parser.print_help()
        return 0
    code: int = importlib.import_module(f"riskml.cli.{args.verb}").run(args)
    return code


def _said(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, OSError):
        return f"the system refused: {error}"
    return str(error)


def _prepare_streams() -> None:
    """Make results UTF-8 whatever the locale, as the formats say they are, and keep notices out of them if stderr is closed."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 # stays open as long as the process


def _leave_nothing_unwritten() -> None:
    """Give up what standard output would not take, so that Python does not complain once more when it exits."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
