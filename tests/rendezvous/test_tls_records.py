"""A peer that sends TLS records without data is hung up on, before it costs more than a handshake."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest

from p2pchat.net.tls import tls_context
from rendezvous.tls import Certificate
from rendezvous.tls_records import BARREN_MAX, RECORD_BYTES, RECORDS_BURST
from tests.support.certificates import certificate
from tests.support.tls_flooding import KeyUpdates

RECORDS = 4 * BARREN_MAX


@dataclass
class Line:
    """Our end of a connection, what has come in at it, and a peer that floods."""

    end: ssl.SSLObject
    inbox: ssl.MemoryBIO
    outbox: ssl.MemoryBIO
    peer: ssl.SSLObject
    updates: KeyUpdates


def connect(folder: Path, server: bool) -> Line:
    """``server``: our end is it."""
    chain, key = certificate(folder)
    log = folder / "keys"
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    if server:
        ours, theirs = Certificate(chain, key).make_context(), ssl.create_default_context(cafile=str(chain))
    else:
        ours, theirs = tls_context(str(chain)), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        theirs.load_cert_chain(chain, key)
        theirs.num_tickets = 0
    theirs.keylog_filename = str(log)
    served, asking = (ours, theirs) if server else (theirs, ours)
    client = asking.wrap_bio(down, up, server_hostname="127.0.0.1")
    host = served.wrap_bio(up, down, server_side=True)
    for side in (client, host, client, host):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    if not server:
        return Line(client, down, up, host, KeyUpdates(log, "SERVER", host))
    return Line(host, up, down, client, KeyUpdates(log, "CLIENT", client))


@pytest.mark.parametrize("server", [True, False])
def test_key_updates_without_end_end_the_connection(tmp_path: Path, server: bool) -> None:
    line = connect(tmp_path, server)
    record = line.updates.make_record()
    line.inbox.write(record + b"".join(line.updates.make_record() for _ in range(RECORDS - 1)))
    with pytest.raises(ssl.SSLError, match="without data"):
        line.end.read(4096)
    assert line.inbox.pending > len(record) * RECORDS // 2, "and the others are not worked off"


@pytest.mark.parametrize("server", [True, False])
def test_key_updates_in_small_pieces_end_it_too(tmp_path: Path, server: bool) -> None:
    line = connect(tmp_path, server)
    pieces = b"".join(line.updates.make_record() for _ in range(RECORDS))
    with pytest.raises(ssl.SSLError, match="without data"):  # noqa: PT012
        for at in range(0, len(pieces), 7):
            line.inbox.write(pieces[at : at + 7])
            with pytest.raises(ssl.SSLWantReadError):
                line.end.read(4096)


@pytest.mark.parametrize("server", [True, False])
def test_they_end_it_also_while_it_is_being_closed(tmp_path: Path, server: bool) -> None:
    line = connect(tmp_path, server)
    line.inbox.write(b"".join(line.updates.make_record() for _ in range(RECORDS)))
    with pytest.raises(ssl.SSLError, match="without data"):
        line.end.unwrap()


@pytest.mark.parametrize("server", [True, False])
def test_data_in_records_of_a_byte_each_ends_it(tmp_path: Path, server: bool) -> None:
    line = connect(tmp_path, server)
    for _ in range(2 * RECORDS_BURST):
        line.peer.write(b"x")
    reads = iter(lambda: line.end.read(4096), b"")
    got = bytearray()
    with pytest.raises(ssl.SSLError, match="more TLS records"):
        got.extend(byte for read in reads for byte in read)
    assert line.inbox.pending, "the others are not worked off"


@pytest.mark.parametrize("server", [True, False])
def test_acknowledgements_of_a_busy_link_over_turn_are_heard(tmp_path: Path, server: bool) -> None:
    line = connect(tmp_path, server)
    acknowledgement = bytes(RECORD_BYTES)
    for _ in range(3 * RECORDS_BURST):
        line.peer.write(acknowledgement)
    assert sum(len(line.end.read(4096)) for _ in range(3 * RECORDS_BURST)) == 3 * RECORDS_BURST * RECORD_BYTES


@pytest.mark.parametrize("server", [True, False])
def test_a_peer_that_renews_its_keys_now_and_then_is_heard(tmp_path: Path, server: bool) -> None:
    line = connect(tmp_path, server)
    line.inbox.write(b"".join(line.updates.make_record() for _ in range(BARREN_MAX // 2)))
    with pytest.raises(ssl.SSLWantReadError):
        line.end.read(4096)


@pytest.mark.parametrize("sizes", [(1, 1), (2089, 4096), (60_000, 4096), (60_000, 262_144)])
@pytest.mark.parametrize("server", [True, False])
def test_data_comes_whole_however_it_is_cut(tmp_path: Path, server: bool, sizes: tuple[int, int]) -> None:
    line = connect(tmp_path, server)
    said, at_once = bytes(range(251)) * 240, sizes[1]
    said = said[: sizes[0]]
    sent = ssl.MemoryBIO()
    for _ in range(3 * BARREN_MAX if sizes[0] == 1 else 1):
        line.peer.write(said)
    sent.write((line.inbox).read())
    heard = b""
    while sent.pending:
        line.inbox.write(sent.read(1000))
        try:
            while line.inbox.pending or line.end.pending():
                heard += line.end.read(at_once)
        except ssl.SSLWantReadError:
            continue
    assert heard == (said * (3 * BARREN_MAX) if sizes[0] == 1 else said)


async def test_the_event_loop_hangs_up_on_a_server_that_gives_tickets_without_end(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(chain, key)

    async def ask(tickets: int) -> bytes:
        serving.num_tickets = tickets

        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"x")

        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving) as server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls_context(str(chain)))
            try:
                return await reader.read(1)
            finally:
                writer.transport.abort()

    assert await ask(BARREN_MAX // 2) == b"x"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await ask(RECORDS)
