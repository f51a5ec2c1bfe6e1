"""A server listens where it can, and says so where it cannot."""

from __future__ import annotations

import errno
import socket

import pytest

from rendezvous import addresses as module
from rendezvous.addresses import addresses


def named(monkeypatch: pytest.MonkeyPatch, *found: tuple[socket.AddressFamily, str]) -> None:
    """The host's name has these addresses."""
    answer = [(family, socket.SOCK_STREAM, 6, "", (address, 0)) for family, address in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)


V4, V6 = (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")


def test_a_family_that_is_switched_off_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, V6, V4)
    monkeypatch.setattr(module, "_can_be_had", lambda family, _: family == socket.AF_INET)
    assert addresses("localhost", 8750) == ["127.0.0.1"]


def test_where_none_can_be_had_all_are_tried_so_that_the_failure_shows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named(monkeypatch, V6, V4)
    monkeypatch.setattr(module, "_can_be_had", lambda *_: False)
    assert addresses("localhost", 8750) == ["::1", "127.0.0.1"]


def test_an_address_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, V4, V4)
    assert addresses("127.0.0.1", 8750) == ["127.0.0.1"]


def test_any_free_port_is_sought_at_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, V4, V6)
    monkeypatch.setattr(module, "_can_be_had", lambda *_: True)
    assert addresses("localhost", 0) == ["127.0.0.1"]


def test_an_unknown_name_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(errno.ENOENT, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(OSError, match="unknown"):
        addresses("nowhere.invalid", 8750)
