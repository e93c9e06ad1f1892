"""The stages of a plan as a drawing: one column a stage, as high as its share of the traffic (SVG, no style of its own)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from riskml.render.escape import printable
from riskml.render.wording import duration, stage_share

_TOP: Final = 28
_HEIGHT: Final = 130
_COLUMN: Final = 104
_LEFT: Final = 8


def draw(stages: Sequence[Mapping[str, Any]]) -> str:
    """Return the drawing. Heights are to scale; widths are not time, which is written below each column.

    Traffic that is only copied (mirrored) is an outline.
    """
    width = 2 * _LEFT + _COLUMN * len(stages)
    bottom = _TOP + _HEIGHT
    size = f'viewBox="0 0 {width} {bottom + 40}" width="{width}" height="{bottom + 40}"'
    said = "; ".join(f"{stage['name']}: {stage_share(stage)}" for stage in stages)
    columns = "".join(_column(stage, _LEFT + i * _COLUMN) for i, stage in enumerate(stages))
    return (f'<svg {size} role="img" aria-label="{_shown(said)}">'
            f'<line class="rail" stroke="#888" x1="0" x2="{width}" y1="{bottom}" y2="{bottom}"/>{columns}</svg>')


def _column(stage: Mapping[str, Any], left: int) -> str:
    high = _HEIGHT * stage.get("traffic_bp", 0) / 10_000
    copied = _HEIGHT * (stage.get("mirror_bp") or 0) / 10_000
    bottom, middle = _TOP + _HEIGHT, left + (_COLUMN - 16) / 2
    kinds = (("share", 'fill="#3b6fd4"', high), ("copies", 'fill="none" stroke="#3b6fd4"', copied))
    bars = "".join(
        f'<rect class="{kind}" {paint} x="{left}" y="{bottom - height:.1f}" width="{_COLUMN - 16}" height="{height:.1f}"/>'
        for kind, paint, height in kinds if height
    )
    seconds = stage.get("min_duration_s") or 0
    length = duration(seconds) if seconds else "until approved" if stage.get("approval") == "manual" else ""
    label = bottom - max(high, copied) - 8
    return "".join([
        bars,
        f'<text x="{middle:.0f}" y="{label:.1f}" text-anchor="middle">{_shown(stage_share(stage))}</text>',
        f'<text x="{middle:.0f}" y="{bottom + 16}" text-anchor="middle">{_shown(_short(stage["name"]))}</text>',
        f'<text class="soft" x="{middle:.0f}" y="{bottom + 32}" text-anchor="middle">{_shown(length)}</text>',
    ])


def _short(name: str) -> str:
    return name if len(name) <= 14 else name[:13] + "…"


def _shown(text: object) -> str:
    return escape(printable(text))
