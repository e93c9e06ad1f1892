"""Tables of many repositories in one folder, as ``riskml mine`` and ``riskml label`` write them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from riskml.errors import InputError

_KEY = "repository="


def partitions(path: Path) -> list[Path]:
    """Return the tables of a folder, by name; a file is itself. :raises InputError: for a folder without any."""
    if not path.is_dir():
        return [path]
    found = sorted(path.glob(f"{_KEY}*/part.parquet"))
    if not found:
        raise InputError("a folder without tables", where=str(path),
                         expected=f"{_KEY}NAME/part.parquet, as riskml mine writes it")
    return found


def name_of(table: Path) -> str:
    """Name a table for people: by its repository, or by its file.

    >>> name_of(Path("out/repository=acme%2Fshop/part.parquet")), name_of(Path("tables/shop.parquet"))
    ('acme/shop', 'shop')
    """
    folder = table.parent.name
    return unquote(folder.removeprefix(_KEY)) if folder.startswith(_KEY) else table.stem
