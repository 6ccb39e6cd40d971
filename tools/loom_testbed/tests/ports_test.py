"""Blocks of ports exclude each other, and skip ports that somebody listens on."""

import socket

import pytest
from loom_testbed import ports
from loom_testbed.errors import TestbedError


def test_a_block_has_one_owner() -> None:
    with ports.PortBlock() as block:
        base = block.take() // ports.BLOCK_PORTS * ports.BLOCK_PORTS
        with pytest.raises(TestbedError, match="another testbed"):
            ports.PortBlock(base)
    ports.PortBlock(base).close()


def test_a_port_in_use_is_skipped() -> None:
    with ports.PortBlock() as block:
        port = block.take()
        with socket.create_server(("127.0.0.1", port + 1)):
            assert block.take() > port + 1
