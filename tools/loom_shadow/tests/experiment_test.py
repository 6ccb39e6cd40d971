"""The experiment that is written: the same bytes for the same plan, and in them what the plan says."""

import json
from pathlib import Path

import pytest
from loom_shadow import experiment, keys
from loom_shadow.errors import ShadowError
from loom_shadow.experiment import Experiment, Programs
from small_plan import plan, relay

PROGRAMS = Programs("/usr/bin/tor", "/usr/bin/python3", Path("/build"))


@pytest.fixture(autouse=True)
def small_keys(monkeypatch):
    """Make keys of half their length: the real ones take seconds."""
    make = keys.make_key
    monkeypatch.setattr(experiment.keys, "make_key", lambda seed, name, bits=512: make(seed, name, 512))


def write(folder, made=None, parallelism=2):
    Experiment(made or plan(), folder, PROGRAMS, parallelism).write()
    return json.loads((folder / "shadow.yaml").read_text())


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def torrc(folder, host):
    return (folder / f"template/hosts/{host}/torrc").read_text().splitlines()


def test_the_same_plan_gives_the_same_bytes(tmp_path):
    write(tmp_path / "a")
    write(tmp_path / "b")
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert len(files(tmp_path / "a")) > 20


def test_another_seed_has_other_keys(tmp_path):
    write(tmp_path / "a")
    write(tmp_path / "b", plan(seed=4))
    key = "template/hosts/relay1guard/data/keys/secret_id_key"
    assert files(tmp_path / "a")[key] != files(tmp_path / "b")[key]


def test_hosts_are_where_the_plan_has_them_with_their_lines(tmp_path):
    made = write(tmp_path)
    hosts = made["hosts"]
    assert set(hosts) == {"authority1", "authority2", "authority3", "relay1guard", "relay2exit", "relay3middle",
                          "relay4middle", "server1", "client1perf", "client2perf"}  # fmt: skip
    assert hosts["relay2exit"]["network_node_id"] == 1
    assert hosts["relay2exit"]["bandwidth_up"] == "100000000 bit"
    assert hosts["client1perf"]["bandwidth_down"] == f"{experiment.UNLIMITED_BITS} bit"
    assert len({host["ip_addr"] for host in hosts.values()}) == len(hosts)
    assert made["general"]["stop_time"] == "126 s" and made["general"]["seed"] == 3


def test_the_graph_has_every_latency(tmp_path):
    write(tmp_path, plan(loss=[[0, 1 << 31], [0, 0]]))
    graph = " ".join((tmp_path / "graph.gml").read_text().split())
    assert graph.count("edge [") == 4
    assert 'source 0 target 1 latency "50000 us" packet_loss 0.500000000' in graph
    assert 'source 1 target 1 latency "2000 us" packet_loss 0.000000000' in graph


def test_flags_and_weights_are_those_of_the_plan(tmp_path):
    write(tmp_path)
    guard, leave = (keys.make_key(3, name).fingerprint for name in ("relay1guard", "relay2exit"))
    lines = torrc(tmp_path, "authority2")
    for one in (f"TestingDirAuthVoteGuard ${guard}", f"TestingDirAuthVoteExit ${leave}", "ConsensusParams cc_alg=2",
                "TestingDirAuthVoteGuardIsStrict 1"):  # fmt: skip
        assert one in lines
    bandwidths = (tmp_path / "template/hosts/authority1/bandwidths").read_text()
    assert f"node_id=${guard} bw=1000 nick=relay1guard" in bandwidths


def test_relays_keep_their_limits(tmp_path):
    write(tmp_path)
    assert "RelayBandwidthRate 10000000 bytes" in torrc(tmp_path, "relay1guard")
    assert "RelayBandwidthRate 76800 bytes" in torrc(tmp_path, "relay3middle")  # the least that tor takes
    assert not [line for line in torrc(tmp_path, "relay4middle") if line.startswith("RelayBandwidth")]
    assert "ExitPolicy accept *:*" in torrc(tmp_path, "relay2exit")
    assert "ExitPolicy reject *:*" in torrc(tmp_path, "relay1guard")


def test_clients_have_their_guards_and_middles(tmp_path):
    write(tmp_path)
    middle = keys.make_key(3, "relay3middle").fingerprint
    assert "NumEntryGuards 1" in torrc(tmp_path, "client1perf")
    assert {"UseEntryGuards 0", f"MiddleNodes ${middle}"} <= set(torrc(tmp_path, "client2perf"))
    settings = json.loads((tmp_path / "template/hosts/client2perf/user.json").read_text())
    assert (settings["client"], settings["sessions"], settings["servers"]) == (1, 2, ["100.3.0.1"])


def test_a_client_that_keeps_to_a_path_asks_for_it(tmp_path):
    made = plan()
    made["clients"][1] |= {"middle": None, "path": [0, 3, 1]}
    write(tmp_path, made)
    names = ("relay1guard", "relay4middle", "relay2exit")
    settings = [json.loads((tmp_path / f"template/hosts/client{i}perf/user.json").read_text()) for i in (1, 2)]
    assert settings[0]["path"] == [] and settings[1]["path"] == [keys.make_key(3, one).fingerprint for one in names]


def test_priced_relays_have_a_profile_of_their_own(tmp_path):
    prices = {"wake_delay": 7, "softirq": 100, "circuit_cold": 5, "halves_hot": 3, "smt": 1600, "reads": 900}
    machine = {"cores": 2, "threads_per_core": 1, "workers": 3, "softirq_queues": 1, "aes": True, "prices": prices}
    relays = [relay("relay1guard", 0, machine=machine), relay("relay2exit", 1, program="loom", machine=machine)]
    hosts = write(tmp_path, plan(relays=relays, clients=[]))["hosts"]
    tor, loom = (hosts[one["name"]]["processes"][0] for one in relays)
    assert tor["environment"]["LD_PRELOAD"] == "/build/libloom-price.so"
    assert (tor["environment"]["LOOM_PRICE_PROFILE"], tor["environment"]["LOOM_PRICE_CORES"]) == ("profile.yaml", "2")
    assert loom["path"] == "/build/loom-relay-shadow" and loom["environment"] == {}
    assert {"PaceProfile profile.yaml", "PaceCores 2", "NumCPUs 3"} <= set(torrc(tmp_path, "relay2exit"))
    profile = json.loads((tmp_path / "template/hosts/relay1guard/profile.yaml").read_text())
    assert profile["circuit_cold"]["ps"] == 5 and profile["halves_hot"]["count"] == 3
    assert profile["prices"]["reads"]["ps"] == 900 and "smt" not in profile["prices"]


def test_a_mix_of_programs(tmp_path):
    relays = [*plan()["relays"][:3], relay("relay4middle", 1, program="loom", threads=3)]
    hosts = write(tmp_path, plan(relays=relays))["hosts"]
    programs = [hosts[one["name"]]["processes"][0]["path"] for one in relays]
    assert programs == ["/usr/bin/tor"] * 3 + ["/build/loom-relay"]
    assert "ConnectionThreads 3" in torrc(tmp_path, "relay4middle")
    assert "relay4middle" not in str([line for line in torrc(tmp_path, "relay4middle") if "GeoIP" in line])


@pytest.mark.parametrize("what", ["upload", "goes_on_ns", "streams_at_ns", "flows"])
def test_what_is_not_offered_is_refused_in_one_line(tmp_path, what):
    made = plan()
    made["groups"][0][what] = 1
    with pytest.raises(ShadowError, match="does not offer this yet") as refused:
        write(tmp_path, made)
    assert "\n" not in str(refused.value)
