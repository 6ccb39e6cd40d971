"""bench_stages - which stage of a cell's way a sample of perf belongs to.

A sample is a chain of frames, innermost first. In the kernel the system call decides. Elsewhere it is the innermost
function of the relay itself: what libcrypto, libssl and libc do, they do for it (libcrypto's assembly has no names).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

STAGES = (
    "socket read",
    "record open",
    "framing",
    "circuit lookup",
    "cipher",
    "queues and mailroom",
    "scheduler",
    "serialize",
    "record seal",
    "socket write",
    "rest",
)

# What system calls are for, by a part of the names of the kernel's functions.
SYSTEM_CALLS = (
    ("socket read", re.compile(r"recvfrom|recvmsg|sock_recv|tcp_recv|ksys_read|vfs_read|readv")),
    ("socket write", re.compile(r"sendto|sendmsg|sock_send|tcp_send|ksys_write|vfs_write|writev")),
    ("scheduler", re.compile(r"getsockopt|sock_ioctl|sys_ioctl|timerfd")),
)
LIBC_CALLS = (
    ("socket read", re.compile(r"^(__)?(libc_)?(recv|read|readv)(from|64)?$")),
    ("socket write", re.compile(r"^(__)?(libc_)?(send|write|writev)(to|64)?$")),
)

_RECORDS = r"^native/(?:tls|record|aes_gcm)\w*"

# "unit function" of the relay, in this order; a frame that none fits is passed over for the one that called it.
RELAY = (
    ("serialize", re.compile(r" (cell_serialize|cell_copy_body|manager_take\b|manager_cut)")),
    ("framing", re.compile(r"^wire/cell |^base/bytes |cell_frame")),
    ("circuit lookup", re.compile(r"^base/(table|slot_map) |_prefetch|find_half|circuit_of")),
    ("cipher", re.compile(r"^native/(openssl_layers|aes128\w*|cgo|polyval|openssl_sha3) |layer_crypt")),
    ("record seal", re.compile(rf"{_RECORDS} \w*(write|seal|protect\b|encrypt)|^native/link_output ")),
    ("record open", re.compile(rf"{_RECORDS} \w*(read|open|unprotect|decrypt)|^native/link_input ")),
    ("scheduler", re.compile(r"^core/(scheduler|ewma|kist|bandwidth_\w+|token_bucket) | \w*(sched|kist|grant|facts)")),
    ("queues and mailroom", re.compile(r"^core/(mailroom|mailbox|chain_ring|cell_pool|cell_queue|circuit_half|"
                                       r"manager_relaying|manager_output|manager_delivery|circuit_flow|flow_window) |"
                                       r"^base/(slab|list|run|ring)\w* ")),
)  # fmt: skip


NOT_KERNEL = ("[unknown]", "[vdso]", "[heap]", "[stack]", "[anon]")


@dataclass(frozen=True)
class Frame:
    """One function of a chain: its name, the file of its code, and the relay's unit where that is known."""

    name: str
    object: str
    unit: str = ""

    @property
    def is_kernel(self) -> bool:
        """Say whether the kernel ran it: its own text, or a module's."""
        return self.object.startswith("[") and self.object not in NOT_KERNEL


def stage_of(chain: Sequence[Frame]) -> str:
    """Return the stage that a sample belongs to."""
    kernel = " ".join(frame.name for frame in chain if frame.is_kernel)
    if kernel:
        return _first(SYSTEM_CALLS, kernel) or "rest"
    if chain and chain[0].object.startswith("libc") and (stage := _first(LIBC_CALLS, chain[0].name)):
        return stage
    for frame in chain:
        if frame.unit and (stage := _first(RELAY, f"{frame.unit} {frame.name}")):
            return stage
    return "rest"


def is_resolved(chain: Sequence[Frame]) -> bool:
    """Say whether the chain leads to the kernel or to a function of the relay that we know by name."""
    return any(frame.is_kernel or frame.unit for frame in chain)


def _first(rules: Sequence[tuple[str, re.Pattern[str]]], text: str) -> str | None:
    return next((stage for stage, pattern in rules if pattern.search(text)), None)
