"""tor_behaviour - how an unmodified tor cuts its traffic, from outside, beside what the engine says it does.

python -m loom_testbed.tor_behaviour [--json]. The kernel counts read() and write() of a process (/proc/PID/io). tor
makes two read()s for a record that comes, one more when a read event leaves it room, and a write() for each that it
makes, so those two counts tell the sizes of records on both sides.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from . import arguments, lone_relay, native_load, ports, rundir, signals, tor_work
from .bench_sides import pins, put_first
from .errors import Interrupted, TestbedError
from .load_shape import Load
from .process import stop_all
from .progress import Progress

PROFILE = "tor-0.4.9-xeon"  # for the engine: batches hardly depend on the prices
CLOSE = 0.10  # what the engine may be off
SECONDS = 3
BUILD_SECONDS_MAX = 300
LOADS: tuple[Load, ...] = (
    Load(links=2, circuits=16, run=4, record_cells=31, threads=0),
    Load(links=8, circuits=64, run=4, record_cells=31, threads=0),
    Load(links=8, circuits=64, run=4, record_cells=8, threads=0),
    Load(links=8, circuits=64, run=1, record_cells=1, threads=0),
    Load(links=40, circuits=400, run=31, record_cells=31, threads=0),
    Load(links=200, circuits=400, run=4, record_cells=8, threads=0),
)


@dataclass(frozen=True)
class Calls:
    """System calls for a cell."""

    reads: float
    writes: float


def calls_of(text: str) -> tuple[int, int]:
    """Read what the kernel says of a process: how often it has called read() and write()."""
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    try:
        return int(fields["syscr"]), int(fields["syscw"])
    except (KeyError, ValueError) as error:
        raise TestbedError("the kernel does not count the calls of a process") from error


def measure(load: Load, place: Path, block: ports.PortBlock, generator: Path) -> Calls:
    """Count the calls of a tor that is started for the load."""
    tor = shutil.which("tor")
    if tor is None:
        raise TestbedError("tor: no such program; tools/run installs it")
    pinned = pins(1, False)
    put_first()
    relay = lone_relay.start("tor", [*pinned.relay, tor], place, block.take(), "NumCPUs 1\n")
    put_first(relay.child.pid)
    io = Path(f"/proc/{relay.child.pid}/io")
    command = [*pinned.generator, str(generator), *load.generator_options(), "--verified-links", "0", "--warmup", "1",
               "--seconds", str(SECONDS), *relay.as_options()]  # fmt: skip
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            said = native_load.await_window(child, BUILD_SECONDS_MAX)
            before, began = calls_of(io.read_text()), time.monotonic()
            time.sleep(SECONDS - 0.5)
            after, ended = calls_of(io.read_text()), time.monotonic()
            out, rest = child.communicate()
    finally:
        stop_all([relay.child])
    if child.returncode != 0:
        raise TestbedError(f"{load.name}: {(said or '') + rest.decode(errors='replace')}")
    cells = json.loads(out)["cells_per_s"] * (ended - began)
    return Calls((after[0] - before[0]) / cells, (after[1] - before[1]) / cells)


def compare(loom: Path, generator: Path, directory: Path, progress: Progress) -> list[dict[str, object]]:
    """Measure and ask the engine, load by load."""
    predicted, failed = tor_work.ask(loom, PROFILE, LOADS, progress)
    if failed:
        raise TestbedError(next(iter(failed.values())))
    rows = []
    with ports.PortBlock() as block:
        for number, load in enumerate(LOADS):
            calls = measure(load, directory / f"tor-{number}", block, generator)
            work = predicted[load].work_per_cell
            rows.append(row(load, calls, Calls(work["reads"], work["writes"])))
            progress.line(text_of(rows[-1]))
    return rows


def row(load: Load, measured: Calls, engine: Calls) -> dict[str, object]:
    """Return one line of the result."""
    errors = {name: getattr(engine, name) / getattr(measured, name) - 1.0 for name in ("reads", "writes")}
    return {"load": load.name, "measured": vars(measured), "engine": vars(engine), "errors": errors,
            "ok": all(abs(error) <= CLOSE for error in errors.values())}  # fmt: skip


def text_of(one: dict) -> str:
    """Return a line of the table."""
    parts = [f"{name} {one['measured'][name]:.3f} measured, {one['engine'][name]:.3f} in the engine"
             f" ({one['errors'][name]:+.0%})" for name in ("reads", "writes")]  # fmt: skip
    return f"{one['load']:<72} {'; '.join(parts)}"


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status: 1 when the engine is further off than it may."""
    parser = arguments.OneLineParser(prog="tor_behaviour", description="How tor cuts its traffic.")
    parser.add_argument("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, help="beside it: the generator")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    options = parser.parse_args(argv)
    signals.catch()
    folder = options.loom.parent
    try:
        rows = compare(folder / "loom", folder / "loom-load", rundir.make(None), Progress(quiet=False))
    except TestbedError as error:
        print(f"tor_behaviour: {error}", file=sys.stderr)
        return 1
    except Interrupted as error:
        print(f"tor_behaviour: {error}", file=sys.stderr)
        return 128 + error.signal_number
    print(json.dumps(rows, indent=1) if options.json else "\n".join(text_of(one) for one in rows))
    return 0 if all(one["ok"] for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
