"""server - the far end of transfers, a process in Shadow: python -m loom_shadow.server"""

from __future__ import annotations

import asyncio
import contextlib

from . import pattern
from .clock import run

PORT = 80
WANTED_MAX = 1 << 40


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send what the one request of the connection asks for."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        wanted, start = pattern.REQUEST.unpack(await reader.readexactly(pattern.REQUEST.size))
        sent = 0
        while sent < min(wanted, WANTED_MAX):
            part = pattern.piece(start + sent, wanted - sent)
            writer.write(part)
            await writer.drain()
            sent += len(part)
        while await reader.read(pattern.PIECE_MAX):  # the rest of the request, until the client hangs up
            pass
    with contextlib.suppress(OSError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "0.0.0.0", PORT, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    run(main())
