"""The HTTP of a platform that keeps merge requests: time-outs, retries, rate limits, and refusals in words.

What is safe to send twice (reads, edits, deletions) is sent again after a failure. A POST is not, unless the platform said that
it did nothing (a rate limit, a conflict): its caller looks whether it was done.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from riskml.errors import ServiceUnavailable, UsageError

MOST_PAGES = 100
PAGE = 100
LARGEST = 32 * 1024 * 1024

_LATER = (409, 425, 429)  # nothing was done, and the same may succeed later
_BROKEN = (500, 502, 503, 504)  # something may have been done
_GONE = (404, 410)
_UNSAID_S = 60.0  # what GitHub asks for where a limit comes without a time
_OF_TRAVEL = ("content-encoding", "content-length", "transfer-encoding")  # how the body came: it is decoded already


class Forge:
    """A platform's API at ``url``. ``timeout_s`` bounds one attempt, ``deadline_s`` all that this object ever waits and asks.

    The clocks, the sleep and the randomness can be replaced.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], *, name: str, timeout_s: float = 20.0, deadline_s: float = 180.0,
        retries: int = 5, clock: Callable[[], float] = time.monotonic, wall_clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep, chance: Callable[[], float] = random.random,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url, self._name = _checked(url), name
        self._timeout_s, self._retries = timeout_s, retries
        self._clock, self._wall_clock, self._sleep, self._chance = clock, wall_clock, sleep, chance
        self._end = clock() + deadline_s
        self._http = httpx.Client(headers={"user-agent": "riskml", **headers}, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(self, method: str, path: str, *, json: object = None, params: Mapping[str, str] | None = None) -> Any:
        """Send a request and return the answer's JSON; ``None`` for a thing that is gone (404, 410) and for an empty answer.

        Raises ``UsageError`` for a refusal, ``ServiceUnavailable`` when there is no answer in time.
        """
        answer = self._send(method, path, json, params)
        return None if answer is None else self._json(answer, f"{method} {path}")

    def read(self, path: str, *, accept: str, params: Mapping[str, str] | None = None) -> bytes | None:
        """Fetch something that is no JSON, such as a diff or a file; ``None`` if it is not there. Raises as ``ask`` does."""
        answer = self._send("GET", path, None, params, {"accept": accept})
        return None if answer is None else answer.content

    def _send(self, method: str, path: str, json: object, params: Mapping[str, str] | None,
              headers: Mapping[str, str] | None = None) -> httpx.Response | None:
        where = f"{method} {path}"
        for attempt in range(self._retries + 1):
            answer = self._attempt(method, path, json, params, headers)
            if isinstance(answer, httpx.Response):
                if answer.is_success:
                    return answer
                if answer.status_code in _GONE:
                    return None
                if not self._is_passing(answer):
                    raise self._refusal(answer, where)
            wait_s = self._wait_s(answer, attempt)
            again = method != "POST" or self._did_nothing(answer)
            if not again or attempt == self._retries or self._clock() + wait_s >= self._end:
                raise self._away(answer, where, wait_s)
            self._sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")

    def pages(self, path: str, params: Mapping[str, str]) -> Iterator[Any]:
        """Yield every item of a list, page by page; ``UsageError`` if the list is not there."""
        for page in range(1, MOST_PAGES + 1):
            items = self.ask("GET", path, params={**params, "per_page": str(PAGE), "page": str(page)})
            if items is None:
                raise UsageError(f"{self._name} shows no such merge request", where=f"GET {path}", got=404,
                                 expected="the right project and number, and a token that may read it")
            if not isinstance(items, list):
                raise self._strange(f"GET {path}", items)
            yield from items
            if len(items) < PAGE:
                return

    def _attempt(self, method: str, path: str, json: object, params: Mapping[str, str] | None,
                 headers: Mapping[str, str] | None) -> httpx.Response | httpx.RequestError:
        left = max(0.001, min(self._timeout_s, self._end - self._clock()))
        stop = self._clock() + left
        try:
            with self._http.stream(method, self._url + path, params=params, json=json, headers=headers,
                                   timeout=httpx.Timeout(left)) as answer:
                body = bytearray()
                for chunk in answer.iter_bytes():
                    body += chunk
                    if self._clock() > stop or len(body) > LARGEST:  # a time-out of httpx bounds each read, not their sum
                        raise httpx.ReadTimeout("the answer has no end")
                kept = {k: v for k, v in answer.headers.items() if k not in _OF_TRAVEL}
                return httpx.Response(answer.status_code, headers=kept, content=bytes(body))
        except httpx.RequestError as error:
            return error

    def _is_passing(self, answer: httpx.Response) -> bool:
        """Whether a failure may pass by itself."""
        return answer.status_code in (*_LATER, *_BROKEN) or (answer.status_code == 403 and self._is_limited(answer))

    @staticmethod
    def _is_limited(answer: httpx.Response) -> bool:
        if "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0":
            return True
        return "rate limit" in _message(answer).lower()  # GitHub's secondary limits may come without a header

    def _did_nothing(self, answer: httpx.Response | httpx.RequestError) -> bool:
        if isinstance(answer, httpx.Response):
            return answer.status_code in (*_LATER, 403)
        return isinstance(answer, httpx.ConnectError | httpx.ConnectTimeout)

    def _wait_s(self, answer: httpx.Response | httpx.RequestError, attempt: int) -> float:
        """Return how long to wait: what the platform asks for at least, jitter on top (Brooker 2015)."""
        jitter: float = self._chance() * min(15.0, 0.5 * 2.0**attempt)
        if not isinstance(answer, httpx.Response):
            return jitter
        unsaid = _UNSAID_S if answer.status_code in (403, 429) else 0.0
        asked = self._asked_s(answer.headers)
        return jitter + (unsaid if asked is None else asked)

    def _asked_s(self, headers: httpx.Headers) -> float | None:
        after = headers.get("retry-after", "").strip()
        if after.isascii() and after.isdigit():
            return float(after)
        try:
            if after:
                return max(0.0, parsedate_to_datetime(after).timestamp() - self._wall_clock())
        except (ValueError, OverflowError):
            return None
        reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
        limited = headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining")) == "0"
        return max(0.0, float(reset) - self._wall_clock()) if limited and reset.isascii() and reset.isdigit() else None

    def _json(self, answer: httpx.Response, where: str) -> Any:
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            raise self._strange(where, answer.text[:100]) from None

    def _strange(self, where: str, got: object) -> ServiceUnavailable:
        expected = "JSON; is the address that of its API?"
        return ServiceUnavailable(f"not an answer of {self._name}", where=where, got=got, expected=expected)

    def _refusal(self, answer: httpx.Response, where: str) -> UsageError:
        said = _message(answer)
        if answer.status_code in (401, 403):
            return UsageError(f"{self._name} does not let us do this", where=where, got=f"{answer.status_code} {said}",
                              expected="a token that may write to merge requests")
        if answer.is_redirect:
            place = answer.headers.get("location")
            return UsageError("the project is elsewhere", where=where, got=place, expected="its name of today")
        return UsageError(f"{self._name} refused", where=where, got=f"{answer.status_code} {said}")

    def _away(self, answer: httpx.Response | httpx.RequestError, where: str, wait_s: float) -> ServiceUnavailable:
        got = f"{answer.status_code} {_message(answer)}" if isinstance(answer, httpx.Response) else type(answer).__name__
        return ServiceUnavailable(f"{self._name} cannot answer now", where=where, got=got,
                                  expected=f"another try in {max(1.0, wait_s):.0f} s")


def _message(answer: httpx.Response) -> str:
    try:
        found = answer.json()
        said = found.get("message") or found.get("error") if isinstance(found, dict) else None
    except ValueError:
        said = None
    return str(said or answer.reason_phrase)[:200]


def _checked(url: str) -> str:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL("")
    if parts.scheme not in ("http", "https") or not parts.host or parts.userinfo or parts.query or parts.fragment:
        raise UsageError("not the address of an API", where="--api", got=parts.host or url, expected="such as https://api.github.com")
    return url.rstrip("/")
