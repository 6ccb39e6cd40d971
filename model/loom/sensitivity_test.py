"""loom predict --sensitivity: each number at its ends, ranked; a number that nothing depends on is not there."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOOM = Path(os.environ.get("LOOM", ROOT / "build" / "dev" / "loom"))
SHORT = ["--links", "4", "--circuits", "16", "--warmup", "0.02", "--seconds", "0.05"]
KEPT = ("aes_bytes", "reads", "xons_sent")


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """A profile of which three numbers alone have an interval."""

    def narrow(match):
        value = match["value"]
        return match[0] if match["name"] in KEPT else f"{match['head']}{value}, least: {value}, most: {value},"

    text = (ROOT / "model/cost/profiles/loom-xeon.yaml").read_text()
    entry = re.compile(r"(?P<head>(?P<name>\w+): \{\w+: )(?P<value>\d+), least: \d+, most: \d+,")
    path = tmp_path_factory.mktemp("sensitivity") / "narrow.yaml"
    path.write_text(entry.sub(narrow, text))
    return str(path)


def predict(*words):
    done = subprocess.run([LOOM, "predict", *SHORT, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_numbers_with_an_interval_and_work_are_ranked(profile):
    found = json.loads(predict("--profile", profile, "--sensitivity", "--json"))
    assert {one["name"] for one in found["numbers"]} == {"aes_bytes", "reads"}  # nobody was told to go on
    weights = [one["weight"] for one in found["numbers"]]
    assert weights == sorted(weights, reverse=True)
    (base,) = (one["cells_per_s"] for one in found["variants"])
    aes = next(one["cells_per_s"] for one in found["numbers"] if one["name"] == "aes_bytes")
    assert aes["least"][0] > base > aes["most"][0]


def test_the_ends_are_those_of_a_profile_with_that_price(profile, tmp_path):
    """What is said of a number is what a prediction says when the profile has its end as the value."""
    found = json.loads(predict("--profile", profile, "--sensitivity", "--json"))
    aes = next(one for one in found["numbers"] if one["name"] == "aes_bytes")
    moved = tmp_path / "moved.yaml"
    moved.write_text(re.sub(r"(aes_bytes: \{ps: )\d+, least: (\d+)", r"\g<1>\2, least: \2", Path(profile).read_text()))
    row = json.loads(predict("--profile", str(moved), "--json"))["rows"][0]
    assert row["cells_per_s"] == pytest.approx(aes["cells_per_s"]["least"][0], rel=1e-6)


def test_two_variants_have_a_ratio(profile):
    found = json.loads(predict("--profile", profile, "--threads", "0,1", "--sensitivity", "--json"))
    first, last = (one["cells_per_s"] for one in found["variants"])
    assert found["ratio"] == pytest.approx(last / first)
    assert all(len(one["cells_per_s"]["least"]) == 2 for one in found["numbers"])


def test_the_table_says_the_same_in_words(profile):
    text = predict("--profile", profile, "--sensitivity")
    assert "uncalibrated" in text
    assert re.search(r"^aes_bytes +relay cipher", text, re.MULTILINE)
