"""Saying a decision in a merge request: once, in place, and right even when many runs speak at the same time.

No platform lets a comment be written only if nobody else wrote one. So every run writes, looks again, and goes on until what
it sees is what it meant: one comment, the oldest, with the newest row of every service. Runs that do the same in any order end
at the same text. Somebody who had looked before we wrote may still write over it, so what is as it should be is looked at once
more after a while, and every run puts back what it ever saw. What is left is a writer that takes longer than that between
looking and writing, when no other run is left to see it: it costs a row until the next run of its service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from riskml.ci.comment import Row, compose, is_live, key, merged, read, staled, superseded
from riskml.errors import ServiceUnavailable
from riskml.ports import Comment, Conversation

When = Literal["auto", "always"]
Said = Literal["posted", "edited", "same", "silent", "outdated"]

ROUNDS = 20
STEADY_S = 2.0
"""How long what was written must stay: longer than another run takes from looking to writing."""


def speak(
    talk: Conversation, news: Sequence[Row], *, head: str | None = None, when: When = "auto",
    sleep: Callable[[float], None], chance: Callable[[], float],
) -> Said:
    """Say the rows of this run, and return what came of it.

    ``silent``: nothing but what is nothing special, and no comment to bring up to date (``when="always"`` speaks anyway).
    ``outdated``: the merge request offers another commit than ``head`` by now, or a later run spoke already. A comment is
    edited in place; a new one takes its place only when the class of a decision changed to something special.

    Raises ``ServiceUnavailable`` when the platform is away, or others kept writing for too long.
    """
    if head is not None and talk.head() != head:
        return "outdated"
    said: Said = "same"
    steady = False
    rows: list[Row] = []
    for round_ in range(ROUNDS):
        if steady:
            sleep(STEADY_S * (1 + chance()))
        elif round_:
            sleep(chance() * min(8.0, 0.25 * 2**round_))
        ours = _ours(talk)
        known = [row for comment in ours for row in read(comment.body)]
        rows = merged([*rows, *known, *news])
        if not {key(row) for row in rows} & {key(row) for row in news}:
            return "outdated"
        if not ours and when == "auto" and all(row.quiet for row in news):
            return "silent"
        if not ours:
            said = _post(talk, rows, said)
            continue
        if said != "posted" and _deserves_a_new_one(read(ours[0].body), news):
            said = _post(talk, rows, said)
            for comment in ours:
                talk.edit(comment.id, superseded(comment.body))
            continue
        if _is_settled(ours, rows):
            if steady or said == "same":
                return said
            steady = True
            continue
        steady = False
        if talk.edit(ours[0].id, compose(rows)):
            said = "edited" if said == "same" else said
            for comment in ours[1:]:
                talk.delete(comment.id)
    raise ServiceUnavailable("others kept writing the comment", where="merge request", got=f"{ROUNDS} rounds",
                             expected="another run")


def mark_stale(talk: Conversation, head: str) -> Said:
    """Mark what is said of earlier commits, while ``head`` is scored; says nothing where nothing was said."""
    ours = _ours(talk)
    if not ours:
        return "silent"
    rows = merged(row for comment in ours for row in read(comment.body))
    marked = [staled(row, head) for row in rows]
    if not marked or marked == rows:
        return "same"
    return "edited" if talk.edit(ours[0].id, compose(marked)) else "silent"


def _ours(talk: Conversation) -> list[Comment]:
    """Return our comments, oldest first; a copy that somebody else pasted later is theirs, and stays as it is."""
    found = [comment for comment in talk.comments() if comment.trusted and is_live(comment.body)]
    return [comment for comment in found if comment.writer == found[0].writer]


def _post(talk: Conversation, rows: Sequence[Row], said: Said) -> Said:
    """Post; where that fails midway, the next round sees whether it was done."""
    try:
        talk.post(compose(rows))
    except ServiceUnavailable:
        return said
    return "posted"


def _deserves_a_new_one(known: Sequence[Row], news: Sequence[Row]) -> bool:
    before = {row.service: row for row in known}
    return any(
        not row.quiet and row.service in before and before[row.service].kind != row.kind and before[row.service].at < row.at
        for row in news
    )


def _is_settled(ours: Sequence[Comment], rows: Sequence[Row]) -> bool:
    return len(ours) == 1 and [key(row) for row in read(ours[0].body)] == [key(row) for row in rows]
