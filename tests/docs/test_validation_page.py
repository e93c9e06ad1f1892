"""docs/validation.md tells the truth about validations."""

import dataclasses
import re
from pathlib import Path

from riskml.policy import validation
from riskml.policy.quantity import METRICS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "validation.md").read_text(encoding="utf-8")


def test_the_example_is_a_validation():
    """What the page shows can be read, and means what it says."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    read = validation.load_validation(text)

    assert (read.feature, read.api, len(read.criteria)) == ("new-checkout", "/api/checkout", 2)
    assert [s.traffic_bp for s in read.steps] == [100, 1000, 10_000]
    assert (read.load_test.users, read.load_test.spawn_rate, read.load_test.duration_s) == (1000, 50, 300)


def test_every_key_and_metric_stands_in_the_table():
    """No key without a word."""
    table = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
    top = {f.name for f in dataclasses.fields(validation._ValidationText)} - {"load_test", "stages"}
    load = {f"load_test.{f.name}" for f in dataclasses.fields(validation._LoadTestText)}
    stages = {f"stages[].{f.name}" for f in dataclasses.fields(validation._StageText)}

    assert {name for name in top | load | stages | set(METRICS) if f"`{name}`" not in table} == set()
