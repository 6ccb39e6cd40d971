"""The pattern tells every byte from every other, and a repetition does not hide a loss."""

import pytest
from loom_testbed import pattern


@pytest.mark.parametrize("position", [0, 1, 1000, pattern.BLOCK_LENGTH - 1, pattern.BLOCK_LENGTH, 10**12 + 7])
def test_a_piece_matches_itself_and_nothing_beside_it(position: int) -> None:
    piece = pattern.piece(position, 5000)
    assert pattern.matches(position, piece)
    assert not pattern.matches(position + 1, piece)
    assert not pattern.matches(position + 498, piece)


def test_one_wrong_byte_is_found_where_it_is() -> None:
    received = bytearray(pattern.piece(77, pattern.PIECE_MAX))
    received[200_000] ^= 1
    assert not pattern.matches(77, memoryview(received))
    assert pattern.first_difference(77, memoryview(received)) == 200_000


def test_the_longest_piece_never_wraps() -> None:
    assert len(pattern.piece(pattern.BLOCK_LENGTH - 1, pattern.PIECE_MAX)) == pattern.PIECE_MAX
