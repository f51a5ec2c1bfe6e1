"""What the files of a home want said does not show what is in it."""

from p2pchat.core.files.outputs import SendBlocks
from p2pchat.types import ContactId, MessageId
from p2pchat.wire.files import FileBlock


def test_blocks_are_shown_without_their_data() -> None:
    file = MessageId("01" * 16)
    assert "secret" not in repr(SendBlocks(ContactId("b" * 64), file, (FileBlock(file, 0, 0, b"secret"),)))
