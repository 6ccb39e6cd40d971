"""Bytes of what idles: memory is read as the kernel prints it, and what was there anyway is nobody's."""

from loom_testbed.bench_circuits import met, ratios, slope, summary
from loom_testbed.idle_memory import Memory, Stage, parse

ROLLUP = """\
55d0c0d0e000-7ffc1c1d2000 ---p 00000000 00:00 0                          [rollup]
Rss:               10240 kB
Pss:                6144 kB
Pss_Anon:           4096 kB
Anonymous:          4100 kB
"""
BASE, LINK, CIRCUIT = 10_000_000, 5000, 800


def stage(name: str, cycle: int, links: int, circuits: int, more: int = 0) -> Stage:
    rss = BASE + LINK * links + CIRCUIT * circuits + more
    return Stage(name, cycle, links, circuits, Memory(rss, rss, rss), True)


def filled(cycle: int) -> list[Stage]:
    links = [stage("links", cycle, links, links // 2) for links in (100, 200, 300, 400)]
    circuits = [stage("circuits", cycle, 400, circuits) for circuits in (1000, 2000, 3000)]
    used = stage("used", cycle, 400, 3000, 3000 * 100)
    return [*links, *circuits, used, stage("destroyed", cycle, 400, 0), stage("closed", cycle, 0, 0, 7 * cycle)]


def test_the_kernels_text_is_understood() -> None:
    assert parse(ROLLUP) == Memory(10240 * 1024, 6144 * 1024, 4100 * 1024)


def test_what_was_there_before_does_not_count() -> None:
    assert slope([(1, 1005), (2, 1010), (3, 1015)]) == 5


def test_links_do_not_pay_for_their_circuits() -> None:
    found = summary([stage("started", 1, 0, 0), *filled(1), *filled(2)])
    assert found["circuit_bytes"] == CIRCUIT
    assert found["circuit_bytes_used"] == CIRCUIT + 100
    assert found["link_bytes"] == LINK
    assert found["started"] == BASE
    assert found["closed"] == [BASE + 7, BASE + 14]


def test_every_ratio_has_to_be_met() -> None:
    tor = {"circuit_bytes": 2000.0, "circuit_bytes_used": 2000.0, "link_bytes": 10000}
    good = {"circuit_bytes": 600.0, "circuit_bytes_used": 700.0, "link_bytes": 8000}
    assert met(ratios(good, tor))
    for kind in good:
        assert not met(ratios({**good, kind: 9000}, tor))
