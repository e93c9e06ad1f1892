"""One repository's share of the work: it can be sent anywhere, done twice, or lost, and harms no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from riskml.adapters.git import GitRepository
from riskml.errors import RiskmlError, UsageError
from riskml.fleet.recipe import Progress, Recipe
from riskml.mine.finished import finish, finished, read, remove_leftovers

_ALONE = Lock()


@dataclass(frozen=True, slots=True)
class Task:
    """Make a table out of a repository.

    ``rests_on`` is what the recipe rests on where the task was made: a worker with other code must not do it. With ``noted``
    a note beside the table says what it was made from; with ``resume`` a table that is finished is kept.
    """

    name: str
    repository: str
    table: str
    recipe: Recipe
    rests_on: Mapping[str, object]
    noted: bool = True
    resume: bool = False


class Result(NamedTuple):
    """What came of a task. ``said`` is what the table holds, or, if it failed, why."""

    task: Task
    said: str
    notices: tuple[str, ...] = ()
    kept: bool = False
    failed: bool = False


def perform(task: Task, progress: Progress | None = None) -> Result:
    """Do a task. Raises ``RiskmlError`` for whatever is wrong with the repository or the place of its table."""
    if task.rests_on != task.recipe.rests_on():
        raise UsageError("this worker's riskml makes other tables", where="worker", got=str(dict(task.recipe.rests_on())),
                         expected=str(dict(task.rests_on)))
    table = Path(task.table)
    source = GitRepository.open(task.repository)
    tip = source.resolve(task.recipe.rev)
    made_from = {"repository": task.name, "tip": tip, "shallow": source.is_shallow, **task.rests_on}
    notices: list[str] = []
    if task.noted:
        _prepare(table, task)
        if task.resume and (note := finished(table, made_from)):
            return Result(task, str(note.get("said")), tuple(note.get("notices", ())), kept=True)
    said = task.recipe.write(source, tip, table, progress, notices.append)
    if task.noted:
        finish(table, made_from, {"said": said, "notices": notices})
    return Result(task, said, tuple(notices))


def carry_out(task: Task) -> Result:
    """Do a task where nobody looks after it: whatever goes wrong is its result.

    A process does one at a time, however many threads call it: that bounds its memory by that of the largest history.
    """
    with _ALONE:
        try:
            return perform(task)
        except RiskmlError as error:
            return Result(task, str(error), failed=True)
        except Exception as error:  # noqa: BLE001 - one repository must not end the work on all others
            return Result(task, f"{type(error).__name__}: {error}", failed=True)


def _prepare(table: Path, task: Task) -> None:
    try:
        table.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(table)
    except OSError as error:
        raise UsageError(f"cannot make the folder ({error.strerror})", where="--output", got=str(table.parent),
                         expected="a folder that can be written") from error
    there = read(table).get("table")
    wanted = task.rests_on["table"]
    if there not in (None, wanted):
        raise UsageError("the folder holds other tables", where="--output", got=str(there),
                         expected=f"{wanted}, or an empty folder")
