"""svg - a figure as SVG that can stand in a page beside others: same bytes each time, identifiers of its own."""

from __future__ import annotations

import io
import re

import matplotlib
from matplotlib.figure import Figure

_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_SIZE = re.compile(r' width="[\d.]+pt"| height="[\d.]+pt"')
_NAMED = re.compile(r'(\bid="|href="#|url\(#)')


def svg_of(figure: Figure, name: str, title: str) -> str:
    """Return an <svg> element that fills the width of its parent; name is unique in the page, title is for readers."""
    out = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = _METADATA.sub("", _PROLOGUE.sub("", out.getvalue(), count=1), count=1)
    head, rest = text.split(">", 1)
    head = _SIZE.sub("", head).replace("<svg", f'<svg role="img" aria-label="{_escape(title)}" class="plot"', 1)
    return _NAMED.sub(rf"\g<1>{name}-", f"{head}>{rest}")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
