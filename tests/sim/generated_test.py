"""loom run --network with the packed network of tornettools: run as it is; what is broken or hostile is one line."""

from __future__ import annotations

import io
import json
import lzma
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom"
LATENCIES = "DE 5.0\nFR 10.0 5.0\nUS 40.0 45.0 20.0\n"
SCENARIO = """\
name: small
warm_up_s: 5
duration_s: 20
seeds: {first: 1, last: 1}
network: {generated: net.tar.xz}
topology: {latencies: countries.latency, instead: [{country: AB, taken_as: FR}]}
hardware: {line_rate: capacity, classes: [{name: any, cores: 1}]}
arms: [{name: tor, percent: 0}]
traffic: {}
"""
HOSTS = "net/shadow.data.template/hosts/"
CONFIG = "net/shadow.config.yaml"
WEIGHTS = HOSTS + "bwauthority/v3bw.init.consensus"
RELAYS = {"relay1exitguard": 80, "relay2exit": 70, "relay3guard": 60, "relay4guard": 50, "relay5middle": 40,
          "relay6middle": 30}
CLIENTS = {"perfclient1": "perf", "perfclient2": "perf", "markovclient1": "flows", "markovclient2": "flows"}


def graph(nodes: dict[str, dict[str, str]], edges: list[tuple[str, str, dict[str, str]]]) -> str:
    """Return GraphML as networkx writes it."""
    def data(attributes: dict[str, str]) -> str:
        return "".join(f'<data key="{key}">{value}</data>' for key, value in attributes.items())

    keys = {key for attributes in nodes.values() for key in attributes} | {key for edge in edges for key in edge[2]}
    return ("<graphml>" + "".join(f'<key id="{key}" attr.name="{key}"/>' for key in sorted(keys))
            + '<graph edgedefault="directed">'
            + "".join(f'<node id="{node}">{data(attributes)}</node>\n' for node, attributes in nodes.items())
            + "".join(f'<edge source="{a}" target="{b}">{data(attributes)}</edge>\n' for a, b, attributes in edges)
            + "</graph></graphml>")


def model(again: float, emissions: dict[str, dict[str, str]]) -> str:
    """Return a model that emits, and goes on with that probability."""
    nodes = {"s0": {"type": "state", "name": "start"}, "s1": {"type": "state", "name": "busy"},
             "s2": {"type": "state", "name": "end"}, "o0": {"type": "observation", "name": "+"},
             "o1": {"type": "observation", "name": "-"}, "o2": {"type": "observation", "name": "F"}}
    edges = [("s0", "s1", {"type": "transition", "weight": "1.0"}),
             ("s1", "s1", {"type": "transition", "weight": str(again)}),
             ("s1", "s2", {"type": "transition", "weight": str(1 - again)}),
             ("s2", "o2", {"type": "emission", "weight": "1.0", "distribution": "uniform", "param_low": "0.0",
                           "param_high": "0.0"})]
    edges += [("s1", to, {"type": "emission", **attributes}) for to, attributes in emissions.items()]
    return graph(nodes, edges)


def host(name: str, rate: int, programs: str) -> str:
    country = {"1": "DE", "2": "FR", "3": "US", "4": "AB"}.get(name.strip("abcdefghijklmnopqrstuvwxyz"), "DE")
    return (f"  {name}:\n    options: {{country_code_hint: {country}}}\n    bandwidth_up: {rate} kilobit\n"
            f"    bandwidth_down: {rate} kilobit\n    processes:\n{programs}")


def whole() -> dict[str, str]:
    """Return the files of a small network."""
    tor = "    - {path: ~/.local/bin/tor, args: -f torrc, start_time: 2}\n"
    tgen = "    - {{path: ~/.local/bin/tgen, args: {}, start_time: 300}}\n"
    path = "../../../conf/{}.graphml"
    hosts = [host(name, 8 * rate * 100, tor) for name, rate in RELAYS.items()]
    hosts += [host("server1", 100000000, tgen.format(path.format("server")))]
    hosts += [host(name, 1000000, tor + tgen.format(path.format(kind))) for name, kind in CLIENTS.items()]
    pause = {"type": "emission", "weight": "1.0", "distribution": "exponential"}
    fetch = {"sendsize": "1000 bytes", "timeout": "15 seconds"}
    return {
        CONFIG: "general: {stop_time: 3600}\nhosts:\n" + "".join(hosts),
        WEIGHTS: "946684801\n" + "".join(f"node_id=$A\tbw={bw}\tnick={name}\n" for name, bw in RELAYS.items()),
        "net/conf/server.graphml": graph({"start": {"serverport": "80"}}, []),
        "net/conf/perf.graphml": graph(
            {"start": {}, "pause": {"time": "2 seconds"}, "stream_50k": {**fetch, "recvsize": "50 KiB"},
             "stream_1m": {**fetch, "recvsize": "1 MiB"}},
            [("start", "pause", {}), ("pause", "pause", {}), ("pause", "stream_50k", {"weight": "12.0"}),
             ("pause", "stream_1m", {"weight": "2.0"})]),
        "net/conf/flows.graphml": graph(
            {"start": {"time": "1", "stallout": "5 minutes", "timeout": "10 minutes"},
             "traffic": {"flowmodelpath": path.format("flow"), "streammodelpath": path.format("stream"),
                         "packetmodelpath": path.format("packet")}},
            [("start", "traffic", {}), ("traffic", "traffic", {})]),
        "net/conf/flow.graphml": model(1.0, {"o0": {**pause, "param_rate": "1e-06"}}),
        "net/conf/stream.graphml": model(0.6, {"o0": {**pause, "param_rate": "5e-06"}}),
        "net/conf/packet.graphml": model(0.98, {
            to: {"weight": weight, "distribution": "lognormal", "param_location": "7.0", "param_scale": "1.0"}
            for to, weight in (("o0", "1.0"), ("o1", "5.0"))}),
    } | {f"{HOSTS}{name}/torrc-defaults": "UseEntryGuards 0\n" for name in CLIENTS}


def pack(files: dict[str, str], more: tarfile.TarInfo | None = None) -> bytes:
    """Return the archive, with one entry more."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
        if more:
            archive.addfile(more)
    return lzma.compress(out.getvalue())


def link(name: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry


def run(folder: Path, packed: bytes, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "s.yaml").write_text(SCENARIO)
    (folder / "countries.latency").write_text(LATENCIES)
    (folder / "other.tar.xz").write_bytes(packed)
    return subprocess.run([PROGRAM, "run", "s.yaml", "--network", "other.tar.xz", "--out", "out", *words], cwd=folder,
                          text=True, capture_output=True, timeout=250, check=False)


def test_a_network_is_run(tmp_path: Path) -> None:
    done = run(tmp_path, pack(whole()))
    assert done.returncode == 0, done.stderr
    where = tmp_path / "out/seed-1/tor"
    relays = (where / "relays.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in relays[1:]] == list(RELAYS)
    assert all(int(line.split(",")[relays[0].split(",").index("cells")]) > 0 for line in relays[1:])
    times = json.loads((where / "tornet.plot.data/time_to_last_byte_recv.exit.json").read_text())
    assert 15 <= len(times["ALL"]) <= 24  # two clients, every two seconds
    transfers = (where / "transfers.csv").read_text().splitlines()[1:]
    assert {line.split(",")[1] for line in transfers} == {"perf"}
    manifest = json.loads((where / "manifest.json").read_text())
    assert "network.generated" in {one["key"] for one in manifest["inputs"]}
    assert [group["name"] for group in manifest["config"]["traffic"]["clients"]] == ["perf", "markov"]
    goodput = json.loads((where / "tornet.plot.data/relay_goodput.json").read_text())
    assert sum(goodput.values()) > 2 * 3 * 51200 * len(times["ALL"])  # the flows', too


def changed(name: str, old: str, new: str) -> bytes:
    files = whole()
    assert old in files[name]
    return pack(files | {name: files[name].replace(old, new)})


BROKEN = {
    "no archive": (lambda: b"no archive", "expected"),
    "cut": (lambda: pack(whole())[:-200], "cut off or damaged"),
    "cut inside": (lambda: lzma.compress(lzma.decompress(pack(whole()))[:3000]), "expected a whole tar archive"),
    "nothing in it": (lambda: pack({}), "expected one shadow.config.yaml in it"),
    "a path that leads out": (lambda: pack(whole() | {"../x": "y"}), "paths that stay in the archive"),
    "an absolute path": (lambda: pack(whole() | {"/etc/x": "y"}), "paths that stay in the archive"),
    "a link that leads out": (lambda: pack(whole(), link("net/x", "../../etc/passwd")), "links that stay"),
    "an unknown country": (lambda: changed(CONFIG, "hint: US", "hint: ZZ"), 'found "ZZ"'),
    "a negative rate": (lambda: changed(CONFIG, ": 64000 kilobit", ": -5 kilobit"), "expected a rate"),
    "no weight": (lambda: changed(WEIGHTS, "bw=70", "bw=0"), "expected a weight above 0"),
    "a huge weight": (lambda: changed(WEIGHTS, "bw=70", "bw=99999999999999"), "expected bw=NUMBER"),
    "a cycle": (lambda: changed(HOSTS + "perfclient1/torrc-defaults", "UseEntryGuards 0\n",
                                "%include torrc-defaults\n"), "no cycle"),
    "an entity": (lambda: changed("net/conf/packet.graphml", "<graphml>",
                                  '<!DOCTYPE x [<!ENTITY a "b">]><graphml>'), "expected no document type"),
    "a negative delay": (lambda: changed("net/conf/stream.graphml", "5e-06", "-5e-06"), "expected a number above 0"),
    "a model that is not there": (lambda: changed("net/conf/flows.graphml", "packet.graphml", "none.graphml"),
                                  "expected a file of the archive"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_one_line(tmp_path: Path, name: str) -> None:
    make, words = BROKEN[name]
    done = run(tmp_path, make())
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
