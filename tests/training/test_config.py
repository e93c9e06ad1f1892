"""The configuration: every number read, every typing error refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import training
from training.config import ConfigError, read

SHORTEST = '[labels]\ndefinition = "harm"\nobserved_until = 2019-12-31\n'


def test_the_bundled_configuration_is_read():
    """The configuration of the bundled model is one that validates."""
    config = read(Path(training.__file__).with_name("config.toml"))

    assert config.periods.test_from == date(2017, 1, 1)
    assert config.trees.max_depth <= 6
    assert all(mask.known or mask.unknown for mask in config.mask)


def test_what_is_not_said_has_its_default(tmp_path):
    """Only what harm is, and until when it was looked for, has no default: nobody can guess it."""
    (tmp_path / "c.toml").write_text(SHORTEST + "[trees]\nlearning_rate = 1\n[[mask]]\nname = 'm'\nunknown = ['past']\n")

    config = read(tmp_path / "c.toml")

    assert config.labels.definition == "harm"
    assert config.trees.learning_rate == 1.0
    assert config.mask[0].unknown == ("past",)
    assert len(config.digest) == 64


@pytest.mark.parametrize(("text", "words"), [
    ("", "a key is missing.*'labels'"),
    ("[labels]\n", "a key is missing.*'definition'"),
    (SHORTEST + "[trees]\nround = 3\n", "an unknown key.*round.*one of: rounds"),
    (SHORTEST + "[trees]\nrounds = 1.5\n", "a value of the wrong kind.*trees rounds.*expected int"),
    (SHORTEST + "[trees]\nrounds = true\n", "a value of the wrong kind"),
    ("seed = '7'\n" + SHORTEST, "a value of the wrong kind.*seed"),
    ("trees = 3\n" + SHORTEST, "not a table"),
    ("exclude = 'la'\n" + SHORTEST, "not a list"),
    ("exclude = [1]\n" + SHORTEST, r"exclude\[0\]"),
    ("seed = \n", "not TOML"),
])
def test_what_does_not_validate_is_refused_with_its_key(tmp_path, text, words):
    """The message names the key, the value and what would be right."""
    (tmp_path / "c.toml").write_text(text)

    with pytest.raises(ConfigError, match=words):
        read(tmp_path / "c.toml")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    """No configuration, no training."""
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "none.toml")
