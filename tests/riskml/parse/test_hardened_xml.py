"""XML that is built to hurt its reader is refused by name and place."""

from __future__ import annotations

import re
import time
import tracemalloc

import pytest

from riskml.errors import HostileInput, MalformedReport, TooLarge
from riskml.parse.hardened_xml import MAX_BYTES, MAX_DEPTH, MAX_TAG_BYTES, TagHandler, walk


class Tags(TagHandler):
    """Remembers the tags it was sent."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 -- a handler takes both
        """Remember one."""
        self.seen.append(tag)


BILLION_LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol">
""" + b"".join(f'<!ENTITY lol{n + 1} "{f"&lol{n or str()};" * 10}">\n'.encode() for n in range(9)) + b"]>\n<lolz>&lol9;</lolz>"

HOSTILE = {
    "billion laughs": BILLION_LAUGHS,
    "external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "parameter entity": b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://203.0.113.1/x.dtd"> %p;]><a/>',
    "external DTD": b'<!DOCTYPE a SYSTEM "http://203.0.113.1/x.dtd"><a/>',
    "default attributes": b'<!DOCTYPE a [<!ATTLIST a b CDATA "x">]><a/>',
    "bare DTD": b"<!DOCTYPE a><a/>",
    "depth": b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_input_is_refused(kind: str) -> None:
    """Entities, document types and absurd depth are refused at once, with the file, line and column."""
    began = time.monotonic()
    with pytest.raises(HostileInput) as caught:
        walk(HOSTILE[kind], "evil.xml", Tags())
    assert re.search(r" at evil\.xml:\d+:\d+", str(caught.value))
    assert time.monotonic() - began < 1


def test_depth_at_the_limit_is_read() -> None:
    """The limit itself is allowed."""
    tags = Tags()
    walk(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH, "r.xml", tags)
    assert len(tags.seen) == MAX_DEPTH


def test_known_document_type_is_tolerated_and_not_fetched() -> None:
    """A format may name its document type; with an internal subset even that is refused."""
    known = [re.compile(r"(?:\A|/)report\.dtd\Z")]
    tags = Tags()
    walk(b'<!DOCTYPE report PUBLIC "-//X" "report.dtd"><report/>', "r.xml", tags, doctypes=known)
    assert tags.seen == ["report"]
    extended = b'<!DOCTYPE report PUBLIC "-//X" "report.dtd" [<!ATTLIST a b CDATA "x">]><report/>'
    with pytest.raises(HostileInput):
        walk(extended, "r.xml", Tags(), doctypes=known)


@pytest.mark.parametrize("token", [b'<a b="%s"/>', b"<!-- %s --><a/>", b"<a%s/>", b"<?pi %s?><a/>"])
def test_one_huge_tag_is_refused(token: bytes) -> None:
    """An attribute, comment, name or instruction of megabytes is refused before it is held in memory as a whole."""
    data = token % (b"x" * (30 * MAX_TAG_BYTES))
    began = time.monotonic()
    with pytest.raises(TooLarge, match=r"too long at r\.xml:1:\d+"):
        walk(data, "r.xml", Tags())
    assert time.monotonic() - began < 2


def test_huge_text_is_skipped_in_bounded_memory() -> None:
    """A captured log of 40 MB inside a case is no reason to refuse a report, nor to hold it a second time."""
    data = b"<a><![CDATA[" + b"log line\n" * 4_500_000 + b"]]><b/></a>"
    tags = Tags()
    tracemalloc.start()
    try:
        walk(data, "r.xml", tags)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert tags.seen == ["a", "b"]
    assert peak < 4_000_000


def test_too_many_bytes() -> None:
    """A report above the limit is refused unread."""
    with pytest.raises(TooLarge, match=r"the report is too large at r\.xml: got 100000001; expected at most 100000000 bytes"):
        walk(bytes(MAX_BYTES + 1), "r.xml", Tags())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<a><b></a>", "not well-formed XML (mismatched tag) at r.xml:1:9"),
        (b'<?xml version="1.0" encoding="punycode"?><a/>', "unknown encoding at r.xml:1:1: got 'punycode'"),
        (b'<?xml version="1.0" encoding="gbk"?><a b="\xff"/>', "not text at r.xml:1:1: got b'\\xff'; expected gbk"),
        (b"<a b='\x00'/>", "not well-formed XML (not well-formed (invalid token)) at r.xml:1:7"),
        (b"\xff\xfe", "not well-formed XML (no element found) at r.xml:1:2"),
        (b"  <?xml version='1.0'?><a/>", "at r.xml:1:3"),
    ],
)
def test_what_is_not_xml_is_refused(data: bytes, message: str) -> None:
    """The message carries expat's reason and the place."""
    with pytest.raises(MalformedReport) as caught:
        walk(data, "r.xml", Tags())
    assert message in str(caught.value)
