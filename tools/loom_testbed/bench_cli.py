"""bench_cli - `tools/bench NAME`: measurements beside Debian's tor. Each is a module that adds itself here."""

from __future__ import annotations

import json
import sys

from . import (
    arguments,
    bench_attacks,
    bench_backends,
    bench_balance,
    bench_bill,
    bench_circuits,
    bench_handshakes,
    bench_instructions,
    bench_limits,
    bench_main_thread,
    bench_memory,
    bench_moves,
    bench_predict,
    bench_relay,
    bench_scale,
    bench_shadow_price,
    bench_shadow_tor,
    rundir,
    signals,
)
from .errors import Interrupted, TestbedError
from .measured import Measured
from .progress import Progress

MODULES = (
    bench_relay,
    bench_main_thread,
    bench_handshakes,
    bench_instructions,
    bench_bill,
    bench_backends,
    bench_scale,
    bench_limits,
    bench_circuits,
    bench_memory,
    bench_attacks,
    bench_moves,
    bench_balance,
    bench_predict,
    bench_shadow_tor,
    bench_shadow_price,
)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = arguments.OneLineParser(prog="tools/bench", description="Measure Loom beside Debian's tor.")
    benches = parser.add_subparsers(dest="bench", required=True, metavar="NAME")
    for module in MODULES:
        one = benches.add_parser(module.NAME, help=module.SUMMARY, description=module.SUMMARY)
        module.add_options(one)
        one.add_argument("--json", action="store_true", help="print JSON instead of the table")
        one.add_argument("--quiet", action="store_true", help="no progress on stderr")
        one.add_argument(
            "--dir", type=arguments.path, metavar="DIR", help="where to put the logs (default: in build/testbed)"
        )
        one.set_defaults(run=module.run)
    options = parser.parse_args(argv)
    signals.catch()
    try:
        directory = rundir.make(options.dir)
        measured: Measured = options.run(options, directory, Progress(quiet=options.quiet))
    except TestbedError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except Interrupted as error:
        print(f"bench: {error}", file=sys.stderr)
        return 128 + error.signal_number
    rundir.keep_logs_only(directory)
    text = json.dumps(measured.as_json, indent=1)
    (directory / "bench.json").write_text(text + "\n")
    print(text if options.json else measured.as_text)
    return 0 if measured.is_ok else 1
