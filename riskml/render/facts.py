"""The few facts of a decision that a pipeline branches on, each of them one harmless word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from riskml.render.wording import is_empty

Word = Literal["pass", "warn", "block", "unknown"]

_HARMLESS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:+/@-")  # nothing to a shell, to HTML
_LONGEST = 1000


def word(decision: Mapping[str, Any]) -> Word:
    """Return the decision in one word: what binds comes first, then what is high, then what is not known.

    Nothing to release passes: there is nothing to be careful with.

    >>> word({"band": "high", "hold": True}), word({"band": "high"}), word({"band": "unknown"}), word({"band": "low"})
    ('block', 'warn', 'unknown', 'pass')
    """
    if decision.get("hold"):
        return "block"
    if is_empty(decision):
        return "pass"
    band = decision.get("band")
    if band == "high":
        return "warn"
    return "pass" if band in ("low", "medium") else "unknown"


def facts(decision: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts by name; what is not known, or has no meaning for the strategy, is the empty text.

    Every value is made of letters, digits and ``_.,:+/@-%`` alone, anything else in it percent-encoded: wherever it is pasted
    (a shell, a dotenv file, a URL, a page), it stays a word. The list of unknown features ends with ``...`` when it is long.

    >>> facts({"strategy": "canary", "band": "high", "id": "a; rm -rf $HOME"})["prediction-id"]
    'a%3B%20rm%20-rf%20%24HOME'
    """
    return {
        "decision": word(decision),
        "empty": "true" if is_empty(decision) else "false",
        "strategy": "" if is_empty(decision) else _safe(decision.get("strategy")),
        "initial-traffic-percent": "" if is_empty(decision) else _safe(decision.get("initial_traffic")),
        "probability": _safe(decision.get("probability")),
        "score": _safe(decision.get("score")),
        "percentile": _safe(decision.get("percentile")),
        "band": _safe(decision.get("band")),
        "unknown-features": _safe(",".join(str(name) for name in decision.get("unknown") or ())),
        "prediction-id": _safe(decision.get("id")),
        "head": _safe(decision.get("head")),
    }


def _safe(value: object) -> str:
    if value is None:
        return ""
    told = f"{value:.6g}" if isinstance(value, float) else str(value)
    text = "".join(chr(byte) if byte in _HARMLESS else f"%{byte:02X}" for byte in told.encode("utf-8", "surrogatepass"))
    return text if len(text) <= _LONGEST else text[:_LONGEST].rpartition(",")[0] + ",..."

