"""Build each preset, run its tests by label, and count: the body of tools/test."""

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

TOTAL_BUDGET = 1200  # seconds on two cores

BUILD_SECONDS = {"dev": 75, "release": 90, "asan": 140, "tsan": 42}
BUILD_TARGETS = {"release": ["programs"]}  # tests run from the other presets
# Seconds of wall time that each label may take; with the builds they fit into the total.
BUDGETS = {
    "dev": {"tidy": 16, "unit": 88, "corpus": 4, "golden": 20, "litmus": 10, "sim": 50, "interop": 190},
    "release": {"tidy": 4},  # the symbols of the core that is shipped
    "asan": {"unit": 60, "corpus": 4, "golden": 28, "sim": 40, "sanitized": 100},
    "tsan": {"unit": 38, "sim": 110, "sanitized": 91},  # of the C programs those alone that start threads
}
LONG_BUDGETS = {"dev": 3600, "tsan": 1200}  # with --long, beyond the total
# Tests that wait for votes and timeouts: so many more at a time than there are cores.
EXTRA_JOBS = {"unit": 2, "interop": 2, "sanitized": 1}
# Real programs that wait for each other, on a machine that others share: what fails has a second try, and is named.
SECOND_TRY = ("interop", "sanitized")
SHOWN_LINES = 60  # of what a failed test or build wrote
ASLR_BITS_MAX = 28  # clang 14's thread sanitizer cannot map its shadow when the kernel moves things further


@dataclass
class Tally:
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    passed_again: list[str] = field(default_factory=list)  # at the second try; among those that passed, too

    def summary(self) -> str:
        text = f"{self.passed} passed, {len(self.failed)} failed"
        return text + (f", {len(self.skipped)} skipped" if self.skipped else "")

    def add(self, other: "Tally") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.passed_again += other.passed_again

    def try_again(self, second: "Tally") -> None:
        """Take what the second try of those that failed says instead."""
        self.passed_again += [name for name in self.failed if name not in second.failed]
        self.passed += second.passed
        self.failed = second.failed


def say(text: str = "", end: str = "\n") -> None:
    print(text, end=end, flush=True)


def tail(text: str) -> str:
    return "\n".join("    " + line for line in text.rstrip().splitlines()[-SHOWN_LINES:])


def run(command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")


def configure_and_build(preset: str) -> subprocess.CompletedProcess:
    """Return the last command, which is the one that failed when one did."""
    targets = [f"--target={target}" for target in BUILD_TARGETS.get(preset, [])]
    done = run(["cmake", "--preset", preset])
    return done if done.returncode != 0 else run(["cmake", "--build", "--preset", preset, *targets])


def build(preset: str, tally: Tally) -> bool:
    """Configure and build; a broken build is one failed test."""
    say(f"{preset:8} {'build':10}", end="")
    start = time.monotonic()
    done = configure_and_build(preset)
    if done.returncode != 0:
        say("broken\n" + tail(done.stdout))
        tally.failed.append(f"{preset}: build")
        return False
    say(f"{'':12}{time.monotonic() - start:6.1f} s")
    return True


def read_junit(path: Path, preset: str) -> Tally:
    """Count a ctest result; say what failed and what was skipped."""
    tally = Tally()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        skipped = case.find("skipped")
        output = case.findtext("system-out") or "(no output: out of time?)"
        if status == "run":
            tally.passed += 1
        elif skipped is not None and "SKIP_" in skipped.get("message", ""):
            tally.skipped.append(f"{preset}: {name}")
        else:
            tally.failed.append(f"{preset}: {name}")
            say(f"\n--- {preset}: {name}\n{tail(output)}")
    return tally


def without_aslr(preset: str) -> list[str]:
    bits = Path("/proc/sys/vm/mmap_rnd_bits")
    if preset != "tsan" or not bits.exists() or int(bits.read_text()) <= ASLR_BITS_MAX:
        return []
    return ["setarch", "--addr-no-randomize"]


def ctest(preset: str, label: str, selection: list[str], jobs: int) -> Tally:
    """Run the selected tests of a label."""
    junit = ROOT / "build" / preset / "junit" / f"{label}.xml"
    junit.parent.mkdir(exist_ok=True)
    junit.unlink(missing_ok=True)
    done = run([*without_aslr(preset), "ctest", "--test-dir", f"build/{preset}", "--output-junit", str(junit),
                "--parallel", str(jobs), "-L", f"^{label}$", *selection])
    if not junit.exists():
        say("ctest failed\n" + tail(done.stdout))
        return Tally(failed=[f"{preset}: {label}"])
    return read_junit(junit, preset)


def run_label(preset: str, label: str, budget: int, pattern: str | None) -> Tally:
    say(f"{preset:8} {label:10}", end="")
    selection = ["-R", pattern] if pattern else []
    selection += ["-LE", "^long$"] if label != "long" else []
    start = time.monotonic()
    tally = ctest(preset, label, selection, (os.cpu_count() or 1) + EXTRA_JOBS.get(label, 0))
    was_said = bool(tally.failed)
    if tally.failed and label in SECOND_TRY:
        tally.try_again(ctest(preset, label, [*selection, "--rerun-failed"], 1))
    seconds = time.monotonic() - start
    if was_said:
        say(f"{preset:8} {label:10}", end="")
    say(f"{tally.passed:4} passed {seconds:6.1f} s of {budget} s")
    if seconds > budget:
        tally.failed.append(f"{preset}: {label} took {seconds:.0f} s, its budget is {budget} s")
    return tally


def run_stages(presets: list[str], labels: list[str], pattern: str | None, long: bool) -> Tally:
    tally = Tally()
    for preset in presets:
        budgets = dict(BUDGETS[preset])
        if long and preset in LONG_BUDGETS:
            budgets["long"] = LONG_BUDGETS[preset]
        if build(preset, tally):
            for label, budget in budgets.items():
                if not labels or label in labels:
                    tally.add(run_label(preset, label, budget, pattern))
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/test", description="Build and run the tests.")
    parser.add_argument("labels", nargs="*", metavar="LABEL", help="only these: " + " ".join(BUDGETS["dev"]))
    parser.add_argument("-R", dest="pattern", metavar="REGEX", help="only tests whose name matches")
    parser.add_argument("--preset", action="append", choices=list(BUDGETS), dest="presets",
                        help="only this preset (all; dev when LABEL or -R is given)")
    parser.add_argument("--long", action="store_true", help="also the tests that take long")
    args = parser.parse_args()
    known = {label for budgets in BUDGETS.values() for label in budgets} | {"long"}
    if unknown := set(args.labels) - known:
        parser.error(f"no label {' '.join(sorted(unknown))}; there are {' '.join(sorted(known))}")
    presets = args.presets or (["dev"] if args.labels or args.pattern else list(BUDGETS))

    start = time.monotonic()
    tally = run_stages(presets, args.labels, args.pattern, args.long or "long" in args.labels)
    say(f"{'all':19}{'':12}{time.monotonic() - start:6.1f} s of {TOTAL_BUDGET} s\n")
    for name in tally.skipped:
        say(f"skipped: {name}")
    for name in tally.passed_again:
        say(f"passed at the second try: {name}")
    for name in tally.failed:
        say(f"failed:  {name}")
    say(tally.summary())
    return 1 if tally.failed or tally.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
