"""``riskml plan``: from a score to what a deploy tool reads."""

import json
from pathlib import Path

import pytest
import yaml

from riskml.cli.main import main

FOUNDING = [(0.0, "rolling"), (0.4, "rolling"), (0.400001, "blue-green"), (0.7, "blue-green"), (0.700001, "canary"), (1.0, "canary")]


@pytest.mark.parametrize(("score", "strategy"), FOUNDING)
def test_the_default_policy_is_the_founding_rule(score: float, strategy: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Above 0.7 canary, above 0.4 blue-green, else rolling; the thresholds themselves are not above."""
    assert main(["plan", "--score", str(score)]) == 0

    assert json.loads(capsys.readouterr().out)["strategy"] == strategy


def test_a_canary_begins_at_one_percent(capsys: pytest.CaptureFixture[str]) -> None:
    """The founding rule's first share, in the words of Flagger."""
    assert main(["plan", "--score", "0.9", "--target", "flagger"]) == 0
    canary = next(d for d in yaml.safe_load_all(capsys.readouterr().out) if d and d["kind"] == "Canary")

    assert canary["spec"]["analysis"]["stepWeights"][0] == 1


@pytest.mark.parametrize("score", ["-0.1", "1.1", "nan"])
def test_a_score_outside_its_range_is_refused(score: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with the value and the range."""
    assert main(["plan", f"--score={score}"]) == 2

    assert f"got {score}; expected a number from 0 to 1" in capsys.readouterr().err


def test_an_unknown_target_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown target is an error, never a default."""
    assert main(["plan", "--score", "0.9", "--target", "spinaker"]) == 2

    assert "spinnaker" in capsys.readouterr().err


def test_a_plan_that_the_target_cannot_express_is_refused_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    """A Deployment cannot hold a canary; the message names the code and a target that can."""
    assert main(["plan", "--score", "0.9", "--target", "kubernetes"]) == 2
    message = capsys.readouterr().err

    assert "unsupported_strategy" in message
    assert "such as argo" in message


def test_a_plan_survives_the_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--target json`` prints what ``--plan`` reads."""
    file = tmp_path / "plan.json"
    assert main(["plan", "--score", "0.9", "--output", str(file)]) == 0
    assert main(["plan", "--plan", str(file)]) == 0

    assert json.loads(capsys.readouterr().out) == json.loads(file.read_text())


def test_an_altered_plan_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The digest covers the plan."""
    file = tmp_path / "plan.json"
    main(["plan", "--score", "0.9", "--output", str(file)])
    file.write_text(file.read_text().replace('"min_duration_s": 3600', '"min_duration_s": 1', 1))

    assert main(["plan", "--plan", str(file)]) == 2
    assert "digest" in capsys.readouterr().err


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Which file, and why not."""
    assert main(["plan", "--assessment", "no-such.json"]) == 2

    assert "cannot read the assessment (No such file or directory) at command line: got 'no-such.json'" in capsys.readouterr().err
