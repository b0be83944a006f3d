"""From the claims of several runs to each claim's margin, its spread, and whether that is enough."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

ENOUGH = 3  # spreads
EXACT = "exact"  # the margin has no spread


def summarise(records: Mapping[str, list[dict]], of_seeds: Sequence[str]) -> list[dict]:
    """Each claim over all runs of its lesson.

    Claims are matched by their key; a key that a lesson states twice counts as two claims. The spread is the
    larger of two sample standard deviations of the margin (divisor n - 1): over the seeds, and over all runs. A
    variant that changes nothing, as in a lesson that fixes its precision, so cannot dilute the spread of the seeds.

    Args:
        records: for each run by name, its claims as `read_claims` returns them.
        of_seeds: the names of the runs that differ in nothing but the seed.

    Returns:
        For each claim, in the order of first mention: `key`; `text`; `held`, `runs` (in how many of how many it held);
        `margin` (mean, or None), `spread` (or None), `margin_over_spread` (a number, "exact", or None);
        `margins` by run; and `flag`, why it wants attention, or "".
    """
    found: dict[tuple[str, int], dict[str, dict]] = {}
    for run, claims in records.items():
        seen: Counter[str] = Counter()
        for entry in claims:
            seen[entry["key"]] += 1
            found.setdefault((entry["key"], seen[entry["key"]]), {})[run] = entry
    return [
        _summary(key if number == 1 else f"{key} ({number})", entries, len(records), of_seeds)
        for (key, number), entries in found.items()
    ]


def _summary(key: str, entries: Mapping[str, dict], n_runs: int, of_seeds: Sequence[str]) -> dict:
    held = sum(entry["held"] is True for entry in entries.values())
    margins = {run: entry["margin"] for run, entry in entries.items() if entry["margin"] is not None}
    finite = all(math.isfinite(margin) for margin in margins.values())
    margin = spread = ratio = None
    if margins and finite:
        margin = fmean(margins.values())
        spread = max(
            _deviation(list(margins.values())), _deviation([margins[run] for run in of_seeds if run in margins])
        )
        ratio = margin / spread if spread > 0 else (EXACT if margin > 0 else 0.0)
    flags = []
    if held < n_runs:
        flags.append(f"held in {held} of {n_runs}")
    if not finite:
        flags.append("a margin is not finite")
    if isinstance(ratio, float) and ratio < ENOUGH:
        flags.append(f"margin under {ENOUGH} spreads")
    return {
        "key": key,
        "text": next(iter(entries.values()))["text"],
        "held": held,
        "runs": n_runs,
        "margin": margin,
        "spread": spread,
        "margin_over_spread": ratio,
        "margins": {run: value if math.isfinite(value) else None for run, value in margins.items()},
        "flag": ", ".join(flags),
    }


def _deviation(values: list[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0


def n_flagged(entry: dict) -> int:
    """How many claims of a lesson's entry are flagged, and how many of its runs broke off."""
    return sum(bool(claim["flag"]) for claim in entry["claims"]) + len(entry["errors"])
