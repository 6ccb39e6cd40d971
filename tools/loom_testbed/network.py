"""network - starts the processes of a plan, waits until clients can use them, and stops them whatever happens."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from . import authority, bootstrap, torrc
from .control import Control
from .errors import TestbedError
from .plan import TOR, USERS, Node, Plan, Relay
from .ports import PortBlock
from .process import Child, require_alive, stop_all
from .progress import Progress

POLL_SECONDS = 0.1


class Network:
    """A private network. Owns its processes and its block of ports; to be used in a with statement."""

    def __init__(self, plan: Plan, progress: Progress) -> None:
        self.plan = plan
        self.nodes: list[Node] = []
        self.children: dict[str, Child] = {}
        self._dir_authorities: list[str] = []
        self._progress = progress
        self._ports = PortBlock(plan.port_base)
        self.server_port = self._ports.take()
        try:
            self._lay_out()
        except BaseException:
            self._ports.close()
            raise

    # -- what there is

    def with_role(self, role: str) -> list[Node]:
        """Return the nodes of a role, in order."""
        return [node for node in self.nodes if node.role == role]

    def names(self, role: str) -> list[str]:
        """Return the nicknames of a role, in order."""
        return [node.name for node in self.with_role(role)]

    def listed(self) -> dict[str, str]:
        """Return the nicknames and roles of the relays that belong into the consensus."""
        leaves_out = {*USERS, "authority"} if self.plan.relays else {*USERS}
        return {node.name: node.role for node in self.nodes if node.role not in leaves_out}

    def hops(self, client: Node) -> tuple[list[Node], list[Node], list[Node]]:
        """Return the relays that may be a data circuit's guard, middle and exit for this client.

        Where clients choose for themselves, they have no authority to choose.
        """
        relays = self.with_role("relay")
        if relays:
            return relays, relays, relays
        pin = client.pin
        guards, middles, exits = (
            [node for node in self.with_role(role) if pin is None or node.program == getattr(pin, role)]
            for role in ("guard", "middle", "exit")
        )
        if self.plan.has_guard_each and client.role == "client":
            guards = [guards[self.with_role("client").index(client) % len(guards)]]
        return guards, middles, exits

    def under_test(self) -> list[Node]:
        """Return the relays that run Loom; when none does, the middles."""
        looms = [node for node in self.nodes if node.program == "loom"]
        return looms or self.with_role("middle")

    def child(self, node: Node) -> Child:
        """Return the process of node."""
        return self.children[node.name]

    def control(self, node: Node) -> Control:
        """Open a control connection to a tor of the network."""
        return Control(node.control_port, node.directory / "data" / "control_auth_cookie")

    def require_alive(self) -> None:
        """Raise when any process has ended."""
        require_alive(self.children.values())

    # -- life

    def start(self) -> None:
        """Start everything; return when every relay knows all the others and the clients run."""
        self._make_authority_keys()
        self._write_torrcs(relays=True)
        started = time.monotonic()
        for node in self.nodes:
            if node.is_relay:
                self.start_node(node)
        self._progress.line(f"started {len(self.children)} relays in {self.plan.directory}")
        bootstrap.make_consensus(self)
        self._progress.line(f"all relays are in the consensus after {time.monotonic() - started:.1f} s")
        bootstrap.tell_relays(self)
        self._write_torrcs(relays=False)
        for node in self.with_role("client") + self.with_role("service"):
            bootstrap.seed_client(self, node)
            self.start_node(node)

    def start_node(self, node: Node) -> None:
        """Start (or start again) the process of one node."""
        program = str(self.plan.loom) if node.program == "loom" else TOR
        try:
            self.children[node.name] = Child(node.name, [program, "-f", str(node.torrc)], node.directory)
        except OSError as error:
            raise TestbedError(f"{node.name}: cannot start {program}: {error}") from error

    def wait_for(self, what: str, is_done: Callable[[], bool], lacks: Callable[[], str] = str) -> None:
        """Poll until is_done, with every process alive; raise when it takes too long, and say what lacks then."""
        limit = self.plan.ready_seconds_max
        deadline = time.monotonic() + limit
        while not is_done():
            self.require_alive()
            if time.monotonic() > deadline:
                raise TestbedError(f"no {what} within {limit:.0f} s; {lacks()}; logs in {self.plan.directory}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop every process and give the ports back."""
        stop_all(list(self.children.values()))
        self._ports.close()

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- how

    def _lay_out(self) -> None:
        plan = self.plan
        for number in range(1, plan.authorities + 1):
            self._add(f"Authority{number}", "authority").dir_port = self._ports.take()
        self._add_relays("guard", plan.guards)
        self._add_relays("exit", plan.exits)
        self._add_relays("middle", plan.middles)
        self._add_relays("relay", plan.relays)
        for number in range(1, plan.clients + 1):
            client = self._add(f"Client{number}", "client")
            client.socks_port = self._ports.take()
            client.pin = plan.pins[number - 1] if plan.pins else None
        for number in range(1, plan.services + 1):
            self._add(f"Service{number}", "service")

    def _add_relays(self, role: str, relays: Sequence[Relay]) -> None:
        for number, relay in enumerate(relays, 1):
            name = f"{relay.program.capitalize()}{role.capitalize()}{number}"
            self._add(name, role, relay.program).threads = relay.threads

    def _add(self, name: str, role: str, program: str = "tor") -> Node:
        node = Node(name=name, role=role, program=program, directory=self.plan.directory / name)
        node.directory.mkdir(mode=0o700, parents=True)
        if node.is_relay:
            node.or_port = self._ports.take()
        if program == "tor":
            node.control_port = self._ports.take()
        else:
            node.metrics_port = self._ports.take()
        self.nodes.append(node)
        return node

    def _make_authority_keys(self) -> None:
        with ThreadPoolExecutor(max_workers=2) as pool:
            self._dir_authorities = list(pool.map(authority.make_keys, self.with_role("authority")))
        if self.plan.relays:
            authority.leave_out(self.with_role("authority"))

    def _write_torrcs(self, relays: bool) -> None:
        """Write the configurations of the relays, or of the clients, which name relays by fingerprint."""
        for node in self.nodes:
            if node.is_relay == relays:
                node.torrc.write_text(torrc.render(node, self._surroundings(node)))

    def _surroundings(self, node: Node) -> torrc.Surroundings:
        guards, middles, exits = self.hops(node)
        if self.plan.client_middles:
            middles = [middles[index] for index in self.plan.client_middles]
        return torrc.Surroundings(
            dir_authorities=self._dir_authorities,
            guards=[f"${one.fingerprint}" for one in guards],
            middles=[f"${one.fingerprint}" for one in middles],
            exits=[f"${one.fingerprint}" for one in exits],
            conflux=self.plan.conflux,
            is_pinned=not self.plan.relays,
            owner_pid=os.getpid(),
            loom_options=self.plan.loom_options,
            middle_options=self.plan.middle_options,
            consensuses_valid=self.plan.consensuses_valid,
            server_port=self.server_port,
            authorities=[f"${one.fingerprint}" for one in self.with_role("authority")] if self.plan.services else [],
        )
