"""A file of named blocks of numbers: one version, one checksum, replaced as a whole or not at all."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from riskml.errors import StateUnfit, StoreUnwritable

VERSION = 1
"""To bump it: change what is written, raise the number. Files of another version are mined anew, none is converted."""

_MAGIC = b"riskml history\n"
_ALIGNED = 8


class Block(NamedTuple):
    """Numbers of one type, as ``array`` names types."""

    code: str
    data: bytes | bytearray | memoryview | array[Any]


def write(path: Path, header: Mapping[str, object], blocks: Mapping[str, Block]) -> None:
    """Write a file in one step: whoever reads, or cuts the power, finds the old one or the new one.

    Raises ``StoreUnwritable`` when the place cannot be written.
    """
    directory: dict[str, tuple[str, int, int]] = {}
    body = bytearray()
    for name, block in blocks.items():
        body.extend(bytes(-len(body) % _ALIGNED))
        data = memoryview(block.data).cast("B")
        directory[name] = (block.code, len(body), len(data))
        body.extend(data)
    text = json.dumps({**header, "version": VERSION, "order": sys.byteorder, "int": array("i").itemsize, "blocks": directory})
    head = text.encode().ljust(-(-(len(text.encode()) + 32) // _ALIGNED) * _ALIGNED)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        scratch = Path(name)
        try:
            with open(handle, "wb") as out:
                out.write(_MAGIC)
                out.write(f"{len(head):08x} {crc32(body, crc32(head)):08x}\n".encode())
                out.write(head)
                out.write(body)
                out.flush()
                os.fsync(out.fileno())
            os.replace(scratch, path)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        expected = "a folder that can be written, or --no-state"
        raise StoreUnwritable(f"cannot keep the mined history ({error.strerror})", where="state", got=str(path),
                              expected=expected) from error


def read(path: Path) -> tuple[dict[str, Any], dict[str, memoryview]]:
    """Read a file: its header, and its blocks by name.

    Raises ``StateUnfit`` when it cannot be read, is damaged, or is of another version or kind of machine.
    """
    try:
        data = memoryview(path.read_bytes())
    except OSError as error:
        raise _unfit(f"cannot be read ({error.strerror})", path) from error
    if bytes(data[:len(_MAGIC)]) != _MAGIC:
        raise _unfit("is none", path)
    start = len(_MAGIC) + 18
    try:
        length, checksum = (int(part, 16) for part in bytes(data[len(_MAGIC):start]).split())
        head, body = data[start:start + length], data[start + length:]
        if crc32(body, crc32(head)) != checksum:
            raise _unfit("is damaged: its checksum is wrong", path)
        header = json.loads(bytes(head))
    except ValueError as error:
        raise _unfit("is damaged", path) from error
    wanted = {"version": VERSION, "order": sys.byteorder, "int": array("i").itemsize}
    for key, value in wanted.items():
        if header.get(key) != value:
            raise _unfit("was written by another version or kind of machine", path, got=f"{key} {header.get(key)!r}",
                         expected=f"{key} {value!r}; it will be mined anew")
    blocks = {name: body[at:at + size].cast(code) for name, (code, at, size) in header.pop("blocks").items()}
    return header, blocks


def _unfit(what: str, path: Path, got: object = None, expected: str = "a whole one; it will be mined anew") -> StateUnfit:
    return StateUnfit(f"the file of mined history {what}", where=str(path), got=got or path.name, expected=expected)
