"""shadow - experiments in Shadow: its program, its configuration, and what the processes of a run said.

Shadow is installed from its own sources (https://shadow.github.io/docs/guide/install_shadow.html) and found by the
environment variable LOOM_SHADOW, else on the PATH. A run of it is deterministic: the same experiment, seed and
paths leave the same output.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .errors import TestbedError

VARIABLE = "LOOM_SHADOW"
RUN_SECONDS_MAX = 1800.0
LOG_TAIL_LINES = 12


def find() -> Path | None:
    """Return Shadow's program, or None where it is not installed."""
    named = os.environ.get(VARIABLE)
    found = named if named and Path(named).is_file() else shutil.which("shadow")
    return Path(found).resolve() if found and _is_shadow(found) else None


def _is_shadow(program: str) -> bool:
    """Tell the simulator from a program of the same name (Debian has none today)."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.startswith("Shadow 3.")


@dataclass(frozen=True)
class Process:
    """A program on a host. Times are virtual seconds; stays says that it still runs when the experiment stops."""

    path: Path
    arguments: Sequence[str] = ()
    start: float = 1.0
    stays: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    stop: float | None = None  # a signal then, SIGTERM

    def as_dict(self) -> dict[str, object]:
        """Return what Shadow reads."""
        words: dict[str, object] = {
            "path": str(self.path),
            "args": list(self.arguments),
            "start_time": f"{round(self.start * 1000)} ms",
            "expected_final_state": "running" if self.stays else {"exited": 0},
        }
        if self.environment:
            words["environment"] = dict(self.environment)
        if self.stop is not None:
            words["shutdown_time"] = f"{round(self.stop * 1000)} ms"
        return words


@dataclass(frozen=True)
class Experiment:
    """Hosts by name, each with its processes, all of them at one place of the network."""

    hosts: Mapping[str, Sequence[Process]]
    seconds: float
    seed: int = 1
    latency_ms: float = 5.0
    line_mbit: int = 10000

    def text(self) -> str:
        """Return the configuration: JSON is YAML."""
        graph = "\n".join([
            "graph [", "directed 0",
            "node [", "id 0", f'host_bandwidth_down "{self.line_mbit} Mbit"',
            f'host_bandwidth_up "{self.line_mbit} Mbit"', "]",
            "edge [", "source 0", "target 0", f'latency "{round(self.latency_ms * 1000)} us"', "packet_loss 0.0", "]",
            "]", "",
        ])  # fmt: skip
        whole = {
            "general": {
                "stop_time": f"{round(self.seconds * 1000)} ms",
                "seed": self.seed,
                "progress": False,
                "heartbeat_interval": None,
                "data_directory": "shadow.data",
                "parallelism": 1,
            },
            "network": {"graph": {"type": "gml", "inline": graph}},
            "hosts": {
                name: {"network_node_id": 0, "processes": [process.as_dict() for process in processes]}
                for name, processes in self.hosts.items()
            },
        }
        return json.dumps(whole, indent=1) + "\n"


@dataclass(frozen=True)
class Output:
    """What a run has left."""

    directory: Path

    def all_said(self, host: str, program: str, stream: str = "stdout") -> list[str]:
        """Return what each process of that name wrote, in the order in which they started."""
        paths = (self.directory / "shadow.data" / "hosts" / host).glob(f"{program}.*.{stream}")
        return [path.read_text() for path in sorted(paths, key=lambda path: int(path.name.split(".")[1]))]

    def said(self, host: str, program: str, stream: str = "stdout") -> str:
        """Return what the one process of that name wrote."""
        (text,) = self.all_said(host, program, stream)
        return text


def run(experiment: Experiment, directory: Path, seconds_max: float = RUN_SECONDS_MAX) -> Output:
    """Run it in directory, which must not have had one. Raise TestbedError with Shadow's last lines when it fails."""
    program = find()
    if program is None:
        raise TestbedError(f"Shadow is not installed: expected it on the PATH or in {VARIABLE}")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "shadow.yaml").write_text(experiment.text())
    log = directory / "shadow.log"
    with log.open("w") as out:
        done = subprocess.run([str(program), "shadow.yaml"], cwd=directory, stdout=out, stderr=subprocess.STDOUT,
                              timeout=seconds_max, check=False)  # fmt: skip
    if done.returncode != 0:
        lines = "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
        raise TestbedError(f"Shadow ended with status {done.returncode}; its last lines:\n{lines}")
    return Output(directory)
