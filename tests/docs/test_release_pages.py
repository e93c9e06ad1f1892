"""docs/verdicts.md and docs/outcomes.md say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from api.app import described
from riskml.adapters.prometheus import BUCKETS, REQUESTS
from riskml.outcome import CONFIDENCE, HAPPENED, TAIL
from riskml.parse.hooks import READERS
from riskml.parse.hooks.flagger import HOOKS, MESSAGES

DOCS = Path(__file__).parents[2] / "docs"
VERDICTS = (DOCS / "verdicts.md").read_text(encoding="utf-8")
OUTCOMES = (DOCS / "outcomes.md").read_text(encoding="utf-8")


def test_every_outcome_and_every_tool_stands_on_the_page() -> None:
    """Neither a word nor a sender is forgotten."""
    assert all(f"`{happened}`" in OUTCOMES for happened in HAPPENED)
    assert all(tool in OUTCOMES.lower() for tool in READERS)
    assert all(f"`{hook}`" in OUTCOMES for hook in HOOKS)
    assert f"{TAIL.total_seconds() / 3600:g} hours" in OUTCOMES
    assert {str(CONFIDENCE[h]) for h in ("promoted", "incident", "hot-fixed")} <= set(re.findall(r"0\.\d", OUTCOMES))


def test_every_message_of_flagger_that_is_an_outcome_stands_on_the_page() -> None:
    """What a row quotes is matched by the pattern of that outcome."""
    quoted = re.findall(r"event \"(.+?)\" \| `([a-z-]+)`", OUTCOMES)
    for words, happened in quoted:
        message = words.replace("… ", "Rolling back product.prod ").replace(" …", " x")
        message = message.replace("Promotion of Rolling back product.prod", "Promotion of product.prod")
        assert [h for pattern, _, h in MESSAGES if pattern.search(message)][:1] == [happened], words
    assert len(quoted) == 3


def test_the_examples_of_requests_are_requests() -> None:
    """JSON of the pages against the description of the API."""
    components = described()["components"]
    verdict, observations = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", VERDICTS, re.DOTALL))
    sent = json.loads(re.search(r"-d '(.*?)'", VERDICTS, re.DOTALL)[1])  # type: ignore[index] # it is there
    for block, name in ((verdict, "VerdictOut"), (observations, "ObservationsIn"), (sent, "VerdictIn")):
        Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components}).validate(block)


def test_the_series_that_are_read_stand_on_the_page() -> None:
    """Whoever names metrics otherwise must know."""
    assert f"`{REQUESTS}`" in VERDICTS
    assert f"`{BUCKETS}`" in VERDICTS


def test_argos_template_is_what_its_reader_reads() -> None:
    """The template, filled in, is a notification that gives an outcome."""
    (text,) = re.findall(r"```yaml\n(.*?)```", OUTCOMES, re.DOTALL)
    body = yaml.safe_load(yaml.safe_load(text)["template.riskml-aborted"])["webhook"]["riskml"]["body"]
    filled = re.sub(r"\{\{.*?toJson\}\}", '"metric assessed Failed"', body)
    filled = re.sub(r"\{\{.*?\}\}", "x", filled)
    (told,) = READERS["argo"](filled.encode(), {})
    assert (told.happened, told.target) == ("rolled-back", "argo:x/x")
