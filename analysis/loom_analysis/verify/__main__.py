"""loom verify: python -m loom_analysis.verify [GATE...] [--json] [--list]"""

from __future__ import annotations

import argparse
import json
import sys
import time

from . import gates_correlation, gates_measures, gates_models, gates_timing
from .gate import Check, Gate

ABOUT = """The code of the security analysis against answers that are known: each value with the interval that it must
lie in. docs/security.md says what the gates are, and what none of them shows."""

MODULES = (gates_correlation, gates_measures, gates_models, gates_timing)
GATES = sorted((gate for module in MODULES for gate in module.GATES), key=lambda gate: gate.number)


def number(value: float) -> str:
    return f"{value:.4g}" if abs(value) >= 1e-6 else "0"


def line(check: Check) -> str:
    wanted = f"{number(check.low)} to {number(check.high)}"
    if check.high == float("inf"):
        wanted = f"at least {number(check.low)}"
    elif check.high - check.low < 1e-6:
        wanted = number((check.low + check.high) / 2.0)
    return f"    {'ok    ' if check.passed else 'FAILED'} {check.what:64} {number(check.value):>10}   {wanted}"


def as_json(gate: Gate, checks: list[Check]) -> dict:
    return {
        "gate": gate.name,
        "title": gate.title,
        "checks": [{"what": one.what, "value": one.value, "low": one.low,
                    "high": None if one.high == float("inf") else one.high, "passed": one.passed} for one in checks],
    }


def chosen(names: list[str]) -> list[Gate]:
    by_name = {gate.name: gate for gate in GATES}
    return [by_name[name.upper()] for name in names] if names else GATES


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="loom verify", description=ABOUT)
    parser.add_argument("gates", nargs="*", metavar="GATE", help="K1 to K15; all when none is named")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    parser.add_argument("--list", action="store_true", help="only name the gates")
    args = parser.parse_args(arguments)
    try:
        gates = chosen(args.gates)
    except KeyError as error:
        parser.error(f"no gate {error}: there are {GATES[0].name} to {GATES[-1].name}")
    done = []
    for gate in gates:
        if args.list:
            print(f"{gate.name:4} {gate.title}")
            continue
        begun = time.monotonic()
        checks = gate.checks()
        done.append((gate, checks))
        if not args.json:
            print(f"{gate.name:4} {gate.title} ({time.monotonic() - begun:.1f} s)")
            print("\n".join(line(one) for one in checks), flush=True)
    if args.list:
        return 0
    passed = sum(one.passed for _, checks in done for one in checks)
    failed = sum(not one.passed for _, checks in done for one in checks)
    if args.json:
        print(json.dumps({"passed": passed, "failed": failed, "gates": [as_json(*one) for one in done]}, indent=1))
    else:
        print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
