"""python -m loom_analysis.fingerprint RESULTS [--json]: what an adversary learns, and what becomes of hypotheses."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..observed.manifest import ObservationsError
from .hypotheses import Verdict
from .outcome import Outcome, outcome_of


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _print_measures(outcome: Outcome) -> None:
    print(f"{'measure':24}" + "".join(f"{arm:>24}" for arm in outcome.arms))
    for measure in outcome.measures:
        cells = [outcome.estimate(arm, measure) for arm in outcome.arms]
        print(f"{measure:24}" + "".join(
            f"{'-' if one is None else _number(one.mean) + ' +- ' + _number(one.half):>24}" for one in cells))


def _print_verdict(one: Verdict) -> None:
    print(f"{one.verdict:10} {one.name}: {one.claim}")
    print(f"{'':10} {one.compared}: {_number(one.effect)} [{_number(one.low)}, {_number(one.high)}], expected "
          f"{one.expected}, margin {one.margin:g}; {one.networks} networks, p {_number(one.p)}, equivalence "
          f"{_number(one.equivalence)}, power {_number(one.power)}: {one.why}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="loom fingerprint", description="Attack what was observed in a simulated experiment, and judge hypotheses."
    )
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the folder that loom run wrote")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args(arguments)
    try:
        outcome = outcome_of(args.results, tell=lambda text: print(f"  {text}", file=sys.stderr))
    except (ObservationsError, OSError) as error:
        print(f"loom fingerprint: {error}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(outcome.as_json(), indent=1))
        return 0
    _print_measures(outcome)
    print()
    for one in outcome.verdicts:
        _print_verdict(one)
    verdicts = [one.verdict for one in outcome.verdicts]
    print(", ".join(f"{verdicts.count(word)} {word}" for word in ("confirmed", "refuted", "undecided")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
