"""One fuzz target per parser of what others send.

A target takes any bytes. It returns when they parse, or are refused in the one allowed way. It raises when
the parser raises anything else, and when what was parsed does not survive being written and read again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Generic, TypeVar

from p2pchat.errors import Malformed, OtherVersion
from p2pchat.types import (
    CellId,
    CellKey,
    ContactId,
    EntryId,
    Epoch,
    HopId,
    IntroductionId,
    MemberId,
    MessageId,
    MessageName,
    NodeId,
    RoomOfferId,
    Seat,
    Tag,
    Topic,
)
from p2pchat.wire import (
    backup,
    cell,
    codec,
    content,
    control,
    description,
    files,
    fragment,
    frame,
    gossip,
    ice,
    introductions,
    invite,
    marks,
    mdns,
    offer,
    pairing,
    payload,
    places,
    reconcile,
    recovery,
    room_actions,
    room_cells,
    room_commits,
    room_letters,
    room_log,
    room_offers,
    room_welcome,
    room_words,
    sdp,
    signalling,
    topology,
    walk,
)

V = TypeVar("V")

LIMIT = 1 << 16


@dataclass(frozen=True)
class Target:
    """``run`` raises only on a bug; ``samples`` are valid inputs to begin from."""

    run: Callable[[bytes], None]
    samples: tuple[bytes, ...]


@dataclass(frozen=True)
class Format(Generic[V]):
    """A parser and the writer that belongs to it."""

    decode: Callable[[bytes], V]
    encode: Callable[[V], bytes]

    def canonical(self, *samples: V) -> Target:
        """One encoding per value: whatever parses must be exactly what would be written."""
        return self._target(samples, lambda value, data: self.encode(value) == data)

    def extensible(self, *samples: V) -> Target:
        """Fields of later versions are left out: whatever parses must come back equal."""
        return self._target(samples, lambda value, _: self.decode(self.encode(value)) == value)

    def _target(self, samples: tuple[V, ...], survives: Callable[[V, bytes], bool]) -> Target:
        def run(data: bytes) -> None:
            try:
                value = self.decode(data)
            except (Malformed, OtherVersion):
                return
            if not survives(value, data):
                raise AssertionError(f"{value!r} is written otherwise than it was read")

        return Target(run, tuple(map(self.encode, samples)))


def _text(data: bytes) -> str:
    """Any bytes as some text; valid UTF-8 as itself."""
    return data.decode("utf-8", "replace")


def _entries(data: bytes) -> list[dict[str, object]]:
    """All that a backup holds."""
    stream = backup.EntryStream()
    found = [dict(reader._map) for _, reader in stream.take_piece(data)]
    stream.check_end()
    return found


def _of_entries(entries: list[dict[str, object]]) -> bytes:
    return b"".join(len(body).to_bytes(4, "big") + body for body in map(codec.pack, entries))


def _of_action(action: room_actions.Action) -> bytes:
    kind, body = room_actions.encode_action(action)
    return bytes([kind]) + body


_MESSAGE = MessageId("0123456789abcdef" * 2)
_KEY, _SEAT, _TOPIC = b"k" * 32, Seat(b"s" * 8), Topic(b"t" * 32)
_BLOB = bytes(range(256)) * 8
_HERE = description.Candidate("host", "udp", "192.0.2.1", 4000, 2130706431)
_FAR = description.Candidate("relay", "tcp", "2001:db8::1", 443, 1)
_DESCRIPTION = description.Description("actpass", "ufra", "p" * 22, _KEY, (_HERE, _FAR))
_NODE, _EPOCH, _OFFER = NodeId(b"n" * 8), Epoch(81_000), RoomOfferId(b"i" * 16)
_HELD = reconcile.Horizon(_EPOCH, 30_000_000)
_CODE = invite.InviteCode(42, ("tango", "marble", "orbit"))
_MEMBER, _ENTRY = MemberId(b"m" * 32), EntryId(b"e" * 32)
_INTRODUCTION = IntroductionId(b"i" * 16)
_INTRODUCTIONS = (
    introductions.IntroductionAsk(_INTRODUCTION, 7.0, False, _KEY, "bob"),
    introductions.IntroductionKeys(_INTRODUCTION, _KEY, _KEY, b"e" * 1184, _EPOCH),
    introductions.IntroductionAnswer(_INTRODUCTION, _KEY, b"c" * 1088, b"olm"),
    *(introductions.IntroductionAgreed(_INTRODUCTION), introductions.IntroductionWelcome(_INTRODUCTION, b"")),
    introductions.IntroductionEnded(_INTRODUCTION, introductions.IntroductionEnd.FULL),
)
_NEWCOMER = room_actions.NewMember(_KEY, _KEY, b"e" * 1184, "bob")
_FOUNDING = room_log.found_room("walkers", _NEWCOMER)
_ACTIONS = (
    room_actions.AddMember(_NEWCOMER),
    room_actions.RemoveMember(_MEMBER, 12),
    room_actions.LeaveRoom(12, (_MEMBER,)),
    room_actions.SetRole(_MEMBER, admin=True),
    room_actions.HandOver(_MEMBER),
    room_actions.StrikeEntries((_ENTRY,)),
    room_actions.RenameRoom("climbers"),
    room_actions.SetRoomRetention(86_400),
    room_actions.UnknownAction(9, b"of a later version"),
)
_COMMIT_HEAD = room_commits.CommitHead(_KEY, _KEY, 7, b"h" * 64, _KEY, _KEY, _KEY, 81_000)
_ASK = room_words.RepairAsk(_KEY, (_ENTRY,), (room_words.NumberSpan(b"sender 1", 7, 3),), (_KEY[:8],), _KEY)
_PARENTS = room_cells.Parents(((b"sender 1", 7), (b"sender 2", 1)), _KEY)
_LINK = invite.InviteLink(b"s" * 16, b"f" * 16, ("wss://meet.example.org", "ws://127.0.0.1:8765"))

TARGETS: dict[str, Target] = {
    "codec": Format(lambda data: codec.unpack(data, LIMIT), codec.pack).canonical(
        {"text": "é", "list": [1, -1, 1.5, None, True], "map": {"bytes": b"\0" * 40}},
        [2**64 - 1, -(2**63), "x" * 300, [[[[]]]]],
    ),
    "backup": Format(_entries, _of_entries).extensible(
        [{"t": 4, "name": "theme", "value": "nord"}, {"t": 9, "contacts": 0, "lines": 2**40}],
        [{"t": 6, "ids": ["f" * 32] * 3}],
        [],
    ),
    "padding": Format(
        lambda data: (codec.strip_padding(data), len(data)), lambda pair: codec.length_prefixed(*pair)
    ).canonical((b"", 2), (b"data", 34), (b"x" * 32, 34)),
    "frame": Format(frame.decode, frame.encode).canonical(
        frame.Frame(frame.FrameKind.PADDING, b""),
        frame.Frame(frame.FrameKind.CELL, b"c" * 925),
        frame.Frame(frame.FrameKind.CONTROL, control.encode(control.Heartbeat(7))),
    ),
    "control": Format(control.decode, control.encode).extensible(
        control.Heartbeat(7),
        control.Bye(),
        control.ListensAt(8750),
        control.Credit(80),
        control.UnknownControl(15),
    ),
    "gossip": Format(control.decode, control.encode).extensible(
        gossip.Ihave((CellId(b"i" * 16), CellId(b"j" * 16)), late=True),
        gossip.Graft((CellId(b"i" * 16),), eager=True),
        gossip.Prune(agreed=True),
    ),
    "reconcile": Format(control.decode, control.encode).extensible(
        reconcile.SketchRequest(1, _HELD, ((0, 2**32),), b"d" * 8),
        reconcile.SketchRequest(2, _HELD, ((0, 5), (5, 9))),
        reconcile.InSync(1),
        reconcile.Summary(1, 0, _HELD, 7, b"t" * reconcile.TABLE_BYTES),
        reconcile.KeyList(1, 15, _HELD, (CellKey(b"k" * 8), CellKey(b"l" * 8))),
        reconcile.CellRequest((CellKey(b"k" * 8),)),
        reconcile.CellDelivery(30_000_000, b"c" * 925),
        reconcile.RoleSwap(last=True),
    ),
    "walk": Format(control.decode, control.encode).extensible(
        walk.Walk(b"w" * 8, b"k" * 32, (HopId(b"n" * 8), HopId(b"m" * 8))),
        walk.Ticket(b"w" * 8, b"k" * 32, True, b"s" * 64),
        walk.Piece(b"w" * 8, 1, b"p" * 1024),
    ),
    "mdns": Format(mdns.decode, mdns.encode).canonical(
        mdns.Announcement(b"n" * 16, IPv4Address("192.168.1.7"), 4660, (b"m" * 16,) * 8),
        mdns.Announcement(bytes(16), IPv4Address("10.0.0.1"), 1, (bytes(16),) * 32, gone=True),
    ),
    "marks": Format(control.decode, control.encode).extensible(
        marks.Marks(b"n" * 16, tuple(bytes([at]) * marks.MARK_BYTES for at in range(marks.MARKS)))
    ),
    "topology": Format(control.decode, control.encode).extensible(
        topology.OwnDescriptor(b"r" * 176, b"p" * 64),
        topology.Descriptors(((4, b"r" * 176), (0, b"s" * 136))),
        topology.DescriptorRequest(_EPOCH),
    ),
    "descriptor": Format(topology.decode_descriptor, topology.encode_descriptor).canonical(
        topology.NodeDescriptor(_KEY, _KEY, _EPOCH, 3, (HopId(b"l" * 8), HopId(b"m" * 8)))
    ),
    "cell": Format(cell.decode_cell, cell.encode_cell).canonical(
        cell.Cell(Tag(b"t" * 16), _EPOCH, bytes(8), b"b" * 897)
    ),
    "fragment": Format(fragment.decode_fragment, fragment.encode_fragment).canonical(
        fragment.Fragment(fragment.Lane.ORDERED, 7, 5, 1, 3, 81_000, 12, b"d" * 860),
        fragment.Fragment(fragment.Lane.NOTICE, 7, 7, 0, 1, 81_000, fragment.NOTHING_SEEN, b"note"),
    ),
    "content": Format(payload.decode_payload, payload.encode_payload).extensible(
        content.Text(_MESSAGE, 1767323045.5, "hi 😀"),
        content.Text(_MESSAGE, 1767323045.5, "yes", MessageName("f" * 32), (ContactId("a" * 64),) * 2),
        content.Reaction(_MESSAGE, 1767323045.5, MessageName("f" * 32), "👍", 7),
        content.Correction(_MESSAGE, 1767323045.5, _MESSAGE, "hi there", 2, (ContactId("a" * 64),)),
        content.Withdrawal(_MESSAGE, 1767323045.5, _MESSAGE),
        content.UnknownContent(63, _MESSAGE, 1767323045.5),
    ),
    "room_offers": Format(payload.decode_payload, payload.encode_payload).extensible(
        *(room_offers.RoomOffer(_OFFER, 7.0, "walkers", 3), room_offers.RoomAccepted(_OFFER, _NEWCOMER)),
        room_offers.RoomOfferEnded(_OFFER, room_offers.OfferEnd.FULL),
        room_offers.RoomWelcomePart(_OFFER, 1, 2, b"part"),
    ),
    "introductions": Format(payload.decode_payload, payload.encode_payload).extensible(*_INTRODUCTIONS),
    "payload": Format(payload.decode_payload, payload.encode_payload).extensible(
        payload.RekeyOffer(3, _EPOCH, b"e" * 1184),
        payload.RekeyAnswer(3, b"c" * 1088),
        payload.Retention(86_400.0, 7),
        payload.MeshRenewed(3, b"m" * 32),
        payload.RecoveryOffer(b"x" * 32, b"e" * 1184),
        payload.RecoveryOffer(b"x" * 32, b"f" * 1184, alone=True),
    ),
    "files-words": Format(payload.decode_payload, payload.encode_payload).extensible(
        files.FileOffer(_MESSAGE, 1767323045.5, "report.pdf", 300_000, "application/pdf", _KEY, _KEY),
        files.FileAccepted(_MESSAGE),
        files.FileEnded(_MESSAGE, files.FileEnd.WHOLE),
    ),
    "files-notices": Format(payload.decode_notice, payload.encode_notice).extensible(
        files.FileRequest(_MESSAGE, 1, b"\xff\x01", 262_144, resend=True),
        files.FileBlock(_MESSAGE, 1, 9, b"data"),
    ),
    "files-piece": Format(files.decode_piece, lambda pair: files.encode_piece(*pair)).canonical(
        ((), b"s" * 16), ((_KEY, _KEY), b"s" * 40)
    ),
    "recovery": Format(recovery.decode_word, recovery.encode_word).extensible(
        recovery.Knock(b"c" * 1088, b"k" * 8, b"o" * 16),
        recovery.Challenge(b"k" * 16, b"sealed ciphertext"),
        recovery.RecoveryAsk(b"k" * 16, b"sealed keys"),
        recovery.RecoveryAnswer(b"a" * 16, b"sealed answer"),
        recovery.Living(b"a" * 16, b"sealed"),
        recovery.SessionPosition(b"session!", 7, 9),
    ),
    "room_actions": Format(
        lambda data: room_actions.decode_action(data[0] if data else 0, data[1:]), _of_action
    ).canonical(*_ACTIONS, room_actions.FoundRoom("walkers", _NEWCOMER)),
    "room_log-entry": Format(room_log.decode_entry, room_log.encode_entry).canonical(
        _FOUNDING,
        *(room_log.RoomEntry(_MEMBER, 7, _ENTRY, (EntryId(b"f" * 32),), action) for action in _ACTIONS),
    ),
    "room_log-sent": Format(room_log.decode_sent_entry, room_log.encode_sent_entry).canonical(
        room_log.make_sent_entry(_FOUNDING, [(_MEMBER, b"a" * 16), (MemberId(b"n" * 32), b"a" * 16)])
    ),
    "room_cells-place": Format(room_cells.decode_place, room_cells.encode_place).canonical(
        room_cells.RoomPlace(b"period 1", 49, 1023)
    ),
    "room_cells-fragment": Format(room_cells.decode_room_fragment, room_cells.encode_room_fragment).canonical(
        room_cells.RoomFragment(room_cells.RoomKind.MESSAGE, 0, 2, b"l" * 16, b"d" * 849),
        room_cells.RoomFragment(room_cells.RoomKind.COMMIT, 1, 2, bytes(16), b"end"),
    ),
    "room_cells-head": Format(
        lambda data: room_cells.decode_room_head(data, 3, True),
        lambda pair: room_cells.encode_room_head(pair[0]) + pair[1],
    ).canonical(
        (room_cells.RoomHead(7, b"h" * 32, _PARENTS, _KEY, b"m" * 24), b"payload"),
        (room_cells.RoomHead(0, b"", room_cells.Parents(), _KEY, b"m" * 24), b""),
    ),
    "room_words": Format(
        room_words.decode_room_word,
        lambda word: room_words.encode_room_word(word) if word is not None else b"\x09",
    ).extensible(
        room_words.FrontierWord((7, 0, 300), wants=True),
    ),
    "room_words-ask": Format(room_words.decode_ask, room_words.encode_ask).canonical(_ASK),
    "room_welcome": Format(room_welcome.decode_welcome, room_welcome.encode_welcome).extensible(
        room_welcome.RoomWelcome(
            _MEMBER,
            (_FOUNDING,),
            room_commits.PeriodGrant(_COMMIT_HEAD, 7, _KEY, _KEY, 81_000, _KEY, ((_KEY, _KEY),)),
            ((_MEMBER, 7),),
        )
    ),
    "room_letters": Format(room_letters.decode_letter, room_letters.encode_letter).extensible(
        [
            room_log.make_sent_entry(_FOUNDING, [(_MEMBER, b"a" * 16)]),
            room_commits.KeptShare(_COMMIT_HEAD, b"m" * 16, b"s" * 32),
            room_letters.KeptMessage(_KEY, _KEY, 7, 9, 1, bytes(16), _KEY, _PARENTS, b"text", b"m" * 8),
            room_letters.NotForMember(_ASK.spans[0]),
            room_letters.NotHere(_ASK.spans[0]),
            room_letters.PeriodSecret(_KEY, _KEY),
            *(room_letters.AnswerEnd(7), *_INTRODUCTIONS, _ASK),
        ]
    ),
    "room_words-said": Format(
        room_words.split_frontier, lambda pair: room_words.encode_frontier(pair[0]) + pair[1]
    ).canonical(((7, 0, 300), b"payload")),
    "room_commits": Format(
        lambda data: room_commits.decode_commit(data, _KEY, _KEY, 7), room_commits.encode_commit
    ).canonical(room_commits.RoomCommit(_COMMIT_HEAD, (b"m" * 16,) * 3, (b"s" * 32,) * 3)),
    "room_commits-kept": Format(room_commits.decode_kept, room_commits.encode_kept).canonical(
        room_commits.KeptShare(_COMMIT_HEAD, b"m" * 16, b"s" * 32)
    ),
    "room_commits-share": Format(room_commits.decode_kem_share, room_commits.encode_kem_share).canonical(
        room_commits.KemShare(_KEY, b"c" * 1088, b"m" * 16)
    ),
    "room_commits-grant": Format(room_commits.decode_grant, room_commits.encode_grant).extensible(
        room_commits.PeriodGrant(
            _COMMIT_HEAD, 7, _KEY, _KEY, 81_000, _KEY, ((b"a" * 32, _KEY), (b"b" * 32, _KEY))
        )
    ),
    "notice": Format(payload.decode_notice, payload.encode_notice).extensible(
        payload.DeliveryReceipt(7, b"\x05", b"name 1"),
        payload.PresenceNotice(
            here=True, asks=False, receipt=payload.DeliveryReceipt(7, b"", b"name 1name 2")
        ),
        payload.Copied(),
    ),
    "description": Format(description.decode_description, description.encode_description).canonical(
        _DESCRIPTION
    ),
    "sdp": Format(
        lambda data: sdp.from_sdp(_text(data)), lambda value: sdp.to_sdp(value).encode()
    ).extensible(_DESCRIPTION),
    "offer": Format(offer.decode_offer, offer.encode_offer).extensible(
        offer.Offer(_NODE, _KEY, b"e" * 1184, _DESCRIPTION)
    ),
    "answer": Format(offer.decode_reply, offer.encode_reply).extensible(
        offer.Answer(_NODE, _KEY, b"c" * 1088, _DESCRIPTION), offer.Decline(_NODE, linked=True)
    ),
    "signalling-client": Format(signalling.decode_client, signalling.encode_client).canonical(
        signalling.Take(_TOPIC, signalling.SeatMode.GUEST),
        signalling.Leave(_TOPIC),
        signalling.Pass(_TOPIC, _SEAT, _BLOB),
    ),
    "signalling-server": Format(signalling.decode_server, signalling.encode_server).canonical(
        signalling.Welcome(1),
        signalling.Hints((8750, 3478), (3478,), (), signalling.Login(7, bytes(8), bytes(20))),
        signalling.Seated(_TOPIC, _SEAT, (Seat(b"o" * 8),)),
        signalling.SeatRefused(_TOPIC, signalling.Refusal.FULL),
        signalling.Blob(_TOPIC, _SEAT, _BLOB),
        signalling.Gone(_TOPIC, _SEAT),
    ),
    "ice": Format(
        lambda data: ice.parse_server(_text(data)), lambda server: ice.server_url(server).encode()
    ).extensible(
        ice.StunServer("stun.example.org"),
        ice.TurnServer("2001:db8::1", 443, "1700000000:bob", "p@ss%", "tls"),
        ice.TurnServer("192.0.2.1", 3478, "ana", "secret", "tcp"),
    ),
    "places": Format(
        lambda data: places.grown((), _text(data).split("\n")), lambda urls: "\n".join(urls).encode()
    ).extensible(
        ("wss://meet.example.org", "ws://127.0.0.1:8765/a-b/"), ("wss://[2606:4700::1111]:444", "ws://a")
    ),
    "invite": Format(lambda data: invite.parse(_text(data)), lambda value: str(value).encode()).extensible(
        _CODE, _LINK
    ),
    "pairing": Format(pairing.decode_pairing, pairing.encode_pairing).extensible(
        pairing.PakeStart(b"i" * 16, _KEY),
        pairing.PakeReply(_KEY),
        pairing.PakeConfirm(_KEY),
        pairing.HostBundle("alice", _KEY, _KEY, b"e" * 1184, _KEY, ("wss://meet.example.org",), _EPOCH),
        pairing.GuestBundle("bob", _KEY, b"c" * 1088, b"o" * 200),
        pairing.PairingWelcome(b"o" * 100),
        pairing.Burnt(),
        pairing.Speaks(3),
    ),
}
