"""cluster - a Slurm of one node on loopback: its own folder, key, ports and processes, which end with their maker."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "sinfo")
NODE = "loomnode"
UP_SECONDS_MAX = 120.0
CONF = """\
ClusterName=loom
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=10000
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
MaxArraySize=2001
NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes={node} Default=YES MaxTime=INFINITE State=UP
"""


def lacks() -> list[str]:
    """Return the programs that are not here; daemons of Debian are in sbin."""
    return [name for name in PROGRAMS if _find(name) is None]


def _find(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _free_ports(n: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    """Starts on entering; ends what it started, and nothing else, on leaving."""

    def __init__(self, folder: Path, cpus: int = 2) -> None:
        self.folder = folder
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        self._cpus = cpus
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Cluster:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def _start(self) -> None:
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        os.chmod(self.folder, 0o755)  # or munged takes it to be unsafe
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        control_port, node_port = _free_ports(2)
        user = os.environ.get("USER") or ("root" if os.getuid() == 0 else str(os.getuid()))
        text = CONF.format(
            folder=self.folder, node=NODE, host=socket.gethostname(), user=user, control_port=control_port,
            node_port=node_port, cpus=self._cpus)  # fmt: skip
        (self.folder / "slurm.conf").write_text(text)
        munge = {"key-file": key, "socket": self.folder / "munge.socket", "pid-file": self.folder / "munge.pid",
                 "log-file": self.folder / "munge.log", "seed-file": self.folder / "munge.seed"}  # fmt: skip
        self._daemon("munged", "--foreground", "--force", *(f"--{name}={value}" for name, value in munge.items()))
        self._wait_for("munge.socket", lambda: (self.folder / "munge.socket").exists())
        self._daemon("slurmctld", "-D", "-c", "-f", str(self.folder / "slurm.conf"))
        self._daemon("slurmd", "-D", "-N", NODE, "-f", str(self.folder / "slurm.conf"))
        self._wait_for("an idle node", lambda: "idle" in self.call("sinfo", "--noheader", "--format=%T").stdout)

    def _daemon(self, name: str, *words: str) -> None:
        program = _find(name)
        assert program is not None
        with (self.folder / f"{name}.out").open("wb") as out:
            command = ["setpriv", "--pdeathsig", "KILL", "--", program, *words]
            self._processes.append(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder,
                                 env=self.environment))  # fmt: skip

    def _wait_for(self, what: str, is_so) -> None:
        deadline = time.monotonic() + UP_SECONDS_MAX
        while not is_so():
            for process in self._processes:
                if process.poll() is not None:
                    raise RuntimeError(f"{process.args} ended: {self.words()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"no {what} in {UP_SECONDS_MAX} s: {self.words()}")
            time.sleep(0.1)

    def words(self) -> str:
        """Return the end of what its daemons said."""
        logs = sorted([*self.folder.glob("*.out"), *self.folder.glob("*.log")])
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in logs)

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, capture_output=True, text=True, check=False, env=self.environment)
