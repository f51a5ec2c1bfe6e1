"""The key file: who gets in, what an interruption leaves, and that damage is said to be damage."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from p2pchat.crypto.password import stretch, wrap
from p2pchat.errors import P2PChatError, StoreError, TrustError, UsageError
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.store import (
    KEY_FILE,
    KeyFile,
    Passphrase,
    Store,
    Unlock,
    change_unlock,
    exists,
    needs_passphrase,
    wipe,
)
from tests.support.homes import BOB, CHEAP, identity, new_store

LOCK = Passphrase("correct horse battery staple")
OTHER = Passphrase("another passphrase, zażółć")
ROOT = Path(__file__).parents[2]


def opens(home: Path, unlock: Unlock) -> bool:
    try:
        store = Store.open_store(home, unlock)
    except TrustError:
        return False
    assert store.load_memory().contacts == (BOB,)
    store.close()
    return True


def test_the_wrong_passphrase_and_none_are_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home, LOCK).close()
    assert needs_passphrase(home)
    for wrong in (Passphrase("incorrect"), Passphrase(""), KeyFile()):
        with pytest.raises(TrustError):
            Store.open_store(home, wrong)
    assert opens(home, LOCK)


NFC, NFD = (Passphrase(unicodedata.normalize(form, "zażółć gęślą jaźń")) for form in ("NFC", "NFD"))
SPACED = Passphrase("zażółć\u00a0gęślą jaźń")
"""As macOS types a space with the option key held."""


@pytest.mark.parametrize(("made", "typed"), [(NFC, NFD), (NFD, NFC), (NFC, SPACED), (SPACED, NFD)])
def test_a_passphrase_opens_however_its_letters_are_composed(
    made: Passphrase, typed: Passphrase, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    new_store(home, made).close()
    assert opens(home, typed)
    assert opens(home, made)
    assert not opens(home, Passphrase(typed.text[:-1]))


def lock_unprepared(home: Path, text: str) -> None:
    """Make a home as versions before did: locked with the bytes of the passphrase as they came."""
    new_store(home).close()
    data_key = bytes.fromhex((home / KEY_FILE).read_text().split()[-1])
    salt, nonce = b"s" * 16, b"n" * 24
    wrapped = wrap(stretch(text.encode(), salt, CHEAP), data_key, nonce, b"p2pchat key file 1")
    (home / KEY_FILE).write_text(
        f"p2pchat-key 1 argon2id {CHEAP.ops} {CHEAP.memory} {salt.hex()} {nonce.hex()} {wrapped.hex()}\n"
    )


@pytest.mark.parametrize(("made", "typed"), [(NFC, (NFC, NFD)), (NFD, (NFC, NFD)), (SPACED, (SPACED,))])
def test_an_earlier_home_opens_and_is_prepared_at_the_next_change(
    made: Passphrase, typed: tuple[Passphrase, ...], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    lock_unprepared(home, made.text)
    before = (home / KEY_FILE).read_bytes()
    assert all(opens(home, way) for way in typed)
    assert (home / KEY_FILE).read_bytes() == before
    change_unlock(home, made, made, SeededEntropy(2), CHEAP)
    assert all(opens(home, way) for way in (NFC, NFD, SPACED))


def test_an_open_key_asks_for_no_passphrase(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    assert not needs_passphrase(home)
    assert opens(home, KeyFile())


def test_a_home_is_made_once(tmp_path: Path) -> None:
    new_store(tmp_path / "home").close()
    with pytest.raises(UsageError, match="already"):
        new_store(tmp_path / "home")


@pytest.mark.parametrize(("old", "new"), [(LOCK, OTHER), (KeyFile(), LOCK), (LOCK, KeyFile())])
def test_the_way_in_can_be_changed(tmp_path: Path, old: Unlock, new: Unlock) -> None:
    home = tmp_path / "home"
    new_store(home, old).close()
    change_unlock(home, old, new, SeededEntropy(2), CHEAP)
    assert needs_passphrase(home) == isinstance(new, Passphrase)
    assert opens(home, new)
    if isinstance(new, Passphrase):
        assert not opens(home, old)
    assert (home / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_an_open_key_is_overwritten_when_it_gets_a_passphrase(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    with open(home / KEY_FILE, "rb") as replaced:
        before = replaced.read()
        change_unlock(home, KeyFile(), LOCK, SeededEntropy(2), CHEAP)
        replaced.seek(0)
        assert b"open" in before
        assert replaced.read() != before


def test_a_change_needs_the_old_passphrase(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home, LOCK).close()
    before = (home / KEY_FILE).read_bytes()
    with pytest.raises(TrustError):
        change_unlock(home, OTHER, KeyFile(), SeededEntropy(2), CHEAP)
    assert (home / KEY_FILE).read_bytes() == before
    with pytest.raises(UsageError, match="no p2pchat identity"):
        change_unlock(tmp_path / "nowhere", LOCK, OTHER, SeededEntropy(2), CHEAP)


DRILL = """
import os, signal, sys
from pathlib import Path
from p2pchat.errors import TrustError
from p2pchat.store import KeyFile, Passphrase, Store, change_unlock, exists, wipe
from p2pchat.sim.entropy import SeededEntropy
from tests.support.homes import CHEAP, identity, new_store

LOCK, OTHER = Passphrase("one"), Passphrase("other")
WATCHED = ("open", "os.chmod", "os.rename", "os.remove", "os.mkdir")

def killed_at(step, action):
    # Whether the child was killed: at its step-th touch of a file.
    pid = os.fork()
    if pid == 0:
        left = step
        def watch(event, arguments):
            nonlocal left
            if event in WATCHED and any(str(home) in str(each) for each in arguments):
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(watch)
        action()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL

def create():
    Store.create_store(home, LOCK, identity(), SeededEntropy(1), CHEAP).close()

def change():
    change_unlock(home, KeyFile(), LOCK, SeededEntropy(2), CHEAP)

def opened(unlock):
    try:
        Store.open_store(home, unlock).close()
    except TrustError:
        return False
    return True

base, drill = Path(sys.argv[1]), sys.argv[2]
for step in range(100):
    home = base / str(step)
    if drill == "change":
        new_store(home).close()
    killed = killed_at(step, {"create": create, "change": change}[drill])
    if drill == "create":
        if not exists(home):
            create()
        assert opened(LOCK)
    else:
        # An open key opens with a passphrase, too: only what asks for one shows the change is done.
        assert opened(LOCK)
        assert opened(KeyFile()) == ((home / "keys").read_text().split()[2] == "open")
    assert not (home / "keys.new").exists()
    if not killed:
        break
print(step)
"""


@pytest.mark.parametrize(("drill", "steps"), [("create", 8), ("change", 5)])
def test_killed_at_any_step_it_is_as_before_or_done(tmp_path: Path, drill: str, steps: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DRILL, str(tmp_path), drill],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.stderr == ""
    assert steps <= int(done.stdout) < 99


def test_an_interrupted_init_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    (home / KEY_FILE).unlink()
    (home / "keys.new").write_text("half")
    assert not exists(home)
    with pytest.raises(UsageError, match="p2pchat init"):
        Store.open_store(home, KeyFile())
    store = new_store(home, LOCK)
    assert store.load_memory().contacts == (BOB,)
    assert not (home / "keys.new").exists()
    store.close()


def test_a_lost_key_file_is_said_and_its_store_never_replaced(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    (home / KEY_FILE).rename(tmp_path / "elsewhere")
    assert exists(home)
    for use in (lambda: Store.open_store(home, KeyFile()), lambda: needs_passphrase(home)):
        with pytest.raises(StoreError, match="is missing; put it back"):
            use()
    with pytest.raises(UsageError, match="already"):
        new_store(home)
    (tmp_path / "elsewhere").rename(home / KEY_FILE)
    assert opens(home, KeyFile())
    (home / KEY_FILE).unlink()
    wipe(home)
    new_store(home).close()


@pytest.mark.parametrize(
    "content", ["", "nonsense", "p2pchat-key 1 open zz", "p2pchat-key 1 open 00", "\xff"]
)
def test_a_damaged_key_file_is_said_to_be_one(tmp_path: Path, content: str) -> None:
    home = tmp_path / "home"
    new_store(home).close()
    (home / KEY_FILE).write_bytes(content.encode("latin-1"))
    with pytest.raises(StoreError, match="key file"):
        Store.open_store(home, KeyFile())


@pytest.mark.parametrize("unlock", [KeyFile(), LOCK])
def test_a_flipped_byte_anywhere_in_the_key_file_is_reported(tmp_path: Path, unlock: Unlock) -> None:
    home = tmp_path / "home"
    new_store(home, unlock).close()
    whole = (home / KEY_FILE).read_bytes()
    believed = []
    for spot in range(len(whole) - 1):
        damaged = bytearray(whole)
        damaged[spot] ^= 0x01
        (home / KEY_FILE).write_bytes(damaged)
        try:
            if opens(home, unlock):
                believed.append(chr(damaged[spot]))
        except StoreError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017
    # Argon2id counts memory in KiB, so the last digits in bytes change nothing.
    assert len(believed) <= 3 and "".join(believed).isdigit() == bool(believed)
    (home / KEY_FILE).write_bytes(whole)
    assert opens(home, unlock)


def test_a_missing_database_and_a_foreign_key_are_said(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    new_store(one).close()
    new_store(other).close()
    (one / KEY_FILE).write_bytes((other / KEY_FILE).read_bytes())
    with pytest.raises(TrustError):
        Store.open_store(one, KeyFile())
    (other / "store.db").unlink()
    with pytest.raises(StoreError, match="missing"):
        Store.open_store(other, KeyFile())


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        Store.create_store(tmp_path / "file" / "home", KeyFile(), identity(), SeededEntropy(1), CHEAP)


def test_a_change_the_disk_refuses_leaves_the_old_way(tmp_path: Path) -> None:
    home = tmp_path / "home"
    new_store(home, LOCK).close()
    (home / "keys.new").mkdir()
    with pytest.raises(P2PChatError, match="cannot be replaced"):
        change_unlock(home, LOCK, OTHER, SeededEntropy(2), CHEAP)
    (home / "keys.new").rmdir()
    assert opens(home, LOCK)
