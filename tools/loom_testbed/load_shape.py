"""load_shape - a load on one relay: what goes through it, and how. The same word natively and in the engine.

A middle relay has half of its links towards clients and half away from them (so 2 are the fewest); circuit after
circuit goes in by one and out by another, and every circuit carries cells in both directions: `run` cells of one
circuit, then of the next, in records of `record_cells`. An exit's links all lead to clients (1 is enough), each circuit
has one stream that ends at the relay: circuits 0, 2, ... bring bytes down, 1, 3, ... send bytes up, with tor's fixed
windows (1000 cells a circuit, 500 a stream); `run` and `record_cells` are those of what clients write. A cell that is
relayed counts once; at an exit those that carry data do.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

MIDDLE = "middle"
EXIT = "exit"
ROLES = (MIDDLE, EXIT)
SUITES = {
    "aes256": "TLS_AES_256_GCM_SHA384",
    "aes128": "TLS_AES_128_GCM_SHA256",
    "chacha": "TLS_CHACHA20_POLY1305_SHA256",
}
LINKS_MAX = 1024
RUN_MAX = 31
RECORD_CELLS_MAX = 31
THREADS_MAX = 16


@dataclass(frozen=True)
class Load:
    """What is offered to a relay, and with how many connection threads it meets it."""

    role: str = MIDDLE
    links: int = 8  # on both sides together
    circuits: int = 64
    run: int = 4  # cells of one circuit in a row
    record_cells: int = 31  # in a record that comes
    cipher: str = "aes256"
    threads: int = 1
    rate: int = 0  # cells a second that are offered, both directions together; 0: as many as the relay takes

    def __post_init__(self) -> None:
        """Refuse what no generator can make."""
        _require(self.role in ROLES, f"role {self.role}: expected {' or '.join(ROLES)}")
        ways = self.links // 2 if self.role == MIDDLE else self.links
        _require(self.cipher in SUITES, f"cipher {self.cipher}: expected {', '.join(SUITES)}")
        _require(self.role == EXIT or self.links % 2 == 0, f"links {self.links}: half of a middle's lead in, half out")
        _require(ways >= 1 and self.links <= LINKS_MAX, f"links {self.links}: expected up to {LINKS_MAX}")
        _require(self.circuits >= ways, f"circuits {self.circuits}: expected one or more for each way in")
        _require(1 <= self.run <= RUN_MAX, f"run {self.run}: expected 1 to {RUN_MAX}")
        _require(1 <= self.record_cells <= RECORD_CELLS_MAX, f"record_cells {self.record_cells}: expected 1 to 31")
        _require(0 <= self.threads <= THREADS_MAX, f"threads {self.threads}: expected 0 to {THREADS_MAX}")
        _require(self.rate >= 0, f"rate {self.rate}: expected 0 or more")

    @property
    def name(self) -> str:
        """Return the load in a few words, the same for the same load."""
        rate = f" at {self.rate}" if self.rate else ""
        return (f"{self.role} {self.links} links {self.circuits} circuits run {self.run} records {self.record_cells}"
                f" {self.cipher} threads {self.threads}{rate}")  # fmt: skip

    def at_rate(self, rate: int) -> Load:
        """Return the same load, of which so many cells a second are offered."""
        return dataclasses.replace(self, rate=rate)

    def as_dict(self) -> dict[str, str | int]:
        """Return the fields by name."""
        return dataclasses.asdict(self)

    def generator_options(self) -> list[str]:
        """Return how loom-load is told of it; the threads are the relay's."""
        role = ["--role", self.role] if self.role != MIDDLE else []
        rate = ["--rate", str(self.rate)] if self.rate else []
        return [*role, "--links", str(self.links), "--circuits", str(self.circuits), "--run", str(self.run),
                "--record-cells", str(self.record_cells), "--cipher", SUITES[self.cipher], *rate]  # fmt: skip

    def predict_options(self) -> list[str]:
        """Return how `loom predict` is told of it."""
        rate = ["--rate", str(self.rate)] if self.rate else []
        return ["--threads", str(self.threads), "--role", self.role, "--links", str(self.links),
                "--circuits", str(self.circuits), "--run", str(self.run), "--record-cells", str(self.record_cells),
                "--cipher", self.cipher, *rate]  # fmt: skip


def _require(is_so: bool, complaint: str) -> None:
    if not is_so:
        raise ValueError(complaint)
