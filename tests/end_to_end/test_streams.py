"""Results go to standard output, notices to standard error, and no way to end the command shows a traceback."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "riskml.cli.main"]


@pytest.fixture
def environment(cache, tmp_path):
    """Give the environment of a process of the command, with a cache folder of its own."""
    assert not cache.exists()
    return {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}


def shell(line: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a line of shell, where ``$R`` is the command."""
    variables = {**environment, "R": " ".join(COMMAND)}
    return subprocess.run(["bash", "-o", "pipefail", "-c", line], env=variables, capture_output=True, text=True, timeout=60,
                          check=False)


def test_a_reader_that_has_enough_is_no_error(environment):
    """``riskml features --list | head -1``: no complaint, and the exit code of a broken pipe."""
    done = shell("{ sleep 1; $R features --list; } | true", environment)

    assert (done.returncode, done.stdout, done.stderr) == (141, "", "")


@pytest.mark.parametrize("redirection", ["> /dev/full", ">&-"])
def test_output_that_cannot_be_written_is_an_error(environment, redirection):
    """A full disk or a closed standard output is told; a result is never lost with exit code 0."""
    done = shell(f"$R features --list {redirection}", environment)

    assert done.returncode == 2
    assert done.stderr.startswith("riskml: cannot write the output (")
    assert done.stderr.count("\n") == 1


def test_notices_never_end_up_in_the_result(environment):
    """With standard error closed, notices are dropped rather than printed to standard output."""
    done = shell("$R plan --score 2 2>&-", environment)

    assert (done.returncode, done.stdout) == (2, "")


def test_results_are_utf_8_whatever_the_locale(environment, shop, model):
    """XML and JSON say that they are UTF-8, so they are."""
    shop.commit("Ü", {"ü.py": "x = 1\n"})
    settings = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    line = f"$R predict {shop.path} --artifact {model} --format json"
    done = subprocess.run(["bash", "-c", line], env={**environment, **settings, "R": " ".join(COMMAND)}, capture_output=True,
                          timeout=60, check=False)

    assert done.returncode == 0
    assert '"ü.py"' in done.stdout.decode("utf-8")


def test_a_run_that_goes_well_writes_nothing_to_stderr(process, shop, model):
    """No progress, no notice, no colour when nobody watches; mining included."""
    ran = process("predict", shop.path, "--artifact", model)

    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out


def in_terminal(args: list[str], environment: dict[str, str]) -> str:
    """Run the command with a terminal as its standard output, and return what it showed."""
    ours, theirs = pty.openpty()
    command = [*COMMAND, *args]
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # how Linux says that the other side is closed
                break
            if not part:
                break
            shown += part
        running.wait(60)
    os.close(ours)
    return shown.decode()


def test_colour_is_for_terminals_and_for_those_who_want_it(environment, shop, model):
    """A terminal gets colour unless NO_COLOR is set; only text has colour."""
    args = ["predict", str(shop.path), "--artifact", str(model)]

    assert "\x1b[1;" in in_terminal(args, environment)
    assert "\x1b[1;" not in in_terminal(args, {**environment, "NO_COLOR": "1"})
    assert "\x1b[1;" not in in_terminal(args, {**environment, "TERM": "dumb"})
    assert "\x1b[1;" not in in_terminal([*args, "--format", "markdown"], environment)


def test_progress_is_for_terminals(environment, shop, model):
    """A terminal sees how far mining has come."""
    assert "commits" in in_terminal(["predict", str(shop.path), "--artifact", str(model)], environment)


def test_an_interrupt_of_mining_leaves_nothing_behind(environment, shop, model, cache, tmp_path):
    """Ctrl-C reaches git as well; no half a state, no temporary folder and no traceback remain."""
    blocked = tmp_path / "bin"
    blocked.mkdir()
    (blocked / "git").write_text('#!/bin/sh\ncase "$*" in *diff-tree*|*"--no-patch"*) ;; *log*) touch "$0.mining"; sleep 60;;'
                                 ' esac\nexec "$REAL_GIT" "$@"\n')
    (blocked / "git").chmod(0o755)
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    variables = {**environment, "PATH": f"{blocked}:{os.environ['PATH']}", "REAL_GIT": real}
    with subprocess.Popen([*COMMAND, "predict", str(shop.path), "--artifact", str(model)], env=variables, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as running:
        deadline = time.monotonic() + 30
        while not (blocked / "git.mining").exists() and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert (blocked / "git.mining").exists()
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)

    assert (running.returncode, out, err) == (130, "", "riskml: interrupted\n")
    assert not list(cache.glob("*"))
    assert not list(tmp_path.glob("riskml-git-*"))

