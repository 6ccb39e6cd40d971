"""predict_table - `tools/bench predict` for people: a line for each figure, the work behind what is off, a verdict."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from . import machine
from .load_shape import Load

UNITS = {"cpu": ("CPU of a cell, ns", 1.0), "throughput": ("the most that the relay carries, thousand cells/s", 1e-3),
         "delay": ("time through the relay, us", 1e-3)}  # fmt: skip
OFF = 0.10  # from this error on the work behind it is shown
WORK_DIFFERS = 1.15  # native and engine, one by the other
WORK_LEAST = 0.0005  # for a cell; less is never told


def text(result: Mapping) -> str:
    """Return the tables."""
    lines: list[str] = []
    for kind, (title, unit) in UNITS.items():
        if result[kind]:
            lines += [*_figures(title, unit, result[kind]), ""]
    lines += _rated(result["rated"]) + _work(result)
    lines += [f"not predicted: {name}: {why}" for name, why in result["not_predicted"].items()]
    lines += [_verdict(kind, one) for kind, one in result["summary"].items()]
    if any(one["is_disturbed"] for one in result["delay"]):
        lines.append("~: no run was sound, as other programs had the cores or the machine's speed changed: all count")
    if any(not one["is_saturated"] for one in result["cpu"]):
        lines.append(
            "*: the relay had less than 95 % of its cores in a run: its most is that of its busiest thread's CPU time"
        )
    lines.append(f"{result['profile']}; {machine.line(result['machine'])}")
    return "\n".join(lines)


def _figures(title: str, unit: float, found: Sequence[Mapping]) -> list[str]:
    lines = [f"{title:<86} measured  +-  predicted  error"]
    for one in found:
        name = Load(**one["load"]).name + (f" {one['label']}" if one["label"] else "")
        mark = "~" if one["is_disturbed"] else " " if one["is_saturated"] else "*"
        lines.append(f"{name:<84} {mark} {unit * one['measured']:>8.0f} {one['repeatability']:>3.0%}"
                     f" {unit * one['predicted']:>9.0f} {one['error']:>+6.0%}")  # fmt: skip
    return lines


def _rated(rated: Sequence[Mapping]) -> list[str]:
    """Show how near the most the relay was, by what it carried around each run, and the runs that do not count."""
    lines = [f"{'how busy the relay was':<86} by most, CPU native, engine; runs, and why others do not count; "
             "errors at the same share; at the usual rate"]  # fmt: skip
    for one in rated:
        least, middle, most = min(one["utilisation"]), statistics.median(one["utilisation"]), max(one["utilisation"])
        faults = ", ".join(f"{count} {fault}" for fault, count in one["not_counted"].items()) or "none"
        errors = "; ".join(", ".join(f"{error:+.0%}" for error in one[f"errors_at_the_{which}"])
                           for which in ("same_share", "usual_rate"))  # fmt: skip
        lines.append(f"{Load(**one['load']).name + ' at ' + str(one['percent']) + '%':<86} {one['share_around']:>7.0%}"
                     f" {middle:>5.0%} ({least:.0%} to {most:.0%}) {one['utilisation_predicted']:>5.0%}"
                     f"   {one['counted']} runs, not {faults}   {errors}")  # fmt: skip
    return [*lines, ""] if rated else []


def _work(result: Mapping) -> list[str]:
    """Show where native relay and engine did different work for a cell, of loads whose CPU is off."""
    off = {Load(**one["load"]) for one in result["cpu"] if abs(one["error"]) > OFF}
    lines = []
    for one in result["work"]:
        if Load(**one["load"]) in off:
            parts = [f"{kind} {native:.4g}/{engine:.4g}" for kind, (native, engine) in one["native_and_engine"].items()
                     if _differs(native, engine)]  # fmt: skip
            lines.append(f"  {Load(**one['load']).name}: " + (", ".join(parts) or "the same"))
    return ["work for a cell that differs where CPU is off, native/engine:", *lines, ""] if lines else []


def _differs(native: float, engine: float) -> bool:
    low, high = sorted((native, engine))
    return high >= WORK_LEAST and high > WORK_DIFFERS * low


def _verdict(kind: str, one: Mapping) -> str:
    worst = f" of {one['allowed_worst']:.0%}" if one["allowed_worst"] is not None else ""
    return (
        f"{kind}: {one['figures']} figures, median error {one['median_error']:.1%} of {one['allowed_median']:.1%}"
        f" allowed, worst {one['worst_error']:.1%}{worst} ({one['worst_of']}); runs repeat within"
        f" {one['repeatability']:.1%}: {'as asked' if one['ok'] else 'NOT as asked'}"
    )
