"""What the engine itself observes: files that are read, and an adversary who is worth what he should be."""

import csv
import hashlib
import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loom_analysis.fingerprint.__main__ import main
from loom_analysis.fingerprint.networks import Settings, score_network
from loom_analysis.measures.information import FittedHereError, fit
from loom_analysis.observed.attacked import flow_scores
from loom_analysis.observed.manifest import ObservationsError
from loom_analysis.observed.reader import read_observations
from loom_analysis.observed.scorer import guard_measures
from loom_analysis.observed.truth import read_truth
from loom_analysis.report import render
from loom_analysis.results import read_results

PROGRAM = Path(os.environ.get("LOOM_BUILD_DIR", "build/dev")) / "loom"
ROOT = Path(__file__).resolve().parents[2]
WINDOW_S = 30.0
# The scenario itself, cut to a minute with fewer clients.
CUTS = (
    ("warm_up_s: 40", "warm_up_s: 5"), ("duration_s: 360", "duration_s: 62"), ("last: 10", "last: 2"),
    ("start_s: 30", "start_s: 2"), ("hosts: 24", "hosts: 12"), ("hosts: 60", "hosts: 20"), ("hosts: 10", "hosts: 6"),
    ("window_s: 300", f"window_s: {WINDOW_S:.0f}"), ("../", f"{ROOT}/"),
)


def cut() -> str:
    text = (ROOT / "scenarios/fingerprint.yaml").read_text()
    for old, new in CUTS:
        assert old in text, old
        text = text.replace(old, new)
    without_half = re.sub(r"    - \{name: half, .*\n", "", text)
    return re.sub(r"        - name: half-beside-all\n.*?(?=        - name)", "", without_half, flags=re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("observed")
    (base / "s.yaml").write_text(cut())
    done = subprocess.run([PROGRAM, "run", base / "s.yaml", "--out", base / "out"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return base / "out"


@pytest.fixture(scope="module")
def run(folder):
    return folder / "seed-1/tor"


@pytest.fixture(scope="module")
def seen(run):
    return read_observations(run / "observed")


@pytest.fixture(scope="module")
def attacked(seen):
    return flow_scores(seen, WINDOW_S, 10)


def test_the_manifest_vouches_for_what_is_there(run, seen):
    assert (seen.manifest.seed, seen.manifest.engine, seen.manifest.bin_ns) == (1, "sim", 10**8)
    assert len(seen.relays) == 30  # nobody knows of the adversary's own
    assert [len(seen.of_kind(kind)) for kind in ("flow", "probe")] == [12, 15]
    listed = dict(line.split("  ")[::-1] for line in (run / "results.sha256").read_text().splitlines())
    for name in ("observed/manifest.json", "observed/rtt.csv", "observed/series.u32", "truth.csv"):
        assert hashlib.sha256((run / name).read_bytes()).hexdigest() == listed[name]


def test_series_are_exact(run, seen):
    """What a probe sent in the measured time is what its transfers brought, but for what came before."""
    with (run / "transfers.csv").open() as file:
        brought = {row["guard"]: int(row["bytes"]) for row in csv.DictReader(file) if row["group"] == "probe"}
    for one in seen.of_kind("probe"):
        relay = f"relay{one.relay[1:]}guard"
        assert len(one.bytes) == 620
        assert 0 < int(one.bytes.sum()) <= brought[relay]
        assert int(one.bytes.sum()) > 0.7 * brought[relay]


def test_truth_is_that_of_the_transfers(run, seen):
    truth = read_truth(run)
    with (run / "transfers.csv").open() as file:
        paths = {(row["client"], row["guard"], row["middle"], row["exit"]) for row in csv.DictReader(file)}
    numbers = [tuple(re.sub(r"\D", "", part) for part in path) for path in paths]
    for flow in seen.of_kind("flow"):
        one = truth[flow.name]
        assert one.exit == flow.relay
        assert tuple(name[1:] for name in (one.client, one.guard, one.middle, one.exit)) in numbers
    mirrored = [(one.guard, one.middle, one.exit) for name, one in truth.items() if name.startswith("f")]
    assert all(mirrored.count(path) >= 2 for path in mirrored)


def test_round_trips_are_longer_than_the_way(seen):
    victims = [trips for (kind, *_), trips in seen.round_trips.items() if kind == "victim"]
    assert len(victims) >= 12
    assert min(trips.rtt_ns.min() for trips in victims) > 6 * 20_000_000  # six legs, none shorter than 20 ms
    assert all(trips.relay for trips in victims)


def test_the_control_has_no_probes(folder, seen):
    control = read_observations(folder / "seed-1/unprobed/observed")
    assert control.of_kind("probe") == []
    assert flow_scores(control, WINDOW_S) == []
    assert len(control.of_kind("flow")) == len(seen.of_kind("flow"))


def test_labels_that_are_drawn_have_an_area_of_a_half(run, seen, attacked, tmp_path):
    draw, relays = np.random.default_rng(1), attacked[0].relays
    lines, areas = (run / "truth.csv").read_text().splitlines(), []
    for _ in range(60):
        rows = [line.split(",") for line in lines[1:]]
        wrong = [",".join([*row[:3], str(draw.choice(relays)), *row[4:]]) for row in rows]
        (tmp_path / "truth.csv").write_text("\n".join([lines[0], *wrong]) + "\n")
        areas.append(guard_measures(seen, attacked, tmp_path).area)
    assert abs(np.mean(areas) - 0.5) < 4 * np.std(areas) / np.sqrt(len(areas))
    assert np.std(areas) < 0.15


def test_a_truth_that_is_no_candidate_has_no_credit(run, seen, attacked):
    truth = read_truth(run)

    def without(one, relay):
        keep = np.array([name != relay for name in one.relays])
        names = [name for name in one.relays if name != relay]
        return replace(one, relays=names, scores=one.scores[keep], ruled_out=one.ruled_out[keep], threshold=-2.0)

    guards = [truth[one.flow].guard for one in attacked]
    left_out = [without(one, guard) for one, guard in zip(attacked, guards, strict=True)]
    got = guard_measures(seen, [*left_out[1:], replace(attacked[0], threshold=-2.0)], run)
    assert got.credit == 0.0  # the one that is there is in a set of all
    assert got.calibrated_coverage == pytest.approx(1 / len(attacked))
    with pytest.raises(ObservationsError, match="no flow whose guard was probed"):
        guard_measures(seen, left_out, run)


def test_an_attacker_may_not_be_fitted_on_the_network_that_he_attacks(folder, run):
    settings = Settings(1000, WINDOW_S)
    own = score_network(run, "tor", settings).trials
    other = score_network(folder / "seed-2/tor", "tor", settings).trials
    with pytest.raises(FittedHereError):
        fit([*own, *other]).posterior(own[0])
    assert fit(other).posterior(own[0]).sum() == pytest.approx(1.0)


def test_all_is_judged_and_shown(folder, capsys):
    assert main([str(folder), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["arms"] == ["tor", "loom", "unprobed"]
    assert {one["verdict"] for one in said["hypotheses"]} <= {"confirmed", "refuted", "undecided"}
    assert all(one["networks"] == 2 for one in said["hypotheses"]), said["hypotheses"]
    page = render(read_results(folder))
    assert 'id="fingerprint"' in page
    assert 'id="fig-guards"' in page
    for one in said["hypotheses"]:
        assert one["name"] in page


def test_the_same_bytes_with_two_threads(folder, tmp_path):
    words = [PROGRAM, "run", folder.parent / "s.yaml", "--seed", "1", "--threads", "2", "--out", tmp_path / "out"]
    assert subprocess.run(words, capture_output=True).returncode == 0
    for arm in ("tor", "unprobed"):
        listed = [(base / f"seed-1/{arm}/results.sha256").read_text() for base in (folder, tmp_path / "out")]
        assert listed[0] == listed[1]
