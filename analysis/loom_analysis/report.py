"""report - one HTML file from a folder of results. python -m loom_analysis.report RESULTS [--out FILE] [--plots DIR]"""

from __future__ import annotations

import argparse
import platform
import re
import sys
from pathlib import Path

import matplotlib
import numpy

from . import (
    __version__,
    conclusions,
    section_differences,
    section_machines,
    section_processors,
    section_rollout,
    section_sustained,
    sections,
)
from .cells import DASH, number
from .fingerprint.outcome import is_observed, outcome_of
from .fingerprint.section import fingerprint
from .model import Results
from .observed.manifest import ObservationsError
from .page import Markup, Page, fold, join, paragraph, table, tag
from .quantities import quantities
from .results import ResultsError, read_results
from .settings_table import settings_rows
from .sweeps import is_sweep, read_sweep

REPORT = "report.html"


def _subtitle(results: Results) -> Markup:
    scenario = results.scenario
    seeds = results.seeds
    words = [
        f"Arms {', '.join(results.arms)}",
        f"{len(seeds)} seed{'s' if len(seeds) != 1 else ''} ({', '.join(map(str, seeds[:12]))}"
        f"{', ...' if len(seeds) > 12 else ''})",
    ]
    if "duration_s" in scenario:
        words.append(f"{scenario['duration_s']} simulated seconds after {scenario.get('warm_up_s', 0)} of warm-up")
    about = scenario.get("about")
    return join([f"{about}. " if about else "", "; ".join(words), "."])


def missing(results: Results) -> Markup:
    if not results.missing:
        return Markup("")
    return tag(
        "section",
        tag("strong", "Not all runs are here"),
        "Missing: " + ", ".join(results.missing) + ".",
        class_="warn",
        id="missing",
    )


def provenance(results: Results) -> Markup:
    inputs = {
        (one["key"], one["name"], one["sha256"])
        for run in results.all_runs()
        for one in run.manifest.get("inputs", [])
    }
    files = table(
        ["input", "file", "SHA-256"], [[key, name, tag("code", digest)] for key, name, digest in sorted(inputs)]
    )
    rows = [
        [f"{run.arm}, seed {run.seed}", tag("code", run.results_sha256 or DASH), *_host_cells(run.host)]
        for run in results.all_runs()
    ]
    heads = ["run", "SHA-256 of its results.sha256", "wall time, s", "CPU time, s", "threads", "memory, MiB"]
    made_by = (
        f"Results of {_one_of(results, 'manifest', 'program')}, compiler {_one_of(results, 'host', 'compiler')}. "
        f"Report by loom_analysis {__version__}, Python {platform.python_version()}, numpy {numpy.__version__}, "
        f"matplotlib {matplotlib.__version__}, of {results.folder}."
    )
    runs = table(heads, rows, 2)
    return join([paragraph(made_by, class_="lead"), files, tag("h3", "Runs"), runs])


def _one_of(results: Results, attribute: str, key: str) -> str:
    """Return what all runs say of it: usually one thing."""
    return ", ".join(sorted({str(getattr(run, attribute).get(key, "unknown")) for run in results.all_runs()}))


def _host_cells(host: dict) -> list[str]:
    def shown(key: str, scale: float, digits: int) -> str:
        value = host.get(key)
        return number(value * scale, digits) if isinstance(value, int | float) else DASH

    kinds = (("wall_s", 1.0, 1), ("cpu_s", 1.0, 1), ("threads", 1.0, 0), ("rss_bytes_max", 2**-20, 0))
    return [shown(*kind) for kind in kinds]


def render(results: Results) -> str:
    """Return the whole report; the same results give the same bytes."""
    made = quantities(results)
    name = results.scenario.get("name", Path(results.folder).name)
    page = Page(f"Loom: {name}", _subtitle(results), banner=join([conclusions.banner(results), missing(results)]))
    page.add(
        "summary",
        "In short",
        sections.tiles(results, made),
        paragraph(
            "Means over seeds"
            + (
                ", ± half of the 95 % interval (Student's t)."
                if len(results.seeds) > 1
                else "; one seed, so no interval."
            ),
            class_="lead",
        ),
    )
    page.add("conclusions", "What may be concluded", conclusions.box(results, made), class_="box")
    if section_sustained.is_wanted(results):
        page.add("sustained", "One relay in the middle", section_sustained.sustained(results))
    if section_rollout.is_wanted(results):
        page.add("rollout", "Rollout", section_rollout.rollout(results, made))
    if is_observed(Path(results.folder)):
        page.add("fingerprint", "What an adversary learns", fingerprint(outcome_of(Path(results.folder))))
    page.add("differences", f"Differences from {results.arms[0]}", section_differences.differences(results, made))
    if section_machines.is_drawn(results):
        page.add("machines", "One more machine", section_machines.machines(results, made))
    page.add("transfers", "Transfers", sections.transfers(results))
    page.add("load", "Written by all relays", sections.load(results))
    page.add("processors", "Processors of relays", section_processors.processors(results, made))
    page.add(
        "settings",
        "Settings",
        fold(
            "All settings, defaults too",
            table(
                ["setting", "value"], [[tag("code", key), value] for key, value in settings_rows(results.scenario)]
            ),
        ),
    )
    page.add("provenance", "Provenance", provenance(results))
    return page.html()


_FIGURE = re.compile(r'<figure id="fig-([\w-]+)"[^>]*>(<svg.*?</svg>)', re.DOTALL)


def figures(page: str) -> dict[str, str]:
    """Return each figure of a page by name, as an SVG file of its own."""
    prologue = '<?xml version="1.0" encoding="utf-8"?>'
    return {name: f"{prologue}\n{svg}\n" for name, svg in _FIGURE.findall(page)}


def write_plots(page: str, folder: Path) -> None:
    """Write each figure of a report as a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in figures(page).items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="loom report", description="Write one HTML file about the results of loom run."
    )
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the folder that loom run or loom sweep wrote")
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"the report (RESULTS/{REPORT})")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="also write each plot as an SVG file")
    args = parser.parse_args(arguments)
    out = args.out or args.results / REPORT
    try:
        page = render(read_sweep(args.results) if is_sweep(args.results) else read_results(args.results))
        out.write_text(page, encoding="utf-8")
        if args.plots:
            write_plots(page, args.plots)
    except (ResultsError, ObservationsError, OSError) as error:
        print(f"loom report: {error}", file=sys.stderr)
        return 1
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
