"""A decision as SARIF 2.1.0 (OASIS), for code scanning pages and editors.

The decision is one result, at the files that carry most of the risk; unless the risk is low, each reason that raises it is a
note at its files. What the model could not know is a notification of the run. Fingerprints depend on the rule and the file
alone, so that the next push updates an alert and opens no second one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from riskml.render.escape import printable
from riskml.render.uri import path_uri
from riskml.render.wording import Decision, headline, is_empty, ordinal

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
DECISION_RULE: Final = "release-decision"
MAX_LOCATIONS: Final = 10

_JUDGED: Final = {"low": ("pass", "none"), "medium": ("fail", "note"), "high": ("fail", "warning"), "unknown": ("open", "none")}
"""Kind and level of the decision by its band; a release that is held is an error."""


def render(decision: Decision) -> str:
    """Show a decision, the object that ``POST /predict`` answers, as one SARIF run."""
    raising = [r for r in decision.get("reasons") or () if r["contribution"] > 0 and decision.get("band") != "low"]
    run = {
        "tool": {"driver": {"name": "riskml", "rules": [_decision_rule(), *_reason_rules(raising)]}},
        "automationDetails": {"id": f"riskml/{printable(decision.get('repository'))}/"},
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "invocations": [{
            "executionSuccessful": True,
            **({"endTimeUtc": decision["created_at"]} if decision.get("created_at") else {}),
            "toolExecutionNotifications": [
                {"level": "note", "message": {"text": _text(f"not known: {name}")}} for name in decision.get("unknown") or ()
            ],
        }],
        "results": [_decision_result(decision), *(_reason_result(r, i) for i, r in enumerate(raising, 1))],
        "properties": {key: decision[key] for key in ("id", "head", "base", "score", "probability", "base_rate", "percentile",
                                                      "band", "strategy", "model", "policy") if decision.get(key) is not None},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, allow_nan=False) + "\n"


def _decision_rule() -> dict[str, Any]:
    return {
        "id": DECISION_RULE, "name": "ReleaseDecision",
        "shortDescription": {"text": "How risky this change is to release."},
        "fullDescription": {"text": "The calibrated probability that the change does harm, and how it should be released."},
    }


def _reason_rules(raising: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for reason in raising:
        words = str(reason["feature"]).replace("_", " ")
        yield {"id": reason["feature"], "shortDescription": {"text": _text(f"{words}, in {reason.get('unit') or 'no unit'}")}}


def _decision_result(decision: Decision) -> dict[str, Any]:
    if is_empty(decision):
        return _result(DECISION_RULE, 0, "notApplicable", "none", headline(decision).capitalize(), [])
    kind, level = _JUDGED.get(str(decision.get("band")), _JUDGED["unknown"])
    if decision.get("hold"):
        kind, level = "fail", "error"
    said = f"Release as {headline(decision)}: probability of harm {decision['probability']:.2f}"
    if decision.get("percentile") is not None:
        said += f", {ordinal(decision['percentile'])} percentile of this repository's recent changes"
    texts = [r["text"] for r in decision.get("reasons") or ()]
    held = (decision.get("plan") or {}).get("hold") or ()
    said = ". ".join([said, *(f"Held: {h}" for h in held), *texts])
    paths = [f["path"] for f in decision.get("files") or ()]
    return _result(DECISION_RULE, 0, kind, level, said, paths, rank=round(100 * decision["score"], 1))


def _reason_result(reason: Mapping[str, Any], index: int) -> dict[str, Any]:
    said = str(reason["text"])
    if reason.get("percentile") is not None:
        said += f" ({ordinal(reason['percentile'])} percentile)"
    return _result(reason["feature"], index, "fail", "note", said, list(reason.get("files") or ()))


def _result(rule: str, index: int, kind: str, level: str, said: str, paths: list[str], **more: Any) -> dict[str, Any]:
    result: dict[str, Any] = {"ruleId": rule, "ruleIndex": index, "kind": kind, "level": level}
    result["message"] = {"text": _text(said)}
    if paths:
        result["locations"] = [_location(path) for path in paths[:MAX_LOCATIONS]]
    first = paths[0] if paths and rule != DECISION_RULE else ""
    digest = hashlib.sha256(f"{rule}\0{first}".encode("utf-8", "surrogateescape")).hexdigest()
    return {**result, "partialFingerprints": {"riskml/v1": digest}, **more}


def _location(path: str) -> dict[str, Any]:
    where = {"artifactLocation": {"uri": path_uri(path), "uriBaseId": "SRCROOT"}}
    # the whole file is meant; code scanning wants a line to hang its annotation on
    return {"physicalLocation": {**where, "region": {"startLine": 1}}}


def _text(said: str) -> str:
    """Return a plain text message: braces are doubled (§3.11.5), and nothing in it is an embedded link (§3.11.6)."""
    return printable(said).replace("{", "{{").replace("}", "}}").replace("](", "]\u200b(")
