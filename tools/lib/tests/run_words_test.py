"""tools/run as people type it; what it does when all is well is in tests/sim/tools_run_test.py."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ROOT / "tools"


def run(*words, cwd=ROOT):
    return subprocess.run([TOOLS / "run", *words], capture_output=True, text=True, cwd=cwd)


def test_help_says_every_form():
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for form in ("tools/run  ", "tools/run SCENARIO", "tools/run relay", "LOOM_TRANSFER="):
        assert form in done.stdout


@pytest.mark.parametrize("words", [("--what",), ("scenarios/first.yaml", "more")])
def test_usage(words):
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "tools/run SCENARIO" in done.stderr


def test_a_scenario_that_is_not_there_is_said_before_anything_is_installed(tmp_path):
    done = run("gone.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "tools/run: gone.yaml: no such scenario\n")


def test_the_readme_opens_with_both_commands():
    title, _, rest = (ROOT / "README.md").read_text().partition("\n\n")
    block = rest.partition("\n\n")[0]
    assert title == "# Loom"
    assert re.findall(r"^    (tools/\w+) ", block, re.MULTILINE) == ["tools/run", "tools/test"]
    for script in ("run", "test"):
        assert (TOOLS / script).stat().st_mode & 0o111
    assert (ROOT / "scenarios/first.yaml").exists()
