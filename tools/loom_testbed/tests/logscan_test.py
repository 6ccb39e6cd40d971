"""Warnings that name a middle are found; the allow list explains whole messages only, each with a reason."""

from pathlib import Path

import pytest
from loom_testbed import logscan
from loom_testbed.errors import TestbedError
from loom_testbed.plan import Node

MIDDLE = Node("LoomMiddle1", "middle", "loom", Path("/nowhere"), or_port=12005, fingerprint="AB" * 20)
LOG = """\
Nov 21 02:37:41.453 [notice] Tor 0.4.9.11 opening log file, with LoomMiddle1.
Nov 21 02:37:41.453 [warn] {PROTOCOL} Bad cell from 127.0.0.1:12005
Nov 21 02:37:42.453 [warn] {PROTOCOL} Bad cell from 127.0.0.1:120055
Nov 21 02:37:43.453 [err] {PROTOCOL} relay $abababababababababababababababababababab is odd
Nov 21 02:37:44.453 [warn] {OR} LoomMiddle1 went away
"""


def peer(directory: Path) -> Node:
    (directory / "notice.log").write_text(LOG)
    return Node("Guard1", "guard", "tor", directory)


def test_only_warnings_that_name_the_middle_are_kept(tmp_path: Path) -> None:
    found = logscan.naming(logscan.warnings_of(peer(tmp_path)), [MIDDLE])
    assert [one.message.split("}")[0] for one in found] == ["{PROTOCOL", "{PROTOCOL", "{OR"]
    assert "12005" in found[0].message and found[1].level == "err"


def test_a_pattern_must_match_the_whole_message(tmp_path: Path) -> None:
    found = logscan.naming(logscan.warnings_of(peer(tmp_path)), [MIDDLE])
    allow_list = tmp_path / "allowed"
    allow_list.write_text("# comment\n\n\\{OR\\} \\w+ went away # it was told to\nBad cell # too short to match\n")
    left = logscan.unexplained(found, logscan.read_allow_list(allow_list))
    assert len(left) == 2


def test_what_is_said_of_a_tor_in_the_same_second_is_not_about_the_middle(tmp_path: Path) -> None:
    tor = Node("Guard2", "guard", "tor", Path("/nowhere"), or_port=12007)
    (tmp_path / "notice.log").write_text(
        "Nov 21 02:37:41.453 [warn] refused by 127.0.0.1:12005.\n"
        "Nov 21 02:37:41.499 [warn] refused by 127.0.0.1:12007.\n"
        "Nov 21 02:37:42.499 [warn] refused by 127.0.0.1:12005.\n"
        "Nov 21 02:37:42.500 [warn] forgotten by 127.0.0.1:12007.\n"
    )
    warnings = logscan.warnings_of(Node("Service1", "service", "tor", tmp_path))
    found = logscan.without_shared(warnings, logscan.naming(warnings, [MIDDLE]), [tor])
    assert [(one.second, one.message) for one in found] == [("Nov 21 02:37:42", "refused by 127.0.0.1:12005.")]


@pytest.mark.parametrize("line", ["pattern without reason", "pattern # ", "( # not a pattern"])
def test_a_bad_line_of_the_allow_list_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "allowed").write_text(f"\n{line}\n")
    with pytest.raises(TestbedError, match="allowed:2: "):
        logscan.read_allow_list(tmp_path / "allowed")


def test_the_committed_allow_list_is_right() -> None:
    logscan.read_allow_list()


def test_sanitizer_reports_are_seen(tmp_path: Path) -> None:
    (tmp_path / "stderr.log").write_text("fine\n==12==ERROR: AddressSanitizer: heap-use-after-free\nmore\n")
    assert len(logscan.sanitizer_lines(peer(tmp_path))) == 1
