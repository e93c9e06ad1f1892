"""Everything that can be set, read once from ``RISKML_*`` when the service starts. Nonsense stops the start, by name."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from riskml.adapters.prometheus import BASELINE, CANARY
from riskml.adapters.store import default_url, parse_url
from riskml.errors import UsageError

PREFIX = "RISKML_"
FOR_OTHERS = ("RISKML_SERVER", "RISKML_TOKEN", "RISKML_CI_INSTALL", "RISKML_REQUIRE_TOOLS")  # of the command line and of CI


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's settings; each field is the environment variable of its name in capitals after ``RISKML_``.

    store             where answers are kept: ``sqlite:///PATH`` or ``postgresql://USER:PASSWORD@HOST/NAME``
    artifact          directory of the model; the bundled one if unset
    challenger        directory of a second model that scores along and is not heard; none if unset
    policies          directory of policies: ``NAME.yaml`` answers to ``"policy": "NAME"``
    repositories      mirrors for base/head requests: a directory of bare repositories, or ``KEY=PATH,KEY=PATH``
    issues            directory of issue trackers' exports: ``acme/shop.csv`` tells which commits of acme/shop repaired a fault
    state             directory in which mined history is kept; ``riskml`` in the user's cache directory if unset
    token_file        file of access tokens, one a line; without it everybody who can connect may ask
    github_secret_file   file with the secret that GitHub signs its webhooks with; without it they are refused
    gitlab_token_file    file with the token that GitLab sends with its webhooks; without it they are refused
    bot_repositories  repositories in whose merge requests the bot speaks: ``acme/shop,acme/*``; unset: nowhere
    github_api_token_file  file with the token that the bot speaks on GitHub with, read anew each time
    gitlab_api_token_file  file with the token that the bot speaks on GitLab with, read anew each time
    github_api        address of GitHub's API, for an installation of one's own
    gitlab_api        address of GitLab's API, for an installation of one's own
    prometheus        address of the Prometheus that has the metrics of releases; without it verdicts rest on what is posted
    prometheus_canary    selects the series of the new version; ``{service}`` is the plan's service
    prometheus_baseline  selects the series of the old version
    body_mib          largest request body, in MiB
    batch_items       most items of one ``POST /predict/batch``
    kept_histories    mined histories that stay in memory, of the mirrors that were asked for last
    mining_threads    changes that are mined at the same time
    mining_queue      changes that may wait for a thread; one more is answered 503 with Retry-After
    commit_queue      answers that may wait for their commit; one more is answered 503 with Retry-After
    retention_days    rows older than this are removed once a day; kept for ever if unset
    log_level         debug, info, warning or error
    """

    store: str
    artifact: Path | None = None
    challenger: Path | None = None
    policies: Path | None = None
    repositories: str | None = None
    issues: Path | None = None
    state: Path | None = None
    token_file: Path | None = None
    github_secret_file: Path | None = None
    gitlab_token_file: Path | None = None
    bot_repositories: str | None = None
    github_api_token_file: Path | None = None
    gitlab_api_token_file: Path | None = None
    github_api: str | None = None
    gitlab_api: str | None = None
    prometheus: str | None = None
    prometheus_canary: str = CANARY
    prometheus_baseline: str = BASELINE
    body_mib: int = 32
    batch_items: int = 256
    kept_histories: int = 8
    mining_threads: int = 2
    mining_queue: int = 32
    commit_queue: int = 1024
    retention_days: int | None = None
    log_level: str = "info"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; ``UsageError`` names the variable, its value and what is legal.

        >>> Settings.from_environ({"RISKML_BODY_MB": "8"})
        Traceback (most recent call last):
        riskml.errors.UsageError: unknown setting at RISKML_BODY_MB: got '8'; expected RISKML_BODY_MIB
        """
        environ = os.environ if environ is None else environ
        names = [PREFIX + f.name.upper() for f in fields(cls)]
        for key, value in environ.items():
            if key.startswith(PREFIX) and key not in names and key not in FOR_OTHERS:
                near = get_close_matches(key, names, n=1)
                raise UsageError("unknown setting", where=key, got=value,
                                 expected=near[0] if near else f"one of: {', '.join(names)}")
        given = {f.name: _READERS[f.name](PREFIX + f.name.upper(), text) for f in fields(cls)
                 if (text := environ.get(PREFIX + f.name.upper(), "").strip())}
        given.setdefault("store", default_url(environ, platform=sys.platform, home=Path.home()))
        given.setdefault("state", Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "riskml")
        return cls(**given)


def _whole(low: int, high: int) -> Callable[[str, str], int]:
    def read(name: str, text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise UsageError("not a whole number in range", where=name, got=text, expected=f"{low} to {high}")
        return int(text)
    return read


def _one_of(*legal: str) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        if text.lower() not in legal:
            raise UsageError("unknown value", where=name, got=text, expected=f"one of: {', '.join(legal)}")
        return text.lower()
    return read


def _directory(name: str, text: str) -> Path:
    if not Path(text).is_dir():
        raise UsageError("no such directory", where=name, got=text, expected="an existing directory")
    return Path(text)


def _file(name: str, text: str) -> Path:
    if not Path(text).is_file():
        raise UsageError("no such file", where=name, got=text, expected="an existing file")
    return Path(text)


def _path(name: str, text: str) -> Path:  # noqa: ARG001 - one shape for all readers
    return Path(text)


def _store(name: str, text: str) -> str:
    try:
        parse_url(text)
    except UsageError as error:
        raise UsageError(error.what, where=name, got=error.got, expected=error.expected) from None
    return text


def _text(name: str, text: str) -> str:  # noqa: ARG001 - one shape for all readers
    return text


_READERS: dict[str, Callable[[str, str], Any]] = {
    "store": _store, "artifact": _directory, "challenger": _directory,
    "policies": _directory, "repositories": _text, "issues": _directory, "state": _path, "token_file": _file,
    "github_secret_file": _file, "gitlab_token_file": _file, "bot_repositories": _text, "github_api_token_file": _file,
    "gitlab_api_token_file": _file, "github_api": _text, "gitlab_api": _text,
    "prometheus": _text, "prometheus_canary": _text, "prometheus_baseline": _text,
    "body_mib": _whole(1, 1024), "batch_items": _whole(1, 10_000), "kept_histories": _whole(1, 10_000),
    "mining_threads": _whole(1, 64),
    "mining_queue": _whole(0, 10_000), "commit_queue": _whole(1, 100_000), "retention_days": _whole(1, 36_500),
    "log_level": _one_of("debug", "info", "warning", "error"),
}
