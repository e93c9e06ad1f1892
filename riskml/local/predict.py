"""How risky a change is, as one call: records in, an assessment out, by the bundled model unless another is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from riskml.assess import assess
from riskml.assessment import Assessment
from riskml.change import Change
from riskml.context import ServiceContext
from riskml.history import View
from riskml.local.scorers import bundled_scorer
from riskml.parse.match import match_coverage
from riskml.policy.policy import Policy
from riskml.ports import Scorer, Vector
from riskml.suite import SuiteRun


def predict_release_risk(
    change: Change, suite: SuiteRun | None = None, *, past: View | None = None, recent: Sequence[Vector] = (),
    scorer: Scorer | None = None, context: ServiceContext | None = None, policy: Policy | None = None, repository: str = "",
) -> Assessment:
    r"""Return how risky a change is to release, with reasons. ``None`` for its tests or its past means *unknown*.

    The same arguments give the same answer: nothing is read but the bundled artifact, and the moment is the change's own.

    >>> from riskml.parse.diff import parse_patch
    >>> patch = b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
    >>> found = predict_release_risk(Change(parse_patch(patch)))
    >>> 0 < found.lower <= found.probability <= found.upper < 1, found.score == found.probability
    (True, True)
    """
    return assess(
        change, past, _matched(suite, change), scorer or bundled_scorer(), id=change.head or "posted", repository=repository,
        now=datetime.fromtimestamp(change.at, UTC), context=context, policy=policy, recent=recent,
    )


def _matched(suite: SuiteRun | None, change: Change) -> SuiteRun | None:
    """Return the reports with their coverage under the change's paths: the only ones that are known without a repository."""
    return None if suite is None else match_coverage(suite, [file.path for file in change.files])
