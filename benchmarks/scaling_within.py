"""Whether a thousand commits cost the same early and late in one history: the table of its parts.

Commits of one project resemble each other, but not from year to year. So what a thousand of them cost stands three times: as it
is; at equal diff size, which takes off what the line through the parts says that larger diffs cost (processor time of a commit
over KiB of patch a commit); and as a multiple of what git takes for the same diffs.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.scaling_cost import Measured

TASKS = {"git": "`git log -p`", "rows": "`riskml mine`", "labels": "`riskml label`", "state": "the state"}
_MIB = 1 << 20
_LINE = 3  # parts that a line needs to be wrong about any


def within(name: str, every: Sequence[Measured]) -> str:
    """Return a table of what the first commits of a history cost, and how far the largest is above the smallest.

    The largest part gives the diff size at which all are compared. Fewer than three parts are on any line, so there is no
    comparison of them.
    """
    lines = [f"### Within one history: {name}", "",
             "| commits | KiB patch | task | CPU s / 1,000 | at equal diff size | × git's CPU | MiB | KiB written / 1,000 |",
             "|--:|--:|---|--:|--:|--:|--:|--:|"]
    for task, title in TASKS.items():
        parts = having(every, task)
        if not parts:
            continue
        each = [part.costs[task].cpu / part.commits * 1000 for part in parts]
        equal = at_equal_size(each, [patch_of(part) for part in parts])
        ratio = [part.costs[task].cpu / part.costs["git"].cpu for part in parts]
        for n, part in enumerate(parts):
            cost = part.costs[task]
            memory = f"{cost.memory / _MIB:,.0f}" if cost.memory else "–"
            written = f"{cost.size / 1024 / part.commits * 1000:,.0f}" if task != "git" else "–"
            lines.append(f"| {part.commits:,} | {patch_of(part):.1f} | {title} | {each[n]:.2f} | "
                         f"{f'{equal[n]:.2f}' if equal else '–'} | {ratio[n]:.2f} | {memory} | {written} |")
        above = " | ".join(map(spread, (each, equal, ratio)))
        lines.append(f"| *the largest above the smallest* | | {title} | {above} | | |")
    return "\n".join(lines)


def having(found: Sequence[Measured], task: str) -> list[Measured]:
    """Return those in which a task was measured."""
    return [measured for measured in found if task in measured.costs]


def patch_of(part: Measured) -> float:
    """Return KiB of patch a commit."""
    return part.patch / 1024 / part.commits


def at_equal_size(costs: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Return costs as they would be at the last size, by the straight line through all; nothing if there are too few for one.

    >>> at_equal_size([5.0, 4.0, 3.0], [3, 2, 1])
    [3.0, 3.0, 3.0]
    >>> at_equal_size([5.0, 4.0], [3, 2])
    []
    """
    if len(costs) < _LINE or len(set(sizes)) == 1:
        return list(costs) if len(costs) >= _LINE else []
    line = statistics.linear_regression(sizes, costs)
    return [cost - line.slope * (size - sizes[-1]) for cost, size in zip(costs, sizes, strict=True)]


def spread(values: Sequence[float]) -> str:
    """Return how far the largest is above the smallest.

    >>> spread([2.0, 3.0])
    '*50 %*'
    """
    return f"*{100 * (max(values) / min(values) - 1):.0f} %*" if values else "–"
