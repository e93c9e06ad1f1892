"""The whole loop, for real: a repository with faults and fixes, a model, outcomes, a challenger, the registry, and back."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from riskml.adapters.store import AssessmentRow, LabelRow, OutcomeRow, Store, Submission, ulid
from riskml.cli.main import main as riskml
from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.model.artifact import load
from training.__main__ import main
from training.lock import held

pytest.importorskip("lightgbm")
pytest.importorskip("mlflow")

ROOT = Path(__file__).resolve().parents[2]
START, DAY = 1_577_836_800, 86_400  # 2020-01-01
CONFIG = """
name = "shop-risk"
version = "0.1"
bootstrap = 5
background = 8
[labels]
definition = "Made up."
observed_until = 2021-06-30
[periods]
train_from = 2020-01-01
test_from = 2021-01-01
test_until = 2021-07-01
tune_days = 90
maturity_days = 60
[trees]
rounds = 40
learning_rate = 0.2
max_depth = 3
num_leaves = 6
min_data_in_leaf = 12
feature_fraction = 0.6
[calibration]
knots = 5
[promotion]
block = 0.25
least_changes = 60
least_harmful = 15
resamples = 100
"""


def faulty_history(path, commits=620, seed=3):
    """Make a repository of three years in which some changes need a fix within weeks, whatever their size.

    A fix takes out lines that the faulty change wrote, so SZZ finds it. Until the middle of the second year the faults are in
    ``core``; then they are in what is done without an issue.
    """
    rng = random.Random(seed)
    rooms = ("core", "edge", "tools")
    files = {f"{room}/m{i}.py": [f"{room}_{i} = {n}" for n in range(20)] for room in rooms for i in range(4)}
    at_work = sorted((START + int(n * 3 * 365 * DAY / commits) + rng.randrange(DAY), n) for n in range(commits))
    stream, marks = [], 0
    pending: list[tuple[int, str, list[str], int]] = []

    def commit(when, text, changed):
        nonlocal marks
        marks += 1
        stream.append(f"commit refs/heads/main\nmark :{marks}\nauthor A <a@example.org> {when} +0000\n"
                      f"committer A <a@example.org> {when} +0000\ndata {len(text)}\n{text}\n")
        for name in changed:
            body = "\n".join(files[name]) + "\n"
            stream.append(f"M 100644 inline {name}\ndata {len(body)}\n{body}\n")

    commit(START - DAY, "Begin", files)
    for when, n in at_work:
        for fix in [p for p in pending if p[0] <= when]:
            pending.remove(fix)
            files[fix[1]] = [line for line in files[fix[1]] if line not in fix[2]]
            commit(fix[0], f"Fix crash in {fix[1]} (#{fix[3]})", [fix[1]])
        name = rng.choice(sorted(files))
        new = [f"value_{n}_{k} = compute({n}, {k})" for k in range(rng.choice((2, 4, 9, 18)))]
        place = rng.randrange(len(files[name]) + 1)
        files[name][place:place] = new
        planned = rng.random() < 0.6
        commit(when, f"Extend {name}" + (f" for #{n}" if planned else ""), [name])
        dangerous = name.startswith("core") if when < START + 540 * DAY else not planned
        if rng.random() < (0.6 if dangerous else 0.05):
            pending.append((when + rng.randrange(2, 20) * DAY, name, new[: rng.randrange(1, len(new) + 1)], n))
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "fast-import", "--quiet"], input="".join(stream).encode(), check=True)
    subprocess.run(["git", "-C", str(path), "reset", "-q", "--hard", "main"], check=True)


def outcomes(url, vectors):
    """Write what a service would keep: answers to posted diffs that are in no mirror, and how their releases went."""
    store = Store.open(url)
    begin = datetime(2022, 3, 1, tzinfo=UTC)
    for n, (features, harm) in enumerate(vectors):
        at = begin + timedelta(days=n)
        answer = AssessmentRow(
            id=ulid(int(at.timestamp() * 1000), n.to_bytes(10)), created_at=at, repository="acme/shop", base=None, head=None,
            score=0.3, probability=0.3, band="low", strategy="rolling", model_version="0.1", artifact_sha256="0" * 64,
            feature_set=FEATURE_SET, features=json.dumps(features), document="{}")
        told = at + timedelta(hours=5)
        store.write(Submission(answer))
        store.write(Submission(OutcomeRow(
            id=ulid(int(told.timestamp() * 1000), n.to_bytes(10)), created_at=told, happened_at=told, repository="acme/shop",
            outcome="rolled-back" if harm else "promoted", document='{"source": "flagger"}', assessment_id=answer.id)))
    store.write(Submission(LabelRow(  # a person says that the last one was not the change's fault
        id=ulid(int(told.timestamp() * 1000) + 1, bytes(10)), created_at=told, repository="acme/shop", sha=answer.id,
        harm=False, source="dispute", known_at=told, confidence=1.0)))
    store.close()


def known(vector):
    """Turn a vector of the model's background into what the store keeps."""
    return {name: vector.get(name) for name in NAMES}


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    """Build, fit and register the first champion."""
    root = tmp_path_factory.mktemp("loop")
    (root / "config.toml").write_text(CONFIG)
    faulty_history(root / "shop")
    common = ["--config", str(root / "config.toml"), "--work", str(root / "work")]
    assert main([*common, "mine", "--repository", str(root / "shop")]) == 0
    labels = next((root / "work" / "tables").glob("*-ma.parquet"))
    assert main([*common, "build", "--repository", str(root / "shop"), "--labels", str(labels)]) == 0
    assert main([*common, "fit", "--output", str(root / "first")]) == 0
    assert main([*common, "register", str(root / "first"), "--alias", "champion"]) == 0
    manifest = load(root / "first").manifest
    rows = [dict(zip(manifest.features, row, strict=True)) for row in manifest.background]
    outcomes(f"sqlite:///{root / 'store.db'}", [(known(rows[n % len(rows)]), n % 5 == 0) for n in range(41)])
    return root, common


@pytest.fixture(scope="module")
def turned(loop):
    """Turn the loop once; returns the exit code beside the place."""
    root, common = loop
    command = [*common, "retrain", "--repository", str(root / "shop"), "--store", f"sqlite:///{root / 'store.db'}"]
    return root, common, command, main(command)


def client(root):
    """Open the real registry."""
    from mlflow import MlflowClient

    uri = f"sqlite:///{root / 'work' / 'mlflow.db'}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def test_a_better_challenger_is_promoted_with_its_reasons(turned):
    """The second year teaches what the first could not; the decision is in the registry, in the run and in the report."""
    root, _, _, code = turned
    mlflow = client(root)
    champion = mlflow.get_model_version_by_alias("shop-risk", "champion")
    report = next((root / "work" / "reports").glob("*.md")).read_text()

    assert code == 0, report
    assert champion.version == mlflow.get_model_version_by_alias("shop-risk", "challenger").version
    assert champion.tags["riskml.decision"].startswith("promoted: among changes of the same size")
    assert "| outcome | 9 |" in report  # 41 answers, every fifth was rolled back, one of them disputed
    assert "| dispute | 0 | 1 | 0 | 1 |" in report
    assert "In no mirror: 41 of them" in report
    assert "## Drift of the inputs" in report
    assert "Q1" in report.split("## The champion since its training")[1]


def test_the_run_holds_numbers_pictures_digests_and_the_artifact(turned):
    """Whoever looks into MLflow finds all that came of it, and no code among it."""
    root, _, _, _ = turned
    mlflow = client(root)
    champion = mlflow.get_model_version_by_alias("shop-risk", "champion")
    run = mlflow.get_run(champion.run_id)

    assert run.info.status == "FINISHED"
    assert run.data.params["trees.max_depth"] == "3"
    assert 0.5 < run.data.metrics["challenger.auc"] <= 1
    assert {"champion.auc", "lines_added.auc_same_size", "gain.brier"} <= set(run.data.metrics)
    assert {d.dataset.name for d in run.inputs.dataset_inputs} >= {"dataset.parquet"}
    assert {f.path for f in mlflow.list_artifacts(run.info.run_id, "pictures")} == {
        f"pictures/{name}.png" for name in ("reliability", "roc_pr", "gain", "repositories")}
    assert {f.path for f in mlflow.list_artifacts(run.info.run_id, "model")} == {
        f"model/{name}" for name in ("model.txt", "calibration.json", "CARD.md", "manifest.json")}


def test_the_card_tells_which_sources_made_the_labels(turned):
    """A model that was trained here does not claim to be trained elsewhere."""
    root, _, _, _ = turned
    card = next((root / "work" / "candidates").glob("*/CARD.md")).read_text()

    assert "a later fix removed lines that this one wrote (szz," in card
    assert "the release was rolled back" in card
    assert "Java and Scala" not in card
    assert "compared on these test" not in card


def test_the_same_inputs_make_no_second_version(turned, capsys):
    """Again is nothing: the run is found, the decision repeated, the code the same."""
    root, _, command, code = turned
    before = len(client(root).search_model_versions("name = 'shop-risk'"))

    assert main(command) == code

    assert "decided before" in capsys.readouterr().out
    assert len(client(root).search_model_versions("name = 'shop-risk'")) == before == 2


def test_who_comes_second_is_told_so_at_once(turned, capsys):
    """Two retrainings of one folder never run side by side."""
    root, _, command, _ = turned
    with held(root / "work" / "retrain.lock"):
        assert main(command) == 6

    assert "another retraining is under way" in capsys.readouterr().err


def test_what_is_pulled_is_what_predicts_and_a_rollback_brings_the_old_one_back(turned, capsys):
    """The alias decides which artifact lies in the directory; riskml predict says which one it used."""
    root, common, _, _ = turned
    pull = [*common, "pull", "--output", str(root / "live")]

    def predicted():
        capsys.readouterr()
        artifact = ["--artifact", str(root / "live")]
        assert riskml(["predict", str(root / "shop"), *artifact, "--format", "json", "--no-state"]) in (0, 10, 20, 30)
        return json.loads(capsys.readouterr().out)["model"]

    assert main(pull) == 0
    new = predicted()
    assert main([*common, "rollback"]) == 0
    assert main(pull) == 0
    old = predicted()
    assert main([*common, "rollback"]) == 5  # there is none before the first
    assert main([*common, "promote", "2"]) == 0
    assert main(pull) == 0
    assert main(pull) == 0

    assert (old["version"], old["artifact_sha256"]) == ("0.1", load(root / "first").sha256)
    assert new["version"].startswith("0.1+")
    assert predicted() == new
    assert riskml(["model", "pull", "--registry", f"sqlite:///{root / 'work' / 'mlflow.db'}", "--name", "shop-risk",
                   "--output", str(root / "live")]) == 0
    assert "lay there already" in capsys.readouterr().out
    capsys.readouterr()
    assert main([*common, "versions"]) == 0
    told = capsys.readouterr().out
    assert told.count("promoted by hand") == told.count("rolled back by hand") == 1


def test_an_artifact_that_was_altered_in_the_registry_never_arrives(turned, capsys):
    """The directory keeps what it has, and the refusal says which file is not the registered one."""
    root, common, _, _ = turned
    assert main([*common, "pull", "--output", str(root / "kept")]) == 0
    before = load(root / "kept").sha256
    assert main([*common, "rollback"]) == 0
    source = Path(client(root).get_model_version_by_alias("shop-risk", "champion").source)
    whole = (source / "model.txt").read_bytes()
    (source / "model.txt").write_bytes(whole.replace(b"1", b"2", 1))
    try:
        assert main([*common, "pull", "--output", str(root / "kept")]) == 4
    finally:
        (source / "model.txt").write_bytes(whole)
        assert main([*common, "promote", "2"]) == 0

    assert "altered" in capsys.readouterr().err
    assert load(root / "kept").sha256 == before


def test_a_promotion_that_was_cut_short_is_finished_once(turned):
    """Decided and logged, but killed before the alias moved: the next call moves it, and the log has no second promotion."""
    root, _, command, _ = turned
    mlflow = client(root)
    champion = mlflow.get_model_version_by_alias("shop-risk", "champion")
    log = json.loads(mlflow.get_registered_model("shop-risk").tags["riskml.champions"])
    mlflow.update_run(champion.run_id, status="RUNNING")
    mlflow.set_registered_model_alias("shop-risk", "champion", "1")

    assert main(command) == 0

    assert mlflow.get_model_version_by_alias("shop-risk", "champion").version == champion.version
    assert mlflow.get_run(champion.run_id).info.status == "FINISHED"
    again = json.loads(mlflow.get_registered_model("shop-risk").tags["riskml.champions"])
    assert [event["version"] for event in again] == [event["version"] for event in log]


def test_a_champion_that_changed_meanwhile_is_not_replaced(turned, capsys):
    """What was compared with another champion says nothing about this one."""
    root, _, command, _ = turned
    mlflow = client(root)
    champion = mlflow.get_model_version_by_alias("shop-risk", "champion")
    mlflow.update_run(champion.run_id, status="RUNNING")
    mlflow.set_tag(champion.run_id, "riskml.against", "7")
    mlflow.set_registered_model_alias("shop-risk", "champion", "1")
    try:
        assert main(command) == 5
        assert mlflow.get_model_version_by_alias("shop-risk", "champion").version == 1
    finally:
        mlflow.set_tag(champion.run_id, "riskml.against", "1")
        assert main(command) == 0

    assert "the champion changed since it was compared with" in capsys.readouterr().err


def test_a_retraining_that_is_killed_is_finished_by_the_next(loop, tmp_path):
    """Killed once the artifact is there: the next call makes one run and one version of it, not two."""
    root, _ = loop
    work = tmp_path / "work"
    command = ["--config", str(root / "config.toml"), "--work", str(work), "retrain", "--repository", str(root / "shop")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-m", "training", *command], env=environment, stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(work.glob("candidates/*/manifest.json")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    made = next(work.glob("candidates/*/manifest.json"))
    before = made.stat().st_mtime_ns

    assert main(command) in (0, 10)

    versions = client(tmp_path).search_model_versions("name = 'shop-risk'")
    assert made.stat().st_mtime_ns == before
    assert [v.tags["riskml.inputs"].startswith("artifact:") for v in versions].count(False) == 1
