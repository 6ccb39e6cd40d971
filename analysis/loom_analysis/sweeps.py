"""sweeps - reads what `loom sweep` wrote as one set of results, in which the arms of its settings stand side by side.

Arms of one setting alone are named as they are; a setting with one arm gives the arm its own name.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .model import Results
from .results import ResultsError, read_json, read_results

MANIFEST = "sweep.json"
FORMAT = 1
SWEPT = "swept"  # key of an arm in the merged scenario: which values its setting has


def is_sweep(folder: Path) -> bool:
    return (folder / MANIFEST).is_file()


def _label(setting: dict, arm: str, is_only: bool) -> str:
    if is_only:
        return arm
    return setting["name"] if len(setting["arms"]) == 1 else f"{setting['name']}, {arm}"


def _arms(setting: dict, results: Results, is_only: bool) -> list[dict]:
    """Return the scenario's arms with their names in the merged one."""
    return [
        arm | {"name": _label(setting, arm["name"], is_only), SWEPT: setting["set"]}
        for arm in results.scenario["arms"]
    ]


def read_sweep(folder: Path) -> Results:
    """Read all settings; what is missing is named in the result."""
    manifest = read_json(folder / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise ResultsError(f"{folder / MANIFEST}: expected format {FORMAT}, found {manifest.get('format')}")
    settings = manifest["settings"]
    seeds = range(manifest["seeds"]["first"], manifest["seeds"]["last"] + 1)
    runs, arms, parts, missing = {}, [], [], []
    for setting in settings:
        try:
            part = read_results(folder / setting["name"])
        except ResultsError:
            missing.append(setting["name"])
            continue
        parts.append(part)
        arms += _arms(setting, part, len(settings) == 1)
        for arm in setting["arms"]:
            label = _label(setting, arm, len(settings) == 1)
            for seed in seeds:
                if run := part.runs.get((arm, seed)):
                    runs[label, seed] = replace(run, arm=label)
                else:
                    missing.append(f"seed {seed} of {label}")
    if not runs:
        raise ResultsError(f"{folder}: none of its runs is there")
    scenario = parts[0].scenario | {"arms": arms}
    names = [arm["name"] for arm in arms if any(arm["name"] == one for one, _ in runs)]
    return Results(str(folder), scenario, names, runs, parts[0].prices, missing)
