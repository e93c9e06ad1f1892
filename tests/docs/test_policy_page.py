"""The policy page: true to the code, in every table and every example."""

from __future__ import annotations

import re
from pathlib import Path

from riskml.features.catalogue import NAMES
from riskml.policy.check import check
from riskml.policy.page import MEANINGS, keys, page
from riskml.policy.policy import load_policy
from riskml.policy.sample import Sample, needed_requests
from riskml.policy.service import load_service

PAGE = Path(__file__).parents[2] / "docs" / "policy.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", page(), re.DOTALL)


def test_the_page_is_what_the_code_writes() -> None:
    """Run ``make docs`` when this fails."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_key_has_its_meaning_and_every_meaning_its_key() -> None:
    """Neither a key without words nor words without a key."""
    assert set(keys()) == set(MEANINGS)
    assert all(meaning for _, _, meaning in keys().values())


def test_the_policies_of_the_page_can_be_read_and_pass_their_check() -> None:
    """An example that warns would teach the wrong thing."""
    policies = [load_policy(block, features=NAMES) for block in BLOCKS if "rules:" in block]

    assert len(policies) == 2
    assert [check(p) for p in policies] == [(), ()]


def test_the_service_of_the_page_can_be_read() -> None:
    """The example names every key of a service."""
    (block,) = [b for b in BLOCKS if "impact:" in b]

    assert load_service(block).requests_per_minute == 1200


def test_the_samples_of_the_page_are_computed() -> None:
    """The two sizes in the text are those of the defaults."""
    for share, size in ((100, "4,046"), (5000, "9,202")):
        assert f"{needed_requests(share, Sample()):,}" == size
        assert size in page()
