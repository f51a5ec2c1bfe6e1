"""Carries out what conversations want done.

Knows: through which meshes a contact is reached, which record a conversation goes by, whose a tag is. Does
not know: why a conversation wants anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from p2pchat.core.messaging import outputs
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
from p2pchat.core.messaging.roster import Roster
from p2pchat.core.messaging.routes import Routes
from p2pchat.ports import Entropy, uniform


class Dispatcher:
    """Of all conversations. Each method returns what is left for others to do, in order."""

    def __init__(self, roster: Roster, routes: Routes, entropy: Entropy) -> None:
        self.unsettled = True
        """Whether a conversation has moved since its parent asked when it is next due."""
        self._roster = roster
        self._routes = routes
        self._entropy = entropy

    def count_links(self, conversation: Conversation) -> int:
        """Count the links over which the contact may be reached."""
        return self._routes.count_links(conversation.contact)

    def connect_conversation(self, conversation: Conversation, now: float) -> list[Routed]:
        """Begin a conversation, or begin it again, with the present links."""
        links = self.count_links(conversation)
        routed = self.dispatch_outputs(conversation, conversation.on_links(links, now), now)
        conversation.on_return(now + uniform(self._entropy, *GREET_S))
        self.unsettled = True
        return routed

    def dispatch_to_everybody(
        self, does: Callable[[Conversation], Iterable[Output]], now: float
    ) -> list[Routed]:
        """Have every conversation do something."""
        return self.dispatch_all(list(self._roster.by_id.values()), does, now)

    def dispatch_all(
        self,
        conversations: Iterable[Conversation],
        does: Callable[[Conversation], Iterable[Output]],
        now: float,
    ) -> list[Routed]:
        """Have each conversation do something, and carry out what follows before the next one does."""
        return [
            routed
            for conversation in conversations
            for routed in self.dispatch_outputs(conversation, does(conversation), now)
        ]

    def dispatch_outputs(
        self, conversation: Conversation, wishes: Iterable[Output], now: float
    ) -> list[Routed]:
        """Carry out what one conversation wants."""
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
                return self._roster.note_retention(contact.id, wish)
            case outputs.Renewed(transcript):
                return self._roster.note_renewed(contact.id, transcript, now)
            case outputs.Turned(turn, waiting):
                return self._roster.note_turn(contact.id, turn, waiting)
            case outputs.TagsChanged(delta):
                if not contact.blocked:
                    self._roster.tags.change_tags(conversation, delta)
                return []
            case _:
                return [wish]
