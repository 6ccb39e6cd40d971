"""core_symbols.py finds I/O, writable globals and floats in a library, and accepts a clean one."""

import subprocess
from pathlib import Path

import core_symbols
import pytest

CLEAN = """
#include <string.h>
extern void check_report(const char *) __attribute__((weak));
static const char *const names[] = {"a", "b"};
const char *pick(unsigned i) { if (check_report) check_report("i"); return names[i & 1]; }
void copy(char *to, const char *from, unsigned long n) { memcpy(to, from, n); }
"""

DIRTY = {
    "clock": ("#include <time.h>\nlong now(void) { return time(NULL); }", "uses time"),
    "file": ("#include <stdio.h>\nvoid hello(const char *s) { puts(s); }", "uses puts"),
    "counter": ("static int n; int next(void) { return ++n; }", "n is a writable global"),
    "global": ("int level = 3;", "level is a writable global"),
    "thread local": ("_Thread_local int seed;", "seed is a writable global"),
    "float": ("double half(double x) { return x * 0.5; }", "half computes with floats (mulsd)"),
    "convert": ("double wide(long x) { return x; }", "wide computes with floats (cvtsi2sd)"),
    "x87": ("long double sum(long double x) { return x + x; }", "sum computes with floats"),
}


def library(folder: Path, name: str, text: str) -> Path:
    (folder / f"{name}.c").write_text(text)
    target = folder / f"lib{name}.a"
    subprocess.run(["gcc", "-std=c17", "-O1", "-fPIE", "-c", f"{name}.c", "-o", f"{name}.o"], cwd=folder, check=True)
    subprocess.run(["ar", "rcs", target, f"{name}.o"], cwd=folder, check=True)
    return target


def errors_of(libraries: list[Path]) -> list[str]:
    allowed = core_symbols.read_allowed(core_symbols.ALLOWED)
    return core_symbols.check_symbols(libraries, allowed) + core_symbols.check_float(libraries)


def test_clean(tmp_path):
    assert errors_of([library(tmp_path, "clean", CLEAN)]) == []


def test_one_library_defines_what_another_uses(tmp_path):
    user = library(tmp_path, "user", "int below(void); int above(void) { return below(); }")
    below = library(tmp_path, "below", "int below(void); int below(void) { return 1; }")
    assert errors_of([user, below]) == []
    assert errors_of([user]) == ["user.o: uses below, which is not in core_symbols.txt"]


@pytest.mark.parametrize("case", DIRTY)
def test_dirty(tmp_path, case):
    text, expected = DIRTY[case]
    assert any(expected in error for error in errors_of([library(tmp_path, "dirty", text)]))
