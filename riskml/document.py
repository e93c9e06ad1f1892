"""Closed JSON documents whose shape is a tree of frozen dataclasses: read, write, canonical bytes, JSON Schema.

One description serves four purposes, so that a record, its parser, its printer and its schema cannot drift apart. A field's
limits sit in its type: ``Annotated[int, Limits(minimum=0)]``. Unknown keys are refused, never dropped.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache, partial
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from riskml.errors import RiskmlError

T = TypeVar("T")
_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # surrogates that stand for no byte
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode
Refusal = type[RiskmlError]
_Path = str | tuple[Any, str | int]  # the path around and the last key of it: spelled only when something is refused
_Take = Callable[[Any, Refusal, _Path], Any]


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
    """One field of a record, with its type taken apart once; ``take`` reads one value of it, or refuses."""

    name: str
    hint: Any
    limits: Limits
    required: bool
    take: _Take


@cache
def _slots(record: Any) -> dict[str, _Slot]:
    hints = get_type_hints(record, include_extras=True)
    slots = {}
    for f in dataclasses.fields(record):
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        hint, limits = _bare(hints[f.name])
        slots[f.name] = _Slot(f.name, hint, limits, required, _taker(hint, limits))
    return slots


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


def read(record: type[T], value: object, *, error: Refusal, where: _Path = "") -> T:
    """Build a record from parsed JSON or YAML; any deviation raises ``error`` with the path, the value and what is legal."""
    if not isinstance(value, Mapping):
        raise error("not an object", where=_at(where) or "the top", got=value, expected="an object with named keys")
    slots = _slots(record)  # type: ignore[arg-type]  # mypy doubts that a class is hashable
    for key in value:
        if key not in slots:
            near = get_close_matches(str(key), slots, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise error("unknown key", where=_at((where, str(key))), got=key, expected=f"one of: {', '.join(slots)}{hint}")
    found = {}
    for name, slot in slots.items():
        if name in value:
            found[name] = slot.take(value[name], error, (where, name))
        elif slot.required:
            raise _missing(slot, error, where)
    return record(**found)


def check(record: Any, *, error: Refusal, where: _Path = "") -> None:
    """Raise ``error`` for what ``read`` would refuse of this record, once it is written."""
    for name, slot in _slots(type(record)).items():  # type: ignore[arg-type]  # mypy doubts that a class is hashable
        value = getattr(record, name)
        if _left_out(slot, value):
            if slot.required:
                raise _missing(slot, error, where)
        else:
            slot.take(value, error, (where, name))


def _missing(slot: _Slot, error: Refusal, where: _Path) -> RiskmlError:
    return error("missing key", where=_at((where, slot.name)), expected=_wanted(slot.hint, slot.limits))


def _at(path: _Path) -> str:
    """Spell a path: ``stages[0].name``."""
    if isinstance(path, str):
        return path
    around, key = _at(path[0]), path[1]
    if isinstance(key, int):
        return f"{around}[{key}]"
    return f"{around}.{key}" if around else key


def _taker(hint: Any, limits: Limits) -> _Take:
    """Make what reads one value of a type: it returns the value as the type wants it, or raises."""
    if hint is object:
        return lambda value, *_: value  # read by whoever owns the field
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        take = _record_taker(hint)
    elif get_origin(hint) is tuple:
        take = _items_taker(hint, limits)
    else:
        take = _scalar_taker(hint, limits)
    return take if not limits.nullable else lambda value, error, where: None if value is None else take(value, error, where)


def _record_taker(record: type) -> _Take:
    def take(value: object, error: Refusal, where: _Path) -> object:
        if type(value) is not record:
            return read(record, value, error=error, where=where)
        check(value, error=error, where=where)
        return value

    return take


def _items_taker(hint: Any, limits: Limits) -> _Take:
    take = _taker(*_bare(get_args(hint)[0]))
    least, most = limits.min_items or 0, limits.max_items or math.inf

    def take_all(value: object, error: Refusal, where: _Path) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise error("not a list", where=_at(where), got=value, expected="a list")
        if not least <= len(value) <= most:
            raise error("wrong number of items", where=_at(where), got=len(value), expected=_wanted(hint, limits))
        return tuple([take(item, error, (where, i)) for i, item in enumerate(value)])

    return take_all


def _scalar_taker(hint: Any, limits: Limits) -> _Take:
    convert = partial(_choice, frozenset(get_args(hint))) if get_origin(hint) is Literal else _CONVERTED[hint]
    free = limits in (Limits(), Limits(nullable=True))
    pattern = None if limits.pattern is None else re.compile(re.sub(r"\$$", r"\\Z", limits.pattern))  # "$" as in JSON

    def take(value: object, error: Refusal, where: _Path) -> object:
        got = convert(value)
        if got is None or not (free or _within(limits, pattern, got)):
            raise error("wrong value", where=_at(where), got=value, expected=_wanted(hint, limits))
        return got

    return take


def _choice(legal: frozenset[str], value: object) -> str | None:
    """Return the value as its type wants it, or ``None`` for another type, as all of these (``True`` is no number)."""
    return value if isinstance(value, str) and value in legal else None


def _instance(kind: type, value: object) -> object:
    return value if isinstance(value, kind) else None


def _number_of(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None  # so neither infinite, NaN, nor too large an integer


def _integer(value: object) -> int | None:
    if type(value) is int:
        return value
    found = _number_of(value)
    return None if found is None or found != int(found) else int(found)


def _moment(value: object) -> datetime | None:
    """Read an RFC 3339 moment as UTC; text without a zone is refused, because it means another moment on another machine."""
    if not isinstance(value, (str, datetime)):
        return None
    try:
        parsed = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo is not None else None


_CONVERTED: Mapping[Any, Callable[[object], Any]] = {
    bool: partial(_instance, bool), int: _integer, float: _number_of, datetime: _moment, str: partial(_instance, str)}


def _within(limits: Limits, pattern: re.Pattern[str] | None, value: Any) -> bool:
    if isinstance(value, str):
        return pattern is None or pattern.search(value) is not None
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
        text += f" like `{limits.pattern}`"
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
    for name, slot in _slots(type(record)).items():  # type: ignore[arg-type]  # mypy doubts that a class is hashable
        value = getattr(record, name)
        if not _left_out(slot, value):
            document[name] = value if type(value) in _PLAIN else _written(value)
    return document


def _left_out(slot: _Slot, value: object) -> bool:
    return value is None or (value == () and not slot.required)


_PLAIN = frozenset({str, int, float, bool})


def _written(value: Any) -> Any:
    if isinstance(value, tuple):
        return [v if type(v) in _PLAIN else _written(v) for v in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if dataclasses.is_dataclass(value):
        return write(value)
    return value


def schema(record: type) -> dict[str, Any]:
    """Make the JSON Schema (2020-12) of a record: closed objects, required keys, limits."""
    properties = {}
    for slot in _slots(record).values():
        properties[slot.name] = _schema_of(slot.hint, slot.limits)
    described = (record.__doc__ or "").strip().partition("\n")[0]
    return {"type": "object", "description": described, "additionalProperties": False,
            "required": [s.name for s in _slots(record).values() if s.required], "properties": properties}


def paths(record: type, where: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield each key of a record and of what it holds: its path (``[]`` for items), what is legal, and its default as JSON."""
    for slot in _slots(record).values():
        path = _at((where, slot.name))
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
    try:
        text = _encode(_integral(value))
    except ValueError:
        return _spelled(value).encode("utf-8")
    if not text.isascii() and max(text) > "\uffff":  # then the order of keys by UTF-16 may be another
        text = _spelled(value)
    return text.encode("utf-8")


def _integral(value: Any) -> Any:
    """Return the value with whole floats as integers, for C to spell; ``ValueError`` where its spelling would be another."""
    kind = type(value)
    if kind is float:
        if value and not 1e-4 <= abs(value) < 1e16:  # Python writes an exponent where ECMAScript has none, or another one
            raise ValueError
        return int(value) if value.is_integer() else value
    if kind in _PLAIN or value is None:
        return value
    if isinstance(value, Mapping):
        return {key: v if type(v) is str else _integral(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [v if type(v) is str else _integral(v) for v in value]
    raise ValueError


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
