"""How often verdicts are wrong, and how late they are right: riskml's beside what is in use.

    python benchmarks/verdict_errors.py [--runs 300] [--json FILE]

Each run is a release of 60 minutes that is looked at every minute. Traffic is Poisson; the baseline takes the rest of it.
Rivals: Flagger (a minute with less than 99 % success is a failed check, the fifth rolls back), a one-sided z-test at 5 % that
is repeated every minute, and riskml's rollback test at the same 5 %. Printed are the share rolled back and the median minute.
A second table gives the ramp 1/5/25/50 %, on which riskml's alpha must hold although the share changes, and the promotion test
at its boundary.
"""

from __future__ import annotations

import argparse
import json
from math import log
from pathlib import Path
from statistics import median

import numpy as np

from riskml.verdict.eprocess import Interval, rate_path, ratio_path
from riskml.verdict.weigh import measured_ratio

ALPHA = 0.05
MINUTES = 60
SETTINGS = [  # requests per second, canary share, baseline error rate, canary error rate
    (50, 0.01, 0.005, 0.005), (50, 0.01, 0.001, 0.001), (50, 0.01, 0.005, 0.01), (50, 0.01, 0.005, 0.02),
    (50, 0.01, 0.005, 0.05),
    (50, 0.10, 0.005, 0.005), (50, 0.10, 0.005, 0.01), (500, 0.01, 0.005, 0.005), (500, 0.01, 0.005, 0.02),
]


def release(rng: np.random.Generator, rps: float, shares: list[float], base: float, canary: float) -> list[Interval]:
    """Draw what both arms do in every minute."""
    made = []
    for share in shares:
        n, m = rng.poisson(rps * 60 * share), rng.poisson(rps * 60 * (1 - share))
        made.append(Interval(rng.binomial(n, canary), n, rng.binomial(m, base), m))
    return made


def first(hits: list[bool]) -> int | None:
    """Return the minute of the first hit, from 1."""
    return next((i + 1 for i, hit in enumerate(hits) if hit), None)


def by_flagger(seen: list[Interval]) -> int | None:
    """Roll back at the fifth minute with less than 99 % success."""
    failed = np.cumsum([i.total > 0 and i.bad / i.total > 0.01 for i in seen])
    return first([bool(f >= 5) for f in failed])


def by_z_test(seen: list[Interval]) -> int | None:
    """Roll back when the pooled two-sample z-test, one-sided at 5 %, says so at any look."""
    bad, n, other, m = (np.cumsum([getattr(i, f) for i in seen]) for f in ("bad", "total", "baseline_bad", "baseline_total"))
    pooled = (bad + other) / (n + m)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / np.maximum(n, 1) + 1 / m), 1e-300))
    return first(list((bad / np.maximum(n, 1) - other / m) / spread > 1.6449))


def by_e_process(seen: list[Interval], max_ratio: float = 1.0) -> int | None:
    """Roll back when the canary is proven worse, and by ``max_ratio`` as measured."""
    proven = [e >= log(1 / ALPHA) for e in ratio_path(seen, 1.0, "above")]
    if not any(proven):
        return None
    start = proven.index(True)
    return first([i >= start and measured_ratio(seen[: i + 1]) >= max_ratio for i in range(len(seen))])


RULES = {"flagger": by_flagger, "z-test": by_z_test, "riskml": by_e_process, "riskml, 2x": lambda s: by_e_process(s, 2.0)}


def table(rng: np.random.Generator, runs: int) -> list[dict[str, object]]:
    """Return one row a setting: for every rule the share rolled back and the median minute."""
    rows = []
    for rps, share, base, canary in SETTINGS:
        releases = [release(rng, rps, [share] * MINUTES, base, canary) for _ in range(runs)]
        row: dict[str, object] = {"rps": rps, "share": share, "base": base, "canary": canary}
        for name, rule in RULES.items():
            hits = [at for seen in releases if (at := rule(seen)) is not None]
            row[name] = {"rolled_back": len(hits) / runs, "median_minute": median(hits) if hits else None}
        rows.append(row)
    return rows


def ramp(rng: np.random.Generator, runs: int) -> dict[str, float]:
    """Return the errors over a ramp of 120 looks: rollback of the healthy, and promotion exactly at the limit."""
    shares = [s for s in (0.01, 0.05, 0.25, 0.5) for _ in range(30)]
    equal = [release(rng, 50, shares, 0.005, 0.005) for _ in range(runs)]
    limit = [release(rng, 50, [0.05] * 120, 0.005, 0.01) for _ in range(runs)]
    need = log(2 / ALPHA)
    return {
        "relative, no difference": sum(max(ratio_path(s, 1.0, "above")) >= log(1 / ALPHA) for s in equal) / runs,
        "absolute, at the limit of 0.5 %": sum(max(rate_path(s, 0.005, "above")) >= log(1 / ALPHA) for s in equal) / runs,
        "promotion, at 1 % and twice the baseline": sum(
            max(rate_path(s, 0.01, "below")) >= need or max(ratio_path(s, 2.0, "below")) >= need for s in limit) / runs,
    }


def main() -> None:
    """Print both tables; keep them as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    rows = table(rng, args.runs)
    print("| traffic | canary share | base → canary error | " + " | ".join(RULES) + " |")
    print("|--|--|--|" + "--|" * len(RULES))
    for row in rows:
        cells = []
        for name in RULES:
            found = row[name]
            at = f" ({found['median_minute']:g})" if found["median_minute"] else ""
            cells.append(f"{100 * found['rolled_back']:.1f} %{at}")
        healthy = " (healthy)" if row["base"] == row["canary"] else ""
        print(f"| {row['rps']} rps | {100 * row['share']:g} % | {100 * row['base']:g} → {100 * row['canary']:g} %{healthy} | "
              + " | ".join(cells) + " |")
    errors = ramp(rng, args.runs)
    for name, rate in errors.items():
        print(f"{name}: {rate:.3f} (alpha {ALPHA})")
    if args.json:
        kept = {"runs": args.runs, "seed": args.seed, "detection": rows, "errors": errors}
        args.json.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
