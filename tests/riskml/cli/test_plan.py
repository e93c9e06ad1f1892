"""``riskml plan``: from a score to what a deploy tool reads."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from riskml.cli.main import main

FOUNDING = [(0.0, "rolling"), (0.4, "rolling"),
            (0.400001, "blue-green"), (0.7, "blue-green"), (0.700001, "canary"), (1.0, "canary")]


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

    said = capsys.readouterr().err
    assert "cannot read the assessment (No such file or directory) at command line: got 'no-such.json'" in said


def wire(**plan: list[str]) -> dict[str, object]:
    """Return an assessment as the service answers it, as far as a plan needs it."""
    return {"id": "01JDQ", "repository": "acme/shop", "head": "a" * 40, "probability": 0.2, "percentile": 40.0,
            "unknown": ["tests_run"], "plan": {"hold": [], "notes": [], **plan}}


def planned(tmp_path: Path, capsys: pytest.CaptureFixture[str], document: object, *options: str) -> dict[str, Any]:
    """Plan the release of an assessment in a file."""
    file = tmp_path / "assessment.json"
    file.write_text(json.dumps(document))
    code = main(["plan", "--assessment", str(file), *options])
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    found: dict[str, Any] = json.loads(captured.out)
    return found


def test_a_held_assessment_gives_a_held_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The assessment on the wire has no tests, but it says what they held: the new plan waits for the same reasons."""
    plan = planned(tmp_path, capsys, wire(hold=["tests failed"], notes=["a.sql: DROP TABLE a"]))

    assert plan["hold"] == ["tests failed"]
    assert plan["stages"][0]["approval"] == "manual"
    assert "when it was assessed: a.sql: DROP TABLE a" in plan["notes"]
    assert (plan["plan_id"], plan["subject"]["commit_sha"], plan["subject"]["repository"]) == ("p-01jdq", "a" * 40, "acme/shop")


def test_an_assessment_that_nothing_holds_starts_on_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No hold comes from nowhere."""
    plan = planned(tmp_path, capsys, wire())

    assert not plan.get("hold")
    assert plan["stages"][0].get("approval", "automatic") == "automatic"


def test_the_service_moves_the_score_of_an_assessment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The probability stays, the score is taken anew for the service that is named now."""
    service = tmp_path / "service.yaml"
    service.write_text("name: checkout\ndetection_capability: 0.25\n")
    plan = planned(tmp_path, capsys, wire(), "--service", str(service))

    assert plan["risk"]["score"] == pytest.approx(0.8)
    assert plan["strategy"] == "canary"


def test_a_score_with_a_service_is_the_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bare score is final: the factors of the service are in it already, and its traffic still shapes the stages."""
    service = tmp_path / "service.yaml"
    service.write_text("name: checkout\nimpact: 0.5\nrequests_per_minute: 6000\n")
    assert main(["plan", "--score", "0.9", "--service", str(service)]) == 0
    plan = json.loads(capsys.readouterr().out)

    assert (plan["strategy"], plan["risk"]["score"], plan["subject"]["service"]) == ("canary", 0.9, "checkout")
    assert not any("requests per minute are unknown" in note for note in plan.get("notes", []))


HALF = '{"id": "\\ud800", "repository": "r", "probability": 0.5}'


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, HALF, "NaN", "[]"])
@pytest.mark.parametrize("option", ["--assessment", "--plan"])
def test_what_is_no_json_object_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, text: str
) -> None:
    """Empty, cut short, nested without end, with half a character, or something else: exit code 2, one line, the file."""
    file = tmp_path / "a.json"
    file.write_text(text)

    assert main(["plan", option, str(file)]) == 2
    said = capsys.readouterr().err
    assert str(file) in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(("change", "words"), [
    ({"probability": True}, "probability: got True; expected a number from 0 to 1"),
    ({"probability": "high"}, "probability: got 'high'; expected a number from 0 to 1"),
    ({"probability": 1.5}, "expected a number from 0 to 1"),
    ({"plan": {"hold": "tests failed"}}, "plan.hold: got 'tests failed'; expected a list of texts"),
    ({"plan": "canary"}, "plan.hold: got 'canary'; expected a list of texts"),
])
def test_what_is_no_assessment_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], words: str
) -> None:
    """Exit code 2, with the key."""
    file = tmp_path / "a.json"
    file.write_text(json.dumps({**wire(), **change}))

    assert main(["plan", "--assessment", str(file)]) == 2
    assert words in capsys.readouterr().err


VALIDATION = """\
version: 1
feature: new-checkout
api: /api/checkout
criteria: {error_rate: "< 0.5 %"}
load_test: {users: 10, spawn_rate: 1, duration: 5m}
stages: [{traffic: FIRST %, duration: 5h}]
"""


def test_a_validation_changes_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its shares and limits are in what is rendered."""
    file = tmp_path / "validation.yaml"
    file.write_text(VALIDATION.replace("FIRST", "1"))
    assert main(["plan", "--score", "0.9", "--validation", str(file)]) == 0
    plan = json.loads(capsys.readouterr().out)

    assert [(s["traffic_bp"], s["min_duration_s"]) for s in plan["stages"]] == [(100, 18_000), (10_000, 0)]
    assert plan["gates"][0]["value"] == 0.5


def test_a_validation_that_is_less_careful_is_refused_with_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, the file, the key, and the policy's ladder."""
    file = tmp_path / "validation.yaml"
    file.write_text(VALIDATION.replace("FIRST", "2"))

    assert main(["plan", "--score", "0.9", "--validation", str(file)]) == 2
    said = capsys.readouterr().err
    assert f"{file}, stages[0].traffic: got '2 %'; expected at most 1 % first" in said


def test_a_load_test_is_printed_as_a_locustfile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No score is needed for it; a validation is."""
    file = tmp_path / "validation.yaml"
    file.write_text(VALIDATION.replace("FIRST", "1"))
    assert main(["plan", "--load-test", "--validation", str(file)]) == 0
    assert "ENDPOINT = '/api/checkout'\n" in capsys.readouterr().out

    assert main(["plan", "--load-test"]) == 2
    assert "expected --validation FILE" in capsys.readouterr().err
