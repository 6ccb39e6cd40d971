"""compare - two results of `loom run` side by side. python -m loom_analysis.compare A B [--json] [--out DIR]"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from . import effects
from .compare_page import page_of
from .compare_text import json_of, text_of
from .compared import compare
from .report import figures
from .results import ResultsError
from .sides import pairs

ABOUT = """Two results of loom run side by side: quartiles, differences with intervals, Kolmogorov and Smirnov's and
Wasserstein's distance of each quantity, and where they differ most. A and B are folders, or arms of them (FOLDER:ARM);
where none is named, arms of the same name are compared."""


def _put(path: Path, text: str) -> None:
    """Write a file under another name first: it is whole or not there."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_folder(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        _put(folder / name, text)


def _effects(a: str, b: str, in_json: bool) -> None:
    made = effects.effects(a, b)
    if in_json:
        print(json.dumps([effects.json_of(one) for one in made], indent=1))
    else:
        sys.stdout.write("\n".join(effects.text_of(one) for one in made))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="loom compare", description=ABOUT)
    parser.add_argument("a", metavar="A", help="a folder that loom run wrote, or FOLDER:ARM")
    parser.add_argument("b", metavar="B", help="what is compared with it")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--out", type=Path, metavar="DIR", help="also write compare.html, .json, .txt and pictures")
    parser.add_argument("--effects", action="store_true",
                        help="compare what arms do: each against the first, in A and in B (folders)")  # fmt: skip
    args = parser.parse_args(arguments)
    try:
        if args.effects:
            _effects(args.a, args.b, args.json)
            return 0
        made = [compare(pair) for pair in pairs(args.a, args.b)]
        text = "\n".join(text_of(one) for one in made)
        in_json = json.dumps(json_of(made), indent=1) + "\n"
        if args.out:
            page = page_of(made)
            pictures = {f"{name}.svg": svg for name, svg in figures(page).items()}
            write_folder(args.out, {"compare.html": page, "compare.json": in_json, "compare.txt": text, **pictures})
    except (ResultsError, OSError) as error:
        print(f"loom compare: {error}", file=sys.stderr)
        return 1
    sys.stdout.write(in_json if args.json else text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
