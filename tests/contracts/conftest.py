"""Empty stores on both databases."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from riskml.adapters.store import Store


def _initdb() -> Path | None:
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = newest[0] if newest else shutil.which("initdb")
    return Path(found) if found else None


def _as_other_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL server of our own on a Unix socket; give the URL of its maintenance database."""
    initdb = _initdb()
    if initdb is None:
        pytest.skip("PostgreSQL is not installed (no initdb)")
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")
    home = Path(tempfile.mkdtemp(prefix="rpg"))  # short: a socket's path may have 107 bytes
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    if os.geteuid() == 0:
        shutil.chown(home, user)
    subprocess.run(_as_other_user([str(initdb), "-D", f"{home}/data", "-A", "trust", "-U", user, "-E", "UTF8", "--locale=C"]),
                   check=True, capture_output=True, cwd=home)
    control = _as_other_user([str(initdb.with_name("pg_ctl")), "-D", f"{home}/data", "-w", "-l", f"{home}/log"])
    options = f"-c listen_addresses='' -c unix_socket_directories='{home}' -c fsync=off -c max_connections=200"
    subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd=home)
    yield f"postgresql://{user}@/postgres?host={home}"
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=home)
    shutil.rmtree(home)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'riskml.db'}"
    server: str = request.getfixturevalue("postgresql")
    name = f"t{uuid.uuid4().hex}"
    engine = sa.create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Open an empty store."""
    opened = Store.open(url)
    yield opened
    opened.close()
