"""What holds keys does not show them: a log line, a traceback or a failed assertion may print anything."""

from __future__ import annotations

from p2pchat.crypto.envelope import ReceiveChain, SendChain
from p2pchat.crypto.exchange import HybridKey, KemKey, respond
from p2pchat.crypto.olm import create_account
from p2pchat.crypto.room_chains import MemberChain
from p2pchat.crypto.room_keys import MemberKey, PairKey
from p2pchat.crypto.room_tags import RoomTagKey
from p2pchat.crypto.sealing import LinkKeys
from p2pchat.sim.entropy import SeededEntropy
from p2pchat.types import Epoch
from p2pchat.wire.cell import decode_cell
from p2pchat.wire.geometry import GEOMETRY


def holders(secret: bytes) -> list[object]:
    """One of each, with ``secret`` (32 bytes) wherever a key or plaintext can be given."""
    account, other = create_account(secret), create_account(secret)
    sending, receiving = SendChain(secret, Epoch(1)), ReceiveChain(secret, Epoch(1))
    receiving.advance_to(Epoch(1))
    opened = receiving.open_cell(decode_cell(sending.seal_cell(secret.ljust(GEOMETRY.plain, b"."))))
    key = HybridKey(secret, KemKey(secret * 2))
    link = LinkKeys(secret * 2)
    return [
        account,
        account.begin_session(other.identity_key, other.one_time_key()),
        sending,
        receiving,
        opened,
        key,
        KemKey(secret * 2),
        respond(SeededEntropy("r"), key.x25519, key.encapsulation_key),
        link,
        link.make_sealer("offerer"),
        link.make_opener("offerer"),
        MemberChain(secret),
        RoomTagKey(secret, 1),
        PairKey(secret, secret),
        MemberKey(secret),
    ]


def secrets_within(value: object) -> list[bytes]:
    """Every bytes attribute of 32 bytes or more that is not public."""
    names = getattr(value, "__slots__", None) or vars(value)
    held = [getattr(value, name) for name in names if name not in ("x25519", "public", "delta")]
    return [each for each in held if isinstance(each, bytes) and len(each) >= 32]


def test_no_key_and_no_plaintext_shows() -> None:
    checked = 0
    for holder in holders(bytes(range(65, 97))):
        for secret in secrets_within(holder):
            checked += 1
            for form in (repr(secret)[2:-1], secret.hex()):
                assert form not in repr(holder) and form not in str(holder), type(holder).__name__
    assert checked >= 17
