"""What a group of features is worth, on made-up changes."""

from __future__ import annotations

from training.ablations import ablations, table
from training.recipe import recipe


def test_the_group_that_decides_is_missed_most(data, config):
    """Harm was made from lines added and earlier fixes: without them less is known, and the whole model stands first."""
    said: list[str] = []
    whole, *rest = ablations(*recipe(data, config), said.append)
    by_group = {one.group: one.plain[0] - whole.plain[0] for one in rest}

    assert whole.group == ""
    assert sorted(by_group, key=by_group.__getitem__)[:2] == ["size", "past"]
    assert by_group["past"] < -0.03
    assert said[0] == "without nothing …"


def test_the_table_shows_losses_in_thousandths(data, config):
    """A line for each group under the figures of the whole."""
    lines = table(ablations(*recipe(data, config), lambda _text: None)).splitlines()

    assert lines[2].startswith("| nothing | — | 0.")
    assert all(row.split(" | ")[2][0] in "+-" for row in lines[3:])
