"""What is said to contacts about files.

Knows: which conversation each word goes into. Does not know: files, or what any of it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from p2pchat.core.messaging.contact_book import ContactBook
from p2pchat.core.messaging.conversation import Conversation
from p2pchat.core.messaging.dispatcher import Dispatcher
from p2pchat.core.messaging.outputs import Output, Routed
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import FileBlock, FileRequest, FileWord


class FileWords:
    """Sends words about files to contacts, but none to a blocked contact. Each method returns what is to be
    done."""

    def __init__(self, contact_book: ContactBook, dispatcher: Dispatcher) -> None:
        self._contact_book = contact_book
        self._dispatcher = dispatcher

    def tell_word(self, contact: ContactId, word: FileWord, now: float) -> list[Routed]:
        """Send a word, as reliably as a message."""
        return self._dispatch(contact, lambda conversation: conversation.tell_payload(word, now), now)

    def ask_for_blocks(self, contact: ContactId, request: FileRequest, now: float) -> list[Routed]:
        """Request blocks, when nothing else leaves."""

        def say(conversation: Conversation) -> Iterable[Output]:
            conversation.notices.put_request(request)
            return conversation.say_patiently(now)

        return self._dispatch(contact, say, now)

    def send_blocks(
        self, contact: ContactId, file: MessageId, blocks: Iterable[FileBlock], now: float
    ) -> list[Routed]:
        """Send blocks when nothing else leaves, in place of those that wait. Without blocks, take back those
        of the file."""

        def say(conversation: Conversation) -> Iterable[Output]:
            conversation.notices.put_blocks(file, blocks)
            return conversation.say_patiently(now)

        return self._dispatch(contact, say, now)

    def _dispatch(
        self, contact: ContactId, say: Callable[[Conversation], Iterable[Output]], now: float
    ) -> list[Routed]:
        conversation = self._contact_book.find_conversation(contact)
        if conversation is None or conversation.contact.blocked:
            return []
        return self._dispatcher.dispatch_outputs(conversation, say(conversation), now)
