"""calibrate_generator - what loom-load's own thread costs on this machine, by the same runs: a profile of it.

Records of one cell cost the generator as much as they cost a relay, and what it cannot send no relay receives. So who
compares the engine's relay with a native one lets the engine's generator pay these prices (`loom predict --generator`).
Only loads through a middle, as many cells as go, are counted: what an exit's streams or a rate take is not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from . import calibrate_fit, calibrate_priors, calibrate_profile
from .calibrate_fit import Fit, Prior, Run
from .calibrate_law import Hot
from .calibrate_native import NativeRuns
from .calibrate_primitives import Primitives
from .calibrate_priors import NOTHING, Belief
from .calibrate_profile import Machine

KIND = "loom-load"
AS_A_RELAY = ("tls_records_written", "tls_bytes_written", "tls_aes256_bytes", "tls_aes128_bytes", "tls_chacha_bytes",
              "writes", "loop_turns", "loop_sleeps")  # fmt: skip
NO_SUCH_WORK = Belief(NOTHING, "derived", "loom-load does no such work, or it is in another number")
CELL = Belief(Prior(40.0, 60.0), "assumed", "a body of 509 bytes is copied, and the circuit whose turn it is found")
READ = Belief(Prior(350.0, 250.0), "assumed", "a call that takes a record's head, or throws its body away")
BYTE = Belief(Prior(0.01, 0.02), "assumed", "what is thrown away is not copied; its pages are given back")
ALWAYS_HOT = Hot(1, 1, (1, 1), (1, 1))


@dataclass(frozen=True)
class Generator:
    """Its prices."""

    beliefs: dict[str, Belief]
    fit: Fit
    runs: int

    @property
    def how(self) -> str:
        """Return in words what the prices were fitted to, and how well."""
        return (f"fitted to loom-load's own CPU time in {self.runs} runs (left out: median error"
                f" {self.fit.error_median:.1%}, worst {self.fit.error_worst:.1%})")  # fmt: skip

    def profile_text(self, machine: Machine, primitives: Primitives) -> str:
        """Return the profile."""
        named = dataclasses.replace(machine, name=machine.name.replace("loom", KIND, 1)[: calibrate_profile.NAME_MAX])
        comments = [
            "What the one thread of loom-load costs on this machine, in picoseconds a unit of work (`loom calibrate`):",
            f"{self.how}.",
            "For `loom predict --generator`: no relay.",
        ]
        wake = calibrate_profile.wake_delay_of(primitives)
        return calibrate_profile.text_of(named, self.fit.prices, self.beliefs, ALWAYS_HOT, self.how, comments, wake)


def beliefs(primitives: Primitives) -> dict[str, Belief]:
    """Return what is believed of each kind of work: records, writes and turns are as a relay's."""
    found = calibrate_priors.beliefs(primitives)
    known = {name: found[name] for name in AS_A_RELAY} | {"cells_sent": CELL, "reads": READ, "tls_bytes_read": BYTE}
    return {name: known.get(name, NO_SUCH_WORK) for name in found}


def runs_of(native: NativeRuns) -> list[Run]:
    """Return its work in each run that it counted."""
    runs = []
    for one in native.sound:
        counted = one.result.generator
        if counted is None:
            continue
        work = dict(counted.work) | {"cells_sent": counted.cells}
        work[f"tls_{one.result.load.cipher}_bytes"] = work["tls_bytes_written"]
        runs.append(Run(one.result.load.name, work, counted.cpu_ns / native.slowness(one), counted.cells))
    return runs


def fit(native: NativeRuns, primitives: Primitives, draws: int) -> Generator | None:
    """Return its prices; None when no run told what it did."""
    runs = runs_of(native)
    if not runs:
        return None
    found = beliefs(primitives)
    return Generator(found, calibrate_fit.fit(runs, calibrate_priors.priors(found), draws=draws), len(runs))


def errors(generator: Generator) -> Sequence[dict[str, object]]:
    """Return each run as predicted from those of other loads, for a file."""
    return [vars(one) | {"error": one.error} for one in generator.fit.left_out]
