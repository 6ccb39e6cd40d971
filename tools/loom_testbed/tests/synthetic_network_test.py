"""The documents of the network on paper: diffs lead where they say, and time leaves its marks."""

from __future__ import annotations

import hashlib
import time

import pytest
from loom_testbed import consensus, memory_use
from loom_testbed.directory_questions import read_past
from loom_testbed.memory_use import MemorySample
from loom_testbed.synthetic_network import FLAVOURS, Authority, SyntheticNetwork, make_diff

RELAYS = 120


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> SyntheticNetwork:
    """A network after two votes."""
    now = time.time()
    made = SyntheticNetwork(Authority(tmp_path_factory.mktemp("a") / "keys", 9), RELAYS, now)
    made.vote(int(now), 60, 2)
    made.pass_interval(now + 60)
    made.vote(int(now) + 60, 60, 2)
    return made


def apply_diff(old: bytes, diff: bytes) -> bytes:
    """Do as dir-spec 4.5 says: commands of ed, from the end to the beginning."""
    lines, script = old.split(b"\n")[:-1], iter(diff.split(b"\n")[2:-1])
    for command in script:
        action, numbers = command[-1:], [int(number) for number in command[:-1].split(b",")]
        new = list(iter(lambda: next(script), b".")) if action in b"ac" else []
        first = numbers[0] if action == b"a" else numbers[0] - 1
        lines[first : first if action == b"a" else numbers[-1]] = new
    return b"".join(line + b"\n" for line in lines)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_diff_leads_from_the_one_to_the_other(network: SyntheticNetwork, flavour: str) -> None:
    old, new = network.consensuses[flavour]
    diff = make_diff(old, new)
    assert diff == new.diffs[old.signed_digest]
    assert len(diff) < len(new.text) / 4
    assert apply_diff(old.text, diff) == new.text


def test_documents_are_those_that_the_consensus_lists(network: SyntheticNetwork) -> None:
    text = network.consensuses["microdesc"][-1].text.decode()
    digests = consensus.microdescriptor_digests(text)
    assert len(digests) == RELAYS == len(set(digests))
    assert all(digest in network.microdescriptors for digest in digests)
    past = read_past("ns", network.consensuses["ns"][-1].text.decode())
    assert past.signed_digest == network.consensuses["ns"][-1].signed_digest
    for digest in past.documents:
        text = network.descriptors[digest.upper()]
        end = text.index(b"router-signature\n") + len(b"router-signature\n")
        assert hashlib.sha1(text[:end]).hexdigest() == digest


def test_some_relays_change_and_most_do_not(network: SyntheticNetwork) -> None:
    before, after = ({lines for _, lines in one.entries} for one in network.consensuses["ns"])
    assert 0.03 * RELAYS < len(after - before) < 0.1 * RELAYS


def test_growth_is_that_of_the_line_through_the_samples() -> None:
    flat = [MemorySample(at, 100 + at % 2, 0, 0) for at in range(100)]
    rising = [MemorySample(at, 100 + at, 0, 0) for at in range(101)]
    assert abs(memory_use.growth(flat, "rss_kb")) < 0.001
    assert memory_use.growth(rising, "rss_kb") == pytest.approx(100 / 150)
    assert [one.at_s for one in memory_use.second_half(rising)] == list(range(50, 101))
