"""Which addresses of rendezvous may be told, and which side may tell them."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchat.errors import Malformed
from p2pchat.wire.invite import LINK_CHARS, InviteLink
from p2pchat.wire.places import (
    PREFIX_CHARS,
    RENDEZVOUS_BYTES,
    RENDEZVOUS_MAX,
    check_rendezvous,
    grown,
    is_global,
    is_nearby,
    is_public,
)


@pytest.mark.parametrize("urls", [(), ("ws://127.0.0.1:1",), ("wss://[::1]:65535/a/b-c_d",), ("ws://a",) * 8])
def test_lists_that_can_be_told_to_others(urls: tuple[str, ...]) -> None:
    check_rendezvous(urls)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "http://example.org",
        "ws://",
        "ws:///path",
        "ws://a b",
        "ws://a\n",
        "ws://é",
        "ws://host:0",
        "ws://host:65536",
        "ws://host:x",
        "ws://[::1",
        "wss://user:password@host",
        "ws://host#fragment",
        "ws://" + "a" * 124,
    ],
)
def test_what_is_no_rendezvous_address_is_refused(url: str) -> None:
    with pytest.raises(Malformed, match="rendezvous address"):
        check_rendezvous((url,))


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("place.example.org:8750", "write ws://place.example.org:8750, or wss://place.example.org:8750"),
        ("192.0.2.1", "write ws://192.0.2.1, or wss://192.0.2.1 if the server has a certificate"),
        ("[2001:db8::1]:8750", "write ws://[2001:db8::1]:8750, or"),
        ("https://place.example.org/x", "write wss://place.example.org/x"),
        ("http://place.example.org", "write ws://place.example.org"),
        ("tcp://place.example.org", "it looks like wss://example.org"),
        ("place:x", "it looks like wss://example.org"),
    ],
)
def test_what_was_meant_is_said(url: str, meant: str) -> None:
    with pytest.raises(Malformed, match=re.escape(f"{url!r} is not a rendezvous address; {meant}")):
        check_rendezvous((url,))


def test_a_list_is_capped_in_number_and_in_all() -> None:
    with pytest.raises(Malformed, match="at most 8"):
        check_rendezvous(("ws://a",) * 9)
    longest = "ws://" + "a" * (RENDEZVOUS_BYTES // 2 - 5)
    check_rendezvous((longest, longest))
    assert len(str(InviteLink(b"s" * 16, b"f" * 16, (longest, longest)))) <= LINK_CHARS
    with pytest.raises(Malformed, match="use fewer"):
        check_rendezvous((longest, longest + "a"))


@pytest.mark.parametrize(
    "url",
    [
        "ws://192.168.1.1/reboot.cgi?now=1",
        "ws://host/reboot.cgi",
        "ws://host/?a",
        "ws://host?",
        "ws://host/a//b",
        "ws://host/../b",
        "ws://host/%2e%2e",
        "ws://host/a;b",
        "ws://host\\a",
        "ws://user@host",
        "ws://host/" + "a" * PREFIX_CHARS,
        "ws://ho%73t",
        "ws://[fe80::1%25eth0]",
        "ws://-a",
        "ws://a..b",
    ],
)
def test_an_address_says_where_a_rendezvous_is_and_nothing_else(url: str) -> None:
    with pytest.raises(Malformed, match="rendezvous address"):
        check_rendezvous((url,))


@pytest.mark.parametrize(
    "url",
    [
        "ws://127.0.0.1:1",
        "ws://127.1",
        "ws://2130706433",
        "ws://0x7f.1",
        "ws://0x7f000001",
        "ws://017700000001",
        "ws://a.0x1",
        "ws://10.0.0.1",
        "ws://172.16.0.1",
        "ws://192.168.1.1",
        "ws://169.254.169.254",
        "ws://100.64.0.1",
        "ws://0.0.0.0",
        "ws://224.0.0.1",
        "ws://255.255.255.255",
        "ws://[::1]",
        "ws://[::]",
        "ws://[fe80::1]",
        "ws://[fd00::1]",
        "ws://[fec0::1]",
        "ws://[ff02::1]",
        "ws://[::ffff:127.0.0.1]",
        "ws://[::127.0.0.1]",
        "ws://[2002:7f00:1::]",
        "ws://[64:ff9b::10.0.0.1]",
        "ws://localhost",
        "ws://LocalHost.",
        "ws://a.localhost",
        "ws://printer.local",
        "ws://vault.internal",
        "ws://router.lan",
        "ws://nas.home.arpa",
        "ws://router",
        "ws://router.",
    ],
)
def test_a_private_place_may_not_be_named_for_others(url: str) -> None:
    check_rendezvous((url,))
    assert not is_public(url)


@pytest.mark.parametrize(
    "url",
    [
        "wss://example.org",
        "wss://example.org.:444/p2p-chat/",
        "wss://1.1.1.1",
        "wss://[2606:4700::1111]",
        "wss://xn--bcher-kva.example",
        "ws://" + "a" * 56 + ".onion",
    ],
)
def test_public_places_may_be_named(url: str) -> None:
    check_rendezvous((url,))
    assert is_public(url)


@given(st.ip_addresses(v=4))
def test_an_address_that_stands_for_another_is_as_global_as_that(inside: ipaddress.IPv4Address) -> None:
    for prefix in ("::ffff:", "64:ff9b::"):
        assert is_global(ipaddress.IPv6Address(f"{prefix}{inside}")) == is_global(inside)


@given(st.lists(st.from_regex(r"ws://[a-z]{1,120}", fullmatch=True) | st.text(max_size=20), max_size=20))
def test_however_a_list_grows_an_invite_can_carry_it(urls: list[str]) -> None:
    known = grown((), urls)
    check_rendezvous(known)
    assert len(known) <= RENDEZVOUS_MAX
    assert grown(known, urls) == known
    assert len(str(InviteLink(b"s" * 16, b"f" * 16, known))) <= LINK_CHARS


@pytest.mark.parametrize(
    ("address", "nearby"),
    [
        ("10.0.0.1", True),
        ("172.16.0.1", True),
        ("172.31.255.1", True),
        ("192.168.1.1", True),
        ("169.254.7.7", True),
        ("127.0.0.1", False),
        ("172.32.0.1", False),
        ("100.64.0.1", False),
        ("224.0.0.251", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("8.8.8.8", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
    ],
)
def test_what_may_be_found_on_ones_own_network(address: str, nearby: bool) -> None:
    assert is_nearby(ipaddress.ip_address(address)) is nearby
