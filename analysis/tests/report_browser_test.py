"""The report in headless Chromium: each plot is drawn and seen, nothing is asked of the network, nothing complains.

Skipped without chromium (tools/packages-long.txt; tools/test --long installs it). Pictures stay in the build folder.
"""

import os
from pathlib import Path

import pytest
from browser import Browser, is_installed
from loom_analysis.report import render
from loom_analysis.results import read_results
from report_test import COMMITTED, FIGURES

pytestmark = pytest.mark.skipif(not is_installed(), reason="chromium is not installed (tools/packages-long.txt)")

SIZES_OF_PLOTS = """
[...document.querySelectorAll("figure svg.plot")].map(svg => {
    const box = svg.getBoundingClientRect();
    const marks = [...svg.querySelectorAll("path, use")].filter(one => one.getBoundingClientRect().width > 0);
    return {name: svg.closest("figure").id, width: box.width, height: box.height, marks: marks.length};
})
"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "report.html"
    out.write_text(render(read_results(COMMITTED)), encoding="utf-8")
    return out


def pictures() -> Path:
    folder = Path(os.environ.get("LOOM_BUILD_DIR", "build")) / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("width", [1160, 480])
def test_every_plot_is_seen_and_nothing_complains(page, tmp_path, width):
    with Browser(tmp_path / "profile", width=width) as browser:
        browser.open(page)
        plots = browser.evaluate(SIZES_OF_PLOTS)
        overflow = browser.evaluate(OVERFLOW)
        picture = pictures() / f"report-{width}.png"
        browser.picture(picture)
    assert {plot["name"] for plot in plots} == FIGURES
    assert [plot for plot in plots if plot["width"] < width / 2 or plot["height"] < 80 or plot["marks"] < 20] == []
    assert overflow == 0
    assert browser.complaints() == []
    assert browser.requested() == [page.as_uri()]
    assert picture.stat().st_size > 100_000


def test_the_check_can_fail(tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text('<!doctype html><script>console.error("told"); missing();</script><img src="missing.png">')
    with Browser(tmp_path / "profile") as browser:
        browser.open(bad)
    said = " ".join(browser.complaints())
    assert "told" in said and "uncaught" in said and "not loaded" in said
    assert len(browser.requested()) == 2
