"""The files of the project that the checks look at."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked(root: Path, *patterns: str) -> list[Path]:
    """List the files under root that git tracks and that exist, as paths relative to root."""
    command = ["git", "-C", root, "ls-files", "-z", "--", *patterns]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names = [Path(name) for name in out.split("\0") if name]
    return sorted(name for name in names if (root / name).is_file())


def found(root: Path, *patterns: str) -> list[Path]:
    """List the files under root that match, whether tracked or not: for trees that a test made."""
    return sorted({path.relative_to(root) for pattern in patterns for path in root.rglob(pattern) if path.is_file()})


def sources(root: Path, *patterns: str) -> list[Path]:
    """List files of a checkout by what git tracks, and of any other tree by what is there."""
    return tracked(root, *patterns) if (root / ".git").exists() else found(root, *patterns)
