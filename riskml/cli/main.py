"""``riskml``: finds the verb, runs it, and turns every refusal into one line on stderr and an exit code."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from riskml.errors import ArtifactError, RiskmlError, ServiceUnavailable, StoreError

COMMANDS = {
    "predict": "score a change: decision, reasons, plan",
    "explain": "say why a change got its score, feature by feature",
    "init": "set a repository up: policy, CI, and a replay of its last changes",
    "features": "print the feature vector of a change as JSON",
    "plan": "render a rollout plan for a deploy tool",
    "mine": "write one row of features per commit of a history",
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
    (KeyboardInterrupt, 130),
)
"""First match wins. 0 pass, 10 warn, 20 block and 30 unknown are answers, not errors; see ``riskml.cli.gate``."""


def build_parser(verbs: Sequence[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """Parser with the given verbs in full; the others appear by name and help only, so that start-up stays fast."""
    parser = argparse.ArgumentParser(
        prog="riskml", description="How risky a software change is to release, and how to release it.",
        epilog="riskml VERB --help tells the options of a verb.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB")
    for verb, text in COMMANDS.items():
        sub = subparsers.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        if verb in verbs:
            importlib.import_module(f"riskml.cli.{verb}").add_arguments(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb. Returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
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
    try:
        code: int = importlib.import_module(f"riskml.cli.{args.verb}").run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away; Python would complain once more at exit
        return 141
    except tuple(kind for kind, _ in EXIT_CODES) as error:
        print(f"riskml: {error or type(error).__name__}", file=sys.stderr)
        return next(code for kind, code in EXIT_CODES if isinstance(error, kind))
    else:
        return code


if __name__ == "__main__":
    sys.exit(main())
