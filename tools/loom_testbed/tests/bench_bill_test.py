"""A cell's bill: what perf and nm print is understood, and each sample goes to one stage."""

import pytest
from loom_testbed import bench_backends, bench_bill, bench_scale, machine
from loom_testbed.bench_profile import parse, parse_units
from loom_testbed.bench_stages import STAGES, Frame, stage_of
from loom_testbed.errors import TestbedError
from loom_testbed.metrics import LoomCounters

NM = """\
000000000001b1e0 t openssl_layer_crypt\t/home/x/loom/plugin/native/openssl_layers.c:88
000000000001c1e0 T manager_take.part.0\t../../plugin/core/manager_output.c:10
000000000001d1e0 t tls_session_read\t/plugin/native/tls_session.c:112
000000000001e1e0 r some_table\t/plugin/native/tls_session.c:11
000000000001f1e0 T _start
"""

SCRIPT = """\
        ffffffff8a1b2c3d tcp_sendmsg+0x1b ([kernel.kallsyms])
        ffffffff8a1b2c3e __x64_sys_sendto ([kernel.kallsyms])
            7f00aa00bb00 __send (/usr/lib/x86_64-linux-gnu/libc.so.6)
            55d0c0d0e0f0 link_output_send (/x/loom-relay)

            7f00aa241100 [unknown] (/usr/lib/x86_64-linux-gnu/libcrypto.so.3)
            7f00aa0bb000 EVP_DecryptUpdate (/usr/lib/x86_64-linux-gnu/libcrypto.so.3)
            55d0c0d0e0f0 tls_session_read+0x20 (/x/loom-relay)
            55d0c0d0e0f8 link_input_plain (/x/loom-relay)
                       0 [unknown] ([unknown])

            7f00aa241100 [unknown] (/usr/lib/x86_64-linux-gnu/libcrypto.so.3)

            55d0c0d0e0f0 openssl_layer_crypt.isra.0 (/x/loom-relay (deleted))
"""


def chains() -> list[tuple[Frame, ...]]:
    return list(parse(SCRIPT.splitlines(), parse_units(NM.splitlines()), "loom-relay"))


def test_a_function_is_known_by_its_unit() -> None:
    assert parse_units(NM.splitlines()) == {
        "openssl_layer_crypt": "native/openssl_layers",
        "manager_take": "core/manager_output",
        "tls_session_read": "native/tls_session",
    }


def test_a_library_works_for_the_function_that_called_it() -> None:
    kernel, library, unknown, _ = chains()
    assert [stage_of(one) for one in (kernel, library, unknown)] == ["socket write", "record open", "rest"]
    assert library[2] == Frame("tls_session_read", "loom-relay", "native/tls_session")
    assert bench_bill.name_of(library) == "libcrypto for tls_session_read"
    assert bench_bill.name_of(kernel) == "tcp_sendmsg"


@pytest.mark.parametrize(("unit", "name", "stage"), [
    ("core/manager_output", "manager_take", "serialize"),
    ("core/scheduler", "scheduler_next", "scheduler"),
    ("wire/cell", "cell_frame", "framing"),
    ("native/aes128_vaes", "aes128_vaes_ctr", "cipher"),
    ("native/tls_session", "tls_session_write", "record seal"),
    ("core/mailroom", "mailroom_post", "queues and mailroom"),
    ("native/torrc", "torrc_parse", "rest"),
])  # fmt: skip
def test_each_unit_has_its_stage(unit: str, name: str, stage: str) -> None:
    assert stage in STAGES
    assert stage_of([Frame(name, "loom-relay", unit)]) == stage


def test_a_helper_counts_for_who_called_it() -> None:
    helper = Frame("pipe_read", "loom-relay", "native/pipe")
    caller = Frame("link_input_plain", "loom-relay", "native/link_input")
    assert stage_of([Frame("__memmove_avx", "libc.so.6"), helper, caller]) == "record open"


def test_the_bill_adds_up_and_tells_what_it_does_not_know() -> None:
    found = parse(SCRIPT.splitlines(), parse_units(NM.splitlines()), "loom-relay")
    bill = bench_bill.bill(found, 800.0)
    assert sum(one["ns_per_cell"] for one in bill["stages"].values()) == pytest.approx(800.0)
    assert bill["stages"]["record open"]["ns_per_cell"] == 200.0
    assert bill["unresolved_share"] == 0.5  # no chain; and a program that was replaced while it ran
    with pytest.raises(TestbedError):
        bench_bill.bill(parse([], {}, "loom-relay"), 800.0)


def test_back_ends_are_compared_with_what_loom_does() -> None:
    rounds = [{name: {"relay_ns_per_cell": ns, "calls_per_1000_cells": 1.0, "cells_per_record_out": 30.0}
               for name, ns in (("libevent", 500.0), ("uring", uring))} for uring in (400.0, 450.0, 600.0)]  # fmt: skip
    found = bench_backends.summary(["libevent", "uring"], rounds)
    assert found["libevent"]["ratio"] == 1.0
    assert (found["uring"]["ratio"], found["uring"]["ratio_worst"]) == (0.9, 1.2)


def test_efficiency_is_what_each_further_thread_adds() -> None:
    def turn(rate: float, ns: float) -> dict:
        return {"cells_per_s": rate, "relay_ns_per_cell": ns, "relay_cores": 1.0, "generator_cores": 0.5, "threads": [],
                "work_per_1000_cells": {}, "cores_shared": False}  # fmt: skip

    rounds = [{1: turn(1000, 500), 4: turn(3000, 550)}]
    found = bench_scale.summary(4, 1, rounds)
    assert (found["speedup"], found["efficiency"], found["cost_ratio"]) == (3.0, 0.75, 1.1)


def test_numbers_of_threads_grow_by_halves_up_to_the_most() -> None:
    assert bench_scale.thread_numbers(1) == [1]
    assert bench_scale.thread_numbers(2) == [1, 2]
    assert bench_scale.thread_numbers(16) == [1, 2, 3, 4, 6, 9, 13, 16]


def test_work_is_told_for_a_thousand_cells_or_not_at_all() -> None:
    counters = LoomCounters(work={"1": {"cells_received": 4000, "wakes": 2}, "2": {"cells_received": 1000, "wakes": 3}})
    assert bench_scale.per_thousand(counters) == {"wakes": 1.0}
    assert bench_scale.per_thousand(None) == {}


def test_cpu_lists_are_counted() -> None:
    assert [machine.count_of(text) for text in ("0", "0-1", "0,64", "0-3,8-11")] == [1, 2, 2, 8]
