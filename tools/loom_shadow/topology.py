"""topology - the graph of Shadow: a node for each country that has a host, and a latency between any two."""

from __future__ import annotations

LOSS_ONE = 1 << 32  # in which plans count segments that are lost


def graph(countries: list[str], latency_us: list[list[int]], loss: list[list[int]]) -> str:
    """Return it as GML: directed, every edge there, so that Shadow computes no path."""
    lines = ["graph [", "  directed 1"]
    for i, country in enumerate(countries):
        bandwidths = ['host_bandwidth_up "1 Gbit"', 'host_bandwidth_down "1 Gbit"']  # hosts have their own
        lines += _item("node", f"id {i}", f'label "{country}"', *bandwidths)
    for i, row in enumerate(latency_us):
        for j, latency in enumerate(row):
            share = loss[i][j] / LOSS_ONE if loss else 0.0
            ends = f"source {i}", f"target {j}"
            lines += _item("edge", *ends, f'latency "{latency} us"', f"packet_loss {share:.9f}")
    return "\n".join([*lines, "]", ""])


def _item(kind: str, *words: str) -> list[str]:
    """Shadow's reader wants a line for each."""
    return [f"  {kind} [", *(f"    {word}" for word in words), "  ]"]
