"""JUnit XML as each of its writers writes it, and what we conclude."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from riskml.errors import MalformedReport, TooLarge
from riskml.parse.hardened_xml import walk
from riskml.parse.junit import _JUnit, parse_junit, read_junit
from riskml.suite import CaseResult

PYTEST_RERUNFAILURES = b"""<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">
<testsuite name="pytest" errors="1" failures="1" skipped="2" tests="6" time="0.098"
timestamp="2026-11-24T05:56:02.368590+00:00" hostname="vm">
<testcase classname="test_x" name="test_ok" time="0.001" />
<testcase classname="test_x" name="test_bad" time="0.001" /><testcase classname="test_x" name="test_bad" time="0.001">
<failure message="assert 1 == 2">&gt;   def test_bad(): assert 1==2

test_x.py:3: AssertionError</failure></testcase>
<testcase classname="test_x" name="test_skip" time="0.000"><skipped type="pytest.skip" message="no">x.py:4</skipped></testcase>
<testcase classname="test_x" name="test_xfail" time="0.000"><skipped type="pytest.xfail" message="" /></testcase>
<testcase classname="test_x" name="test_teardown" time="0.002"><failure message="assert False">...</failure></testcase>
<testcase classname="test_x" name="test_teardown" time="0.000"><error message="failed on teardown">...</error></testcase>
<testcase classname="test_x" name="test_flaky" time="0.000" /><testcase classname="test_x" name="test_flaky" time="0.000" />
</testsuite></testsuites>"""

SUREFIRE = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0" name="org.acme.PayTest" time="0.012" tests="2"
  xsi:noNamespaceSchemaLocation="https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report-3.0.xsd"
  errors="1" skipped="0" failures="1">
  <properties><property name="java.specification.version" value="17"/></properties>
  <testcase name="ok" classname="org.acme.PayTest" time="1,234.5"/>
  <testcase name="bad" classname="org.acme.PayTest" time="0.012">
    <failure message="expected: &lt;5&gt; but was: &lt;4&gt;" type="org.opentest4j.AssertionFailedError"><![CDATA[<]]></failure>
    <rerunFailure message="expected: &lt;5&gt; but was: &lt;4&gt;" type="org.opentest4j.AssertionFailedError">
      <stackTrace><![CDATA[org.opentest4j.AssertionFailedError]]></stackTrace><system-out><![CDATA[again]]></system-out>
    </rerunFailure>
  </testcase>
  <testcase name="err" classname="org.acme.PayTest" time="0.006">
    <error message="x" type="java.lang.IllegalStateException"><![CDATA[java.lang.IllegalStateException: x]]></error>
    <rerunError message="x" type="java.lang.IllegalStateException"><stackTrace/></rerunError>
  </testcase>
  <testcase name="off" classname="org.acme.PayTest" time="0.0"><skipped message="@Disabled"/></testcase>
  <testcase name="flaky" classname="org.acme.PayTest" time="0.0">
    <flakyFailure message="expected: &lt;true&gt;" type="org.opentest4j.AssertionFailedError"><stackTrace/></flakyFailure>
  </testcase>
</testsuite>"""

JEST = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="jest tests" tests="3" failures="0" errors="1" time="0.36">
  <testsuite name="pay" errors="0" failures="0" skipped="1" timestamp="2026-11-24T05:56:05" time="0.184" tests="2">
    <testcase classname="pay ok" name="pay ok" time="0.001">
    </testcase>
    <testcase classname="pay sk" name="pay sk" time="0"><skipped/></testcase>
  </testsuite>
  <testsuite name="src/b.test.js" errors="1" failures="0" skipped="0" timestamp="1970-01-01T00:00:00" time="0" tests="0">
    <testcase classname="Test suite failed to run" name="src/b.test.js" time="0">
      <error>  \xe2\x97\x8f Test suite failed to run</error>
    </testcase>
  </testsuite>
</testsuites>"""

GO = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="2">
	<testsuite name="acme.org/shop/pay" tests="2" failures="1" errors="0" id="0" hostname="ci-7" skipped="0" time="0.160">
		<properties><property name="go.version" value="go1.22 linux/amd64"></property></properties>
		<testcase name="TestRefund" classname="acme.org/shop/pay" time="0.060"></testcase>
		<testcase name="TestRefund/twice" classname="acme.org/shop/pay" time="0.100">
			<failure message="Failed" type=""><![CDATA[pay_test.go:11: Error message]]></failure>
		</testcase>
	</testsuite>
	<testsuite name="acme.org/shop/cart" tests="1" failures="0" errors="1" id="1" hostname="ci-7" time="0.000">
		<testcase name="[build failed]" classname="acme.org/shop/cart" time="0.000"><error message="Build error"/></testcase>
	</testsuite>
</testsuites>"""

GTEST = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4" failures="1" disabled="1" errors="0" time="0.035" timestamp="2026-10-31T18:52:42.048" name="AllTests">
  <testsuite name="Math" tests="4" failures="1" disabled="1" skipped="1" errors="0" time="0.015">
    <testcase name="Adds" file="test.cpp" line="1" status="run" result="completed" time="0.007" timestamp="x" classname="Math">
      <failure message="Value of: add(1, 1)&#x0A;  Actual: 3" type="">...</failure>
      <failure message="Value of: add(1, -1)" type="">...</failure>
    </testcase>
    <testcase name="Subtracts" status="run" result="completed" time="0.005" classname="Math" />
    <testcase name="DISABLED_Divides" status="notrun" result="suppressed" time="0." classname="Math" />
    <testcase name="Skips" status="run" result="skipped" time="0" classname="Math"><skipped message="why"/></testcase>
  </testsuite>
</testsuites>"""

DOTNET = "\ufeff".encode() + b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites>
  <testsuite name="Shop.Tests.dll" tests="2" skipped="0" failures="1" errors="0" time="1.5" timestamp="2026-11-24T05:56:05"
    hostname="WIN" id="0" package="Shop.Tests.dll">
    <properties />
    <testcase classname="Shop.Tests.PayTest" name="Refunds(amount: 1)" time="0.0290000" />
    <testcase classname="Shop.Tests.PayTest" name="Refunds(amount: 2)" time="0.0010000">
      <failure message="Assert.Equal() Failure" type="failure">at Shop.Tests</failure>
    </testcase>
    <system-out>Test Framework Informational Messages</system-out><system-err />
  </testsuite>
</testsuites>"""

PLAYWRIGHT = b"""<testsuites id="" name="" tests="2" failures="1" skipped="0" errors="0" time="3.3">
<testsuite name="pay.spec.ts" timestamp="2026-11-24T05:56:05.000Z" hostname="chromium" tests="1" failures="1" time="1">
<testcase name="pays" classname="pay.spec.ts" time="1.0"><failure message="3:5 pays" type="FAILURE">...</failure></testcase>
</testsuite>
<testsuite name="pay.spec.ts" timestamp="2026-11-24T05:56:05.000Z" hostname="webkit" tests="1" failures="0" time="1">
<testcase name="pays" classname="pay.spec.ts" time="1.1"></testcase>
</testsuite></testsuites>"""

PHPUNIT = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="unit" tests="2" assertions="2" errors="0" failures="1" skipped="0" time="0.01">
<testsuite name="Acme\\PayTest" file="tests/PayTest.php" tests="2" errors="0" failures="1" time="0.01">
<testsuite name="Acme\\PayTest::testPays" tests="2" errors="0" failures="1" time="0.01">
<testcase name="testPays with data set #0" class="Acme\\PayTest" file="tests/PayTest.php" line="7" time="0.005"/>
<testcase name="testPays with data set #1" class="Acme\\PayTest" line="7" time="0.005"><failure/></testcase>
</testsuite></testsuite></testsuite></testsuites>"""


def outcomes(data: bytes) -> dict[str, str]:
    """Read a report as outcomes by the names of its cases."""
    return {case.name: case.outcome + (" flaky" if case.flaky else "") for case in parse_junit(data, "r.xml")}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(PYTEST_RERUNFAILURES, {
            "test_ok": "passed", "test_bad": "failed", "test_skip": "skipped", "test_xfail": "skipped",
            "test_teardown": "error", "test_flaky": "passed flaky",
        }, id="pytest-rerunfailures"),
        pytest.param(SUREFIRE, {
            "ok": "passed", "bad": "failed", "err": "error", "off": "skipped", "flaky": "passed flaky",
        }, id="surefire"),
        pytest.param(JEST, {"pay ok": "passed", "pay sk": "skipped", "src/b.test.js": "error"}, id="jest-junit"),
        pytest.param(GO, {
            "TestRefund": "passed", "TestRefund/twice": "failed", "[build failed]": "error",
        }, id="go-junit-report"),
        pytest.param(GTEST, {
            "Adds": "failed", "Subtracts": "passed", "DISABLED_Divides": "skipped", "Skips": "skipped",
        }, id="gtest"),
        pytest.param(DOTNET, {"Refunds(amount: 1)": "passed", "Refunds(amount: 2)": "failed"}, id="dotnet"),
        pytest.param(PHPUNIT, {"testPays with data set #0": "passed", "testPays with data set #1": "failed"}, id="phpunit"),
    ],
)
def test_outcomes_by_producer(data: bytes, expected: dict[str, str]) -> None:
    """Each writer's way to say passed, failed, error, skipped and retried is understood, and no case is invented or lost."""
    assert outcomes(data) == expected


def test_details_of_a_case() -> None:
    """A case keeps its class, name, seconds and file; Surefire's grouped thousands are read as a number."""
    assert parse_junit(SUREFIRE, "r.xml")[0] == CaseResult("org.acme.PayTest", "ok", "passed", 1234.5)
    assert parse_junit(GTEST, "r.xml")[0] == CaseResult("Math", "Adds", "failed", 0.007, file="test.cpp")


def test_file_comes_from_the_nearest_suite() -> None:
    """A case without a file takes its suite's, and a case without a class is named by the path of its suites."""
    case = parse_junit(PHPUNIT, "r.xml")[1]
    assert case.file == "tests/PayTest.php"
    assert case.suite == "unit > Acme\\PayTest > Acme\\PayTest::testPays"


def test_browsers_are_not_retries() -> None:
    """A test that fails in one browser and passes in another has failed: the suites differ in their host name."""
    assert [case.outcome for case in parse_junit(PLAYWRIGHT, "r.xml")] == ["failed", "passed"]


def test_repeated_case_is_a_retry() -> None:
    """A case that failed and then passed in one suite is passed and flaky, and its seconds add up."""
    data = b'<testsuite><testcase name="t" time="1"><failure/></testcase><testcase name="t" time="2"/></testsuite>'
    assert parse_junit(data, "r.xml") == (CaseResult("", "t", "passed", 3.0, flaky=True),)


def test_passed_then_failed_is_failed() -> None:
    """The last try decides, so a pass before a failure excuses nothing."""
    data = b'<testsuite><testcase name="t"/><testcase name="t"><failure/></testcase></testsuite>'
    assert outcomes(data) == {"t": "failed"}


def test_repeated_passes_that_are_counted_are_not_flaky() -> None:
    """``go test -count=2`` counts both passes, so nothing was retried."""
    data = b'<testsuite tests="2"><testcase name="t"/><testcase name="t"/></testsuite>'
    assert outcomes(data) == {"t": "passed"}


@pytest.mark.parametrize("counts", ['errors="1"', 'failures="1"', 'errors="1" tests="0"'])
def test_crash_that_is_only_counted(counts: str) -> None:
    """A suite that counts a failure and shows none is not green: a case stands for what it does not show."""
    data = f'<testsuites><testsuite name="s" {counts}><testcase name="t"/></testsuite></testsuites>'.encode()
    assert outcomes(data) == {"t": "passed", "(1 counted by the suite and not shown)": "error"}


def test_counts_of_outer_suites_are_not_counted_twice() -> None:
    """Outer suites that count what inner ones show (PHPUnit, jest) add no case of their own."""
    inner = b'<testsuite name="i" failures="1"><testcase name="t"><failure/></testcase></testsuite>'
    data = b'<testsuites failures="1"><testsuite name="o" failures="1">' + inner + b"</testsuite></testsuites>"
    assert outcomes(data) == {"t": "failed"}


def test_error_of_the_suite_itself() -> None:
    """An error outside of any case (a broken fixture of a class) is a case that failed."""
    data = b'<testsuite name="s" errors="1"><error message="x"/></testsuite>'
    assert outcomes(data) == {"(error of the suite itself)": "error"}


@pytest.mark.parametrize("counts", ["", 'tests="" failures="-" errors="1e9" time="" timestamp="yesterday"'])
def test_missing_or_odd_counts(counts: str) -> None:
    """Counts, times and timestamps that are absent or no numbers claim nothing."""
    report = read_junit(f"<testsuite {counts}><testcase/></testsuite>".encode(), "r.xml")
    assert report.cases == (CaseResult("", "", "passed"),)
    assert report.started_at is None


def test_span_of_time() -> None:
    """A report spans its suites; a suite dated 1970 (jest-junit's for one that never started) has no time."""
    report = read_junit(JEST, "r.xml")
    assert report.started_at == 1795499765.0
    assert report.ended_at == pytest.approx(1795499765.184)


def test_namespace_does_not_matter() -> None:
    """A default namespace changes no tag."""
    data = b'<testsuite xmlns="urn:junit"><testcase name="t"><error/></testcase></testsuite>'
    assert outcomes(data) == {"t": "error"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252", "gbk", "shift_jis"])
def test_encodings(encoding: str) -> None:
    """Names survive in every encoding that test runners write."""
    name = {"iso-8859-1": "prüft", "windows-1252": "prüft “x”"}.get(encoding, "支付")
    declared = encoding.removesuffix("-sig")
    data = f'<?xml version="1.0" encoding="{declared}"?><testsuite><testcase name="{name}"/></testsuite>'.encode(encoding)
    assert outcomes(data) == {name: "passed"}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<html/>", "not a JUnit report at r.xml:1:1: got '<html>'; expected <testsuites> or <testsuite>"),
        (b"<testsuites><testcase/></testsuites>", None),
        (b"<testsuites>\n <testsuite><testcase><testsuite/></testcase></testsuite></testsuites>", "a suite inside a case"),
        (b"<testsuites><testsuite>", "not well-formed XML (no element found) at r.xml:1:24"),
        (b"<testsuites>&boom;</testsuites>", "not well-formed XML (undefined entity) at r.xml:1:13"),
        (b"", "the report is empty at r.xml"),
    ],
)
def test_what_is_no_report_is_refused(data: bytes, what: str | None) -> None:
    """The refusal says what is wrong and where, by file, line and column; a case right below the root is accepted."""
    if what is None:
        assert len(parse_junit(data, "r.xml")) == 1
        return
    with pytest.raises(MalformedReport) as caught:
        parse_junit(data, "r.xml")
    assert what in str(caught.value)


def test_too_many_cases() -> None:
    """More cases than the limit are refused before they fill the memory."""
    with pytest.raises(TooLarge, match=r"too many test cases in one report at r\.xml:1:133; expected at most 10"):
        walk(b"<testsuite>" + b"<testcase/>" * 11 + b"</testsuite>", "r.xml", _JUnit(max_cases=10))


def test_report_that_pytest_really_writes(tmp_path: Path) -> None:
    """What the installed pytest writes for a small project is read as it ended."""
    (tmp_path / "test_pay.py").write_text(
        "import pytest\n"
        "def test_ok(): pass\n"
        "def test_bad(): assert 1 == 2\n"
        "@pytest.mark.skip\n"
        "def test_skip(): pass\n"
        "@pytest.fixture\n"
        "def broken(): raise RuntimeError\n"
        "def test_setup(broken): pass\n"
        "@pytest.mark.parametrize('p', ['<&>', 'ü'])\n"
        "def test_p(p): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=.", "--junitxml=j.xml", "test_pay.py"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    report = read_junit((tmp_path / "j.xml").read_bytes(), "j.xml")
    assert {case.name: case.outcome for case in report.cases or ()} == {
        "test_ok": "passed", "test_bad": "failed", "test_skip": "skipped", "test_setup": "error",
        "test_p[<&>]": "passed", r"test_p[\xfc]": "passed",
    }
    assert all(case.suite == "test_pay" and case.duration_s is not None for case in report.cases or ())
    assert report.started_at is not None
