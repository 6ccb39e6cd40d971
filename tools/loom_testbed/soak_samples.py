"""soak_samples - what each Loom has used, every few seconds, and whether it grows.

The law: over the second half of the run the line that fits a relay's memory best rises by no more than GROWTH_SHARE of
its mean, or GROWTH_KB where that is more. By then every table and pool has had the sizes that this load asks for, and
what still rises is not given back. A short run is still filling them: it may rise by GROWTH_SHARE_SHORT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from . import metrics, procstat
from .checks import Check
from .network import Network
from .plan import Node

GROWTH_SHARE = 0.03
GROWTH_SHARE_SHORT = 0.15
SHORT_SECONDS = 1800.0
GROWTH_KB = 1024
FILES_GROWTH_SHARE = 0.10
FILES_GROWTH = 8  # one link or stream more or less at the moments that we look


@dataclass(frozen=True)
class Sample:
    """One relay at one moment."""

    at_s: float
    rss_kb: int
    open_files: int
    cpu_s: float
    links: int | None  # None: the MetricsPort did not answer
    halves: int | None
    cells_received: int | None
    handshakes: int | None


@dataclass
class Series:
    """All samples of one relay."""

    name: str
    samples: list[Sample] = field(default_factory=list)

    def second_half(self) -> list[Sample]:
        """Return the samples after the middle of the run."""
        if not self.samples:
            return []
        middle = (self.samples[0].at_s + self.samples[-1].at_s) / 2
        return [one for one in self.samples if one.at_s >= middle]

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {"name": self.name, **summary(self), "samples": [asdict(one) for one in self.samples]}


def read(node: Node, pid: int, at_s: float) -> Sample | None:
    """Look at one relay; None when it has ended."""
    process = procstat.sample(pid)
    if process is None:
        return None
    counters = metrics.read(node.metrics_port)
    objects = counters.working_set if counters else {}
    return Sample(
        at_s=round(at_s, 1),
        rss_kb=process.rss_kb,
        open_files=process.open_files,
        cpu_s=round(process.cpu_ns / 1e9, 3),
        links=objects.get("links"),
        halves=objects.get("halves"),
        cells_received=counters.total("cells_received") if counters else None,
        handshakes=counters.total("handshakes_ntor_v3") if counters else None,
    )


def take(network: Network, series: dict[str, Series], at_s: float) -> None:
    """Add a sample of every Loom."""
    for node in network.nodes:
        if node.program != "loom":
            continue
        sample = read(node, network.child(node).pid, at_s)
        if sample is not None:
            series.setdefault(node.name, Series(node.name)).samples.append(sample)


def rise(points: Sequence[tuple[float, float]]) -> float:
    """Return by how much the line that fits best (least squares) rises from the first to the last point."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    return slope * (points[-1][0] - points[0][0])


def summary(series: Series) -> dict[str, object]:
    """Return what is worth saying of one relay."""
    later = series.second_half()
    if not later:
        return {}
    memory = rise([(one.at_s, one.rss_kb) for one in later])
    hours = (later[-1].at_s - later[0].at_s) / 3600
    return {
        "rss_kb_mean": round(sum(one.rss_kb for one in later) / len(later)),
        "rss_kb_max": max(one.rss_kb for one in series.samples),
        "rss_kb_rise": round(memory),
        "rss_kb_per_hour": round(memory / hours) if hours else None,
        "open_files_max": max(one.open_files for one in series.samples),
        "open_files_rise": round(rise([(one.at_s, one.open_files) for one in later]), 1),
        "halves_max": max((one.halves or 0 for one in series.samples), default=0),
        "links_max": max((one.links or 0 for one in series.samples), default=0),
        "handshakes": series.samples[-1].handshakes,
        "cells_received": series.samples[-1].cells_received,
        "cpu_s": series.samples[-1].cpu_s,
    }


def memory_is_flat(series: Sequence[Series]) -> Check:
    """No relay's memory grew in the second half, by the law above."""
    is_short = all(one.samples[-1].at_s < SHORT_SECONDS for one in series if one.samples)
    share = GROWTH_SHARE_SHORT if is_short else GROWTH_SHARE
    return _flat("memory_flat", series, lambda one: one.rss_kb, share, GROWTH_KB, "KiB")


def files_are_flat(series: Sequence[Series]) -> Check:
    """No relay's open files grew in the second half, by the law above with other numbers."""
    return _flat("files_flat", series, lambda one: one.open_files, FILES_GROWTH_SHARE, FILES_GROWTH, "files")


def _flat(name, series, value, share, least, unit) -> Check:  # type: ignore[no-untyped-def]
    grown, shown = [], []
    for one in series:
        points = [(sample.at_s, float(value(sample))) for sample in one.second_half()]
        mean = sum(y for _, y in points) / max(1, len(points))
        rose = rise(points)
        shown.append(f"{one.name} {rose:+.0f}")
        if not points or rose > max(least, share * mean):
            grown.append(f"{one.name}: {rose:+.0f} {unit} of {mean:.0f}")
    detail = f"grew: {'; '.join(grown)}" if grown else f"{unit}, in the second half: {', '.join(shown)}"
    return Check(name, bool(series) and not grown, detail)
