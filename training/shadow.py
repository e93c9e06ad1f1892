"""What challengers said of live changes beside the answers that were given, and who was right where the outcome is known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from riskml.outcome import label_of
from training import metrics
from training.served import FromStore

LEAST = (50, 5)
"""Answers with an outcome, and harmful ones, below which a ranking says nothing."""


def shadows(store: FromStore, as_of: float) -> list[dict[str, Any]]:
    """Compare each challenger that was asked with the answers given, as of a date (UNIX seconds)."""
    now = datetime.fromtimestamp(as_of, UTC)
    labels = {sha: label_of(outcomes, now=now).harm for sha, outcomes in store.outcomes.items()}
    known = {sha: harm for sha, harm in labels.items() if harm is not None}
    rows = []
    for challenger in sorted({row.challenger for row in store.shadows}):
        of_it = [row for row in store.shadows if row.challenger == challenger]
        told = [row for row in of_it if row.sha in known]
        harm = np.array([known[row.sha] for row in told], dtype=bool)
        p, q = (np.array([getattr(row, name) for row in told]) for name in ("probability", "answered"))
        enough = len(told) >= LEAST[0] and harm.sum() >= LEAST[1] and not harm.all()
        rows.append({
            "challenger": challenger, "answers": len(of_it), "mean": float(np.mean([row.probability for row in of_it])),
            "champion_mean": float(np.mean([row.answered for row in of_it])), "labelled": len(told), "harmful": int(harm.sum()),
            "auc": metrics.auc(harm, p) if enough else None, "champion_auc": metrics.auc(harm, q) if enough else None,
        })
    return rows
