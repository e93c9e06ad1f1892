"""From a change to a decision: its assessment, the plan that the policy gives, and what would lower the risk."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from riskml import pathmap
from riskml.assess.assess import assessment_of
from riskml.assess.proposals import proposals_of
from riskml.assess.trials import Trial
from riskml.assess.yardstick import Yardstick, yardstick
from riskml.assessment import Assessment, PolicyRef, Proposal
from riskml.change import Change
from riskml.context import ServiceContext
from riskml.document import printable
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.history import View
from riskml.pathmap import PathMap
from riskml.plan import NO_COMMIT, Plan, Subject
from riskml.policy.decide import decide
from riskml.policy.facts import Facts, facts_of
from riskml.policy.file import Override
from riskml.policy.migration import Loss, losses
from riskml.policy.policy import Policy, default_policy
from riskml.policy.risk import risk_score
from riskml.ports import Scorer, Vector
from riskml.suite import SuiteRun

_SOON = timedelta(days=1)  # until when a way that is only tried is taken to be wanted


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole answer about one change."""

    assessment: Assessment
    plan: Plan
    lower_it: tuple[Proposal, ...]
    policy: PolicyRef

    @property
    def held(self) -> bool:
        """Whether the policy binds (its mode is ``enforce``) and keeps the release from starting on its own.

        Where there is nothing to release, there is nothing to hold; what the plan says of holds stays in the plan.
        """
        binds = self.plan.policy is not None and self.plan.policy.mode == "enforce"
        return bool(self.plan.hold) and binds and not self.assessment.empty


def judge(
    change: Change,
    past: View | None,
    suite: SuiteRun | None,
    scorer: Scorer,
    policy: Policy | None = None,
    *,
    id: str,  # noqa: A002 # the name in the record and on the wire
    now: datetime,
    repository: str,
    context: ServiceContext | None = None,
    recent: Iterable[Vector] = (),
    suite_before: SuiteRun | None = None,
    in_flight: int | None = None,
    paths: PathMap = pathmap.DEFAULT,
    subject: Subject | None = None,
    override: Override | None = None,
) -> Decision:
    """Assess a change and plan its release; arguments as for ``assess`` and ``decide``.

    ``now`` must be aware. Without a ``subject`` the plan is about the service of the context and the change's head.
    """
    evidence = Evidence(change, past, suite, suite_before, in_flight, paths)
    vector = extract(evidence)
    measure = yardstick(scorer, policy, context, recent, vector)
    found = assessment_of(vector, measure, evidence, id=id, now=now, repository=repository)
    lost = losses(change, paths)
    facts = facts_of(found, measure.context, destructive_migration=None if lost is None else bool(lost))
    subject = subject or subject_of(found.head, found.repository, measure.context)
    plan = decide(facts, measure.policy, plan_id=plan_id(id), now=now, subject=subject, override=override)
    plan = replace(plan, notes=(*plan.notes, *_about_losses(lost)))
    if found.empty:
        return Decision(found, plan, (), measure.policy.ref)

    def replan(trial: Trial, probability: float) -> tuple[float, Plan]:
        what_if = _facts_if(facts, trial.left, probability, measure, trial.flag or measure.context)
        way = None if trial.flag is None else Override(subject.commit_sha, trial.action, now + _SOON, strategy="feature-flag")
        return what_if.score, decide(what_if, measure.policy, plan_id=plan.plan_id, now=now, subject=subject, override=way)

    lossy = [loss.path for loss in lost or ()]
    lower_it = proposals_of(evidence, found.files, lossy, found.score, plan, measure, replan)
    return Decision(found, plan, lower_it, measure.policy.ref)


def judge_features(
    vector: Vector,
    scorer: Scorer,
    policy: Policy | None = None,
    *,
    id: str,  # noqa: A002 # as above
    now: datetime,
    repository: str,
    base: str | None = None,
    head: str | None = None,
    context: ServiceContext | None = None,
    recent: Iterable[Vector] = (),
    subject: Subject | None = None,
    override: Override | None = None,
) -> Decision:
    """Assess a vector and plan its release. Without the change nothing can be tried, so nothing is proposed."""
    measure = yardstick(scorer, policy or default_policy(), context, recent, vector)
    found = assessment_of(vector, measure, None, id=id, now=now, repository=repository, base=base, head=head)
    facts = facts_of(found, measure.context)
    subject = subject or subject_of(found.head, found.repository, measure.context)
    plan = decide(facts, measure.policy, plan_id=plan_id(id), now=now, subject=subject, override=override)
    if vector.get("migration_files", 0) > 0:
        plan = replace(plan, notes=(*plan.notes, "a database migration was not read: whether data is lost is unknown"))
    return Decision(found, plan, (), measure.policy.ref)


def plan_id(id_: str) -> str:
    """Return the plan's id for an assessment's: a DNS-1123 label, so that it fits labels, annotations and URLs.

    >>> plan_id("01JD8QK3TW")
    'p-01jd8qk3tw'
    """
    return "p-" + re.sub(r"[^a-z0-9]+", "-", id_.lower()).strip("-")[:61]


def _facts_if(facts: Facts, other: Evidence, probability: float, measure: Yardstick, context: ServiceContext) -> Facts:
    """Return the facts of a change that was altered: what was not asked again is unknown."""
    lost = losses(other.change, other.paths)
    vector = extract(other)
    failed = vector["tests_failed"] + vector["tests_errors"]
    return Facts(
        probability=probability, score=risk_score(probability, context), context=context,
        percentile=measure.percentile(probability), features=vector, unknown=facts.unknown, tests_failed=failed,
        destructive_migration=None if lost is None else bool(lost), model_version=facts.model_version,
    )


def subject_of(head: str | None, repository: str, context: ServiceContext) -> Subject:
    """Return what a plan is about: the service of the context, and the head of the change if that is a commit."""
    commit = head if head and re.fullmatch(r"[0-9a-f]{7,64}", head) else NO_COMMIT
    return Subject(context.name, commit, repository=repository)


def _about_losses(lost: tuple[Loss, ...] | None) -> list[str]:
    if lost is None:
        return ["a migration could not be read: whether data is lost is unknown"]
    return [printable(f"{loss.path}: {loss.statement}") for loss in lost]
