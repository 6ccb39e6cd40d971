"""Write the hand-made seeds of the core's fuzzers: tests/corpora/core_seeds.py.

Inputs named by a hash were found by the fuzzers and are kept beside them.
"""

from pathlib import Path

HERE = Path(__file__).parent

# connection_manager_fuzz.c: what each step is called there.
CELL, RAW, BURST, ASK, TELL, BEGIN, EXTEND, CLOSE = range(8)
DIAL, EDGE, TURN, JOBS, PASS, PULL, SENDME, RUN, MEET, LINKS = range(8, 18)
CREATED2, DESTROY, RELAY = 11, 4, 3
DATA, END, TRUNCATE = 2, 3, 8
CLIENT, RELAY_1, RELAY_2, NEXT = range(4)
INTRO, INTRODUCE, WAIT, RENDEZVOUS = range(4)  # bit 2: another key or cookie
CONNECT, FROM_DESTINATION, TO_DESTINATION, CLOSED = 4, 5, 6, 7


def operand(data: bytes) -> bytes:
    return bytes([len(data)]) + data


def tell(circuit: int, how: int, command: int, stream: int = 0, data: bytes = b"") -> bytes:
    return bytes([TELL, circuit, how, command, stream]) + operand(data)


def cell(peer: int, which: int, command: int, data: bytes = b"") -> bytes:
    return bytes([CELL, peer, which, command]) + operand(data)


def managers() -> dict[str, bytes]:
    """What happens to circuits of tor1, and the same to those of CGO."""
    seeds = managers_asking(0)
    for name in ("both_ways", "truncate", "stream", "stream_ends_early", "windows", "introduction", "rendezvous"):
        seeds["cgo_" + name] = managers_asking(0x80)[name]
    return seeds


def managers_asking(kind: int) -> dict[str, bytes]:
    """First byte: bit 0 asks for two connection threads, bit 7 for little memory. Kind: 0x80 asks for CGO circuits."""
    make = bytes([ASK, kind, RELAY_1, JOBS, PULL, RELAY_1])
    extend = bytes([EXTEND, 0, NEXT, DIAL, 0, PULL, NEXT])
    extended = extend + cell(NEXT, 8, CREATED2, b"\0\x40" + bytes(64)) + bytes([PULL, RELAY_1])
    begin = bytes([BEGIN, 0, 1, EDGE, 0, CONNECT, PULL, RELAY_1])
    two, one = b"\x01", b"\0"
    pair = make + bytes([ASK, kind | 1, RELAY_2, JOBS, PULL, RELAY_2])
    intro, wait = bytes([MEET, 0, INTRO, JOBS, PULL, RELAY_1]), bytes([MEET, 1, WAIT, PULL, RELAY_2])
    join = wait + bytes([MEET, 0, RENDEZVOUS, PULL, RELAY_2])
    legs = bytes([ASK, 0x80, RELAY_1, JOBS, PULL, RELAY_1, ASK, 0x81, RELAY_2, JOBS, PULL, RELAY_2])
    linked = legs + b"".join(bytes([LINKS, n, 0x18, RUN, PULL, RELAY_1 + n, LINKS, n, 1]) for n in range(2))
    begun = linked + bytes([BEGIN, 0, 1, EDGE, 0, CONNECT, RUN, PULL, RELAY_1, PULL, RELAY_2])
    return {
        "conflux": two + begun + bytes([LINKS, 1, 0x12]) + tell(1, 0, DATA, 1, b"ab") + bytes([EDGE, 0, TO_DESTINATION])
        + bytes([EDGE, 0, FROM_DESTINATION | 0xF0, RUN, PULL, RELAY_1, PULL, RELAY_2] * 8),
        "conflux_leg_closes": two + begun + cell(RELAY_1, 0, DESTROY) + bytes([RUN, PULL, RELAY_2]),
        "conflux_one_thread": one + begun + tell(0, 0, END, 1),
        "conflux_twice": two + linked + bytes([LINKS, 0, 0x18, PULL, RELAY_1]),
        "create": two + make,
        "create_one_thread": one + make,
        "client": one + bytes([ASK, 0, CLIENT, JOBS, PULL, CLIENT, BEGIN, 0, 1, PULL, CLIENT]),
        "extend": two + make + extended,
        "extend_fails": two + make + bytes([EXTEND, 0, NEXT, DIAL, 1, PULL, RELAY_1]),
        "extend_times_out": two + make + bytes([EXTEND, 0, NEXT, PASS, 70, DIAL, 0]),
        "both_ways": two + make + extended
        + bytes([BURST, RELAY_1, 0, 90, BURST, NEXT, 8, 90, RUN, PULL, RELAY_1, PULL, NEXT]),
        "destroyed_by_origin": two + make + extended + cell(RELAY_1, 0, DESTROY) + bytes([PULL, NEXT]),
        "destroyed_by_next": two + make + extended + cell(NEXT, 8, DESTROY) + bytes([PULL, RELAY_1]),
        "truncate": two + make + extended + tell(0, 0, TRUNCATE) + extend,
        "link_closes": two + make + extended + bytes([CLOSE, NEXT, PULL, RELAY_1]),
        "stream": two + make + begin + tell(0, 0, DATA, 1, b"hello")
        + bytes([EDGE, 0, TO_DESTINATION, EDGE, 0, FROM_DESTINATION | 0xF0, RUN, PULL, RELAY_1, EDGE, 0, CLOSED]),
        "stream_ends_early": two + make + bytes([BEGIN, 0, 1]) + tell(0, 0, END, 1) + bytes([EDGE, 0, CONNECT]),
        "windows": two + make + begin + tell(0, 0x80, DATA, 1, b"x") * 4
        + bytes([EDGE, 0, FROM_DESTINATION | 0xF0] * 40 + [RUN, PULL, RELAY_1, SENDME, 0, 0]),
        "mailbox_full": two + make + extended
        + bytes([BURST, RELAY_1, 0, 99, BURST, RELAY_1, 0, 99, TURN, 2, TURN, 1, RUN]),
        "idle": two + make + bytes([PASS, 255] * 15 + [CLOSE, RELAY_1] + [PASS, 255] * 15),
        "little_memory": bytes([0x80 | 1 | 20]) + make + extended,
        "introduction": two + pair + intro + bytes([MEET, 1, INTRODUCE, PULL, RELAY_1, PULL, RELAY_2]),
        "introduction_unknown": one + pair + bytes([MEET, 1, INTRODUCE, PULL, RELAY_2]),
        "intro_again": two + pair + intro + bytes([MEET, 1, INTRO, JOBS, PULL, RELAY_1, PULL, RELAY_2]),
        "intro_goes_early": two + pair + bytes([MEET, 0, INTRO]) + cell(RELAY_1, 0, DESTROY) + bytes([JOBS]),
        "rendezvous": two + pair + join
        + bytes([BURST, RELAY_1, 0, 90, BURST, RELAY_2, 1, 90, RUN, PULL, RELAY_1, PULL, RELAY_2]),
        "rendezvous_one_thread": one + pair + join + bytes([BURST, RELAY_1, 0, 90, RUN, PULL, RELAY_2]),
        "rendezvous_ends": two + pair + join + cell(RELAY_2, 1, DESTROY) + bytes([PULL, RELAY_1]),
        "rendezvous_truncated": two + pair + join + tell(1, 0, TRUNCATE) + bytes([PULL, RELAY_1]),
        "rendezvous_unknown": two + pair + wait + bytes([MEET, 0, RENDEZVOUS | 4, PULL, RELAY_1]),
        "rendezvous_little_memory": bytes([0x80 | 1 | 34]) + pair + join,
        "rubbish": two + bytes([RAW, RELAY_1]) + operand(bytes(range(200))) + cell(RELAY_1, 0, 7) + make,
    }


def handshakes() -> dict[str, bytes]:
    """Options, then steps: 0 the next cell, 1 with changes (position, xor), 2 made up, 3 the rest as bytes."""
    initiate, anonymous, peer_anonymous, expect = 1, 2, 4, 8
    made_up_padding = bytes([2, 128, 0]) + operand(b"abc")
    versions = bytes([3]) + bytes.fromhex("0000 07 0004 0004 0005")
    return {
        "responder": bytes(8),
        "responder_client": bytes([peer_anonymous]) + bytes(4),
        "initiator": bytes([initiate]) + bytes(6),
        "initiator_expects": bytes([initiate | expect]) + bytes(6),
        "initiator_client": bytes([initiate | anonymous]) + bytes(6),
        "padding": bytes([0, 0]) + made_up_padding + bytes(4),
        "certs_changed": bytes([0, 0, 1, 0, 100, 1, 0, 0]),
        "authenticate_changed": bytes([0, 0, 0, 1, 0, 50, 1, 0]),
        "netinfo_changed": bytes([initiate, 0, 0, 0, 1, 0, 12, 1]),
        "versions_changed": bytes([0, 1, 0, 8, 7, 0]),
        "challenge_changed": bytes([initiate, 0, 0, 1, 0, 40, 2, 0]),
        "raw_versions": bytes([0]) + versions + made_up_padding,
        "create_too_early": bytes([0, 0, 2, 10, 1]) + operand(b"\0\2"),
    }


def main() -> None:
    for folder, seeds in {"connection_manager": managers(), "link_handshake": handshakes()}.items():
        (HERE / folder).mkdir(exist_ok=True)
        for name, data in seeds.items():
            (HERE / folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
