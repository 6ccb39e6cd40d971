"""House rules, run as a test.

- nothing is left marked as still to do
- no source file over 700 lines (over 400 is said, but passes); no C function over 100 lines
- no banned call, and no clock in the I/O-free folders
- each header opens with a one-line title; each unit (x.c with x.h) in plugin/, model/ and topologies/ has its x_test.c

Usage: house.py [ROOT [EXCEPTIONS]]
"""

import re
import sys
from pathlib import Path

from source_tree import ROOT, sources

LINES_MAX = 700
LINES_LONG = 400
FUNCTION_LINES_MAX = 100

UNIT_ROOTS = ("plugin", "model", "topologies", "bench")
PURE = ("plugin/base/", "plugin/wire/", "plugin/crypt/", "plugin/core/", "plugin/origin/", "model/cost/",
        "model/des/", "model/traffic/")
BANNED = {
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "strcpy": "memcpy with a checked length",
    "strcat": "snprintf",
    "strncpy": "memcpy with a checked length",
    "gets": "fgets",
    "rand": "a seeded generator",
    "alloca": "a bounded array",
}
BANNED_IN_PURE = dict.fromkeys(
    ("time", "clock", "clock_gettime", "gettimeofday", "getenv", "random", "malloc", "calloc", "realloc", "free"),
    "what the runtime passes in",
)
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
FUNCTION_START = re.compile(r"^[A-Za-z_].*?(\w+)\(.*[^;]$|^[A-Za-z_].*?(\w+)\($")


def without_comments(text: str) -> str:
    """Blank comments and strings, keeping line numbers."""
    return COMMENT_OR_STRING.sub(lambda match: "\n" * match[0].count("\n"), text)


def check_calls(name: str, code: str) -> list[str]:
    banned = dict(BANNED)
    if name.startswith(PURE) and not name.endswith(("_test.c", "_fuzz.c")):
        banned |= BANNED_IN_PURE
    call = re.compile(r"(?<![\w.>])(" + "|".join(banned) + r")\s*\(")
    errors = []
    for number, line in enumerate(code.splitlines(), 1):
        errors += [f"{name}:{number}: {m[1]}() is banned: use {banned[m[1]]}" for m in call.finditer(line)]
    return errors


def function_lengths(code: str) -> dict[str, int]:
    """Return each function's lines from its opening brace to its closing one, both in column 0 style."""
    lengths: dict[str, int] = {}
    name, start = "", 0
    for number, line in enumerate(code.splitlines(), 1):
        match = FUNCTION_START.match(line)
        if match:
            name = match[1] or match[2]
            start = number
        elif line.startswith("}"):
            if name:
                lengths[name] = number - start + 1
            name = ""
    return lengths


def check_c_file(root: Path, path: Path) -> dict[tuple[str, str], str]:
    """Return errors that may be excepted, by (rule, what)."""
    errors: dict[tuple[str, str], str] = {}
    name, text = str(path), (root / path).read_text()
    code = without_comments(text)
    lines = text.count("\n")
    if lines > LINES_MAX:
        errors["lines", name] = f"{name}: {lines} lines, at most {LINES_MAX}"
    for function, length in function_lengths(code).items():
        if length > FUNCTION_LINES_MAX:
            what = f"{name}:{function}"
            errors["function", what] = f"{what}: {length} lines, at most {FUNCTION_LINES_MAX}"
    is_unit = path.parts[0] in UNIT_ROOTS and path.suffix == ".c" and (root / path.with_suffix(".h")).is_file()
    if is_unit and not (root / path.with_name(path.stem + "_test.c")).is_file():
        errors["untested", name] = f"{name}: no {path.stem}_test.c beside it"
    return errors


def check_title(name: str, text: str, unit: str) -> list[str]:
    first = text.split("\n", 1)[0]
    if re.match(rf"/\* {re.escape(unit)} - \S.*", first):
        return []
    return [f"{name}:1: a header opens with a title: /* {unit} - what it is. */"]


def read_exceptions(path: Path) -> dict[tuple[str, str], str]:
    found = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            rule, what, reason = line.split(maxsplit=2)
            found[rule, what] = reason
    return found


def check(root: Path, exceptions: dict[tuple[str, str], str]) -> tuple[list[str], list[str]]:
    """Return errors and warnings."""
    errors, warnings, excepted = [], [], {}
    for path in sources(root, "*.c", "*.h", "*.py", "*.cmake", "*.txt", "*.md", "*.yaml", "*.sh"):
        name, text = str(path), (root / path).read_text(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            if match := UNFINISHED.search(line):
                errors.append(f"{name}:{number}: {match[0]} left over: do it, or open an issue")
        if path.suffix in (".c", ".h", ".py") and LINES_LONG < text.count("\n") <= LINES_MAX:
            warnings.append(f"{name}: {text.count(chr(10))} lines: is a second unit hiding in it?")
        if path.suffix == ".h":
            errors += check_title(name, text, path.stem)
        if path.suffix in (".c", ".h"):
            errors += check_calls(name, without_comments(text))
            excepted |= check_c_file(root, path)
        elif path.suffix == ".py" and text.count("\n") > LINES_MAX:
            excepted["lines", name] = f"{name}: {text.count(chr(10))} lines, at most {LINES_MAX}"
    errors += [text for key, text in excepted.items() if key not in exceptions]
    errors += [f"exception without use: {' '.join(key)}" for key in exceptions if key not in excepted]
    return errors, warnings


def main(args: list[str]) -> int:
    root = Path(args[0]) if args else ROOT
    exceptions = Path(args[1]) if len(args) > 1 else Path(__file__).with_name("house_exceptions.txt")
    errors, warnings = check(root, read_exceptions(exceptions))
    for warning in warnings:
        print("warning:", warning)
    print(*errors, sep="\n", end="\n" if errors else "")
    print(f"tidy.house: {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
