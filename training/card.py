"""The model card: every sentence and table from the manifest, and a refusal where a figure is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from riskml.errors import UsageError
from riskml.model.calibration import Calibration
from riskml.model.manifest import Manifest

TEMPLATE = Path(__file__).with_name("card.md")


class BlankCardError(UsageError):
    """A card that would hold a blank."""


def render(manifest: Manifest, table: Calibration) -> str:
    """Write the card. :raises BlankCardError: naming what is missing."""
    try:
        values = _values(manifest, table)
    except KeyError as problem:
        raise BlankCardError("a figure of the card is missing", expected=f"a key {problem.args[0]!r}") from problem
    blank = sorted(key for key, value in values.items() if not value.strip() and key != "unseen_tracked")
    if blank:
        raise BlankCardError("a card with blanks", got=blank, expected="a figure for each")
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(values)


def _values(manifest: Manifest, table: Calibration) -> dict[str, str]:
    e, t, label = manifest.evaluation, manifest.training, manifest.label
    unseen = e["unseen"]
    return {
        "name": manifest.name, "version": manifest.version, "n_features": str(len(manifest.features)),
        "spread": _number(table.spread), "label_definition": str(label["definition"]),
        "label_table": _table(("label source", "changes", "harmful", "rate"), label["sources"],
                              lambda s: (s["source"], s["changes"], s["harmful"], _percent(s["rate"]))),
        "data_table": _table(("repository", "changes", "harmful", "from", "to"), t["repositories"],
                             lambda r: (r["repository"], r["changes"], _percent(r["rate"]), r["from"], r["to"])),
        **{key: str(t[key]) for key in ("maturity_days", "immature", "trees", "depth", "tune_days", "observed_until")},
        "trained_on": t.get("trained_on", f"commits of Java and Scala projects{t['also']}"), "chosen": t.get("chosen", _CHOSEN),
        "monotone": ", ".join(f"`{n}`" for n in t["monotone"]), "threshold": _number(t["threshold"]),
        **{f"{part}_{key}": _percent(e[part][key]) if key == "rate" else str(e[part][key])
           for part in ("train", "test") for key in ("from", "to", "changes", "rate")},
        "tracked": _tracked(e["tracked"], e["models"]["riskml"], t.get("tracker", "")),
        "unseen_tracked": "" if e["tracked"] is None else " (with an issue tracker: AUC "
        f"{_number(unseen['auc_tracked'])}, error {_number(unseen['ece_tracked'])})",
        "compared_table": _compared(e["models"]), "effort_table": _effort(e["models"]), "years_table": _years(e["years"]),
        "known_changes": str(e["as_known"]["train"]["changes"]), "known_table": _years(e["as_known"]["years"]),
        "quintile_table": _quintiles(e["size_quintiles"]),
        "slice_table": _table(
            ("changes with", "changes", "harmful", "promised", "AUC", "AUC of lines added", "ECE"), e["slices"],
            lambda s: (s["slice"], s["changes"], _percent(s["rate"]), _percent(s["promised"]), _number(s["auc"]),
                       _number(s["auc_lines_added"]), _number(s["ece"]))),
        "curve_table": _table(("changes", "promised", "observed"), e["curve"],
                              lambda c: (c["changes"], _percent(c["promised"]), _percent(c["observed"]))),
        **{f"unseen_{key}": _number(unseen[key]) for key in ("auc", "auc_when_seen", "auc_lines_added", "ece")},
        "unseen_table": _table(
            ("left out", "changes", "harmful", "promised", "AUC", "AUC when seen", "AUC of lines added", "ECE",
             "AUC with a tracker"), unseen["repositories"],
            lambda r: (r["repository"], r["changes"], _percent(r["rate"]), _percent(r["promised"]), _number(r["auc"]),
                       _number(r["auc_when_seen"]), _number(r["auc_lines_added"]), _number(r["ece"]),
                       _number(r["auc_tracked"]))),
        "repository_table": _table(
            ("repository", "changes", "harmful", "promised", "AUC", "AUC of lines added", "ECE"), e["repositories"],
            lambda r: (r["group"], r["changes"], _percent(r["rate"]), _percent(r["promised"]),
                       _bounded({"value": r["auc"], "interval": r["interval"]}), _number(r["auc_lines_added"]),
                       _number(r["ece"]))),
        "unknown_table": _table(
            ("known", "features", "AUC", "within repositories", "PR-AUC", "Brier", "ECE", "ECE, first year"), e["unknowns"],
            lambda u: (u["pattern"], u["features_known"], *(_number(u[key]) for key in (
                "auc", "auc_within", "average_precision", "brier", "ece", "ece_first_year")))),
        "feature_table": _table(("feature", "unknown", "gain", "monotone"), t["features"], lambda f: (
            f"`{f['feature']}`", _percent(f["unknown"]), f"{f['gain']:.1f}", _DIRECTION[f["monotone"]])),
        "made_table": _table(("made from", ""), [
            ("feature set", manifest.feature_set), ("seed", t["seed"]), ("configuration", f"SHA-256 `{t['config_sha256']}`"),
            ("dataset", f"SHA-256 `{t['dataset_sha256']}`"), ("code", f"commit `{t['commit']}`"),
            *sorted(manifest.libraries.items())]),
    }


_CHOSEN = """\
No test label was trained or calibrated on, but the settings of the trees and the choice of features were compared on these test
years, so the figures are slightly optimistic."""
_DIRECTION = {1: "rising", -1: "falling", 0: ""}
_COLUMNS = (
    ("auc", "AUC"), ("average_precision", "PR-AUC"), ("auc_within", "AUC within repositories"), ("f1", "F1"), ("mcc", "MCC"),
    ("f1_tuned", "F1, tuned"), ("mcc_tuned", "MCC, tuned"), ("brier", "Brier"), ("ece", "ECE"),
    ("captured_5", "caught in the riskiest 5 %"), ("captured_10", "10 %"), ("captured_20", "20 %"), ("captured_30", "30 %"),
    ("captured_50", "50 %"),
)


def _compared(models: Mapping[str, Any]) -> str:
    names = [n for n in models if not n.startswith("churn")]
    return _table(("", *names), [
        (title, *(_bounded(models[n].get(key)) for n in names)) for key, title in _COLUMNS])


def _tracked(tracked: Mapping[str, Any] | None, without: Mapping[str, Any], origin: str) -> str:
    """Tell what an issue tracker's word is worth, if it was there."""
    if tracked is None:
        return "No issue tracker's word was there to train on: the group *reported* is not read."
    table = _table(("", "with its word", "without"), [
        (title, _bounded(tracked["figures"].get(key)), _bounded(without.get(key))) for key, title in _COLUMNS])
    return f"""\
All figures elsewhere in this card are of changes about which no tracker was asked. Where it tells which issues were filed as
faults (`--issues`), earlier repairs are known by that and not by the words of a message.
{origin.strip()}
The same test changes:

{table}

Year by year, with its word:

{_years(tracked["years"])}

Trained only on labels known on the first day of the test:

{_years(tracked["as_known"])}

Changes of the same size:

{_quintiles(tracked["size_quintiles"])}"""


def _quintiles(rows: Sequence[Mapping[str, Any]]) -> str:
    return _table(
        ("lines added", "changes", "harmful", "AUC", "AUC of lines added"), rows,
        lambda q: (f"{q['from']:.0f}–{q['to']:.0f}", q["changes"], _percent(q["rate"]), _number(q["auc"]),
                   _number(q["auc_lines_added"])))


def _effort(models: Mapping[str, Any]) -> str:
    control = models["churn, smallest first"]
    model = models["riskml"]
    return _table(("", "riskml, per changed line", "smallest change first", "riskml, riskiest first"), [
        ("Popt", _bounded(model["popt_per_line"]), _bounded(control["popt"]), _bounded(model["popt"])),
        ("harmful changes found in 20 % of the lines", _bounded(model["effort_20"]), "—", "—"),
    ])


def _years(years: Sequence[Mapping[str, Any]]) -> str:
    keys = ("auc", "average_precision", "auc_within", "f1", "mcc", "f1_tuned", "brier", "ece", "captured_30")
    head = ("year", "changes", "harmful", "AUC", "PR-AUC", "within", "F1", "MCC", "F1, tuned", "Brier", "ECE", "caught in 30 %")
    return _table(head, years, lambda y: (y["year"], y["changes"], _percent(y["rate"]), *(_number(y[k]) for k in keys)))


def _table(head: Sequence[object], rows: Iterable[Any], cells: Callable[[Any], Sequence[object]] = tuple) -> str:
    lines = [" | ".join(str(cell) for cell in row) for row in (head, ["---"] * len(head), *map(cells, rows))]
    return "\n".join(f"| {line} |" for line in lines)


def _bounded(figure: Mapping[str, Any] | None) -> str:
    if figure is None:
        return "—"
    text = _number(figure["value"])
    bounds = figure["interval"]
    return text if bounds is None else f"{text} [{_number(bounds[0])}–{_number(bounds[1])}]"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
