"""``riskml comment``: from the file of a decision to what is said, and what is refused before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def decision(judged: Callable[..., Any], shop: Any, tmp_path: Path) -> dict[str, Any]:
    """Judge the change of the branch ``feature``, as CI does, and keep the decision in ``decision.json``."""
    ran = judged("predict", shop.path, "--base", "main", "--head", "feature", "--format", "json",
                 "--also", f"dotenv={tmp_path / 'riskml.env'}")
    (tmp_path / "decision.json").write_text(ran.out)
    return ran.json


def test_a_dry_run_prints_the_comment_and_sends_nothing(riskml: Callable[..., Any], decision: dict[str, Any], tmp_path: Path):
    """What `predict` wrote is what is said; no token and no network are needed, and nobody is named."""
    ran = riskml("comment", "--decision", f"billing={tmp_path / 'decision.json'}", "--head", decision["head"], "--dry-run")
    assert ran.code == 0
    assert "### Release risk: ship as" in ran.out
    assert decision["head"][:12] in ran.out
    assert not any(name in ran.out for name in ("Ada", "Grace", "example.org"))
    assert f"RISKML_STRATEGY={decision['strategy']}\n" in (tmp_path / "riskml.env").read_text()


@pytest.mark.parametrize(("options", "said"), [
    ((), "nothing to say"), (("--stale",), "nothing to mark"), (("--decision", "nowhere.json"), "cannot read"),
    (("--decision", "a|b=x.json"), "SERVICE=FILE"),
])
def test_what_makes_no_sense_is_refused(riskml: Callable[..., Any], options: tuple[str, ...], said: str):
    """With exit code 2 and what would be right."""
    ran = riskml("comment", *options)
    assert ran.code == 2
    assert said in ran.err


def test_a_decision_about_another_commit_is_not_said(riskml: Callable[..., Any], decision: dict[str, Any], tmp_path: Path):
    """The artifact of a job is not trusted to be about the commit that CI says it scored."""
    ran = riskml("comment", "--decision", tmp_path / "decision.json", "--head", "f" * 40, "--dry-run")
    assert ran.code == 2
    assert "another commit" in ran.err
    assert decision["head"] in ran.err


@pytest.mark.parametrize("moment", ["2999-01-01T00:00:00Z", "yesterday", "2026-01-01T00:00:00", ""])
def test_a_decision_of_the_future_is_not_said(riskml: Callable[..., Any], decision: dict[str, Any], tmp_path: Path,
                                              moment: str):
    """It would keep every later run from being heard."""
    (tmp_path / "late.json").write_text(json.dumps(decision | {"created_at": moment}))
    ran = riskml("comment", "--decision", tmp_path / "late.json", "--dry-run")
    assert ran.code == 2
    assert "created_at" in ran.err


def test_a_token_is_asked_for_by_name(riskml: Callable[..., Any], decision: dict[str, Any], tmp_path: Path,
                                      monkeypatch: pytest.MonkeyPatch):
    """Nothing is sent without one."""
    assert decision["head"]
    for name in ("GITHUB_TOKEN", "GITLAB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    ran = riskml("comment", "--decision", tmp_path / "decision.json", "--github", "acme/shop#7")
    assert ran.code == 2
    assert "RISKML_GITHUB_TOKEN" in ran.err


def test_a_platform_that_is_away_is_exit_code_3(riskml: Callable[..., Any], decision: dict[str, Any], tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch):
    """As for every service that does not answer."""
    assert decision["head"]
    monkeypatch.setenv("RISKML_GITHUB_TOKEN", "t0k")
    ran = riskml("comment", "--decision", tmp_path / "decision.json", "--github", "acme/shop#7", "--api", "http://127.0.0.1:9",
                 "--timeout", "1")
    assert ran.code == 3
    assert "t0k" not in ran.err
