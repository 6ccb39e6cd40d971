"""What a soak makes of its samples and visits: growth is seen, and each end of a stream has its name."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from loom_testbed import soak_samples, soak_visits, wire
from loom_testbed.plan import Node
from loom_testbed.ports import PortBlock
from loom_testbed.server import PatternServer
from loom_testbed.soak_samples import SHORT_SECONDS, Sample, Series
from loom_testbed.soak_visits import Guest, Tally, Visit, Visits

HOUR = 3600.0
EVERY = 60.0
CLIENT = Node("Client1", "client", "tor", Path())


def series(memory_kb: list[int], files: int = 30, seconds: float = HOUR) -> Series:
    every = seconds / (len(memory_kb) - 1)
    return Series("Loom1", [Sample(n * every, kb, files, 0.0, 1, 1, 1, 1) for n, kb in enumerate(memory_kb)])


@pytest.mark.parametrize(
    ("memory_kb", "is_flat"),
    [
        ([15000] * 30 + [20000] * 31, True),
        ([15000 + 200 * n for n in range(30)] + [21000] * 31, True),
        ([20000 + 100 * n for n in range(61)], False),
        ([20000] * 31 + [20000 + 45 * n for n in range(30)], False),
        ([20000 + 500 * (n % 2) for n in range(61)], True),
        ([200000] * 31 + [200000 + 150 * n for n in range(30)], True),  # under three percent of it
    ],
)
def test_growth_in_the_second_half_is_seen(memory_kb: list[int], is_flat: bool) -> None:
    check = soak_samples.memory_is_flat([series([15000] * 61), series(memory_kb)])
    assert check.ok is is_flat, check.detail


def test_a_short_run_may_still_fill_its_tables_but_not_without_end() -> None:
    rising = [20000 + 50 * n for n in range(61)]
    assert soak_samples.memory_is_flat([series(rising, seconds=SHORT_SECONDS / 2)]).ok
    assert not soak_samples.memory_is_flat([series(rising)]).ok
    assert not soak_samples.memory_is_flat([series([8 * kb - 150000 for kb in rising], seconds=60)]).ok


def test_files_that_are_never_closed_are_seen() -> None:
    leaking = Series("Loom1", [Sample(n * EVERY, 20000, 30 + n // 3, 0.0, 1, 1, 1, 1) for n in range(61)])
    assert soak_samples.files_are_flat([series([1] * 61)]).ok
    assert not soak_samples.files_are_flat([leaking]).ok


def test_without_samples_nothing_is_flat() -> None:
    assert not soak_samples.memory_is_flat([]).ok
    assert not soak_samples.memory_is_flat([Series("Loom1")]).ok


def test_the_line_that_fits_best() -> None:
    assert soak_samples.rise([(0, 1), (1, 3), (2, 5)]) == pytest.approx(4)
    assert soak_samples.rise([(0, 7), (5, 7)]) == 0
    assert soak_samples.rise([(3, 7)]) == 0


@pytest.fixture
def server() -> Iterator[PatternServer]:
    with PortBlock() as ports:
        serving = PatternServer(ports.take())
        yield serving
        serving.close()


def visit(server: PatternServer, **options: object) -> Visit:
    one = Visit(CLIENT, wire.DOWNLOAD, 1_000_000, 5, **options)
    one._socket = socket.create_connection(("127.0.0.1", server.port))
    wire.prepare(one._socket)
    return one


def test_each_end_has_its_name(server: PatternServer) -> None:
    guest = Guest(CLIENT)
    whole, given_up = visit(server), visit(server, given_up_at=1000)
    for one in (whole, given_up):
        one.run()
    assert soak_visits.end_of(guest, 1, whole) == ("verified", 1_000_000, "")
    end, moved, error = soak_visits.end_of(guest, 1, given_up)
    assert end == "given_up" and 1000 <= moved < 1_000_000 and not error


def test_a_stream_that_ends_early_is_excused_only_when_its_client_left(server: PatternServer) -> None:
    guest = Guest(CLIENT)
    broken = visit(server, given_up_at=None)
    assert broken._socket is not None
    broken._socket.shutdown(socket.SHUT_RDWR)
    broken.run()
    assert soak_visits.end_of(guest, 1, broken)[0] == "broken"
    guest.life = 2
    assert soak_visits.end_of(guest, 1, broken)[0] == "client_left"


def test_wrong_bytes_are_never_excused(server: PatternServer) -> None:
    guest = Guest(CLIENT, life=2)
    wrong = visit(server)
    assert wrong._socket is not None
    wrong._socket.sendall(wire.REQUEST.pack(wire.DOWNLOAD, wrong.length, wrong.start + 1))  # of two requests the first
    wrong.run()
    assert soak_visits.end_of(guest, 1, wrong)[0] == "wrong"


def test_visits_are_drawn_by_the_seed() -> None:
    def drawn(seed: int) -> list[tuple[int, bytes, str, str]]:
        visits = Visits([Guest(CLIENT)], 1, "x.onion", 1.0, seed)
        some = [visits.draw(Guest(CLIENT)) for _ in range(200)]
        return [(one.length, one.direction, one.isolation, one.host) for one in some]

    assert drawn(1) == drawn(1) != drawn(2)
    lengths = [length for length, *_ in drawn(1)]
    assert min(lengths) < 5 * soak_visits.LENGTH_LEAST and max(lengths) > soak_visits.LENGTH_MOST / 5
    assert {host for *_, host in drawn(1)} == {"", "x.onion"}


def test_a_tally_keeps_few_errors() -> None:
    tally = Tally()
    for _ in range(100):
        tally.add("broken", 10, "why")
    assert tally.as_dict()["broken"] == 100 and tally.bytes_right == 1000
    assert len(tally.errors) == soak_visits.ERRORS_KEPT_MAX
