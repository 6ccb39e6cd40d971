"""10,000 connections of rubbish at the OR port: the smallest thing is closed, nothing leaks, and a transfer beside it
is unharmed. LOOM_RUBBISH sets another number of connections."""

from __future__ import annotations

import base64
import binascii
import os
import queue
import random
import threading
import time
from collections import Counter
from pathlib import Path

import rubbish
from conftest import MEGABYTE, MIDDLE, SANITIZED, one_middle_plan
from link import LinkClosed, OnionTarget
from loom_testbed import checks, consensus, procstat
from loom_testbed.experiment import run_transfer, usable_network
from loom_testbed.network import Network
from loom_testbed.plan import Node
from loom_testbed.progress import Progress

CONNECTIONS = int(os.environ.get("LOOM_RUBBISH", "500" if SANITIZED else "10000"))
THREADS = 16
SEED = 20261121
SETTLE_SECONDS_MAX = 30.0
OPEN_FILES_SLACK = 4
LEAK_BYTES_PER_CONNECTION_MAX = 400
TRANSFER_BYTES = 4 * MEGABYTE if SANITIZED else 20 * MEGABYTE


def onion_target(network: Network, middle: Node) -> OnionTarget:
    """Return the middle's address and keys, from its descriptor at the authority."""
    dir_port = network.with_role("authority")[0].dir_port
    text = consensus.fetch(dir_port, f"/tor/server/fp/{middle.fingerprint}") or ""
    key = next(line.split()[1] for line in text.splitlines() if line.startswith("ntor-onion-key "))
    return OnionTarget(
        middle.or_port, binascii.unhexlify(middle.fingerprint), base64.b64decode(key + "=" * (-len(key) % 4))
    )


class Throwers:
    """Threads that play cases from a queue, and collect what went otherwise than it must."""

    def __init__(self, target: OnionTarget, cases: list[rubbish.Case], seed: int) -> None:
        self.surprises: Counter[str] = Counter()
        self._target = target
        self._left: queue.SimpleQueue[tuple[int, rubbish.Case]] = queue.SimpleQueue()
        for number, case in enumerate(cases):
            self._left.put((seed + number, case))
        self._threads = [threading.Thread(target=self._throw, daemon=True) for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def are_done(self) -> bool:
        """Say whether every case has been played."""
        return not any(thread.is_alive() for thread in self._threads)

    def _throw(self) -> None:
        while True:
            try:
                seed, case = self._left.get_nowait()
            except queue.Empty:
                return
            try:
                case.play(self._target, random.Random(seed))
            except rubbish.Surprise as surprise:
                self.surprises[str(surprise)] += 1
            except (LinkClosed, OSError) as error:
                self.surprises[f"{case.name}: {type(error).__name__} {error}"] += 1


def throw_beside_transfers(network: Network, target: OnionTarget, cases: list[rubbish.Case], seed: int) -> Throwers:
    """Play all cases, with verified transfers going on all the while."""
    throwers = Throwers(target, cases, seed)
    while True:
        outcome = run_transfer(network, TRANSFER_BYTES, 0.1, Progress(quiet=True))
        assert outcome.is_verified, [flow.error for flow in outcome.flows]
        if throwers.are_done():
            return throwers


def settled(network: Network, middle: Node, open_files_max: int) -> procstat.ProcessSample:
    """Return the middle's use when its connections are gone again, or after a while."""
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    while True:
        sample = procstat.sample(network.child(middle).pid)
        assert sample is not None, network.child(middle).log_tail()
        if sample.open_files <= open_files_max or time.monotonic() > deadline:
            return sample
        time.sleep(0.2)


def test_rubbish_harms_nothing(relay: Path, run_directory: Path) -> None:
    with usable_network(one_middle_plan(relay, run_directory, clients=2), Progress(quiet=True)) as network:
        (middle,) = network.with_role("middle")
        target = onion_target(network, middle)
        quiet = procstat.sample(network.child(middle).pid)
        assert quiet is not None
        cases = list(rubbish.sequence(CONNECTIONS))
        random.Random(SEED).shuffle(cases)

        half = len(cases) // 2
        surprises = throw_beside_transfers(network, target, cases[:half], SEED).surprises
        first = settled(network, middle, quiet.open_files + OPEN_FILES_SLACK)
        surprises += throw_beside_transfers(network, target, cases[half:], SEED + half).surprises
        second = settled(network, middle, quiet.open_files + OPEN_FILES_SLACK)

        grown = (second.rss_kb - first.rss_kb) * 1024
        print(f"open files {quiet.open_files}, then {first.open_files} and {second.open_files}")
        print(f"RSS {quiet.rss_kb} kB, then {first.rss_kb} and {second.rss_kb}: {grown / half:.0f} bytes a connection")
        assert not surprises, surprises
        assert second.open_files <= quiet.open_files + OPEN_FILES_SLACK
        # What a sanitizer holds back is no leak (it finds those itself); tor's allocator keeps much.
        assert SANITIZED or MIDDLE == "tor" or grown <= half * LEAK_BYTES_PER_CONNECTION_MAX
        network.stop()
        ended = checks.relays_ended_well(network)
        assert ended.ok or MIDDLE == "tor", ended.detail
