"""The plan: closed, lossless, and free of contradictions."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from riskml import document
from riskml.errors import PlanError
from riskml.plan import NO_COMMIT, Plan, from_json, schema, summary, to_json

SAMPLE: dict[str, Any] = {
    "schema_version": "1.0",
    "plan_id": "p-01jd",
    "created_at": "2026-11-23T06:00:00Z",
    "expires_at": "2026-11-24T06:00:00Z",
    "supersedes": None,
    "subject": {
        "service": "product",
        "namespace": "prod",
        "environment": "production",
        "repository": "acme/shop",
        "change_id": "!42",
        "commit_sha": "abcdef1234567",
        "image": "product:abcdef1",
    },
    "risk": {
        "score": 0.82,
        "lower": 0.71,
        "upper": 0.9,
        "band": "high",
        "model_version": "m-2026-11-01",
        "reasons": [{"code": "la", "text": "1,240 lines in 31 files", "contribution": 0.21}],
    },
    "strategy": "canary",
    "initial_traffic_bp": 100,
    "stages": [
        {
            "name": "internal",
            "traffic_bp": 0,
            "min_duration_s": 3600,
            "gates": ["err"],
            "audience": {
                "segment": "internal",
                "match_any": [{"kind": "header", "name": "x-canary", "op": "exact", "value": "in"}],
            },
        },
        {
            "name": "s1",
            "traffic_bp": 100,
            "min_duration_s": 3600,
            "max_duration_s": 14400,
            "min_requests": 4100,
            "gates": ["err", "p99"],
            "approval": "automatic",
            "on_inconclusive": "hold",
        },
        {"name": "all", "traffic_bp": 10000, "min_duration_s": 0},
    ],
    "gates": [
        {
            "id": "err",
            "metric": "error_rate",
            "op": "<",
            "value": 0.5,
            "unit": "percent",
            "window_s": 60,
            "max_ratio_to_baseline": 2.0,
            "bad_query": "b",
            "total_query": "t",
            "severity": "rollback",
        },
        {"id": "p99", "metric": "latency_p99", "op": "<", "value": 500, "unit": "milliseconds", "window_s": 60},
    ],
    "analysis": {
        "method": "anytime-valid",
        "interval_s": 60,
        "max_failed_checks": 5,
        "alpha": 0.05,
        "power": 0.8,
        "min_ratio_detectable": 2.0,
        "on_no_data": "hold",
    },
    "rollback": {
        "rules": [
            {"metric": "error_rate", "op": ">", "value": 5, "unit": "percent"},
            {"metric": "latency_p99", "op": ">", "value": 1000, "unit": "milliseconds"},
        ],
        "drain_s": 30,
        "notify": ["slack"],
    },
}

SHARED = Path(__file__).parents[3] / "shared" / "schemas" / "plan.schema.json"
ADDED = {
    "": {"policy", "rules_fired", "hold", "notes", "fail_mode", "digest"},
    "risk": {"factors"},
    "stages": {"expected_requests"},
}
"""Keys that this model has beyond the first published schema, by the object they stand in."""


def sample(**changes: Any) -> dict[str, Any]:
    """Return the sample with some top-level keys changed."""
    return {**copy.deepcopy(SAMPLE), **changes}


def test_a_plan_survives_json() -> None:
    """Reading what was written gives the same plan, byte for byte after another round."""
    plan = from_json(SAMPLE)
    written = to_json(plan)

    assert from_json(json.loads(json.dumps(written))) == plan
    assert to_json(from_json(written)) == written


def test_an_altered_plan_is_refused() -> None:
    """A digest that does not fit the content is told, with the one that would."""
    altered = {**to_json(from_json(SAMPLE)), "supersedes": "p-other"}

    with pytest.raises(PlanError, match="altered after it was made at digest"):
        from_json(altered)


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    """Two writers of the same plan get the same digest."""
    assert from_json(dict(reversed(SAMPLE.items()))).digest == from_json(SAMPLE).digest


def test_a_key_nobody_knows_is_refused_with_its_path_and_the_near_one() -> None:
    """A misspelt key is an error, never dropped."""
    value = sample()
    value["stages"][1]["trafic_bp"] = 1

    with pytest.raises(PlanError, match=r"unknown key at stages\[1\]\.trafic_bp: got 'trafic_bp'.*did you mean traffic_bp\?"):
        from_json(value)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("plan_id",), "P 1", r"plan_id: got 'P 1'"),
        (("plan_id",), "p-1\n", r"plan_id"),
        (("created_at",), "2026-11-23T06:00:00", r"created_at.*with its zone"),
        (("strategy",), "yolo", r"strategy: got 'yolo'; expected one of: full"),
        (("stages", 1, "traffic_bp"), 100.5, r"stages\[1\]\.traffic_bp"),
        (("stages", 1, "traffic_bp"), True, r"stages\[1\]\.traffic_bp"),
        (("stages", 1, "traffic_bp"), 10001, r"from 0 up to 10000"),
        (("stages",), [], r"wrong number of items at stages"),
        (("stages", 1, "gates"), ["nope"], r"no such gate at stages\[1\]\.gates\[0\]: got 'nope'; expected one of: err, p99"),
        (("stages", 1, "max_duration_s"), 60, r"shorter than min_duration_s at stages\[1\]\.max_duration_s"),
        (("stages", 1, "name"), "all", r"two stages with one name at stages\[2\]\.name"),
        (("stages", 2, "traffic_bp"), 5000, r"never reaches everyone at stages\[2\]\.traffic_bp"),
        (("initial_traffic_bp",), 500, r"not the first stage that has traffic.*expected 100"),
        (("expires_at",), "2026-11-23T05:00:00Z", r"expires before it is made"),
        (("gates", 1, "id"), "err", r"two gates with one id at gates\[1\]\.id"),
        (("risk", "score"), float("nan"), r"risk\.score"),
        (
            ("risk", "factors"),
            {"impact": 0.5, "probability": 0.82, "detection_capability": 1, "rollback_speed": 1},
            r"not what its factors give at risk\.score: got 0\.82; expected 0\.41",
        ),
        (("hold",), ["tests failed"], r"a held plan starts without approval at stages\[0\]\.approval"),
        (("strategy",), "rolling", r"a rolling release has one stage at stages"),
        (("strategy",), "blue-green", r"blue-green switches all traffic at once at stages\[1\]"),
        (("strategy",), "dark-launch", r"mirrors nothing at stages\[0\]\.mirror_bp"),
        (("rollback", "rules", 0, "why"), "x", r"unknown key at rollback\.rules\[0\]\.why"),
    ],
)
def test_a_contradiction_is_named_with_its_path(path: tuple[Any, ...], value: object, words: str) -> None:
    """Each value out of range and each contradiction is a PlanError that says where, what was got, and what is right."""
    plan = sample()
    at: Any = plan
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value

    with pytest.raises(PlanError, match=words):
        from_json(plan)


def test_a_falling_share_is_refused_within_one_audience_only() -> None:
    """A small share of everyone may follow a large share of insiders."""
    falling = sample()
    falling["stages"].insert(2, {"name": "s2", "traffic_bp": 50, "min_duration_s": 0})
    insiders = sample()
    insiders["stages"][0]["traffic_bp"] = 10_000
    insiders["initial_traffic_bp"] = 10_000

    with pytest.raises(PlanError, match=r"the share falls at stages\[2\]\.traffic_bp"):
        from_json(falling)
    assert from_json(insiders).stages[0].traffic_bp == 10_000


def test_a_change_that_is_no_commit_has_gits_null_id() -> None:
    """The subject of a working tree says that there is no commit, in git's own way."""
    value = sample(subject={"service": "product", "commit_sha": NO_COMMIT})

    assert from_json(value).subject.commit_sha == "0" * 40


def test_the_summary_speaks_percent_and_names_its_limits() -> None:
    """The short form carries what a reader decides on."""
    short = summary(from_json(SAMPLE))

    assert short["strategy"] == "canary"
    assert short["initial_traffic"] == 1
    assert short["rollback"] == {"error_rate_percent": 5, "latency_p99_ms": 1000}


def test_the_schema_is_a_schema_and_takes_what_we_write() -> None:
    """The generated JSON Schema is valid and accepts a written plan."""
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(to_json(from_json(SAMPLE)))


def _published() -> dict[str, Any]:
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is absent")
    found: dict[str, Any] = json.loads(SHARED.read_text())
    return found


def _resolved(node: Any, root: dict[str, Any]) -> Any:
    """Take the schema apart: without references, titles and descriptions."""
    if isinstance(node, list):
        return [_resolved(v, root) for v in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _resolved(root["$defs"][node["$ref"].rpartition("/")[2]], root)
    plain = {k: v for k, v in node.items() if k not in ("description", "title", "$schema", "$id", "$defs")}
    return {k: _resolved(v, root) for k, v in plain.items()}


def _compare(ours: Any, theirs: Any, where: str) -> None:
    if "properties" not in theirs:
        if "items" in theirs:
            _compare(ours["items"], theirs["items"], where)
            theirs, ours = ({k: v for k, v in x.items() if k != "items"} for x in (theirs, ours))
        assert {k: sorted(v) if isinstance(v, list) else v for k, v in ours.items()} == {
            k: sorted(v) if isinstance(v, list) else v for k, v in theirs.items()
        }, where
        return
    extra = ADDED.get(where, set())
    assert set(ours["properties"]) - extra == set(theirs["properties"]), where
    assert set(ours["required"]) == set(theirs.get("required", ())), where
    assert ours["additionalProperties"] is False
    for key, theirs_one in theirs["properties"].items():
        _compare(ours["properties"][key], theirs_one, f"{where}.{key}" if where else key)


def test_the_schema_says_what_the_published_one_says() -> None:
    """Key by key the same types, limits and words; ours adds the keys in ADDED, and closes the two objects left open there."""
    published = _published()
    plain = _resolved(published, published)
    for path in (("risk", "reasons"), ("rollback", "rules")):
        plain["properties"][path[0]]["properties"][path[1]]["items"]["additionalProperties"] = False

    ours = _resolved(schema(), {})

    _compare(ours, plain, "")


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 20_000),
    st.floats(-1, 2, allow_nan=False),
    st.sampled_from(["", "p-1", "canary", "Ä", "<", "percent", "2026-11-23T06:00:00Z"]),
    st.just([]),
    st.just({}),
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """Damage the sample: one or two places replaced, removed or added to."""
    value = sample()
    for _ in range(draw(st.integers(1, 2))):
        at: Any = value
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(at[key], (dict, list)) and at[key] and draw(st.integers(0, 3)):
                at = at[key]
                continue
            action = draw(st.sampled_from(["replace", "remove", "add"]))
            if action == "replace":
                at[key] = draw(JUNK)
            elif action == "remove":
                del at[key]
            elif isinstance(at, dict):
                at["surprise"] = draw(JUNK)
            break
    return value


def _open(value: Any) -> bool:
    """Whether the document uses the freedom of the two objects that the published schema leaves open."""
    found = [*value.get("risk", {}).get("reasons", []), *value.get("rollback", {}).get("rules", [])]
    return any(isinstance(x, dict) and "surprise" in x for x in found)


def _reads(value: dict[str, Any], check: Callable[[dict[str, Any]], object]) -> bool:
    try:
        check(value)
    except PlanError:
        return False
    return True


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_documents_are_valid_for_both_schemas_or_for_neither(value: dict[str, Any]) -> None:
    """On damaged plans the published schema, ours and the reader agree."""
    published = Draft202012Validator(_published())
    theirs, ours = published.is_valid(value), Draft202012Validator(schema()).is_valid(value)

    assert ours == theirs or (theirs and _safe_open(value))
    if ours and "schema_version" in value and _dates_are_dates(value):
        assert _reads(value, lambda v: document.read(Plan, v, error=PlanError))


def _safe_open(value: dict[str, Any]) -> bool:
    try:
        return _open(value)
    except (AttributeError, TypeError):
        return False


def _dates_are_dates(value: dict[str, Any]) -> bool:
    """JSON Schema leaves formats unchecked by default; the reader does not."""
    return all(str(value.get(k, "2026-11-23T06:00:00Z")).startswith("2026") for k in ("created_at", "expires_at"))
