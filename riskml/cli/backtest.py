"""``riskml backtest``: what a policy would have done with a repository's own past, and whether it would have caught the harm.

Harm is what later commits say: they revert a change, name it as the fault, or fix lines that it wrote. A change against which
nothing is known counts as harmless only when there was time for it to become known.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskml.cli.judging import context_of, policy_of
from riskml.cli.options import given, note, progress, write_output
from riskml.errors import UsageError

if TYPE_CHECKING:
    from riskml.backtest import Case, Replay
    from riskml.mine.rows import Row

DAY_S = 86_400
_BATCH = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("repository", nargs="?", type=given, default=".", metavar="REPO",
                        help="a git repository (default: this folder)")
    parser.add_argument("--rev", type=given, default="HEAD", metavar="REF", help="whose ancestors are replayed (default: HEAD)")
    parser.add_argument("--last", type=int, default=5000, metavar="N", help="replay the last N changes (default: 5000)")
    parser.add_argument("--policy", type=given, metavar="FILE", help="policy (default: the founding rule)")
    parser.add_argument("--service", type=given, metavar="FILE", help="YAML or JSON that describes the service")
    parser.add_argument("--artifact", type=given, metavar="DIR", help="model artifact (default: the bundled one)")
    parser.add_argument("--maturity", type=int, default=90, metavar="DAYS",
                        help="a change counts as harmless when nothing is known against it for so long (default: 90)")
    parser.add_argument("--part", type=float, default=0.2, metavar="P",
                        help="compare model and lines added at this part of all changes (default: 0.2)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print it (default: text)")
    parser.add_argument("--output", type=given, metavar="FILE", help="where to write it (default: standard output)")


def run(args: argparse.Namespace) -> int:
    """Mine, label, replay, and print."""
    from riskml.backtest import caught_at, replay

    for name, value in (("--last", args.last), ("--maturity", args.maturity + 1)):
        if value < 1:
            raise UsageError("too few", where=name, got=value, expected="a larger number")
    policy, context = policy_of(args), context_of(args)  # what is quick to refuse comes first
    cases = cases_of(args)
    if policy is None:
        from riskml.policy.policy import default_policy

        policy = default_policy()
    found = replay(cases, policy, context)
    report = _report(found, args.part, caught_at(cases, args.part), caught_at(cases, args.part, by="la"))
    write_output(json.dumps(report, indent=2) if args.format == "json" else _text(report), args.output)
    return 0


def cases_of(args: argparse.Namespace) -> list[Case]:
    """Return the changes to replay, scored by the model and labelled by what later commits say."""
    from riskml.adapters.git import GitRepository
    from riskml.backtest import Case
    from riskml.local import scorer_from
    from riskml.mine.labels import label
    from riskml.mine.rows import mine

    repository = GitRepository.open(args.repository)
    name = Path(args.repository).resolve().name
    scorer = scorer_from(args.artifact)
    rows = [r for r in mine(repository, args.rev, progress=progress(name), notice=note) if not r.merge][-args.last:]
    labels = {x.sha: x.harm for x in label(repository, args.rev, progress=progress(f"{name}, labels"), notice=note)}
    mature = max((r.committed_at for r in rows), default=0) - args.maturity * DAY_S
    cases = []
    for part in _parts(rows):
        vectors = [_features(row) for row in part]
        for row, vector, probability in zip(part, vectors, scorer.probabilities(vectors), strict=True):
            harm = True if labels.get(row.sha) else False if row.committed_at <= mature and row.sha in labels else None
            cases.append(Case(row.sha, row.committed_at, probability, harm, vector))
    return cases


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for at in range(0, len(rows), _BATCH):
        yield rows[at:at + _BATCH]


def _features(row: Row) -> dict[str, float]:
    from riskml.features.catalogue import NAMES

    return {name: value for name, value in zip(NAMES, row.vector, strict=True) if not isnan(value)}


def _report(found: Replay, part: float, model: float, lines: float) -> dict[str, Any]:
    flagged = sum(s.changes for s in found.flagged)
    return {
        "changes": found.changes, "outcome_unknown": found.unknown, "weeks": round(found.weeks, 2), "held": found.held,
        "strategies": [{"strategy": s.strategy, "changes": s.changes, "harmful": s.harmful, "harmless": s.harmless}
                       for s in found.shares],
        "flagged": flagged, "caught": _known(found.caught), "precision": _known(found.precision),
        "alarms_per_week": round(flagged / found.weeks, 3), "false_alarms_per_week": _known(found.false_alarms_per_week),
        "delay_hours_per_week": _known(found.delay_hours_per_week),
        "at": {"part": part, "caught_by_model": _known(model), "caught_by_lines_added": _known(lines)},
    }


def _known(value: float) -> float | None:
    return None if isnan(value) else round(value, 4)


def _text(report: dict[str, Any]) -> str:
    from riskml.ci.hindsight import LEAST

    at, rows = report["at"], report["strategies"]
    harmful = sum(r["harmful"] for r in rows)
    few = f"not said: {harmful} did harm, and fewer than {LEAST} say nothing in percent" if harmful < LEAST else None

    def percent(value: float | None, of: str) -> str:
        return few or ("unknown" if value is None else f"{100 * value:.1f} % {of}")

    lines = [
        f"{report['changes']:,} changes over {report['weeks']:,.1f} weeks; {report['outcome_unknown']:,} too young to be known",
        "", f"{'strategy':<14}{'changes':>9}{'harmful':>9}{'harmless':>10}",
        *(f"{r['strategy']:<14}{r['changes']:>9,}{r['harmful']:>9,}{r['harmless']:>10,}" for r in rows), "",
        f"caught           {percent(report['caught'], 'of the harmful changes got more than the least careful way')}",
        f"precision        {percent(report['precision'], 'of those that did had done harm')}",
        f"alarms           {report['alarms_per_week']:,.1f} a week, {report['false_alarms_per_week'] or 0:,.1f} of them false",
        f"delay            {report['delay_hours_per_week'] or 0:,.1f} hours a week until everybody has it",
        f"held             {report['held']:,}", "",
        f"at {100 * at['part']:g} % flagged   {percent(at['caught_by_model'], 'of the harm caught by the model')}",
        f"                 {percent(at['caught_by_lines_added'], 'by lines added alone')}", "",
        "A model that was trained on these very changes flatters itself here; its card names its training span.",
    ]
    return "\n".join(lines)
