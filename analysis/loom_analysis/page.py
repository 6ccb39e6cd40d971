"""page - the HTML of a report: sections, tables, boxes, figures. One file that asks nothing of the network.

Text is escaped here and nowhere else; only Markup is taken as it is.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_STYLE = """
:root { --ink: #1f2933; --faint: #5b6773; --line: #dde3e8; --wash: #f6f8fa; --warn: #fff4e0; --warn-edge: #e69f00;
        --blue: #0072b2; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--wash); color: var(--ink);
       font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 60px; }
header h1 { margin: 0 0 2px; font-size: 1.75rem; letter-spacing: -0.01em; }
header p { margin: 0 0 18px; color: var(--faint); }
section { background: #fff; border: 1px solid var(--line); border-radius: 10px;
          padding: 18px 22px 20px; margin: 18px 0; }
h2 { font-size: 1.16rem; margin: 0 0 6px; }
h3 { font-size: 1rem; margin: 18px 0 4px; }
p { margin: 0 0 10px; }
.lead { color: var(--faint); font-size: 0.94rem; max-width: 86ch; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 0.92rem; margin-bottom: 6px; }
a { color: var(--blue); text-decoration: none; } a:hover { text-decoration: underline; }
figure { margin: 12px 0 0; }
figure svg.plot { display: block; width: 100%; height: auto; }
figcaption { color: var(--faint); font-size: 0.88rem; max-width: 96ch; margin-top: 6px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); font-size: 0.88rem; padding: 0 0 6px; caption-side: top; }
th, td { text-align: left; padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; white-space: nowrap; } thead th { border-bottom: 2px solid var(--line); }
td.n, th.n { text-align: right; padding-left: 10px; white-space: nowrap; }
tbody tr:last-child th, tbody tr:last-child td { border-bottom: 0; }
td .pm { color: var(--faint); }
.box { border-left: 5px solid var(--blue); }
.warn { background: var(--warn); border-color: #f3d9a4; border-left: 5px solid var(--warn-edge); }
.warn strong { display: block; font-size: 1.05rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 12px; margin: 12px 0 2px; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.tile .what { color: var(--faint); font-size: 0.86rem; }
.tile .what { min-height: 1.4em; }
.tile .line { display: flex; justify-content: space-between; gap: 10px; }
.tile b { font-variant-numeric: tabular-nums; }
.swatch { display: inline-block; width: 0.75em; height: 0.75em; border-radius: 2px; margin-right: 0.45em; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 30px; } ul { margin: 4px 0 0; padding-left: 1.2em; }
li { margin: 3px 0; }
code, .mono { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 0.86em; overflow-wrap: anywhere; }
details summary { cursor: pointer; color: var(--blue); margin: 6px 0; }
@media (max-width: 720px) { .columns { grid-template-columns: 1fr; } section { padding: 14px; } }
@media print { body { background: #fff; } section { break-inside: avoid; border-color: #ccc; } nav { display: none; } }
"""


class Markup(str):
    """Text that is HTML already."""


NOTHING = Markup("")


def text(value: object) -> Markup:
    """Escape what is not markup yet, and keep a per cent sign with its number."""
    return value if isinstance(value, Markup) else Markup(html.escape(str(value)).replace(" %", "&nbsp;%"))


def join(parts: Iterable[object], between: str = "") -> Markup:
    return Markup(between.join(text(part) for part in parts))


def tag(name: str, *content: object, **attributes: str) -> Markup:
    """Make an element; class_ is the attribute class."""
    written = "".join(f' {key.rstrip("_")}="{html.escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{written}>{join(content)}</{name}>")


def paragraph(*content: object, class_: str = "") -> Markup:
    return tag("p", *content, **({"class_": class_} if class_ else {}))


def items(lines: Sequence[object]) -> Markup:
    return tag("ul", *(tag("li", line) for line in lines))


def swatch(colour: str) -> Markup:
    return Markup(f'<span class="swatch" style="background:{html.escape(colour)}"></span>')


def table(
    heads: Sequence[object], rows: Sequence[Sequence[object]], numbers_from: int | None = None, caption: object = ""
) -> Markup:
    """Make a table; columns from numbers_from on are numbers. The first of each row heads it."""

    def cell(place: int, content: object, name: str) -> Markup:
        is_number = numbers_from is not None and place >= numbers_from
        scope = {"scope": "row"} if name == "th" else {}
        return tag(name, content, **({"class_": "n"} if is_number else {}), **scope)

    head = join(
        tag("th", one, scope="col", **({"class_": "n"} if numbers_from is not None and i >= numbers_from else {}))
        for i, one in enumerate(heads)
    )
    body = join(tag("tr", *(cell(i, one, "td" if i else "th") for i, one in enumerate(row))) for row in rows)
    titled = tag("caption", caption) if caption else Markup("")
    return tag("div", tag("table", titled, tag("thead", tag("tr", head)), tag("tbody", body)), class_="scroll")


def figure(name: str, svg: str, caption: object) -> Markup:
    """Wrap a plot; the check in the browser finds it by its class and name."""
    return tag("figure", Markup(svg), tag("figcaption", caption), id=name)


def fold(summary: object, *content: object) -> Markup:
    return tag("details", tag("summary", summary), *content)


@dataclass
class Page:
    """A report's sections in order, each with a title for the list on top."""

    title: str
    subtitle: object
    sections: list[tuple[str, str, Markup]] = field(default_factory=list)
    banner: Markup = NOTHING

    def add(self, name: str, title: str, *content: object, class_: str = "") -> None:
        self.sections.append(
            (
                name,
                title,
                tag("section", tag("h2", title), *content, id=name, **({"class_": class_} if class_ else {})),
            )
        )

    def html(self) -> str:
        """Return the whole document. Its policy forbids scripts and everything that is not in the file."""
        policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        links = tag("nav", *(tag("a", title, href=f"#{name}") for name, title, _ in self.sections))
        head = (
            f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="icon" href="data:,"><title>{html.escape(self.title)}</title><style>{_STYLE}</style>'
        )
        header = tag("header", tag("h1", self.title), paragraph(self.subtitle))
        body = tag("main", header, self.banner, links, *(section for _, _, section in self.sections))
        return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'
