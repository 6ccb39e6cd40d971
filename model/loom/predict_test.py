"""loom predict as people run it: tables, JSON, bills, and mistakes in one line."""

import json
import os
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(os.environ["LOOM_BUILD_DIR"]) / "loom"
SMALL = ("--profile", "loom-xeon", "--links", "4", "--circuits", "16", "--seconds", "0.02")


def predict(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, "predict", *words], capture_output=True, text=True, check=False)


def answer(*words: str) -> dict:
    done = predict(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_row_for_each_number_of_threads_and_the_same_each_time() -> None:
    one = answer(*SMALL, "--threads", "0,1..2")
    assert one == answer(*SMALL, "--threads", "0..2")
    assert [row["threads"] for row in one["rows"]] == [0, 1, 2]
    assert one["calibrated"] is False
    for row in one["rows"]:
        assert row["mapping"] == "full"
        assert row["mbit"] == pytest.approx(row["cells_per_s"] * 514 * 8 / 1e6)
        assert len(row["utilisation"]["connection"]) == row["threads"]
        assert row["work_per_cell"]["cells_sent"] == pytest.approx(1, abs=0.1)
        assert row["delay_us"] is None
    saturated = one["rows"][0]
    assert saturated["utilisation"]["main"] == pytest.approx(1, abs=0.05)
    assert saturated["cells_per_s"] * saturated["cpu_ns_per_cell"] == pytest.approx(1e9, rel=0.05)


def test_links_have_the_cipher_that_the_relay_of_the_profile_chooses() -> None:
    ciphers = {name: answer("--profile", name, *SMALL[2:])["load"]["cipher"]
               for name in ("loom-xeon", "loom-pi-64", "tor-0.4.9-pi-64")}  # fmt: skip
    assert len({ciphers["loom-xeon"], ciphers["loom-pi-64"]}) == 2
    assert ciphers["tor-0.4.9-pi-64"] == ciphers["loom-xeon"]
    assert answer("--profile", "loom-pi-64", *SMALL[2:], "--cipher", "aes256")["load"]["cipher"] == ciphers["loom-xeon"]
    work = answer("--profile", "loom-pi-64", *SMALL[2:])["rows"][0]["work_per_cell"]
    assert work["tls_chacha_bytes"] > 1000
    assert work.get("tls_aes256_bytes", 0) == 0


def test_more_cores_take_the_interrupts() -> None:
    pi = ("--profile", "loom-pi-64", *SMALL[2:], "--threads", "4", "--placement", "pinned")
    one, four = (answer(*pi, "--softirq-queues", queues)["rows"][0]["cells_per_s"] for queues in ("1", "4"))
    assert four > one
    done = predict(*pi, "--softirq-queues", "5")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "loom-pi-64: softirq-queues: expected at most the 4 logical cores, found 5"]
    assert "floating or pinned" in predict(*pi, "--placement", "nailed").stderr


def test_the_stages_of_a_bill_sum_to_the_cost() -> None:
    for profile in ("loom-xeon", "tor-0.4.9-xeon"):
        row = answer("--profile", profile, *SMALL[2:])["rows"][0]
        assert sum(row["bill"].values()) == pytest.approx(row["cpu_ns_per_cell"], rel=1e-6)
        assert row["bill"]["cipher"] > 0


def test_the_bill_of_all_profiles_is_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "bill.svg"
    done = predict("--bill", "--picture", str(picture), *SMALL[2:])
    assert done.returncode == 0, done.stderr
    assert "record seal" in done.stdout
    assert "uncalibrated" in done.stdout
    assert picture.read_text().lstrip().startswith("<?xml")
    assert [path.name for path in tmp_path.iterdir()] == ["bill.svg"]


def test_at_a_rate_delays_grow_with_the_load() -> None:
    low, high = (answer(*SMALL, "--seconds", "0.2", "--rate", str(rate))["rows"][0] for rate in (100_000, 800_000))
    assert low["cells_per_s"] == pytest.approx(100_000, rel=0.1)
    assert 0 < low["delay_us"]["p50"] < low["delay_us"]["p99"]
    assert low["delay_us"]["p50"] < high["delay_us"]["p50"]
    assert low["delay_us"]["cells_left_out"] == 0


def test_a_generator_with_prices_can_be_the_bottleneck() -> None:
    free, slow = (answer(*SMALL, *more) for more in ((), ("--generator", "tor-0.4.9-pi-32")))
    assert free["load"]["generator"] is None
    assert slow["load"]["generator"] == "tor-0.4.9-pi-32"
    assert slow["rows"][0]["cells_per_s"] < 0.5 * free["rows"][0]["cells_per_s"]
    assert slow["rows"][0]["utilisation"]["main"] < 0.6


def test_drawn_prices_give_an_interval_around_the_value() -> None:
    row = answer(*SMALL, "--draws", "9")["rows"][0]
    for name in ("cells_per_s", "mbit", "cpu_ns_per_cell"):
        low, high = row["interval"][name]
        assert low < row[name] < high
    assert row == answer(*SMALL, "--draws", "9")["rows"][0]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--threads", "1"), 2, "expected --profile"),
        (("--profile", "nobody"), 1, "nobody: expected a profile's file"),
        ((*SMALL, "--links", "3"), 2, '--links: expected an even number, half lead in and half out, found "3"'),
        ((*SMALL, "--threads", "8..2"), 2, '--threads: expected numbers up to 64 as 0,1,2 or 0..8, found "8..2"'),
        ((*SMALL, "--role", "exit", "--rate", "9"), 2, '--rate: expected 0 for an exit, found "9"'),
        ((*SMALL, "--role", "exit", "--generator", "loom-xeon"), 2, "--generator: expected none for an exit"),
        ((*SMALL, "--generator", "nobody"), 1, "nobody: expected a profile's file"),
        ((*SMALL, "--mapping", "half"), 2, '--mapping: expected full, poc or vanilla, found "half"'),
        ((*SMALL, "--mapping", "vanilla", "--threads", "1"), 1, "threads: expected 0 with the mapping vanilla"),
        ((*SMALL, "--picture", "bill.doc"), 2, "--picture: expected a file name that ends in .svg or .png"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(words: tuple[str, ...], status: int, said: str) -> None:
    done = predict(*words)
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
