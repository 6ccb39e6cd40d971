"""Values of the command line, and what is said about wrong ones."""

import argparse
from pathlib import Path

import pytest
from loom_testbed import arguments, bench_cli, testbed_cli


@pytest.mark.parametrize(
    ("text", "value"), [("400MB", 400_000_000), ("1GB", 10**9), ("1.5kB", 1500), ("2MiB", 2 << 20), ("7", 7)]
)
def test_sizes(text: str, value: int) -> None:
    assert arguments.size(text) == value


@pytest.mark.parametrize("text", ["", "MB", "-1MB", "0", "4 apples"])
def test_wrong_sizes(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected"):
        arguments.size(text)


@pytest.mark.parametrize(
    "arguments_given",
    [
        ["--threads", "-1"],
        ["--clients", "0"],
        ["--upload", "2"],
        ["--middle", "x"],
        ["--middles", "1"],
        ["--nonsense"],
        ["--relays", "8"],
        ["--all-relays", "loom", "--relays", "2"],
        ["--all-relays", "loom", "--mix"],
        ["--all-relays", "loom", "--guards", "2"],
        ["--mix", "--exit", "loom"],
        ["--mix", "--clients", "8"],
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(
    arguments_given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        testbed_cli.parse(arguments_given)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("tools/testbed: ") and error.count("\n") == 1


def test_a_missing_relay_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_cli.main(["relay", "--loom", "/nowhere/loom-relay"]) == 1
    error = capsys.readouterr().err
    assert "/nowhere/loom-relay" in error and error.count("\n") == 1


def test_a_path_is_seen_from_where_it_was_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert arguments.path("build/loom-relay") == tmp_path / "build" / "loom-relay"
