"""A network of tornettools in which relays are swapped: which, for what, and what is said when that cannot be."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml
from conftest import RELAYS, TOOLS, Made
from loom_tornettools import network, rollout
from loom_tornettools.cli import main

PROFILES = TOOLS.parent / "model" / "cost" / "profiles"
LOOM, TOR = PROFILES / "loom-xeon.yaml", PROFILES / "tor-0.4.9-xeon.yaml"


def swap(made: Made, programs: Path, *more: str, rollout: int = 50) -> tuple[int, Path]:
    out = made.root.parent / f"swapped-{rollout}"
    words = [str(made.root), "--rollout", str(rollout), "--out", str(out), "--programs", str(programs), *more]
    return main(words), out


def hosts_of(out: Path) -> dict:
    return yaml.safe_load((out / "shadow.config.yaml").read_text())["hosts"]


def loom_of(out: Path) -> list[str]:
    return [name for name, host in hosts_of(out).items() if "loom-relay-shadow" in host["processes"][0]["path"]]


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("weight", ["relay1exitguard", "relay4guard", "relay2exit", "relay5guard"]),
        ("capacity", ["relay2exit", "relay1exitguard", "relay4guard", "relay3exit"]),
        ("lowest", ["relay8middle", "relay7middle", "relay3exit", "relay6middle"]),
        ("guards", ["relay1exitguard", "relay4guard", "relay5guard", "relay2exit"]),
        ("exits", ["relay1exitguard", "relay2exit", "relay3exit", "relay4guard"]),
    ],
)
def test_orders(made: Made, order: str, first: list[str]) -> None:
    chosen = rollout.choose(network.load(made.root).relays, 50, order)
    assert [relay.name for relay in chosen] == first


@pytest.mark.parametrize("order", rollout.ORDERS)
def test_a_rollout_has_all_that_a_smaller_one_has(made: Made, order: str) -> None:
    relays = network.load(made.root).relays
    sets = [{relay.name for relay in rollout.choose(relays, percent, order, 7)} for percent in range(0, 101, 10)]
    assert all(less <= more for less, more in zip(sets, sets[1:], strict=False))
    assert [len(sets[i]) for i in (0, 5, 10)] == [0, 4, 8]


def test_random_is_another_set_for_another_seed_and_the_same_for_the_same(made: Made) -> None:
    relays = network.load(made.root).relays
    draws = {tuple(one.name for one in rollout.choose(relays, 50, "random", seed)) for seed in range(20)}
    assert len(draws) > 10
    assert rollout.choose(relays, 50, "random", 3) == rollout.choose(relays[::-1], 50, "random", 3)


def test_what_is_swapped_and_what_stays(made: Made, programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = swap(made, programs, "--loom-profile", str(LOOM), "--tor-profile", str(TOR), "--threads", "3",
                       "--cores", "2")  # fmt: skip
    said = capsys.readouterr()
    assert (status, said.err) == (0, "")
    assert "4 of 8 relays run Loom" in said.out and "ControlPort" in said.out
    before, after = made.hosts, hosts_of(out)
    assert loom_of(out) == ["relay1exitguard", "relay2exit", "relay4guard", "relay5guard"]
    for name in ("4uthority1", "perfclient1exit", "server1exit"):
        assert after[name] == before[name]
    tor = after["relay8middle"]["processes"]
    assert [Path(one["path"]).name for one in tor] == ["tor", "oniontrace"]
    assert tor[0]["environment"] == {
        "LD_PRELOAD": str(programs / "libloom-price.so"),
        "LOOM_PRICE_PROFILE": "../../../profiles/tor-0.4.9-xeon.yaml",
        "LOOM_PRICE_CORES": "2",
        "LOOM_PRICE_THREADS_PER_CORE": "0",
    }
    (loom,) = after["relay1exitguard"]["processes"]  # no oniontrace
    assert loom | {"path": ""} == before["relay1exitguard"]["processes"][0] | {"path": ""}
    torrc = (out / "shadow.data.template/hosts/relay1exitguard/torrc").read_text()
    assert "ConnectionThreads 3\nPaceProfile ../../../profiles/loom-xeon.yaml\nPaceCores 2\n" in torrc
    assert (out / "profiles/loom-xeon.yaml").read_bytes() == LOOM.read_bytes()
    assert after["relay1exitguard"]["bandwidth_up"] == "400000 kilobit"
    manifest = json.loads((out / "loom-swap.json").read_text())
    assert manifest["loom"] == loom_of(out) and manifest["rollout"] == 50 and manifest["refused"] == {}
    assert sorted(path.name for path in made.root.parent.iterdir()) == ["network", "swapped-50"]


def test_without_a_profile_tors_stay_as_they_are(made: Made, programs: Path) -> None:
    status, out = swap(made, programs, rollout=0)
    assert status == 0 and hosts_of(out) == made.hosts


def test_lines_as_wide_as_interfaces(made: Made, programs: Path) -> None:
    status, out = swap(made, programs, "--lines", "next")
    after = hosts_of(out)
    assert status == 0
    assert after["relay1exitguard"]["bandwidth_down"] == "1000000 kilobit"
    assert after["relay5guard"]["bandwidth_up"] == "100000 kilobit"
    assert after["relay6middle"]["bandwidth_up"] == "20000 kilobit"  # a tor that is not priced


def test_an_archive_is_a_network_too(made: Made, programs: Path) -> None:
    archive = made.root.parent / "config.tar.xz"
    with tarfile.open(archive, "w:xz") as written:
        written.add(made.root, "whatever/it/is/called")
    out = made.root.parent / "out"
    words = [TOOLS / "tornettools-swap", archive, "--rollout", "100", "--out", out, "--programs", programs]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(loom_of(out)) == sorted(RELAYS)


def test_options_that_loom_refuses_are_named(made: Made, programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made.put("conf/tor.relay.exitonly.torrc", "ExitPolicy accept *:*\nSandbox 1\nBridgeRelay 1\n")
    made.put("conf/tor.relay.guardonly.torrc", "OutboundBindAddress 100.0.0.9\n")
    status, out = swap(made, programs)
    said = capsys.readouterr().err
    assert (status, said.count("\n"), out.exists()) == (1, 1, False)
    for option in ("Sandbox (conf/tor.relay.exitonly.torrc:2: ", "BridgeRelay (", "OutboundBindAddress ("):
        assert option in said
    status, out = swap(made, programs, "--drop-refused")
    assert status == 0 and "left out, as Loom refuses it: Sandbox" in capsys.readouterr().out
    args = hosts_of(out)["relay2exit"]["processes"][0]["args"].split()
    assert set(args[-2:]) == {"--/Sandbox", "--/BridgeRelay"}
    assert "--/" not in hosts_of(out)["relay1exitguard"]["processes"][0]["args"]


def _without_relays(made: Made) -> None:
    for name in RELAYS:
        made.put(f"shadow.data.template/hosts/{name}/keys/authority_certificate", "")


def _without_authorities(made: Made) -> None:
    (made.root / "shadow.data.template/hosts/4uthority1/keys/authority_certificate").unlink()


def _without_weights(made: Made) -> None:
    made.put("shadow.data.template/hosts/bwauthority/v3bw.init.consensus", "946684801\n")


def _without_processes(made: Made) -> None:
    del made.hosts["relay1exitguard"]["processes"]
    made.save()


def _with_a_bandwidth_in_words(made: Made) -> None:
    made.hosts["relay2exit"]["bandwidth_up"] = "plenty"
    made.save()


def _without_yaml(made: Made) -> None:
    made.put("shadow.config.yaml", "hosts: [")


def _without_configuration(made: Made) -> None:
    (made.root / "shadow.config.yaml").unlink()


def _with_an_unknown_option(made: Made) -> None:
    made.put("conf/tor.relay.exitguard.torrc", "ExitPolitics accept *:*\n")


def _without_an_included_file(made: Made) -> None:
    (made.root / "conf/tor.relay.authority.torrc").unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_without_relays, "expected relays with keys"),
        (_without_authorities, "expected a network of tornettools, with authorities"),
        (_without_weights, "expected a weight of relay1exitguard"),
        (_without_processes, "relay1exitguard: processes: expected a list of processes"),
        (_with_a_bandwidth_in_words, "relay2exit: bandwidth_up: expected a bandwidth as 500 kilobit, found plenty"),
        (_without_yaml, "expected YAML"),
        (_without_configuration, "expected the configuration of Shadow: No such file"),
        (_with_an_unknown_option, "relay1exitguard: ../../../conf/tor.relay.exitguard.torrc:1: ExitPolitics: expected"),
        (_without_an_included_file, "tor.relay.authority.torrc: expected a torrc: No such file"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(
    made: Made, programs: Path, capsys: pytest.CaptureFixture[str], spoil, words: str
) -> None:
    spoil(made)
    status, out = swap(made, programs)
    said = capsys.readouterr().err
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith("tornettools-swap: ") and words in said
    assert [path.name for path in made.root.parent.iterdir()] == ["network"] and not out.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rollout", "101"], "expected a whole number from 0 to 100"),
        (["--order", "age"], "invalid choice: 'age'"),
        (["--threads", "many"], "expected a whole number from 0 to 254"),
    ],
)
def test_options_that_are_wrong(capsys: pytest.CaptureFixture[str], options: list[str], words: str) -> None:
    with pytest.raises(SystemExit):
        main(["network", "--out", "out", *options])
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


def test_names_that_are_wrong(made: Made, programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, words in (
        (["--loom-profile", str(TOR)], "expected a profile of loom"),
        (["--tor-profile", "/nowhere.yaml"], "/nowhere.yaml: expected a profile of tor"),
        (["--programs", "/nowhere"], "/nowhere/loom-relay-shadow: expected it there"),
        (["--out", str(made.root)], "expected a name that is free"),
    ):
        status, _ = swap(made, programs, *options)
        said = capsys.readouterr().err
        assert (status, said.count("\n")) == (1, 1) and words in said


def test_what_is_no_archive(programs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "network.tar.xz"
    words = [str(archive), "--rollout", "1", "--out", str(tmp_path / "out"), "--programs", str(programs)]
    for text in (None, "no archive"):
        if text:
            archive.write_text(text)
        assert main(words) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "network.tar.xz: expected a folder or an archive of a network: tar: " in said
