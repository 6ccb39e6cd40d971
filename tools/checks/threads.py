"""Prove that the tests which can start threads, and no others, are marked as THREADED: preset tsan runs these alone.

Usage: threads.py THREADED.txt OTHERS.txt   (lists of test programs, one path in a line)
"""

import subprocess
import sys
from pathlib import Path

STARTS = "pthread_create"


def read_programs(path: Path) -> list[Path]:
    return [Path(line) for line in path.read_text().split()]


def with_threads(programs: list[Path]) -> set[Path]:
    """Return those that import the function which starts a thread: static libraries leave out what is never called."""
    command = ["nm", "--dynamic", "--undefined-only", "--print-file-name", "--format=posix", *programs]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    pairs = (line.split(": ", 1) for line in lines)
    return {Path(name) for name, symbol in pairs if symbol.split()[0].partition("@")[0] == STARTS}


def check(threaded: list[Path], others: list[Path]) -> list[str]:
    starting = with_threads(threaded + others)
    missing = [one for one in others if one in starting]
    wrong = [one for one in threaded if one not in starting]
    return [f"{one.name} can start threads: list it as THREADED" for one in missing] + [
        f"{one.name} starts no threads, but is listed as THREADED" for one in wrong
    ]


def main(args: list[str]) -> int:
    if len(args) != 2:
        print("usage: threads.py THREADED.txt OTHERS.txt")
        return 2
    threaded, others = (read_programs(Path(arg)) for arg in args)
    errors = check(threaded, others)
    print(*errors, sep="\n", end="\n" if errors else "")
    print(f"tidy.threads: {len(threaded)} of {len(threaded) + len(others)} tests, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
