"""Of what refers to a line, the later counts."""

from p2pchat.core.values.references import Reference, ReferenceKind, Version
from p2pchat.types import ConversationId, MessageId, MessageName, MessageState


def test_the_turn_orders_and_after_it_the_id() -> None:
    def correction(id: str, turn: int) -> Reference:
        return Reference(
            MessageId(id),
            ConversationId("c"),
            None,
            ReferenceKind.CORRECTION,
            MessageName("n"),
            turn,
            at=9.0 - turn,
            text="",
            state=MessageState.DELIVERED,
        )

    assert correction("a", 2).order > correction("b", 1).order
    assert correction("b", 1).order > correction("a", 1).order
    assert Version(MessageId("a"), 1, 0.0, "").order == correction("a", 1).order


def test_what_was_written_is_not_shown_by_accident() -> None:
    assert "secret" not in repr(Version(MessageId("a"), 1, 0.0, "secret"))
