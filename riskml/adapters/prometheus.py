"""Prometheus asked for what a stage's gates and limits need: readings of raw counters at the edges of windows.

No ``rate`` and no ``increase``: both extrapolate, and statistics want counts. For a latency the histogram must have a bucket
edge exactly at the limit; where it has none, nothing is measured and that is said.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from riskml.errors import ServiceUnavailable, UsageError
from riskml.plan import Gate, Plan
from riskml.verdict.claim import claims
from riskml.verdict.counters import Readings, paired, total
from riskml.verdict.observation import Observation, Series

CANARY = 'service="{service}",track="canary"'
BASELINE = 'service="{service}",track="stable"'
REQUESTS = "http_requests_total"
BUCKETS = "http_request_duration_seconds_bucket"
MAX_BYTES = 32 << 20
MOST_WINDOWS = 1000  # of one pull; a stage that nobody asked about for longer is caught up with in several
LOOK_BACK_S = 300  # how far before a window a counter is looked for that was away at its edge
GRACE_S = 2  # a window is read when its last samples have arrived

Row = tuple[Mapping[str, str], Readings]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was read, and in words what could not be."""

    observations: tuple[Observation, ...] = ()
    trouble: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Span:
    """Windows ``first`` to ``last`` (edges, counted from the stage's begin) of ``window_s`` each."""

    stage: str
    since: float
    window_s: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Need:
    """One series that a verdict needs, and where it comes from."""

    series: Series
    gate: Gate | None


class Prometheus:
    """A server at ``url``. ``canary`` and ``baseline`` select the series of the two versions; ``{service}`` is filled in.

    ``timeout_s`` bounds one query and ``deadline_s`` a whole pull, so that a deploy tool that waits for a verdict gets one.
    """

    def __init__(self, url: str, *, canary: str = CANARY, baseline: str = BASELINE, timeout_s: float = 3.0,
                 deadline_s: float = 7.0, transport: httpx.BaseTransport | None = None,
                 clock: Callable[[], float] = time.monotonic) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("not the address of a Prometheus", where="prometheus", got=url, expected="http://HOST:PORT")
        self._url, self.place = url.rstrip("/"), parts.hostname + (f":{parts.port}" if parts.port else "")
        self._selectors = {"canary": canary, "baseline": baseline}
        self._timeout_s, self._deadline_s, self._clock = timeout_s, deadline_s, clock
        self._http = httpx.Client(transport=transport, follow_redirects=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def pull(self, plan: Plan, stage: str, *, since: datetime, until: datetime, known: Iterable[Observation] = ()) -> Pulled:
        """Read the windows of a stage that are over and not in ``known``; what cannot be read is said, never made up."""
        end = self._clock() + self._deadline_s
        window_s = plan.analysis.interval_s
        done = int((until.timestamp() - GRACE_S - since.timestamp()) // window_s)
        found: list[Observation] = []
        trouble: list[str] = []
        read = [o for o in known if o.stage == stage and o.window_s == window_s]
        for need in _needs(plan, stage):
            mine = (o.start_s // window_s + 1 for o in read if (o.metric, o.over) == need.series)
            first = max(mine, default=0)
            last = min(done, first + MOST_WINDOWS)
            if last <= first:
                continue
            span = _Span(stage, since.timestamp(), window_s, first, last)
            try:
                found += [o for arm in ("canary", "baseline") for o in self._measure(plan, need, arm, span, end)]
            except ServiceUnavailable as error:
                trouble.append(str(error))
                break  # the next query would fare no better, and somebody waits
            except _NotMeasuredError as error:
                trouble.append(f"{need.series[0]}: {error}")
        return Pulled(tuple(found), tuple(trouble))

    def _measure(self, plan: Plan, need: _Need, arm: str, span: _Span, end: float) -> list[Observation]:
        selector = self._selectors[arm].replace("{service}", _quoted(plan.subject.service))
        metric, over = need.series
        gate = need.gate
        if gate is not None and gate.bad_query and gate.total_query:
            rows = [self._ask(_for(q, selector, arm), span, end) if _tells(q, arm) else None
                    for q in (gate.bad_query, gate.total_query)]
            if rows[0] is None or rows[1] is None:
                return []
            return _counted(need, arm, span, *(total((r for _, r in part or ()), span.first, span.last) for part in rows))
        if gate is not None and gate.value_query:
            if arm == "baseline" and not _tells(gate.value_query, arm):
                return []
            return _valued(need, arm, span, self._ask(_for(gate.value_query, selector, arm), span, end))
        if over is not None:
            return self._latency(need, arm, span, selector, end)
        if metric in ("error_rate", "success_rate"):
            rows_of = self._ask(f"{REQUESTS}{{{selector}}}", span, end)
            failed = (r for labels, r in rows_of if labels.get("code", "").startswith("5"))
            return _counted(need, arm, span, total(failed, span.first, span.last),
                            total((r for _, r in rows_of), span.first, span.last))
        raise _NotMeasuredError("no query for this metric; give its gate bad_query and total_query, or value_query")

    def _latency(self, need: _Need, arm: str, span: _Span, selector: str, end: float) -> list[Observation]:
        limit_s = (need.series[1] or 0) / 1000
        edges = "|".join(dict.fromkeys((f"{limit_s:g}", f"{limit_s:.1f}", repr(limit_s)))).replace(".", "[.]")
        rows = self._ask(f'{BUCKETS}{{{selector},le=~"{edges}|[+]Inf"}}', span, end)
        every = [r for labels, r in rows if labels.get("le") == "+Inf"]
        fast = [r for labels, r in rows if labels.get("le") != "+Inf" and float(labels.get("le", "nan")) == limit_s]
        if every and not fast:
            raise _NotMeasuredError(f"the histogram has no bucket edge at {limit_s:g} s")
        all_, quick = total(every, span.first, span.last), total(fast, span.first, span.last)
        slow = [None if a is None or q is None else max(a - q, 0) for a, q in zip(all_, quick, strict=True)]
        return _counted(need, arm, span, slow, all_)

    def _ask(self, query: str, span: _Span, end: float) -> list[Row]:
        """Read an expression at all edges of a span, and for some time before it."""
        left = end - self._clock()
        if left <= 0:
            raise ServiceUnavailable("Prometheus was too slow", where=self.place, got=f"no answer in {self._deadline_s:g} s")
        back = math.ceil(LOOK_BACK_S / span.window_s)
        start, stop = (span.since + edge * span.window_s for edge in (span.first - back, span.last))
        form = {"query": query, "start": f"{start:.3f}", "end": f"{stop:.3f}", "step": str(span.window_s)}
        document = self._json("/api/v1/query_range", form, min(self._timeout_s, left))
        rows: list[Row] = []
        for series in document["data"]["result"]:
            readings = {round((float(t) - span.since) / span.window_s): float(v) for t, v in series["values"]}
            rows.append((series["metric"], readings))
        return rows

    def _json(self, path: str, form: Mapping[str, str], timeout_s: float) -> dict[str, Any]:
        where = f"{self.place}{path}"
        stop = self._clock() + timeout_s
        try:
            with self._http.stream("POST", self._url + path, data=form, timeout=timeout_s) as answer:
                body = bytearray()
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > MAX_BYTES:
                        raise ServiceUnavailable("Prometheus answered too much", where=where, got=f"over {MAX_BYTES} bytes",
                                                 expected="a narrower selector, or recording rules")
                    if self._clock() > stop:
                        raise httpx.ReadTimeout(f"not complete after {timeout_s:g} s")
        except httpx.HTTPError as error:
            raise ServiceUnavailable("Prometheus did not answer", where=where, got=str(error) or type(error).__name__) from None
        return _matrix(bytes(body), answer.status_code, where)


def _matrix(body: bytes, status: int, where: str) -> dict[str, Any]:
    """Read an answer of Prometheus's API."""
    try:
        document = json.loads(body)
        if document["status"] == "success" and document["data"]["resultType"] == "matrix":
            return document  # type: ignore[no-any-return] # parsed JSON
        said = document["error"]
    except (ValueError, KeyError, TypeError):
        raise ServiceUnavailable("the answer is not Prometheus's", where=where, got=status,
                                 expected="its HTTP API at this address") from None
    raise ServiceUnavailable("Prometheus refused a query", where=where, got=said)


class _NotMeasuredError(Exception):
    """A series that cannot be had, whoever asks."""


def _needs(plan: Plan, stage: str) -> list[_Need]:
    """List what the gates of a stage and the rollback rules are judged by, each series once."""
    used = next(s.gates for s in plan.stages if s.name == stage)
    gates, rules = claims(plan, used)
    needs: dict[Series, _Need] = {}
    for claim in (*gates, *rules):
        gate = claim.source if isinstance(claim.source, Gate) else next(
            (g for g in plan.gates if g.metric == claim.source.metric and (g.bad_query or g.value_query)), None)
        own = gate if gate is not None and (gate.value_query or (gate.bad_query and gate.total_query)) else None
        needs.setdefault(claim.series, _Need(claim.series, own))
    return list(needs.values())


def _tells(query: str, arm: str) -> bool:
    """Whether an expression of a plan can be asked for this arm: without a place for the selector it is the canary's."""
    return arm == "canary" or "$selector" in query or "$arm" in query


def _for(query: str, selector: str, arm: str) -> str:
    return query.replace("$selector", selector).replace("$arm", arm)


def _counted(need: _Need, arm: str, span: _Span, bad: Sequence[float | None],
             of: Sequence[float | None]) -> list[Observation]:
    metric, over = need.series
    return [Observation(span.stage, metric, arm, (span.first + i) * span.window_s, span.window_s,  # type: ignore[arg-type] # one of the two
                        total=pair[1], bad=pair[0], over=over) for i, pair in enumerate(paired(bad, of)) if pair is not None]


def _valued(need: _Need, arm: str, span: _Span, rows: Sequence[Row]) -> list[Observation]:
    if len(rows) > 1:
        raise _NotMeasuredError(f"value_query gave {len(rows)} series; expected one")
    readings = rows[0][1] if rows else {}
    values = [(edge, readings.get(edge, math.nan)) for edge in range(span.first + 1, span.last + 1)]
    return [Observation(span.stage, need.series[0], arm, (edge - 1) * span.window_s, span.window_s,  # type: ignore[arg-type] # one of the two
                        over=need.series[1], value=value) for edge, value in values if math.isfinite(value)]


def _quoted(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"")
