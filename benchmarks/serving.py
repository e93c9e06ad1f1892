"""Requests per second of ``POST /predict`` beside a bare FastAPI hello: ``python -m benchmarks.serving [--artifact DIR]``.

Both servers are real processes (``python -m api`` with a store of its own, and uvicorn) on free ports of this machine, and the
same load generator drives them in turns: wrk if it is installed, else a small one of asyncio. Absolute numbers tell about the
machine and what else it does; the ratio of the two, measured in the same minute, tells about the code. The bodies are different
changes, so that nothing is answered from the past, and each answer is in the store before it leaves.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from riskml.features.catalogue import GROUPS

BODIES = 211  # more than the service remembers of one repository, so that each is new to it
ABSENT = ("people", "testing")  # groups that a change without reports does not know
_LUA = """
local bodies, i = {}, 0
for line in io.lines(%s) do bodies[#bodies + 1] = line end
wrk.method, wrk.headers["Content-Type"] = "POST", "application/json"
function request() i = i %% #bodies + 1; return wrk.format(nil, nil, nil, bodies[i]) end
"""


class Load(NamedTuple):
    """What one run brought: requests per second, the 99th percentile of the time to an answer, and how many failed."""

    per_second: float
    p99_ms: float
    failed: int


def hello() -> Any:
    """Make the least that FastAPI can serve."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/")
    async def root() -> dict[str, str]:
        """Say hello."""
        return {"hello": "world"}

    return app


def bodies() -> list[bytes]:
    """Make requests in the features form, each another change, without reports of tests."""
    dice = random.Random(7)
    made = []
    for _ in range(BODIES):
        known = {f.name: round(min(max(dice.lognormvariate(1, 1.5), f.low), f.high), 3)
                 for group in GROUPS if group.name not in ABSENT for f in group.features}
        service = {"name": "checkout", "requests_per_minute": 1200}
        made.append(json.dumps({"repository": "acme/shop", "features": known, "service": service}).encode())
    return made


@contextmanager
def server(log: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """Run a server, give its address once it listens, and end it whatever happens."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("RISKML_")}
    with log.open("w") as stderr:
        process = subprocess.Popen([sys.executable, "-m", *arguments], env=clean | environment, stderr=stderr)
    try:
        deadline = time.monotonic() + 60
        while (found := re.search(r"http://127\.0\.0\.1:\d+", said := log.read_text())) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{' '.join(arguments)} did not start:\n{said}")
            time.sleep(0.05)
        yield found[0]
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wrk(url: str, posted: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Drive a server with wrk."""
    with tempfile.TemporaryDirectory(prefix="riskml-bench-") as folder:
        script: list[str] = []
        if posted:
            (lines := Path(folder) / "bodies").write_bytes(b"\n".join(posted))
            (lua := Path(folder) / "post.lua").write_text(_LUA % json.dumps(str(lines)))
            script = ["-s", str(lua)]
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "--latency", *script, url]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", told), re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
    assert rate is not None, told
    assert p99 is not None, told
    failed = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", told))
    failed += sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", told))
    return Load(float(rate[1]), float(p99[1]) * {"us": 0.001, "ms": 1, "s": 1000}[p99[2]], failed)


async def _ask(url: str, posted: Sequence[bytes], until: float) -> list[tuple[float, bool]]:
    """Send requests on one connection until it is late; give the time in ms and the success of each."""
    _, _, place = url.partition("//")
    address, _, path = place.partition("/")
    host, _, port = address.partition(":")
    head = f"Host: {address}\r\nContent-Type: application/json\r\nContent-Length: "
    verb = "POST" if posted else "GET"
    reader, writer = await asyncio.open_connection(host, int(port))
    took = []
    for body in cycle(posted or [b""]):
        began = time.perf_counter()
        if began >= until:
            break
        writer.write(f"{verb} /{path} HTTP/1.1\r\n{head}{len(body)}\r\n\r\n".encode() + body)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
        await asyncio.wait_for(reader.readexactly(int(length[1]) if length else 0), 30)
        took.append((1000 * (time.perf_counter() - began), answer.split(b" ", 2)[1] == b"200"))
    writer.close()
    return took


def own(url: str, posted: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Drive a server from this process: slower than wrk, which weighs more on the faster server."""

    async def all_of_them() -> list[list[tuple[float, bool]]]:
        until = time.perf_counter() + seconds
        return await asyncio.gather(*(_ask(url, posted[n:] + posted[:n], until) for n in range(connections)))

    took = [each for one in asyncio.run(all_of_them()) for each in one]
    times = sorted(ms for ms, _ in took)
    return Load(len(took) / seconds, times[int(0.99 * len(times))], sum(not good for _, good in took))


def main() -> None:
    """Start both servers, drive them in turns, print medians and ratios, stop both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--artifact", type=Path, help="directory of the model (default: the bundled one)")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--generator", choices=("wrk", "own"), default="wrk" if shutil.which("wrk") else "own")
    args = parser.parse_args()
    drive = {"wrk": wrk, "own": own}[args.generator]
    print(f"load by {args.generator}, {args.rounds} rounds of {args.seconds:g} s each, medians")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="riskml-bench-")))
        model = {} if args.artifact is None else {"RISKML_ARTIFACT": str(args.artifact.resolve())}
        bare = stack.enter_context(server(
            folder / "hello.log", "uvicorn", "benchmarks.serving:hello", "--factory", "--port", "0", "--no-access-log"))
        service = stack.enter_context(server(
            folder / "api.log", "api", "--port", "0",
            RISKML_STORE=f"sqlite:///{folder}/riskml.db", RISKML_STATE=str(folder), **model))
        asked = {"FastAPI hello": (f"{bare}/", []), "POST /predict, features": (f"{service}/predict", bodies())}
        for url, posted in asked.values():
            drive(url, posted, 4, 1)  # warm
        for connections in args.connections:
            runs: dict[str, list[Load]] = {name: [] for name in asked}
            for _ in range(args.rounds):
                for name, (url, posted) in asked.items():
                    runs[name].append(drive(url, posted, connections, args.seconds))
            base = statistics.median(load.per_second for load in runs["FastAPI hello"])
            for name, loads in runs.items():
                rate, p99 = (statistics.median(column) for column in list(zip(*loads, strict=True))[:2])
                failed = sum(load.failed for load in loads)
                print(f"  {connections:3} connections  {name:24} {rate:8.0f}/s  {rate / base:6.3f} × hello  p99 {p99:7.1f} ms"
                      + (f"  {failed} FAILED" if failed else ""))


if __name__ == "__main__":
    main()
