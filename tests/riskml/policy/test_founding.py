"""The founding rule: score in, strategy out."""

from __future__ import annotations

import pytest

from riskml.errors import PolicyError
from riskml.policy.founding import optimize_release_plan


@pytest.mark.parametrize(
    ("score", "plan"),
    [
        (0, {"strategy": "rolling"}),
        (0.4, {"strategy": "rolling"}),
        (0.4000001, {"strategy": "blue-green", "stage": 2}),
        (0.7, {"strategy": "blue-green", "stage": 2}),
        (0.7000001, {"strategy": "canary", "initial_traffic": 1}),
        (1, {"strategy": "canary", "initial_traffic": 1}),
    ],
)
def test_the_founding_pairs(score: float, plan: dict[str, object]) -> None:
    """Above 0.7 a canary of 1 %, above 0.4 blue-green in two stages, else rolling; the borders belong to the lower side."""
    answer = optimize_release_plan({"score": score})

    assert answer == plan
    assert all(type(v) in (str, int) for v in answer.values())


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -0.01, 1.01, True, False, "0.8", None, [0.5]])
def test_what_is_no_score_is_refused(score: object) -> None:
    """NaN, infinity, values out of range, booleans and text are no scores."""
    with pytest.raises(PolicyError, match="not a score at score"):
        optimize_release_plan({"score": score})


@pytest.mark.parametrize("risk", [{}, {"scores": 0.5}, None, 0.5])
def test_a_missing_score_is_refused(risk: object) -> None:
    """Without the key there is no answer, and no default."""
    with pytest.raises(PolicyError, match="no score at score"):
        optimize_release_plan(risk)  # type: ignore[arg-type]  # that is what is refused
