"""ULIDs: identifiers of 26 characters that sort by the time they were made (https://github.com/ulid/spec)."""

from __future__ import annotations

import re

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_SHAPE = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def ulid(at_ms: int, entropy: bytes) -> str:
    r"""Make an identifier of ``at_ms`` (UNIX milliseconds, 48 bits) and ten random bytes.

    >>> ulid(1_795_478_400_000, bytes(10))
    '01M85DMB000000000000000000'
    >>> ulid(1, b"\xff" * 10) < ulid(2, bytes(10))
    True
    """
    if not 0 <= at_ms < 1 << 48:
        raise ValueError(f"time outside 48 bits: {at_ms!r}")
    if len(entropy) != 10:
        raise ValueError(f"entropy must be 10 bytes, got {len(entropy)}")
    number = at_ms << 80 | int.from_bytes(entropy)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def is_ulid(text: str) -> bool:
    """Whether ``text`` has the shape of a ULID in capitals."""
    return _SHAPE.fullmatch(text) is not None
