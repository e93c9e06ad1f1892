"""Opening the database: which one, with which guarantees, and brought to the current tables under a lock.

SQLite runs with a write-ahead log and ``synchronous=FULL``: a committed row survives the end of the process *and* the end of
the power. Writers begin with ``BEGIN IMMEDIATE`` so that two processes wait for each other instead of failing half-way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from riskml.errors import StoreError, StoreUnwritable, UsageError

MIGRATIONS = Path(__file__).parent.parent / "migrations"
LOCK = 0x7269736B  # "risk": the key of the advisory locks on PostgreSQL
BUSY_S = 30  # how long a writer waits for another one on SQLite


def default_url(environ: Mapping[str, str], *, platform: str, home: Path) -> str:
    """Say where the store lives when nobody does: SQLite in the user's data directory.

    >>> default_url({}, platform="linux", home=Path("/home/ada"))
    'sqlite:////home/ada/.local/share/riskml/riskml.db'
    >>> default_url({"XDG_DATA_HOME": "/data"}, platform="linux", home=Path("/home/ada"))
    'sqlite:////data/riskml/riskml.db'
    """
    if platform == "win32":
        root = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif platform == "darwin":
        root = home / "Library" / "Application Support"
    else:
        root = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return f"sqlite:///{(root / 'riskml' / 'riskml.db').as_posix()}"


def parse_url(text: str) -> URL:
    """Read the address of a store: ``sqlite:///PATH`` or ``postgresql://…``; anything else is refused."""
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise UsageError("not the address of a store", got=text, expected="sqlite:///PATH or postgresql://…") from None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise UsageError("a store in memory would forget its answers", got=text, expected="sqlite:///PATH")
        return url.set(drivername="sqlite")
    if url.get_backend_name() in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise UsageError("unknown kind of store", got=url.get_backend_name(), expected="sqlite or postgresql")


def open_engine(text: str) -> Engine:
    """Connect, and bring the tables up to date. ``StoreUnwritable`` says the place and what to do about it."""
    url = parse_url(text)
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    with refusals(engine):
        migrate(engine)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest step. Many may start at once: one works, the others wait and find it done."""
    config = Config()
    config.set_main_option("script_location", MIGRATIONS.as_posix().replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    with writing(engine) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        known = {step.revision for step in script.walk_revisions()}
        if found is not None and found not in known:
            raise StoreError("the store was written by a later version of riskml", where=place(engine), got=found,
                             expected=f"a step up to {script.get_current_head()}; upgrade riskml, or use another store")
        if found == script.get_current_head():
            return

        def steps(revision: object, context: MigrationContext) -> object:  # noqa: ARG001 - what Alembic calls
            return script._upgrade_revs("head", revision)  # type: ignore[arg-type] # noqa: SLF001 - Alembic itself does so

        with EnvironmentContext(config, script, fn=steps) as environment:
            environment.configure(connection=connection, transactional_ddl=False)
            environment.run_migrations()


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that no other writer of this store overlaps: on any of the two databases, in any process."""
    with engine.connect() as plain:
        connection = plain.execution_options(riskml_writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            yield connection


@contextlib.contextmanager
def refusals(engine: Engine) -> Iterator[None]:
    """Turn what the database says into words of our own: where, why, and what to do."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        raise StoreError("the store refused a row", where=place(engine), got=_reason(error)) from error
    except sa.exc.DBAPIError as error:
        raise StoreUnwritable("the store cannot be used", where=place(engine), got=_reason(error),
                              expected=_remedy(engine)) from error
    except OSError as error:
        raise StoreUnwritable("the store cannot be opened", where=place(engine), got=error.strerror or str(error),
                              expected=_remedy(engine)) from error


def place(engine: Engine) -> str:
    """Name the store for people, without its password."""
    return engine.url.database or "" if engine.dialect.name == "sqlite" else engine.url.render_as_string(hide_password=True)


def _reason(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__


def _remedy(engine: Engine) -> str:
    if engine.dialect.name == "sqlite":
        return "a writable directory with free space on a local disk; set RISKML_STORE to another place"
    return "a running PostgreSQL whose user may create tables; check RISKML_STORE"


def _sqlite(url: URL) -> Engine:
    engine = sa.create_engine(url, pool_size=8, max_overflow=8, connect_args={"timeout": BUSY_S})
    with refusals(engine):
        Path(url.database or "").absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself: we say which kind
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("riskml_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    try:
        return sa.create_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    except ModuleNotFoundError:
        raise StoreUnwritable("the driver of PostgreSQL is not installed", got="no module psycopg",
                              expected="pip install 'riskml[postgres]'") from None
