"""pi_anchors - what is published of a Raspberry Pi 3B+ and of other Cortex-A53: the times that counts are tied to.

Each number has an interval and says where it is from. None comes from how fast a relay was. facts: section of
facts/performance.md. AM62x: TI's Linux Performance Guide of the AM62x SK, four Cortex-A53 at 1.4 GHz, the Pi's very
core and clock: LMBench, netperf (TexasInstruments/processor-sdk-doc, source/devices/AM62X/linux).
"""

from __future__ import annotations

from dataclasses import dataclass

CLOCK_GHZ = 1.4  # the firmware goes down to 1.2 at 60 degrees: times are then 7/6
MEASURED, PUBLISHED, DERIVED, ASSUMED = "measured", "published", "derived", "assumed"


@dataclass(frozen=True)
class Anchor:
    """A number, its interval, what kind of a source it has, and which."""

    value: float
    least: float
    most: float
    source: str
    origin: str

    def __post_init__(self) -> None:
        """Refuse an interval that has not its value."""
        if not 0 <= self.least <= self.value <= self.most:
            raise ValueError(f"{self}: expected 0 <= least <= value <= most")


NOTHING = Anchor(0, 0, 0, DERIVED, "")

# Cycles for a byte of a cipher: with the counted instructions they give the cycles of an instruction of its code.
CYCLES_PER_BYTE = {
    "aarch64": {
        "aes": Anchor(
            23.7,
            20.6,
            25.5,
            PUBLISHED,
            "AES-128 by vpaes a block at a time: 50.6 MB/s at 1.2 GHz, OpenSSL 3.0.11 (facts 2c); least 20.6,"
            " vpaes-armv8.pl's parallel modes",
        ),
        "chacha": Anchor(
            6.19,
            5.6,
            7.1,
            PUBLISHED,
            "ChaCha20 NEON 4.72 and Poly1305 NEON 1.47 cycles/B, OpenSSL's perlasm (facts 2c); the ends are assumed",
        ),
        "digest": Anchor(8.03, 8.03, 9.5, PUBLISHED, "SHA-1 8.03 cycles/B, OpenSSL's perlasm (facts 2c)"),
    },
    "armhf": {
        "aes": Anchor(
            17.5,
            17.5,
            19.8,
            PUBLISHED,
            "AES-128 by bit-sliced NEON 17.5..19.8 cycles/B on a Cortex-A53, OpenSSL's perlasm (facts 2c)",
        ),
        "ghash": Anchor(8.39, 8.0, 9.5, PUBLISHED, "GHASH by NEON 8.39 cycles/B, OpenSSL's perlasm (facts 2c)"),
        "digest": Anchor(
            12.95,
            8.0,
            14.0,
            PUBLISHED,
            "SHA-1 108.1 MB/s on a Pi 3B+ with 32 bits (facts 2c: which of two boards is not sure)",
        ),
    },
}

# Cycles for an instruction of a class of code, where no figure of a whole algorithm is published.
CYCLES_PER_INSTRUCTION = {
    "code": Anchor(
        1.0,
        0.75,
        1.7,
        ASSUMED,
        "branching C, two instructions at a time at best: 206 cycles a Dhrystone (AM62x) of some 280 instructions"
        " (recalled) is the lower end; upper end caches of 32 kB that miss",
    ),
    "tor_code": Anchor(
        1.3,
        0.9,
        2.2,
        ASSUMED,
        "as Loom's code, 1.0, but spread over more memory: lists, hash tables, an allocation a cell",
    ),
    "bignum": Anchor(
        1.35, 1.0, 1.8, ASSUMED, "multiplications of 64 bits, 5 cycles each when waited for (AM62x: 3.54 ns)"
    ),
    "table": Anchor(0.9, 0.7, 1.2, DERIVED, "GHASH by tables of 256 B: 1.1 instructions a cycle (facts 2d)"),
    "neon": Anchor(
        0.58, 0.5, 0.8, DERIVED, "as 64-bit ChaCha20-Poly1305: 10.6 instructions and 6.19 cycles a byte (facts 2c, 2d)"
    ),
    "record": Anchor(1.1, 0.8, 1.8, ASSUMED, "OpenSSL's way to a cipher: branching C over many objects"),
}

# Nanoseconds of the kernel and of memory for a unit of work.
_BYTES = (
    "netperf TCP both ways 10.5..12.6 ns/B, all of the kernel (AM62x, 60.1 % and 68.7 % of four cores, on-chip GbE);"
    " the Pi's LAN7515 behind USB 2.0 costs more"
)
KERNEL_NS = {
    "reads": Anchor(
        4000,
        1500,
        8000,
        DERIVED,
        "LMBench's null call 390 ns is 3.6 times this VM's 109; 1.53 us for a read there (facts 4) would be 5.5;"
        " UDP datagrams that come take 11.9 us with everything (AM62x, 22 % at 74 kpps)",
    ),
    "writes": Anchor(
        6000,
        2500,
        12000,
        DERIVED,
        "as reads; UDP datagrams that go take 17.2 us with everything (AM62x, 36.6 % at 85 kpps)",
    ),
    "tls_bytes_read": Anchor(14, 10.5, 26, DERIVED, _BYTES + ", receiving most"),
    "tls_bytes_written": Anchor(12, 8, 24, DERIVED, _BYTES),
    "edge_bytes_in": Anchor(14, 10.5, 26, DERIVED, "as tls_bytes_read"),
    "edge_bytes_out": Anchor(12, 8, 24, DERIVED, "as tls_bytes_written"),
    "edge_reads": Anchor(4000, 1500, 8000, DERIVED, "as reads"),
    "edge_writes": Anchor(6000, 2500, 12000, DERIVED, "as writes"),
    "loop_sleeps": Anchor(
        8000,
        2500,
        16000,
        DERIVED,
        "a switch of processes takes 9.2 us, half a round trip through a pipe 9.75 (AM62x, LMBench); least: no more"
        " than a call; most as this VM's",
    ),
    "wakes": Anchor(
        4500,
        2500,
        9750,
        DERIVED,
        "half of LMBench's round trip through a pipe, 19.5 us (AM62x), is write, wake, switch and read: the"
        " waker's part",
    ),
    "tcp_info_reads": Anchor(1550, 800, 2500, DERIVED, "431 ns on this VM (facts 2a), 3.6 times as a null call"),
    "mailbox_flushes": Anchor(100, 40, 300, ASSUMED, "a cache line from another core of the cluster, by way of its L2"),
    "cells_crossed": Anchor(
        120,
        45,
        500,
        DERIVED,
        "nine lines of a cell from another core's L1 or L2, 5..20 ns each (AM62x lat_mem_rd 5.2 in L2)",
    ),
    "cells_received": Anchor(
        100,
        45,
        500,
        DERIVED,
        "nine lines of a cell out of L2, 5.2 ns each (AM62x), or some of them from DRAM at 166 ns",
    ),
    "copy_bytes": Anchor(
        0.3, 0.1, 1.19, DERIVED, "in L1 0.1 ns/B (101 instructions for 514 B, facts 2d); DRAM 840 MB/s (facts 2c)"
    ),
    "handshakes_link": Anchor(
        150000, 77000, 400000, DERIVED, "LMBench lat_connect 77 us (AM62x), twice with closing; most assumed"
    ),
}

# Nanoseconds of what no load here has: the prices of loom-xeon, times how much slower this core is than the
# server's: 3.6 for the kernel to 8 for code (2.4 GHz, four instructions at a time).
_TIMES = "the price of loom-xeon times 6; times 3 and 10"
NOT_COUNTED = {
    "cgo_bytes": Anchor(
        55, 25, 110, ASSUMED, "uncalibrated: 5400 ns a cell without instructions for ciphers on some Xeon, times 5"
    ),
    "cgo_updates": Anchor(2500, 1000, 6000, ASSUMED, "uncalibrated: loom-xeon's most, 600 ns, times 4"),
    "handshakes_fast": Anchor(7440, 3700, 12400, ASSUMED, _TIMES),
    "controls_posted": Anchor(690, 100, 2900, ASSUMED, _TIMES),
    "circuits_congestion_control": Anchor(0, 0, 1000, ASSUMED, "a few words more for a circuit; in circuits_opened"),
    "circuits_cgo": Anchor(0, 0, 1000, ASSUMED, "a few words more for a circuit; in circuits_opened"),
    "conflux_legs": Anchor(24000, 3000, 200000, ASSUMED, _TIMES),
    "conflux_messages": Anchor(600, 0, 3000, ASSUMED, _TIMES),
    "conflux_switches": Anchor(6000, 1500, 20000, ASSUMED, _TIMES),
    "xoffs_sent": Anchor(6000, 1500, 20000, ASSUMED, _TIMES),
    "xons_sent": Anchor(6000, 1500, 20000, ASSUMED, _TIMES),
    "padding_sent": Anchor(0, 0, 0, DERIVED, "counted as cells_sent, too"),
    "bytes_received": Anchor(0, 0, 0, DERIVED, "counted as tls_bytes_read"),
    "bytes_sent": Anchor(0, 0, 0, DERIVED, "counted as tls_bytes_written"),
}

# Numbers of a profile that are no price of a counter: (unit, anchor), in that unit.
CACHES = {
    "circuit_cold": (
        "ps",
        Anchor(
            830e3,
            330e3,
            1700e3,
            DERIVED,
            "five lines of a circuit that come one after the other from DRAM, 166 ns each (facts 2c, Pi 3B+);"
            " least two, most ten",
        ),
    ),
    "halves_hot": (
        "count",
        Anchor(
            60,
            20,
            200,
            DERIVED,
            "as on the server, 250, but in 512 kB of L2 that four cores share; the ends are assumed",
        ),
    ),
    "cell_cold": (
        "ps",
        Anchor(
            400e3,
            0,
            1500e3,
            DERIVED,
            "nine lines of a queued cell from DRAM, 166 ns each (facts 2c), but one after the other in memory:"
            " fetched ahead",
        ),
    ),
    "queues_hot": (
        "count",
        Anchor(450, 200, 910, DERIVED, "cells of 576 bytes: half of what 512 kB of L2 hold; the ends are assumed"),
    ),
    "wake_delay": (
        "ns",
        Anchor(
            6000,
            2000,
            12000,
            DERIVED,
            "half of LMBench's round trip through a pipe, 19.5 us (AM62x), is two calls, the waking and a switch; most"
            " of it passes on the waker's core; the ends are assumed",
        ),
    ),
    "softirq": (
        "permille",
        Anchor(
            450,
            200,
            700,
            ASSUMED,
            "driver, IP and TCP of what comes are softirqs', and what a completed transfer of the USB network chip"
            " starts; copying and most of sending is the caller's",
        ),
    ),
    "smt": ("permille", Anchor(1000, 1000, 1000, PUBLISHED, "a Cortex-A53 has no hyperthreads")),
}
HARDWARE = {
    "cores": "4",
    "threads_per_core": "1",
    "nic_mbit": "150",
    "nic_direction": "both",
    "softirq_queues": "1",
    "aes": "false",
}
HARDWARE_FROM = (
    "facts/experiments.md: Ethernet over USB 2.0, about 150 Mbit/s, both directions together; "
    "its interrupts go to one core"
)
