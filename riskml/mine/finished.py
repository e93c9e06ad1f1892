"""Which tables are finished: a small note beside each says what it was made from, and the hash of its bytes.

A table without a note, with another note, or with other bytes than its note says is made anew. So a run that was killed, at any
moment, goes on where it stopped, and gives what an uninterrupted one would have given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from riskml.errors import UsageError
from riskml.mine.replacing import remove_scratches, replacing

_BLOCK = 1 << 20
_HASH = "sha256"


def note_of(table: Path) -> Path:
    """Return where the note of a table is: in a folder of tables, readers of Parquet pass over such a name.

    >>> note_of(Path("tables/part.parquet")).name
    '_part.json'
    """
    return table.with_name(f"_{table.stem}.json")


def finish(table: Path, made_from: Mapping[str, object], told: Mapping[str, object] = {}, *, note: Path | None = None) -> None:
    """Note that a table is whole. ``told`` is kept for whoever finds it; it does not decide whether it fits.

    Raises ``UsageError`` when the note cannot be written.
    """
    place = note or note_of(table)
    text = json.dumps({**made_from, **told, _HASH: digest(table)}, indent=1) + "\n"
    try:
        with replacing(place) as out:
            out.write(text.encode())
    except OSError as error:
        raise UsageError(f"cannot write the note of a table ({error.strerror})", where="output", got=str(place),
                         expected="a writable path") from error


def finished(table: Path, made_from: Mapping[str, object], *, note: Path | None = None) -> dict[str, Any] | None:
    """Return the note of a table that is whole, unaltered and made from exactly this; ``None`` for any other."""
    found = read(table, note=note)
    if any(found.get(key) != value for key, value in made_from.items()) or not table.is_file():
        return None
    return found if found.get(_HASH) == digest(table) else None


def read(table: Path, *, note: Path | None = None) -> dict[str, Any]:
    """Return what the note of a table says, whether it fits or not; nothing if there is none that can be read."""
    try:
        found = json.loads((note or note_of(table)).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remove_leftovers(table: Path) -> None:
    """Remove what runs that were killed left beside a table."""
    remove_scratches(table)
    remove_scratches(note_of(table))


def digest(path: Path) -> str:
    """Hash a file's bytes."""
    with path.open("rb") as file:
        hashed = sha256()
        while block := file.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest()
