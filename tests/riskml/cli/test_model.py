"""``riskml model``: what an artifact says of itself, and a refusal where it must not be used."""

from __future__ import annotations

import json
from argparse import ArgumentParser

import pytest

from riskml.cli import model
from riskml.errors import ArtifactCorrupt
from riskml.model.artifact import bundled_path, load


def run(*options):
    """Run the verb as the command line would."""
    parser = ArgumentParser()
    model.add_arguments(parser)
    return model.run(parser.parse_args(list(options)))


def test_show_prints_the_card(capsys):
    """The bundled model's card is one command away."""
    assert run("show") == 0

    assert capsys.readouterr().out == load(bundled_path()).card


def test_show_json_prints_the_manifest(capsys):
    """For machines, the manifest as it is."""
    assert run("show", "--json", str(bundled_path())) == 0

    assert json.loads(capsys.readouterr().out) == json.loads((bundled_path() / "manifest.json").read_bytes())


def test_verify_names_a_whole_artifact(capsys):
    """One line: name, version and the hash that names all of it."""
    assert run("verify") == 0

    artifact = load(bundled_path())
    assert capsys.readouterr().out == f"{artifact.manifest.name} {artifact.manifest.version} sha256:{artifact.sha256}\n"


def test_verify_refuses_what_is_none(tmp_path):
    """A folder without an artifact is refused with its path."""
    with pytest.raises(ArtifactCorrupt, match=str(tmp_path)):
        run("verify", str(tmp_path))
