"""Pulling a model: what arrives is what was registered, or nothing changes. Against a real MLflow in SQLite."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from riskml.adapters.registry import SHA256, connect, pull, replace
from riskml.errors import ArtifactCorrupt, NotFound, StoreUnwritable, UsageError
from riskml.model.artifact import FILES, MANIFEST, bundled_path, load

pytest.importorskip("mlflow")
pytest.importorskip("sqlalchemy")


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    """Register the bundled model three times: rightly, without its hash, and with the hash of another."""
    root = tmp_path_factory.mktemp("registry")
    uri = f"sqlite:///{root / 'mlflow.db'}"
    client = connect(uri)
    client.create_registered_model("m")
    sha256 = load(bundled_path()).sha256
    for alias, tags in (("champion", {SHA256: sha256}), ("foreign", {}), ("other", {SHA256: "0" * 64})):
        version = client.create_model_version("m", str(bundled_path()), tags=tags)
        client.set_registered_model_alias("m", alias, version.version)
    return uri


def test_a_pulled_model_is_the_registered_one_and_nothing_else_lies_beside_it(uri, tmp_path):
    """The four files, whole; a second pull finds them and fetches nothing."""
    found = pull(uri, tmp_path / "live", name="m")
    again = pull(uri, tmp_path / "live", name="m")

    assert (found.version, found.fresh, again.fresh) == ("1", True, False)
    assert load(tmp_path / "live").sha256 == found.sha256
    assert [path.name for path in tmp_path.iterdir()] == ["live"]
    assert {path.name for path in (tmp_path / "live").iterdir()} == {*FILES, MANIFEST}


@pytest.mark.parametrize(("alias", "error", "words"), [
    ("foreign", ArtifactCorrupt, "a version that riskml did not register"),
    ("other", ArtifactCorrupt, "another artifact than was registered"),
    ("none", NotFound, "does not hold this"),
])
def test_what_does_not_fit_is_refused_and_leaves_what_is_there(uri, tmp_path, alias, error, words):
    """A directory that serves goes on serving what it has."""
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / MANIFEST).write_text("old")

    with pytest.raises(error, match=words):
        pull(uri, tmp_path / "live", name="m", alias=alias)

    assert [path.name for path in tmp_path.rglob("*")] == ["live", MANIFEST]
    assert (tmp_path / "live" / MANIFEST).read_text() == "old"


def test_a_pull_takes_the_place_of_a_model_alone(uri, tmp_path):
    """A mistyped folder or file is not emptied: only an empty folder or a model, a damaged one too, gives way."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.tex").write_text("years")
    (tmp_path / "notes.txt").write_text("days")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / MANIFEST).write_text("{")
    (tmp_path / "empty").mkdir()

    for name in ("work", "notes.txt"):
        with pytest.raises(UsageError, match="something else is there"):
            pull(uri, tmp_path / name, name="m")

    assert (tmp_path / "work" / "thesis.tex").read_text() == "years"
    assert (tmp_path / "notes.txt").read_text() == "days"
    assert pull(uri, tmp_path / "damaged", name="m").fresh
    assert pull(uri, tmp_path / "empty", name="m").fresh


def test_a_mistyped_registry_is_refused_and_not_made(tmp_path):
    """A database that is not there is no empty registry, and a server that does not answer is no missing model."""
    with pytest.raises(NotFound, match="no model registry is here"):
        pull(f"sqlite:///{tmp_path / 'typo.db'}", tmp_path / "live", name="m")
    with pytest.raises(StoreUnwritable, match="cannot be used"):
        pull("gopher://nobody.example", tmp_path / "live", name="m")

    assert not list(tmp_path.iterdir())


def test_who_looks_while_directories_change_places_always_finds_one(tmp_path):
    """Two hundred replacements, and a reader that never sees a gap (on Linux)."""
    live = tmp_path / "live"
    live.mkdir()
    (live / "a").write_text("0")
    missing, done = [], threading.Event()

    def look():
        while not done.is_set():
            if not (live / "a").exists():
                missing.append(1)

    reader = threading.Thread(target=look)
    reader.start()
    for n in range(200):
        new = Path(tmp_path / f"new{n}")
        new.mkdir()
        (new / "a").write_text(str(n))
        replace(new, live)
    done.set()
    reader.join()

    assert (live / "a").read_text() == "199"
    assert not missing
