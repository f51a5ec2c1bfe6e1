"""A wrapped key opens for its passphrase, and damage is refused rather than tried."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from p2pchat.crypto.password import Cost, stretch, unwrap, wrap
from p2pchat.errors import Unreadable

ROOT = Path(__file__).parents[2]
CHEAP = Cost(1, 8192)
SALT, NONCE = b"s" * 16, b"n" * 24


def test_a_key_comes_back_under_its_passphrase_only() -> None:
    key = stretch("correct horse", SALT, CHEAP)
    wrapped = wrap(key, b"data key", NONCE, b"here")
    assert unwrap(key, wrapped, NONCE, b"here") == b"data key"
    for other, place in ((stretch("wrong", SALT, CHEAP), b"here"), (key, b"there")):
        with pytest.raises(Unreadable):
            unwrap(other, wrapped, NONCE, place)
    with pytest.raises(Unreadable):
        unwrap(key, wrapped[:5], NONCE, b"here")


@pytest.mark.parametrize("cost", [Cost(0, 8192), Cost(1, 1), Cost(1 << 20, 8192), Cost(1, 1 << 40)])
def test_parameters_out_of_reason_are_damage(cost: Cost) -> None:
    with pytest.raises(Unreadable):
        stretch("x", SALT, cost)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to RLIMIT_AS")
def test_too_little_memory_is_said_in_a_line() -> None:
    """In a process of its own, since the limit stays."""
    attempt = (
        "import resource\n"
        "from p2pchat.crypto.password import Cost, stretch\n"
        "from p2pchat.errors import StoreError\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "try:\n"
        "    stretch('x', bytes(16), Cost(1, 2 << 30))\n"
        "except StoreError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", attempt], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "unlocking needs 2048 MB of free memory; close something and retry\n"


def test_the_default_is_libsodium_s_moderate() -> None:
    assert Cost() == Cost(3, 256 << 20)
