"""Vectors of what people say: texts and what refers to them, and what a reader then shows.

As ``vectors``, whose clock these share.
"""

from __future__ import annotations

from typing import Final

from p2pchat.core.messaging.content_records import name_message
from p2pchat.core.messaging.referring import apply_references
from p2pchat.core.values.records import Message
from p2pchat.core.values.references import Reference, ReferenceKind, Referred
from p2pchat.crypto.identity import fingerprint
from p2pchat.types import ContactId, ConversationId, MessageId, MessageState
from p2pchat.wire.content import Content, Correction, Reaction, Text, UnknownContent, Withdrawal
from p2pchat.wire.payload import decode_payload, encode_payload
from scripts.support.vectors import NOW, Fields

IDENTITIES: Final = {"hana": bytes(range(32)), "gus": bytes(range(32, 64))}
HANA, GUS = map(fingerprint, IDENTITIES.values())
_PEOPLE: Final = dict(zip(IDENTITIES, (HANA, GUS), strict=True))
_TALK: Final = ConversationId(HANA)

Said = tuple[str, Content]


def content() -> Fields:
    """All that two people say, in the order in which it comes, and the lines of both in the end."""
    said = _talk()
    return {
        "people": {name: {"identity": key, "fingerprint": _PEOPLE[name]} for name, key in IDENTITIES.items()},
        "said": [_step(name, content) for name, content in said],
        "shown": [_shown(name, content, said) for name, content in said if not _refers(content)],
    }


def _talk() -> list[Said]:
    first, second, third, fourth = (name_message(HANA, _id(number)) for number in (1, 3, 4, 5))
    reply = name_message(GUS, _id(2))
    missing = name_message(GUS, _id(255))
    return [
        ("hana", Text(_id(1), NOW, "at eight")),
        ("gus", Text(_id(2), NOW + 1, "fine, @hana", first, (HANA,))),
        ("gus", Reaction(_id(16), NOW + 2, first, "\N{THUMBS UP SIGN}", 1)),
        ("hana", Correction(_id(17), NOW + 4, _id(1), "at ten, @gus", 2, (GUS,))),
        ("hana", Correction(_id(18), NOW + 3, _id(1), "at nine", 1)),
        ("gus", Reaction(_id(19), NOW + 5, first, "\N{PARTY POPPER}", 2)),
        ("hana", Reaction(_id(20), NOW + 6, reply, "\N{HEAVY BLACK HEART}", 1)),
        ("hana", Reaction(_id(21), NOW + 7, reply, "", 2)),
        ("gus", Correction(_id(22), NOW + 8, _id(1), "never", 9)),
        ("gus", Withdrawal(_id(23), NOW + 8, _id(3))),
        ("hana", Withdrawal(_id(24), NOW + 9, _id(3))),
        ("hana", Text(_id(3), NOW + 8, "what comes after its withdrawal")),
        ("hana", Correction(_id(25), NOW + 10, _id(3), "again", 7)),
        ("gus", Reaction(_id(26), NOW + 10, second, "\N{THUMBS UP SIGN}", 1)),
        ("hana", Text(_id(4), NOW + 11, "two corrections of one number")),
        ("hana", Correction(_id(27), NOW + 12, _id(4), "the one", 1)),
        ("hana", Correction(_id(28), NOW + 12, _id(4), "the other", 1)),
        ("gus", Reaction(_id(29), NOW + 13, third, "of more than one letter", 4_294_967_295)),
        ("hana", Text(_id(5), NOW + 14, "an answer to what is not here", missing)),
        ("gus", Reaction(_id(30), NOW + 15, missing, "\N{THUMBS UP SIGN}", 1)),
        ("gus", UnknownContent(63, _id(6), NOW + 16)),
        ("gus", Reaction(_id(31), NOW + 17, fourth, "", 1)),
    ]


def _step(name: str, said: Content) -> Fields:
    payload = encode_payload(said)
    assert decode_payload(payload) == said
    return {"from": name, "payload": payload, "name": name_message(_PEOPLE[name], said.id)}


def _shown(name: str, said: Content, all_said: list[Said]) -> Fields:
    author = _PEOPLE[name]
    text = said.text if isinstance(said, Text) else ""
    unknown = said.type if isinstance(said, UnknownContent) else 0
    name_here = name_message(author, said.id)
    known = MessageId(name_here)
    line = Message(known, _TALK, author, said.at, text, MessageState.DELIVERED, unknown=unknown)
    references = [_reference(_PEOPLE[who], each) for who, each in all_said if _refers(each)]
    line = apply_references(line, [one for one in references if one.target == name_here], keep=False)
    referred = line.referred or Referred()
    return {
        "from": name,
        "name": name_here,
        "text": line.text,
        "answers": said.answers if isinstance(said, Text) else None,
        "unknown": line.unknown,
        "corrected": referred.correction is not None,
        "withdrawn": referred.withdrawal is not None,
        "reactions": {_name_of(one.author): one.text for one in referred.reactions if one.text},
    }


def _reference(author: ContactId, said: Content) -> Reference:
    match said:
        case Reaction(to=target, sign=text, turn=turn):
            kind = ReferenceKind.REACTION
        case Correction(of=of, text=text, turn=turn):
            kind, target = ReferenceKind.CORRECTION, name_message(author, of)
        case Withdrawal(of=of):
            kind, target, text, turn = ReferenceKind.WITHDRAWAL, name_message(author, of), "", 0
        case _:
            raise AssertionError("what has a line of its own")
    known = MessageId(name_message(author, said.id))
    return Reference(known, _TALK, author, kind, target, turn, said.at, text, MessageState.DELIVERED)


def _refers(said: Content) -> bool:
    return isinstance(said, Reaction | Correction | Withdrawal)


def _name_of(author: ContactId | None) -> str:
    return next(name for name, who in _PEOPLE.items() if who == author)


def _id(number: int) -> MessageId:
    return MessageId(f"{number:032x}")
