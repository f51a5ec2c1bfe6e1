"""The method ``room.forge``: what members of a room never said, made up here alone.

Knows: which words are made up, and how it is told what a judge finds. Does not know: how a transcript is
forged or judged (``core.room.forgery``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from p2pchat.control.rooms import RoomForgeryInfo, RoomSayingInfo, RoomTranscriptInfo
from p2pchat.core.room.forgery import RoomTranscript, forge_transcript, verify_transcript
from p2pchat.core.room.key_state import RoomKeyState
from p2pchat.core.room.period import Period
from p2pchat.errors import RefusedInput, UsageError
from p2pchat.ports import Entropy
from p2pchat.types import MemberId, MessageId
from p2pchat.wire.content import Text
from p2pchat.wire.payload import decode_payload, encode_payload
from p2pchat.wire.room_words import FrontierWord, encode_told, split_told

ASSENT = "I have seen it."
"""What another member is made to say, where there is one."""


def forge_room(
    name: str,
    state: RoomKeyState,
    names: Mapping[MemberId, str],
    words: str,
    entropy: Entropy,
    now: float,
) -> RoomForgeryInfo:
    """Make up what other members say in a room, and let a judge who has all keys of our pairs examine it.
    ``names``: of all members. Raises UsageError where we are alone."""
    period = state.periods.choose_period()
    others = [member for member in period.members if member != state.who.member] if period is not None else []
    if period is None or not others:
        raise UsageError("you are alone in this room: nothing can be put into another's mouth")
    script = [(others[0], words), *((other, ASSENT) for other in others[1:2])]
    written = [(who, _write_payload(period, text, entropy, now)) for who, text in script]
    invented = forge_transcript(state.pairs, period.keys, written, entropy, now)

    def judge(transcript: RoomTranscript) -> list[RoomSayingInfo] | None:
        try:
            found = verify_transcript(transcript, state.pairs, now)
        except RefusedInput:
            return None
        return [
            RoomSayingInfo(sender=names.get(who, who.hex()), text=_read_text(data)) for who, data in found
        ]

    return RoomForgeryInfo(
        room=name,
        transcripts=[
            _describe("invented", invented, judge),
            _describe("altered", alter_transcript(invented), judge),
        ],
    )


def alter_transcript(transcript: RoomTranscript) -> RoomTranscript:
    """Return the transcript with one bit of the last cell changed."""
    last = bytearray(transcript.cells[-1])
    last[-1] ^= 1
    return replace(transcript, cells=(*transcript.cells[:-1], bytes(last)))


def _describe(
    name: Literal["invented", "altered"],
    transcript: RoomTranscript,
    judge: Callable[[RoomTranscript], Sequence[RoomSayingInfo] | None],
) -> RoomTranscriptInfo:
    found = judge(transcript)
    return RoomTranscriptInfo(
        name=name, accepted=found is not None, cells=len(transcript.cells), sayings=list(found or ())
    )


def _write_payload(period: Period, text: str, entropy: Entropy, now: float) -> bytes:
    """What a member's node would write: how far it has read, and the text."""
    told = FrontierWord((0,) * len(period.members), wants=False)
    content = Text(MessageId(entropy.draw_bytes(16).hex()), now, text)
    return encode_told(told) + encode_payload(content)


def _read_text(payload: bytes) -> str:
    content = decode_payload(split_told(payload)[1])
    return content.text if isinstance(content, Text) else ""
