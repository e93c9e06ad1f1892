"""Metrics in the text that Prometheus reads."""

from api.metrics import Counter, Gauge, Histogram, Registry


def test_a_histogram_counts_at_or_below_each_bound():
    """Buckets are cumulative, a value on a bound belongs to it, and the sum and the count are given."""
    histogram = Histogram("t", "T.", (0.1, 1.0), ("route",))
    for value in (0.1, 0.5, 7.0):
        histogram.observe(value, "/")
    assert list(histogram.lines())[2:] == [
        't_bucket{route="/",le="0.1"} 1', 't_bucket{route="/",le="1"} 2', 't_bucket{route="/",le="+Inf"} 3',
        't_sum{route="/"} 7.6', 't_count{route="/"} 3']


def test_label_values_cannot_break_the_format():
    """Quotes, backslashes and line ends are escaped."""
    counter = Counter("c", "C.", ("x",))
    counter.add('a"b\\c\nd')
    assert list(counter.lines())[-1] == r'c{x="a\"b\\c\nd"} 1'


def test_large_counts_keep_their_last_digit():
    """A counter beyond a million is not rounded."""
    counter = Counter("c", "C.")
    counter.add(amount=12_345_678)
    assert list(counter.lines())[-1] == "c 12345678"


def test_a_gauge_is_read_when_asked():
    """It shows the present, not the past."""
    value = [1.0]
    gauge = Gauge("g", "G.", (), lambda: {(): value[0]})
    value[0] = 2.5
    assert list(gauge.lines())[-1] == "g 2.5"


def test_an_assessment_counts_its_decision_and_its_unknowns():
    """Band and strategy, probability, and which features were unknown."""
    registry = Registry()
    registry.assessed({"band": "high", "strategy": "canary", "probability": 0.73, "unknown": ["age"]})
    registry.assessed({"band": "low", "strategy": "rolling", "probability": 0.1, "unknown": []})
    text = registry.exposition()
    assert 'riskml_decisions_total{band="high",strategy="canary"} 1' in text
    assert 'riskml_probability_bucket{le="0.75"} 2' in text
    assert "riskml_assessments_with_unknowns_total 1" in text
    assert 'riskml_unknown_features_total{feature="age"} 1' in text
