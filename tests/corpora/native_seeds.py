"""Write the hand-made seeds of the tls_traffic fuzzer: tests/corpora/native_seeds.py."""

from pathlib import Path
from struct import pack

HERE = Path(__file__).parent / "tls_traffic"
CLIENT, KEYS = 1, 2
ALERT, HANDSHAKE, DATA, UPDATE, DAMAGE, RAW = 21, 22, 23, 32, 33, 34
TICKET = b"\x04\0\0\x0a0123456789"
KEY_UPDATE, KEY_UPDATE_REQUEST = b"\x18\0\0\1\0", b"\x18\0\0\1\1"


def record(what: int, content: bytes = b"") -> bytes:
    return pack(">BH", what, len(content)) + content


def seed(name: str, flags: int, piece: int, *parts: bytes) -> None:
    HERE.mkdir(exist_ok=True)
    (HERE / name).write_bytes(bytes([flags, piece]) + b"".join(parts))


def main() -> None:
    updates = record(HANDSHAKE, KEY_UPDATE_REQUEST) + record(UPDATE) + record(DATA, b"new keys")
    for suite in range(3):
        flags = KEYS | suite << 2
        seed(f"data_{suite}", flags, 255, record(DATA, b"cell" * 128), record(DATA), record(DATA, b"x" * 4112))
        seed(f"pieces_{suite}", flags | CLIENT, 0, record(DATA, b"cell"), record(HANDSHAKE, TICKET), record(DATA, b"y"))
        seed(f"update_{suite}", flags, 3, updates * 3)
        seed(f"damage_{suite}", flags, 255, record(DATA, b"good"), record(DATA, b"bad"), record(DAMAGE, b"\x03\x01"))
    seed("raw", 0, 1, b"\x17\x03\x03\0\x20" + bytes(32))
    seed("raw_alert", CLIENT, 1, b"\x15\x03\x03\0\x02\x02\x28")
    seed("raw_long", 0, 255, b"\x17\x03\x03\x40\x12" + bytes(300))
    seed("raw_between", KEYS, 255, record(DATA, b"a"), record(RAW, b"\x16\x03\x03\0\x20" + bytes(32)))
    seed("fragments", KEYS | CLIENT, 255, record(HANDSHAKE, TICKET[:2]), record(HANDSHAKE, TICKET[2:] + KEY_UPDATE[:3]),
         record(HANDSHAKE, KEY_UPDATE[3:]), record(UPDATE), record(DATA, b"z"))
    seed("interleaved", KEYS | CLIENT, 255, record(HANDSHAKE, TICKET[:7]), record(DATA, b"between"))
    seed("goodbye", KEYS, 255, record(DATA, b"last words"), record(ALERT, b"\1\0"), record(DATA, b"late"))
    seed("canceled", KEYS, 255, record(ALERT, b"\1\x5a") * 40)
    seed("flood", KEYS, 255, updates * 12)
    seed("silence", KEYS, 255, record(DATA) * 40)
    seed("padding", KEYS, 255, record(0, b"a\x17" + bytes(100)), record(0, bytes(10)))


if __name__ == "__main__":
    main()
