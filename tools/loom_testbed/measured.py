"""measured - what a bench hands back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """The result of a bench: for programs, for people, and whether it met what was asked of it."""

    as_json: dict[str, object]
    as_text: str
    is_ok: bool = True
