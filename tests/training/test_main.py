"""The whole way: a table and labels in, an artifact with its card out."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.model.artifact import load
from riskml.model.scorer import ModelScorer
from training.__main__ import main
from training.card import BlankCardError, render

pytest.importorskip("lightgbm")

CONFIG = """
version = "0.0.1"
threads = 1
bootstrap = 20
background = 8
[labels]
definition = "Made up."
observed_until = 2019-12-31
[periods]
tune_days = 200
[trees]
rounds = 30
learning_rate = 0.2
max_depth = 3
num_leaves = 7
min_data_in_leaf = 30
[calibration]
knots = 8
[[mask]]
name = "no history"
unknown = ["past"]
"""


def mined(data, path):
    """Write the made-up changes as ``riskml mine`` would."""
    columns = {"sha": list(data.sha), "authored_at": data.at.astype("int64"), "committed_at": data.at.astype("int64")}
    columns["newcomer"] = pa.array([None if np.isnan(value) else bool(value) for value in data.newcomer])
    for name in NAMES:
        values = data.column(name) if name in data.names else np.full(len(data), np.nan)
        columns[name] = pa.array(values, from_pandas=True)
    pq.write_table(pa.table(columns).replace_schema_metadata({"riskml.feature_set": str(FEATURE_SET)}), path)


def labels(data, path):
    """Write their labels as ApacheJIT does."""
    lines = ["commit_id,repo,buggy,author_date,first_fix_date"]
    for i in range(len(data)):
        known = datetime.fromtimestamp(data.known_at[i], UTC).strftime("%Y-%m-%d %H:%M:%S") if data.harm[i] else ""
        lines.append(f"{data.sha[i]},{data.repository[i]},{bool(data.harm[i])},{int(data.at[i])},{known}")
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def place(data, tmp_path_factory):
    """Build, evaluate and fit once."""
    root = tmp_path_factory.mktemp("training")
    (root / "config.toml").write_text(CONFIG)
    mined(data, root / "table.parquet")
    labels(data, root / "labels.csv")
    common = ["--config", str(root / "config.toml"), "--work", str(root / "work")]
    assert main([*common, "build", "--table", str(root / "table.parquet"), "--labels", str(root / "labels.csv")]) == 0
    assert main([*common, "fit", "--output", str(root / "model")]) == 0
    return root


def test_the_artifact_is_whole_and_scores(place):
    """What was fitted is an artifact that the library accepts and scores with."""
    artifact = load(place / "model", known=NAMES, feature_set=FEATURE_SET)
    small, large = (ModelScorer(artifact).score({"la": la, "prior_fixes_365d": n}) for la, n in ((1, 0), (500, 60)))

    assert artifact.manifest.version == "0.0.1"
    assert small.probability < artifact.manifest.base_rate < large.probability
    assert artifact.manifest.training["repositories"][0]["repository"] == "org/a"


def test_the_card_is_what_the_figures_say(place):
    """The card in the artifact is the one its manifest makes, with the figures of the honest split."""
    artifact = load(place / "model")

    assert artifact.card == render(artifact.manifest, artifact.calibration)
    auc = artifact.manifest.evaluation["models"]["riskml"]["auc"]["value"]
    assert f"{auc:.3f}" in artifact.card
    assert auc > artifact.manifest.evaluation["models"]["lines added"]["auc"]["value"]
    assert "an author of fewer than 5 changes before" in artifact.card
    assert "$" not in artifact.card


@pytest.mark.parametrize("path", [("evaluation", "unseen"), ("training", "commit"), ("label", "definition")])
def test_a_card_with_a_blank_is_refused(place, path):
    """A figure that was not made is no figure: the card names it instead of leaving a hole."""
    artifact = load(place / "model")
    part = dict(getattr(artifact.manifest, path[0]))
    del part[path[1]]
    object.__setattr__(artifact.manifest, path[0], part)

    with pytest.raises(BlankCardError, match=path[1]):
        render(artifact.manifest, artifact.calibration)


def test_the_figures_are_kept_for_exactly_this_data_and_configuration(place):
    """Fitting again with the same numbers makes the same artifact from kept figures."""
    common = ["--config", str(place / "config.toml"), "--work", str(place / "work")]
    before = (place / "work" / "evaluation.json").stat().st_mtime_ns

    assert main([*common, "fit", "--output", str(place / "again")]) == 0

    assert (place / "work" / "evaluation.json").stat().st_mtime_ns == before
    assert load(place / "again").sha256 == load(place / "model").sha256


def test_a_finished_repository_is_not_mined_again(tmp_path, capsys):
    """A table is kept while tip, feature set and bytes are the same, and made anew when they are not."""
    repo = tmp_path / "repo"
    repo.mkdir()
    git = ["git", "-C", str(repo), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    stamp = {"GIT_AUTHOR_DATE": "2015-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2015-01-01T00:00:00Z"}
    subprocess.run([*git, "init", "-q"], check=True)
    (repo / "a.py").write_text("x = 1\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True, env=stamp)
    sha = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / "labels.csv").write_text(
        f"commit_id,repo,buggy,author_date,first_fix_date\n{sha},o/r,True,1420070400,2015-02-01 00:00:00\n")
    command = ["--work", str(tmp_path / "work"), "build", "--repository", str(repo), "--labels", str(tmp_path / "labels.csv")]

    assert main(command) == 0
    assert "1 commit mined" in capsys.readouterr().err
    assert main(command) == 0
    assert "kept, mined before" in capsys.readouterr().err
    table = next((tmp_path / "work" / "tables").glob("*.parquet"))
    table.write_bytes(table.read_bytes()[:-1])
    assert main(command) == 0
    assert "1 commit mined" in capsys.readouterr().err


def test_nothing_to_learn_from_is_refused(tmp_path, capsys):
    """The message says what to give."""
    assert main(["--work", str(tmp_path), "build"]) == 2

    assert "--labels" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["evaluate", "protocols", "ablations"])
def test_figures_of_no_dataset_are_refused(tmp_path, capsys, verb):
    """Whoever forgot to build is told so."""
    assert main(["--work", str(tmp_path), verb]) == 2

    assert "no dataset" in capsys.readouterr().err


def test_a_table_of_another_feature_set_is_refused(place, tmp_path, capsys):
    """Numbers with another meaning are not trained on."""
    table = pq.read_table(place / "table.parquet")
    pq.write_table(table.replace_schema_metadata({"riskml.feature_set": "99"}), tmp_path / "old.parquet")

    assert main(["--work", str(tmp_path), "build", "--table", str(tmp_path / "old.parquet"),
                 "--labels", str(place / "labels.csv")]) == 4

    assert "another feature set" in capsys.readouterr().err


def test_figures_are_printed_as_json(place, capsys):
    """``evaluate`` prints what the card is made from."""
    assert main(["--config", str(place / "config.toml"), "--work", str(place / "work"), "evaluate"]) == 0

    figures = json.loads(capsys.readouterr().out)
    assert {r["group"] for r in figures["repositories"]} == {"org/a", "org/b", "org/c"}
    assert figures["unseen"]["spread"] >= 0
