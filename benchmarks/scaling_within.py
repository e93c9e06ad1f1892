"""Whether a thousand commits cost the same early and late in one history: the table of its parts.

Commits of one project resemble each other, but not from year to year; so cost stands beside the bytes of patch as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.scaling_cost import Measured

TASKS = {"git": "`git log -p`", "rows": "`riskml mine`", "labels": "`riskml label`", "state": "the state"}
_MIB = 1 << 20


def within(name: str, parts: Sequence[Measured]) -> str:
    """Return a table of what the first commits of a history cost, and how far the largest is above the smallest."""
    lines = [f"### Within one history: {name}", "",
             "| commits | KiB patch | task | CPU s / 1,000 | CPU s / MiB patch | × git's CPU | MiB | KiB written / 1,000 |",
             "|--:|--:|---|--:|--:|--:|--:|--:|"]
    for task, title in TASKS.items():
        for part in parts:
            cost = part.costs[task]
            memory = f"{cost.memory / _MIB:,.0f}" if cost.memory else "–"
            written = f"{cost.size / 1024 / part.commits * 1000:,.0f}" if task != "git" else "–"
            each, dense, ratio = rates(part, task)
            lines.append(f"| {part.commits:,} | {part.patch / 1024 / part.commits:.1f} | {title} | {each:.2f} | {dense:.3f} | "
                         f"{ratio:.2f} | {memory} | {written} |")
        columns = zip(*(rates(part, task) for part in parts), strict=True)
        above = [f"{100 * (max(values) / min(values) - 1):.0f} %" for values in columns]
        lines.append(f"| *the largest above the smallest* | | {title} | *{'* | *'.join(above)}* | | |")
    return "\n".join(lines)


def rates(part: Measured, task: str) -> tuple[float, float, float]:
    """Return processor time of a task: seconds for 1,000 commits, seconds for a MiB of patch, and as a multiple of git's."""
    cpu = part.costs[task].cpu
    return cpu / part.commits * 1000, cpu / part.patch * _MIB, cpu / part.costs["git"].cpu
