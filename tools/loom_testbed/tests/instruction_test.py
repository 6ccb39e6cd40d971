"""Counted instructions, the units that are fitted to them, and the profiles that come of both."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from loom_testbed import (
    cross_root,
    instruction_counts,
    instruction_fit,
    instruction_pieces,
    instruction_prices,
    instruction_pricing,
    pi_anchors,
)
from loom_testbed.cross_root import ARCHES
from loom_testbed.errors import TestbedError
from loom_testbed.instruction_counts import HEADER, INTEGER, MAGIC, MOVES, RECORD, VECTOR
from loom_testbed.instruction_fit import CRYPTO_REST, CRYPTO_VECTOR, OWN, TorUnits
from loom_testbed.instruction_runs import LOOM, TOR, Observation
from loom_testbed.pi_anchors import Anchor

MAPS = """\
1000-2000 r-xp 00000000 fe:00 1 /root/usr/lib/libcrypto.so.3
3000-4000 r-xp 00000000 fe:00 2 /build/aarch64/loom-relay
"""


def write_counts(path: Path, records: list[tuple[int, int, int, int, int]], magic: int = MAGIC) -> Path:
    unused = RECORD.pack(0x1000, 1, 0, 0, 1000)  # lies in the file, but is not counted yet
    path.write_bytes(HEADER.pack(magic, len(records)) + b"".join(RECORD.pack(*one) for one in records) + unused)
    return path


def test_counts_are_of_a_library_and_a_kind(tmp_path: Path) -> None:
    counts = write_counts(
        tmp_path / "counts",
        [
            (0x1100, 10, 9, 0, 5),
            (0x1200, 10, 0, 1, 7),
            (0x3000, 4, 0, 4, 2),
            (0x1100, 10, 9, 0, 1),
            (0x9000, 1, 0, 0, 3),
        ],
    )
    assert instruction_counts.read(counts, MAPS) == {
        ("crypto", VECTOR): 60,
        ("crypto", INTEGER): 70,
        ("loom-relay", MOVES): 8,
        ("other", INTEGER): 3,
    }


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TestbedError, match="not of count_blocks"):
        instruction_counts.read(write_counts(tmp_path / "counts", [], magic=1), MAPS)


def test_a_difference_leaves_out_what_did_not_run() -> None:
    before, after = Counter({("c", MOVES): 5, ("c", INTEGER): 2}), Counter({("c", MOVES): 9, ("c", INTEGER): 2})
    assert instruction_counts.difference(after, before) == {("c", MOVES): 4}


def run_of(work: dict[str, int], cipher_cost: float) -> Observation:
    """Return what a relay would have run whose cell takes 300 and whose record 2000 and 500 instructions."""
    records = work["tls_records_read"] + work["tls_records_written"]
    cipher = "tls_chacha_bytes" if "tls_chacha_bytes" in work else "tls_aes256_bytes"
    vector = round(20 * work["aes_bytes"] + cipher_cost * work[cipher])
    rest = 10 * work["aes_bytes"] + 2000 * records
    own = 150 * (work["cells_received"] + work["cells_sent"]) + 500 * records
    counts = Counter({("crypto", VECTOR): vector, ("crypto", INTEGER): rest, ("loom-relay", INTEGER): own})
    return Observation("a run", work["cells_received"], counts, work)


def runs() -> list[Observation]:
    found = []
    for cipher, cost in (("tls_chacha_bytes", 10.0), ("tls_aes256_bytes", 27.0)):
        for record_cells in (1, 8, 31):
            for ways in (1, 2):  # an exit has one link under each cell
                cells = 31 * 8 * 100
                records = cells // record_cells
                found.append(run_of({
                    "cells_received": cells, "cells_sent": cells if ways == 2 else 0, "aes_bytes": 509 * cells,
                    cipher: ways * 514 * cells, "tls_records_read": records,
                    "tls_records_written": records if ways == 2 else 0,
                }, cost))  # fmt: skip
    return found


def test_units_are_found_again() -> None:
    units = instruction_fit.fit(runs())
    assert units.of(CRYPTO_VECTOR, "aes_bytes") == pytest.approx(20, rel=0.01)
    assert units.of(CRYPTO_REST, "aes_bytes") == pytest.approx(10, rel=0.01)
    assert units.of(CRYPTO_VECTOR, "tls_chacha_bytes") == pytest.approx(10, rel=0.02)
    assert units.of(CRYPTO_VECTOR, "tls_aes256_bytes") == pytest.approx(27, rel=0.02)
    assert units.of(OWN, "cells_sent") == pytest.approx(150, rel=0.02)
    assert units.of(CRYPTO_REST, "tls_records_read") == pytest.approx(2000, rel=0.02)
    assert units.of(OWN, "tls_records_written") == pytest.approx(500, rel=0.05)
    assert max(units.worst.values()) < 0.001


def pieces() -> dict[str, dict[str, float]]:
    """Return pieces of a cipher of 17 instructions a byte in bulk, 20 in a cell; GHASH 9, ChaCha 10; SHA-1 14."""
    cell = 20.0 * 509
    found = {
        instruction_pieces.AES_BULK: {"crypto vector": 17.0 * 16384, "loom-primitives integer": 50.0},
        instruction_pieces.AES_RUN: {"crypto vector": cell},
        instruction_pieces.AES_CELL: {"crypto vector": cell},
        instruction_pieces.ORIGINATE: {"crypto vector": cell, "crypto integer": 16.0 * 509, "c moves": 100.0},
        instruction_pieces.SHA1_LONG: {"crypto integer": 14.0 * 576},
        instruction_pieces.SHA1_SHORT: {"crypto integer": 14.0 * 128},
    }
    for cipher, of_byte in (("aes256", 32.0), ("aes128", 26.0), ("chacha", 10.0)):
        for cells in (1, 31):
            record = {"crypto vector": 2 * of_byte * 514 * cells, "crypto integer": 6000.0}
            found[instruction_pieces.record_label(cipher, cells)] = record
    return found


def test_pieces_say_what_units_take() -> None:
    known = instruction_pieces.known(pieces())
    sums = {name: sum(groups.values()) for name, groups in known.per_unit.items()}
    assert sums == pytest.approx({
        "aes_bytes": 20, "digest_bytes": 16, "tls_aes256_bytes": 32, "tls_aes128_bytes": 26, "tls_chacha_bytes": 10,
    })  # fmt: skip
    assert known.per_unit["tls_chacha_bytes"][VECTOR] == pytest.approx(10)
    assert known.bulk == pytest.approx({"aes": 17, "digest": 14})


def test_what_pieces_say_is_not_fitted() -> None:
    units = instruction_fit.fit(runs(), instruction_pieces.known(pieces()))
    assert units.of(CRYPTO_VECTOR, "aes_bytes") == pytest.approx(20)
    assert units.of(CRYPTO_VECTOR, "tls_aes256_bytes") == pytest.approx(32)  # the runs have 27
    assert units.worst[CRYPTO_VECTOR] > 0.01
    assert units.of(OWN, "cells_sent") == pytest.approx(150, rel=0.02)


def test_cycles_of_long_buffers_make_the_price_of_short_ones() -> None:
    units = instruction_fit.fit(runs(), instruction_pieces.known(pieces()))
    names = ["aes_bytes", "tls_aes128_bytes", "tls_aes256_bytes"]
    prices = instruction_prices.loom_prices("armhf", units, names)
    aes, ghash = (pi_anchors.CYCLES_PER_BYTE["armhf"][name].value for name in ("aes", "ghash"))
    cycles = {name: prices[name].value * pi_anchors.CLOCK_GHZ for name in names}
    assert cycles["aes_bytes"] == pytest.approx(aes * 20 / 17)
    assert cycles["tls_aes128_bytes"] == pytest.approx(aes + ghash)
    assert cycles["tls_aes256_bytes"] == pytest.approx(aes * (32 - 9) / 17 + ghash)


@pytest.mark.parametrize(("role", "taken"), [("middle", 4), ("exit", 8), (None, 8)])
def test_half_of_the_links_of_a_middle_were_dialled_by_others(role: str | None, taken: int) -> None:
    kept = {"name": "a run", "cells": 1, "work": {"handshakes_link": 8}, "instructions": {"crypto vector": 7},
            "load": {"role": role} if role else None}  # fmt: skip
    found = instruction_pricing.observation(kept)
    assert found.work[instruction_fit.LINKS_TAKEN] == taken
    assert found.counts == {("crypto", VECTOR): 7}


def test_the_price_of_a_link_is_of_one_dialled_and_one_taken() -> None:
    per_unit = {CRYPTO_REST: {"handshakes_link": 1e6, instruction_fit.LINKS_TAKEN: 4e6}}
    units = instruction_fit.Units(per_unit, {}, {"aes": 17.0})
    price = instruction_prices.loom_prices("armhf", units, ["handshakes_link"])["handshakes_link"]
    cycles = pi_anchors.CYCLES_PER_INSTRUCTION["bignum"].value
    kernel = pi_anchors.KERNEL_NS["handshakes_link"].value
    assert price.value == pytest.approx(3e6 * cycles / pi_anchors.CLOCK_GHZ + kernel)


def test_what_tor_runs_beyond_the_ciphers_is_found_again() -> None:
    units = instruction_fit.fit(runs())
    observations = []
    for cipher, record_cells in (("chacha", 1), ("chacha", 8), ("chacha", 31)):
        cells = 1000
        records = 1 / record_cells + 1 / instruction_fit.TOR_RECORD_CELLS
        link = 2 * 514 + 22 * records
        counts = Counter({
            ("crypto", VECTOR): round(cells * (20 * 509 + 10 * link)),
            ("crypto", INTEGER): round(cells * (10 * 509 + 3000 * records)),
            ("tor", INTEGER): round(cells * (7000 + 4000 * records)),
        })  # fmt: skip
        observations.append((Observation("of tor", 0, counts), cipher, record_cells))
    tor = instruction_fit.fit_tor(observations, units)
    assert tor.per_cell[OWN] == pytest.approx(7000, rel=0.02)
    assert tor.per_record[OWN] == pytest.approx(4000, rel=0.03)
    assert tor.worst < 0.01


def test_a_cipher_whose_cycles_are_published_costs_them() -> None:
    units = instruction_fit.fit(runs())
    prices = instruction_prices.loom_prices("aarch64", units, ["aes_bytes", "tls_chacha_bytes", "padding_sent"])
    aes, chacha = pi_anchors.CYCLES_PER_BYTE["aarch64"]["aes"], pi_anchors.CYCLES_PER_BYTE["aarch64"]["chacha"]
    assert prices["aes_bytes"].value == pytest.approx(aes.value / pi_anchors.CLOCK_GHZ)
    assert prices["tls_chacha_bytes"].most == pytest.approx(chacha.most / pi_anchors.CLOCK_GHZ)
    assert prices["padding_sent"].most == 0


def test_a_price_is_the_sum_of_its_parts() -> None:
    units = instruction_fit.fit(runs())
    record = instruction_prices.sum_of(instruction_prices.parts_of("tls_records_read", "aarch64", units))
    cycles = pi_anchors.CYCLES_PER_INSTRUCTION
    crypto = units.of(CRYPTO_VECTOR, "tls_records_read") + units.of(CRYPTO_REST, "tls_records_read")
    own = units.of(OWN, "tls_records_read")
    expected = (crypto * cycles["record"].least + own * cycles["code"].least) / pi_anchors.CLOCK_GHZ
    assert record.least == pytest.approx(expected)
    assert record.least < record.value < record.most


def test_an_interval_has_its_value() -> None:
    with pytest.raises(ValueError, match="least <= value <= most"):
        Anchor(2.0, 3.0, 4.0, pi_anchors.ASSUMED, "")


def test_a_profile_has_a_line_for_each_counter() -> None:
    names = instruction_pricing.work_names(instruction_pricing.WORK_HEADER.read_text())
    assert "cells_received" in names and "loop_turns" in names
    units = instruction_fit.fit(runs())
    loom = instruction_prices.loom_prices("armhf", units, names)
    tor_units = TorUnits(dict.fromkeys(instruction_fit.GROUPS, 9.0), dict.fromkeys(instruction_fit.GROUPS, 1.0), 0.0)
    tor = instruction_prices.tor_prices("armhf", loom, units, tor_units)
    versions = {"tor": "0.4.9", "libssl3": "3.0"}
    for program, prices in ((LOOM, loom), (TOR, tor)):
        text = instruction_pricing.profile_text(program, "armhf", versions, prices)
        priced = re.findall(r"^    (\w+): \{ps: (\d+), least: (\d+), most: (\d+), source: \w+,$", text, re.MULTILINE)
        assert [one[0] for one in priced] == names
        assert all(int(least) <= int(value) <= int(most) for _, value, least, most in priced)
        assert f"profile: {instruction_pricing.profile_name(program, 'armhf')}\n" in text


def test_a_header_without_counters_is_refused() -> None:
    with pytest.raises(TestbedError, match="no counters"):
        instruction_pricing.work_names("struct work { int nothing; };")


def test_links_lead_below_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "lib").mkdir(parents=True)
    (root / "usr" / "lib").mkdir(parents=True)
    (root / "lib" / "libz.so.1").write_text("z")
    (root / "usr" / "lib" / "libz.so").symlink_to("/lib/libz.so.1")
    cross_root.make_links_relative(root)
    assert os.readlink(root / "usr" / "lib" / "libz.so") == "../../lib/libz.so.1"


def test_apt_is_kept_in_its_own_directory() -> None:
    text = cross_root.apt_configuration(ARCHES["armhf"])
    places = re.findall(r'"(/[^"]*)"', text)
    assert places and all(one == "/dev/null" or one.startswith(str(ARCHES["armhf"].directory)) for one in places)
    assert 'APT::Architecture "armhf"' in text


def test_versions_are_of_the_packages_that_matter() -> None:
    names = ["tor_0.4.9.11-0+deb12u1_arm64.deb", "libssl3_3.0.22-1_arm64.deb", "passwd_1%3a4.13_arm64.deb"]
    assert cross_root.versions(names) == {"libssl3": "3.0.22-1", "tor": "0.4.9.11-0+deb12u1"}


def test_what_is_missing_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        cross_root.shutil, "which", lambda name: None if name.startswith("qemu") else f"/usr/bin/{name}"
    )
    with pytest.raises(TestbedError, match=r"^aarch64: no qemu-aarch64; apt-get install .*qemu-user") as raised:
        cross_root.require_tools(ARCHES["aarch64"])
    assert "\n" not in str(raised.value)
