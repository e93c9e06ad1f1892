"""Closed documents: what a tree of frozen records refuses, keeps and spells."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.document import Limits, canonical, check, printable, read, schema, write
from riskml.errors import PlanError


@dataclass(frozen=True)
class Leaf:
    """A leaf."""

    size: Annotated[int, Limits(minimum=0)]
    colour: Literal["red", "green"] = "red"


@dataclass(frozen=True)
class Tree:
    """A tree."""

    name: Annotated[str, Limits(pattern=r"^\w+$")]
    leaves: Annotated[tuple[Leaf, ...], Limits(max_items=2)] = ()
    planted: datetime | None = None
    height: Annotated[float | None, Limits(above=0, nullable=True)] = None


def test_a_record_reads_back_as_it_was_written() -> None:
    """Writing and reading are inverse, and unknown values leave no key."""
    tree = Tree("oak", (Leaf(3), Leaf(0, "green")), datetime(2026, 1, 2, tzinfo=UTC))

    assert read(Tree, json.loads(json.dumps(write(tree))), error=PlanError) == tree
    assert "height" not in write(tree)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "not an object at the top"),
        ({}, "missing key at name; expected text"),
        ({"name": "a b"}, "wrong value at name"),
        ({"name": "oak\n"}, "wrong value at name"),
        ({"name": "oak", "hight": 1}, "unknown key at hight.*did you mean height"),
        ({"name": "oak", 3: 1}, "unknown key at 3"),
        ({"name": "oak", "leaves": {}}, "not a list at leaves"),
        ({"name": "oak", "leaves": [{"size": 1}] * 3}, "wrong number of items at leaves"),
        ({"name": "oak", "leaves": [{"size": -1}]}, r"leaves\[0\]\.size: got -1; expected an integer from 0"),
        ({"name": "oak", "leaves": [{"size": True}]}, r"leaves\[0\]\.size: got True"),
        ({"name": "oak", "leaves": [{"size": 1, "colour": "blue"}]}, "expected one of: red, green"),
        ({"name": "oak", "planted": "2026-01-02"}, "planted"),
        ({"name": "oak", "planted": None}, "planted: got None"),
        ({"name": "oak", "height": 0}, "a number above 0 or null"),
        ({"name": "oak", "height": float("inf")}, "height"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(value: object, words: str) -> None:
    """Every deviation names the path, the value and what is legal."""
    with pytest.raises(PlanError, match=words):
        read(Tree, value, error=PlanError)


def test_null_stands_only_where_it_may() -> None:
    """A nullable key takes null, and 1.0 is an integer as JSON Schema has it."""
    assert read(Tree, {"name": "oak", "height": None, "leaves": [{"size": 1.0}]}, error=PlanError).leaves[0].size == 1


@pytest.mark.parametrize("change", [
    {"name": "a b"}, {"name": None}, {"name": 3}, {"leaves": (Leaf(1),) * 3}, {"leaves": (Leaf(-1),)}, {"leaves": ("leaf",)},
    {"leaves": (Leaf(1), Leaf(True))}, {"leaves": (Leaf(None),)}, {"planted": "soon"},
    {"height": 0.0}, {"height": float("nan")}, {"height": True}, {"height": 10**400}, {"leaves": 5}, {"height": 2}, {},
])
def test_a_record_is_checked_as_if_it_were_written_and_read(change: dict[str, object]) -> None:
    """The check of a record as it stands refuses what reading refuses, in the same words."""
    tree = replace(Tree("oak", (Leaf(3),), datetime(2026, 1, 2, tzinfo=UTC), 1.5), **change)
    read_words = checked_words = ""
    try:
        read(Tree, write(tree), error=PlanError)
    except PlanError as error:
        read_words = str(error)
    try:
        check(tree, error=PlanError)
    except PlanError as error:
        checked_words = str(error)

    assert checked_words == read_words
    assert bool(read_words) == (change not in ({}, {"height": 2}))


def test_a_moment_without_its_zone_is_refused_as_it_stands() -> None:
    """Written, it would be another moment on another machine, and nobody could tell."""
    with pytest.raises(PlanError, match=r"planted.*with its zone"):
        check(Tree("oak", planted=datetime(2026, 1, 2)), error=PlanError)  # noqa: DTZ001 # the fault that is meant


def test_the_schema_is_closed_and_carries_the_limits() -> None:
    """Limits of the types appear in the schema."""
    made = schema(Tree)

    assert made["additionalProperties"] is False
    assert made["required"] == ["name"]
    assert made["properties"]["leaves"]["maxItems"] == 2
    assert made["properties"]["height"] == {"type": ["number", "null"], "exclusiveMinimum": 0}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (123456.789, "123456.789"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-9, "1.5e-9"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (333333333.33333329, "333333333.3333333"),
        (4.50, "4.5"),
        (2e-3, "0.002"),
        (2.0**53 + 2, "9007199254740994"),
        (9999999999999998.0, "9999999999999998"),
        (1e16, "10000000000000000"),
        (1e-4, "0.0001"),
        (9.9e-5, "0.000099"),
        (-0.25, "-0.25"),
    ],
)
def test_numbers_are_spelled_as_ecmascript_does(value: float, text: str) -> None:
    """The samples of RFC 8785, appendix B, and borders of its notation."""
    assert canonical(value) == text.encode()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_spelled_number_reads_back_as_itself(value: float) -> None:
    """The shortest spelling loses nothing."""
    assert float(canonical(value)) == value


def spelled(value: object) -> str:
    """Spell a JSON value part by part, numbers alone and keys in the order of UTF-16."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{spelled(key)}:{spelled(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spelled, value)) + "]"
    return canonical(value).decode() if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-2 * 10**16, 2 * 10**16).map(float)


@given(st.recursive(st.none() | st.booleans() | st.integers() | FLOATS | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_document_is_spelled_as_its_parts_are(value: object) -> None:
    """However large a document, each number, text and key order in it is that of RFC 8785."""
    assert canonical(value).decode() == spelled(value)


def test_keys_are_sorted_by_utf16() -> None:
    """RFC 8785 sorts by UTF-16 units, in which an emoji comes before U+FB33."""
    assert canonical({"\ufb33": 1, "\U0001f600": 2, "a": 3}).decode() == '{"a":3,"\U0001f600":2,"\ufb33":1}'


@given(st.text(st.characters(codec=None, exclude_categories=[])))
def test_printable_text_can_always_be_encoded(text: str) -> None:
    """Whatever a path was, the text of it goes through UTF-8."""
    assert printable(text).encode() is not None
