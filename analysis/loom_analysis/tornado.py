"""tornado - which prices matter: a bar a number, from what its least makes of a prediction to what its most does.

python -m loom_analysis.tornado JSON PICTURE, where JSON is what `loom predict --sensitivity --json` wrote.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from . import style

BARS_MAX = 15
CHEAP, DEAR = style.COLOURS[2], style.COLOURS[1]


def effects(result: dict) -> tuple[str, list[tuple[str, float, float]]]:
    """Say what is shown, and for each number, heaviest first, what its least and its most make of it, in per cent."""
    variants = result["variants"]
    names = [f"{one['profile']}, {one['threads']} threads" for one in variants]
    base = [one["cells_per_s"] for one in variants]

    def shown(cells_per_s: list[float]) -> float:
        if len(base) == 1:
            return cells_per_s[0] / base[0]
        return cells_per_s[-1] / cells_per_s[0] / (base[-1] / base[0])

    what = f"throughput of {names[0]}" if len(base) == 1 else f"throughput of {names[-1]} by {names[0]}"
    rows = [
        (one["name"], *(100 * (shown(one["cells_per_s"][end]) - 1) for end in ("least", "most")))
        for one in result["numbers"]
    ]
    return what, rows


def draw(result: dict, path: Path) -> None:
    what, rows = effects(result)
    rows = rows[:BARS_MAX]
    with style.figure(height=1.2 + 0.27 * len(rows)) as (figure, (axes,)):
        for place, (_, least, most) in enumerate(reversed(rows)):
            axes.barh(place, least, color=CHEAP, label="at its least" if place == 0 else None)
            axes.barh(place, most, color=DEAR, label="at its most" if place == 0 else None)
        axes.set_yticks(range(len(rows)), [name for name, _, _ in reversed(rows)])
        axes.axvline(0, color=style.INK, linewidth=0.8)
        axes.set_xlabel("change, %")
        axes.set_title(what)
        axes.legend(loc="lower right")
        figure.savefig(path)


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    if len(words) != 2:
        print("usage: python -m loom_analysis.tornado JSON PICTURE", file=sys.stderr)
        return 2
    try:
        draw(json.loads(Path(words[0]).read_text(encoding="utf-8")), Path(words[1]))
    except (OSError, ValueError, KeyError) as error:
        print(f"{words[0]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
