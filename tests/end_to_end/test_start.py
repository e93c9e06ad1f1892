"""A command that runs in front of every merge request starts fast: no verb loads what only another one needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEVER = {"lightgbm", "sklearn", "scipy", "pandas", "mlflow", "sqlalchemy", "alembic", "fastapi", "uvicorn", "matplotlib"}
LOADED = "import sys; from riskml.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"


def loaded(*args: object) -> set[str]:
    """Run a verb that must go well, and return the top-level modules that it loaded."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", LOADED, *map(str, args)], env=env, capture_output=True, text=True, timeout=120,
                          check=True)
    return {name.split(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize(("args", "without"), [
    (("--version",), {"numpy", "git", "yaml", "httpx", "pyarrow"}),
    (("predict", "REPO", "--artifact", "MODEL"), {"httpx", "pyarrow"}),
    (("explain", "REPO", "--artifact", "MODEL"), {"httpx", "pyarrow"}),
    (("features", "REPO"), {"httpx", "pyarrow"}),
    (("features", "--list"), {"numpy", "git", "httpx", "pyarrow"}),
    (("plan", "--score", "0.9", "--target", "argo"), {"numpy", "git", "httpx", "pyarrow"}),
    (("policy", "check"), {"numpy", "git", "httpx", "pyarrow"}),
    (("model", "verify", "MODEL"), {"git", "httpx", "pyarrow"}),
], ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "")
def test_a_verb_loads_only_what_it_uses(cache, shop, model, args, without):
    """Libraries of the service and of training never; those of other verbs neither."""
    assert not cache.exists()
    found = loaded(*({"REPO": shop.path, "MODEL": model}.get(arg, arg) for arg in args))

    assert found & (NEVER | without) == set()
