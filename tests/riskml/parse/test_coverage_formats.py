"""Coverage reports as their writers write them, mapped to covered and missed lines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from riskml.errors import InputError, MalformedReport, TooLarge
from riskml.parse.cobertura import read_cobertura
from riskml.parse.coverage_json import MAX_BYTES as MAX_JSON
from riskml.parse.coverage_json import read_coverage_json
from riskml.parse.jacoco import read_jacoco
from riskml.parse.lcov import read_lcov
from riskml.parse.match import match_coverage
from riskml.parse.reports import parse_report
from riskml.suite import FileCoverage, SuiteRun

GCOVR = b"""<?xml version='1.0' encoding='UTF-8'?>
<!DOCTYPE coverage SYSTEM 'http://cobertura.sourceforge.net/xml/coverage-04.dtd'>
<coverage line-rate="0.5" branch-rate="0.5" lines-covered="1" lines-valid="2" version="gcovr 7.2">
  <sources><source>.</source></sources>
  <packages><package name="src" line-rate="0.5" branch-rate="0.5" complexity="0.0"><classes>
    <class name="pay_cpp" filename="src/pay.cpp" line-rate="0.5" branch-rate="0.5" complexity="0.0">
      <methods><method name="charge" signature=""><lines><line number="3" hits="4"/></lines></method></methods>
      <lines>
        <line number="3" hits="4" branch="true" condition-coverage="50% (1/2)">
          <conditions><condition number="0" type="jump" coverage="50%"/></conditions></line>
        <line number="5" hits="0" branch="false"/>
      </lines>
    </class>
    <class name="pay_cpp_lambda" filename="src/pay.cpp"><methods/>
      <lines><line number="5" hits="1"/><line number="0" hits="1"/></lines></class>
  </classes></package></packages>
</coverage>"""

ISTANBUL_LCOV = b"""TN:
SF:src/pay.js
FN:1,charge
FNF:1
FNH:1
FNDA:7,charge
DA:1,7
DA:2,0,c2hlY2tzdW0
DA:3,-1
LF:3
LH:1
BRDA:2,0,0,-
BRF:0
BRH:0
end_of_record
TN:
SF:src/cart.js
LF:0
LH:0
end_of_record
"""

JACOCO = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">
<report name="shop"><sessioninfo id="ci-7-1f" start="1795499762000" dump="1795499765000"/>
<group name="core"><package name="org/acme"><class name="org/acme/Pay" sourcefilename="Pay.java">
<method name="charge" desc="(I)I" line="5"><counter type="LINE" missed="1" covered="2"/></method></class>
<sourcefile name="Pay.java"><line nr="5" mi="0" ci="2" mb="1" cb="1"/><line nr="6" mi="2" ci="0" mb="0" cb="0"/>
<line nr="8" mi="1" ci="4" mb="0" cb="0"/><counter type="LINE" missed="1" covered="2"/></sourcefile></package>
<package name=""><sourcefile name="Main.java"><line nr="1" mi="3" ci="0" mb="0" cb="0"/></sourcefile></package>
</group></report>"""


def lines(covered: set[int], missed: set[int]) -> FileCoverage:
    """Write a record shorter."""
    return FileCoverage(frozenset(covered), frozenset(missed))


def coverage_of(data: bytes) -> Mapping[str, FileCoverage] | None:
    """Recognise and read."""
    return parse_report(data, "c").coverage


def test_cobertura() -> None:
    """A line is covered by any hit in any class of the file, also with a branch not taken; line 0 is no line."""
    assert coverage_of(GCOVR) == {"src/pay.cpp": lines({3, 5}, set())}


def test_lcov() -> None:
    """Hits count, checksums and branches do not; a negative count is gcov's overflow; a file without lines is known as such."""
    assert coverage_of(ISTANBUL_LCOV) == {"src/pay.js": lines({1}, {2, 3}), "src/cart.js": lines(set(), set())}


def test_lcov_with_windows_line_ends_and_bom() -> None:
    """Line ends and the byte order mark of Windows change nothing."""
    assert coverage_of(b"\xef\xbb\xbf" + ISTANBUL_LCOV.replace(b"\n", b"\r\n")) == coverage_of(ISTANBUL_LCOV)


def test_jacoco() -> None:
    """A line with any covered instruction is covered; files are named by package, also in the nameless one."""
    assert coverage_of(JACOCO) == {"org/acme/Pay.java": lines({5, 8}, {6}), "Main.java": lines(set(), {1})}


def test_jacoco_groups_that_share_a_name() -> None:
    """Two modules with the same package and file name are two files: unknown, and said."""
    package = b'<package name="p"><sourcefile name="A.java"><line nr="1" mi="0" ci="1"/></sourcefile></package>'
    groups = b'<group name="a">' + package + b'</group><group name="b">' + package + b"</group>"
    report = read_jacoco(b"<report>" + groups + b"</report>", "j.xml")
    assert report.coverage == {}
    assert report.notes == ("coverage of p/A.java is unknown: j.xml has it in several groups",)


@pytest.mark.parametrize(
    ("read", "data", "message"),
    [
        (read_cobertura, b"<coverage><line number='1' hits='1'/></coverage>", "a line outside of a class at c:1:11"),
        (read_cobertura, b"<coverage><class filename=''/></coverage>", "not a file name at c:1:11: got ''"),
        (read_cobertura, b"<coverage><class filename='a'><line number='x' hits='1'/></class></coverage>", "not a line number"),
        (read_cobertura, b"<coverage clover='3'/>", "not a Cobertura report at c:1:1"),
        (read_cobertura, b"<coverage><class filename='a'>\n<line number='99999999' hits='1'/></class></coverage>", "at c:2:1"),
        (read_jacoco, b"<report><sourcefile name='A'/></report>", "a file outside of a package at c:1:9"),
        (read_jacoco, b"<report><package><line/></package></report>", "a line outside of a source file at c:1:18"),
        (read_jacoco, b"<coverage/>", "not a JaCoCo report at c:1:1: got '<coverage>'; expected <report>"),
        (read_lcov, b"DA:1,1\n", "a line outside of a file at c:1"),
        (read_lcov, b"SF:a\nDA:1\nend_of_record\n", "not a count of hits at c:2: got ''"),
        (read_lcov, b"SF:a\nDA:1,1\n", "the last file is not closed at c:2: got 'a'; expected end_of_record"),
        (read_lcov, b"hello\n", "not an LCOV tracefile at c"),
        (read_coverage_json, b"{", "not JSON (Expecting property name enclosed in double quotes) at c:1:2"),
        (read_coverage_json, b"[]", "not a JSON report at c: got 'list'; expected an object"),
        (read_coverage_json, b'{"files": []}', "not a coverage.py report at c: files"),
        (read_coverage_json, b'{"files": {"a": {}}}', "no executed_lines at c: files['a']"),
        (read_coverage_json, b'{"files": {"a": {"executed_lines": [true], "missing_lines": []}}}', "not a line number"),
        (read_coverage_json, b'{"files": {"a": {"executed_lines": [-1], "missing_lines": []}}}', "not a line number"),
        (read_coverage_json, b'{"files": {"a": {"executed_lines": [' + b"1" * 5000 + b"]}}}", "not JSON at c"),
        (read_coverage_json, b"[" * 100_000, "JSON is nested too deep at c"),
    ],
)
def test_what_does_not_fit_is_refused(read: object, data: bytes, message: str) -> None:
    """Each refusal names the place in the report."""
    assert callable(read)
    with pytest.raises(InputError) as caught:
        read(data, "c")
    assert message in str(caught.value)


def test_json_above_its_limit() -> None:
    """JSON is read whole, so its limit is lower, and the message says what to give instead."""
    with pytest.raises(TooLarge, match="expected at most 32000000 bytes"):
        read_coverage_json(b" " * (MAX_JSON + 1), "c.json")


def test_lcov_record_without_end() -> None:
    """A record of megabytes is refused."""
    with pytest.raises(TooLarge, match="one record is too long at c:1"):
        read_lcov(b"SF:" + b"a" * 10_000_000, "c")


def test_path_with_a_null_byte() -> None:
    """A file name that no file system can hold is refused."""
    with pytest.raises(MalformedReport, match="not a file name"):
        read_lcov(b"SF:a\x00b\nend_of_record\n", "c")


@pytest.mark.parametrize(("command", "name"), [("xml", "coverage.xml"), ("json", "coverage.json"), ("lcov", "coverage.lcov")])
def test_reports_that_coverage_py_really_writes(tmp_path: Path, command: str, name: str) -> None:
    """The three formats that the installed coverage.py writes say the same of one run, keyed by repository path."""
    (tmp_path / "src" / "shop").mkdir(parents=True)
    code = "def charge(x):\n    if x < 0:\n        return -1\n    return x * 2\n\n\ncharge(2)\n"
    (tmp_path / "src" / "shop" / "pay.py").write_text(code)
    (tmp_path / ".coveragerc").write_text("[run]\nsource = src\n")
    for arguments in (["run", "src/shop/pay.py"], [command, "-o", name]):
        subprocess.run([sys.executable, "-m", "coverage", *arguments], cwd=tmp_path, capture_output=True, check=True)
    report = parse_report((tmp_path / name).read_bytes(), name)
    run = match_coverage(SuiteRun(coverage=report.coverage), ["src/shop/pay.py", "README.md"])
    assert run.coverage == {"src/shop/pay.py": lines({1, 2, 4, 7}, {3})}
    assert run.notes == ()
