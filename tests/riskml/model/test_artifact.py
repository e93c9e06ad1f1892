"""Artifacts: round trip, and every refusal in its own words."""

from __future__ import annotations

import json

import pytest

from riskml.errors import ArtifactCorrupt, ArtifactMismatch, ProtocolTooNew
from riskml.model.artifact import FILES, MANIFEST, PROTOCOL, load, write


def edit(directory, **changes):
    """Change keys of the manifest; ``...`` removes one."""
    path = directory / MANIFEST
    data = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in data.items() if v is not ...}))


def test_an_artifact_survives_its_directory(tiny, tmp_path):
    """What is written is what is read, byte for byte named by one hash."""
    again = load(tmp_path / "tiny", known={"la", "past", "ld"}, feature_set=1)

    assert again.sha256 == tiny.sha256
    assert again.manifest == tiny.manifest
    assert again.calibration == tiny.calibration
    assert again.card == "# Card\n"


def test_writing_twice_gives_the_same_bytes(tiny, tiny_text, tmp_path):
    """An artifact has no time of writing in it, so the same model has the same name."""
    assert write(tmp_path / "b", tiny.manifest, tiny_text, tiny.calibration, tiny.card).sha256 == tiny.sha256


def test_writing_replaces_the_artifact_as_a_whole(tiny, tiny_text, tmp_path):
    """The new artifact takes the place of the old one, and no scratch directory stays behind."""
    write(tmp_path / "tiny", tiny.manifest, tiny_text, tiny.calibration, "# Other\n")

    assert load(tmp_path / "tiny").card == "# Other\n"
    assert [p.name for p in tmp_path.iterdir()] == ["tiny"]


def test_a_refused_model_replaces_nothing(tiny, tiny_text, tmp_path):
    """The new artifact is read back before the old one is touched."""
    with pytest.raises(ArtifactCorrupt):
        write(tmp_path / "tiny", tiny.manifest, tiny_text.replace("leaves=3", "leaves=9"), tiny.calibration, "# Other\n")

    assert load(tmp_path / "tiny").card == "# Card\n"


@pytest.mark.parametrize("name", FILES)
def test_an_altered_file_is_refused(place, name):
    """One more byte in any file is noticed, and the file is named."""
    path = place / name
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(ArtifactCorrupt, match=rf"altered.*{name}"):
        load(place)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_refused(place, name):
    """A half-copied artifact is not used."""
    (place / name).unlink()

    with pytest.raises(ArtifactCorrupt, match=rf"cannot be read.*{name}"):
        load(place)


def test_a_later_protocol_is_refused_with_advice(place):
    """A model from the future is no corruption: the message says to upgrade."""
    edit(place, protocol=PROTOCOL + 1)

    with pytest.raises(ProtocolTooNew, match="upgrade riskml"):
        load(place)


@pytest.mark.parametrize("protocol", [..., 0, "1", True, None])
def test_a_protocol_must_be_a_number(place, protocol):
    """No protocol, no reading."""
    edit(place, protocol=protocol)

    with pytest.raises(ArtifactCorrupt, match="no protocol number"):
        load(place)


def test_a_feature_that_nobody_computes_is_named(place):
    """A model that reads more than this version computes would be blind without a word."""
    with pytest.raises(ArtifactMismatch, match=r"\['past'\]"):
        load(place, known={"la"})


def test_another_feature_set_is_refused(place):
    """The same names with another meaning are another feature set."""
    with pytest.raises(ArtifactMismatch, match=r"another feature set.*got 1.*feature set 2"):
        load(place, feature_set=2)


@pytest.mark.parametrize(("change", "words"), [
    ({"base_rate": ...}, "a key 'base_rate'"),
    ({"base_rate": 1.0}, "an impossible base rate"),
    ({"features": ["la", "la"]}, "a feature twice"),
    ({"features": ["la", "ld"]}, "different features"),
    ({"score_quantiles": [0.5, 0.1]}, "quantiles that do not rise"),
    ({"feature_quantiles": {"la": [3.0]}}, "quantiles that do not rise"),
    ({"background": [[1.0]]}, "another width"),
    ({"label": 3}, "a value of the wrong kind"),
    ({"files": {}}, "altered"),
])
def test_a_manifest_that_does_not_fit_is_refused(place, change, words):
    """The manifest is checked like any input."""
    edit(place, **change)

    with pytest.raises(ArtifactCorrupt, match=words):
        load(place)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_no_json_object_is_refused(place, text):
    """Whatever bytes lie there, the answer is a refusal, not a crash."""
    (place / MANIFEST).write_bytes(text)

    with pytest.raises(ArtifactCorrupt, match=r"not (a )?JSON"):
        load(place)


def test_a_directory_that_is_not_there_is_refused(tmp_path):
    """The message names the path."""
    with pytest.raises(ArtifactCorrupt, match="nowhere"):
        load(tmp_path / "nowhere")
