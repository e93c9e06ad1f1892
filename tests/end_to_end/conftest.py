"""The command line as its users meet it: real repositories, a small model of real features, a cache folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from riskml.cli.main import main
from riskml.features.catalogue import FEATURE_SET
from riskml.model.artifact import write
from riskml.model.calibration import Calibration
from riskml.model.manifest import Manifest

ROOT = Path(__file__).resolve().parents[2]
FEATURES = ("la", "nuc", "tests_failed")

# Tree 0: la <= 100 ? (nuc <= 2, unknown right ? -2.0 : -0.5) : 2.0. Tree 1: tests_failed <= 0, unknown left ? -0.25 : 0.5.
MODEL = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=2
objective=binary sigmoid:1
feature_names=la nuc tests_failed
feature_infos=[0:1000] [0:90] [0:9]
tree_sizes=1 1

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
split_gain=1 1
threshold=100.5 2.5
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

Tree=1
num_leaves=2
num_cat=0
split_feature=2
split_gain=1
threshold=0.5
decision_type=10
left_child=-1
right_child=-2
leaf_value=-0.25 0.5
leaf_weight=1 1
leaf_count=80 20
internal_value=0
internal_weight=1
internal_count=100
is_linear=0
shrinkage=1


end of trees

feature_importances:
la=1
nuc=1
tests_failed=1
"""


class Ran(NamedTuple):
    """How one run of the command ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Read standard output as JSON."""
        return json.loads(self.out)


def write_model(directory: Path, **changes: Any) -> Path:
    """Write the small model: a change of more than 100 lines is high; ``changes`` alter the manifest."""
    fields: dict[str, Any] = {
        "name": "small", "version": "1", "feature_set": FEATURE_SET, "features": FEATURES, "label": {"definition": "made up"},
        "training": {"changes": 100}, "base_rate": 0.25, "score_quantiles": (0.1, 0.2, 0.4, 0.6, 0.9),
        "feature_quantiles": {"la": (0.0, 5.0, 20.0, 50.0, 100.0)},
        "background": ((5.0, 0.0, 0.0), (20.0, 3.0, None), (600.0, None, 1.0)), "libraries": {"lightgbm": "none"},
    } | changes
    calibration = Calibration(margins=(-2.0, 0.0, 2.0), odds=(-2.0, 0.0, 2.0), changes=(50, 200, 50), spread=0.4)
    model = MODEL.replace("feature_names=la nuc tests_failed", f"feature_names={' '.join(fields['features'])}")
    write(directory, Manifest(**fields), model, calibration, "# Card of the small model\n")
    return directory


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the directory of the small model; not to be altered."""
    return write_model(tmp_path_factory.mktemp("artifact") / "model")


@pytest.fixture
def remodel(tmp_path: Path) -> Callable[..., Path]:
    """Give the function that writes a model with another manifest into a folder of its own."""
    return lambda **changes: write_model(tmp_path / "other-model", **changes)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the command keep mined history in a folder of the test; nothing of the caller's settings is in reach."""
    for name in [name for name in os.environ if name.startswith(("RISKML_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "cache" / "riskml"


@pytest.fixture
def riskml(cache: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Give the command, run in this process; any traceback fails the test."""
    assert not cache.exists()

    def run(*args: object) -> Ran:
        capsys.readouterr()
        try:
            code = main([str(arg) for arg in args])
        except SystemExit as leaving:  # argparse's way out
            code = int(leaving.code or 0)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def judged(riskml: Callable[..., Ran], model: Path) -> Callable[..., Ran]:
    """Give the command for verbs that judge, with the small model in place of the bundled one."""
    return lambda verb, *args: riskml(verb, *args, "--artifact", model)


@pytest.fixture
def process(cache: Path, tmp_path: Path) -> Callable[..., Ran]:
    """Give the command, run as a process of its own."""
    assert not cache.exists()

    def run(*args: object, stdin: bytes = b"", env: Mapping[str, str] = {}, cwd: Path | None = None) -> Ran:
        done = subprocess.run([sys.executable, "-m", "riskml.cli.main", *map(str, args)], input=stdin, capture_output=True,
                              cwd=cwd or tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), **env}, timeout=120, check=False)
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for the files of ``shop``: it is built once and copied."""
    return tmp_path_factory.mktemp("template") / "shop"


@pytest.fixture
def shop(repo: Any, template: Path) -> Any:
    """Give a repository with a past: a fix, a merge and a rename on ``main``, and a small change on the branch ``feature``."""
    if template.exists():
        shutil.copytree(template, repo.path, dirs_exist_ok=True)
        repo.now += 100 * 3600
        return repo
    lines = "".join(f"line {n}\n" for n in range(20))
    repo.commit("Start", {"billing/charge.py": lines, "README.md": "Shop\n"})
    repo.commit("Fix rounding", {"billing/charge.py": lines.replace("line 3\n", "line three\n")}, author="Grace")
    repo.git("switch", "-q", "-c", "side")
    repo.commit("Add refunds", {"billing/refund.py": "def refund():\n    return 1\n"})
    repo.git("switch", "-q", "main")
    repo.commit("Say more", {"README.md": "Shop\n\nSells things.\n"})
    repo.merge("side")
    repo.git("mv", "billing/charge.py", "billing/charging.py")
    repo.commit("Rename")
    repo.git("switch", "-q", "-c", "feature")
    repo.commit("Charge twice", {"billing/charging.py": lines.replace("line 7\n", "if late:\n    charge()\n")})
    shutil.copytree(repo.path, template)
    repo.now += 100 * 3600
    return repo
