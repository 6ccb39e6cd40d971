"""Check every #include against layers.txt, and that no unit includes itself through others.

Usage: layers.py [ROOT [LAYERS]]
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from source_tree import ROOT, sources

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
INCLUDE_ROOTS = ("plugin", "model", "topologies", "bench")
TEST_ENDING = re.compile(r"_(test|fuzz)$")


class LayerError(Exception):
    """The layer file itself is wrong."""


@dataclass
class Layers:
    """What layers.txt says; names are units or folders."""

    sets: dict[str, list[str]] = field(default_factory=dict)
    folders: dict[str, list[str]] = field(default_factory=dict)
    units: dict[str, list[str]] = field(default_factory=dict)
    tests: dict[str, list[str]] = field(default_factory=dict)
    system: dict[str, list[str]] = field(default_factory=dict)
    strict: set[str] = field(default_factory=set)

    def expand(self, words: list[str]) -> list[str]:
        names: list[str] = []
        for word in words:
            if not word.startswith("@"):
                names.append(word)
            elif word[1:] in self.sets:
                names += self.sets[word[1:]]
            else:
                raise LayerError(f"{word}: no set of that name above")
        return names

    def folder_of(self, unit: str) -> str | None:
        """Return the nearest folder around unit that the file names."""
        parts = unit.split("/")[:-1]
        while parts:
            folder = "/".join(parts)
            if folder in self.folders or folder in self.strict:
                return folder
            parts.pop()
        return None


def read_layers(path: Path) -> Layers:
    layers = Layers()
    lines: list[str] = []
    for raw in path.read_text().splitlines():
        line = raw.split("#")[0].rstrip()
        if line.startswith(" ") and lines:
            lines[-1] += line
        elif line:
            lines.append(line)
    tables = {"folder": layers.folders, "units": layers.units, "tests": layers.tests, "system": layers.system}
    for line in lines:
        head, _, tail = line.partition(":")
        kind, *names = head.split()
        if kind == "set" and len(names) == 1:
            layers.sets[names[0]] = layers.expand(tail.split())
        elif kind == "strict":
            layers.strict.update(names)
        elif kind in tables and names:
            for name in layers.expand(names):
                tables[kind][name] = layers.expand(tail.split())
        else:
            raise LayerError(f"cannot read this line: {line}")
    return layers


def unit_name(path: Path) -> str:
    """plugin/wire/cell_test.c -> wire/cell, model/cost/x.h -> cost/x, tests/support/fuzz.h -> support/fuzz."""
    parts = list(path.with_suffix("").parts)
    if parts[0] in INCLUDE_ROOTS or parts[:2] == ["tests", "support"]:
        parts = parts[1:]
    return "/".join(parts)


def resolve(root: Path, include: str) -> str | None:
    """Return the unit that an include names, or None when there is no such file."""
    for base in (*INCLUDE_ROOTS, "tests"):
        if (root / base / include).is_file():
            return unit_name(Path(base) / include)
    return None


def allowed(layers: Layers, unit: str, target: str, is_test: bool) -> bool:
    folder = layers.folder_of(unit)
    may = list(layers.units.get(unit, []))
    if folder not in layers.strict:
        may += [folder, *layers.folders.get(folder, [])]
    if is_test:
        may += layers.tests.get(folder, [])
        own = TEST_ENDING.sub("", unit)
        may += [own, *layers.units.get(own, [])]
    return target == unit or any(target == name or target.startswith(name + "/") for name in may)


def check_order(name: str, includes: list[tuple[int, str, bool]], own: str | None) -> list[str]:
    """Own header first, then <system>, then "internal"."""
    errors = []
    if own and (not includes or includes[0][1] != own):
        errors.append(f'{name}: its own header "{own}" must be included first')
    rest = [i for i in includes if i[1] != own]
    for before, after in zip(rest, rest[1:], strict=False):
        if not before[2] and after[2]:
            errors.append(f"{name}:{after[0]}: <{after[1]}> must come before internal headers")
    return errors


def check_file(root: Path, layers: Layers, path: Path, graph: dict[str, set[str]]) -> list[str]:
    full = unit_name(path)
    is_test = TEST_ENDING.search(full) is not None
    folder = layers.folder_of(full)
    owner = TEST_ENDING.sub("", full)
    if folder is None or (folder in layers.strict and owner not in layers.units):
        return [f"{path}: not covered by layers.txt: add a line `units {owner}: ...` or a folder"]
    errors, includes = [], []
    for number, line in enumerate((root / path).read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        internal, system = match.groups()
        includes.append((number, internal or system, internal is None))
        if system:
            if not is_test and folder in layers.system and system not in layers.system[folder]:
                errors.append(f"{path}:{number}: <{system}> is not among the system headers of {folder}")
            continue
        target = resolve(root, internal)
        if target is None:
            errors.append(f'{path}:{number}: "{internal}": no such file under plugin/, model/, topologies/, tests/')
        elif not allowed(layers, full, target, is_test):
            errors.append(f'{path}:{number}: {owner} may not include "{internal}"')
        elif not is_test and target != full:
            graph.setdefault(full, set()).add(target)
    header = path.parent / (path.stem.removesuffix("_test").removesuffix("_fuzz") + ".h")
    own = "/".join(header.parts[1:]) if path.suffix == ".c" and (root / header).is_file() else None
    return errors + check_order(str(path), includes, own)


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return the units on one cycle, or nothing."""
    done: set[str] = set()

    def visit(unit: str, trail: list[str]) -> list[str]:
        if unit in trail:
            return [*trail[trail.index(unit):], unit]
        if unit in done:
            return []
        for target in sorted(graph.get(unit, ())):
            if cycle := visit(target, [*trail, unit]):
                return cycle
        done.add(unit)
        return []

    for unit in sorted(graph):
        if cycle := visit(unit, []):
            return cycle
    return []


def check(root: Path, layers: Layers) -> list[str]:
    graph: dict[str, set[str]] = {}
    errors: list[str] = []
    for path in sources(root, "*.c", "*.h"):
        errors += check_file(root, layers, path, graph)
    if cycle := find_cycle(graph):
        errors.append("a cycle: " + " -> ".join(cycle))
    return errors


def main(args: list[str]) -> int:
    root = Path(args[0]) if args else ROOT
    layer_file = Path(args[1]) if len(args) > 1 else Path(__file__).with_name("layers.txt")
    try:
        errors = check(root, read_layers(layer_file))
    except LayerError as error:
        errors = [f"{layer_file}: {error}"]
    print(*errors, sep="\n", end="\n" if errors else "")
    print(f"tidy.layers: {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
