"""Settings: read once, from names that exist, with values that make sense."""

from pathlib import Path

import pytest

from api.settings import Settings
from riskml.errors import UsageError


def test_an_empty_environment_serves_from_the_users_data_directory():
    """Nothing has to be set; what is not RISKML_ is none of our business."""
    settings = Settings.from_environ({"XDG_DATA_HOME": "/data", "XDG_CACHE_HOME": "/cache", "PATH": "/bin"})
    assert settings == Settings(store="sqlite:////data/riskml/riskml.db", state=Path("/cache/riskml"))


def test_each_setting_is_read_from_the_variable_of_its_name(tmp_path: Path):
    """Numbers, paths and words arrive as such; an empty variable is one that is not set."""
    settings = Settings.from_environ({
        "RISKML_STORE": "postgresql://h/d", "RISKML_BODY_MIB": "8", "RISKML_POLICIES": str(tmp_path),
        "RISKML_LOG_LEVEL": "DEBUG", "RISKML_RETENTION_DAYS": "", "RISKML_REPOSITORIES": "a/b=/srv/a",
        "RISKML_STATE": "/srv/state"})
    assert settings == Settings(store="postgresql://h/d", body_mib=8, policies=tmp_path, log_level="debug",
                                repositories="a/b=/srv/a", state=Path("/srv/state"))


@pytest.mark.parametrize(("name", "value", "words"), [
    ("RISKML_STOER", "x", "RISKML_STORE"),
    ("RISKML_XYZZY", "x", "one of: RISKML_STORE, "),
    ("RISKML_BODY_MIB", "-1", "1 to 1024"),
    ("RISKML_BODY_MIB", "1e3", "1 to 1024"),
    ("RISKML_BODY_MIB", "²", "1 to 1024"),
    ("RISKML_LOG_LEVEL", "loud", "debug, info, warning, error"),
    ("RISKML_POLICIES", "/nowhere/at/all", "existing directory"),
    ("RISKML_TOKEN_FILE", "/nowhere/at/all", "existing file"),
    ("RISKML_STORE", "mysql://h/d", "sqlite or postgresql"),
])
def test_nonsense_stops_the_start_by_name(name: str, value: str, words: str):
    """The message has the variable, the value and what would be right."""
    with pytest.raises(UsageError) as refusal:
        Settings.from_environ({name: value})
    assert name in str(refusal.value)
    assert words in str(refusal.value)


def test_the_variables_of_the_command_line_are_no_mistake():
    """A shell that is set up for the client can also start the service."""
    Settings.from_environ({"RISKML_SERVER": "http://localhost:8000", "RISKML_TOKEN": "x"})
