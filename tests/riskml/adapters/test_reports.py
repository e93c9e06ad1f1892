"""Report files on disk: globs, limits, and errors that name the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from riskml.adapters.reports import read_suite
from riskml.errors import HostileInput, InputError, MalformedReport, TooLarge
from riskml.parse.hardened_xml import MAX_BYTES
from riskml.suite import CaseResult, FileCoverage

PASSED = b'<testsuite><testcase classname="c" name="t"/></testsuite>'
LCOV = b"SF:a.py\nDA:1,1\nend_of_record\n"


def test_globs_find_and_merge(tmp_path: Path) -> None:
    """A recursive glob finds reports in hidden folders too; names are relative to the root; a file named twice is read once."""
    (tmp_path / "a" / ".out").mkdir(parents=True)
    (tmp_path / "a" / ".out" / "TEST-1.xml").write_bytes(PASSED)
    (tmp_path / "lcov.info").write_bytes(LCOV)
    run = read_suite(["**/TEST-*.xml", "a/.out/TEST-1.xml"], [str(tmp_path / "lcov.info")], root=tmp_path)
    assert run is not None
    assert run.cases == (CaseResult("c", "t", "passed"),)
    assert run.coverage == {"a.py": FileCoverage(frozenset({1}), frozenset())}
    assert run.sources == ("a/.out/TEST-1.xml", "lcov.info")


def test_no_glob_is_no_report() -> None:
    """Nothing asked for is unknown."""
    assert read_suite() is None


def test_glob_without_a_file(tmp_path: Path) -> None:
    """A glob that names nothing is refused, not taken for a run without tests."""
    with pytest.raises(InputError, match=r"no report found .*got 'build/\*\.xml'; expected a glob that names"):
        read_suite(["build/*.xml"], root=tmp_path)


def test_errors_name_the_file(tmp_path: Path) -> None:
    """A broken, hostile or misplaced report is named with the line, or with the option that it belongs to."""
    (tmp_path / "broken.xml").write_bytes(b"<testsuite>")
    (tmp_path / "evil.xml").write_bytes(b'<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>')
    (tmp_path / "lcov.info").write_bytes(LCOV)
    (tmp_path / "empty.xml").write_bytes(b"")
    with pytest.raises(MalformedReport, match=r"at broken\.xml:1:12"):
        read_suite(["broken.xml"], root=tmp_path)
    with pytest.raises(HostileInput, match=r"at evil\.xml:1:"):
        read_suite(["evil.xml"], root=tmp_path)
    with pytest.raises(MalformedReport, match=r"a lcov report, which belongs to --coverage at lcov\.info"):
        read_suite(["lcov.info"], root=tmp_path)
    with pytest.raises(MalformedReport, match=r"empty\.xml"):
        read_suite(["empty.xml"], root=tmp_path)


def test_file_above_the_limit(tmp_path: Path) -> None:
    """A sparse file of gigabytes is refused after reading no more than the limit."""
    with (tmp_path / "big.xml").open("wb") as file:
        file.truncate(900_000_000)
    with pytest.raises(TooLarge, match=rf"too large at big\.xml: got 900000000; expected at most {MAX_BYTES} bytes"):
        read_suite(["big.xml"], root=tmp_path)


def test_all_files_together_have_a_limit(tmp_path: Path) -> None:
    """The sum of all reports is bounded before the first is read."""
    for n in range(3):
        with (tmp_path / f"big{n}.xml").open("wb") as file:
            file.truncate(400_000_000)
    with pytest.raises(TooLarge, match=r"the reports are too large together at big2\.xml"):
        read_suite(["*.xml"], root=tmp_path)


def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    """A named pipe would block for ever, a device never end: neither is read."""
    os.mkfifo(tmp_path / "pipe.xml")
    with pytest.raises(InputError, match=r"not a regular file at pipe\.xml"):
        read_suite(["pipe.xml"], root=tmp_path)
    with pytest.raises(InputError, match="not a regular file at /dev/zero"):
        read_suite(["/dev/zero"], root=tmp_path)


def test_dangling_link(tmp_path: Path) -> None:
    """A link to nothing cannot be read, and its own name is said."""
    (tmp_path / "gone.xml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"the report cannot be read \(No such file or directory\)"):
        read_suite(["gone.xml"], root=tmp_path)
