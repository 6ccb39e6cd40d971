"""instruction_fit - instructions for a unit of work, from what relays ran and what they did.

Instructions are counted exactly, so three groups of code are fitted apart, each to the work that can be its reason: the
vector code of libcrypto, the rest of libcrypto, and all else. What pieces of libcrypto took by themselves
(instruction_pieces) is taken off first. A group's instructions are a sum over work; what a unit
takes is found by least squares of relative errors, not below zero, held softly to a guess: so columns that never part
(a cell that comes and the same cell that goes) share what they cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import lsq_linear

from .instruction_counts import VECTOR
from .instruction_pieces import REST, Known
from .instruction_runs import Observation

CRYPTO_VECTOR, CRYPTO_REST, OWN = "crypto_vector", "crypto_rest", "own"
GROUPS = (CRYPTO_VECTOR, CRYPTO_REST, OWN)
NOISE = 0.003  # of a run's instructions: what no work explains
CELL_BYTES = 514
RECORD_OVERHEAD = 22
TOR_GUESSES = np.array([3000.0, 3000.0])  # a cell, a record
TOR_RECORD_CELLS = 7.9  # that tor writes: 4048 bytes
BODY_BYTES = 509

# Guesses in instructions, and how wrong they may be: only their size matters.
LINKS_TAKEN = "links_taken"  # of the links, those that others dialled: who is dialled signs. No counter of the relay's
_HANDSHAKES = {"handshakes_ntor": 1.2e6, "handshakes_ntor_v3": 1.3e6, "handshakes_link": 12e6, LINKS_TAKEN: 5e6}
GUESSES: dict[str, dict[str, float]] = {
    CRYPTO_VECTOR: {
        "aes_bytes": 20, "tls_aes256_bytes": 27, "tls_aes128_bytes": 20, "tls_chacha_bytes": 9.5,
        "tls_records": 300, "crypt_runs": 20,
        **{name: guess / 10 for name, guess in _HANDSHAKES.items()},
    },
    CRYPTO_REST: {
        "aes_bytes": 10, "tls_aes256_bytes": 30, "tls_aes128_bytes": 30, "tls_chacha_bytes": 1,
        "digest_bytes": 18, "tls_records": 2000, "crypt_runs": 100, **_HANDSHAKES,
    },
    OWN: {
        "cells": 150, "crypt_runs": 200, "circuit_switches": 50, "copy_bytes": 0.2, "tls_records": 600,
        "reads": 400, "writes": 400, "loop_turns": 800, "scheduler_runs": 400, "scheduler_picks": 300,
        "tcp_info_reads": 150, "edge_bytes_in": 1.0, "edge_bytes_out": 1.0,
        "edge_reads": 400, "edge_writes": 400,
        "cells_crossed": 200, "mailbox_flushes": 300, "wakes": 200,
        "circuits": 7500, "handshakes_link": 2e6,
    },
}  # fmt: skip
# Work of two counters that no run parts, or that is alike: priced the same.
TOGETHER = {
    "cells": ("cells_received", "cells_sent"),
    "tls_records": ("tls_records_read", "tls_records_written"),
    "circuits": ("circuits_opened", "circuits_closed"),
}


@dataclass(frozen=True)
class Units:
    """Instructions for a unit of work by group; and how far off the worst run is in each, relative to all it ran."""

    per_unit: dict[str, dict[str, float]]
    worst: dict[str, float]
    bulk: dict[str, float] = field(default_factory=dict)  # for a byte of long buffers, where it was counted

    def of(self, group: str, name: str) -> float:
        """Return what one unit of a counter takes; 0: it is no reason for this group's code."""
        for together, parts in TOGETHER.items():
            if name in parts:
                name = together
        return self.per_unit.get(group, {}).get(name, 0.0)


def instructions_of(observation: Observation) -> dict[str, int]:
    """Return the instructions of each group."""
    sums = dict.fromkeys(GROUPS, 0)
    for (library, kind), count in observation.counts.items():
        group = OWN if library != "crypto" else CRYPTO_VECTOR if kind == VECTOR else CRYPTO_REST
        sums[group] += count
    return sums


def fit(observations: Sequence[Observation], known: Known | None = None) -> Units:
    """Fit Loom's; what is known of pieces of libcrypto's code is taken as it is."""
    per_unit, worst = {}, {}
    sums = [instructions_of(one) for one in observations]
    totals = np.array([float(sum(one.values())) for one in sums])
    for group in GROUPS:
        given = _given(known, group)
        names = [name for name in GUESSES[group] if name not in given]
        work = np.array([[float(_amount(one.work, name)) for name in names] for one in observations])
        cost = np.array([
            one[group] - sum(_amount(seen.work, name) * value for name, value in given.items())
            for one, seen in zip(sums, observations, strict=True)
        ])  # fmt: skip
        values = least_squares(work, cost, np.array([GUESSES[group][name] for name in names]), totals)
        per_unit[group] = given | dict(zip(names, map(float, values), strict=True))
        worst[group] = float(np.max(np.abs(work @ values - cost) / totals))
    return Units(per_unit, worst, known.bulk if known else {})


def _given(known: Known | None, group: str) -> dict[str, float]:
    """Return what is known of a group of libcrypto's code; of our own nothing is."""
    part = {CRYPTO_VECTOR: VECTOR, CRYPTO_REST: REST}.get(group)
    return {name: of[part] for name, of in known.per_unit.items()} if known and part else {}


def _amount(work: Mapping[str, int], name: str) -> float:
    return sum(work.get(part, 0) for part in TOGETHER.get(name, (name,)))


def least_squares(work: np.ndarray, cost: np.ndarray, guesses: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Solve work * values = cost for values of 0 or more: relative to totals; a guess may be off by its size."""
    weights = 1.0 / (totals * NOISE)
    stacked = np.vstack([work * guesses * weights[:, None], np.eye(len(guesses))])
    target = np.concatenate([cost * weights, np.ones(len(guesses))])
    return np.asarray(lsq_linear(stacked, target, (0.0, np.inf), method="bvls").x) * guesses


@dataclass(frozen=True)
class TorUnits:
    """Instructions of tor for a cell and for a record, read or written, beyond the ciphers' bytes: by group."""

    per_cell: dict[str, float]
    per_record: dict[str, float]
    worst: float


def fit_tor(observations: Sequence[tuple[Observation, str, int]], loom: Units) -> TorUnits:
    """Fit tor's: observations with the cipher of their links and the cells of the records that come.

    libcrypto is the same for both: what bytes take is known from Loom. Its vector code runs for bytes of cells alone,
    so it also says how many cells went through: loom-load does not count in the very same window.
    """
    per_cell, per_record = {CRYPTO_VECTOR: 0.0}, {CRYPTO_VECTOR: 0.0}
    sums = [instructions_of(one) for one, _, _ in observations]
    totals = np.array([float(sum(one.values())) for one in sums])
    cells = np.array([
        one[CRYPTO_VECTOR] / _cipher_bytes(loom, CRYPTO_VECTOR, cipher, record_cells)
        for one, (_, cipher, record_cells) in zip(sums, observations, strict=True)
    ])  # fmt: skip
    off = np.zeros(len(observations))
    for group in (CRYPTO_REST, OWN):
        bytes_of_cell = np.array([_cipher_bytes(loom, group, cipher, record) for _, cipher, record in observations])
        counts = np.array([float(one[group]) for one in sums])
        records = np.array([1.0 / record + 1.0 / TOR_RECORD_CELLS for _, _, record in observations])
        work = np.column_stack([cells, cells * records])
        values = least_squares(work, np.maximum(counts - bytes_of_cell * cells, 0.0), TOR_GUESSES, totals)
        per_cell[group], per_record[group] = map(float, values)
        off += work @ values + bytes_of_cell * cells - counts
    return TorUnits(per_cell, per_record, float(np.max(np.abs(off) / totals)))


def _cipher_bytes(loom: Units, group: str, cipher: str, record_cells: int) -> float:
    """Return the instructions of the ciphers for a cell: the circuit's, and both links' with their records."""
    link = 2 * CELL_BYTES + RECORD_OVERHEAD * (1 / record_cells + 1 / TOR_RECORD_CELLS)
    return loom.of(group, "aes_bytes") * BODY_BYTES + loom.of(group, f"tls_{cipher}_bytes") * link
