"""Time and memory of reading a JUnit report and a coverage report of 90 MB each: ``python -m benchmarks.reports``.

Each report is written to a temporary folder and read by a fresh process, so that the peak is the reader's own. The report as
bytes is part of it.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from riskml.adapters.reports import read_suite

SIZE = 90_000_000


def junit() -> Iterator[bytes]:
    """Yield cases of Surefire's size: most pass, some fail with a stack trace, all have captured output."""
    trace = "at org.acme.shop.Payment.charge(Payment.java:12)\n" * 20
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="all">\n'
    for n in range(sys.maxsize):
        failure = f'<failure message="expected 1 but was 2" type="AssertionError">{trace}</failure>' if n % 50 == 0 else ""
        yield (
            f'<testcase classname="org.acme.shop.module{n % 300}.PaymentServiceTest{n % 3000}" name="chargesOnce[{n}]" '
            f'time="0.{n % 1000:03d}">{failure}<system-out><![CDATA[a line of the log\n]]></system-out></testcase>\n'
        ).encode()


def cobertura() -> Iterator[bytes]:
    """Yield classes of 400 lines each."""
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<coverage><packages><package name="p"><classes>\n'
    for n in range(sys.maxsize):
        lines = "".join(f'<line number="{line}" hits="{line % 3}" branch="false"/>\n' for line in range(1, 401))
        yield f'<class name="c{n}" filename="src/module{n % 300}/file{n}.py"><lines>{lines}</lines></class>\n'.encode()


REPORTS = {
    "junit": (junit, b"</testsuite></testsuites>\n"),
    "cobertura": (cobertura, b"</classes></package></packages></coverage>\n"),
}


def write(path: Path, kind: str) -> None:
    """Write a report of at least ``SIZE`` bytes."""
    parts, tail = REPORTS[kind]
    with path.open("wb") as file:
        for part in parts():
            file.write(part)
            if file.tell() >= SIZE:
                break
        file.write(tail)


def measure(path: str, kind: str) -> None:
    """Read one report and print what it took."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    run = read_suite([path]) if kind == "junit" else read_suite(coverage=[path])
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert run is not None
    lines = sum(len(c.covered) + len(c.missed) for c in (run.coverage or {}).values())
    found = f"{lines:,} lines" if run.cases is None else f"{len(run.cases):,} cases"
    size = Path(path).stat().st_size / 1e6
    print(f"{kind}: {size:.0f} MB, {found}, {seconds:.1f} s of CPU, {(peak - before) / 1024:.0f} MiB at the peak")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for kind in REPORTS:
            report = Path(folder) / f"{kind}.xml"
            write(report, kind)
            process = get_context("spawn").Process(target=measure, args=(str(report), kind))
            process.start()
            process.join()
