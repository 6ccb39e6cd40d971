"""Observations: refused unless of a private simulated network, read exactly, scored apart from the truth."""

import ast
from pathlib import Path

import loom_analysis
import numpy as np
import pytest
from loom_analysis.observed.attacked import StreamPair, flow_scores, stream_pairs
from loom_analysis.observed.manifest import ObservationsError, read_manifest
from loom_analysis.observed.reader import over, read_observations
from loom_analysis.observed.scorer import guard_measures, stream_measures
from loom_analysis.observed.truth import read_truth
from observed_network import BINS_A_SECOND, FLOWS, RELAYS, SECONDS, seal, write_network

MORIA1 = "F533C81CEF0BC0267857C99B2F471ADF249FA232"
PACKAGE = Path(loom_analysis.__file__).parent


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_network(tmp_path_factory.mktemp("observed") / "network")


@pytest.fixture(scope="module")
def attacked(network):
    return flow_scores(read_observations(network), 300.0)


@pytest.fixture
def mine(tmp_path):
    return write_network(tmp_path / "network")


def test_without_a_manifest_nothing_is_opened(mine):
    (mine / "manifest.json").unlink()
    (mine / "relays.csv").unlink()
    with pytest.raises(ObservationsError, match=r"manifest\.json: .*without a manifest nothing is analysed"):
        read_observations(mine)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"format": 2}, "format"),
        ({"kind": "capture"}, "kind"),
        ({"engine": "live"}, "engine"),
        ({"testing_tor_network": 0}, "testing_tor_network"),
        ({"testing_tor_network": None}, "testing_tor_network"),
        ({"seed": None}, "seed"),
        ({"seed": True}, "seed"),
        ({"config_sha256": "abc"}, "config_sha256"),
        ({"bin_ns": 0}, "bin_ns"),
        ({"end_ns": 1_763_769_600 * 10**9}, "end_ns"),
        ({"authorities": None}, "authorities"),
        ({"engine": "shadow"}, "authorities"),
        ({"authorities": [MORIA1]}, "public network"),
        ({"authorities": ["$" + MORIA1.lower()]}, "public network"),
        ({"authorities": ["7BE6 83E6 5D48 1413 21C5 ED92 F075 C553 64AC 7123"]}, "public network"),
        ({"authorities": ["moria1"]}, "no fingerprint"),
        ({"addresses": None}, "addresses"),
        ({"addresses": []}, "addresses"),
        ({"addresses": ["10.0.0.1", "128.31.0.39"]}, "128.31.0.39 is routable"),
        ({"addresses": ["0.0.0.0/0"]}, "routable"),
        ({"addresses": ["12.0.0.1"]}, "routable"),
        ({"addresses": ["100.1.0.0/16"]}, "routable"),
        ({"addresses": ["2a02:16a8:662:2203::1"]}, "routable"),
        ({"addresses": [None]}, "addresses"),
        ({"addresses": ["relay1"]}, "addresses"),
        ({"files": {}}, "files"),
    ],
)
def test_what_is_refused(mine, changed, why):
    seal(mine, **changed)
    with pytest.raises(ObservationsError, match=why):
        read_observations(mine)


@pytest.mark.parametrize("text", ["", "[]", "{", "\udcff"])
def test_manifests_that_are_none(mine, text):
    (mine / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ObservationsError):
        read_manifest(mine)


def test_networks_of_shadow_have_its_addresses(mine):
    seal(mine, engine="shadow", authorities=["A" * 40], addresses=["11.0.0.7", "100.1.0.0/16", "fc00::1"])
    assert read_manifest(mine).engine == "shadow"


def test_files_are_those_of_the_manifest(mine):
    (mine / "series.u32").write_bytes((mine / "series.u32").read_bytes()[:-4] + b"\1\2\3\4")
    with pytest.raises(ObservationsError, match="not the file that the manifest is of"):
        read_observations(mine)


@pytest.mark.parametrize(
    ("file", "old", "new", "why"),
    [
        ("relays.csv", "r1,11", "128.31.0.39,11", r"relays\.csv:3: .*no opaque name"),
        ("relays.csv", "r1,11", MORIA1 + ",11", "no opaque name"),
        ("relays.csv", "r1,11", "r0,11", "a relay twice"),
        ("relays.csv", "relay,", "nickname,", r"relays\.csv:1: expected"),
        ("relays.csv", "r1,11,1,1", "r1,11,1", "expected 4 values"),
        ("relays.csv", "r1,11,1", "r1,-1,1", "not a whole number"),
        ("series.csv", "f0,flow", "f0,packets", "not one of"),
        ("series.csv", "f1,flow", "f0,flow", "a series twice"),
        ("series.csv", ",0,6400", ",1,6400", "beyond the end"),
        ("series.csv", "p0,probe,r0", "p0,probe,", "of no relay"),
        ("series.csv", "p0,probe,r0", "p0,probe,r99", "of no relay"),
        ("series.csv", ",0,1600", ",0,1599", "not what series.csv has"),
        ("rtt.csv", "1000000000,2", "1763769600000000000,2", "not a whole number"),
        ("rtt.csv", "c0", "c\u00e9", "ascii"),
        ("rtt.csv", "r2,1000000000", "r3,1000000000", "c0: it leaves by two relays"),
    ],
)
def test_what_is_wrong_is_named(mine, file, old, new, why):
    text = (mine / file).read_text()
    assert old in text
    (mine / file).write_text(text.replace(old, new), encoding="utf-8")
    seal(mine)
    with pytest.raises(ObservationsError, match=why):
        read_observations(mine)


def test_observations_are_read_as_they_were_written(network):
    seen = read_observations(network)
    assert (seen.manifest.seed, seen.manifest.bin_s) == (5, pytest.approx(1 / BINS_A_SECOND))
    assert (len(seen.relays), seen.relays[3].weight) == (RELAYS, 13)
    assert [len(seen.of_kind(kind)) for kind in ("flow", "probe", "stream")] == [FLOWS, RELAYS, 4]
    assert all(len(flow.bytes) == SECONDS * BINS_A_SECOND for flow in seen.of_kind("flow"))
    trips = seen.round_trips["victim", "c0", "x0"]
    written = [line.split(",") for line in (network / "rtt.csv").read_text().splitlines()[1:]]
    assert trips.relay == "r2"
    assert trips.rtt_ns.tolist() == [int(written[i][5]) for i in (1, 0, 2)]  # in the order of their times


def test_series_are_cut_to_the_bins_that_are_asked_for(network):
    flow = read_observations(network).of_kind("flow")[0]
    table = over([flow], len(flow.bytes) - 2, 5)
    assert table.tolist() == [[*flow.bytes[-2:].tolist(), 0, 0, 0]]


def test_the_guard_is_found(network, attacked):
    got = guard_measures(read_observations(network), attacked, network)
    assert (got.flows, len(got.trials)) == (FLOWS, FLOWS)
    assert got.area > 0.95
    assert got.first >= 5 / 6
    assert got.calibrated_coverage == 1.0
    assert got.calibrated_size < RELAYS / 2
    assert got.trials[0].prior.sum() == pytest.approx(1.0)


def test_truths_that_were_shuffled_or_not_probed_are_worth_nothing(network, attacked, tmp_path):
    seen = read_observations(network)
    text = (network / "truth.csv").read_text()
    (tmp_path / "truth.csv").write_text(text.replace(",r3,", ",r99,"))
    with pytest.raises(ObservationsError, match="no flow whose guard was probed"):
        guard_measures(seen, attacked, tmp_path)
    wrong = next(i for i in range(RELAYS) if i != 3 and f",r{i}," not in text)
    (tmp_path / "truth.csv").write_text(text.replace(",r3,", f",r{wrong},"))
    got = guard_measures(seen, attacked, tmp_path)
    assert got.area < 0.8
    assert got.first == 0.0


def test_streams_are_linked(network):
    features = np.random.default_rng(1).normal((0.0, 0.66), (0.3, 0.05), (40, 2))
    null = [StreamPair("s8", "s9", tuple(one)) for one in features]
    pairs = stream_pairs(read_observations(network))
    assert len(pairs) == 6
    got = stream_measures(pairs, null, network)
    assert (got.same, got.different) == (2, 4)
    assert got.area > 0.8
    assert np.isnan(got.found_at_1_percent)


def test_the_truth_is_complete(network, attacked, tmp_path):
    seen = read_observations(network)
    lines = (network / "truth.csv").read_text().splitlines()
    (tmp_path / "truth.csv").write_text("\n".join(lines[:2]) + "\n")
    with pytest.raises(ObservationsError, match="f1: the truth has no such series"):
        guard_measures(seen, attacked, tmp_path)
    with pytest.raises(ObservationsError, match="No such file"):
        read_truth(tmp_path / "nowhere")


def test_only_the_scorer_asks_for_the_truth():
    for path in PACKAGE.rglob("*.py"):
        imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        knows = any("truth" in (node.module or "") or "truth" in (name.name for name in node.names) for node in imports)
        assert knows == (path.name == "scorer.py"), path
