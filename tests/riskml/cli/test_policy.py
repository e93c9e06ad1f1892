"""``riskml policy``: a policy is checked before it judges anything."""

from pathlib import Path

import pytest

from riskml.cli.main import main


def test_the_built_in_policy_has_no_warnings() -> None:
    """What ships must pass its own check."""
    assert main(["policy", "check"]) == 0


def test_show_prints_a_policy_that_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``show`` is where a user starts from."""
    main(["policy", "show"])
    file = tmp_path / "policy.yaml"
    file.write_text(capsys.readouterr().out)

    assert main(["policy", "check", str(file)]) == 0


def test_a_less_careful_high_score_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A riskier change must not go out faster: exit code 10."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nrules:\n  - when: {score: '> 0.7'}\n    strategy: rolling\n"
                    "  - strategy: canary\n    initial_traffic: 1\n")

    assert main(["policy", "check", str(file)]) == 10
    assert "warning" in capsys.readouterr().err


def test_a_wrong_key_is_named_with_the_legal_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where, what was got, what would be right."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nrules:\n  - wen: {score: '> 0.7'}\n    strategy: rolling\n")

    assert main(["policy", "check", str(file)]) == 2
    message = capsys.readouterr().err
    assert "wen" in message
    assert "when" in message


def test_explain_names_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """Which rule fired, in its own words."""
    assert main(["policy", "explain", "--score", "0.75"]) == 0

    assert "because: score > 0.7" in capsys.readouterr().out
