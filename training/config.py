"""Every number of a training run, read once from a TOML file. A key nobody reads is refused, so that no typing error trains."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from riskml.errors import UsageError
from training.promotion import Rule


class ConfigError(UsageError):
    """A training configuration that does not validate."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What the labels are. ``observed_until`` is the last day on which harm was looked for; ``definition`` says what harm is.

    ``also`` ends the card's sentence on what the model was trained on; ``trained_on`` says it in other words. ``chosen`` says
    how the settings were chosen, and what that means for the figures; ``tracker`` says where issue trackers' word is from.
    """

    definition: str
    observed_until: date
    also: str = ""
    trained_on: str = ""
    chosen: str = ""
    tracker: str = ""


@dataclass(frozen=True, slots=True)
class Periods:
    """What is trained on and what is tested on, by the time a change was written.

    A change without a known harm counts as clean only when labels were looked for at least ``maturity_days`` after it.
    """

    train_from: date = date(2003, 1, 1)
    test_from: date = date(2017, 1, 1)
    test_until: date = date(2020, 1, 1)
    tune_days: int = 365
    maturity_days: int = 365


@dataclass(frozen=True, slots=True)
class Trees:
    """LightGBM's parameters. ``rounds`` is the most trees; the number kept is chosen on the last block before the test.

    ``extra_trees`` draws thresholds at random (Geurts, Ernst & Wehenkel 2006): more trees, and less trust in each split.
    """

    rounds: int = 400
    patience: int = 40
    learning_rate: float = 0.05
    max_depth: int = 5
    num_leaves: int = 20
    min_data_in_leaf: int = 200
    lambda_l1: float = 0.0
    lambda_l2: float = 20.0
    feature_fraction: float = 0.4
    bagging_fraction: float = 0.7
    extra_trees: bool = False
    max_bin: int = 127
    path_smooth: float = 0.0


@dataclass(frozen=True, slots=True)
class Mask:
    """Rows shown once more with something unknown, so that unknown is learnt as unknown.

    ``unknown`` and ``known`` name features or whole groups; with ``known``, everything else becomes unknown. ``share`` of the
    rows are copied, each with ``weight``. With ``calibrate``, the block that the calibration is read off is shown so, too:
    for what is unknown so often that probabilities must hold there as well.
    """

    name: str
    unknown: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    share: float = 0.5
    weight: float = 0.3
    calibrate: bool = False


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each row counts. ``half_life_years``: rows lose half their weight in this time before the end of training.

    ``repository_power``: 0 counts every change alike; 1 counts every repository alike.
    """

    half_life_years: float = 8.0
    repository_power: float = 0.25
    kamei: float = 0.5


@dataclass(frozen=True, slots=True)
class Calibrating:
    """The calibration table: ``knots`` equally filled bins, each drawn towards a straight line by ``prior_changes``."""

    knots: int = 20
    prior_changes: float = 50.0


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One training run. With ``people``, features that describe an author may be read: to measure what blindness costs."""

    labels: Labelled
    name: str = "release-risk"
    version: str = "1.0.0"
    seed: int = 7
    threads: int = 1
    exclude: tuple[str, ...] = ()
    people: bool = False
    bootstrap: int = 300
    background: int = 32
    periods: Periods = field(default_factory=Periods)
    trees: Trees = field(default_factory=Trees)
    weights: Weights = field(default_factory=Weights)
    calibration: Calibrating = field(default_factory=Calibrating)
    mask: tuple[Mask, ...] = ()
    promotion: Rule = field(default_factory=Rule)
    digest: str = ""


def read(path: str | Path) -> TrainConfig:
    """Read a configuration. :raises ConfigError: naming the key, the value and what would be right."""
    file = Path(path)
    try:
        raw = file.read_bytes()
        data = tomllib.loads(raw.decode())
    except OSError as problem:
        raise ConfigError("the configuration cannot be read", where=str(file), got=problem.strerror) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError("not TOML", where=str(file), got=str(problem)) from problem
    config = _record(TrainConfig, data, str(file), given={"digest": sha256(raw).hexdigest()})
    assert isinstance(config, TrainConfig)  # noqa: S101 - tells the type checker what _record was asked for
    return config


def timestamp(day: date) -> int:
    """UNIX seconds at the start of a day, in UTC.

    >>> timestamp(date(1970, 1, 2))
    86400
    """
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _record(kind: type[Any], data: Mapping[str, Any], where: str, given: Mapping[str, Any] | None = None) -> Any:
    given = given or {}
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind) if f.name not in given]
    for key in data:
        if key not in names:
            raise ConfigError("an unknown key", where=f"{where} {key}", got=key, expected="one of: " + ", ".join(names))
    for f in fields(kind):
        if f.default is MISSING and f.default_factory is MISSING and f.name not in data:
            raise ConfigError("a key is missing", where=where, expected=f"a key {f.name!r}")
    values = {key: _value(hints[key], value, f"{where} {key}") for key, value in data.items()}
    return kind(**values, **given)


def _value(hint: Any, value: Any, where: str) -> Any:
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError("not a table", where=where, got=value, expected="a TOML table")
        return _record(hint, value, where)  # type: ignore[arg-type] # is_dataclass admits instances, a hint is a class
    origin = get_origin(hint)
    if origin is tuple:
        item = get_args(hint)[0]
        if not isinstance(value, list):
            raise ConfigError("not a list", where=where, got=value, expected="a TOML array")
        return tuple(_value(item, v, f"{where}[{i}]") for i, v in enumerate(value))
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise ConfigError("a value of the wrong kind", where=where, got=value, expected=hint.__name__)
    return value
