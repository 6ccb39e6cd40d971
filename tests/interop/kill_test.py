"""Killed in the middle of a transfer and started again, the relay is the same relay, and soon of use again.

LOOM_KILLS says how often (1 by default, 20 with tools/test --long). A tor does not try a relay again for 60 s after it
refused a connection once, whatever the relay does in that time. So the guards are held while the relay is down: what is
measured is how long the relay takes, not how long its peers remember.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from conftest import MEGABYTE, one_middle_plan
from loom_testbed import authority, consensus, transfer
from loom_testbed.experiment import run_transfer, usable_network
from loom_testbed.network import Network
from loom_testbed.plan import Node
from loom_testbed.progress import Progress
from moves import data_in_motion, held, is_up, until_ended

KILLS = int(os.environ.get("LOOM_KILLS", "1"))
USABLE_SECONDS_MAX = 120.0


def keys_of(middle: Node) -> dict[str, str]:
    """Return what identifies a relay on disk: a digest of each key that lasts, and its fingerprint."""
    keys = sorted((middle.directory / "data" / "keys").glob("*"))
    lasting = {key.name: hashlib.sha256(key.read_bytes()).hexdigest() for key in keys if key.is_file()}
    lasting = {name: digest for name, digest in lasting.items() if "signing" not in name and ".old" not in name}
    return lasting | {"fingerprint": authority.read_fingerprint(middle.directory)}


def descriptor_keys(network: Network, middle: Node) -> list[str]:
    """Return the identities and onion keys in the middle's descriptor at the authority."""
    dir_port = network.with_role("authority")[0].dir_port
    text = consensus.fetch(dir_port, f"/tor/server/fp/{middle.fingerprint}") or ""
    return [line for line in text.splitlines() if line.startswith(("fingerprint", "master-key", "ntor-onion-key "))]


def kill_and_start_again(network: Network, middle: Node) -> None:
    """Kill the middle while data flows through it, and start it again; every stream must notice."""
    with data_in_motion(network) as flows:
        with held(network, "guard"):
            network.child(middle).kill()
            network.start_node(middle)
            network.wait_for("relay after a kill", lambda: is_up(middle))
        until_ended(flows)


def test_the_same_relay_comes_back_and_carries_data(relay: Path, run_directory: Path) -> None:
    progress = Progress(quiet=True)
    with usable_network(one_middle_plan(relay, run_directory, clients=2), progress) as network:
        (middle,) = network.with_role("middle")
        keys, published = keys_of(middle), descriptor_keys(network, middle)
        assert len(keys) > 1 and len(published) == 3
        for kill in range(1, KILLS + 1):
            kill_and_start_again(network, middle)
            started = time.monotonic()
            transfer.await_usable(network.with_role("client"), network.server_port, USABLE_SECONDS_MAX)
            print(f"kill {kill}: of use again after {time.monotonic() - started:.2f} s")
            outcome = run_transfer(network, 10 * MEGABYTE, 0.1, progress)
            assert outcome.is_verified, [flow.error for flow in outcome.flows]
            assert outcome.audit.data_paths and not outcome.audit.violations, (kill, outcome.audit.as_text())
            assert keys_of(middle) == keys, kill
            assert descriptor_keys(network, middle) == published, kill
