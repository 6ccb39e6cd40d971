"""tls_probe - a TLS client that asks a relay on the loopback for nothing but the handshake."""

from __future__ import annotations

import socket
import ssl

from .errors import TestbedError

PATIENCE_SECONDS = 60


def cipher_of(or_port: int) -> str:
    """Return the cipher a relay chooses for one and the same TLS client (tor tells nobody what its links use)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    at = ("127.0.0.1", or_port)
    try:
        with socket.create_connection(at, timeout=PATIENCE_SECONDS) as raw, context.wrap_socket(raw) as link:
            cipher = link.cipher()
    except OSError as error:
        raise TestbedError(f"cannot open TLS to port {or_port}: {error}") from error
    return cipher[0] if cipher else "none"
