"""The in-process provider of flagd evaluates the rendered flag as the plan says."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from riskml.render import render
from tests.consumers.conftest import about, plan_named, wait_for

USERS = 10_000


@pytest.fixture
def evaluate(tmp_path) -> Callable[..., Callable[..., object]]:
    """Load a rendered flag into a provider; returns a function of user and attributes."""
    pytest.importorskip("openfeature.contrib.provider.flagd", reason="openfeature-provider-flagd is not installed")
    from openfeature import api
    from openfeature.contrib.provider.flagd import FlagdProvider
    from openfeature.contrib.provider.flagd.config import ResolverType
    from openfeature.evaluation_context import EvaluationContext

    def load(name: str, stage: str) -> Callable[..., object]:
        text = render(plan_named(name), "flagd", stage=stage)
        path = tmp_path / f"{stage}.json"
        path.write_text(text)
        domain = f"{name}-{stage}"
        api.set_provider(FlagdProvider(resolver_type=ResolverType.FILE, offline_flag_source_path=str(path)), domain)
        client = api.get_client(domain)
        words = "shadow" in json.loads(text)["flags"]["product"]["variants"]
        ask, missing = (client.get_string_value, "none") if words else (client.get_boolean_value, False)
        wait_for(lambda: client.get_provider_status().name == "READY", "flagd provider")
        return lambda user=None, **attributes: ask("product", missing, EvaluationContext(user, attributes))

    yield load
    api.shutdown()


def test_shares_are_right_and_users_stay(evaluate):
    """1, 10 and 50 % of 10,000 users, none after the rollback; whoever was in stays in as the share grows."""
    inside: set[str] = set()
    for stage, share in (("p1", 0.01), ("p10", 0.1), ("p50", 0.5)):
        flag = evaluate("canary", stage)
        now = {user for user in (f"user-{i}" for i in range(USERS)) if flag(user)}
        assert about(len(now), share, USERS)
        assert inside <= now
        inside = now
    undone = evaluate("canary", "rollback")
    assert not any(undone(user) for user in inside)


def test_strangers_are_left_out_until_everyone_is_in(evaluate):
    """Users without a key would share one bucket, so they get the old code in every partial stage."""
    assert evaluate("canary", "p50")() is False
    assert evaluate("canary", "all")() is True


def test_a_segment_is_recognised(evaluate):
    """The internal stage is for its segment alone; the staff stage for a part of the staff."""
    internal, staff = evaluate("feature-flag", "internal"), evaluate("feature-flag", "staff")
    assert internal("u", segment="internal") is True
    assert internal("u", segment="staff") is False
    assert internal("u") is False
    assert about(sum(staff(f"u{i}", segment="staff") is True for i in range(2_000)), 0.1, 2_000)
    assert not any(staff(f"u{i}") for i in range(500))


def test_a_dark_launch_has_a_shadow(evaluate):
    """A dark launch gives the variant that runs the new code and throws its answer away."""
    assert evaluate("dark", "mirror")("u") == "shadow"
    part = evaluate("dark-part", "mirror")
    assert about(sum(part(f"u{i}") == "shadow" for i in range(2_000)), 0.05, 2_000)
