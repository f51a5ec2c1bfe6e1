"""A rendezvous answers STUN binding requests, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from rendezvous.stun import (
    IN_ALL,
    NETWORKS_MAX,
    PER_NETWORK,
    SITES_PER_NETWORK,
    AnswerAllowance,
    answering,
    is_answerable,
    make_answer,
)
from tests.support.ports import free_port

hosts = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)


def request(method: stun.Method = stun.Method.BINDING, kind: stun.Class = stun.Class.REQUEST) -> bytes:
    return bytes(stun.Message(message_method=method, message_class=kind))


def answer(data: bytes, host: str, port: int) -> bytes | None:
    """What a server says to a datagram from there, whose sender may have an answer."""
    return make_answer(data, host, port) if is_answerable(data, port) else None


@given(hosts, st.integers(1024, 65535))
def test_the_answer_says_where_the_request_came_from(host: str, port: int) -> None:
    asked = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    said = answer(bytes(asked), host, port)
    assert said is not None
    address = ipaddress.ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    message = stun.parse_message(said)
    assert message.message_class == stun.Class.RESPONSE
    assert message.transaction_id == asked.transaction_id
    assert message.attributes == {"XOR-MAPPED-ADDRESS": (str(mapped or address), port)}
    assert len(said) == (32 if (mapped or address).version == 4 else 44)


@pytest.mark.parametrize("method", [each for each in stun.Method if each is not stun.Method.BINDING])
def test_no_other_method_is_answered(method: stun.Method) -> None:
    assert answer(request(method), "192.0.2.1", 5000) is None


@pytest.mark.parametrize("kind", [each for each in stun.Class if each is not stun.Class.REQUEST])
def test_nothing_but_a_request_is_answered(kind: stun.Class) -> None:
    assert answer(request(kind=kind), "192.0.2.1", 5000) is None


def test_no_answer_goes_to_a_port_of_a_service() -> None:
    assert answer(request(), "192.0.2.1", 53) is None
    assert answer(request(), "192.0.2.1", 1023) is None


def test_a_change_of_port_and_whatever_else_must_be_understood_are_left_alone() -> None:
    change_request = b"\x00\x03\x00\x04\x00\x00\x00\x06"
    plain = request()
    asked = plain[:2] + (len(change_request)).to_bytes(2, "big") + plain[4:] + change_request
    assert answer(asked, "192.0.2.1", 5000) is None


def test_what_need_not_be_understood_changes_nothing() -> None:
    asked = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    asked.attributes["SOFTWARE"] = "another program"
    asked.add_fingerprint()
    said = answer(bytes(asked), "192.0.2.1", 5000)
    assert said is not None and len(said) == 32


@given(st.binary(max_size=600))
def test_noise_is_not_answered(data: bytes) -> None:
    assert answer(data, "192.0.2.1", 5000) is None


@given(st.data())
def test_an_answer_is_never_more_than_twelve_or_twentyfour_bytes_longer(data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, 20))
    host = data.draw(hosts)
    said = answer(request()[:cut], host, 5000)
    assert said is None or len(said) - cut <= 24


def test_a_network_has_its_share_and_leaves_the_others_theirs() -> None:
    allowance = AnswerAllowance(0.0)
    asked = [allowance.allow_answer(f"192.0.2.{n % 256}", 0.0) for n in range(PER_NETWORK.burst + 10)]
    assert asked.count(True) == PER_NETWORK.burst
    assert allowance.allow_answer("192.0.3.1", 0.0)
    assert allowance.allow_answer("2001:db8::1", 0.0)


def test_what_a_network_is_refused_costs_the_others_nothing() -> None:
    allowance = AnswerAllowance(0.0)
    for _ in range(2 * IN_ALL.burst):
        allowance.allow_answer("192.0.2.7", 0.0)
    assert allowance.allow_answer("198.51.100.1", 0.0)


def test_an_ipv6_site_is_one_network() -> None:
    allowance = AnswerAllowance(0.0)
    asked = [allowance.allow_answer(f"2001:db8:0:{n % 256:x}::1", 0.0) for n in range(PER_NETWORK.burst + 1)]
    assert asked.count(True) == PER_NETWORK.burst


def test_one_ipv6_network_leaves_the_others_theirs_from_however_many_sites() -> None:
    allowance = AnswerAllowance(0.0)
    asked = [allowance.allow_answer(f"2001:db8:1:{n % 200:02x}00::5", 0.0) for n in range(2 * IN_ALL.burst)]
    assert asked.count(True) == SITES_PER_NETWORK * PER_NETWORK.burst <= IN_ALL.burst // 2
    assert SITES_PER_NETWORK * PER_NETWORK.per_second <= IN_ALL.per_second / 8
    assert allowance.allow_answer("2001:db8:2::9", 0.0)
    assert allowance.allow_answer("198.51.100.1", 0.0)


def test_what_a_network_is_refused_fills_no_table() -> None:
    allowance = AnswerAllowance(0.0)
    for _ in range(SITES_PER_NETWORK * PER_NETWORK.burst):
        allowance.allow_answer("2001:db8:1::5", 0.0)
        allowance.allow_answer("2001:db8:1:100::5", 0.0)
    assert len(allowance) == 3
    for n in range(256):
        assert not allowance.allow_answer(f"2001:db8:1:{n:02x}00::5", 0.0)
    assert len(allowance) == 3


def test_sites_of_many_networks_are_not_all_remembered() -> None:
    allowance = AnswerAllowance(0.0)
    for n in range(NETWORKS_MAX):
        allowance.allow_answer(f"2001:{n:x}:1::1", n / IN_ALL.per_second)
    assert len(allowance) <= NETWORKS_MAX


def test_forged_addresses_reach_the_limit_over_all_and_memory_stays_bounded() -> None:
    allowance = AnswerAllowance(0.0)
    answered = 0
    for second in range(10):
        for n in range(3000):
            forged = ipaddress.IPv4Address(0x01000000 + (second * 3000 + n) * 256)
            answered += allowance.allow_answer(str(forged), second + n / 3000)
    assert answered <= IN_ALL.burst + 10 * IN_ALL.per_second
    assert len(allowance) <= NETWORKS_MAX


async def test_a_socket_is_answered_from_the_address_that_it_asked() -> None:
    with contextlib.ExitStack() as stack:
        own = free_port()
        ports = stack.enter_context(answering("*", (own,)))
        assert ports == (own,)
        for address in ("127.0.0.1", "127.0.0.5"):
            client = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            client.connect((address, own))  # the kernel lets no other address in
            client.setblocking(False)
            client.send(request())
            said = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 100), 10)
            mapped = stun.parse_message(said).attributes["XOR-MAPPED-ADDRESS"]
            assert mapped == client.getsockname()


async def test_a_port_that_is_taken_is_left_out() -> None:
    own, other = free_port(), free_port()
    with (
        answering("127.0.0.1", (own,)) as first,
        answering("127.0.0.1", (own, other)) as second,
    ):
        assert (first, second) == ((own,), (other,))
