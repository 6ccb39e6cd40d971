"""Prove the core I/O-free: what its libraries use from outside, no writable globals, no float arithmetic.

Usage: core_symbols.py LIBRARY.a...
"""

import platform
import re
import subprocess
import sys
from pathlib import Path

ALLOWED = Path(__file__).with_name("core_symbols.txt")

# objdump -t: address, seven flag characters, section, size, name
SYMBOL = re.compile(r"^[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$")
WRITABLE = re.compile(r"^(\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*)")

INSTRUCTION = re.compile(r"^\s+[0-9a-f]+:\t(\S+)")
FLOAT = re.compile(r"v?(add|sub|mul|div|sqrt|min|max|comi|ucomi)[sp][sd]|v?cvt\w+|f(i?ld|i?st|add|sub|mul|div|com)\w*")


def objdump(option: str, library: Path) -> list[str]:
    command = ["objdump", option, "--no-show-raw-insn", library]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def read_allowed(path: Path) -> set[str]:
    return {line.split()[0] for line in path.read_text().splitlines() if line and not line.startswith("#")}


def check_symbols(libraries: list[Path], allowed: set[str]) -> list[str]:
    defined: set[str] = set()
    used: dict[str, str] = {}
    errors = []
    for library in libraries:
        unit = library.name
        for line in objdump("-t", library):
            if line.endswith("file format elf64-x86-64") or ": " in line:
                unit = line.split(":")[0]
            match = SYMBOL.match(line)
            if not match:
                continue
            flags, section, name = match.groups()
            is_section = "d" in flags
            if section == "*UND*":
                used.setdefault(name, unit)
            elif not is_section:
                defined.add(name)
                if WRITABLE.match(section):
                    errors.append(f"{unit}: {name} is a writable global ({section})")
    for name in sorted(used.keys() - defined - allowed):
        errors.append(f"{used[name]}: uses {name}, which is not in {ALLOWED.name}")
    return errors


def check_float(libraries: list[Path]) -> list[str]:
    if platform.machine() != "x86_64":
        return []
    errors = []
    for library in libraries:
        function = library.name
        for line in objdump("-d", library):
            if line.endswith(">:"):
                function = line.split("<")[1][:-2]
            match = INSTRUCTION.match(line)
            if match and FLOAT.fullmatch(match[1]):
                errors.append(f"{library.name}: {function} computes with floats ({match[1]})")
    return sorted(set(errors))


def main(args: list[str]) -> int:
    libraries = [Path(arg) for arg in args]
    if not libraries:
        print("usage: core_symbols.py LIBRARY.a...")
        return 2
    errors = check_symbols(libraries, read_allowed(ALLOWED)) + check_float(libraries)
    print(*errors, sep="\n", end="\n" if errors else "")
    print(f"tidy.core-symbols: {len(libraries)} libraries, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
