"""Counters and histograms, and how Prometheus reads them (text exposition format 0.0.4). One registry per process."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _sample(name: str, labels: Iterable[tuple[str, str]], value: float) -> str:
    inside = ",".join(f'{k}="{_escaped(v)}"' for k, v in labels)
    return f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}"


class Counter:
    r"""A number that only grows, one for each combination of label values.

    >>> c = Counter("riskml_decisions_total", "Answers by strategy.", ("strategy",))
    >>> c.add("canary"); c.add("canary")
    >>> print(*c.lines(), sep="\n")
    # HELP riskml_decisions_total Answers by strategy.
    # TYPE riskml_decisions_total counter
    riskml_decisions_total{strategy="canary"} 2
    """

    def __init__(self, name: str, text: str, labels: tuple[str, ...] = ()) -> None:
        self.name, self.text, self.labels = name, text, labels
        self._values: dict[tuple[str, ...], float] = {} if labels else {(): 0}

    def add(self, *values: str, amount: float = 1) -> None:
        """Count one more under these label values."""
        self._values[values] = self._values.get(values, 0) + amount

    def lines(self) -> Iterator[str]:
        """Yield the exposition."""
        yield f"# HELP {self.name} {self.text}"
        yield f"# TYPE {self.name} counter"
        for values, count in sorted(self._values.items()):
            yield _sample(self.name, zip(self.labels, values, strict=True), count)


class Histogram:
    """How often a value fell at or below each bound, one row of buckets for each combination of label values."""

    def __init__(self, name: str, text: str, bounds: tuple[float, ...], labels: tuple[str, ...] = ()) -> None:
        self.name, self.text, self.labels, self.bounds = name, text, labels, bounds
        self._rows: dict[tuple[str, ...], list[float]] = {} if labels else {(): self._new_row()}

    def _new_row(self) -> list[float]:
        return [0.0] * (len(self.bounds) + 2)  # one a bound, one beyond the last, and the sum

    def observe(self, value: float, *values: str) -> None:
        """Count one observation under these label values."""
        row = self._rows.get(values) or self._rows.setdefault(values, self._new_row())
        row[bisect_left(self.bounds, value)] += 1
        row[-1] += value

    def lines(self) -> Iterator[str]:
        """Yield the exposition."""
        yield f"# HELP {self.name} {self.text}"
        yield f"# TYPE {self.name} histogram"
        for values, row in sorted(self._rows.items()):
            labels = list(zip(self.labels, values, strict=True))
            below = 0.0
            for bound, count in zip((*map("{:g}".format, self.bounds), "+Inf"), row[:-1], strict=True):
                below += count
                yield _sample(f"{self.name}_bucket", [*labels, ("le", bound)], below)
            yield _sample(f"{self.name}_sum", labels, row[-1])
            yield _sample(f"{self.name}_count", labels, below)


class Gauge:
    """A number that is read when it is asked for: ``read`` gives the value of each combination of label values."""

    def __init__(self, name: str, text: str, labels: tuple[str, ...],
                 read: Callable[[], Mapping[tuple[str, ...], float]]) -> None:
        self.name, self.text, self.labels, self._read = name, text, labels, read

    def lines(self) -> Iterator[str]:
        """Yield the exposition."""
        yield f"# HELP {self.name} {self.text}"
        yield f"# TYPE {self.name} gauge"
        for values, value in sorted(self._read().items()):
            yield _sample(self.name, zip(self.labels, values, strict=True), value)


class Registry:
    """All metrics of the service."""

    def __init__(self) -> None:
        self.requests = Counter("riskml_http_requests_total", "Requests answered.", ("method", "route", "status"))
        self.seconds = Histogram("riskml_http_request_seconds", "Time from the request to the end of its answer.", SECONDS,
                                 ("method", "route"))
        self.decisions = Counter("riskml_decisions_total", "Assessments by band and strategy.", ("band", "strategy"))
        self.probability = Histogram("riskml_probability", "Calibrated probability of harm of the assessed changes.",
                                     tuple(n / 20 for n in range(1, 20)))
        self.incomplete = Counter("riskml_assessments_with_unknowns_total", "Assessments for which some feature was unknown.")
        self.unknown = Counter("riskml_unknown_features_total", "How often each feature was unknown.", ("feature",))
        self.refusals = Counter("riskml_refusals_total", "Problems answered, by type.", ("type",))
        self.commits = Histogram("riskml_commit_rows", "Answers that one commit of the store held.",
                                 (1, 2, 4, 8, 16, 32, 64, 128, 256))
        self.deliveries = Counter("riskml_bot_deliveries_total", "What came of merge requests that the bot was told of.",
                                  ("forge", "result"))
        self.gauges: list[Gauge] = []
        self.more: list[Counter] = []

    def exposition(self) -> str:
        """Print every metric."""
        parts: tuple[Counter | Histogram | Gauge, ...] = (
            self.requests, self.seconds, self.decisions, self.probability, self.incomplete, self.unknown, self.refusals,
            self.commits, self.deliveries, *self.gauges, *self.more)
        return "\n".join(line for part in parts for line in part.lines()) + "\n"

    def assessed(self, wire: Mapping[str, object]) -> None:
        """Count one assessment, in its wire form."""
        self.decisions.add(str(wire["band"]), str(wire["strategy"]))
        if wire["probability"] is not None:  # else there is nothing to release, and nothing was measured
            self.probability.observe(float(wire["probability"]))  # type: ignore[arg-type] # the wire's own number
        unknown = wire["unknown"]
        if isinstance(unknown, (list, tuple)) and unknown:
            self.incomplete.add()
            for name in unknown:
                self.unknown.add(str(name))
