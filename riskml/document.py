"""Closed JSON documents whose shape is a tree of frozen dataclasses: read, write, canonical bytes, JSON Schema.

One description serves four purposes, so that a record, its parser, its printer and its schema cannot drift apart. A field's
limits sit in its type: ``Annotated[int, Limits(minimum=0)]``. Unknown keys are refused, never dropped.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from riskml.errors import RiskmlError

T = TypeVar("T")
_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # surrogates that stand for no byte
Refusal = type[RiskmlError]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a value must satisfy beyond its type. Ends are included, except that of ``above``; ``nullable`` permits null."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class _Slot:
    """One field of a record, with its type taken apart once."""

    name: str
    hint: Any
    limits: Limits
    required: bool


@cache
def _slots(record: Any) -> tuple[_Slot, ...]:
    hints = get_type_hints(record, include_extras=True)
    slots = []
    for f in dataclasses.fields(record):
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        hint, limits = _bare(hints[f.name])
        slots.append(_Slot(f.name, hint, limits, required))
    return tuple(slots)


def _bare(hint: Any) -> tuple[Any, Limits]:
    """Take a type apart: without its limits and without ``None``."""
    limits = Limits()
    if get_origin(hint) is Annotated:
        hint, limits = get_args(hint)[0], get_args(hint)[1]
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
        if get_origin(hint) is Annotated:  # Optional of a named, limited type
            inner, named = get_args(hint)[0], get_args(hint)[1]
            hint, limits = inner, dataclasses.replace(named, nullable=limits.nullable)
    return hint, limits


def read(record: type[T], value: object, *, error: Refusal, where: str = "") -> T:
    """Build a record from parsed JSON or YAML; any deviation raises ``error`` with the path, the value and what is legal."""
    if not isinstance(value, Mapping):
        raise error("not an object", where=where or "the top", got=value, expected="an object with named keys")
    slots = _slots(record)  # type: ignore[arg-type]  # mypy doubts that a class is hashable
    names = [s.name for s in slots]
    for key in value:
        if key not in names:
            near = get_close_matches(str(key), names, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise error("unknown key", where=_at(where, str(key)), got=key, expected=f"one of: {', '.join(names)}{hint}")
    found = {}
    for slot in slots:
        path = _at(where, slot.name)
        if slot.name in value:
            found[slot.name] = _value(slot.hint, slot.limits, value[slot.name], error, path)
        elif slot.required:
            raise error("missing key", where=path, expected=_wanted(slot.hint, slot.limits))
    return record(**found)


def _at(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _value(hint: Any, limits: Limits, value: object, error: Refusal, where: str) -> Any:
    if value is None and limits.nullable:
        return None
    if hint is object:  # read by whoever owns the field
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return read(hint, value, error=error, where=where)
    if get_origin(hint) is tuple:
        return _items(hint, limits, value, error, where)
    got = _scalar(hint, value)
    if got is None or not _within(limits, got):
        raise error("wrong value", where=where, got=value, expected=_wanted(hint, limits))
    return got


def _items(hint: Any, limits: Limits, value: object, error: Refusal, where: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise error("not a list", where=where, got=value, expected="a list")
    if not (limits.min_items or 0) <= len(value) <= (limits.max_items or math.inf):
        raise error("wrong number of items", where=where, got=len(value), expected=_wanted(hint, limits))
    inner, inner_limits = _bare(get_args(hint)[0])
    return tuple(_value(inner, inner_limits, v, error, f"{where}[{i}]") for i, v in enumerate(value))


def _scalar(hint: Any, value: object) -> Any:
    """Return the value as its type wants it, or ``None`` for another type (``True`` is no number, 1.0 is an integer)."""
    if get_origin(hint) is Literal:
        return value if isinstance(value, str) and value in get_args(hint) else None
    if hint is bool:
        return value if isinstance(value, bool) else None
    if hint in (int, float):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return None
        if hint is float:
            return float(value)
        return int(value) if value == int(value) else None
    if hint is datetime:
        return _moment(value)
    return value if isinstance(value, str) else None


def _moment(value: object) -> datetime | None:
    """Read an RFC 3339 moment as UTC; text without a zone is refused, because it means another moment on another machine."""
    if not isinstance(value, (str, datetime)):
        return None
    try:
        parsed = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo is not None else None


def _within(limits: Limits, value: Any) -> bool:
    if isinstance(value, str):
        return limits.pattern is None or re.search(re.sub(r"\$$", r"\\Z", limits.pattern), value) is not None  # "$" as in JSON
    if isinstance(value, (int, float)):
        return (
            (limits.minimum is None or value >= limits.minimum)
            and (limits.maximum is None or value <= limits.maximum)
            and (limits.above is None or value > limits.above)
        )
    return True


def _wanted(hint: Any, limits: Limits) -> str:
    """Say what would be legal here."""
    if dataclasses.is_dataclass(hint):
        return "an object"
    if get_origin(hint) is tuple:
        return f"a list of {limits.min_items or 0} to {limits.max_items} items" if limits.max_items else "a list"
    if get_origin(hint) is Literal:
        return f"one of: {', '.join(get_args(hint))}"
    if hint is object:
        return "conditions"
    words = {bool: "true or false", int: "an integer", float: "a number", datetime: "an RFC 3339 time with its zone"}
    text = words.get(hint, "text")
    if limits.pattern is not None:
        text += f" like {limits.pattern}"
    if limits.minimum is not None and limits.minimum == limits.maximum:
        return f"{limits.minimum:.12g}"
    if limits.above is not None:
        text += f" above {limits.above:.12g}"
    if limits.minimum is not None:
        text += f" from {limits.minimum:.12g}"
    if limits.maximum is not None:
        text += f" up to {limits.maximum:.12g}"
    return text + (" or null" if limits.nullable else "")


def write(record: Any) -> dict[str, Any]:
    """Return the record as JSON values, in field order. What is unknown (``None``) or an empty optional list is left out."""
    document = {}
    for slot in _slots(type(record)):  # type: ignore[arg-type]  # mypy doubts that a class is hashable
        value = getattr(record, slot.name)
        if value is None or (value == () and not slot.required):
            continue
        document[slot.name] = _written(value)
    return document


def _written(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return write(value)
    if isinstance(value, tuple):
        return [_written(v) for v in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def schema(record: type) -> dict[str, Any]:
    """Make the JSON Schema (2020-12) of a record: closed objects, required keys, limits."""
    properties = {}
    for slot in _slots(record):
        properties[slot.name] = _schema_of(slot.hint, slot.limits)
    described = (record.__doc__ or "").strip().partition("\n")[0]
    return {"type": "object", "description": described, "additionalProperties": False,
            "required": [s.name for s in _slots(record) if s.required], "properties": properties}


def paths(record: type, where: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield each key of a record and of what it holds: its path (``[]`` for items), what is legal, and its default as JSON."""
    for slot in _slots(record):
        path = _at(where, slot.name)
        inner, _ = _bare(get_args(slot.hint)[0]) if get_origin(slot.hint) is tuple else (slot.hint, None)
        nested = dataclasses.is_dataclass(inner)
        default = "required" if slot.required else "" if nested else _default(record, slot.name)
        yield path, _wanted(slot.hint, slot.limits), default
        if isinstance(inner, type) and nested:
            yield from paths(inner, path + ("[]" if inner is not slot.hint else ""))


def _default(record: type, name: str) -> str:
    value = next(f.default for f in dataclasses.fields(record) if f.name == name)
    return "" if value is None or value == () else f"`{json.dumps(_written(value))}`"


def _schema_of(hint: Any, limits: Limits) -> dict[str, Any]:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        found = schema(hint)
    elif get_origin(hint) is tuple:
        found = {"type": "array", "items": _schema_of(*_bare(get_args(hint)[0]))}
    elif get_origin(hint) is Literal:
        found = {"enum": list(get_args(hint))}
    elif hint is datetime:
        found = {"type": "string", "format": "date-time"}
    elif hint is object:
        return {}
    else:
        found = {"type": {bool: "boolean", int: "integer", float: "number"}.get(hint, "string")}
    if limits.nullable:
        found["type"] = [found["type"], "null"]
    named = {"minimum": limits.minimum, "maximum": limits.maximum, "exclusiveMinimum": limits.above, "pattern": limits.pattern,
             "minItems": limits.min_items, "maxItems": limits.max_items}
    return found | {k: v for k, v in named.items() if v is not None}


def canonical(value: object) -> bytes:
    """Spell a JSON value in its one way, after RFC 8785: sorted keys, no spaces, numbers as ECMAScript prints them.

    >>> canonical({"b": 1.0, "a": [0.1, None, "é"], "c": 1e-7}).decode()
    '{"a":[0.1,null,"é"],"b":1,"c":1e-7}'
    """
    return _spelled(value).encode("utf-8")


def _spelled(value: object) -> str:
    if isinstance(value, Mapping):
        ordered = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(f"{_spelled(k)}:{_spelled(v)}" for k, v in ordered) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_spelled(v) for v in value) + "]"
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """Spell a finite float as ECMAScript does: the shortest digits that read back to the same float."""
    if value == 0:
        return "0"
    whole, _, power = repr(abs(value)).partition("e")
    left, _, right = whole.partition(".")
    right = right.rstrip("0")
    digits = (left + right).lstrip("0")
    leading = len(left + right) - len(digits)
    point = len(left) - leading + int(power or 0)  # the value is 0.DIGITS times ten to this power
    digits = digits.rstrip("0")
    sign = "-" if value < 0 else ""
    if 0 < point <= 21:
        text = digits.ljust(point, "0") if len(digits) <= point else f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{tail}e{point - 1:+d}"
    return sign + text


def printable(text: str) -> str:
    r"""Return text that UTF-8 can encode: git's paths carry foreign bytes as lone surrogates, which are spelled out here.

    >>> printable("caf\udce9/é.py")
    'caf\\xe9/é.py'
    """
    if text.isascii():
        return text
    known = _LONE.sub("\ufffd", text)
    return known.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
