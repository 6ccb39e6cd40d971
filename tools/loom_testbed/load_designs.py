"""load_designs - which loads prices are fitted on, and which others predictions are checked on. No load is in both.

DELAYED are offered at parts of the most that a relay carries of them: runs of 31 cells, so that the generator can keep
to Poisson's times at nine tenths of it; one relay with warm circuits and slow links, one with cold circuits.

No link of the fitted has more than a megabyte on its way in: beyond that (8 links with 1000 circuits, 4096 cells each)
a cell costs a third more natively with all counts the same. What the sender's kernel then does on the relay's core may
be the reason; a relay that lets more than that pile up before it is rare.

Both sets spread over what a cell's cost depends on: how many circuits and links, cells of a circuit in a row, cells in
a record, cipher of the links, threads, role. Every value of one may occur in the other; no combination does.
"""

from __future__ import annotations

from .load_shape import EXIT, Load

FITTED: tuple[Load, ...] = (
    Load(links=8, circuits=64, run=4, record_cells=31),
    Load(links=8, circuits=64, run=4, record_cells=8),
    Load(links=2, circuits=2, run=31, record_cells=31),
    Load(links=8, circuits=64, run=1, record_cells=1),
    Load(links=40, circuits=2000, run=2, record_cells=16),
    Load(links=100, circuits=1000, run=1, record_cells=31, cipher="aes128"),
    Load(links=200, circuits=8000, run=4, record_cells=31),
    Load(links=400, circuits=16000, run=4, record_cells=31),
    Load(links=48, circuits=16000, run=31, record_cells=8),
    Load(links=40, circuits=400, run=4, record_cells=2),
    Load(links=32, circuits=1000, run=8, record_cells=31, threads=0),
    Load(links=8, circuits=64, run=4, record_cells=31, cipher="chacha"),
    Load(links=200, circuits=2000, run=8, record_cells=8, cipher="chacha"),
    Load(links=8, circuits=64, run=4, record_cells=31, threads=2),
    Load(links=40, circuits=4000, run=2, record_cells=16, threads=2),
    Load(links=8, circuits=64, run=4, record_cells=31, rate=400_000),
    Load(links=40, circuits=400, run=2, record_cells=8, rate=100_000),
    Load(role=EXIT, links=4, circuits=16, run=4),
    Load(role=EXIT, links=40, circuits=400, run=1),
    Load(role=EXIT, links=10, circuits=150, run=8, record_cells=8),
    Load(role=EXIT, links=2, circuits=30, run=1, threads=0),
    Load(role=EXIT, links=8, circuits=64, run=4, threads=2),
)

HELD_OUT: tuple[Load, ...] = (
    Load(links=2, circuits=1, run=31, record_cells=31),
    Load(links=2, circuits=16, run=1, record_cells=31),
    Load(links=6, circuits=40, run=1, record_cells=1),
    Load(links=12, circuits=96, run=6, record_cells=20),
    Load(links=24, circuits=480, run=2, record_cells=8, threads=0),
    Load(links=60, circuits=3000, run=3, record_cells=31),
    Load(links=150, circuits=6000, run=9, record_cells=24, cipher="aes128"),
    Load(links=300, circuits=12000, run=1, record_cells=31),
    Load(links=500, circuits=10000, run=16, record_cells=12, threads=0),
    Load(links=10, circuits=200, run=5, record_cells=31, cipher="chacha"),
    Load(links=100, circuits=5000, run=2, record_cells=16, cipher="chacha", threads=0),
    Load(links=16, circuits=128, run=12, record_cells=31, threads=2),
    Load(links=80, circuits=4000, run=3, record_cells=8, cipher="aes128", threads=2),
    Load(role=EXIT, links=1, circuits=8, run=4),
    Load(role=EXIT, links=20, circuits=200, run=2, threads=0),
    Load(role=EXIT, links=30, circuits=300, run=8, cipher="chacha", threads=2),
)

HELD_OUT_QUICK: tuple[Load, ...] = tuple(HELD_OUT[i] for i in (1, 3, 4, 9, 11, 13))

DELAYED: tuple[Load, ...] = (
    Load(links=20, circuits=160, run=31, record_cells=31, cipher="chacha"),
    Load(links=60, circuits=6000, run=31, record_cells=31),
)
