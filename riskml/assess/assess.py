"""From a change to its assessment: the vector, the probability, and what they mean in words and files."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from math import isnan, nan

from riskml import pathmap
from riskml.assess.files import file_shares
from riskml.assess.reasons import reasons_of
from riskml.assess.unknown import unknown_of
from riskml.assess.unread import notes_on_unread
from riskml.assess.yardstick import SIZE, Yardstick, yardstick
from riskml.assessment import Assessment
from riskml.change import Change
from riskml.context import ServiceContext
from riskml.counted import counted
from riskml.document import printable
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.history import View
from riskml.pathmap import PathMap
from riskml.policy.policy import Policy
from riskml.ports import Scorer, Vector
from riskml.suite import SuiteRun

OWN_FOLDER = ".riskml/"  # where a repository keeps its policy, which is read at the base of a change
NOTHING = "nothing to release: the change is empty, its head brings nothing that the base does not have; no risk was measured"
"""What is said where a change is empty."""
MOST_OF_REPORTS = 5  # notes about what the reports hold that could not be used


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
    empty = is_empty(vector)
    return Assessment(
        id=id, created_at=now, repository=repository,
        base=base if evidence is None else evidence.change.base, head=head if evidence is None else evidence.change.head,
        probability=scored.probability, lower=scored.lower, upper=scored.upper, base_rate=measure.scorer.base_rate,
        margin=scored.margin, score=score, band="unknown" if empty else measure.band(score, vector),
        percentile=None if empty else measure.percentile(scored.probability),
        reasons=() if empty else reasons_of(vector, scored, measure, evidence),
        files=() if evidence is None else file_shares(evidence, vector, measure.scorer),
        unknown=() if empty else unknown_of(vector, measure.scorer.feature_names, evidence), model=measure.scorer.ref,
        notes=_notes(vector, evidence, empty=empty), features=dict(vector), empty=empty,
    )


def is_empty(vector: Vector) -> bool:
    """Whether a vector is that of a change without a file: known to touch none, and not said to have a line.

    >>> is_empty({"nf": 0.0, "la": 0.0}), is_empty({"nf": nan}), is_empty({"nf": 0.0, "la": 3.0}), is_empty({})
    (True, False, False, False)
    """
    return vector.get("nf") == 0 and not any(vector.get(name, 0) > 0 for name in ("la", "ld"))


def _notes(vector: Vector, evidence: Evidence | None, *, empty: bool) -> tuple[str, ...]:
    if empty:
        return (NOTHING,)
    notes: list[str] = []
    if evidence is not None:
        notes += notes_on_base(evidence)
        if evidence.change.kind == "worktree":
            notes.append("scored as it lies in the working tree, not committed yet")
        notes += notes_on_unread(evidence.change)
    if any(isnan(vector.get(name, nan)) for name in SIZE):
        notes.append("its size is unknown (la, ld or nf): no model knows what to think of such a change")
    return (*notes, *notes_on_reports(evidence, unknown_of(vector, (), evidence)))


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


def notes_on_reports(evidence: Evidence | None, absent: Collection[str]) -> tuple[str, ...]:
    """Say what in the test and coverage reports could not be used, and which of them are absent (names of features)."""
    notes = []
    if evidence is not None and evidence.suite is not None:
        notes += [printable(note) for note in evidence.suite.notes[:MOST_OF_REPORTS]]
        left = len(evidence.suite.notes) - MOST_OF_REPORTS
        if left > 0:
            notes.append(f"and {counted(left, 'more note')} about the reports")
    if "tests_run" in absent:
        notes.append("no test report was given: whether tests pass is unknown")
    if "coverage_changed_lines" in absent:
        notes.append("no coverage of the changed lines is known")
    return tuple(notes)
