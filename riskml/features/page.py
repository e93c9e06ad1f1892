"""The page that documents the features: written from the table itself, so that it cannot be wrong about it."""

from __future__ import annotations

from math import inf

from riskml.features.catalogue import CATALOGUE, FEATURE_SET, GROUPS
from riskml.features.feature import Feature

_INTRO = """# Features

Generated from `riskml/features` by `make docs`. Feature set {version}: {count} numbers about one change, in {groups} groups.

A value that is not known is missing (`null`, NaN), which is not 0. The column *unknown when* says when that happens; a dash
means never. *Risk* is `↑` where a model may not let the risk fall as the value grows, `↓` where it may not let it rise. Nothing
here looks at anything that happened after the change, at names of repositories or, but for the group *people*, at persons.
The group *people* is computed on request only (`--profile people`) and is not in the bundled model.
"""


def page() -> str:
    """Write the page as Markdown.

    >>> page().splitlines()[0]
    '# Features'
    """
    parts = [_INTRO.format(version=FEATURE_SET, count=len(CATALOGUE), groups=len(GROUPS))]
    for group in GROUPS:
        rows = ["| name | question | unit | range | unknown when | risk | source |", "|---|---|---|---|---|---|---|"]
        parts.append("\n".join([f"## {group.name}", "", *rows, *map(_row, group.features)]) + "\n")
    return "\n".join(parts)


def _row(feature: Feature) -> str:
    span = f"{feature.low:g} to {_end(feature.high)}"
    arrow = {1: "↑", -1: "↓"}.get(feature.monotone, "")
    cells = (f"`{feature.name}`", feature.question, feature.unit, span, feature.missing or "–", arrow, feature.reference)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _end(high: float) -> str:
    return "∞" if high == inf else f"{high:g}"
