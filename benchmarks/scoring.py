"""What scoring costs: loading, one row, its explanation, a table; LightGBM beside it where it is installed.

    python benchmarks/scoring.py [ARTIFACT]

Prints medians of the bundled or the given artifact. Compare figures of one run with each other, not with another machine's.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from riskml.model.artifact import bundled_path, load
from riskml.model.explain import Explainer
from riskml.model.scorer import ModelScorer


def median(action: Callable[[], object], times: int) -> float:
    """Median of the wall time of an action, in milliseconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return 1000 * float(np.median(found))


def main() -> None:
    """Measure and print."""
    path = sys.argv[1] if len(sys.argv) > 1 else bundled_path()
    artifact = load(path)
    scorer = ModelScorer(artifact)
    names = scorer.feature_names
    rng = np.random.default_rng(1)
    quantiles = {name: np.array(artifact.manifest.feature_quantiles[name]) for name in names}
    rows = np.column_stack([rng.choice(quantiles[name], 100_000) for name in names])
    vector = dict(zip(names, rows[0].tolist(), strict=True))
    partial = dict(list(vector.items())[: len(names) // 2])
    print(f"{artifact.manifest.name} {artifact.manifest.version}: {len(artifact.forest.roots)} trees, "
          f"{len(artifact.forest.value)} leaves, depth {artifact.forest.depth}, {len(names)} features")
    print(f"load the artifact                    {median(lambda: load(path), 9):9.2f} ms")
    print(f"prepare the scorer                   {median(lambda: ModelScorer(artifact), 9):9.2f} ms")
    print(f"score and explain one change         {median(lambda: scorer.score(vector), 200):9.3f} ms")
    print(f"  with half of the features unknown  {median(lambda: scorer.score(partial), 200):9.3f} ms")
    print(f"score one change                     {median(lambda: scorer.probabilities([vector]), 200):9.3f} ms")
    print(f"score a table of 100,000 changes     {median(lambda: scorer.margins(rows), 3):9.1f} ms")
    print(f"explain 1,000 changes                {median(lambda: scorer.contributions(rows[:1000]), 3):9.1f} ms")
    try:
        import lightgbm
    except ImportError:
        print("lightgbm is not installed: nothing to compare with")
        return
    booster = lightgbm.Booster(model_file=f"{path}/model.txt")
    one, few = rows[:1], rows[:1000]
    print(f"LightGBM, score one change           {median(lambda: booster.predict(one, num_threads=1), 200):9.3f} ms")
    explained = median(lambda: booster.predict(one, pred_contrib=True, num_threads=1), 50)
    print(f"LightGBM, explain one change         {explained:9.3f} ms")
    print(f"LightGBM, score 100,000 changes      {median(lambda: booster.predict(rows, num_threads=1), 3):9.1f} ms")
    margins = booster.predict(few, raw_score=True)
    parts = booster.predict(few, pred_contrib=True)
    print(f"largest difference of a margin       {np.abs(scorer.margins(few) - margins).max():9.1e}")
    ours = Explainer(artifact.forest).contributions(few)
    print(f"largest difference of a contribution {np.abs(ours - parts[:, :-1]).max():9.1e}")


if __name__ == "__main__":
    main()
