"""The wire: what comes in, closed and checked; what goes out, for its description and its tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.errors import Malformed
from riskml.counted import counted
from riskml.outcome import Happened

Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(gt=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
LINE = r"^[^\x00-\x1f\x7f]+$"
Line = Annotated[str, Field(pattern=LINE, max_length=255)]
"""Text without control characters: it is stored, listed and logged."""

Key = Line
Form = Literal["range", "diff", "features"]

FORMS: dict[str, Form] = {"diff": "diff", "features": "features", "head": "range"}
"""The key that makes a request one of the three forms. Beside a diff or features, base and head say what they belong to."""


class In(BaseModel):
    """Closed: an unknown key is refused by name. Strict: text is no number, and 1 is not true."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CommitIn(In):
    """One commit of a posted diff."""

    sha: Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")]
    message: str = ""
    authored_at: AwareDatetime
    author: Annotated[str | None, Field(description="Read only by a model of the people profile; never stored.")] = None


class ServiceIn(In):
    """The service that the change is released to. Each factor is 1 when not given, which leaves score = probability."""

    name: Line = "default"
    impact: Factor = 1.0
    detection_capability: Factor = 1.0
    rollback_speed: Factor = 1.0
    requests_per_minute: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    replicas: Annotated[int | None, Field(ge=1)] = None
    tier: Annotated[int | None, Field(ge=0)] = None
    targets: tuple[str, ...] = ()
    stateful: bool = False
    flags: bool = True
    mesh: bool = True


class PredictIn(In):
    """One change, in one of three forms: a diff, features, or head (and base) alone. The keys that are present decide which."""

    repository: Annotated[Line, Field(description="Key of the repository, such as acme/shop.")]
    base: Annotated[Line | None, Field(
        description="What the change goes into: in the service's mirror, its default branch if absent.")] = None
    head: Annotated[Line | None, Field(
        description="The change: alone, a commit, branch or tag in the service's mirror; beside a diff or "
                                    "features, the commit that they describe.")] = None
    diff: Annotated[str | None, Field(description="A unified diff as git writes it.")] = None
    commits: Annotated[tuple[CommitIn, ...], Field(description="With `diff`: the commits it consists of.")] = ()
    features: Annotated[dict[str, Finite | None] | None, Field(
        description="What `riskml features` prints; `null` is unknown, unknown names are refused.")] = None
    tests: Annotated[Any, Field(description="Suite runs as `riskml features` prints them.")] = None
    service: ServiceIn | None = None
    policy: Line = "default"
    idempotency_key: Annotated[Key | None, Field(description="The same key gives the same answer and one stored row.")] = None

    @property
    def form(self) -> Form:
        """Which of the forms this is; ``Malformed`` names the key that is too much or missing."""
        given = [key for key in FORMS if getattr(self, key) is not None]
        if not given:
            where = "head" if self.base is not None else "the body"
            raise Malformed("nothing to assess", where=where, got=sorted(self.model_fields_set),
                            expected="one of: diff, features, head (with base)")
        if given[:2] == ["diff", "features"]:
            raise Malformed("two forms of one change", where="features", got=given, expected="either diff or features")
        form = FORMS[given[0]]
        if form != "diff" and self.commits:
            raise Malformed("commits without a diff", where="commits", got=counted(len(self.commits), "commit"),
                            expected="commits only beside diff")
        return form


class BatchIn(BaseModel):
    """Many changes. Each item is checked by itself: a bad one is answered with its problem, the others are assessed."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[Any], Field(min_length=1, description="Requests as for `POST /predict`.")]


class OutcomeOfPlanIn(In):
    """What happened to the change that a plan was made for."""

    outcome: Happened
    happened_at: AwareDatetime
    stage: Annotated[Line | None, Field(description="The stage at which it happened.")] = None
    source: Annotated[Line, Field(description="What says so, such as the deploy tool.")] = "api"
    note: Annotated[str | None, Field(max_length=2000)] = None
    confidence: Annotated[float | None, Field(gt=0, le=1, description="How sure this is; what is usual if absent.")] = None
    idempotency_key: Key | None = None


class OutcomeIn(OutcomeOfPlanIn):
    """What happened to a change, named by its assessment, its plan, or its repository and commit."""

    repository: Line | None = None
    head: Annotated[str | None, Field(pattern=r"^[0-9a-f]{7,64}$")] = None
    assessment_id: Line | None = None
    plan_id: Line | None = None


class Out(BaseModel):
    """What the service answers."""


class ReasonOut(Out):
    """One feature that moved the margin (in log-odds), in words, with the files that carry it."""

    feature: str
    value: float
    unit: str
    percentile: Annotated[float | None, Field(ge=0, le=100, description="Among the repository's recent changes.")]
    contribution: float
    direction: Literal["raises", "lowers"]
    text: str
    files: list[str]


class FileOut(Out):
    """The share of the risk that sits in one file."""

    path: str
    share: Share


class ProposalOut(Out):
    """Something that would lower the risk, with the result of a real re-score."""

    action: str
    score: Share
    strategy: str
    initial_traffic: Annotated[float | None, Field(ge=0, le=100, description="Percent that is first, if a part is.")] = None
    hold: Annotated[bool, Field(description="Whether it would still be kept from starting.")] = False


class PlanSummaryOut(Out):
    """The plan in short; `GET /plans/{plan_id}` has all of it."""

    model_config = ConfigDict(extra="allow")

    strategy: str
    plan_id: str
    stages: list[dict[str, Any]]
    rollback: dict[str, Any]
    rules_fired: list[str]
    hold: list[str]
    notes: list[str]


class ModelOut(Out):
    """Which model answered."""

    name: str
    version: str
    feature_set: int
    artifact_sha256: str


class PolicyOut(Out):
    """Which policy decided."""

    name: str
    version: str


class AssessmentOut(Out):
    """The answer about one change. The same object that `riskml predict --json` prints and the store keeps."""

    model_config = ConfigDict(extra="allow")

    id: str
    repository: str
    head: str | None
    base: str | None
    created_at: AwareDatetime
    score: Annotated[Share | None, Field(description="What the policy reads; null if there is nothing to release.")]
    probability: Annotated[Share | None, Field(
        description="Calibrated probability of harm, at the base rate of the labels; null if there is nothing to release.")]
    base_rate: Share
    percentile: Annotated[float | None, Field(ge=0, le=100)]
    band: Literal["low", "medium", "high", "unknown"]
    strategy: str
    initial_traffic: Annotated[float | None, Field(
        ge=0, le=100, description="Percent of the traffic of the first stage; only where a part of the users is first.")] = None
    stage: Annotated[int | None, Field(description="Number of stages; only for blue-green.")] = None
    plan: PlanSummaryOut
    reasons: list[ReasonOut]
    files: list[FileOut]
    lower_it: list[ProposalOut]
    unknown: list[str]
    model: ModelOut
    policy: PolicyOut
    lower: Annotated[Share | None, Field(description="Lower end of the interval of the probability, null as that is.")]
    upper: Annotated[Share | None, Field(description="Upper end of the interval of the probability, null as that is.")]
    hold: Annotated[bool, Field(description="Whether a binding policy keeps the release from starting; why is in plan.hold.")]
    notes: list[str]
    empty: Annotated[bool, Field(description="Whether there is nothing to release: no risk was measured then.")] = False


class AssessmentsOut(Out):
    """One page of assessments, newest first; give ``next`` as ``cursor`` to go on."""

    items: list[AssessmentOut]
    next: str | None


class BatchItemOut(Out):
    """One item of a batch: its status as if it had been sent alone, and its answer or its problem."""

    status: int
    assessment: AssessmentOut | None = None
    problem: ProblemOut | None = None


class BatchOut(Out):
    """The items in the order they were sent."""

    items: list[BatchItemOut]


class OutcomeOut(Out):
    """An outcome as stored. ``assessment_id`` is null while no assessment of this change is known."""

    id: str
    created_at: Annotated[AwareDatetime, Field(description="When it was told: a label counts for training from then on.")]
    outcome: Happened
    harm: Annotated[bool | None, Field(description="Whether the change did harm; null when the outcome does not say.")]
    happened_at: AwareDatetime
    repository: str | None
    head: str | None
    assessment_id: str | None
    plan_id: str | None
    stage: str | None
    source: str
    note: str | None
    confidence: Annotated[Share, Field(description="How sure a label from this outcome alone is.")]
    run: Annotated[str | None, Field(description="The deploy tool's own name of the attempt.")] = None
    target: Annotated[str | None, Field(description="The deploy tool's own name of what it deployed.")] = None
    settles: Annotated[str | None, Field(description="The outcome that waited, of which this one says the change.")] = None


class ChallengerOut(ModelOut):
    """A model that scores along, on the newest changes that both have scored; a figure of fewer than 200 is null."""

    changes: int
    agreement: Annotated[Share | None, Field(description="Share that both put into the same band of the default policy.")]
    mean_difference: Annotated[float | None, Field(ge=-1, le=1, description="How much more harm the challenger expects.")]
    psi: Annotated[float | None, Field(ge=0, description="Population stability index of the two distributions.")]


class ServedModelOut(ModelOut):
    """The model in use."""

    challenger: Annotated[ChallengerOut | None, Field(description="The model that scores along (RISKML_CHALLENGER).")] = None

    base_rate: Share
    features: list[str]
    policies: list[str]


class HealthOut(Out):
    """Whether it is well, and if not, what is wrong."""

    status: Literal["ok", "unready"]
    checks: dict[str, str] = {}


class ProblemOut(Out):
    """A refusal (RFC 9457). ``where``, ``got`` and ``expected`` are the parts of ``detail``."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    where: str | None = None
    got: Any = None
    expected: str | None = None
