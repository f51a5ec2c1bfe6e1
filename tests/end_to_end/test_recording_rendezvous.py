"""A rendezvous that keeps every byte it sees has nothing to show for it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from p2pchat.client import connect, create_home
from p2pchat.net.links import WebRtcLinks
from p2pchat.types import LinkId
from p2pchat.wire.description import Description
from p2pchat.wire.ice import Servers
from rendezvous import server as server_module
from rendezvous.broker import Broker
from rendezvous.outputs import Output
from rendezvous.server import running
from rendezvous.topics import Connection
from tests.support.nodes import pair

pytestmark = pytest.mark.real


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every message that reaches the server's broker, as it came."""
    seen: list[bytes] = []

    class Recorder(Broker):
        def on_message(self, connection: Connection, data: bytes, now: float) -> list[Output]:
            seen.append(bytes(data))
            return super().on_message(connection, data, now)

    monkeypatch.setattr(server_module, "Broker", Recorder)
    return seen


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[Description]:
    """Every description a node takes in, which its peer must have sent through the rendezvous."""
    taken: list[Description] = []
    answer, accept = WebRtcLinks.make_answer, WebRtcLinks.accept_answer

    def make_answer(self: WebRtcLinks, link: LinkId, offer: Description, hinted: Servers) -> None:
        taken.append(offer)
        answer(self, link, offer, hinted)

    def accept_answer(self: WebRtcLinks, link: LinkId, description: Description) -> None:
        taken.append(description)
        accept(self, link, description)

    monkeypatch.setattr(WebRtcLinks, "make_answer", make_answer)
    monkeypatch.setattr(WebRtcLinks, "accept_answer", accept_answer)
    return taken


async def test_it_saw_no_name_key_fingerprint_address_or_text(
    recorded: list[bytes], offered: list[Description], tmp_path: Path
) -> None:
    async with running() as server:
        for name in ("Alice Liddell", "Cheshire Cat"):
            create_home(tmp_path / name, name, [server.url])
        async with connect(tmp_path / "Alice Liddell") as alice, connect(tmp_path / "Cheshire Cat") as cat:
            await pair(alice, cat)
            await alice.send("Cheshire Cat", "we are all mad here")
            fingerprints = [(await node.whoami()).fingerprint for node in (alice, cat)]
    everything = b"\n".join(recorded)
    secrets = [b"Alice", b"Cheshire", b"we are all mad here", b"candidate", b"fingerprint"]
    secrets += [bytes.fromhex(each) for each in fingerprints]
    assert len(offered) >= 2  # more when both offered at the same moment
    for description in offered:
        secrets += [description.fingerprint, description.ufrag.encode() * 2, description.pwd.encode()]
        secrets += [candidate.address.encode() for candidate in description.candidates]
    assert len(recorded) > 6
    for secret in secrets:
        colons = secret.hex(":").upper().encode()
        for form in (secret, secret.hex().encode(), colons, base64.b64encode(secret).rstrip(b"=")):
            assert form not in everything, secret
    blobs = [message[41:] for message in recorded if len(message) == 2089]
    assert len(blobs) >= 8
    assert all(len(set(blob)) > 200 for blob in blobs), "a blob looks like noise from end to end"
