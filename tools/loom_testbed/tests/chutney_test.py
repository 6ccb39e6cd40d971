"""What is put into chutney's networks; and what is no chutney."""

from pathlib import Path

import pytest
from loom_testbed import chutney

THEIRS = """\
Authority = Node(tag="a", authority=1, relay=1, torrc="authority.tmpl")
Relay = Node(tag="r", relay=1, exit=1, torrc="relay.tmpl")
Client = Node(tag="c", client=1, torrc="client.tmpl")
"""


def make_checkout(directory: Path) -> Path:
    for name, text in {
        "tools/test-network.sh": "",
        "networks/basic": THEIRS,
        "torrc_templates/x": "",
        "net/x": "",
    }.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


def test_relays_that_are_no_authorities_run_loom() -> None:
    made: list[dict[str, object]] = []
    exec(chutney.substitute(THEIRS, Path("/x/loom-relay"), 2), {"Node": lambda **options: made.append(options)})
    authority, relay, client = made
    assert "tor" not in authority and "tor" not in client
    assert relay["launch_phase"] == 2 and relay["tor"] == "/x/loom-relay" and relay["exit"] == 1
    assert relay["torrc"] == chutney.TEMPLATE_NAME


def test_a_copy_is_changed_and_not_the_checkout(tmp_path: Path) -> None:
    checkout, copy = make_checkout(tmp_path / "chutney"), tmp_path / "copy"
    chutney.prepare(checkout, copy, "basic", Path("/x/loom-relay"))
    assert (copy / "networks" / "loom-basic").read_text().endswith(THEIRS)
    assert (copy / "torrc_templates" / chutney.TEMPLATE_NAME).exists()
    assert not (copy / "net").exists()
    assert sorted(path.name for path in (checkout / "networks").iterdir()) == ["basic"]


def test_what_is_no_checkout_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert chutney.main([str(tmp_path), "--loom", "/bin/sh"]) == 1
    error = capsys.readouterr().err
    assert "expected a checkout of chutney" in error and error.count("\n") == 1
