"""A network of tornettools, cut to a few hosts, with half of its relays swapped, runs and carries streams."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from loom_testbed import shadow
from tornettools_cut import FETCH_BYTES, FETCHES, cut

NETWORK = ROOT.parent / "shared/data/reference-runs/shadow2-0.05-1/config.tar.xz"
RELAYS = ("relay1exitguard", "relay2exitguard", "relay53exit", "relay77guard", "relay78guard", "relay100guard",
          "relay196middle", "relay197middle")  # fmt: skip
CLIENTS = ("markovclient1", "markovclient2")
SECONDS_MAX = 1800


@pytest.fixture(scope="module")
def network(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a part of a network of 5 %, with keys and torrc files as they were generated."""
    tor = shutil.which("tor")
    if tor is None:
        pytest.skip("tor is not installed")
    if not NETWORK.exists():
        pytest.skip("../shared is not here")
    whole = tmp_path_factory.mktemp("whole")
    subprocess.run(["tar", "-xf", NETWORK, "--no-same-owner", "--strip-components=1", "-C", whole], check=True)
    out = tmp_path_factory.mktemp("cut") / "network"
    cut(whole, out, tor, RELAYS, CLIENTS)
    shutil.rmtree(whole)
    return out


def swapped(network: Path, programs: Path, out: Path, *options: str) -> Path:
    words = [ROOT / "tools/tornettools-swap", network, "--out", out, "--programs", programs, *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    print(done.stdout)
    return out


def run(folder: Path) -> Path:
    """Run it as tornettools' users do, and return where the hosts wrote."""
    program = shadow.find()
    assert program is not None
    with (folder / "shadow.log").open("w") as log:
        done = subprocess.run([program, "--parallelism", "2", "shadow.config.yaml"], cwd=folder, stdout=log,
                              stderr=subprocess.STDOUT, timeout=SECONDS_MAX, check=False)  # fmt: skip
    assert done.returncode == 0, "\n".join((folder / "shadow.log").read_text().splitlines()[-20:])
    return folder / "shadow.data" / "hosts"


def test_half_of_the_relays_run_loom_and_all_streams_arrive(network: Path, programs: Path, tmp_path: Path) -> None:
    profiles = ROOT / "model/cost/profiles"
    out = swapped(network, programs, tmp_path / "swapped", "--rollout", "50", "--threads", "2", "--cores", "2",
                  "--loom-profile", str(profiles / "loom-xeon.yaml"),
                  "--tor-profile", str(profiles / "tor-0.4.9-xeon.yaml"))  # fmt: skip
    hosts = run(out)
    for client in CLIENTS:
        (said,) = hosts.glob(f"{client}/python*.stdout")
        assert said.read_text() == f"fetched {FETCHES}\n"
    looms = {path.parent.name for path in hosts.glob("*/loom-relay-shadow.*.stdout")}
    assert len(looms) == len(RELAYS) // 2 and looms < set(RELAYS)
    texts = [path.read_text() for path in hosts.glob("*/loom-relay-shadow.*.stdout")]
    assert all("Work takes the time of" in text and "[err]" not in text for text in texts)
    sent_mb = sum(int(re.findall(r"I've sent (\d+) MB", text)[-1]) for text in texts)  # in their last heartbeats
    print(f"the Looms have sent {sent_mb} MB")
    assert sent_mb * 10**6 > len(CLIENTS) * FETCHES * FETCH_BYTES / 2  # of three hops and more, as half the relays are
