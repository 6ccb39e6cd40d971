"""loom compare on results that were made up: tables, JSON, pictures, and what it says of bad input."""

import json
import re
import shutil

import pytest
from loom_analysis import compare
from loom_analysis.compared import NO_INTERVAL, PAIRED, WELCH, WITHIN, difference, welch
from loom_analysis.compared import compare as compare_pair
from loom_analysis.quantities import find, quantities
from loom_analysis.results import ResultsError
from loom_analysis.sides import pairs, settings_that_differ
from synthetic import Options, write_results


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_results(tmp_path_factory.mktemp("compare") / "results")


def one(*names):
    made = [compare_pair(pair) for pair in pairs(*map(str, names))]
    assert len(made) == 1
    return made[0]


def test_two_arms_of_one_result_differ_as_its_report_says(folder):
    made = one(f"{folder}:tor", f"{folder}:loom")
    assert (made.pair.a.label, made.pair.b.label) == ("tor", "loom")
    results = made.pair.a.results
    of_report = quantities(results)
    assert len(made.singles) == len(of_report)
    for single in made.singles:
        pair = find(of_report, single.key).paired(results, "loom")
        assert single.difference.value == pair.difference
        assert single.difference.how == PAIRED


def test_a_result_does_not_differ_from_itself(folder):
    made = [compare_pair(pair) for pair in pairs(str(folder), str(folder))]
    assert [got.pair.a.arm for got in made] == ["tor", "loom"]
    for got in made:
        assert got.pair.a.label != got.pair.b.label
        assert {spread.distance.ks for spread in got.spreads} == {0.0}
        assert {spread.distance.wasserstein for spread in got.spreads} == {0.0}
        assert settings_that_differ(got.pair) == []


def test_what_differs_most_comes_first(folder):
    made = one(f"{folder}:tor", f"{folder}:loom")
    distances = [spread.distance.ks for spread in made.by_distance]
    assert distances == sorted(distances, reverse=True)
    assert len({spread.kind.key for spread in made.spreads}) == len(made.spreads) == 9


def test_other_seeds_are_compared_unpaired_and_one_seed_within_its_run(folder, tmp_path):
    others = write_results(tmp_path / "others", Options(seeds=(7, 8, 9)))
    assert one(f"{folder}:tor", f"{others}:tor").singles[0].difference.how == WELCH
    single = write_results(tmp_path / "single", Options(seeds=(1,)))
    made = one(f"{folder}:tor", f"{single}:tor")
    assert made.singles[0].difference.how == NO_INTERVAL
    assert made.singles[0].difference.value.half is None
    assert {got.how for spread in made.spreads for got in spread.differences} == {WITHIN}


def test_welch():
    # scipy.stats.ttest_ind([1, 2, 3, 4], [2, 4, 9], equal_var=False): 2 degrees of freedom, rounded down
    got = welch([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 9.0])
    assert got.mean == pytest.approx(2.5)
    assert got.half == pytest.approx(4.30265 * ((5 / 3) / 4 + 13 / 3) ** 0.5, rel=1e-4)
    assert welch([1.0, 1.0], [2.0, 2.0]).half == 0.0


def test_a_share_is_of_the_seeds_that_are_compared():
    got = difference({1: 1.0, 2: 3.0, 9: 100.0}, {1: 2.0, 2: 4.0})
    assert got.relative.mean == pytest.approx(0.5)
    assert difference({1: 0.0, 2: 0.0}, {1: 1.0, 2: 1.0}).relative is None


def test_settings_that_differ_are_named(folder, tmp_path):
    other = write_results(tmp_path / "other", Options(load_mbit=900))
    made = one(f"{folder}:tor", f"{other}:tor")
    assert settings_that_differ(made.pair) == [("traffic.load.written_mbit", "2000", "900")]


def test_the_program_writes_all_and_the_same_bytes_again(folder, tmp_path, capsys):
    words = [f"{folder}:tor", f"{folder}:loom", "--out"]
    assert compare.main([*words, str(tmp_path / "a")]) == 0
    text = capsys.readouterr().out
    assert "where they differ most" in text and "Wasserstein" in text and "uncalibrated" in text
    assert compare.main([*words, str(tmp_path / "b")]) == 0
    files = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert files.keys() == {"compare.html", "compare.json", "compare.txt", "cdf-1.svg"}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    assert files["compare.txt"].decode() == text
    page = files["compare.html"].decode()
    assert page.count("<svg") == 1 and "<script" not in page
    assert [name for name in re.findall(r'\bid="([^"]+)"', page) if page.count(f'id="{name}"') > 1] == []


def test_json(folder, capsys):
    assert compare.main([f"{folder}:tor", f"{folder}:loom", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (got,) = said["comparisons"]
    assert (got["a"]["arm"], got["b"]["arm"], said["format"]) == ("tor", "loom", 1)
    assert got["by_distance"][0] in {one["key"] for one in got["distributions"]}
    for one_of in got["distributions"]:
        assert 0.0 <= one_of["ks"]["distance"] <= 1.0
        assert [quantile["share"] for quantile in one_of["quantiles"]] == [0.25, 0.5, 0.75]


def test_names_with_a_colon(folder, tmp_path):
    strange = tmp_path / "a:b"
    shutil.copytree(folder, strange)
    assert one(f"{strange}:tor", f"{folder}:tor").pair.a.label == "a:b:tor"
    assert len(pairs(str(strange), str(folder))) == 2


def refused(capsys, *words):
    assert compare.main([*map(str, words)]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and said.err.startswith("loom compare: ")
    return said.err


def test_bad_input_is_refused_in_one_line(folder, tmp_path, capsys):
    nothing, empty, unfinished = tmp_path / "nothing", tmp_path / "empty", tmp_path / "unfinished"
    empty.mkdir()
    shutil.copytree(folder, unfinished)
    (unfinished / "comparison.json").unlink()
    assert "nothing: there is no such folder" in refused(capsys, nothing, folder)
    assert "nothing: there is no such folder" in refused(capsys, folder, f"{nothing}:tor")
    assert "no results of loom run" in refused(capsys, empty, folder)
    assert "loom run has not finished" in refused(capsys, folder, unfinished)
    assert 'no arm "poc" in it; there are tor, loom' in refused(capsys, f"{folder}:poc", folder)
    other = write_results(tmp_path / "other", Options(arms=("x", "y")))
    assert "name one of each, FOLDER:ARM" in refused(capsys, folder, other)
    (tmp_path / "file").write_text("")
    assert "file" in refused(capsys, f"{folder}:tor", f"{folder}:loom", "--out", tmp_path / "file")


def test_a_broken_file_is_named(folder, tmp_path, capsys):
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "seed-2/loom/summary.json").write_text("{")
    assert "seed-2/loom/summary.json: not JSON" in refused(capsys, folder, broken)


def empty_of(folder, target):
    """Copy results, without anything that was measured."""
    shutil.copytree(folder, target)
    for path in target.glob("seed-*/*/tornet.plot.data/*.json"):
        path.write_text("[]" if "perfclient" in path.name else "{}")
    for path in target.glob("seed-*/*/summary.json"):
        summary = json.loads(path.read_text())
        path.write_text(json.dumps(summary | {"quantities": []}))
    return target


def test_nothing_in_common(folder, tmp_path, capsys):
    bare = empty_of(folder, tmp_path / "bare")
    assert "have no quantity in common" in refused(capsys, f"{folder}:tor", f"{bare}:tor")


def test_sides_are_read_before_anything_is_written(folder, tmp_path):
    with pytest.raises(ResultsError):
        pairs(str(folder), str(tmp_path / "nothing"))
    assert compare.main([str(folder), str(tmp_path / "nothing"), "--out", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()
