"""What is kept of introductions, as bytes.

Knows: the encoding of both records. Does not know: where the bytes are, or what follows from a record.
"""

from __future__ import annotations

from typing import Final

from p2pchat.core.values.introductions import IntroductionRecord, MediationRecord, MemberOf, Source, Stage
from p2pchat.errors import Malformed
from p2pchat.types import ContactId, ConversationId, IntroductionId, MemberId
from p2pchat.wire import codec
from p2pchat.wire.codec import Reader
from p2pchat.wire.introductions import WORD_LIMIT
from p2pchat.wire.pairing import NICK_CHARS

RIVALS_MAX: Final = 8
"""Of one introduction; the latest count."""

_LIMIT: Final = 131_072
_SECRETS: Final = 65_536
_TIME: Final = 1e12
_NAME: Final = 80


def encode_record(record: IntroductionRecord | MediationRecord) -> bytes:
    """Return what is to be kept."""
    if isinstance(record, MediationRecord):
        return codec.pack(
            {
                "id": record.id,
                "of": [record.host, record.guest],
                "at": float(record.at),
                "agreed": record.agreed,
                "keys": record.keys,
                "answered": record.answered,
            }
        )
    source = record.source
    return codec.pack(
        {
            "id": record.id,
            "by": source if not isinstance(source, MemberOf) else "",
            "room": source.room if isinstance(source, MemberOf) else "",
            "member": source.member if isinstance(source, MemberOf) else b"",
            "name": record.name,
            "at": float(record.at),
            "stage": record.stage.value,
            "host": record.host,
            "seed": record.seed,
            "secrets": record.secrets,
            "keys": record.keys,
            "last_word": record.last_word,
            "rivals": b"".join(record.rivals),
            "quiet": record.quiet,
        }
    )


def decode_record(data: bytes) -> IntroductionRecord | MediationRecord:
    """Undo ``encode_record``. Raises Malformed."""
    reader = Reader(codec.unpack(data, _LIMIT))
    id, at = IntroductionId(reader.get_bytes("id", 16)), reader.get_float("at", 0, _TIME)
    keys = reader.get_bytes("keys", limit=WORD_LIMIT)
    if "of" in reader:
        host, guest = (ContactId(who) for who in reader.get_texts("of", 2, _NAME))
        return MediationRecord(
            id, host, guest, at, reader.get_flag("agreed"), keys, reader.get_flag("answered")
        )
    try:
        stage = Stage(reader.get_text("stage", _NAME))
    except ValueError:
        raise Malformed("an introduction that is nowhere") from None
    rivals = reader.get_bytes("rivals", limit=32 * RIVALS_MAX)
    return IntroductionRecord(
        id,
        _read_source(reader),
        reader.get_text("name", 4 * NICK_CHARS),
        at,
        stage,
        reader.get_flag("host"),
        reader.get_bytes("seed", 32),
        reader.get_bytes("secrets", limit=_SECRETS),
        keys,
        reader.get_bytes("last_word", limit=WORD_LIMIT),
        tuple(rivals[at : at + 32] for at in range(0, len(rivals), 32)),
        "quiet" in reader and reader.get_flag("quiet"),
    )


def _read_source(reader: Reader) -> Source:
    room = reader.get_text("room", _NAME)
    if not room:
        return ContactId(reader.get_text("by", _NAME))
    return MemberOf(ConversationId(room), MemberId(reader.get_bytes("member", 32)))
