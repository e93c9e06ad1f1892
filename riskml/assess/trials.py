"""What could be tried to lower the risk of a change: parts of it left out, tests mended or added, a flag in front of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from riskml.assess.files import evidence_of
from riskml.assess.untested import LINES, reached, shown, untested, with_tests
from riskml.assessment import FileShare
from riskml.context import ServiceContext
from riskml.counted import counted
from riskml.features.feature import Evidence
from riskml.suite import CaseResult, SuiteRun


@dataclass(frozen=True, slots=True)
class Trial:
    """Something to try: what to do, what is then left of the change, and the part that goes its own way, if one does.

    ``flag`` is the service as it is for code behind a flag, where that is what is tried.
    """

    action: str
    left: Evidence
    apart: Evidence | None = None
    flag: ServiceContext | None = None


def trials_of(
    evidence: Evidence, shares: Sequence[FileShare], lossy: Sequence[str], context: ServiceContext
) -> Iterator[Trial]:
    """Yield what is worth trying. ``lossy`` names the files with a destructive migration."""
    yield from _parts(evidence, shares, lossy)
    yield from _tests(evidence)
    flag = _flag(evidence, context, lossy)
    if flag is not None:
        yield flag


def _parts(evidence: Evidence, shares: Sequence[FileShare], lossy: Sequence[str]) -> Iterator[Trial]:
    files = evidence.change.files
    taken: set[frozenset[str]] = set()
    groups = []
    if lossy:
        groups.append((f"move the destructive migration {_shown(lossy[0])} to a later release", frozenset(lossy), False))
    if shares:
        groups.append((f"move {_shown(shares[0].path)} to a change of its own", frozenset({shares[0].path}), True))
    folder, inside = _riskiest_folder(shares)
    if len(inside) > 1:
        some = f"the {counted(len(inside), 'file')} under {_shown(folder)}/"
        groups.append((f"move {some} to a change of their own", inside, True))
    for action, paths, scored in groups:
        if len(paths) < len(files) and paths not in taken:
            taken.add(paths)
            left = evidence_of(evidence, [f for f in files if f.path not in paths])
            yield Trial(action, left, evidence_of(evidence, [f for f in files if f.path in paths]) if scored else None)


def _tests(evidence: Evidence) -> Iterator[Trial]:
    broken = [c for c in (evidence.suite.cases if evidence.suite else None) or () if c.outcome in ("failed", "error")]
    if broken and evidence.suite is not None:
        many = "the failing test" if len(broken) == 1 else f"the {len(broken)} failing tests"
        yield Trial(f"make {many} pass, {_shown(broken[0].name)} first", replace(evidence, suite=_mended(evidence.suite)))
    places = untested(evidence)
    if places:
        yield Trial(f"add tests that reach {shown(places)}", reached(evidence))
    elif evidence.suite is None or evidence.suite.coverage is None:
        found = with_tests(evidence)
        if found is not None:
            yield Trial(f"add tests for {_shown(found[0])} (tried with a test file of {LINES} lines)", found[1])


def _flag(evidence: Evidence, context: ServiceContext, lossy: Sequence[str]) -> Trial | None:
    """Put the change behind a flag: switched off in seconds, so that rollback is as fast as the formula knows.

    Only where the service may have flags and the change is code and nothing that no flag can switch off.
    """
    kinds = evidence.reading.kinds
    fixed = any(k.migration or k.infrastructure or k.build or k.ci or k.manifest or k.lock or k.vendored for k in kinds)
    code = any(k.source and added for k, added in zip(kinds, evidence.reading.added, strict=True))
    if not context.flags or context.rollback_speed >= 1 or fixed or lossy or not code:
        return None
    action = f"ship it behind a flag, off until released: rollback speed 1 for {context.rollback_speed:g}"
    return Trial(action, evidence, flag=replace(context, rollback_speed=1.0))


def _riskiest_folder(shares: Sequence[FileShare]) -> tuple[str, frozenset[str]]:
    """Return the folder whose files hold the largest share, and their paths; the root is no folder."""
    inside: dict[str, set[str]] = defaultdict(set)
    weight: dict[str, float] = defaultdict(float)
    for share in shares:
        folder = share.path.rpartition("/")[0]
        if folder:
            inside[folder].add(share.path)
            weight[folder] += share.share
    if not weight:
        return "", frozenset()
    riskiest = max(weight, key=lambda f: (weight[f], f))
    return riskiest, frozenset(inside[riskiest])


def _mended(suite: SuiteRun) -> SuiteRun:
    """Return the same run with every failing case passed."""

    def passed(case: CaseResult) -> CaseResult:
        return replace(case, outcome="passed") if case.outcome in ("failed", "error") else case

    return replace(suite, cases=tuple(passed(c) for c in suite.cases or ()))


def _shown(text: str, limit: int = 120) -> str:
    return text if len(text) <= limit else "…" + text[-limit:]
