"""pyszz on a sample of fixes, from a checkout that the user has: it is a repository and in no package index.

It runs as its README says, a process of its own that is given a list of fixes, and three things are in its favour: the clone
that it copies for every fix has no packs of its own (its objects are the original's), only files of the languages that its own
configurations name are looked at, and a fix that the time limit interrupts counts as done.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks.whole_clone import stand_ins

VARIANTS = {"b": "B-SZZ", "ag": "AG-SZZ"}
LANGUAGES = ("c", "cpp", "cs", "h", "java", "js", "py")
_NAME = "sample/history"
_BEGUN = re.compile(r"\b(\d+) of \d+: " + _NAME)


class Run(NamedTuple):
    """Fixes that were looked at, those of them that point at somebody (None if interrupted); seconds of wall and processor."""

    fixes: int
    pointing: int | None
    wall: float
    cpu: float


def pyszz(
    checkout: Path, python: str, repository: str, variant: str, fixes: Sequence[str], limit: float, folder: Path,
) -> Run:
    """Let it look at fixes for ``limit`` seconds at most, in an empty folder; processor time is that of its gits, too.

    Raises SystemExit with the end of its log if it fails.
    """
    asked, options = folder / "fixes.json", folder / "options.yml"
    asked.write_text(json.dumps([{"repo_name": _NAME, "fix_commit_hash": sha} for sha in fixes]))
    settings = {"szz_name": variant, "file_ext_to_parse": LANGUAGES, "issue_date_filter": False, "max_change_size": 20}
    options.write_text(json.dumps(settings))  # YAML, too
    command = [python, str(checkout.resolve() / "main.py"), str(asked), str(options), str(folder / "repositories")]
    log = folder / "log"
    clone = folder / "repositories" / _NAME
    clone.parent.mkdir(parents=True)
    with log.open("w") as out, stand_ins(repository) as objects:
        environment = os.environ | objects
        subprocess.run(["git", "clone", "-q", "-s", repository, clone], check=True, env=environment)
        started = time.perf_counter()
        with subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=out, env=environment, start_new_session=True,
        ) as process:
            ended = _within(process.pid, started + limit)
            if not ended:
                os.killpg(process.pid, signal.SIGTERM)
            _, code, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(code)
        wall = time.perf_counter() - started
    said = log.read_text(errors="replace")
    answers = list((folder / "out").glob("*.json"))
    if ended and (process.returncode or not answers):
        raise SystemExit(f"pyszz failed:\n{said[-2000:]}")
    begun = max((int(n) for n in _BEGUN.findall(said)), default=0)
    pointing = sum(bool(fix["inducing_commit_hash"]) for fix in json.loads(answers[0].read_text())) if ended else None
    return Run(begun, pointing, wall, usage.ru_utime + usage.ru_stime)


def _within(pid: int, deadline: float) -> bool:
    """Wait for the end of a process, and whether it came in time; it is not reaped, so that its processor time remains."""
    while time.perf_counter() < deadline:
        with suppress(ChildProcessError):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return True
        time.sleep(0.05)
    return False
