"""``riskml explain``: every feature of a change, what it contributed to the margin, and what the model does not know."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from math import isnan, nan
from typing import Any

from riskml.cli.options import add_change_options, add_decision_options, write_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    add_change_options(parser)
    add_decision_options(parser)
    parser.add_argument("--all", action="store_true", help="also the features that contributed nothing")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to show it (default: text)")
    parser.add_argument("--output", metavar="FILE", help="where to write it (default: standard output)")


def run(args: argparse.Namespace) -> int:
    """Judge the change and print the arithmetic of its margin."""
    from riskml.cli.judging import decision_of
    from riskml.local import scorer_from

    found = decision_of(args).assessment
    if found.empty:
        numbers: dict[str, Any] = dict.fromkeys(("probability", "lower", "upper", "margin", "bias"))
        as_json = json.dumps({**numbers, "contributions": []}, indent=2)
        write_output(as_json if args.format == "json" else found.notes[0], args.output)
        return 0
    vector = found.features
    scored = scorer_from(args.artifact).score(vector)
    rows = sorted(scored.contributions.items(), key=lambda item: -abs(item[1]))
    kept = [(name, value) for name, value in rows if args.all or value]
    if args.format == "json":
        document = {
            "probability": scored.probability, "lower": scored.lower, "upper": scored.upper, "margin": scored.margin,
            "bias": scored.bias,
            "contributions": [{"feature": name, "value": _known(vector, name), "contribution": value} for name, value in kept],
        }
        write_output(json.dumps(document, indent=2), args.output)
    else:
        write_output("\n".join(_lines(kept, vector, scored.bias, scored.margin, scored.probability)), args.output)
    return 0


def _lines(
    rows: list[tuple[str, float]], vector: Mapping[str, float], bias: float, margin: float, probability: float
) -> list[str]:
    from riskml.features.catalogue import by_name

    lines = [f"{'feature':28} {'value':>14} {'unit':16} {'log-odds':>9}", f"{'(every change)':28} {'':14} {'':16} {bias:+9.3f}"]
    for name, contribution in rows:
        value = _known(vector, name)
        shown = "unknown" if value is None else f"{value:,.4g}"
        lines.append(f"{name:28} {shown:>14} {by_name(name).unit:16} {contribution:+9.3f}")
    lines.append(f"{'margin':28} {'':14} {'':16} {margin:+9.3f}")
    lines.append(f"calibrated probability {probability:.4f}")
    return lines


def _known(vector: Mapping[str, float], name: str) -> float | None:
    value = vector.get(name, nan)
    return None if isnan(value) else value
