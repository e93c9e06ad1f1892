"""A service with a small model of real features, a store of its own, and a client in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
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
