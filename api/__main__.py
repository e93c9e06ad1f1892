"""``python -m api``: serve until told to stop."""

from __future__ import annotations

import argparse
import os
import sys

import uvicorn

from api.settings import Settings
from api.telemetry import log_as_json
from riskml.errors import ArtifactError, RiskmlError, StoreError, UsageError

EXIT: dict[type[RiskmlError], int] = {UsageError: 2, ArtifactError: 4, StoreError: 5}  # as for the riskml command


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments and serve. Exit codes: 0 stopped, 2 a wrong setting, 4 no usable model, 5 no usable store."""
    parser = argparse.ArgumentParser(
        prog="python -m api",
        description="Serve assessments and plans over HTTP. Settings come from RISKML_* variables: see docs/operate.md.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (default: 8080; 0: any free one)")
    parser.add_argument("--drain", type=int, default=30, metavar="SECONDS", help="time that running requests get at the end")
    asked = parser.parse_args(arguments)
    for library in ("OMP", "OPENBLAS", "MKL"):  # read when numpy is loaded; single rows lose milliseconds to threads
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    from api.app import create_app

    try:
        settings = Settings.from_environ()
        log_as_json(settings.log_level)
        app = create_app(settings)
    except RiskmlError as error:
        print(f"riskml: {error}", file=sys.stderr)  # noqa: T201 - a command line talks to its user
        return next((code for kind, code in EXIT.items() if isinstance(error, kind)), 1)
    uvicorn.run(app, host=asked.host, port=asked.port, log_config=None, access_log=False, server_header=False,
                timeout_graceful_shutdown=asked.drain, timeout_keep_alive=75, h11_max_incomplete_event_size=64 * 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main())
