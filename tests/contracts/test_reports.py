"""What holds for every report format of ``PARSERS``: a new one is walked without a test being written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.errors import HostileInput, InputError, RiskmlError, TooLarge
from riskml.parse.hardened_xml import MAX_BYTES
from riskml.parse.reports import PARSERS, detect, merge, parse_report
from riskml.parse.suite_json import suite_from_json, suite_to_json

SAMPLES = {
    "junit": b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="s" tests="2" failures="1" time="0.5" '
    b'timestamp="2026-11-24T05:56:05"><testcase classname="c" name="n" time="0.25"><failure message="m">t</failure></testcase>'
    b'<testcase classname="c" name="n"/><testcase name="o"><skipped/></testcase></testsuite></testsuites>',
    "cobertura": b'<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd"><coverage>'
    b'<sources><source>/w</source></sources><packages><package name="p"><classes><class filename="p/a.py"><methods/><lines>'
    b'<line number="1" hits="1"/><line number="2" hits="0"/></lines></class></classes></package></packages></coverage>',
    "lcov": b"TN:\nSF:p/a.py\nDA:1,1\nDA:2,0\nLF:2\nLH:1\nend_of_record\n",
    "jacoco": b'<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report name="r"><package name="p">'
    b'<sourcefile name="a.py"><line nr="1" mi="0" ci="1"/><line nr="2" mi="1" ci="0"/></sourcefile></package></report>',
    "coverage-json": b'{"meta": {"format": 3}, "files": {"p/a.py": {"executed_lines": [1], "missing_lines": [2]}}}',
}

XML = [kind for kind in PARSERS if SAMPLES[kind].startswith(b"<")]


@pytest.mark.parametrize("kind", PARSERS)
def test_format_is_recognised_and_read(kind: str) -> None:
    """Each format is told apart by content, says its kind, and knows either cases or coverage."""
    assert detect(SAMPLES[kind], "r") == kind
    report = PARSERS[kind](SAMPLES[kind], "r")
    assert report.kind == kind
    assert report.where == "r"
    assert (report.cases is None) != (report.coverage is None)


@pytest.mark.parametrize("kind", PARSERS)
def test_coverage_formats_agree(kind: str) -> None:
    """The same facts in another format are the same record."""
    coverage = PARSERS[kind](SAMPLES[kind], "r").coverage
    assert coverage is None or coverage == PARSERS["lcov"](SAMPLES["lcov"], "r").coverage


@pytest.mark.parametrize("kind", PARSERS)
def test_wire_form_keeps_everything(kind: str) -> None:
    """What a report says survives the wire."""
    run = merge([PARSERS[kind](SAMPLES[kind], "r")])
    assert suite_from_json(suite_to_json(run)) == run


@pytest.mark.parametrize("kind", PARSERS)
def test_every_cut_is_refused_or_read(kind: str) -> None:
    """A report that was cut off at any byte is refused with its name, never a crash."""
    for end in range(len(SAMPLES[kind])):
        try:
            PARSERS[kind](SAMPLES[kind][:end], "cut.xml")
        except InputError as error:
            assert "cut.xml" in str(error)  # noqa: PT017 -- most cuts raise, a few leave a whole report


@pytest.mark.parametrize("kind", PARSERS)
def test_too_large(kind: str) -> None:
    """More bytes than the limit are refused."""
    with pytest.raises(TooLarge, match="r"):
        PARSERS[kind](bytes(MAX_BYTES + 1), "r")


@pytest.mark.parametrize("kind", XML)
def test_entities_are_refused(kind: str) -> None:
    """No XML format expands or fetches anything."""
    body = SAMPLES[kind].partition(b"?>")[2] if SAMPLES[kind].startswith(b"<?xml") else SAMPLES[kind].partition(b">")[2]
    entities = (b'<!ENTITY a "b">', b'<!ENTITY a SYSTEM "file:///etc/passwd">', b'<!ENTITY % p "x">')
    for subset in (*entities, b'<!ATTLIST a b CDATA "c">'):
        with pytest.raises(HostileInput, match=r"r\.xml:1:"):
            PARSERS[kind](b"<!DOCTYPE x [" + subset + b"]>" + body.strip(), "r.xml")


mutations = st.lists(
    st.tuples(
        st.sampled_from(["delete", "insert", "replace", "double"]), st.floats(0, 1), st.integers(1, 40), st.binary(max_size=12)
    ),
    min_size=1,
    max_size=5,
)


def mutated(data: bytes, steps: list[tuple[str, float, int, bytes]]) -> bytes:
    """Damage bytes step by step."""
    for how, place, size, filling in steps:
        at = int(place * len(data))
        cut = data[at : at + size]
        filler = {"delete": b"", "insert": filling + cut, "replace": filling, "double": cut + cut}[how]
        data = data[:at] + filler + data[at + size :]
    return data


@pytest.mark.parametrize("kind", PARSERS)
@given(steps=mutations)
@settings(max_examples=150, deadline=2000)
def test_mutated_bytes_never_crash(kind: str, steps: list[tuple[str, float, int, bytes]]) -> None:
    """Whatever happens to its bytes, a report is read or refused by an error of our own, and quickly."""
    data = mutated(SAMPLES[kind], steps)
    for read in (PARSERS[kind], parse_report):
        try:
            merge([read(data, "r")])
        except RiskmlError as error:
            assert str(error)  # noqa: PT017 -- either outcome is right


@given(st.binary(max_size=200))
@settings(max_examples=150, deadline=2000)
def test_any_bytes_never_crash(data: bytes) -> None:
    """Bytes that are no report at all are refused by an error of our own."""
    try:
        parse_report(data, "r")
    except RiskmlError as error:
        assert str(error)  # noqa: PT017 -- either outcome is right
