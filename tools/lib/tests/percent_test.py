"""tools/lib/percent says how far something is, by what ninja and apt write."""

import subprocess
from pathlib import Path

PERCENT = Path(__file__).resolve().parents[1] / "percent"


def said(lines, pause=1.1):
    """Return what it says of lines that come a second apart."""
    process = subprocess.Popen([PERCENT, "building"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    script = "".join(f"printf '%s\\n' {line!r}; sleep {pause};" for line in lines)
    feeder = subprocess.Popen(["/bin/sh", "-c", script], stdout=process.stdin)
    process.stdin.close()
    feeder.wait()
    return process.stdout.read().splitlines()


def test_ninja_and_apt():
    assert said(["-- a line of cmake", "[51/100] a.c", "[52/100] b.c", "pmstatus:gcc:99.5:Unpacking"]) == [
        "building: 50 %", "building: 90 %",
    ]


def test_nothing_to_say():
    assert said(["ninja: no work to do."], pause=0) == []
    assert said(["[1/3] a.c", "[2/3] b.c", "[3/3] c.c"], pause=0) == []
