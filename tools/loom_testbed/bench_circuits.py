"""bench_circuits - `tools/bench circuits`: bytes of a circuit and of a link that idle, Loom and tor, measured alike.

A circuit goes through the relay from one of its links, a client's, to another, a relay's: with tor one or_circuit_t,
with Loom two halves. Half of the links are of either sort, and both are counted as links. Links and circuits come in
steps, and what one costs is the slope of the resident memory over the steps (least squares), so what the relay has
anyway falls out. In the steps of links each two of them have a circuit, which is taken off.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

from . import arguments, bench_plot, machine, ports
from .bench_sides import Side
from .errors import TestbedError
from .idle_memory import Filling, Stage, fill
from .measured import Measured
from .progress import Progress

NAME = "circuits"
SUMMARY = "bytes per idle circuit and per idle link, Loom and tor, and what is left when all are closed"
CIRCUIT_RATIO_MAX = 0.35
LINK_RATIO_MAX = 0.8
GENERATOR_BYTES_PER_CIRCUIT = 5000  # so that people know what else they need

Points = Sequence[tuple[float, float]]
Result = dict[str, object]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this bench's options."""
    add = parser.add_argument
    add("--circuits", type=arguments.count(10, 262144), default=200000, help="circuits at the end")
    add("--links", type=arguments.count(4, 1024), default=400, help="links at the end, half before the relay")
    add("--steps", type=arguments.count(2, 100), default=4, help="steps of links, and of circuits")
    add("--cycles", type=arguments.count(1, 100), default=1, help="fill each relay so often")
    add("--settle", type=arguments.count(0, 600), default=12, metavar="S", help="least seconds of a stage")
    add("--only", choices=("loom", "tor"), help="one side (default: both, and their ratio)")
    add("--loom", type=arguments.path, default=arguments.LOOM_DEFAULT, metavar="PATH", help="the relay to measure")


def run(options: argparse.Namespace, directory: Path, progress: Progress) -> Measured:
    """Measure and return the result."""
    filling = Filling(options.loom.parent / "loom-load", options.circuits, options.links, options.steps,
                      options.cycles, options.settle)  # fmt: skip
    for program in (options.loom, filling.generator):
        arguments.require_program(program)
    if options.links % 2 or options.links // 2 < options.steps or options.circuits // options.steps < options.links:
        raise TestbedError("expected an even number of links, twice the steps at least, and for each a circuit a step")
    found: dict[str, Result] = {}
    with ports.PortBlock() as block:
        for side in _sides(options):
            stages = fill(side, filling, directory / side.name, block.take(),
                          lambda stage, name=side.name: progress.line(f"{name}: {_stage_text(stage)}"),
                          lambda stage: None)  # fmt: skip
            found[side.name] = summary(stages)
    result: Result = {"circuits": options.circuits, "links": options.links, "sides": found,
                      "machine": machine.facts()}  # fmt: skip
    is_ok = True
    if len(found) == 2:
        result["ratios"] = ratios(found["loom"], found["tor"])
        is_ok = met(result["ratios"])
    picture = bench_plot.draw("circuits", result, directory / "circuits.svg")
    return Measured(result, _table(result) + f"\n{picture}", is_ok)


def _sides(options: argparse.Namespace) -> list[Side]:
    sides = []
    if options.only != "tor":
        sides.append(Side("loom", [str(options.loom)], "ConnectionThreads 1\nNumCPUs 1\n"))
    if options.only != "loom":
        tor = shutil.which("tor")
        if tor is None:
            raise TestbedError("tor: no such program; tools/run installs it")
        sides.append(Side("tor", [tor], "NumCPUs 1\n"))
    return sides


def slope(points: Points) -> float:
    """Return the slope of the straight line that fits the points best."""
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope


def summary(stages: Sequence[Stage]) -> Result:
    """Return what a circuit and a link cost in the first cycle, and what is left after each."""
    first = [stage for stage in stages if stage.cycle == 1]
    per_circuit = slope([(stage.circuits, stage.memory.rss) for stage in first if stage.name == "circuits"])
    per_link = slope(
        [(stage.links, stage.memory.rss - per_circuit * stage.circuits) for stage in first if stage.name == "links"]
    )
    by_name = {stage.name: stage for stage in first}
    full, used = by_name["circuits"], by_name["used"]
    return {
        "circuit_bytes": round(per_circuit, 1),
        "circuit_bytes_used": round(per_circuit + (used.memory.rss - full.memory.rss) / used.circuits, 1),
        "link_bytes": round(per_link),
        "started": by_name["started"].memory.rss,
        "full": used.memory.rss,
        "destroyed": by_name["destroyed"].memory.rss,
        "closed": [stage.memory.rss for stage in stages if stage.name == "closed"],
        "unsteady_stages": sum(not stage.is_steady for stage in stages),
        "stages": [stage.as_json for stage in stages],
    }


def ratios(loom: Result, tor: Result) -> dict[str, float]:
    """Return Loom's bytes over tor's, of everything that is compared."""
    return {kind: round(loom[kind] / tor[kind], 3) for kind in ("circuit_bytes", "circuit_bytes_used", "link_bytes")}


def met(found: dict[str, float]) -> bool:
    """Tell whether Loom takes as little as was asked."""
    circuits = max(found["circuit_bytes"], found["circuit_bytes_used"])
    return circuits <= CIRCUIT_RATIO_MAX and found["link_bytes"] <= LINK_RATIO_MAX


def _stage_text(stage: Stage) -> str:
    steady = "" if stage.is_steady else ", not steady"
    return f"{stage.name}, {stage.links} links, {stage.circuits} circuits: {stage.memory.rss / 1e6:.1f} MB{steady}"


def _table(result: Result) -> str:
    sides: dict[str, Result] = result["sides"]
    lines = ["relay  circuit B  used once  link B  MB started  full  no circuits  closed"]
    for name, one in sides.items():
        closed = " ".join(f"{rss / 1e6:.1f}" for rss in one["closed"])
        lines.append(
            f"{name:<5}  {one['circuit_bytes']:>9.0f}  {one['circuit_bytes_used']:>9.0f}  {one['link_bytes']:>6}"
            f"  {one['started'] / 1e6:>10.1f}  {one['full'] / 1e6:>4.0f}  {one['destroyed'] / 1e6:>11.1f}  {closed}"
        )
    found = result.get("ratios")
    if found:
        lines.append(
            f"ratio  {found['circuit_bytes']:>9.3f}  {found['circuit_bytes_used']:>9.3f}  {found['link_bytes']:>6.3f}"
            f"   asked: at most {CIRCUIT_RATIO_MAX} a circuit, {LINK_RATIO_MAX} a link"
        )
    lines.append(f"{result['circuits']} circuits, {result['links']} links; {machine.line(result['machine'])}")
    return "\n".join(lines)
