"""Where the bot may speak: the repositories of the allow-list, on the platforms whose tokens the service was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from api.settings import Settings
from riskml.adapters import github, gitlab
from riskml.adapters.forge import Forge
from riskml.errors import ServiceUnavailable, UsageError
from riskml.ports import Reviewable

DEADLINE_S = 180.0
"""All that one try ever waits for a platform; what is not done by then is tried again later."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one platform is spoken with. ``ref`` is where it keeps the head of a merge request."""

    name: str
    headers: Callable[[str], dict[str, str]]
    open: Callable[[Forge, str], Reviewable]
    mark: str
    ref: str


_KINDS: Mapping[str, _Kind] = {
    "github": _Kind("GitHub", github.headers, github.PullRequest, "#", "refs/pull/{}/head"),
    "gitlab": _Kind("GitLab", gitlab.headers, gitlab.MergeRequest, "!", "refs/merge-requests/{}/head"),
}


class Platforms:
    """The allow-list, and for each platform its address and the file with the token.

    The file is read for every conversation, so that a token that lives for an hour can be renewed beside the service.
    """

    def __init__(self, allowed: tuple[str, ...], places: Mapping[str, tuple[str, Path]]) -> None:
        self._allowed = allowed
        self._places = places

    @classmethod
    def read(cls, settings: Settings) -> Platforms:
        """Read the settings; without ``RISKML_BOT_REPOSITORIES`` there is no bot. ``UsageError`` names what is missing."""
        allowed = tuple(filter(None, (each.strip() for each in (settings.bot_repositories or "").split(","))))
        places = {}
        if settings.github_api_token_file is not None and settings.github_secret_file is not None:
            places["github"] = (settings.github_api or github.API, settings.github_api_token_file)
        if settings.gitlab_api_token_file is not None and settings.gitlab_token_file is not None:
            places["gitlab"] = (settings.gitlab_api or gitlab.API, settings.gitlab_api_token_file)
        if allowed and not places:
            raise UsageError("a bot that cannot speak", where="RISKML_BOT_REPOSITORIES", got=settings.bot_repositories,
                             expected="RISKML_GITHUB_SECRET_FILE and RISKML_GITHUB_API_TOKEN_FILE, or RISKML_GITLAB_TOKEN_FILE "
                                      "and RISKML_GITLAB_API_TOKEN_FILE")
        for forge, (url, _) in places.items() if allowed else ():
            Forge(url, {}, name=forge).close()  # refuses what is no address
        return cls(allowed, places if allowed else {})

    @property
    def on(self) -> bool:
        """Whether there is anything to listen to."""
        return bool(self._places)

    def speaks(self, forge: str) -> bool:
        """Whether the bot speaks on a platform at all."""
        return forge in self._places

    def allows(self, repository: str) -> bool:
        """Whether the allow-list names a repository: by its name, or by a pattern such as ``acme/*``."""
        return any(fnmatchcase(repository, pattern) for pattern in self._allowed)

    @staticmethod
    def ref(forge: str, number: int) -> str:
        """Return where the platform keeps the head of a merge request, forks included."""
        return _KINDS[forge].ref.format(number)

    @contextmanager
    def request(self, forge: str, repository: str, number: int, *, sleep: Callable[[float], None]) -> Iterator[Reviewable]:
        """Open a conversation in a merge request. Raises ``ServiceUnavailable`` while there is no token to speak with."""
        kind, (url, file) = _KINDS[forge], self._places[forge]
        try:
            token = file.read_text(encoding="utf-8").strip()
        except OSError as error:
            token, why = "", error.strerror or "unreadable"
        else:
            why = "empty"
        if not token:
            raise ServiceUnavailable("no token to speak with", where=f"RISKML_{forge.upper()}_API_TOKEN_FILE", got=why,
                                     expected="a file with a token that may write to merge requests")
        channel = Forge(url, kind.headers(token), name=kind.name, deadline_s=DEADLINE_S, sleep=sleep)
        try:
            yield kind.open(channel, f"{repository}{kind.mark}{number}")
        finally:
            channel.close()
