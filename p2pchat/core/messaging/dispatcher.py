"""Carries out what conversations want done.

Knows: through which meshes a contact is reached, which record a conversation goes by, whose a tag is. Does
not know: why a conversation wants anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from p2pchat.core.messaging import outputs
from p2pchat.core.messaging.contact_book import ContactBook
from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.outputs import (
    FileReported,
    IntroductionReported,
    MeshReported,
    Output,
    RoomWordReported,
    Routed,
    SendInto,
)
from p2pchat.core.messaging.presence import GREET_S
from p2pchat.core.messaging.routes import Routes
from p2pchat.ports import Entropy, uniform


class Dispatcher:
    """Carries out what conversations want done. Each method returns what is left for others to do, in
    order."""

    def __init__(self, contact_book: ContactBook, routes: Routes, entropy: Entropy) -> None:
        self.unsettled = True
        """Whether a conversation has moved since its parent asked when it is next due."""
        self._contact_book = contact_book
        self._routes = routes
        self._entropy = entropy

    def count_links(self, conversation: Conversation) -> int:
        """Count the links over which the contact may be reached."""
        return self._routes.count_links(conversation.contact)

    def connect_conversation(self, conversation: Conversation, now: float) -> list[Routed]:
        """Start or restart a conversation with the present links."""
        links = self.count_links(conversation)
        routed = self.dispatch_outputs(conversation, conversation.on_links(links, now), now)
        conversation.on_return(now + uniform(self._entropy, *GREET_S))
        self.unsettled = True
        return routed

    def dispatch_to_everybody(
        self, does: Callable[[Conversation], Iterable[Output]], now: float
    ) -> list[Routed]:
        """Call ``does`` for every conversation, and carry out what it returns."""
        return self.dispatch_all(list(self._contact_book.by_id.values()), does, now)

    def dispatch_all(
        self,
        conversations: Iterable[Conversation],
        does: Callable[[Conversation], Iterable[Output]],
        now: float,
    ) -> list[Routed]:
        """Call ``does`` for each of these conversations, and carry out what it returns before the next
        call."""
        return [
            routed
            for conversation in conversations
            for routed in self.dispatch_outputs(conversation, does(conversation), now)
        ]

    def dispatch_outputs(
        self, conversation: Conversation, wishes: Iterable[Output], now: float
    ) -> list[Routed]:
        """Carry out what one conversation wants done."""
        self.unsettled = True
        return [routed for wish in wishes for routed in self._dispatch(conversation, wish, now)]

    def _dispatch(self, conversation: Conversation, wish: Output, now: float) -> Iterable[Routed]:
        contact = conversation.contact
        match wish:
            case outputs.SendCell(cell, haste):
                return [SendInto(mesh, cell, haste) for mesh in self._routes.choose_meshes(contact)]
            case outputs.MeshTold(renewed):
                return [MeshReported(contact.id, renewed)]
            case outputs.RoomWordTold(word):
                return [RoomWordReported(contact.id, word)]
            case outputs.IntroductionTold(of_introduction):
                return [IntroductionReported(contact.id, of_introduction)]
            case outputs.FileTold(message):
                return [FileReported(contact.id, message)]
            case outputs.RetentionDecided():
                return self._contact_book.note_retention(contact.id, wish)
            case outputs.Renewed(transcript):
                return self._contact_book.note_renewed(contact.id, transcript, now)
            case outputs.Turned(turn, waiting):
                return self._contact_book.note_turn(contact.id, turn, waiting)
            case outputs.TagsChanged(delta):
                if not contact.blocked:
                    self._contact_book.tags.change_tags(conversation, delta)
                return []
            case _:
                return [wish]
