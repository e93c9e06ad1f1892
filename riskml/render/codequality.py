"""A decision as a GitLab Code Quality report (the Code Climate format's subset that GitLab reads), which needs no token.

The merge request's widget lists what the target branch's report does not have. The decision stands at the file that carries
most of the risk, each reason that raises it at its first file; a low risk is no finding, nor is an empty change. Fingerprints
depend on the check and the file alone, so that the next push updates a finding.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from riskml.render.escape import printable
from riskml.render.wording import Decision, headline, is_empty, ordinal

_SEVERITY = {"medium": "minor", "high": "major", "unknown": "info"}
_NOWHERE = "."  # GitLab wants a path; a change without files has none


def render(decision: Decision) -> str:
    """Show a decision, the object that ``POST /predict`` answers, as a JSON list of findings."""
    return json.dumps(list(_findings(decision)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _findings(decision: Decision) -> Iterator[dict[str, Any]]:
    band, held = str(decision.get("band")), bool(decision.get("hold"))
    if is_empty(decision) or (band == "low" and not held):
        return
    said = f"Release risk: ship as {headline(decision)}"
    if decision.get("percentile") is not None:
        said += f" ({ordinal(decision['percentile'])} percentile of this repository's recent changes)"
    reasons = (decision.get("plan") or {}).get("hold") or ()
    if held:
        said = ". ".join([said, *(f"Held: {reason}" for reason in reasons)])
    elif band not in ("medium", "high"):
        said += ". Too little is known to name a band"
    files = [f["path"] for f in decision.get("files") or ()]
    yield _finding("release-decision", said, files, "blocker" if held else _SEVERITY.get(band, "info"))
    for reason in decision.get("reasons") or ():
        if reason["contribution"] > 0:
            yield _finding(reason["feature"], reason["text"], list(reason.get("files") or files), "info")


def _finding(check: str, said: str, files: list[str], severity: str) -> dict[str, Any]:
    path = printable(files[0]) if files else _NOWHERE
    return {
        "description": printable(said), "check_name": f"riskml/{printable(check)}", "severity": severity,
        "fingerprint": hashlib.sha256(f"{check}\0{path}".encode()).hexdigest(),
        "location": {"path": path, "lines": {"begin": 1}},
    }
