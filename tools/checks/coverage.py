"""Say which lines the tests reach: gcov's counts of the modules, by unit and in all.

Usage: coverage.py BUILD_DIR
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from source_tree import ROOT

BATCH = 50


def gcov(build: Path, files: list[Path]) -> list[dict]:
    command = ["gcov", "--json-format", "--stdout", *files]
    out = subprocess.run(command, cwd=build, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def line_counts(build: Path) -> dict[Path, dict[int, int]]:
    """Return for each file of the modules how often each line ran, over all programs."""
    counts: dict[Path, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    files = sorted(build.rglob("*.gcda"))
    for start in range(0, len(files), BATCH):
        for report in gcov(build, files[start : start + BATCH]):
            for source in report["files"]:
                path = (Path(report["current_working_directory"]) / source["file"]).resolve()
                if not path.is_relative_to(ROOT) or path.stem.endswith(("_test", "_fuzz")):
                    continue
                if path.relative_to(ROOT).parts[0] not in ("plugin", "model", "topologies"):
                    continue
                for line in source["lines"]:
                    counts[path.relative_to(ROOT)][line["line_number"]] += line["count"]
    return counts


def ranges(numbers: list[int]) -> str:
    """[3, 4, 5, 9] -> 3-5 9"""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return " ".join(f"{a}-{b}" if a != b else f"{a}" for a, b in parts)


def main(args: list[str]) -> int:
    counts = line_counts(Path(args[0]))
    if not counts:
        print("no counts: run the tests of preset cov first")
        return 1
    reached_all = lines_all = 0
    for path, lines in sorted(counts.items()):
        missed = sorted(number for number, count in lines.items() if count == 0)
        reached = len(lines) - len(missed)
        reached_all, lines_all = reached_all + reached, lines_all + len(lines)
        print(f"{100 * reached / len(lines):5.1f} %  {path}  {ranges(missed)}")
    print(f"{100 * reached_all / lines_all:5.1f} %  of {lines_all} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
