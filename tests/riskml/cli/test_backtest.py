"""``riskml backtest``: the whole way from a repository to what a policy would have caught."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from riskml.cli.main import main
from tests.api.conftest import _write_model


@pytest.fixture
def past(make_repo: Callable) -> Callable[[int], Path]:
    """Make a history of small changes, every fifth of them large and reverted; an old part and a young one."""
    def make(changes: int) -> Path:
        repo = make_repo("shop")
        for n in range(changes):
            large = n % 5 == 4
            sha = repo.commit(f"Change {n}", {f"f{n}.py": "x = 1\n" * (300 if large else 3)})
            if large:
                repo.commit(f'Revert "Change {n}"\n\nThis reverts commit {sha}.', {f"f{n}.py": ""})
            if n == changes - 6:
                repo.now += 200 * 86_400
        return repo.path
    return make


def test_large_reverted_changes_are_caught(past: Callable, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The small model flags more than 100 lines: all harm, and no more; the baseline stands beside it."""
    model = _write_model(tmp_path / "model")
    assert main(["backtest", str(past(20)), "--artifact", str(model), "--format", "json", "--part", "0.25"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["changes"] == 24
    assert found["caught"] == 1.0
    assert found["outcome_unknown"] == 5, "young changes without harm are not known to be harmless"
    assert found["at"] == {"part": 0.25, "caught_by_model": 1.0, "caught_by_lines_added": 1.0}
    assert found["alarms_per_week"] > 0


def test_the_text_says_what_a_decision_needs(past: Callable, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Caught share, alarms a week, and lines added beside the model."""
    assert main(["backtest", str(past(60)), "--artifact", str(_write_model(tmp_path / "model"))]) == 0
    text = capsys.readouterr().out
    for words in ("caught           100.0 % of the harmful", "a week", "by lines added alone", "flatters itself"):
        assert words in text


def test_few_harmful_changes_say_nothing_in_percent(past: Callable, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of four caught is no 100 %; how many there were is said instead."""
    assert main(["backtest", str(past(20)), "--artifact", str(_write_model(tmp_path / "model"))]) == 0
    text = capsys.readouterr().out
    assert "caught           not said: 4 did harm, and fewer than 10 say nothing in percent" in text
    assert "%" not in text.partition("caught")[2].partition("at 20 % flagged")[0].replace("in percent", "")


def test_an_empty_repository_has_nothing_to_replay(make_repo: Callable, tmp_path: Path,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    """Refused in words."""
    assert main(["backtest", str(make_repo("empty").path), "--artifact", str(_write_model(tmp_path / "model"))]) == 2
    assert capsys.readouterr().err.startswith("riskml: ")
