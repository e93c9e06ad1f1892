"""What an issue tracker says: which of its issues report a fault.

A commit message seldom says whether it repairs something: where every subject names an issue, the word "fix" stands in few of
the repairs. The tracker knows better, since somebody filed the issue as a bug (Śliwerski, Zimmermann & Zeller 2005; Herzig,
Just & Zeller 2013, on how often the type is wrong).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from riskml.message import issue_refs, subject


@dataclass(frozen=True, slots=True)
class Issues:
    r"""Faults that were reported: from the issue (``KAFKA-123``, ``#12``) to when (UNIX seconds, ``None``: not told).

    >>> issues = Issues({"SHOP-7": None})
    >>> issues.fault_of("SHOP-7 Count the last page"), issues.fault_of("SHOP-8 New basket\n\nFollows SHOP-7")
    ('SHOP-7', None)
    """

    faults: Mapping[str, int | None]

    def fault_of(self, message: str) -> str | None:
        """Return the fault that a commit repairs, or ``None``.

        Where the subject starts from a tracker's key, as ``KAFKA-123: …``, that one decides: what is mentioned further on is
        context. Numbers are looked for in the whole message, because those of a subject are often a merge request's.
        """
        keys = [ref for ref in issue_refs(subject(message)) if not ref.startswith("#")]
        return next((ref for ref in keys[:1] or issue_refs(message) if ref in self.faults), None)
