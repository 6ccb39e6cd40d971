"""Reading results: what is in the folder, and one clear line about what is not."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from loom_analysis.model import ALL_CLASSES
from loom_analysis.quantities import find, quantities, size_label
from loom_analysis.results import ResultsError, bin_edges_s, read_results

COMMITTED = Path(__file__).parent / "data" / "synthetic"
RUN = "seed-1/tor"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(COMMITTED, tmp_path / "results"))


def change_json(path, change):
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def test_what_is_there():
    got = read_results(COMMITTED)
    assert (got.arms, got.seeds, got.sizes) == (["tor", "loom"], [1, 2], [51200, 1048576, 5242880])
    assert (got.prices, got.missing, got.classes) == ("uncalibrated", [], ["board", "virtual", "server"])
    run = got.runs["loom", 2]
    assert len(run.first_byte[51200]) == 24
    assert run.relays.of("board").sum() == 2
    assert run.relays.of(ALL_CLASSES).sum() == len(run.relays.names) == 6
    assert run.relays.is_loom.all()
    assert "unfinished" in run.outcomes and "circuit-failed" not in run.outcomes


def test_units_of_what_is_read():
    run = read_results(COMMITTED).runs["tor", 1]
    plots = COMMITTED / RUN / "tornet.plot.data"
    written = json.loads((plots / "relay_goodput.json").read_text())
    assert run.written_gbit[0] == pytest.approx(written["30"] * 8 / 1e9)
    goodput = json.loads((plots / "perfclient_goodput.exit.json").read_text())
    assert run.goodput_mbit[0] == pytest.approx(goodput[0] * 1.048576)
    assert bin_edges_s(4).tolist() == pytest.approx([0.0, 1e-9, 2e-9, 4e-9, 8e-9])


def test_delays_of_all_threads_of_a_relay_are_one_distribution(folder):
    threads = folder / RUN / "threads.csv"
    before = read_results(folder).runs["tor", 1].relays.delays
    head, first, *rest = threads.read_text().splitlines()
    threads.write_text("\n".join([head, first, first.replace(",0,main,", ",1,connection,"), *rest]) + "\n")
    after = read_results(folder).runs["tor", 1].relays.delays
    assert (after[0] == 2 * before[0]).all() and (after[1:] == before[1:]).all()
    assert before.shape == (6, 40)


def test_quantities_are_those_of_the_summary():
    results = read_results(COMMITTED)
    made = quantities(results)
    summary = json.loads((COMMITTED / RUN / "summary.json").read_text())
    assert [one.key for one in made] == [one["key"] for one in summary["quantities"]]
    assert find(made, "goodput").by_seed(results, "tor").keys() == {1, 2}
    assert find(made, "first_byte.51200.0.5").group == "clients"
    assert (find(made, "bound.all relays").group, find(made, "bound.board").group) == ("relays", "")
    assert find(made, "nothing") is None


def test_a_quantity_that_a_run_did_not_measure_has_no_pair(folder):
    def forget(summary):
        next(one for one in summary["quantities"] if one["key"] == "build")["value"] = None

    change_json(folder / RUN / "summary.json", forget)
    results = read_results(folder)
    one = find(quantities(results), "build")
    assert one.by_seed(results, "tor").keys() == {2}
    assert one.paired(results, "loom").difference.n == 1


def test_older_names_of_tornettools_are_read_too(folder):
    plots = folder / RUN / "tornet.plot.data"
    (plots / "perfclient_goodput.exit.json").rename(plots / "perfclient_goodput.json")
    assert len(read_results(folder).runs["tor", 1].goodput_mbit) == 13


def test_a_missing_run_is_named(folder):
    shutil.rmtree(folder / "seed-2" / "loom")
    assert read_results(folder).missing == ["seed 2 of loom"]


@pytest.mark.parametrize(("name", "text", "said"), [
    ("manifest.json", "{", "manifest.json: not JSON"),
    ("manifest.json", '{"format": 2}', "manifest.json: expected format 1, found 2"),
    ("summary.json", "{}", "not what loom run writes: KeyError 'outcomes'"),
    ("relays.csv", "", "relays.csv: it is empty"),
    ("relays.csv", "relay,class\na\n", "relays.csv:2: expected 2 columns, found 1"),
    ("tornet.plot.data/relay_goodput.json", None, "relay_goodput.exit.json: there is no such file"),
    ("threads.csv", None, "threads.csv: No such file"),
])
def test_what_is_wrong_is_said_with_its_file(folder, name, text, said):
    path = folder / RUN / name
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises(ResultsError, match=said.replace("'", ".")):
        read_results(folder)


def test_runs_of_two_scenarios_are_not_mixed(folder):
    change_json(folder / "seed-2/loom/manifest.json", lambda one: one["config"].update(duration_s=7))
    with pytest.raises(ResultsError, match="seed 2 of loom is of another scenario"):
        read_results(folder)


def test_nothing_there(tmp_path):
    with pytest.raises(ResultsError, match="no results of loom run"):
        read_results(tmp_path)


def test_cpu_shares_are_shares():
    relays = read_results(COMMITTED).runs["tor", 1].relays
    assert np.all((relays.busiest >= 0) & (relays.busiest <= 1))
    assert np.all((relays.cpu_bound >= 0) & (relays.cpu_bound <= 1))


@pytest.mark.parametrize(("size", "label"), [
    (700, "700 bytes"), (51200, "50 KiB"), (1048576, "1 MiB"), (1536, "1536 bytes"), (3 << 30, "3 GiB"),
])
def test_size_label(size, label):
    assert size_label(size) == label
