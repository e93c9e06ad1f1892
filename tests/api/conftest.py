"""A service with a small model of real features, a store of its own, and a client in front of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import application, create_app
from api.judge import ModelJudge
from api.service import Service
from api.settings import Settings
from riskml.adapters.store import AssessmentRow, PlanRow, Store, Submission
from riskml.model.artifact import write
from riskml.model.calibration import Calibration
from riskml.model.manifest import Manifest

# One tree: la <= 100 ? (nuc <= 10, unknown right ? -2.0 : -0.5) : 2.0
MODEL = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=la nuc
feature_infos=[0:1000] [0:90]
tree_sizes=1

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
split_gain=1 1
threshold=100.5 10.5
decision_type=2 8
left_child=1 -1
right_child=-2 -3
leaf_value=-2 2 -0.5
leaf_weight=1 1 1
leaf_count=60 20 20
internal_value=0 0
internal_weight=1 1
internal_count=100 80
is_linear=0
shrinkage=1


end of trees

feature_importances:
la=1
nuc=1
"""


def _write_model(directory: Path, *, version: str = "1", features: tuple[str, str] = ("la", "nuc")) -> Path:
    """Write the small model as an artifact; a change of more than 100 lines is high, else low or medium."""
    manifest = Manifest(
        name="small", version=version, feature_set=1, features=features, label={"definition": "made up"},
        training={"changes": 100}, base_rate=0.25, score_quantiles=(0.1, 0.2, 0.4, 0.6, 0.9),
        feature_quantiles={"la": (0.0, 5.0, 20.0, 50.0, 100.0)}, background=((5.0, 0.0), (20.0, 3.0), (600.0, None)),
        libraries={"lightgbm": "none"})
    calibration = Calibration(margins=(-2.0, 0.0, 2.0), odds=(-2.0, 0.0, 2.0), changes=(50, 200, 50), spread=0.4)
    write(directory, manifest, MODEL.replace("la nuc", " ".join(features)), calibration, "# Card\n")
    return directory


@pytest.fixture
def write_model() -> Callable[..., Path]:
    """Give the function that writes the small model."""
    return _write_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Give the directory of the small model."""
    return _write_model(tmp_path / "model")


@pytest.fixture
def serve(tmp_path: Path, model: Path) -> Iterator[Callable[..., TestClient]]:
    """Start services on one store; each call gives a client, settings may be changed by keyword."""
    clients: list[TestClient] = []

    def start(**changes: object) -> TestClient:
        settings = {"store": f"sqlite:///{tmp_path}/riskml.db", "artifact": model, "body_mib": 1} | changes
        client = TestClient(create_app(Settings(**settings)), raise_server_exceptions=False)  # type: ignore[arg-type] # by name
        client.__enter__()
        clients.append(client)
        return client

    yield start
    for client in reversed(clients):
        client.__exit__(None, None, None)


@pytest.fixture
def client(serve: Callable[..., TestClient]) -> TestClient:
    """Start the service as it is by default."""
    return serve()


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLANS = Path(__file__).parents[1] / "golden" / "plans"


@dataclass
class Clock:
    """The time, as a test wants it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def forward(self, **by: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**by)
        return self.now


@dataclass
class World:
    """A service with one assessed change and its plan; the plan expires at 06:00 of the next day."""

    client: TestClient
    clock: Clock
    store: Store
    plan_id: str
    head: str = "abcdef1234567" + "0" * 27
    assessment_id: str = "01KAAAAAAAAAAAAAAAAAAAAAAA"

    def minute(self, stage: str, n: int, canary: tuple[int, int], baseline: tuple[int, int] = (60, 11_940)) -> None:
        """Post one minute of a stage for every metric that the plan is judged by: (bad, total) requests of each arm."""
        rows = [{"stage": stage, "metric": metric, "arm": arm, "start_s": 60 * n, "window_s": 60, "bad": bad, "total": total,
                 **({"over": over} if over else {})}
                for arm, (bad, total) in (("canary", canary), ("baseline", baseline))
                for metric, over in (("error_rate", None), ("latency_p99", 500), ("latency_p99", 1000))]
        answer = self.client.post(f"/plans/{self.plan_id}/observations", json={"observations": rows})
        assert answer.status_code == 200, answer.text

    def healthy(self, stage: str, minutes: int, share: float = 0.01) -> None:
        """Let a stage run in good health for some minutes, at 200 requests a second."""
        for n in range(minutes):
            self.clock.forward(seconds=60)
            canary = round(12_000 * share)
            self.minute(stage, n, (0, canary), (12, 12_000 - canary))

    def verdict(self, stage: str | None = None) -> dict[str, Any]:
        """Ask for the verdict, as a deploy tool does."""
        answer = self.client.get(f"/plans/{self.plan_id}/verdict", params={} if stage is None else {"stage": stage})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def outcomes(self) -> list[str]:
        """List what the store says happened to the change."""
        return [row.outcome for row in self.store.outcomes(assessment_id=self.assessment_id)]


@pytest.fixture
def make_world(tmp_path: Path, model: Path) -> Iterator[Callable[..., World]]:
    """Start services that have a plan: ``make_world("canary", store=URL, **settings)``; a plan may be changed by keys."""
    open_: list[TestClient] = []

    def make(plan: str = "canary", *, store: str | None = None, change: dict[str, Any] | None = None, **more: Any) -> World:
        url, clock = store or f"sqlite:///{tmp_path}/world{len(open_)}.db", Clock()
        settings = Settings(store=url, artifact=model, body_mib=1, **more)
        kept = Store.open(url)
        client = TestClient(application(Service(settings, kept, ModelJudge.open(settings), clock=clock)),
                            raise_server_exceptions=False)
        client.__enter__()
        open_.append(client)
        document = json.loads((PLANS / f"{plan}.json").read_text()) | (change or {})
        world = World(client, clock, kept, document["plan_id"])
        kept.write(Submission(
            AssessmentRow(id=world.assessment_id, created_at=NOON, repository="acme/shop", base=None, head=world.head,
                          score=0.8, probability=0.8, band="high", strategy="canary", model_version="1",
                          artifact_sha256="0" * 64, feature_set=1, features="{}", document="{}"),
            (PlanRow(id=world.plan_id, created_at=NOON, assessment_id=world.assessment_id, document=json.dumps(document)),)))
        return world

    yield make
    for client in reversed(open_):
        client.__exit__(None, None, None)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Start a service that has the sample canary: p1, p10, p50, all."""
    return make_world()
