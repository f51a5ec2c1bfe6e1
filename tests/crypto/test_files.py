"""A piece has its place in one file, and opens for those who have the offer."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.crypto.files import (
    FileTree,
    hash_piece,
    is_piece,
    open_kept,
    open_piece,
    seal_kept,
    seal_piece,
)
from p2pchat.errors import RefusedInput
from p2pchat.wire.files import PIECE_BYTES, SIZE_MAX, count_pieces, decode_piece, encode_piece, piece_size

SALT = b"s" * 32


def grow(size: int, salt: bytes = SALT) -> tuple[FileTree, bytes, list[bytes]]:
    """A file of one byte after the other, its tree and root."""
    pieces = [bytes([index % 251]) * piece_size(size, index) for index in range(count_pieces(size))]
    tree = FileTree(salt)
    for index, piece in enumerate(pieces):
        tree.add_leaf(hash_piece(salt, index, piece))
    return tree, tree.close_tree(size), pieces


@settings(max_examples=20)
@given(st.integers(1, 12), st.integers(0, PIECE_BYTES - 1))
def test_each_piece_has_its_place_and_no_other(count: int, short: int) -> None:
    size = count * PIECE_BYTES - short
    tree, root, pieces = grow(size)
    for index, piece in enumerate(pieces):
        path = tree.list_path(index)
        assert is_piece(SALT, root, size, index, path, piece)
        assert not is_piece(SALT, root, size, (index + 1) % (count + 1), path, piece)
        assert not is_piece(SALT, root, size, index, path, piece[:-1] + b"\xff")
        assert not is_piece(SALT, root, size, index, (*path, bytes(32)), piece)
        assert not is_piece(b"t" * 32, root, size, index, path, piece)
        if path:
            assert not is_piece(SALT, root, size, index, path[:-1], piece)


def test_an_empty_file_is_one_empty_piece() -> None:
    tree, root, pieces = grow(0)
    assert pieces == [b""] and tree.list_path(0) == ()
    assert is_piece(SALT, root, 0, 0, (), b"")


def test_the_root_tells_nobody_which_file_it_is() -> None:
    assert grow(1000)[1] != grow(1000, b"t" * 32)[1]


def test_the_root_has_the_length_in_it() -> None:
    tree = FileTree(SALT)
    tree.add_leaf(hash_piece(SALT, 0, b"same"))
    assert tree.close_tree(4) != tree.close_tree(5)


def test_a_leaf_is_no_node() -> None:
    """What two hashes make is another value as a piece."""
    size = 2 * PIECE_BYTES
    tree, root, _ = grow(size)
    left, right = tree.list_path(1)[0], tree.list_path(0)[0]
    assert not is_piece(SALT, root, 64, 0, (), left + right)


def test_a_tree_is_closed_with_all_its_leaves() -> None:
    with pytest.raises(ValueError, match="0 leaves"):
        FileTree(SALT).close_tree(0)


def test_a_sealed_piece_opens_in_its_place() -> None:
    size = 2 * PIECE_BYTES + 7
    tree, root, pieces = grow(size)
    sent = seal_piece(SALT, root, 2, tree.list_path(2), pieces[2])
    assert open_piece(SALT, root, size, 2, sent) == pieces[2]
    for salt, of, index in ((b"t" * 32, root, 2), (SALT, b"r" * 32, 2), (SALT, root, 1)):
        with pytest.raises(RefusedInput):
            open_piece(salt, of, size, index, sent)


def test_a_sealed_piece_that_is_not_of_the_file_is_refused() -> None:
    size = 2 * PIECE_BYTES
    tree, root, pieces = grow(size)
    wrong = bytes(PIECE_BYTES)
    with pytest.raises(RefusedInput):
        open_piece(SALT, root, size, 1, seal_piece(SALT, root, 1, tree.list_path(1), wrong))
    path, sealed = decode_piece(seal_piece(SALT, root, 1, tree.list_path(1), pieces[1]))
    with pytest.raises(RefusedInput):
        open_piece(SALT, root, size, 1, encode_piece((), sealed))
    with pytest.raises(RefusedInput):
        open_piece(SALT, root, size, 1, encode_piece(path, sealed[:-1] + bytes([sealed[-1] ^ 1])))


def test_the_tree_of_the_largest_file_takes_a_few_megabytes() -> None:
    tracemalloc.start()
    try:
        tree = FileTree(SALT)
        for index in range(count_pieces(SIZE_MAX)):
            tree.add_leaf(index.to_bytes(32, "big"))
        tree.close_tree(SIZE_MAX)
        assert len(tree.list_path(16_383)) == 14
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_what_is_kept_opens_under_its_key_name_and_number() -> None:
    key, name = b"k" * 32, b"n" * 16
    sealed = seal_kept(key, name, 3, b"piece")
    assert open_kept(key, name, 3, sealed) == b"piece"
    for other in ((b"l" * 32, name, 3), (key, b"m" * 16, 3), (key, name, 4)):
        assert open_kept(*other, sealed) is None
    assert open_kept(key, name, 3, sealed[:7]) is None and open_kept(key, name, 3, b"") is None
