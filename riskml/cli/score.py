"""``riskml score``: a table of features, one row a change, with the probability of each.

The table goes through in batches, so that the disk bounds its size and not the memory. A column that is missing, and a cell
that is empty or outside of its feature's range, is unknown to the model; stderr tells which.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from riskml.cli.options import note
from riskml.counted import counted
from riskml.errors import BadFeatureValue, FeatureError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa  # type: ignore[import-untyped] # it ships no types
    from numpy.typing import NDArray

    from riskml.model.scorer import ModelScorer

_SHOWN = 12
"""How many names one notice lists."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("table", metavar="TABLE", help="features, one row a change (.parquet or .csv), columns by feature name")
    parser.add_argument("--output", required=True, metavar="FILE", help="the table with probability and margin, of either kind")
    parser.add_argument("--artifact", metavar="DIR", help="model artifact (default: the bundled one)")
    parser.add_argument("--contributions", action="store_true",
                        help="add what each feature contributed to the margin (contribution_<feature>, and bias)")


def run(args: argparse.Namespace) -> int:
    """Score the table."""
    from riskml.adapters import table
    from riskml.features.catalogue import FEATURE_SET, NAMES, by_name
    from riskml.model.artifact import bundled, load
    from riskml.model.scorer import ModelScorer

    for path in (args.table, args.output):
        table.kind(path)  # refused before any work is done
    artifact = (load(args.artifact, known=NAMES, feature_set=FEATURE_SET) if args.artifact
                else bundled(known=NAMES, feature_set=FEATURE_SET))
    scorer = ModelScorer(artifact)
    out_of_range: Counter[str] = Counter()
    never_unknown = {name: scorer.feature_names.index(name) for name in artifact.forest.zero_when_unknown}
    taken_as_zero: Counter[str] = Counter()
    row = 0
    with table.writing(args.output) as sink:
        for batch in table.read(args.table, NAMES):
            if row == 0:
                _tell_columns(batch.schema.names, args.table, scorer.feature_names, NAMES)
            rows = _features(batch, row, scorer.feature_names, out_of_range)
            taken_as_zero.update({name: int((rows[:, i] != rows[:, i]).sum()) for name, i in never_unknown.items()})
            sink.write(_with_scores(batch, rows, scorer, contributions=args.contributions))
            row += batch.num_rows
    for name, count in sorted(out_of_range.items()):
        feature = by_name(name)
        note(f"{name}: {counted(count, 'value')} outside of its range ({feature.low:g} to {feature.high:g}) taken as unknown")
    for name, count in sorted((+taken_as_zero).items()):
        note(f"{name}: unknown in {counted(count, 'row')}; no change that the model learned from was so, and it takes this for "
             "0: their probability is worth little")
    return 0


def _tell_columns(columns: Collection[str], path: str, read: Collection[str], known: Collection[str]) -> None:
    """Refuse a table without features, and name the ones that are missing."""
    if not any(name in known for name in columns):
        raise FeatureError("a table without a single feature", where=path, got=sorted(columns)[:12],
                           expected="columns named like features, such as la, ld, nf (riskml features --list)")
    absent = [name for name in read if name not in columns]
    if absent:
        shown = ", ".join(absent[:_SHOWN]) + (", …" if len(absent) > _SHOWN else "")
        note(f"of the {counted(len(read), 'feature')} that the model reads, {len(absent):,} not in the table and taken as "
             f"unknown: {shown}")
    spelled = {name.casefold(): name for name in absent}
    for column in columns:
        if column not in known and column.casefold() in spelled:
            note(f"column {column!r} is no feature; did you mean {spelled[column.casefold()]!r}?")
    for name in ("probability", "margin"):
        if name in columns:
            note(f"column {name!r} of the table gives way to what the model says")


def _features(batch: pa.RecordBatch, first: int, names: Collection[str], out_of_range: Counter[str]) -> NDArray[np.float64]:
    """Columns of a batch in the model's order, NaN = unknown."""
    import numpy as np

    from riskml.features.catalogue import by_name

    rows = np.full((batch.num_rows, len(names)), np.nan)
    for i, name in enumerate(names):
        if name not in batch.schema.names:
            continue
        values = _numbers(batch.column(name), name, first)
        feature = by_name(name)
        odd = (values < feature.low) | (values > feature.high) | np.isinf(values)
        if odd.any():
            out_of_range[name] += int(odd.sum())
            values = np.where(odd, np.nan, values)
        rows[:, i] = values
    return rows


def _numbers(column: pa.Array, name: str, first: int) -> NDArray[np.float64]:
    import pyarrow as pa

    kind = column.type
    try:
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
            raise pa.ArrowTypeError("text")
        numbers: Any = (column.cast(pa.int8()) if pa.types.is_boolean(kind) else column).cast(pa.float64(), safe=False)
    except pa.ArrowException:
        raise BadFeatureValue("not a column of numbers", where=f"column {name}, rows from {first}", got=str(kind),
                              expected="numbers, empty where unknown") from None
    found: NDArray[np.float64] = numbers.to_numpy(zero_copy_only=False)
    return found


def _with_scores(batch: pa.RecordBatch, rows: NDArray[np.float64], scorer: ModelScorer, *,
                 contributions: bool) -> pa.RecordBatch:
    """Append what the model says; columns of these names that were there give way."""
    import pyarrow as pa

    margins = scorer.margins(rows)
    added: dict[str, Any] = {"probability": scorer.artifact.calibration.probabilities(margins), "margin": margins}
    if contributions:
        parts = scorer.contributions(rows)
        added["bias"] = [scorer.artifact.forest.bias] * batch.num_rows
        added.update({f"contribution_{name}": parts[:, i] for i, name in enumerate(scorer.feature_names)})
    kept = {name: batch.column(name) for name in batch.schema.names if name not in added}
    return pa.RecordBatch.from_pydict({**kept, **{name: pa.array(values, type=pa.float64()) for name, values in added.items()}})
