"""``riskml outcome``: one word about one change, or what a history says of many."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from riskml.cli.main import main


@pytest.fixture
def reverted(make_repo: Callable):
    """Make a history in which the second commit is reverted, and the third is named by a Fixes: trailer."""
    repo = make_repo("shop")
    repo.commit("Begin", {"a.py": "x = 1\n"})
    bad = repo.commit("Cache prices", {"a.py": "x = 2\n"})
    repo.commit(f'Revert "Cache prices"\n\nThis reverts commit {bad}.', {"a.py": "x = 1\n"})
    faulty = repo.commit("Round prices", {"b.py": "y = 1\n"})
    repo.commit(f'fix: round up\n\nFixes: {faulty[:12]} ("Round prices")', {"b.py": "y = 2\n"})
    return repo, bad, faulty


def test_a_history_tells_its_reverts(reverted, capsys: pytest.CaptureFixture[str]) -> None:
    """Reverts and trailers, each with the time of the commit that says so, and the same key every time."""
    repo, bad, faulty = reverted
    told = []
    for _ in range(2):
        assert main(["outcome", "--from-git", str(repo.path), "--repository", "acme/shop"]) == 0
        told.append([json.loads(line) for line in capsys.readouterr().out.splitlines()])
    assert told[0] == told[1]
    assert [(o["outcome"], o["head"], o["source"]) for o in told[0]] == [
        ("reverted", bad, "git-revert"), ("hot-fixed", faulty, "git-trailer")]
    assert told[0][0]["happened_at"] == "2023-11-15T01:13:20Z"
    assert "Ada" not in json.dumps(told)


def test_one_outcome_is_printed_as_it_would_be_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a service nothing is sent."""
    said = ["--happened", "incident", "--plan", "p-1", "--at", "2026-11-24T11:00:00+01:00", "--confidence", "0.6"]
    assert main(["outcome", *said]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "outcome": "incident", "happened_at": "2026-11-24T10:00:00Z", "source": "cli", "confidence": 0.6, "plan_id": "p-1"}


def test_an_outcome_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The message says how a change is named."""
    assert main(["outcome", "--happened", "promoted", "--head", "abc"]) == 2
    assert "--repository KEY and --head SHA" in capsys.readouterr().err


def test_a_service_that_is_away_is_exit_code_3() -> None:
    """A pipeline can tell it from its own mistake."""
    assert main(["outcome", "--server", "http://127.0.0.1:9", "--happened", "promoted", "--plan", "p-1"]) == 3
