"""toy_circuits - pairs of circuits that share relays, and pairs of streams that share a circuit, of known make.

Relays have shares that wander (AR(1) of their logarithm), a flow takes the least of its three and some noise. A
stream is read in bursts, one window of cells each, when its circuit has room: streams of one circuit take turns.
"""

from __future__ import annotations

import numpy as np

from ..attacks.stream_linkability import WINDOW_BYTES
from .noise import ar1

WANDER = 0.3  # sd of the logarithm of a share
NOISE = 0.1
MEMORY = 0.9  # from second to second
HELD_BACK = 0.6  # level of a shared relay that is the bottleneck most of the time, of others' 1
AMPLE = 5.0  # level of a shared relay that never is

ALL_COMMON, ONE_BOTTLENECK, ONE_AMPLE, NONE_COMMON = "all common", "one, a bottleneck", "one, ample", "none common"
KINDS = (ALL_COMMON, ONE_BOTTLENECK, ONE_AMPLE, NONE_COMMON)

STREAM_BIN_S = 0.05
CIRCUIT_RATE = 100_000.0  # bytes a second
AGAIN = 0.2  # chance that a stream has the next window too


def shares(draw: np.random.Generator, count: int, seconds: int, memory: float = MEMORY) -> np.ndarray:
    return np.exp(WANDER * ar1(draw, count, seconds, memory))


def seen(draw: np.random.Generator, share: np.ndarray, noise: float = NOISE) -> np.ndarray:
    return share * np.exp(noise * draw.standard_normal(share.shape))


def circuit_pairs(
    draw: np.random.Generator, kind: str, count: int, seconds: int, memory: float = MEMORY, noise: float = NOISE
) -> tuple[np.ndarray, np.ndarray]:
    """Return flows of count pairs of circuits of three relays each."""
    def own(relays: int) -> np.ndarray:
        return shares(draw, count * relays, seconds, memory).reshape(count, relays, seconds)

    common = own(3)
    if kind == ALL_COMMON:
        first = second = common
    elif kind == NONE_COMMON:
        first, second = common, own(3)
    else:
        level = HELD_BACK if kind == ONE_BOTTLENECK else AMPLE
        first, second = (np.concatenate([level * common[:, :1], own(2)], axis=1) for _ in range(2))
    return seen(draw, first.min(axis=1), noise), seen(draw, second.min(axis=1), noise)


def _bursts(draw: np.random.Generator, seconds: int, rate: float) -> np.ndarray:
    """Return the bins in which a circuit of about that rate has room for one more window of cells."""
    by_second = shares(draw, 1, seconds, 0.97)[0] * rate
    per_bin = draw.gamma(4.0, np.repeat(by_second, round(1.0 / STREAM_BIN_S)) * STREAM_BIN_S / 4.0)
    windows = ((per_bin.cumsum() + draw.uniform(0.0, WINDOW_BYTES)) // WINDOW_BYTES).astype(int)
    return np.diff(windows, prepend=0)


def one_circuit(draw: np.random.Generator, seconds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of two streams of one circuit, by bin: its windows are theirs, mostly in turns."""
    bursts = _bursts(draw, seconds, CIRCUIT_RATE)
    changes = draw.random(int(bursts.sum())) >= AGAIN
    owners = np.split(changes.cumsum() % 2, bursts.cumsum()[:-1])
    second = np.array([owner.sum() for owner in owners])
    return (bursts - second) * WINDOW_BYTES, second * WINDOW_BYTES


def two_circuits(draw: np.random.Generator, seconds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of two streams on circuits of their own, which give each what the one circuit gives them."""
    first, second = (_bursts(draw, seconds, CIRCUIT_RATE / 2.0) * WINDOW_BYTES for _ in range(2))
    return first, second
