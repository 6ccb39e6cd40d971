"""cli - `loom sweep SCENARIO --seeds A..B --set PATH=VALUE,VALUE --on local|slurm`."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from . import finish, table
from .errors import SweepError
from .estimate import duration, estimate
from .local import Failure, Local
from .plan import JOBS, Checked, Job, Sweep, check_all, find_program, missing
from .progress import Progress
from .settings import read_seeds, read_settings
from .slurm import Slurm

LOCK = ".lock"


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="loom sweep",
        description="Simulate a scenario for seeds and settings, every one with every other. Started again, it goes on "
        "where it was; results depend neither on that nor on where jobs ran.",
    )
    add = parser.add_argument
    add("scenario", type=Path, metavar="SCENARIO")
    add("--seeds", default="1..10", metavar="A..B", help="of each setting (1..10)")
    add("--set", action="append", default=[], metavar="PATH=VALUE[,VALUE]",
        help='values of the scenario, "rollout.fraction=0,0.5,1" or "arms[1].threads=2,4"; more than once')
    add("--network", metavar="FILE", help="as of loom run")
    add("--on", choices=("local", "slurm"), default="local", help="this machine's cores, or job arrays of Slurm")
    add("--at-once", type=int, metavar="N", help="jobs side by side (local: as there are processors and memory for)")
    add("--slurm", default="", metavar="WORDS", help='more words for sbatch, --slurm="--partition=long --mem=4G" say')
    add("--out", type=Path, metavar="DIR", help="where results go; results/NAME-sweep when left out")
    add("--no-report", action="store_true", help="tables alone")
    add("--check", action="store_true", help="read everything, say how long it would take, and run no job")
    args = parser.parse_args(words)
    if args.at_once is not None and args.at_once < 1:
        parser.error("--at-once: expected 1 or more")
    return args


def _plan(args: argparse.Namespace) -> tuple[Sweep, list[Checked]]:
    options = ("--network", args.network) if args.network else ()
    settings = read_settings(args.set)
    out = Path(os.path.abspath(args.out or f"results/{args.scenario.stem}-sweep"))
    sweep = Sweep(args.scenario, options, settings, read_seeds(args.seeds), out, find_program())
    return sweep, check_all(sweep)


@contextmanager
def _lock(out: Path) -> Iterator[None]:
    """Two sweeps in one folder would run the same jobs."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SweepError(f"{out}: another sweep is at work in it") from error
        yield


def _announce(sweep: Sweep, jobs: list[Job], checked: list[Checked], runner: Local | Slurm) -> None:
    there = len(sweep.jobs) - len(jobs)
    count = f"{len(sweep.settings)} settings x {len(sweep.seeds)} seeds = {len(sweep.jobs)} jobs"
    more = f", {there} are there" if there else ""
    print(f"{checked[0].scenario}: {count}, arms of each: {len(checked[0].arms)}{more}", file=sys.stderr)
    if jobs:
        words = estimate(sweep, checked, jobs).words(len(jobs), runner.at_once)
        print(f"estimate: {words}", file=sys.stderr, flush=True)


def _run(sweep: Sweep, jobs: list[Job], runner: Local | Slurm) -> list[Failure]:
    """Run jobs; those that fail are run once more, with nothing beside them."""
    progress = Progress(len(jobs))
    failures = runner.run(jobs, progress)
    if not failures:
        return []
    progress.line(f"{len(failures)} of {len(jobs)} failed; once more, alone")
    return runner.run_alone([one.job for one in failures], Progress(len(failures)))


def _say_failures(sweep: Sweep, failures: list[Failure]) -> None:
    print(f"loom sweep: {len(failures)} of {len(sweep.jobs)} jobs failed; what is there is kept, and the same command "
          "runs only what is not:", file=sys.stderr)  # fmt: skip
    for one in failures:
        print(f"    {one.job.name}: {one.why}\n        alone: {sweep.job_command(one.job)}", file=sys.stderr)


def _sweep(args: argparse.Namespace) -> int:
    sweep, checked = _plan(args)
    jobs = missing(sweep, checked)
    with _lock(sweep.out):
        began = time.monotonic()
        (sweep.out / JOBS).mkdir(exist_ok=True)
        runner = _runner(args, sweep, checked)
        _announce(sweep, jobs, checked, runner)
        if args.check:
            return 0
        if jobs:
            finish.forget(sweep)
        finish.write_manifest(sweep, checked)
        try:
            failures = _run(sweep, jobs, runner) if jobs else []
        except BaseException:
            runner.stop()
            raise
        if failures:
            _say_failures(sweep, failures)
            return 1
        lines = finish.finish(sweep, checked)
        if not args.no_report:
            finish.write_report(sweep)
        print(table.printed(lines))
        made = [table.CSV, table.JSON, finish.HASHES, *([] if args.no_report else [finish.REPORT])]
        spent = duration(time.monotonic() - began)
        print(f"{sweep.out}: {len(sweep.jobs)} jobs, {', '.join(made)}; {len(jobs)} were run, {spent}", file=sys.stderr)
    return 0


def _runner(args: argparse.Namespace, sweep: Sweep, checked: list[Checked]) -> Local | Slurm:
    if args.on == "slurm":
        return Slurm(sweep, args.at_once, args.slurm)
    return Local(sweep, min(args.at_once or min(one.at_once for one in checked), len(sweep.jobs)))


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    args = _arguments(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _sweep(args)
    except (SweepError, OSError) as error:
        print(f"loom sweep: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nloom sweep: stopped; the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
