"""Content is sealed in the home, synced, checked, and saved where a person says, and nowhere else."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from p2pchat.core.values.files import (
    CheckFile,
    DropContent,
    FetchPiece,
    FileChecked,
    FileRecord,
    KeepPiece,
    PieceFetched,
    PieceKept,
    SweepContent,
)
from p2pchat.crypto.files import open_piece
from p2pchat.errors import LimitError, P2PChatError, StoreError, UsageError
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.store import pieces, wipe
from p2pchat.store.pieces import SLOT_BYTES, PieceFiles
from p2pchat.wire.files import PIECE_BYTES
from tests.support.file_records import KEY, SALT, cut_piece, make_file
from tests.support.homes import new_store

CONTENT = SeededEntropy("content").draw_bytes(2 * PIECE_BYTES + 777)
FILE = make_file(CONTENT)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


def keep_all(kept: PieceFiles, file: FileRecord = FILE, content: bytes = CONTENT) -> None:
    for index in range(file.count):
        effect = KeepPiece(file, index, cut_piece(content, index))
        assert kept.serve_effect(effect) == PieceKept(file.id, index, kept=True)


def full(*_: Any) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_pieces_come_back_in_any_order_and_only_with_the_key(home: Path) -> None:
    kept = PieceFiles(home)
    kept.keep_piece(FILE, 2, cut_piece(CONTENT, 2))
    assert kept.serve_effect(CheckFile(FILE)) == FileChecked(FILE.id, b"\4")
    keep_all(kept)
    assert kept.serve_effect(CheckFile(FILE)) == FileChecked(FILE.id, b"\7")
    assert b"".join(kept.read_piece(FILE, index) or b"" for index in range(3)) == CONTENT
    assert kept.check_pieces(replace(FILE, key=bytes(32))) == b""


def test_nothing_on_disk_is_readable_or_open_to_others(home: Path) -> None:
    keep_all(PieceFiles(home))
    (content,) = (home / "files").iterdir()
    sealed = content.read_bytes()
    assert all(CONTENT[at : at + 16] not in sealed for at in range(0, len(CONTENT) - 16, 4096))
    assert content.stat().st_mode & 0o777 == 0o600 and (home / "files").stat().st_mode & 0o777 == 0o700


def test_a_damaged_piece_is_not_here(home: Path) -> None:
    kept = PieceFiles(home)
    keep_all(kept)
    with (home / "files" / FILE.id).open("r+b") as content:
        content.seek(SLOT_BYTES + 5)
        content.write(b"damage")
    assert kept.check_pieces(FILE) == b"\5"
    with (home / "files" / FILE.id).open("r+b") as content:
        content.truncate(SLOT_BYTES - 1)
    assert kept.check_pieces(FILE) == b""


def test_a_piece_counts_after_it_was_synced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(descriptor))
    PieceFiles(home).keep_piece(FILE, 0, cut_piece(CONTENT, 0))
    assert len(synced) == 2, "the file and its folder"


def test_on_a_full_disk_a_piece_is_not_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, effect = PieceFiles(home), KeepPiece(FILE, 0, cut_piece(CONTENT, 0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert kept.serve_effect(effect) == PieceKept(FILE.id, 0, kept=False)
        patch.undo()
        patch.setattr(pieces, "MARGIN_BYTES", 1 << 60)
        assert kept.serve_effect(effect) == PieceKept(FILE.id, 0, kept=False)
    assert kept.serve_effect(effect) == PieceKept(FILE.id, 0, kept=True)


def test_a_disk_that_refuses_says_so(home: Path) -> None:
    (home / "files").write_text("in the way")
    with pytest.raises(StoreError, match="files"):
        PieceFiles(home).serve_effect(KeepPiece(FILE, 0, b""))


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, len(CONTENT)])
def test_what_is_imported_is_sent_as_it_was_offered(home: Path, tmp_path: Path, size: int) -> None:
    source, kept = tmp_path / "source", PieceFiles(home)
    source.write_bytes(CONTENT[:size])
    found = kept.import_file(source, FILE.id, SALT, KEY, len(CONTENT))
    file = make_file(CONTENT[:size])
    assert (found.size, found.root) == (size, file.root)
    source.unlink()
    for index in range(file.count):
        told = kept.serve_effect(FetchPiece(file, index))
        assert isinstance(told, PieceFetched) and told.sent is not None
        assert open_piece(SALT, file.root, size, index, told.sent) == cut_piece(CONTENT[:size], index)


def test_what_is_not_here_is_not_sent(home: Path) -> None:
    kept = PieceFiles(home)
    assert kept.serve_effect(FetchPiece(FILE, 0)) == PieceFetched(FILE.id, 0, None)
    keep_all(kept)
    other = replace(FILE, root=bytes(32))
    assert kept.serve_effect(FetchPiece(other, 0)) == PieceFetched(FILE.id, 0, None), "another file"
    assert isinstance(told := kept.serve_effect(FetchPiece(FILE, 0)), PieceFetched) and told.sent
    kept.serve_effect(DropContent(FILE.id))
    assert kept.serve_effect(FetchPiece(FILE, 0)) == PieceFetched(FILE.id, 0, None)


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _large(path: Path) -> None:
    path.write_bytes(bytes(1001))


@pytest.mark.parametrize(
    ("make", "error"),
    [(lambda path: None, UsageError), (_folder, UsageError), (_pipe, UsageError), (_large, LimitError)],
)
def test_what_cannot_be_imported_leaves_nothing(
    home: Path, tmp_path: Path, make: Callable[[Path], None], error: type[P2PChatError]
) -> None:
    make(tmp_path / "source")
    with pytest.raises(error):
        PieceFiles(home).import_file(tmp_path / "source", FILE.id, SALT, KEY, 1000)
    assert not (home / "files").exists() or not list((home / "files").iterdir())


def test_an_import_on_a_full_disk_leaves_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "source").write_bytes(CONTENT)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LimitError, match="no room"):
        PieceFiles(home).import_file(tmp_path / "source", FILE.id, SALT, KEY, len(CONTENT))
    assert not list((home / "files").iterdir())


def test_a_file_is_saved_where_a_person_says_and_overwrites_nothing(home: Path, tmp_path: Path) -> None:
    kept, folder = PieceFiles(home), tmp_path / "saved"
    folder.mkdir()
    keep_all(kept)
    names = [kept.save_file(FILE, folder).name for _ in range(3)]
    assert names == ["report.pdf", "report (1).pdf", "report (2).pdf"]
    assert all((folder / name).read_bytes() == CONTENT for name in names)
    assert kept.save_file(replace(FILE, name="README"), folder).name == "README"
    assert kept.save_file(replace(FILE, name="README"), folder).name == "README (1)"
    link = folder / "link"
    link.symlink_to(tmp_path / "elsewhere")
    assert kept.save_file(replace(FILE, name="link"), folder).name == "link (1)"
    assert not (tmp_path / "elsewhere").exists(), "no link is followed"


def test_what_cannot_be_saved_leaves_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, folder = PieceFiles(home), tmp_path / "saved"
    with pytest.raises(UsageError, match="saved"):
        kept.save_file(FILE, folder)
    folder.mkdir()
    kept.keep_piece(FILE, 0, cut_piece(CONTENT, 0))
    with pytest.raises(StoreError, match="damaged"):
        kept.save_file(FILE, folder)
    keep_all(kept)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LimitError, match="no room"):
        kept.save_file(FILE, folder)
    assert not list(folder.iterdir())


def test_what_belongs_to_no_file_is_swept(home: Path) -> None:
    kept, other = PieceFiles(home), make_file(CONTENT, 2)
    kept.serve_effect(SweepContent(frozenset()))
    keep_all(kept)
    keep_all(kept, other)
    kept.serve_effect(SweepContent(frozenset({other.id})))
    assert [left.name for left in (home / "files").iterdir()] == [other.id]


def test_what_was_just_imported_is_not_swept(home: Path, tmp_path: Path) -> None:
    """A node that starts says what it knows while a file is offered already."""
    (tmp_path / "source").write_bytes(b"content")
    kept = PieceFiles(home)
    kept.import_file(tmp_path / "source", FILE.id, SALT, KEY, 100)
    kept.serve_effect(SweepContent(frozenset()))
    assert [left.name for left in (home / "files").iterdir()] == [FILE.id]
    PieceFiles(home).serve_effect(SweepContent(frozenset()))
    assert not list((home / "files").iterdir())


def test_wiping_a_home_takes_its_files(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home")
    keep_all(store.pieces)
    store.close()
    wipe(tmp_path / "home")
    assert not list((tmp_path / "home").iterdir())
