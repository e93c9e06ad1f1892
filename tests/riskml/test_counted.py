"""Numbers of things in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from riskml.counted import counted

ROOT = Path(__file__).parents[2]
THINGS = "blob|commit|change|file|row|rule|test|fixe|note|stage|warning|assessment"
BARE = re.compile(rf"f[\"'].*\{{[^}}]*len\([^}}]*\}} (?:more )?(?:{THINGS})s\b")


@pytest.mark.parametrize(("count", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1234, "1,234 rows")])
def test_one_is_not_many(count: int, words: str):
    """And nothing is many."""
    assert counted(count, "row") == words


def test_a_word_may_have_a_plural_of_its_own():
    """Or bring its verb along."""
    assert [counted(n, "fix is", "fixes are") for n in (1, 2)] == ["1 fix is", "2 fixes are"]


def test_no_message_takes_one_for_many():
    """What has a length may have one thing in it."""
    found = [f"{path.relative_to(ROOT)}: {line.strip()}" for folder in ("riskml", "api", "training")
             for path in (ROOT / folder).rglob("*.py") for line in path.read_text(encoding="utf-8").splitlines()
             if BARE.search(line)]

    assert found == []
