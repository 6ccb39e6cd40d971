"""report - the result of a run as JSON and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from .checks import DATA_BYTES_PER_CELL, Check
from .marks import Usage
from .metrics import KINDS_REPORTED, Moves, sum_of


def processes_json(used: Sequence[Usage]) -> list[dict[str, object]]:
    """Return one entry for each process; times are those between the marks."""
    return [
        {
            "name": one.name,
            "role": one.role,
            "program": one.program,
            "pid": one.cpu.pid,
            "cpu_user_s": one.cpu.user_s,
            "cpu_system_s": one.cpu.system_s,
            "cpu_ns": one.cpu.cpu_ns,
            "rss_kb": one.cpu.rss_kb,
            "rss_peak_kb": one.cpu.rss_peak_kb,
            "cells": one.cells,
            "cells_counted_by": _cells_source(one),
            "link_bytes_read": one.link_bytes[0] if one.link_bytes else None,
            "link_bytes_written": one.link_bytes[1] if one.link_bytes else None,
            "threads": [{"name": thread.name, "cpu_ns": thread.cpu_ns} for thread in one.cpu.threads],
        }
        for one in used
    ]


def _cells_source(one: Usage) -> str | None:
    if one.cells is None:
        return None
    return "its own counters" if one.counters is not None else "estimate: link bytes / 514"


def loom_json(used: Sequence[Usage]) -> dict[str, object] | None:
    """Return Loom's counters between the marks: totals, and each manager of each middle; None without a Loom."""
    looms = [one for one in used if one.program == "loom"]
    if not looms:
        return None
    counters = [one.counters for one in looms if one.counters is not None]
    totals: dict[str, object] = {kind: sum_of(counters, kind) for kind in KINDS_REPORTED}
    managers = [
        {"middle": one.name, "manager": manager} | kinds
        for one in looms
        if one.counters is not None
        for manager, kinds in sorted(one.counters.work.items())
    ]
    links: dict[str, int] = {}
    for one in counters:
        for cipher, count in one.links.items():
            links[cipher] = links.get(cipher, 0) + count
    return totals | {"managers": managers, "links_by_cipher": links or None}


def moves_json(moves: Moves) -> dict[str, object]:
    """Return what became of links that were to move, and for how long they were not read."""
    return {
        "outcomes": moves.outcomes,
        "pause_mean_s": round(moves.pause_mean, 6),
        "pause_longest_s": round(moves.pause_longest, 6),
    }


def table(used: Sequence[Usage], checks: Sequence[Check], payload: int, seconds: float) -> str:
    """Return the result for a person."""
    cells = payload // DATA_BYTES_PER_CELL
    rate = payload * 8 / seconds / 1e6 if seconds > 0 else 0.0
    lines = [f"{payload / 1e6:.0f} MB in {seconds:.1f} s ({rate:.0f} Mbit/s), {cells} cells of client data", ""]
    lines.append("process        role       user s system s  RSS MB peak MB      cells  ns/cell")
    for one in used:
        lines.append(_process_row(one))
        if one.program == "loom":
            lines += [f"  {thread.name:<12} {'':<9} {thread.cpu_ns / 1e9:>7.2f}" for thread in one.cpu.threads]
    lines.append("")
    lines += [f"{'ok  ' if check.ok else 'FAIL'} {check.name:<22} {check.detail}" for check in checks]
    return "\n".join(lines)


def _process_row(one: Usage) -> str:
    row = f"{one.name:<14} {one.role:<9} {one.cpu.user_s:>7.2f} {one.cpu.system_s:>8.2f}"
    row += f" {one.cpu.rss_kb / 1024:>7.1f} {one.cpu.rss_peak_kb / 1024:>7.1f}"
    if not one.cells:
        return row
    estimated = " " if one.counters is not None else "~"
    return row + f" {estimated}{one.cells:>9} {one.cpu.cpu_ns / one.cells:>8.0f}"
