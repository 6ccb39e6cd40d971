"""tor_loads - which loads tor's prices are fitted on, and which others their predictions are checked on.

Both sets spread over what a cell costs tor: cells of a circuit in a row, cells in a record that comes, links, circuits,
cipher, role, and how busy it is. No load is in both. tor has one thread for all of it.
"""

from __future__ import annotations

from .load_shape import EXIT, Load

FITTED: tuple[Load, ...] = (
    Load(links=8, circuits=64, run=4, record_cells=31, threads=0),
    Load(links=8, circuits=64, run=4, record_cells=8, threads=0),
    Load(links=8, circuits=64, run=1, record_cells=1, threads=0),
    Load(links=2, circuits=32, run=31, record_cells=31, threads=0),
    Load(links=40, circuits=400, run=4, record_cells=8, threads=0),
    Load(links=8, circuits=4000, run=1, record_cells=31, threads=0),
    Load(links=8, circuits=4000, run=31, record_cells=31, threads=0),
    Load(links=200, circuits=400, run=4, record_cells=31, threads=0),
    Load(links=200, circuits=6000, run=4, record_cells=8, threads=0),
    Load(links=400, circuits=8000, run=1, record_cells=31, threads=0),
    Load(links=8, circuits=64, run=4, record_cells=31, cipher="aes128", threads=0),
    Load(links=8, circuits=64, run=4, record_cells=31, cipher="chacha", threads=0),
    Load(role=EXIT, links=4, circuits=16, run=4, threads=0),
    Load(role=EXIT, links=40, circuits=400, run=1, threads=0),
)

HELD_OUT: tuple[Load, ...] = (
    Load(links=2, circuits=16, run=8, record_cells=31, threads=0),
    Load(links=10, circuits=200, run=1, record_cells=8, threads=0),
    Load(links=16, circuits=128, run=31, record_cells=31, threads=0),
    Load(links=24, circuits=480, run=2, record_cells=8, threads=0),
    Load(links=60, circuits=3000, run=1, record_cells=31, threads=0),
    Load(links=100, circuits=1000, run=31, record_cells=8, threads=0),
    Load(links=150, circuits=5000, run=8, record_cells=20, cipher="aes128", threads=0),
    Load(links=400, circuits=6000, run=8, record_cells=31, threads=0),
    Load(links=12, circuits=96, run=6, record_cells=31, cipher="chacha", threads=0),
    Load(role=EXIT, links=20, circuits=200, run=4, threads=0),
)
