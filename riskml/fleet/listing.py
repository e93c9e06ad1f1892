"""Which repositories there are, and where the table of each goes: ``repository=<name>/part.parquet``, as Hive does it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from riskml.adapters.git import GitRepository
from riskml.errors import InputError, RiskmlError
from riskml.fleet.recipe import Recipe
from riskml.fleet.task import Task


class Listed(NamedTuple):
    """A repository's path; its name, if somebody gave it one."""

    path: str
    name: str | None = None


def read_list(text: str) -> list[Listed]:
    r"""Read a list of repositories: a path a line, or a name, a tab and a path; ``#`` starts a line that is none.

    >>> read_list("# ours\nacme/shop\t/srv/shop.git\n\n/srv/till.git\n")
    [Listed(path='/srv/shop.git', name='acme/shop'), Listed(path='/srv/till.git', name=None)]

    Raises ``InputError`` for a line that lacks one of both, and for a list without a repository.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, tab, path = line.partition("\t")
        if (tab and not (name.strip() and path.strip())) or "\0" in line:
            raise InputError("a line of the list of repositories is none", where=f"line {number}", got=line,
                             expected="PATH, or NAME<tab>PATH")
        found.append(Listed(path.strip(), name.strip()) if tab else Listed(line.strip()))
    if not found:
        raise InputError("the list names no repository", got=f"{len(text)} characters", expected="a path a line")
    return found


def table_of(folder: Path, name: str) -> Path:
    """Return where the table of a repository is. Readers of partitioned Parquet give its name back as a column.

    >>> table_of(Path("out"), "acme/shop").as_posix()
    'out/repository=acme%2Fshop/part.parquet'
    """
    return folder / f"repository={quote(name, safe='')}" / "part.parquet"


def tasks(listed: Sequence[Listed], folder: Path, recipe: Recipe, *, resume: bool) -> Iterator[Task]:
    """Yield the task of each repository.

    Whoever has no name is named after its origin, or its folder. Of two that have one name, the later one in the list also has
    a mark of its path in it. One that cannot be opened has a task as well, which will fail and say why.
    """
    rests_on = recipe.rests_on()
    taken: set[str] = set()
    for path, given in listed:
        place = os.path.abspath(path)
        name = given or _key(place)
        if name in taken:
            name = f"{name}-{sha256(os.fsencode(place)).hexdigest()[:8]}"
        taken.add(name)
        yield Task(name, place, os.path.abspath(table_of(folder, name)), recipe, rests_on, resume=resume)


def _key(place: str) -> str:
    try:
        return GitRepository.open(place).key
    except RiskmlError:
        return place
