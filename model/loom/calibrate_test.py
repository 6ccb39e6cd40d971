"""loom calibrate: what it says when it cannot begin, and that a profile it writes is one that the engine reads."""

import os
import subprocess
from pathlib import Path

import pytest
from loom_testbed import calibrate_priors, calibrate_profile
from loom_testbed.calibrate_fit import Price
from loom_testbed.calibrate_law import Hot
from loom_testbed.calibrate_primitives import Primitives

PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom"
FACTS = {"cpu": 'Some "Quoted" CPU 9 @ 2 GHz', "cores": 4, "threads_per_core": 2, "kernel": "6.1",
         "openssl": "OpenSSL 3", "is_virtual": True}  # fmt: skip


def loom(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--quik"], 2, "loom calibrate: unrecognized arguments: --quik"),
        (["--seconds", "3"], 2, "expected a whole number from 30 to 36000"),
        (["--loom", "/nowhere/loom-relay"], 1, "loom calibrate: --loom /nowhere/loom-relay: no such program"),
    ],
)
def test_mistakes_are_one_line(words: list[str], status: int, said: str) -> None:
    done = loom("calibrate", *words)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_profile_that_is_written_is_read(tmp_path: Path) -> None:
    beliefs = calibrate_priors.beliefs(Primitives(()))  # no piece could be measured: all is assumed
    prices = {name: Price(one.prior.price, 0.0, 2 * one.prior.price, True) for name, one in beliefs.items()}
    text = calibrate_profile.text_of(
        calibrate_profile.machine_of(FACTS, ""), prices, beliefs, Hot(2000, 250, (500, 4000), (60, 1000)), "made up",
        ["A comment: with a colon."]
    )  # fmt: skip
    profile = tmp_path / "profile.yaml"
    calibrate_profile.write(profile, text)
    done = loom("predict", "--profile", profile, "--links", "2", "--circuits", "1", "--seconds", "1", "--json")
    assert done.stderr == ""
    assert '"calibrated": true' in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["profile.yaml"]


def test_a_profile_with_a_mistake_is_refused(tmp_path: Path) -> None:
    profile = tmp_path / "profile.yaml"
    profile.write_text("profile: x\n")
    done = loom("predict", "--profile", profile, "--seconds", "1")
    assert done.returncode != 0
    assert "profile.yaml" in done.stderr
