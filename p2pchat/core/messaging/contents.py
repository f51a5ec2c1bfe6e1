"""What the two people of one conversation write: what follows from a text, and from what refers to one.

Knows: what is kept and told, both ways. Does not know: how payloads travel (``delivery``), or what a line
says after all that refers to it (``referring``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import assert_never

from p2pchat.core.messaging.content_records import make_line, make_reference, name_message
from p2pchat.core.messaging.delivery import Delivery
from p2pchat.core.messaging.outbox import LIFETIME_S, Item
from p2pchat.core.messaging.outputs import Output
from p2pchat.core.messaging.patience import Patience
from p2pchat.core.messaging.referring import WAITS_S
from p2pchat.core.messaging.retention import Purge
from p2pchat.core.messaging.send_queue import kind_of
from p2pchat.core.values.changes import PutMessage, PutOutbox, PutReference
from p2pchat.core.values.effects import LineReferred, MessageArrived, MessageSent, Notify, Persist
from p2pchat.core.values.records import Contact, Message, OutboxEntry, OutboxKind
from p2pchat.core.values.references import Reference
from p2pchat.data import dataclass
from p2pchat.types import ContactId, ConversationId, MessageState
from p2pchat.wire import payload as wire
from p2pchat.wire.content import Content, Correction, Reaction, Referring, Text, UnknownContent, Withdrawal


@dataclass(frozen=True, slots=True)
class HomeOwner:
    """The person whose home this is."""

    id: ContactId
    """As contacts know them."""
    keeps_earlier: bool
    """Whether what a line said before is kept."""


class ConversationContent:
    """Handles what the two people of one conversation write. Each method returns what is to be done."""

    def __init__(
        self,
        conversation: ConversationId,
        contact: Callable[[], Contact],
        owner: HomeOwner,
        delivery: Delivery,
        purge: Purge,
        patience: Patience,
    ) -> None:
        """``contact``: the contact's record as it is now."""
        self._conversation = conversation
        self._contact = contact
        self._owner = owner
        self._delivery = delivery
        self._purge = purge
        self._patience = patience

    # --- what the person here says

    def accept_content(self, content: Text | Referring, order: int, now: float) -> list[Output]:
        """Store what the person wrote, and queue it for sending."""
        expires_at, body = self._expiry(content, now), wire.encode_payload(content)
        entry = OutboxEntry(content.id, self._conversation, body, order, expires_at, kind=kind_of(content))
        kept = self._delivery.queue.keep_entry(entry)
        if isinstance(content, Text):
            kept += self._keep_line(self._line(content, None, now))
        else:
            kept += [*self._revise_waiting(content, now), *self._keep_reference(content, None, now)]
        return kept + self._delivery.queue.report_state(entry, MessageState.QUEUED, now)

    def _expiry(self, content: Text | Referring, now: float) -> float:
        """When it is given up: a correction with the text that it corrects, if that still waits. The text of
        a message that never arrived must not arrive after it."""
        corrected = self._delivery.outbox.get(content.of) if isinstance(content, Correction) else None
        return (
            corrected.entry.expires_at
            if corrected is not None
            else self._patience.count_waited(now) + LIFETIME_S
        )

    def _revise_waiting(self, content: Referring, now: float) -> list[Output]:
        """What is corrected or withdrawn while it waits does not leave as it was, nor what we said of it
        before; what is sealed must, and is not kept beside that."""
        if isinstance(content, Reaction):
            return []
        superseded = self._superseded(content)
        text = self._delivery.outbox.get(content.of)
        if text is None or text.entry.kind is not OutboxKind.TEXT:
            return self._replace_waiting(superseded, content, now)
        if isinstance(content, Withdrawal):
            return self._replace_waiting([text, *superseded], content, now)
        written = wire.decode_payload(text.entry.payload)
        assert isinstance(written, Text), "it is what its kind says"
        corrected = replace(written, text=content.text, mentions=content.mentions)
        return [
            *_replace_body(text, wire.encode_payload(corrected), OutboxKind.TEXT),
            *self._replace_waiting(superseded, content, now),
        ]

    def _superseded(self, new: Correction | Withdrawal) -> list[Item]:
        """What waits of what we said earlier of that line, and no longer counts."""
        reacted = name_message(self._owner.id, new.of) if isinstance(new, Withdrawal) else None

        def no_longer_counts(entry: OutboxEntry) -> bool:
            if entry.kind is not OutboxKind.REFERENCE or entry.id == new.id:
                return False
            match wire.decode_payload(entry.payload):
                case Correction(of=of):
                    return of == new.of
                case Reaction(to=to):
                    return to == reacted
                case _:
                    return False

        return [item for item in self._delivery.outbox if no_longer_counts(item.entry)]

    def _replace_waiting(
        self, items: Sequence[Item], new: Correction | Withdrawal, now: float
    ) -> list[Output]:
        """Cancel those that are not sealed. The others leave as they are, but are kept as ``new``."""
        body = wire.encode_payload(new)
        waiting = [item for item in items if item.entry.number is None]
        outputs = self._delivery.queue.finish_entries(waiting, MessageState.CANCELLED, now)
        for item in items:
            if item.entry.number is not None:
                outputs += _replace_body(item, body, OutboxKind.REFERENCE)
        return outputs

    # --- what the contact says

    def take_content(self, content: Content, now: float) -> list[Output]:
        """Store what the contact wrote, and report it."""
        author = self._contact().id
        match content:
            case Text() | UnknownContent():
                return self._keep_line(self._line(content, author, now))
            case Reaction() | Correction() | Withdrawal():
                return self._keep_reference(content, author, now)
        assert_never(content)

    # --- both

    def _line(self, content: Text | UnknownContent, author: ContactId | None, now: float) -> Message:
        expires = self._purge.schedule_line(self._contact().preferences.retention_s, now)
        line = make_line(content, self._conversation, author, expires, now)
        told = content.mentions if isinstance(content, Text) else ()
        return replace(line, mentions=self._mentions(told, author))

    def _keep_line(self, line: Message) -> list[Output]:
        told = MessageSent(line) if line.outgoing else MessageArrived(line)
        return [Persist(PutMessage(line, self._owner.keeps_earlier)), Notify(told)]

    def _keep_reference(self, content: Referring, author: ContactId | None, now: float) -> list[Output]:
        reference = self._reference(content, author, now)
        until = self._purge.schedule_wait(now + WAITS_S)
        kept = PutReference(reference, until, self._owner.keeps_earlier)
        return [Persist(kept), Notify(LineReferred(reference))]

    def _reference(self, content: Referring, author: ContactId | None, now: float) -> Reference:
        kept = not isinstance(content, Withdrawal)
        expires = self._purge.schedule_line(self._contact().preferences.retention_s, now) if kept else None
        reference = make_reference(content, self._conversation, author, self._owner.id, expires, now)
        mentions = isinstance(content, Correction) and self._mentions(content.mentions, author)
        return replace(reference, mentions=mentions)

    def _mentions(self, people: tuple[ContactId, ...], author: ContactId | None) -> bool:
        """Whether its reader is among them."""
        return (self._contact().id if author is None else self._owner.id) in people


def _replace_body(item: Item, body: bytes, kind: OutboxKind) -> list[Output]:
    """Have an entry say something else, if it is sealed once more; how far it has come stays."""
    item.entry = replace(item.entry, payload=body, kind=kind)
    return [Persist(PutOutbox(item.entry))]
