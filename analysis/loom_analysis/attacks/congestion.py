"""congestion - does a relay carry the adversary's pattern? By delays of a probe (Murdoch and Danezis, S&P 2005).

A server sends in bursts, S(t) is 1 in them and 0 between; a probe through a relay measures its delay L(t). A relay that
carries the bursts is slower in them.
"""

from __future__ import annotations

import numpy as np


def pattern_score(sending: np.ndarray, delay: np.ndarray) -> np.ndarray:
    """Return c = sum S L' / sum S, L' = L / mean L: 1 when delay does not follow. The last axis is time."""
    sending, delay = np.asarray(sending, dtype=float), np.asarray(delay, dtype=float)
    relative = delay / delay.mean(axis=-1, keepdims=True)
    return (sending * relative).sum(axis=-1) / sending.sum(axis=-1)
