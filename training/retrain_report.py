"""The report of a retraining, in Markdown: what was known, what moved, how both models did, and what was decided. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from riskml.counted import counted
from training.claims import SOURCES


def render(facts: Mapping[str, Any]) -> str:
    """Write the report of plain data. Sections of which nothing is known say so."""
    parts = [
        f"# Retraining of {facts['name']} as of {facts['account']['as_of']}",
        f"**{facts['decision'][0].upper()}{facts['decision'][1:]}.**",
        _head(facts), "## Data", _data(facts["account"]), "## Labels", _labels(facts["account"]),
        "## Comparison", _comparison(facts), "## Drift of the inputs", _drift(facts), "## The champion since its training",
        _quarters(facts), "## Shadow scores", _shadow(facts["account"]["shadow"]), "## Made from", _made(facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(facts: Mapping[str, Any]) -> str:
    champion, challenger = facts.get("champion"), facts.get("challenger")
    lines = [f"- Champion: {champion}" if champion else "- Champion: none"]
    lines.append(f"- Challenger: {challenger}" if challenger else "- Challenger: none was made")
    lines += [f"- Note: {note}" for note in facts.get("notes", ())]
    return "\n".join(lines)


def _data(account: Mapping[str, Any]) -> str:
    table = _table(("from", "changes", "labelled", "harmful", "harm looked for until"), account["tables"], lambda t: (
        t["name"], t["rows"], t["labelled"], t["harmful"], t["looked_until"] or f"as of {account['as_of']}"))
    notes = []
    if account["served"]:
        notes.append(f"The service answered {counted(account['served'], 'change')} with an outcome; their features are those "
                     f"that were served. In no mirror: {account['served_elsewhere']} of them.")
    if account["other_feature_set"]:
        notes.append(f"Left out, as of another feature set: {counted(account['other_feature_set'], 'answer')}.")
    if account["unfound"]:
        notes.append(f"Harm is claimed of {counted(account['unfound'], 'change')} whose features nobody has.")
    return "\n\n".join([table, *notes])


def _labels(account: Mapping[str, Any]) -> str:
    table = _table(("source", "harm", "no harm", "decided harm", "decided no harm", "meaning"), account["claims"], lambda c: (
        c["source"], c["harm"], c["no_harm"], c["decided_harm"], c["decided_no_harm"], SOURCES[c["source"]]))
    return (f"{table}\n\nSources disagreed about {counted(account['overruled'], 'change')}. Who prevails is a written rule "
            "(`docs/retraining.md`); the most trusted source stands first.")


def _comparison(facts: Mapping[str, Any]) -> str:
    block = facts.get("block")
    if block is None:
        return "Nothing was compared."
    text = (f"On {block['changes']} mature changes ({block['harmful']} harmful, {_percent(block['rate'])}), written "
            f"{block['from']} to {block['to']}, after everything that either model was trained on. The challenger of this "
            f"comparison was trained on the {block['train_changes']} changes before, with the labels known then.")
    if not facts.get("compared"):
        return text
    table = _table(
        ("", "AUC", "same size", "within repositories", "PR-AUC", "in riskiest 10 %", "30 %", "Brier", "ECE", "promised"),
        facts["compared"], lambda r: (r["name"], *(_number(r[key]) for key in (
            "auc", "auc_same_size", "auc_within", "average_precision", "captured_10", "captured_30", "brier", "ece")),
            "—" if r["promised"] is None else _percent(r["promised"])))
    differences = _table(("figure", "challenger", "rival", "difference", "95 %"), facts["differences"], lambda d: (
        d["figure"], _number(d["challenger"]), _number(d["champion"]), f"{d['gain']:+.3f}",
        f"{d['low']:+.3f} to {d['high']:+.3f}"))
    return f"{text}\n\n{table}\n\nDifferences on the same resamples, challenger less its rival:\n\n{differences}"


def _drift(facts: Mapping[str, Any]) -> str:
    if not facts.get("drift"):
        return "There is no champion whose training could be compared with."
    rows = [row for row in facts["drift"] if row["psi"] is not None][:15]
    text = f"Of {facts['drift_changes']} changes written after the champion's training: {facts['drift_summary']}."
    if not rows:
        return text
    return text + "\n\n" + _table(("feature", "PSI", "known values", "unknown", "unknown in training"), rows, lambda r: (
        f"`{r['feature']}`", _number(r["psi"]), r["known"], _share(r["unknown"]), _share(r["unknown_then"])))


def _quarters(facts: Mapping[str, Any]) -> str:
    rows = facts.get("quarters") or ()
    if not rows:
        return "No mature change was written after it."
    return _table(("quarter", "changes", "harmful", "promised", "observed", "AUC", "ECE"), rows, lambda q: (
        q["quarter"], q["changes"], q["harmful"], _percent(q["promised"]), _percent(q["observed"]),
        *("too few" if q[key] is None else _number(q[key]) for key in ("auc", "ece"))))


def _shadow(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "The store has none."
    return _table(
        ("challenger", "answers", "mean", "champion's mean", "with an outcome", "harmful", "AUC", "champion's AUC"), rows,
        lambda s: (f"`{s['challenger'][:12]}`", s["answers"], _percent(s["mean"]), _percent(s["champion_mean"]), s["labelled"],
                   s["harmful"], *("too few" if s[key] is None else _number(s[key]) for key in ("auc", "champion_auc"))))


def _made(facts: Mapping[str, Any]) -> str:
    files = [(name, f"`{digest}`") for name, digest in facts["account"]["inputs"].items()]
    whole = (("dataset", "dataset_sha256"), ("configuration", "config_sha256"), ("all inputs", "inputs"))
    return _table(("file", "SHA-256"), [*files, *((title, f"`{facts[key]}`") for title, key in whole)])


def _table(head: Sequence[object], rows: Iterable[Any], cells: Callable[[Any], Sequence[object]] = tuple) -> str:
    lines = [" | ".join(str(cell) for cell in row) for row in (head, ["---"] * len(head), *map(cells, rows))]
    return "\n".join(f"| {line} |" for line in lines)


def _number(value: float | None) -> str:
    return "—" if value is None or value != value else f"{value:.3f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _share(value: float | None) -> str:
    return "too few" if value is None else _percent(value)
