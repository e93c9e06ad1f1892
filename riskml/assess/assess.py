"""From a change to its assessment: the vector, the probability, and what they mean in words and files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import isnan, nan

from riskml import pathmap
from riskml.assess.files import file_shares
from riskml.assess.reasons import reasons_of
from riskml.assess.yardstick import SIZE, Yardstick, yardstick
from riskml.assessment import Assessment
from riskml.change import Change
from riskml.context import ServiceContext
from riskml.document import printable
from riskml.features import reported
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.history import View
from riskml.pathmap import PathMap
from riskml.policy.policy import Policy
from riskml.ports import Scorer, Vector
from riskml.suite import SuiteRun

OWN_FOLDER = ".riskml/"  # where a repository keeps its policy, which is read at the base of a change
MOST_OF_REPORTS = 5  # notes about what the reports hold that could not be used
_BY_TRACKER = tuple(feature.name for feature in reported.FEATURES)
TOLD_WHEN_ABSENT = ("tests_run", "coverage_changed_lines")  # unknown to a model that never saw a report, yet worth knowing


def assess(
    change: Change,
    past: View | None,
    suite: SuiteRun | None,
    scorer: Scorer,
    *,
    id: str,  # noqa: A002 # the name in the record and on the wire
    now: datetime,
    repository: str,
    context: ServiceContext | None = None,
    policy: Policy | None = None,
    recent: Iterable[Vector] = (),
    suite_before: SuiteRun | None = None,
    in_flight: int | None = None,
    paths: PathMap = pathmap.DEFAULT,
) -> Assessment:
    """Assess one change.

    ``past`` is the history as the base knew it and ``suite`` the change's test reports; ``None`` is unknown. ``recent`` holds
    the vectors of the repository's recent changes, for percentiles (at least 50, else there are none). ``policy`` names the
    bands.
    """
    evidence = Evidence(change, past, suite, suite_before, in_flight, paths)
    vector = extract(evidence)
    measure = yardstick(scorer, policy, context, recent, vector)
    return assessment_of(vector, measure, evidence, id=id, now=now, repository=repository)


def assess_features(
    vector: Vector,
    scorer: Scorer,
    *,
    id: str,  # noqa: A002 # as above
    now: datetime,
    repository: str,
    base: str | None = None,
    head: str | None = None,
    context: ServiceContext | None = None,
    policy: Policy | None = None,
    recent: Iterable[Vector] = (),
) -> Assessment:
    """Assess a vector that somebody else computed (see ``catalogue.validate``): without files, and reasons name none."""
    measure = yardstick(scorer, policy, context, recent, vector)
    return assessment_of(vector, measure, None, id=id, now=now, repository=repository, base=base, head=head)


def assessment_of(
    vector: Vector,
    measure: Yardstick,
    evidence: Evidence | None,
    *,
    id: str,  # noqa: A002 # as above
    now: datetime,
    repository: str,
    base: str | None = None,
    head: str | None = None,
) -> Assessment:
    """Assess a vector with a yardstick; ``evidence`` is what it was computed from, if that is at hand."""
    scored = measure.scorer.score(vector)
    score = measure.score(scored.probability)
    return Assessment(
        id=id, created_at=now, repository=repository,
        base=base if evidence is None else evidence.change.base, head=head if evidence is None else evidence.change.head,
        probability=scored.probability, lower=scored.lower, upper=scored.upper, base_rate=measure.scorer.base_rate,
        margin=scored.margin, score=score, band=measure.band(score, vector), percentile=measure.percentile(scored.probability),
        reasons=reasons_of(vector, scored, measure, evidence),
        files=() if evidence is None else file_shares(evidence, vector, measure.scorer),
        unknown=_unknown(vector, measure.scorer), model=measure.scorer.ref, notes=_notes(vector, evidence),
        features=dict(vector),
    )


def _unknown(vector: Vector, scorer: Scorer) -> tuple[str, ...]:
    """Name what the model reads and does not know, and the reports that are absent.

    Where no issue tracker was asked, the first of its features stands for all of them.
    """
    names = (*scorer.feature_names, *(n for n in TOLD_WHEN_ABSENT if n not in scorer.feature_names))
    unknown = [n for n in names if isnan(vector.get(n, nan))]
    untold = [n for n in _BY_TRACKER if isnan(vector.get(n, nan))]
    return tuple(n for n in unknown if n not in untold[1:]) if len(untold) == len(_BY_TRACKER) else tuple(unknown)


def _notes(vector: Vector, evidence: Evidence | None) -> tuple[str, ...]:
    notes: list[str] = []
    if evidence is not None:
        notes += notes_on_base(evidence)
        if evidence.change.kind == "worktree":
            notes.append("scored as it lies in the working tree, not committed yet")
        if not evidence.change.files:
            notes.append("the change is empty: its head brings nothing that the base does not have")
        if moved := [diff.path for diff in evidence.change.files if diff.submodule]:
            more = f" and {len(moved) - 1} more" if len(moved) > 1 else ""
            notes.append(f"the submodule {printable(moved[0])}{more} moved: what changed inside is unknown, and was not scored")
    if any(isnan(vector.get(name, nan)) for name in SIZE):
        notes.append("its size is unknown (la, ld or nf): no model knows what to think of such a change")
    return (*notes, *notes_on_reports(evidence, vector))


def notes_on_base(evidence: Evidence) -> tuple[str, ...]:
    """Say what the base does not tell, and that what is judged has no say in how."""
    notes = []
    if evidence.past is None:
        notes.append("no history was given: what happened to these files before is unknown")
    elif not evidence.past.complete:
        notes.append("the history is incomplete (a shallow clone): what happened to these files before is unknown")
    own = sorted({path for f in evidence.change.files for path in (f.path, f.old_path) if path.startswith(OWN_FOLDER)})
    if own:
        more = f" and {len(own) - 1} more" if len(own) > 1 else ""
        notes.append(f"this change edits {own[0]}{more}; it was judged without these edits, by the version at its base: "
                     "they count for later changes")
    return tuple(notes)


def notes_on_reports(evidence: Evidence | None, vector: Vector) -> tuple[str, ...]:
    """Say what in the test and coverage reports could not be used, and which of them are absent."""
    notes = []
    if evidence is not None and evidence.suite is not None:
        notes += [printable(note) for note in evidence.suite.notes[:MOST_OF_REPORTS]]
        left = len(evidence.suite.notes) - MOST_OF_REPORTS
        if left > 0:
            notes.append(f"and {left} more notes about the reports")
    if isnan(vector.get("tests_run", nan)):
        notes.append("no test report was given: whether tests pass is unknown")
    if isnan(vector.get("coverage_changed_lines", nan)):
        notes.append("no coverage of the changed lines is known")
    return tuple(notes)
