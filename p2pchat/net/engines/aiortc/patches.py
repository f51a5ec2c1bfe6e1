"""Fixes for aiortc and aioice, applied to the whole process by importing this module.

Knows: where the engine waits too long, holds too much, lets a stranger in, forgets its own tasks. Does not
know: links.

pyproject.toml bounds both packages to the versions this was written against.
"""

# ruff: noqa: SLF001 -- it can only be mended from inside

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from typing import Any, Final
from weakref import WeakKeyDictionary

from p2pchat.net.engines.aiortc import without_av

without_av.install()

import aioice.ice  # noqa: E402
import aioice.stun  # noqa: E402
import aioice.turn  # noqa: E402
import aiortc.rtcsctptransport  # noqa: E402
from aiortc import (  # noqa: E402
    RTCConfiguration,
    RTCDataChannel,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSctpTransport,
    RTCSessionDescription,
)

from p2pchat.net.checks import PEERS_MAX, Checks, checked_from  # noqa: E402
from p2pchat.net.engines.aiortc import gathering  # noqa: E402
from p2pchat.net.interfaces import source_towards  # noqa: E402

__all__ = [
    "RTCConfiguration",
    "RTCDataChannel",
    "RTCIceTransportPolicy",
    "RTCPeerConnection",
    "RTCSessionDescription",
    "connected_or_not",
]

DATAGRAMS_MAX: Final = 2048
"""Datagrams a link holds that DTLS has not looked at yet, 2.5 MB; beyond them the newest is lost, as networks
lose them."""

CHUNKS_HELD_MAX: Final = 1024
"""SCTP chunks a peer may have us hold of messages that are not complete: the window of 1 MiB that aiortc
announces and never enforces."""

LEASE_MIN: Final = 60
"""Seconds for which a TURN server lends an address, at least: aioice asks again after five sixths of what the
server says, and of nothing at once."""

SCTP_RTO_MIN: Final = 0.2
"""aiortc's minimum of 1 s, RFC 9260's advice for 2007's clocks, makes one lost packet cost a second. With 0.2
s the p99 of two messages a second at 2 % loss and 100 ms falls from 1.06 s to 0.30 s (measured)."""

Address = tuple[str, int]

_STUN_OR_DTLS: Final = frozenset((*range(4), *range(20, 64)))
_DTLS: Final = frozenset(range(20, 64))
_NEITHER: Final = 255
_FOR_STRANGERS: Final = frozenset((400, 401))
"""What aioice answers to a request without a key, or with a wrong one (RFC 8489, section 9.1.3)."""

_log = logging.getLogger(__name__)


async def connected_or_not(connection: RTCPeerConnection) -> None:
    """Wait until a closed connection has noticed that it need not connect any more."""
    await asyncio.gather(*_connecting.pop(connection, ()), return_exceptions=True)


def _addresses_even_offline(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """aioice leaves the loopback out, so that a machine without any network could not even talk to itself.

    Only there is it offered: elsewhere it would only take space in every offer.
    """
    return _host_addresses(use_ipv4, use_ipv6) or ["127.0.0.1"]


def _datagram_from_anybody(
    self: aioice.ice.StunProtocol, data: bytes | str, address: tuple[Any, ...]
) -> None:
    """A stranger that finds our port may send to it, and no such datagram may harm a link.

    aiortc ends the connection over an empty datagram; aioice raises struct.error on STUN with a short
    attribute. Only STUN and DTLS are let in (first bytes by RFC 7983): no media, so no SRTP.
    """
    first = data[0] if isinstance(data, bytes) and data else _NEITHER
    if first not in _STUN_OR_DTLS:
        return
    with contextlib.suppress(struct.error):
        _datagram_received(self, data, address)


def _queue_within_bounds(self: aioice.ice.Connection, data: bytes, component: int) -> None:
    """What is no STUN waits for a link that reads it. A hostile end never comes so far, and a stranger's
    datagram may begin like STUN and be none."""
    if data[0] in _DTLS and self._queue.qsize() < DATAGRAMS_MAX:
        _data_received(self, data, component)


def _send_sparingly(self: aioice.ice.StunProtocol, message: aioice.stun.Message, address: Address) -> None:
    """aioice sends checks wherever a description says, and to wherever a check says that it comes from."""
    asks = message.message_class is aioice.stun.Class.REQUEST and "USERNAME" in message.attributes
    if not asks or _checks_of(self).may_send(address[:2]):
        _send_stun(self, message, address)


async def _request_and_note(
    self: aioice.ice.StunProtocol,
    request: aioice.stun.Message,
    address: Address,
    integrity_key: bytes | None = None,
    retransmissions: int | None = None,
) -> tuple[aioice.stun.Message, Address]:
    answer, by = await _request(self, request, address, integrity_key, retransmissions)
    if integrity_key is not None:
        _checks_of(self).mark_answered(by[:2])
    return answer, by


def _check_of_few(
    self: aioice.ice.Connection,
    message: aioice.stun.Message,
    address: Address,
    protocol: aioice.ice.StunProtocol,
) -> None:
    """aioice remembers, and checks, every address from which the peer's checks seem to come."""
    _checks_of(protocol).credit_check(address[0])
    known = any(
        (candidate._network_host, candidate.port) == address[:2] for candidate in self._remote_candidates
    )
    if known or len(self._remote_candidates) < PEERS_MAX:
        _check_incoming(self, message, address, protocol)


def _pair_with_few(self: aioice.ice.Connection, remote: aioice.Candidate) -> None:
    """aioice checks each address of theirs from each of ours."""
    fitting = [base for base in self._protocols if base.local_candidate.can_pair_with(remote)]
    hosts = [base.local_candidate.host for base in fitting if base.local_candidate.type == "host"]
    few = checked_from(hosts, source_towards(remote._network_host))
    for base in fitting:
        own = base.local_candidate
        if (own.type != "host" or own.host in few) and not self._find_pair(base, remote):
            self._check_list.append(aioice.ice.CandidatePair(base, remote))


def _refuse_members_alone(
    self: aioice.ice.Connection,
    message: aioice.stun.Message,
    address: Address,
    protocol: aioice.ice.StunProtocol,
    error: tuple[int, str],
) -> None:
    """A request without a key of this link gets no answer, which would hit the owner of a forged address."""
    if error[0] not in _FOR_STRANGERS:
        _respond_error(self, message, address, protocol, error)


async def _request_of_turn(
    self: aioice.turn.TurnClientMixin, request: aioice.stun.Message
) -> tuple[aioice.stun.Message, Address]:
    """A TURN server that lends an address for no time would be asked again and again."""
    answer, by = await _turn_request(self, request)
    if "LIFETIME" in answer.attributes:
        answer.attributes["LIFETIME"] = max(LEASE_MIN, answer.attributes["LIFETIME"])
    return answer, by


def _checks_of(protocol: aioice.ice.StunProtocol) -> Checks:
    return _checks.setdefault(protocol.receiver, Checks())


async def _consent_while_open(self: aioice.ice.Connection) -> None:
    """Closed just as it connects, aioice would go on asking for consent, for half a minute, on no socket."""
    if not self._closing:
        await _query_consent(self)


async def _connect_known(self: RTCPeerConnection) -> None:
    """aiortc connects in tasks that it forgets."""
    task = asyncio.current_task()
    assert task is not None, "in a task"
    _connecting.setdefault(self, set()).add(task)
    await _connect(self)


async def _handle_or_hang_up(self: RTCSctpTransport, data: bytes) -> None:
    """SCTP that makes no sense, or more than it may have us hold, ends the connection, as a lost one does.

    aiortc would end it too, but by an exception in a task that is never awaited; and would hold without end.
    """
    try:
        await _handle_data(self, data)
    except ConnectionError:
        raise
    except Exception as error:
        _log.debug("SCTP from the peer", exc_info=True)
        raise ConnectionError("the peer's SCTP makes no sense") from error
    streams = self._inbound_streams.values()
    if len(streams) > 1 or sum(len(stream.reassembly) for stream in streams) > CHUNKS_HELD_MAX:
        raise ConnectionError("the peer sends more than one channel may hold")


async def _send_or_lose(self: RTCSctpTransport, chunk: aiortc.rtcsctptransport.Chunk) -> None:
    """aiortc sends from timers and from tasks that are never awaited; that the connection is over is told
    elsewhere."""
    with contextlib.suppress(ConnectionError):
        await _send_chunk(self, chunk)


_checks: WeakKeyDictionary[aioice.ice.Connection, Checks] = WeakKeyDictionary()
_send_stun = aioice.ice.StunProtocol.send_stun
_request = aioice.ice.StunProtocol.request
_turn_request = aioice.turn.TurnClientMixin.request_with_retry
_check_incoming = aioice.ice.Connection.check_incoming
_host_addresses = aioice.ice.get_host_addresses
_connecting: WeakKeyDictionary[RTCPeerConnection, set[asyncio.Task[Any]]] = WeakKeyDictionary()
_connect = RTCPeerConnection._RTCPeerConnection__connect  # type: ignore[attr-defined]
_query_consent = aioice.ice.Connection.query_consent
_respond_error = aioice.ice.Connection.respond_error
_data_received = aioice.ice.Connection.data_received
_datagram_received = aioice.ice.StunProtocol.datagram_received
_handle_data = RTCSctpTransport._handle_data
_send_chunk = RTCSctpTransport._send_chunk


def _mend_engine() -> None:
    """Once, for the whole process."""
    aiortc.rtcsctptransport.SCTP_RTO_MIN = SCTP_RTO_MIN  # type: ignore[assignment]
    aioice.ice.get_host_addresses = _addresses_even_offline
    aioice.ice.Connection.get_component_candidates = gathering.gather  # type: ignore[method-assign,assignment]
    aioice.ice.Connection.query_consent = _consent_while_open  # type: ignore[method-assign]
    aioice.ice.Connection.respond_error = _refuse_members_alone  # type: ignore[method-assign,assignment]
    aioice.ice.Connection.data_received = _queue_within_bounds  # type: ignore[method-assign]
    aioice.ice.Connection._pair_remote_candidate = _pair_with_few  # type: ignore[method-assign,assignment]
    aioice.ice.Connection.check_incoming = _check_of_few  # type: ignore[method-assign,assignment]
    aioice.ice.StunProtocol.send_stun = _send_sparingly  # type: ignore[method-assign,assignment]
    aioice.ice.StunProtocol.request = _request_and_note  # type: ignore[method-assign,assignment]
    aioice.ice.StunProtocol.datagram_received = _datagram_from_anybody  # type: ignore[method-assign,assignment]
    aioice.turn.TurnClientMixin.request_with_retry = _request_of_turn  # type: ignore[method-assign]
    RTCPeerConnection._RTCPeerConnection__connect = _connect_known  # type: ignore[attr-defined]
    RTCSctpTransport._handle_data = _handle_or_hang_up  # type: ignore[method-assign]
    RTCSctpTransport._send_chunk = _send_or_lose  # type: ignore[method-assign]


_mend_engine()
