"""Each role's configuration is one that the real tor accepts; Loom's has nothing that is not its own or a relay's."""

import os
import subprocess
from pathlib import Path

import pytest
from loom_testbed import torrc
from loom_testbed.plan import TOR, Node

AUTHORITY_LINE = f"A orport=12001 no-v2 v3ident={'0' * 40} 127.0.0.1:12002 {'1' * 40}"
AROUND = torrc.Surroundings(
    [AUTHORITY_LINE],
    ["$" + "A" * 40],
    ["$" + "B" * 40],
    ["$" + "C" * 40],
    True,
    True,
    os.getpid(),
    [],
    12008,
    ["$" + "D" * 40],
)


def node(role: str, program: str, directory: Path) -> Node:
    return Node("N1", role, program, directory, 12003, 12004, 12005, 12006, 12007, 2)


@pytest.mark.skipif(not os.path.exists(TOR), reason="tor is not installed")
@pytest.mark.parametrize("role", ["guard", "exit", "middle", "relay", "client", "service"])
def test_tor_accepts_it(role: str, tmp_path: Path) -> None:
    one = node(role, "tor", tmp_path)
    one.torrc.write_text(torrc.render(one, AROUND))
    checked = subprocess.run(
        [TOR, "--verify-config", "-f", str(one.torrc)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_loom_gets_its_threads_and_further_lines(tmp_path: Path) -> None:
    around = torrc.Surroundings([AUTHORITY_LINE], [], [], [], True, True, 1, ["KISTSchedRunInterval 2 msec"])
    text = torrc.render(node("middle", "loom", tmp_path), around)
    assert "\nConnectionThreads 2\n" in text
    assert text.endswith("\nKISTSchedRunInterval 2 msec\n")
    assert "ControlPort" not in text and "NumCPUs" not in text


def test_clients_that_are_not_pinned_have_default_settings(tmp_path: Path) -> None:
    free = torrc.Surroundings([AUTHORITY_LINE], [], [], [], True, False, 1, [])
    lines = torrc.render(node("client", "tor", tmp_path), free)
    for option in ("Nodes", "Conflux", "CircuitBuildTimeout"):
        assert option not in lines and option in torrc.render(node("client", "tor", tmp_path), AROUND)


@pytest.mark.parametrize(("when", "interval", "offset"), [(1800.0, 1800, 0), (1799.5, 1800, 0), (12.2, 5, 3)])
def test_a_vote_falls_on_the_second_asked_for(when: float, interval: int, offset: int) -> None:
    assert torrc.vote_offset(when, interval) == offset
