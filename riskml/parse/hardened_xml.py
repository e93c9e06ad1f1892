"""Untrusted XML, read as a stream of tags: no tree is built, nothing is expanded, nothing is fetched, memory stays bounded.

Reports come from test runners that the change itself can configure, so they are as hostile as the change. On top of
defusedxml's refusals (entities, external references) there are limits on bytes, on depth and on the length of one tag. Text
between tags is skipped: no format here needs it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final
from xml.parsers.expat import XMLParserType  # the type alone; the parser is made by defusedxml

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from riskml.errors import HostileInput, MalformedReport, TooLarge

MAX_BYTES: Final = 100 * 1000 * 1000
MAX_DEPTH: Final = 100
MAX_TAG_BYTES: Final = 1 << 20
_CHUNK: Final = 1 << 16

_NATIVE: Final = frozenset({"utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii", "iso-8859-1", "latin1"})
"""What expat reads by itself."""

_DECODED: Final = (
    frozenset(f"{family}125{n}" for family in ("windows-", "cp") for n in range(9))
    | frozenset(f"iso-8859-{n}" for n in (*range(2, 12), *range(13, 17)))
    | {"koi8-r", "koi8-u", "cp437", "cp850", "cp852", "cp866"}
    | {"gbk", "gb2312", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"}
)
"""What Python decodes for expat. A closed list: some of Python's codecs take quadratic time or are no character sets."""

_DECLARED = re.compile(rb"""\A(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


class TagHandler:
    """What one format does at each tag."""

    position: Callable[[], str]

    def at(self) -> str:
        """Say where the reader stands, as ``name:line:column``."""
        return self.position()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the begin of an element; its tag comes without namespace."""

    def end(self, tag: str) -> None:
        """Take the end of an element."""


def walk(data: bytes, where: str, handler: TagHandler, *, doctypes: Sequence[re.Pattern[str]] = ()) -> None:
    """Send every tag of ``data`` to ``handler``, in order.

    ``doctypes`` are the system identifiers that a document type declaration may name (it is never fetched); without one, any
    declaration is refused. Raises ``MalformedReport`` for what is not XML, ``HostileInput`` for what is built to hurt, and
    ``TooLarge`` above ``MAX_BYTES`` in all or ``MAX_TAG_BYTES`` in one tag; each names ``where``, line and column.

    >>> class Names(TagHandler):
    ...     def start(self, tag, attributes):
    ...         print(tag, attributes)
    >>> walk(b'<a xmlns="urn:x"><b k="v"/></a>', "report.xml", Names())
    a {}
    b {'k': 'v'}
    """
    if len(data) > MAX_BYTES:
        raise TooLarge("the report is too large", where=where, got=len(data), expected=f"at most {MAX_BYTES} bytes")
    if not data:
        raise MalformedReport("the report is empty", where=where, expected="an XML document")
    encoding = _decoded_encoding(data, where)
    reader = _Reader(where, handler, doctypes, None if encoding is None else "utf-8")
    try:
        for chunk in _chunks(data, encoding):
            reader.feed_checked(chunk)
        reader.close()
    except ParseError as error:
        line, column = error.position
        raise MalformedReport(f"not well-formed XML ({_plain(error)})", where=f"{where}:{line}:{column + 1}") from error
    except DefusedXmlException as error:
        raise HostileInput("entities and external references are refused", where=reader.at(), got=str(error)) from error
    except UnicodeDecodeError as error:
        wrong = error.object[error.start : error.end]
        raise MalformedReport("bytes that are not text", where=reader.at(), got=wrong, expected=str(encoding)) from error


class _Reader(DefusedXMLParser):
    """defusedxml's parser with our limits; it is its own target, so that no tree is built."""

    parser: XMLParserType  # set by ElementTree's pure Python XMLParser, which defusedxml insists on

    def __init__(self, where: str, handler: TagHandler, doctypes: Sequence[re.Pattern[str]], encoding: str | None) -> None:
        super().__init__(target=_Target(handler, self.at), encoding=encoding, forbid_dtd=True)
        self._where = where
        self._doctypes = doctypes
        self._fed = 0
        self.parser.DefaultHandlerExpand = None  # else all text goes through Python, line by line, to be dropped
        handler.position = self.at

    def at(self) -> str:
        return f"{self._where}:{self.parser.CurrentLineNumber}:{self.parser.CurrentColumnNumber + 1}"

    def feed_checked(self, chunk: bytes) -> None:
        self.feed(chunk)
        self._fed += len(chunk)
        if self._fed - self.parser.CurrentByteIndex > MAX_TAG_BYTES:  # expat holds back only what has no end yet
            raise TooLarge("one tag, comment or name is too long", where=self.at(), expected=f"at most {MAX_TAG_BYTES} bytes")

    def defused_start_doctype_decl(
        self,
        name: str,
        sysid: str | None,
        pubid: str | None,  # noqa: ARG002 -- the signature is defusedxml's
        has_internal_subset: bool,
    ) -> None:
        if has_internal_subset or not any(known.search(sysid or "") for known in self._doctypes):
            raise HostileInput("this document type declaration is refused", where=self.at(), got=sysid or name,
                               expected="none, or the one that the coverage format is known by")


class _Target:
    """Strips namespaces and counts depth before the format sees a tag."""

    def __init__(self, handler: TagHandler, at: Callable[[], str]) -> None:
        self._handler = handler
        self._at = at
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str], /) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise HostileInput("elements are nested too deep", where=self._at(), expected=f"at most {MAX_DEPTH} levels")
        self._handler.start(tag.rpartition("}")[2], attributes)

    def end(self, tag: str, /) -> None:
        self._depth -= 1
        self._handler.end(tag.rpartition("}")[2])

    def close(self) -> None:
        """Nothing was kept, so there is nothing to return."""


def _decoded_encoding(data: bytes, where: str) -> str | None:
    """Name the declared encoding if Python must decode it, else ``None``."""
    declared = _DECLARED.match(data[:300])
    if declared is None:
        return None
    name = declared[1].decode("ascii").lower()
    if name in _NATIVE:
        return None
    if name not in _DECODED:
        known = ", ".join(sorted(_NATIVE | _DECODED))
        raise MalformedReport("unknown encoding", where=f"{where}:1:1", got=name, expected=f"one of: {known}")
    return name


def _chunks(data: bytes, encoding: str | None) -> Iterator[bytes]:
    view = memoryview(data)
    decoder = None if encoding is None else codecs.getincrementaldecoder(encoding)()
    for begin in range(0, len(data), _CHUNK):
        chunk = bytes(view[begin : begin + _CHUNK])
        yield chunk if decoder is None else decoder.decode(chunk, begin + _CHUNK >= len(data)).encode("utf-8")


def _plain(error: ParseError) -> str:
    return str(error).partition(":")[0]
