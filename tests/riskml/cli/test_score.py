"""``riskml score``: whole tables, with what is unknown told and not guessed."""

from __future__ import annotations

from argparse import ArgumentParser
from math import nan

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskml.cli import score
from riskml.errors import ArtifactMismatch, BadFeatureValue, FeatureError, InputError, UsageError
from riskml.model.artifact import load, write
from riskml.model.calibration import Calibration
from riskml.model.manifest import Manifest
from riskml.model.scorer import ModelScorer

STUMP = """tree
version=v4
num_class=1
num_tree_per_iteration=1
objective=binary sigmoid:1
feature_names=la nuc

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
threshold=10.5 2.5
decision_type=8 10
left_child=1 -1
right_child=-2 -3
leaf_value=-1 1 0.5
leaf_count=60 20 20
internal_count=100 80
is_linear=0

end of trees
"""


@pytest.fixture
def artifact(tmp_path):
    """Write a model of one tree over two features of the catalogue."""
    return stump(tmp_path, STUMP)


def stump(tmp_path, text):
    """Write the artifact of a model in LightGBM's text."""
    manifest = Manifest(
        name="stump", version="1", feature_set=1, features=("la", "nuc"), label={}, training={}, base_rate=0.2,
        score_quantiles=(0.0, 1.0), feature_quantiles={}, background=(), libraries={},
    )
    write(tmp_path / "model", manifest, text, Calibration((-2.0, 2.0), (-2.0, 2.0), (9, 9), 0.1), "# Card\n")
    return tmp_path / "model"


def run(artifact, table, output, *options):
    """Run the verb as the command line would."""
    parser = ArgumentParser()
    score.add_arguments(parser)
    return score.run(parser.parse_args([str(table), "--output", str(output), "--artifact", str(artifact), *options]))


def parquet(path, **columns):
    """Write a Parquet table."""
    pq.write_table(pa.table(columns), path)
    return path


def test_every_row_gets_what_the_scorer_says(artifact, tmp_path):
    """The table's probabilities and margins are the model's, and every other column is kept as it was."""
    table = parquet(tmp_path / "t.parquet", sha=["a", "b", "c"], la=[1, 20, None], nuc=[5.0, nan, 1.0])

    assert run(artifact, table, tmp_path / "out.parquet") == 0

    out = pq.read_table(tmp_path / "out.parquet").to_pydict()
    model = ModelScorer(load(artifact))
    expected = [model.score(v) for v in ({"la": 1.0, "nuc": 5.0}, {"la": 20.0}, {"nuc": 1.0})]
    assert out["sha"] == ["a", "b", "c"]
    assert out["la"] == [1, 20, None]
    assert out["margin"] == pytest.approx([s.margin for s in expected])
    assert out["probability"] == pytest.approx([s.probability for s in expected])


def test_contributions_sum_to_the_margin(artifact, tmp_path):
    """With --contributions the table explains itself."""
    table = parquet(tmp_path / "t.parquet", la=[1.0, 20.0], nuc=[5.0, 1.0])

    run(artifact, table, tmp_path / "out.parquet", "--contributions")

    out = pq.read_table(tmp_path / "out.parquet").to_pydict()
    sums = [sum(parts) for parts in zip(out["bias"], out["contribution_la"], out["contribution_nuc"], strict=True)]
    assert sums == pytest.approx(out["margin"])


def test_missing_columns_are_unknown_and_named(artifact, tmp_path, capsys):
    """A column that is not there is told on stderr, not taken for zeros in silence."""
    run(artifact, parquet(tmp_path / "t.parquet", la=[1.0]), tmp_path / "out.parquet")

    assert capsys.readouterr().err == (
        "riskml: of the 2 features that the model reads, 1 not in the table and taken as unknown: nuc\n")
    out = pq.read_table(tmp_path / "out.parquet").to_pydict()
    assert out["margin"] == [ModelScorer(load(artifact)).score({"la": 1.0}).margin]


def test_a_column_that_was_meant_for_a_feature_is_told(artifact, tmp_path, capsys):
    """``NUC`` is no feature, and its values are not used; a column that is replaced is named, too."""
    run(artifact, parquet(tmp_path / "t.parquet", la=[1.0], NUC=[2.0], margin=[9.0]), tmp_path / "out.parquet")

    told = capsys.readouterr().err
    assert "riskml: column 'NUC' is no feature; did you mean 'nuc'?\n" in told
    assert "riskml: column 'margin' of the table gives way to what the model says\n" in told


def test_an_unknown_that_counts_as_zero_is_told(tmp_path, capsys):
    """A tree that never saw an unknown takes it for 0: stderr says of which feature, and in how many rows."""
    model = stump(tmp_path, STUMP.replace("decision_type=8 10", "decision_type=2 10"))

    run(model, parquet(tmp_path / "t.parquet", la=[None, 3.0, None], nuc=[None, 1.0, 1.0]), tmp_path / "out.parquet")

    told = capsys.readouterr().err
    assert "la: unknown in 2 rows" in told
    assert "nuc: unknown" not in told


def test_a_table_without_features_is_refused(artifact, tmp_path):
    """A table of something else gets no probabilities, and no output appears."""
    with pytest.raises(FeatureError, match="without a single feature"):
        run(artifact, parquet(tmp_path / "t.parquet", lines=[1.0]), tmp_path / "out.parquet")

    assert not (tmp_path / "out.parquet").exists()


def test_values_outside_of_their_range_are_unknown_and_counted(artifact, tmp_path, capsys):
    """A negative count is no count: the rest of the row is scored, and stderr says how many there were."""
    table = parquet(tmp_path / "t.parquet", la=[-1.0, float("inf"), 5.0], nuc=[1.0, 1.0, 1.0])

    run(artifact, table, tmp_path / "out.parquet")

    assert "la: 2 values outside of its range (0 to inf) taken as unknown" in capsys.readouterr().err
    out = pq.read_table(tmp_path / "out.parquet").to_pydict()
    assert out["margin"][0] == ModelScorer(load(artifact)).score({"nuc": 1.0}).margin


def test_a_feature_column_of_text_is_refused_by_name(artifact, tmp_path):
    """Numbers written as text are not guessed at."""
    with pytest.raises(BadFeatureValue, match=r"column la.*string"):
        run(artifact, parquet(tmp_path / "t.parquet", la=["12"], nuc=[1.0]), tmp_path / "out.parquet")


def test_flags_may_be_true_and_false(artifact, tmp_path):
    """A column of booleans is 1 and 0."""
    run(artifact, parquet(tmp_path / "t.parquet", la=[True, False], nuc=[1, 1]), tmp_path / "out.parquet")

    assert pq.read_table(tmp_path / "out.parquet").column("la").to_pylist() == [True, False]


def test_an_empty_table_gives_an_empty_table(artifact, tmp_path):
    """No changes, no probabilities, but their columns."""
    table = parquet(tmp_path / "t.parquet", la=pa.array([], pa.float64()))

    run(artifact, table, tmp_path / "out.parquet")

    assert pq.read_table(tmp_path / "out.parquet").column_names == ["la", "probability", "margin"]


def test_csv_goes_in_and_out(artifact, tmp_path):
    """CSV keeps text as it was, also what looks like a number, and empty is unknown."""
    (tmp_path / "t.csv").write_text("sha,la,nuc\n007,1,\n008,20,1.5\n")

    run(artifact, tmp_path / "t.csv", tmp_path / "out.csv")

    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0] == '"sha","la","nuc","probability","margin"'
    assert lines[1].startswith('"007",1,,')


def test_scoring_twice_replaces_the_columns(artifact, tmp_path):
    """A scored table can be scored again without two columns of one name."""
    run(artifact, parquet(tmp_path / "t.parquet", la=[1.0], nuc=[1.0]), tmp_path / "a.parquet")
    run(artifact, tmp_path / "a.parquet", tmp_path / "b.parquet")

    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize(("name", "error", "words"), [
    ("t.xlsx", UsageError, "an unknown kind of table"),
    ("none.parquet", InputError, "not a readable parquet table"),
    ("bad.parquet", InputError, "not a readable parquet table"),
    ("empty.csv", InputError, "not a readable csv table"),
])
def test_what_is_no_table_is_refused(artifact, tmp_path, name, error, words):
    """Wrong names and broken files are refused, and leave no output."""
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nothing")
    (tmp_path / "empty.csv").write_bytes(b"")

    with pytest.raises(error, match=words):
        run(artifact, tmp_path / name, tmp_path / "out.parquet")

    assert not (tmp_path / "out.parquet").exists()


def test_a_model_of_other_features_is_refused(artifact, tmp_path):
    """A model that reads what no table of riskml can hold is not used."""
    model = load(artifact)
    renamed = Manifest.from_json({**model.manifest.to_json(), "features": ["la", "moon_phase"], "files": {}}, "here")
    write(tmp_path / "other", renamed, STUMP.replace("la nuc", "la moon_phase"), model.calibration, "# Card\n")

    with pytest.raises(ArtifactMismatch, match="moon_phase"):
        run(tmp_path / "other", parquet(tmp_path / "t.parquet", la=[1.0]), tmp_path / "out.parquet")
