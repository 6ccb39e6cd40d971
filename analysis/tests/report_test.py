"""The report as text: what it must say, and that it stands alone. How it looks is report_browser_test.py."""

import html
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from loom_analysis import report
from loom_analysis.cells import number
from loom_analysis.conclusions import banner, verdicts
from loom_analysis.quantities import quantities
from loom_analysis.results import read_results
from loom_analysis.settings_table import settings_rows
from synthetic import Options, write_results

COMMITTED = Path(__file__).parent / "data" / "synthetic"
FIGURES = {
    "fig-differences-clients", "fig-differences-relays", "fig-first-byte", "fig-last-byte", "fig-goodput",
    "fig-written", "fig-busiest", "fig-delay",
}


def words(page):
    """Return a page's text as a reader sees it."""
    page = re.sub(r"<(style|svg).*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " "))


@pytest.fixture(scope="module")
def page():
    return report.render(read_results(COMMITTED))


def test_every_plot_is_there(page):
    assert set(re.findall(r'<figure id="([^"]+)"', page)) == FIGURES
    assert len(re.findall("<svg", page)) == len(FIGURES)


def test_it_stands_alone(page):
    assert "<script" not in page
    assert "@import" not in page and "@font-face" not in page
    addresses = re.findall(r'\b(?:href|src)="([^"]*)"|url\(([^)]*)\)', page)
    assert {one or other for one, other in addresses if not (one or other).startswith("#")} == {"data:,"}


def test_identifiers_are_unique_and_references_have_ends(page):
    counts = Counter(re.findall(r'\bid="([^"]+)"', page))
    assert [name for name, n in counts.items() if n > 1] == []
    referred = {one or other for one, other in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)}
    assert referred - counts.keys() == set()


def test_what_it_says(page):
    text = words(page)
    for part in ("Prices of CPU work: uncalibrated", "May be concluded", "May not be concluded", "tor", "loom",
                 "synthetic.yaml", "0" * 64, "loom_analysis", "numpy", "hardware.classes[board].cores", "Student's t"):
        assert part in text, part
    assert text.index("uncalibrated") < text.index("In short")
    assert text.index("In short") < text.index("What may be concluded") < text.index("Transfers")


def results_of(tmp_path, **options):
    return read_results(write_results(tmp_path / "results", Options(**options)))


def verdicts_of(results):
    got = verdicts(results, quantities(results))
    return " | ".join(got.may), " | ".join(got.may_not)


def test_with_one_seed_there_is_no_interval_and_text_of_others_is_escaped(tmp_path):
    results = results_of(tmp_path, seeds=(4,), about='<script>alert("x")</script> & more')
    may, may_not = verdicts_of(results)
    assert "there is one seed, so no interval" in may_not
    assert "interval leaves out zero" not in may
    page = report.render(results)
    assert 'class="pm"' not in page  # of numbers
    assert "one seed, so no interval" in words(page)
    assert "<script" not in page
    assert "&lt;script&gt;" in page and "&amp; more" in page


def test_with_one_arm_there_is_nothing_to_compare(tmp_path):
    results = results_of(tmp_path, arms=("tor",))
    assert "there is a single arm" in verdicts_of(results)[1]
    assert "nothing to compare" in words(report.render(results))


def test_calibrated_prices_have_no_banner(tmp_path):
    results = results_of(tmp_path, prices="calibrated")
    assert banner(results) == ""
    assert "calibrated" not in verdicts_of(results)[1]


def test_without_a_cpu_model_nothing_is_said_of_processors(tmp_path):
    results = results_of(tmp_path, prices="no CPU model")
    assert "No CPU model" in banner(results)
    assert "Anything about threads or processors" in verdicts_of(results)[1]


def test_a_load_that_was_missed_is_said(tmp_path):
    may, may_not = verdicts_of(results_of(tmp_path, load_mbit=9000))
    assert "beyond its tolerance of 10 %" in may_not and "the load is the one asked for" not in may


def test_a_missing_run_is_said(tmp_path):
    folder = write_results(tmp_path / "results")
    shutil.rmtree(folder / "seed-3/loom")
    assert "seed 3 of loom" in str(report.missing(read_results(folder)))


def test_four_arms_and_more_seeds_than_intervals_need(tmp_path):
    results = results_of(tmp_path, arms=("a0", "a25", "a50", "a100"), seeds=(1, 2, 3, 4, 5))
    text = words(report.render(results))
    assert all(f"{arm} less a0" in text for arm in ("a25", "a50", "a100"))
    assert "Bands are 95 % intervals" in text


def test_the_program_writes_the_same_bytes_again(page, tmp_path, capsys):
    folder = Path(shutil.copytree(COMMITTED, tmp_path / "results"))
    assert report.main([str(folder)]) == 0
    assert capsys.readouterr().out.strip() == str(folder / "report.html")
    assert (folder / "report.html").read_text().replace(str(folder), str(COMMITTED)) == page


def test_plots_as_files(tmp_path):
    folder = Path(shutil.copytree(COMMITTED, tmp_path / "results"))
    assert report.main([str(folder), "--plots", str(tmp_path / "plots")]) == 0
    made = {path.name: ElementTree.parse(path).getroot() for path in (tmp_path / "plots").iterdir()}
    assert set(made) == {name.removeprefix("fig-") + ".svg" for name in FIGURES}
    assert {root.tag for root in made.values()} == {"{http://www.w3.org/2000/svg}svg"}


def test_the_program_says_what_is_wrong_in_one_line(tmp_path, capsys):
    assert report.main([str(tmp_path / "nothing")]) == 1
    assert re.fullmatch(r"loom report: .*nothing: no results of loom run.*\n", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_drawn_machines_have_prediction_intervals(tmp_path):
    folder = tmp_path / "drawn"
    shutil.copytree(COMMITTED, folder)
    for path in folder.glob("seed-*/*/manifest.json"):
        manifest = json.loads(path.read_text())
        manifest["config"]["hardware"]["prices"] = "drawn"
        path.write_text(json.dumps(manifest))
    page = report.render(read_results(folder))
    assert "One more machine" in words(page)
    assert "One more machine" not in words(report.render(read_results(COMMITTED)))
    results = read_results(folder)
    one = next(one for one in quantities(results) if one.key == "goodput.0.5" or one.key.startswith("goodput"))
    further = one.estimate(results, "tor").further
    assert number(further.half, one.digits) in page[page.index('id="machines"') :]


def test_settings_are_flat():
    config = {"name": "x", "seeds": {"first": 1}, "arms": [{"name": "tor", "percent": 0}], "list": [], "no": None,
              "users": [{"country": c, "share": 1} for c in "abcdefgh"]}
    assert settings_rows(config) == [
        ("name", "x"), ("seeds.first", "1"), ("arms[tor].percent", "0"), ("list", "-"), ("no", "-"),
        ("users", "; ".join(f"country {c}, share 1" for c in "abcdef") + "; and 2 more"),
    ]
