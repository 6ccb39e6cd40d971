"""cross_root - the libraries of another machine, from Debian's packages, unpacked below build/cross.

apt is given directories of its own, and thinks of a machine of the other architecture on which nothing is installed.
What it fetches is unpacked, never installed: this machine's dpkg does not learn of it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .errors import TestbedError
from .progress import Progress
from .rundir import REPOSITORY

PACKAGES = REPOSITORY / "tools" / "packages-cross.txt"
CROSS = REPOSITORY / "build" / "cross"
SYSTEM_SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
FETCH_SECONDS_MAX = 900
NOTED = ("libssl3", "libc6", "libevent-2.1-7", "tor")  # whose versions a result depends on


@dataclass(frozen=True)
class Arch:
    """A machine that programs are built for, by the name of its preset."""

    name: str
    debian: str
    compiler: str
    qemu: str
    cpu: str  # of qemu's, the nearest to a Cortex-A53 without instructions for ciphers

    @property
    def directory(self) -> Path:
        """Return where its root and apt's files are."""
        return CROSS / self.name

    @property
    def root(self) -> Path:
        """Return where its packages are unpacked."""
        return self.directory / "root"


ARCHES = {
    "aarch64": Arch("aarch64", "arm64", "aarch64-linux-gnu-gcc", "qemu-aarch64", "cortex-a53"),
    "armhf": Arch("armhf", "armhf", "arm-linux-gnueabihf-gcc", "qemu-arm", "cortex-a7"),
}


def packages(kind: str) -> list[str]:
    """Return the packages of a kind: host or target."""
    words = [line.split() for line in PACKAGES.read_text().splitlines() if line and not line.startswith("#")]
    return [name for one, name in words if one == kind]


def missing_tools(arch: Arch) -> list[str]:
    """Return the programs that are not here."""
    return [name for name in (arch.compiler, arch.qemu, "apt-get", "dpkg-deb") if shutil.which(name) is None]


def require_tools(arch: Arch) -> None:
    """Raise when a program is not here, and say how to get it."""
    if missing := missing_tools(arch):
        raise TestbedError(f"{arch.name}: no {', no '.join(missing)}; apt-get install {' '.join(packages('host'))}")


def make(arch: Arch, progress: Progress) -> dict[str, str]:
    """Fetch and unpack what is not there yet; return the versions of the packages that matter."""
    wanted = " ".join(packages("target"))
    stamp = arch.directory / "unpacked"
    if not stamp.is_file() or stamp.read_text() != wanted:
        progress.line(f"{arch.name}: fetching libraries")
        _fetch(arch)
        progress.line(f"{arch.name}: unpacking them")
        shutil.rmtree(arch.root, ignore_errors=True)
        for package in _fetched(arch):
            subprocess.run(["dpkg-deb", "-x", str(package), str(arch.root)], check=True)
        make_links_relative(arch.root)
        stamp.write_text(wanted)
    return versions(path.name for path in _fetched(arch))


def versions(file_names: object) -> dict[str, str]:
    """Return the versions of those that matter, from the names of package files: tor_0.4.9.11-0+deb12u1_arm64.deb."""
    found = (re.fullmatch(r"(.+)_(.+)_.+\.deb", name) for name in file_names)
    split = {one[1]: one[2].replace("%3a", ":") for one in found if one}
    return {name: split[name] for name in NOTED if name in split}


def make_links_relative(root: Path) -> None:
    """Let links to /lib/... lead to what is below root, not to this machine's."""
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = Path(folder) / name
            if path.is_symlink() and os.readlink(path).startswith("/"):
                target = root / os.readlink(path).lstrip("/")
                path.unlink()
                path.symlink_to(os.path.relpath(target, path.parent))


def _fetched(arch: Arch) -> list[Path]:
    return sorted((arch.directory / "cache" / "archives").glob("*.deb"))


def _fetch(arch: Arch) -> None:
    for part in ("state/lists/partial", "cache/archives/partial", "log", "sources"):
        (arch.directory / part).mkdir(parents=True, exist_ok=True)
    (arch.directory / "status").write_text("")
    _copy_sources(arch)
    config = arch.directory / "apt.conf"
    config.write_text(apt_configuration(arch))
    environment = dict(os.environ, APT_CONFIG=str(config), LC_ALL="C")
    _apt(["update", "-qq"], environment, is_strict=False)  # a list that is missing matters only if a package is
    _apt(["install", "-qq", "-y", "--download-only", *packages("target")], environment, is_strict=True)


def apt_configuration(arch: Arch) -> str:
    """Return what makes apt work in our directory alone."""
    place = arch.directory
    return (
        f'Dir::State "{place}/state"; Dir::State::status "{place}/status";\n'
        f'Dir::Cache "{place}/cache"; Dir::Log "{place}/log";\n'
        f'Dir::Etc::sourcelist "{place}/sources/sources.list"; Dir::Etc::sourceparts "{place}/sources";\n'
        'Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";\n'
        f'APT::Architecture "{arch.debian}"; APT::Architectures {{"{arch.debian}";}};\n'
        'APT::Install-Recommends "false"; Debug::NoLocking "true"; Acquire::Languages "none";\n'
        'APT::Sandbox::User ""; Acquire::CompressionTypes::Order:: "gz";\n'
    )


def _copy_sources(arch: Arch) -> None:
    """Take this machine's sources of Debian, and no others: they need not have the other architecture."""
    for place in SYSTEM_SOURCES:
        for source in sorted(place.iterdir()) if place.is_dir() else [place]:
            text = source.read_text() if source.is_file() else ""
            if "debian.org" in text:
                (arch.directory / "sources" / source.name).write_text(text)


def _apt(arguments: list[str], environment: dict[str, str], is_strict: bool) -> None:
    try:
        done = subprocess.run(["apt-get", *arguments], env=environment, capture_output=True, text=True,
                              timeout=FETCH_SECONDS_MAX, check=False)  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise TestbedError(f"apt-get {arguments[0]}: not done after {FETCH_SECONDS_MAX} s") from error
    if is_strict and done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise TestbedError(f"apt-get {arguments[0]}: {lines[-1]}")
