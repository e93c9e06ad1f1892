"""A decision from a job nobody can vouch for is taken apart before it is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.ci.comment import compose, key, read, row_of
from riskml.ci.wire import LARGEST, read_decision
from riskml.errors import InputError

DECISION = json.loads((Path(__file__).parents[2] / "golden" / "decisions" / "high.json").read_text())
JUNK = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
                    max_leaves=6)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List every place of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(p for k, v in inner for p in places(v, (*path, k)))]


def with_junk(document: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """Copy a document with something else in one place."""
    copy = json.loads(json.dumps(document))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = junk
    return copy


def test_a_real_decision_is_read_as_it_is():
    """Nothing is lost."""
    assert read_decision(json.dumps(DECISION).encode()) == DECISION


@settings(deadline=None)  # machines of CI are slow at times
@given(st.sampled_from(places(DECISION)), JUNK)
def test_anything_anywhere_is_refused_or_shown(path: tuple[Any, ...], junk: Any):
    """What gets through can be said; what does not is refused with a path, and never a crash."""
    try:
        found = read_decision(json.dumps(with_junk(DECISION, path, junk)).encode())
    except InputError:
        return
    row = row_of(found, "billing")
    assert [key(r) for r in read(compose([row]))] == [key(row)]


@pytest.mark.parametrize("data", [
    b"", b"null", b"[]", b"{}", b"\xff", b'{"probability": NaN}', b"[" * 100_000, b'{"a":1', json.dumps(DECISION).encode() * 2,
    json.dumps(DECISION | {"probability": 1.5}).encode(), json.dumps(DECISION | {"band": "fine"}).encode(),
    json.dumps(DECISION | {"probability": 10**400}).encode(), json.dumps(DECISION | {"score": True}).encode(),
], ids=range(13))
def test_what_is_no_decision_is_refused(data: bytes):
    """With the place and what would be right."""
    with pytest.raises(InputError, match="decision"):
        read_decision(data)


def test_only_of_an_empty_change_may_the_probability_be_null():
    """There nothing was measured; anywhere else a decision without its number is none."""
    nothing = DECISION | {"empty": True, "probability": None, "score": None, "band": "unknown"}
    assert read_decision(json.dumps(nothing).encode()) == nothing
    with pytest.raises(InputError, match="probability"):
        read_decision(json.dumps(nothing | {"empty": False}).encode())


def test_a_huge_file_is_refused_before_it_is_read_as_json():
    """Its size alone says that it is none."""
    with pytest.raises(InputError, match="too large"):
        read_decision(b" " * (LARGEST + 1))
