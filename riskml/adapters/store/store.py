"""What was answered, decided and observed, kept for good. The only room that speaks SQL.

Rows are only ever added. Every row added in a transaction is linked into the audit chain in the same transaction, and a key
that was seen before returns what is there: writing twice changes nothing, on one machine or from many.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from riskml.adapters.store import audit, database, tables
from riskml.adapters.store.rows import (
    ROWS,
    SAYS_EMPTY,
    AssessmentRow,
    DeliveryRow,
    ObservationRow,
    OutcomeRow,
    PlanRow,
    Receipt,
    Row,
    ShadowRow,
    StepRow,
    Submission,
    VerdictRow,
    columns_of,
    digest_of,
)
from riskml.errors import Conflict, NotFound

AnyRow = TypeVar("AnyRow", bound=Row)
SETTLES = "settles:"
"""Before the id of an outcome that waited: the key of the outcome that says which change it was about."""

ENDED = "ended:"
"""Before the id of a delivery that the bot took on: the key of the row that says what came of it."""

_PAGE = 1000


class Store:
    """An open store. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Store:
        """Open ``sqlite:///PATH`` or ``postgresql://…``, creating what is missing."""
        return cls(database.open_engine(url))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @property
    def place(self) -> str:
        """Where the store is, for people: a path, or an address without its password."""
        return database.place(self._engine)

    def ping(self) -> None:
        """Raise ``StoreUnwritable`` unless a writer can begin now."""
        with database.refusals(self._engine), database.writing(self._engine) as connection:
            connection.execute(sa.select(sa.func.max(tables.AUDIT.c.seq)))

    # ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def write(self, submission: Submission) -> Receipt:
        """Add one submission; ``Conflict`` if its key was used for another body."""
        receipt = self.write_all([submission])[0]
        if isinstance(receipt, Conflict):
            raise receipt
        return receipt

    def write_all(self, submissions: Sequence[Submission]) -> list[Receipt | Conflict]:
        """Add many in one transaction. A conflict concerns its own submission alone; any other failure adds nothing at all."""
        with database.refusals(self._engine), database.writing(self._engine) as connection:
            kept = _kept_under_keys(connection, submissions)
            receipts: list[Receipt | Conflict] = []
            fresh: list[Row] = []
            for submission in submissions:
                row = submission.row
                known = kept.get((row.kind, row.idempotency_key)) if row.idempotency_key is not None else None
                if known is None:
                    fresh += (row, *submission.attached)
                    if row.idempotency_key is not None:
                        kept[row.kind, row.idempotency_key] = row
                    receipts.append(Receipt(row, fresh=True))
                elif known.request_digest == row.request_digest:
                    receipts.append(Receipt(known, fresh=False))
                else:
                    receipts.append(Conflict("the key was already used for another request", where="idempotency_key",
                                             got=row.idempotency_key, expected="the same body again, or a new key"))
            _insert(connection, fresh)
        return receipts

    def prune(self, before: datetime, *, now: datetime) -> int:
        """Remove rows older than ``before``; their links stay, and one more says what was removed. Returns their number."""
        with database.refusals(self._engine), database.writing(self._engine) as connection:
            gone = []
            for kind, table in tables.BY_KIND.items():
                old = table.c.created_at < before
                gone += [f"{kind} {id_}" for id_ in connection.scalars(sa.select(table.c.id).where(old).order_by(table.c.id))]
                connection.execute(sa.delete(table).where(old))
            if gone:
                digest = hashlib.sha256("\n".join(gone).encode()).hexdigest()
                _link(connection, [(now, "prune", tables.iso(before), digest)])
        return len(gone)

    # ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, kind: type[AnyRow], id_: str) -> AnyRow:
        """Fetch the row of this id; ``NotFound`` if there is none."""
        table = tables.BY_KIND[kind.kind]
        # PostgreSQL has no text with a NUL, and no id of ours has anything like it
        found = self._rows(kind, sa.select(table).where(table.c.id == id_)) if id_.isprintable() else []
        if not found:
            raise NotFound(f"no {kind.kind} has this id", got=id_)
        return found[0]

    def page(self, kind: type[AnyRow], *, after: str | None = None, limit: int = _PAGE) -> list[AnyRow]:
        """List all rows of a kind, oldest first. ``after`` is the id of the last one of the page before."""
        table = tables.BY_KIND[kind.kind]
        query = sa.select(table).order_by(table.c.id).limit(limit)
        return self._rows(kind, query if after is None else query.where(table.c.id > after))

    def under_key(self, kind: type[AnyRow], key: str) -> AnyRow | None:
        """Fetch what is kept under an idempotency key, if anything is."""
        table = tables.BY_KIND[kind.kind]
        return next(iter(self._rows(kind, sa.select(table).where(table.c.idempotency_key == key))), None)

    def assessments(self, *, repository: str | None = None, head: str | None = None, since: datetime | None = None,
                    before: str | None = None, limit: int = 50) -> list[AssessmentRow]:
        """List assessments, newest first. ``before`` is the id of the last one of the page before."""
        table = tables.ASSESSMENTS
        query = sa.select(table).order_by(table.c.id.desc()).limit(limit)
        if repository is not None:
            query = query.where(table.c.repository == repository)
        if head is not None:
            query = query.where(table.c.head == head)
        if since is not None:
            query = query.where(table.c.created_at >= since)
        if before is not None:
            query = query.where(table.c.id < before)
        return self._rows(AssessmentRow, query)

    def plan_of(self, assessment_id: str) -> PlanRow | None:
        """Fetch the plan that was made for an assessment."""
        query = sa.select(tables.PLANS).where(tables.PLANS.c.assessment_id == assessment_id).order_by(tables.PLANS.c.id.desc())
        return next(iter(self._rows(PlanRow, query.limit(1))), None)

    def outcomes(self, *, assessment_id: str | None = None, plan_id: str | None = None, repository: str | None = None,
                 head: str | None = None, limit: int = 100) -> list[OutcomeRow]:
        """List what happened to a change, oldest first; at least one of the filters must be given."""
        table = tables.OUTCOMES
        wanted = {"assessment_id": assessment_id, "plan_id": plan_id, "repository": repository, "head": head}
        conditions = [table.c[name] == value for name, value in wanted.items() if value is not None]
        if not conditions:
            raise ValueError("outcomes of what?")
        return self._rows(OutcomeRow, sa.select(table).where(*conditions).order_by(table.c.id).limit(limit))

    def waiting(self, *, after: str | None = None, limit: int = 100) -> list[OutcomeRow]:
        """List outcomes of which no assessment is known, oldest first, without those that a person has settled.

        An outcome that came before its assessment waits no longer once that is there. ``after`` is the last id of the page
        before.
        """
        table, known = tables.OUTCOMES, tables.ASSESSMENTS
        settled = tables.OUTCOMES.alias("settled")
        query = sa.select(table).where(
            table.c.assessment_id.is_(None),
            ~sa.exists().where(settled.c.idempotency_key == SETTLES + table.c.id),
            ~sa.exists().where(known.c.repository == table.c.repository, known.c.head == table.c.head))
        if after is not None:
            query = query.where(table.c.id > after)
        return self._rows(OutcomeRow, query.order_by(table.c.id).limit(limit))

    def steps(self, plan_id: str) -> list[StepRow]:
        """List what was reported of a release, oldest report first."""
        table = tables.STEPS
        return self._rows(StepRow, sa.select(table).where(table.c.plan_id == plan_id).order_by(table.c.id))

    def last_plan_on(self, target: str, *, other_than: str) -> str | None:
        """Return the plan that was last reported on what a tool deploys, apart from one."""
        table = tables.STEPS
        query = sa.select(table).where(table.c.target == target, table.c.plan_id != other_than)
        found = self._rows(StepRow, query.order_by(table.c.id.desc()).limit(1))
        return found[0].plan_id if found else None

    def observations(self, plan_id: str, *, run: int) -> list[ObservationRow]:
        """List what was measured of a release, oldest report first."""
        table = tables.OBSERVATIONS
        query = sa.select(table).where(table.c.plan_id == plan_id, table.c.run == run)
        return self._rows(ObservationRow, query.order_by(table.c.id))

    def verdicts(self, plan_id: str, *, limit: int = 100) -> list[VerdictRow]:
        """List what was said of a release, newest first."""
        table = tables.VERDICTS
        query = sa.select(table).where(table.c.plan_id == plan_id).order_by(table.c.id.desc())
        return self._rows(VerdictRow, query.limit(limit))

    def unfinished(self, *, since: datetime, limit: int = 100) -> list[DeliveryRow]:
        """List what the bot took on and has not ended, oldest first."""
        table = tables.DELIVERIES
        ended = tables.DELIVERIES.alias("ended")
        query = sa.select(table).where(table.c.result == "accepted", table.c.created_at >= since,
                                       ~sa.exists().where(ended.c.idempotency_key == ENDED + table.c.id))
        return self._rows(DeliveryRow, query.order_by(table.c.id).limit(limit))

    def shadow_scores(self, since: datetime, *, challenger_sha256: str | None = None) -> list[ShadowRow]:
        """List what challengers, or one of them, said beside the answers since a moment, oldest first."""
        table = tables.SHADOW_SCORES
        query = sa.select(table).where(table.c.created_at >= since)
        if challenger_sha256 is not None:
            query = query.where(table.c.challenger_sha256 == challenger_sha256)
        return self._rows(ShadowRow, query.order_by(table.c.id))

    def recent_features(self, repository: str, *, feature_set: int, limit: int = 500) -> dict[str, dict[str, float]]:
        """Fetch the newest feature vectors of a repository, newest first, one per head (or id, without one); NaN is unknown.

        Empty changes are left out.
        """
        table = tables.ASSESSMENTS
        query = (sa.select(table.c.id, table.c.head, table.c.features)
                 .where(table.c.repository == repository, table.c.feature_set == feature_set, _measured())
                 .order_by(table.c.id.desc()).limit(limit))
        with database.refusals(self._engine), self._engine.connect() as connection:
            newest: dict[str, str] = {}
            for id_, head, features in connection.execute(query):
                newest.setdefault(head or id_, features)
        nan = float("nan")
        return {key: {name: nan if value is None else float(value) for name, value in json.loads(text).items()}
                for key, text in newest.items()}

    def recent_scores(self, *, artifact_sha256: str, since: datetime,
                      limit: int) -> list[tuple[float, dict[str, float | None]]]:
        """List probability and features of the newest assessments by one model, without empty changes; ``None`` is unknown."""
        table = tables.ASSESSMENTS
        query = (sa.select(table.c.probability, table.c.features)
                 .where(table.c.artifact_sha256 == artifact_sha256, table.c.created_at >= since, _measured())
                 .order_by(table.c.id.desc()).limit(limit))
        with database.refusals(self._engine), self._engine.connect() as connection:
            return [(probability, json.loads(features)) for probability, features in connection.execute(query)]

    def judged(self, *, artifact_sha256: str, since: datetime) -> list[tuple[float, list[OutcomeRow]]]:
        """List the probability of assessments by one model with all that is known to have happened to their changes.

        Of a commit that was assessed more than once the newest counts, empty changes aside: whose commit is released already
        is answered that there is nothing to release, and what happened is about the answer before.
        """
        table, told = tables.ASSESSMENTS, tables.OUTCOMES
        about = sa.or_(told.c.assessment_id == table.c.id,
                       sa.and_(told.c.repository == table.c.repository, told.c.head == table.c.head))
        query = (sa.select(table.c.id.label("of"), table.c.repository.label("in_"), table.c.head.label("at"),
                           table.c.probability.label("said"), told)
                 .join(told, about)
                 .where(table.c.artifact_sha256 == artifact_sha256, table.c.created_at >= since, _measured())
                 .order_by(table.c.id.desc(), told.c.id))
        names = [column.name for column in told.columns]
        newest: dict[tuple[str, str], str] = {}
        found: dict[str, tuple[float, list[OutcomeRow]]] = {}
        with database.refusals(self._engine), self._engine.connect() as connection:
            for row in connection.execute(query).mappings():
                of = row["of"]
                if newest.setdefault((row["in_"], row["at"] or of), of) == of:
                    found.setdefault(of, (row["said"], []))[1].append(OutcomeRow(**{name: row[name] for name in names}))
        return list(found.values())

    # ── audit ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def verify_audit(self, anchor: tuple[int, str] | None = None) -> audit.AuditReport:
        """Follow the whole chain, compare every row with its link, and look for rows that no link vouches for."""
        with database.refusals(self._engine), self._engine.connect() as connection:
            report = audit.first_break(chain.from_iterable(_pages(connection)), anchor)
            if not report.ok:
                return report
            wrong = _first_wrong_row(connection)
            return report if wrong is None else audit.AuditReport(report.links, report.head, *wrong)

    def _rows(self, kind: type[AnyRow], query: sa.Select[Any]) -> list[AnyRow]:
        with database.refusals(self._engine), self._engine.connect() as connection:
            return [kind(**row) for row in connection.execute(query).mappings()]


def _measured() -> sa.ColumnElement[bool]:
    """Select what is not ``AssessmentRow.empty``. The band comes first, so that few documents are read for it."""
    table = tables.ASSESSMENTS
    return sa.or_(table.c.band != "unknown", ~table.c.document.contains(SAYS_EMPTY, autoescape=True))


def _kept_under_keys(connection: Connection, submissions: Sequence[Submission]) -> dict[tuple[str, str | None], Row]:
    """Fetch the rows that already stand under the keys of the submissions."""
    kept: dict[tuple[str, str | None], Row] = {}
    for kind, table in tables.BY_KIND.items():
        keys = [s.row.idempotency_key for s in submissions if s.row.kind == kind and s.row.idempotency_key is not None]
        if keys:
            for row in connection.execute(sa.select(table).where(table.c.idempotency_key.in_(keys))).mappings():
                kept[kind, row["idempotency_key"]] = ROWS[kind](**row)
    return kept


def _insert(connection: Connection, rows: Sequence[Row]) -> None:
    """Add rows and their links."""
    if not rows:
        return
    for kind, table in tables.BY_KIND.items():
        if batch := [columns_of(row) for row in rows if row.kind == kind]:
            connection.execute(sa.insert(table), batch)
    _link(connection, [(row.created_at, row.kind, row.id, digest_of(row)) for row in rows])


def _link(connection: Connection, facts: list[tuple[datetime, str, str, str]]) -> None:
    last = connection.execute(sa.select(tables.AUDIT.c.seq, tables.AUDIT.c.hash)
                              .order_by(tables.AUDIT.c.seq.desc()).limit(1)).one_or_none()
    seq, head = (0, audit.GENESIS) if last is None else (last.seq, last.hash)
    connection.execute(sa.insert(tables.AUDIT), [asdict(link) for link in audit.extend(seq, head, facts)])


def _pages(connection: Connection) -> Iterator[list[audit.Link]]:
    after = 0
    while page := connection.execute(sa.select(tables.AUDIT).where(tables.AUDIT.c.seq > after)
                                     .order_by(tables.AUDIT.c.seq).limit(_PAGE)).mappings().all():
        yield [audit.Link(**link) for link in page]
        after = page[-1]["seq"]


def _first_wrong_row(connection: Connection) -> tuple[int | None, str] | None:
    """Compare rows and links both ways. A row may be gone only if a later link says that its time was pruned."""
    prunes = [(link.seq, datetime.fromisoformat(link.subject))
              for page in _pages(connection) for link in page if link.kind == "prune"]
    seen: dict[str, int] = dict.fromkeys(tables.BY_KIND, 0)
    for page in _pages(connection):
        rows = _vouched_for(connection, page)
        for link in page:
            row = rows.get((link.kind, link.subject))
            if row is not None:
                seen[link.kind] += 1
                if digest_of(row) != link.digest:
                    return link.seq, f"the {link.kind} {link.subject} was changed"
            elif link.kind in tables.BY_KIND and not any(seq > link.seq and link.at < cut for seq, cut in prunes):
                return link.seq, f"the {link.kind} {link.subject} is gone"
    for kind, table in tables.BY_KIND.items():
        found = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        if found != seen[kind]:
            return None, f"{found - seen[kind]} row(s) of {table.name} have no link: they were not written by riskml"
    return None


def _vouched_for(connection: Connection, links: Sequence[audit.Link]) -> dict[tuple[str, str], Row]:
    """Fetch the rows that the links speak of."""
    rows: dict[tuple[str, str], Row] = {}
    for kind, table in tables.BY_KIND.items():
        if ids := [link.subject for link in links if link.kind == kind]:
            found = connection.execute(sa.select(table).where(table.c.id.in_(ids))).mappings()
            rows.update({(kind, row["id"]): ROWS[kind](**row) for row in found})
    return rows
