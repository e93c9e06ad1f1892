"""``riskml verdict``: the exit code is the answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from riskml.cli.main import main

PLAN = str(Path(__file__).parents[2] / "golden" / "plans" / "canary.json")


def observations(folder: Path, bad: int, minutes: int) -> str:
    """Write what was measured of p1: every metric, both arms, from the second minute on."""
    rows = [{"stage": "p1", "metric": metric, "arm": arm, "start_s": 60 * n, "window_s": 60, "total": total,
             "bad": bad if arm == "canary" else 12, **({"over": over} if over else {})}
            for n in range(1, minutes + 1) for arm, total in (("canary", 120), ("baseline", 11_880))
            for metric, over in (("error_rate", None), ("latency_p99", 500), ("latency_p99", 1000))]
    file = folder / "observations.json"
    file.write_text(json.dumps(rows))
    return str(file)


@pytest.mark.parametrize(("bad", "minutes", "code", "word"), [
    (0, 60, 0, "promote"), (0, 5, 10, "hold"), (24, 10, 20, "rollback")])
def test_the_exit_code_is_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: int, minutes: int, code: int,
                                      word: str) -> None:
    """0 promote, 10 hold, 20 rollback; the text says why."""
    asked = ["verdict", "--plan", PLAN, "--stage", "p1", "--observations", observations(tmp_path, bad, minutes)]
    assert main(asked) == code
    assert capsys.readouterr().out.startswith(f"p1: {word}\n")
    assert main([*asked, "--format", "json"]) == code
    assert json.loads(capsys.readouterr().out)["verdict"] == word


def test_without_measurements_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """Silence is not health."""
    assert main(["verdict", "--plan", PLAN]) == 10
    assert "no data for err, p99" in capsys.readouterr().out


@pytest.mark.parametrize(("more", "words"), [
    (["--stage", "p2"], "one of: p1, p10, p50, all"), (["--prometheus", "http://localhost:1"], "--began TIME"),
    (["--observations", "no-such.json"], "cannot read the observations"),
    (["--began", "2999-01-01T00:00:00Z"], "a time in the past"),
])
def test_what_makes_no_sense_is_refused(more: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, never a verdict."""
    assert main(["verdict", "--plan", PLAN, *more]) == 2
    assert words in capsys.readouterr().err


@pytest.fixture
def prometheus() -> Iterator[str]:
    """Run a server that has grown by 120 requests a minute for ever, without errors."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            from urllib.parse import parse_qs

            form = {k: v[0] for k, v in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
            start, step, stop = float(form["start"]), float(form["step"]), float(form["end"])
            times = [start + step * i for i in range(int((stop - start) / step + 1.5))]
            labels = [{"le": "0.5"}, {"le": "1"}, {"le": "+Inf"}] if "_bucket" in form["query"] else [{"code": "200"}]
            share = 1 if 'track="canary"' in form["query"] else 99
            result = [{"metric": label, "values": [[t, str(share * 2 * t)] for t in times]} for label in labels]
            body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_counts_come_from_prometheus(prometheus: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Two hours of good health at the plan's share are enough for p1."""
    began = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    code = main(["verdict", "--plan", PLAN, "--stage", "p1", "--prometheus", prometheus, "--began", began])
    assert (code, capsys.readouterr().out.splitlines()[0]) == (0, "p1: promote")


def test_a_prometheus_that_is_away_is_a_hold(capsys: pytest.CaptureFixture[str]) -> None:
    """The reason is on stderr; nothing is made up."""
    began = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    assert main(["verdict", "--plan", PLAN, "--prometheus", "http://127.0.0.1:9", "--began", began]) == 10
    assert "Prometheus did not answer" in capsys.readouterr().err
