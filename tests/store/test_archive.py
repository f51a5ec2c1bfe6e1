"""A backup file is read as it was written or refused with a sentence; the one before is never lost."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchat.crypto.archive import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES
from p2pchat.errors import P2PChatError, StoreError, TrustError, UsageError
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.store.archive import ArchiveFile, read_entries
from p2pchat.wire.backup import PADDED_MIN, EntryKind, encode_entry, padded_size
from tests.support.homes import CHEAP

ROOT = Path(__file__).parents[2]
SEALED = CHUNK_BYTES + TAG_BYTES


def written(place: Path, text: str = "kept", phrase: str = "phrase", count: int = 3) -> ArchiveFile:
    file = ArchiveFile(place, phrase, SeededEntropy(text), CHEAP)
    for number in range(count):
        file.add_entries(encode_entry(EntryKind.SETTING, {"name": f"{number}", "value": text}))
    return file


def whole(place: Path, text: str = "kept", count: int = 3) -> bytes:
    file = written(place, text, count=count)
    file.complete_file()
    assert file.size == place.stat().st_size
    return place.read_bytes()


def read(place: Path, phrase: str = "phrase") -> list[str]:
    return [fields.get_text("value", 1000) for _, fields in read_entries(place, phrase)]


def test_only_the_owner_reads_what_was_written(tmp_path: Path) -> None:
    place = tmp_path / "home.backup"
    old = os.umask(0)
    try:
        data = whole(place)
    finally:
        os.umask(old)
    assert read(place) == ["kept"] * 3
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [place]
    assert b"kept" not in data
    with pytest.raises(TrustError, match="phrase"):
        read(place, "another")


def test_a_size_says_what_padding_leaves(tmp_path: Path) -> None:
    sizes = {len(whole(tmp_path / "few", count=count)) for count in (0, 1, 900)}
    chunks = PADDED_MIN // CHUNK_BYTES
    assert sizes == {HEADER_BYTES + PADDED_MIN + chunks * TAG_BYTES}
    large = whole(tmp_path / "more", "x" * 900, count=1000)
    taken = 1000 * len(encode_entry(EntryKind.SETTING, {"name": "100", "value": "x" * 900}))
    body = padded_size(taken - 110)
    assert len(large) == HEADER_BYTES + body + -(-body // CHUNK_BYTES) * TAG_BYTES


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    place = tmp_path_factory.mktemp("damage") / "home.backup"
    return place, whole(place, "x" * 50_000, count=6)


def refused(place: Path, changed: bytes) -> str:
    place.write_bytes(changed)
    with pytest.raises((StoreError, TrustError)) as refusal:
        list(read_entries(place, "phrase"))
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


COSTS = range(16, 24)
"""What a phrase costs: with a bit turned there it may take minutes; a few are tried elsewhere."""


@settings(max_examples=30)
@given(st.data())
def test_a_turned_bit_is_refused(data: tuple[Path, bytes], draw: st.DataObject) -> None:
    place, good = data
    at = draw.draw(st.integers(0, len(good) - 1).filter(lambda at: at not in COSTS))
    changed = bytearray(good)
    changed[at] ^= 1 << draw.draw(st.integers(0, 7))
    refused(place, bytes(changed))


@settings(max_examples=30)
@given(st.data())
def test_a_cut_or_lengthened_file_is_refused(data: tuple[Path, bytes], draw: st.DataObject) -> None:
    place, good = data
    borders = [HEADER_BYTES + SEALED * count for count in range(len(good) // SEALED + 1)]
    at = draw.draw(st.sampled_from(borders) | st.integers(0, len(good) - 1))
    refused(place, good[:at])
    refused(place, good + good[at:] + b"\0")


@settings(max_examples=40)
@given(st.data())
def test_chunks_in_another_order_or_twice_are_refused(data: tuple[Path, bytes], draw: st.DataObject) -> None:
    place, good = data
    header, body = good[:HEADER_BYTES], good[HEADER_BYTES:]
    chunks = [body[at : at + SEALED] for at in range(0, len(body), SEALED)]
    order = draw.draw(
        st.permutations(range(len(chunks))) | st.lists(st.sampled_from(range(len(chunks))), max_size=8)
    )
    if list(order) != list(range(len(chunks))):
        refused(place, header + b"".join(chunks[number] for number in order))


def test_each_refusal_says_what_is_wrong(data: tuple[Path, bytes], tmp_path: Path) -> None:
    place, good = data
    assert "damaged or cut off behind its first 64 kB" in refused(place, good[: HEADER_BYTES + SEALED])
    assert "no backup of p2pchat" in refused(place, b"something else")
    assert "newer p2pchat" in refused(place, good[:15] + b"\2" + good[16:])
    assert "phrase" in refused(place, good[: HEADER_BYTES + 9])
    for nothing in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match="there is no backup"):
            list(read_entries(nothing, "phrase"))


def test_one_that_is_abandoned_leaves_the_one_before(tmp_path: Path) -> None:
    place = tmp_path / "home.backup"
    before = whole(place)
    file = written(place, "later")
    file.give_up()
    file.give_up()
    assert place.read_bytes() == before
    assert list(tmp_path.iterdir()) == [place]


def test_a_name_of_something_else_is_never_written_over(tmp_path: Path) -> None:
    place = tmp_path / "thesis.odt"
    place.write_bytes(b"years of work")
    for wrong in (place, tmp_path):
        with pytest.raises(UsageError):
            written(wrong)
    assert place.read_bytes() == b"years of work"
    (tmp_path / "home.backup.new").write_bytes(b"mine as well")
    with pytest.raises(UsageError, match="no backup"):
        written(tmp_path / "home.backup")
    (tmp_path / "other.backup.new").symlink_to(place)
    with pytest.raises(UsageError):
        written(tmp_path / "other.backup")
    assert place.read_bytes() == b"years of work"
    with pytest.raises(P2PChatError, match="cannot be written"):
        written(tmp_path / "nowhere" / "home.backup")


def test_a_name_that_leads_elsewhere_is_written_there(tmp_path: Path) -> None:
    real, name = tmp_path / "stick", tmp_path / "home.backup"
    whole(real)
    name.symlink_to(real)
    whole(name, "later")
    assert name.is_symlink()
    assert read(real) == ["later"] * 3


def test_two_do_not_write_one_backup_at_a_time(tmp_path: Path) -> None:
    place = tmp_path / "home.backup"
    first = written(place, "first")
    with pytest.raises(UsageError, match="another program"):
        written(place, "second")
    first.complete_file()
    assert read(place) == ["first"] * 3
    whole(place, "second")
    assert read(place) == ["second"] * 3


@pytest.mark.parametrize("step", ["os.fsync", "Path.rename", "os.ftruncate"])
def test_a_disk_that_refuses_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    place = tmp_path / "home.backup"
    before = whole(place)

    def refuse(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"p2pchat.store.archive.{step}", refuse)
    with pytest.raises(StoreError, match="No space left on device; what was there before is as it was"):
        whole(place, "later")
    monkeypatch.undo()
    assert place.read_bytes() == before
    whole(place, "later")
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize(
    ("step", "number"),
    [("os.fchmod", errno.EPERM), ("fcntl.flock", errno.ENOLCK), ("sync_directory", errno.EINVAL)],
)
def test_a_stick_that_knows_no_modes_or_locks_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    def refuse(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(f"p2pchat.store.archive.{step}", refuse)
    whole(tmp_path / "home.backup")
    assert read(tmp_path / "home.backup") == ["kept"] * 3


WRITER = """
import os, signal, sys
from pathlib import Path
from tests.store.test_archive import whole
calls = int(sys.argv[2])
def traced(function):
    def call(*args, **named):
        global calls
        calls -= 1
        if calls < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **named)
    return call
import p2pchat.store.archive as archive
for name in ("open", "fsync", "ftruncate", "fchmod"):
    setattr(archive.os, name, traced(getattr(archive.os, name)))
archive.Path.rename = traced(archive.Path.rename)
archive.ArchiveFile._put = traced(archive.ArchiveFile._put)
archive.sync_directory = traced(archive.sync_directory)
whole(Path(sys.argv[1]), "later")
"""


def killed_at(place: Path, call: int) -> int:
    """Write a backup in a process that is killed before its call of that number: how it ended."""
    command = [sys.executable, "-c", WRITER, str(place), str(call)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


@pytest.mark.slow
def test_a_kill_at_any_point_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    place = tmp_path / "home.backup"
    before = whole(place)
    call, ended = 0, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        place.write_bytes(before)
        ended = killed_at(place, call)
        assert set(read(place)) in ({"kept"}, {"later"})
        call += 1
    assert ended == 0
    assert call > 9
    assert list(tmp_path.iterdir()) == [place]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from tests.store.test_archive import whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))
try:
    whole(Path(sys.argv[1]), "later")
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_disk_that_is_full_half_way_leaves_the_one_before(tmp_path: Path) -> None:
    place = tmp_path / "home.backup"
    before = whole(place)
    command = [sys.executable, "-c", LIMITED, str(place)]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert ran.stdout.startswith("StoreError the backup ")
    assert "what was there before is as it was" in ran.stdout
    assert place.read_bytes() == before
    assert list(tmp_path.iterdir()) == [place]


def test_memory_stays_flat(tmp_path: Path) -> None:
    import tracemalloc

    def peak(work: Callable[[], object]) -> int:
        tracemalloc.start()
        work()
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    place = tmp_path / "home.backup"
    assert peak(lambda: written(place, "x" * 50_000, count=400).complete_file()) < 4_000_000
    assert peak(lambda: sum(1 for _ in read_entries(place, "phrase"))) < 4_000_000
