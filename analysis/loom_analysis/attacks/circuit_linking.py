"""circuit_linking - do two connections at two servers come over one circuit? By round trips (Hopper et al. 2007, 2010).

Each server samples round trips through the circuit and takes off its own round trip to the exit; what is left has the
same distribution at both when the circuit is the same. Small scores say the same circuit.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import ks_2samp

SAMPLES_MIN = 2


def without_exit(rtt: np.ndarray, exit_rtt: float) -> np.ndarray:
    """Take the round trip from the exit to the server off the samples, in their unit: whole ns stay exact."""
    return np.asarray(rtt) - exit_rtt


def ks_score(a: np.ndarray, b: np.ndarray) -> float:
    """Return Kolmogorov and Smirnov's D of samples at two servers: 0 for equal ones, 1 for ranges that do not meet."""
    if min(len(a), len(b)) < SAMPLES_MIN:
        raise ValueError(f"{SAMPLES_MIN} samples at least")
    return float(ks_2samp(a, b, method="asymp").statistic)


def means_score(a: np.ndarray, b: np.ndarray) -> float:
    """Return how far the means are apart: the weaker attack of CCS 2007."""
    return float(abs(np.mean(a) - np.mean(b)))


def ks_critical(n: int, m: int, level: float = 0.05) -> float:
    """Return the D that samples of one distribution exceed that often, by Smirnov's limit law."""
    return float(np.sqrt(-np.log(level / 2.0) / 2.0 * (n + m) / (n * m)))
