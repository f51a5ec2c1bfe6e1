"""Our answer to an asker, until it is heard in the new session.

Knows: how long it may be confirmed, and whether a home may be alive in the old session after all. Does not
know: which home to answer, or what follows when it is confirmed.

It is kept on disk: a node that runs for a minute now and then comes back to it.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from p2pchat.core.kit.moments import LATEST, NEVER
from p2pchat.core.session.challenges import REPEAT_S
from p2pchat.core.session.handshake import NewSession, SessionEnds
from p2pchat.core.session.inquiry import LISTEN_S, Inquiry
from p2pchat.core.session.rivals import Claimant, living_word, read_key_name, read_knock_secret
from p2pchat.core.session.session import Session
from p2pchat.core.values.records import SessionState
from p2pchat.crypto.envelope import FUTURE_EPOCHS, TagDelta, epoch_at
from p2pchat.crypto.kdf import KEY_BYTES
from p2pchat.data import dataclass
from p2pchat.ports import Entropy
from p2pchat.types import Tag
from p2pchat.wire.codec import Reader
from p2pchat.wire.recovery import ASK_BYTES, RecoveryAnswer, Word

PENDING_S = 21_600.0
"""So long an answer may be confirmed: nodes that run for a minute now and then come back to it."""

QUESTIONED_MAX = 3
"""So often a home that is heard in the old session, without it being clear since when, holds up an asker:
a member of the mesh may have kept back some cells of before."""


@dataclass(slots=True)
class PendingAnswer:
    """One answer that waits for its confirmation."""

    name: bytes
    knock: bytes
    knocked: bytes = field(repr=False)
    secret: bytes = field(repr=False)
    box: bytes
    session: Session
    transcript: bytes
    at: float
    repeat_at: float
    key: bytes
    """The name of the recovery key that the asker has shown to have."""
    inquiry: Inquiry | None = None
    """A home was heard in the old session: since we answered, or did that cell come late?"""
    questioned: int = 0

    @classmethod
    def read_kept(cls, kept: object, ends: SessionEnds, entropy: Entropy) -> PendingAnswer:
        """Undo ``as_values``. Raises Malformed."""
        reader = Reader(kept)
        state = SessionState(ends.contact, reader.get_bytes("olm"), reader.get_bytes("chains"))
        pending = cls(
            reader.get_bytes("name", ASK_BYTES),
            reader.get_bytes("knock", ASK_BYTES),
            read_knock_secret(reader),
            reader.get_bytes("secret", KEY_BYTES),
            reader.get_bytes("box"),
            Session.restore(state, ends.identity.pickle_key),
            reader.get_bytes("transcript", 32),
            reader.get_float("at", 0.0, LATEST),
            0.0,
            read_key_name(reader),
        )
        if "questioned" in reader:  # homes of before kept no questions
            pending.questioned = reader.get_integer("questioned", 0, QUESTIONED_MAX)
            inquiries = reader.get_list("inquiry", 1)
            if inquiries:
                pending.inquiry = Inquiry.restore(entropy, Reader(inquiries[0]), LISTEN_S)
        return pending

    def as_values(self) -> dict[str, Any]:
        """Return all that must outlive a crash."""
        state = self.session.snapshot()
        return {
            "name": self.name,
            "knock": self.knock,
            "knocked": self.knocked,
            "secret": self.secret,
            "box": self.box,
            "olm": state.olm,
            "chains": state.chains,
            "transcript": self.transcript,
            "key": self.key,
            "at": self.at,
            "inquiry": [self.inquiry.snapshot()] if self.inquiry is not None else [],
            "questioned": self.questioned,
        }


class UnconfirmedAnswer:
    """Our unconfirmed answer to one contact, if there is one. ``moved``: there is something to store."""

    def __init__(self, ends: SessionEnds, entropy: Entropy, kept: list[Any]) -> None:
        """``kept``: of an earlier ``as_values``."""
        self._entropy = entropy
        self.moved = False
        self.pending = PendingAnswer.read_kept(kept[0], ends, entropy) if kept else None

    def as_values(self) -> list[dict[str, Any]]:
        """Return what must outlive a crash; empty if there is nothing."""
        self.moved = False
        return [self.pending.as_values()] if self.pending is not None else []

    @property
    def expires_at(self) -> float:
        """When it is too old to be confirmed."""
        return self.pending.at + PENDING_S if self.pending is not None else NEVER

    def list_tags(self) -> list[Tag]:
        """List the tags of the session that waits."""
        return self.pending.session.list_tags() if self.pending is not None else []

    def follow_clock(self, now: float) -> TagDelta | None:
        """Follow the epochs."""
        return self.pending.session.follow_epochs(now) if self.pending is not None else None

    def correct_clock(self, now: float) -> None:
        """A link came up: a clock that was ahead when we answered is right again. An answer from a time to
        come is of no use to the asker."""
        pending = self.pending
        if pending is not None and pending.at > now:
            far = epoch_at(pending.at) > epoch_at(now) + FUTURE_EPOCHS
            pending.at, self.moved = now - PENDING_S if far else now, True

    def find_session(self, tag: Tag) -> Session | None:
        """Return the session that waits, if the tag is one of its own and the asker may be heard there."""
        pending = self.pending
        if pending is None or pending.inquiry is not None or not pending.session.knows_tag(tag):
            return None
        return pending.session

    def repeat_answer(self, knock: bytes, now: float) -> list[Word]:
        """Repeat it to the sender of that knock, which may have missed it."""
        pending = self.pending
        if pending is None or pending.knock != knock or now < pending.repeat_at:
            return []
        pending.repeat_at = now + REPEAT_S
        return [RecoveryAnswer(pending.name, pending.box)]

    def put_answer(self, claimant: Claimant, new: NewSession, now: float) -> None:
        """Wait for an asker in the session that was made."""
        self.moved = True
        self.pending = PendingAnswer(
            claimant.name,
            claimant.knock,
            claimant.knocked,
            claimant.secret,
            new.box,
            new.session,
            new.transcript,
            now,
            now + REPEAT_S,
            claimant.key,
        )

    def take_session(self) -> tuple[Session, bytes]:
        """The asker was heard: return the session and its transcript, and stop waiting."""
        assert self.pending is not None, "answered"
        session, transcript = self.pending.session, self.pending.transcript
        self.pending, self.moved = None, True
        return session, transcript

    def give_up(self) -> TagDelta:
        """Stop waiting for a confirmation. Return the tags to drop."""
        gone, self.pending, self.moved = self.list_tags(), None, True
        return TagDelta((), tuple(gone))

    # --- whether a home is alive in the old session

    def on_old_session(self, session: Session, now: float) -> tuple[list[Word], TagDelta | None]:
        """A home was heard in the old session. What is to be said to the asker if it loses by that, and the
        tags that go then."""
        pending = self.pending
        if pending is None:
            return [], None
        if pending.inquiry is None and pending.questioned < QUESTIONED_MAX:
            pending.inquiry = Inquiry(self._entropy, now, LISTEN_S)
            pending.questioned, self.moved = pending.questioned + 1, True
        elif pending.inquiry is not None and pending.inquiry.is_answered(session):
            return [living_word(pending.name, pending.secret)], self.give_up()
        return [], None

    def note_silence(self) -> None:
        """If no home has answered in the old session, the asker may be heard again."""
        pending = self.pending
        if pending is not None and pending.inquiry is not None and pending.inquiry.over:
            pending.inquiry, self.moved = None, True

    def end_inquiry(self) -> None:
        """The old session is of no use: no home can be heard in it."""
        if self.pending is not None:
            self.pending.inquiry = None
