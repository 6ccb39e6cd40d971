"""What a sweep varies, and what it is called."""

import pytest
from loom_sweep.errors import SweepError
from loom_sweep.settings import read_seeds, read_settings


def test_every_value_with_every_other() -> None:
    settings = read_settings(["rollout.fraction=0,1", "arms[0].threads=2,4"])
    assert [setting.changes for setting in settings] == [
        ["rollout.fraction=0", "arms[0].threads=2"], ["rollout.fraction=0", "arms[0].threads=4"],
        ["rollout.fraction=1", "arms[0].threads=2"], ["rollout.fraction=1", "arms[0].threads=4"],
    ]  # fmt: skip
    assert settings[0].name == "rollout.fraction=0,arms[0].threads=2"
    assert settings[0].words == ["--set", "rollout.fraction=0", "--set", "arms[0].threads=2"]


def test_nothing_to_vary() -> None:
    (setting,) = read_settings([])
    assert (setting.name, setting.words) == ("as-written", [])


def test_names_are_folders() -> None:
    names = [setting.name for setting in read_settings(["network.relays=../a/b.txt,_a_b.txt,.._a_b.txt"])]
    assert len(set(names)) == 3
    assert not any("/" in name or name.startswith(".") for name in names)


def test_a_long_name() -> None:
    values = ",".join("x" * 300 + str(i) for i in range(3))
    names = [setting.name for setting in read_settings([f"about={values}"])]
    assert len(set(names)) == 3 and max(map(len, names)) < 200


@pytest.mark.parametrize(("text", "seeds"), [("7", range(7, 8)), ("1..10", range(1, 11)), ("0..0", range(1))])
def test_seeds(text: str, seeds: range) -> None:
    assert read_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "x", "1..", "..3", "3..1", "1...3", "1..2000", "-1..2", "99999999999"])
def test_no_seeds(text: str) -> None:
    with pytest.raises(SweepError, match="--seeds: expected"):
        read_seeds(text)


@pytest.mark.parametrize("words", [["x"], ["=1"], ["x="], ["x=1,"], ["x=1,1"], ["x=1", "x=2"]])
def test_no_settings(words: list[str]) -> None:
    with pytest.raises(SweepError, match="--set: expected"):
        read_settings(words)


def test_too_many() -> None:
    many = ",".join(map(str, range(40)))
    with pytest.raises(SweepError, match="at most 1000 combinations"):
        read_settings([f"a={many}", f"b={many}"])
