"""``python -m api``: serve until told to stop."""

from __future__ import annotations

import argparse
import json
import os
import sys

import uvicorn

from api.app import create_app, described
from api.settings import Settings
from api.telemetry import log_as_json
from riskml.errors import RiskmlError, StoreError, UsageError


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments and serve. Exit codes: 0 stopped, 2 a wrong setting, 3 the store or the model cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m api",
        description="Serve assessments and plans over HTTP. Settings come from RISKML_* variables: see docs/operate.md.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (0: any free one)")
    parser.add_argument("--drain", type=int, default=30, metavar="SECONDS", help="time that running requests get at the end")
    parser.add_argument("--openapi", action="store_true", help="print the OpenAPI document and stop")
    asked = parser.parse_args(arguments)
    if asked.openapi:
        print(json.dumps(described(), indent=1, ensure_ascii=False))  # noqa: T201 - asked for
        return 0
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # single rows gain nothing from threads, and lose milliseconds to them
    try:
        settings = Settings.from_environ()
        log_as_json(settings.log_level)
        app = create_app(settings)
    except RiskmlError as error:
        print(f"riskml: {error}", file=sys.stderr)  # noqa: T201 - a command line talks to its user
        return 2 if isinstance(error, UsageError) and not isinstance(error, StoreError) else 3
    uvicorn.run(app, host=asked.host, port=asked.port, log_config=None, access_log=False, server_header=False,
                timeout_graceful_shutdown=asked.drain, timeout_keep_alive=75, h11_max_incomplete_event_size=64 * 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main())
