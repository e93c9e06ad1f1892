"""What is particular to opening a store: places, addresses, words of refusal, and surviving a kill."""

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from riskml.adapters.store import PlanRow, Store, Submission, is_ulid, parse_url, ulid
from riskml.errors import StoreUnwritable, UsageError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


def test_the_directory_is_made_for_its_owner_alone(tmp_path: Path):
    """A first start creates the data directory, closed to other users of the machine."""
    Store.open(f"sqlite:///{tmp_path}/data/riskml.db").close()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_commits_survive_the_end_of_the_power(tmp_path: Path):
    """SQLite runs with a write-ahead log, and flushes at each commit."""
    store = Store.open(f"sqlite:///{tmp_path}/riskml.db")
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    store.close()


def test_an_unwritable_place_is_named_with_what_to_do(tmp_path: Path):
    """A file where the directory should be: the message has the path, the reason and the setting."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritable, match=r"file/riskml\.db.*set RISKML_STORE to another place"):
        Store.open(f"sqlite:///{tmp_path}/file/riskml.db")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path):
    """Somebody's notes are refused, not overwritten."""
    notes = tmp_path / "notes.db"
    notes.write_text("milk, bread " * 100)
    with pytest.raises(StoreUnwritable, match="not a database"):
        Store.open(f"sqlite:///{notes}")
    assert notes.read_text().startswith("milk")


def test_a_read_only_database_cannot_be_written(tmp_path: Path):
    """A write that the database refuses is our own refusal, with the path."""
    store = Store.open(f"sqlite:///{tmp_path}/riskml.db")
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.rollback()
    with pytest.raises(StoreUnwritable, match=r"riskml\.db.*readonly"):
        store.write(Submission(PlanRow(id="p-1", created_at=NOON, assessment_id=None, document="{}")))
    store.close()


def test_a_server_that_is_away_is_named_without_its_password():
    """Passwords never reach a message."""
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")
    with pytest.raises(StoreUnwritable) as refusal:
        Store.open("postgresql://riskml:s3cret@127.0.0.1:1/riskml")
    assert "127.0.0.1:1/riskml" in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(("address", "why"), [
    ("riskml.db", "not the address of a store"), ("mysql://h/d", "unknown kind of store"),
    ("sqlite://", "would forget"), ("sqlite:///:memory:", "would forget")])
def test_other_addresses_are_refused(address: str, why: str):
    """Only the two databases that keep the promises, and only where they keep."""
    with pytest.raises(UsageError, match=why):
        parse_url(address)


def test_ulids_sort_by_time_and_have_their_shape():
    """26 characters of Crockford's alphabet, ordered as made."""
    ids = [ulid(ms, os.urandom(10)) for ms in (0, 1, 1_795_478_400_000, (1 << 48) - 1)]
    assert ids == sorted(ids)
    assert all(map(is_ulid, ids))
    assert not is_ulid("8" + "Z" * 25)
    assert not is_ulid(ids[0].lower())


@pytest.mark.parametrize("bad", [(-1, bytes(10)), (1 << 48, bytes(10)), (0, bytes(9))])
def test_ulids_of_impossible_parts_are_refused(bad: tuple[int, bytes]):
    """A wrapped clock would break the order."""
    with pytest.raises(ValueError, match=r"got 9|outside 48 bits"):
        ulid(*bad)


WRITER = """
import os, sys
from datetime import UTC, datetime
from riskml.adapters.store import LabelRow, Store, Submission, ulid
store = Store.open(sys.argv[1])
for n in range(100_000):
    row = LabelRow(id=ulid(n, os.urandom(10)), created_at=datetime.now(UTC), repository="a/b", sha="a" * 40, harm=False,
                   source="imported", known_at=datetime.now(UTC), confidence=1.0)
    store.write(Submission(row))
    print(row.id, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path):
    """A writer killed in the middle loses nothing that it had reported as written, and the audit chain holds."""
    url = f"sqlite:///{tmp_path}/riskml.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(50)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]
    writer.wait()
    kept = {row[0] for row in sqlite3.connect(tmp_path / "riskml.db").execute("SELECT id FROM labels")}
    assert len(acknowledged) >= 50
    assert set(acknowledged) <= kept
    store = Store.open(url)
    assert store.verify_audit().ok
    store.close()
