"""The table of features, and vectors that somebody else computed."""

from __future__ import annotations

from math import isnan

import pytest

from riskml.change import Change, Commit, FileDiff
from riskml.errors import BadFeatureValue, FeatureError, UnknownFeature
from riskml.features.catalogue import NAMES, by_name, extract, validate, values
from riskml.features.feature import Evidence, Feature


def test_absent_names_are_unknown() -> None:
    """A partial vector is completed with NaN, in the order of the catalogue."""
    vector = validate({"la": 3, "ld": None, "fix": float("nan")})

    assert tuple(vector) == NAMES
    assert vector["la"] == 3
    assert isnan(vector["ld"])
    assert isnan(vector["fix"])
    assert isnan(vector["nuc"])


@pytest.mark.parametrize(("mapping", "error", "words"), [
    ({"lines_added": 3}, UnknownFeature, "got 'lines_added'; expected a name of the catalogue, such as files_added"),
    ({"zzz": 3}, UnknownFeature, "got 'zzz'; expected a name of the catalogue: see"),
    ({7: 3}, UnknownFeature, "got '7'"),
    ({"la": "3"}, BadFeatureValue, "not a number at features.la: got '3'; expected a number of lines, or null when unknown"),
    ({"la": True}, BadFeatureValue, "not a number at features.la: got True"),
    ({"la": -1}, BadFeatureValue, "outside of its range at features.la: got -1; expected a number from 0 to"),
    ({"fix": 2}, BadFeatureValue, "got 2; expected a number from 0 to 1, or null when unknown"),
    ({"la": float("inf")}, BadFeatureValue, "outside of its range at features.la: got inf"),
    ({"la": 10**400}, BadFeatureValue, "outside of its range at features.la"),
    ([("la", 3)], BadFeatureValue, "not a mapping of features at features"),
])
def test_a_bad_vector_is_refused_in_four_parts(mapping: object, error: type[FeatureError], words: str) -> None:
    """The refusal names the key, the value and what would be right, for a name the nearest one."""
    with pytest.raises(error) as refused:
        validate(mapping)

    assert words in str(refused.value)


def test_a_profile_is_one_of_two() -> None:
    """Another profile is refused, not taken for the default."""
    with pytest.raises(FeatureError, match="unknown profile at profile: got 'all'"):
        extract(Evidence(Change(())), "all")  # type: ignore[arg-type] # the refusal is the claim


def test_values_are_the_vector_without_its_names() -> None:
    """Whoever wants numbers alone gets the same ones in the same order, as many as there are names."""
    evidence = Evidence(Change((FileDiff("a.py", "a.py", added=b"if x:\n"),), (Commit("1", "Fix x"),)))

    for profile in ("default", "people"):
        assert repr(values(evidence, profile)) == repr(tuple(extract(evidence, profile).values()))
    assert len(values(evidence)) == len(NAMES)


def test_a_feature_without_words_is_none() -> None:
    """An entry of the catalogue that says nothing does not import."""
    with pytest.raises(ValueError, match="'x' has an empty reference"):
        Feature("x", "lines", "How many?", "")


def test_features_are_found_by_name() -> None:
    """A name leads to its description."""
    assert by_name("coverage_changed_lines").monotone == -1
