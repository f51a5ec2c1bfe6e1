"""The commands of a chat about rooms.

Knows: the question or call of each. Does not know: how it was typed, or what a question looks like.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol

from p2pchat.chat.commands import ROLES
from p2pchat.chat.question import Question, leaving_question, removal_question
from p2pchat.control.rooms import ROOM_SIGN, Notify, RoomInfo
from p2pchat.errors import NotInTime, UsageError
from p2pchat.text import harmless_name
from p2pchat.wording.lines import span
from p2pchat.wording.rooms import member_role

if TYPE_CHECKING:
    from p2pchat.chat.counterparts import ChatRoom
    from p2pchat.chat.model import ChatModel
    from p2pchat.client import Node

NOTIFIES: Final[dict[str, Notify]] = {
    "": "none",
    "none": "none",
    "mentions": "mentions",
    "off": "all",
    "all": "all",
}
"""What is notified of, by the argument of a command that mutes."""

NOTIFY_WORDS: Final[dict[Notify, str]] = {
    "all": "notifies of all messages",
    "mentions": "notifies of messages that mention you",
    "none": "is muted",
}
_NEXT: Final[dict[Notify, Notify]] = {"all": "mentions", "mentions": "none", "none": "all"}


class RoomScreen(Protocol):
    """What these commands need of the display of a chat."""

    def tell_person(self, text: str) -> None: ...
    def ask_person(
        self, question: Question, yes: Callable[[], None], no: Callable[[], None] | None = None
    ) -> None: ...
    def show_conversation(self, name: str) -> None: ...
    def show_words(self, room: str) -> None: ...
    def show_members(self, room: str) -> None: ...
    def choose_invited(self, room: str) -> None: ...


class RoomVerbs:
    """Bound to one chat. ``have_node``: queue a request to the node, and tell when it is done."""

    def __init__(
        self, model: ChatModel, screen: RoomScreen, have_node: Callable[[Awaitable[object], str], None]
    ) -> None:
        self._model = model
        self._screen = screen
        self._have_node = have_node
        self._verbs: dict[str, Callable[[str], None]] = {
            "create": self._create,
            "accept": self._accept,
            "decline": self._decline,
            "invite": self._invite,
            "members": lambda _: screen.show_members(self._room().name),
            "verify": lambda _: screen.show_words(self._room().name),
            "role": self._give_role,
            "remove": self._remove,
            "rename": self._rename,
            "mute": self._mute,
            "disappear": self._disappear,
            "leave": self._leave,
            "renew": self._renew,
            "forget": self._forget,
        }
        self.instead: dict[str, Callable[[str], None]] = {
            **{verb: self._verbs[verb] for verb in ("verify", "rename", "mute", "disappear")},
            "toggle_mute": self._cycle_notify,
            "block": lambda _: self._refuse("a room cannot be blocked; /room leave leaves it"),
            "toggle_block": lambda _: self._refuse("a room cannot be blocked; /room leave leaves it"),
            "remove": lambda _: self._refuse("/room remove puts a member out, /room leave leaves the room"),
        }
        """What some commands do while a room is open."""

    @property
    def _node(self) -> Node:
        return self._model.node

    def do_line(self, rest: str) -> None:
        """Carry out what stands after ``/room``. Raises UsageError."""
        verb, _, argument = rest.partition(" ")
        if verb not in self._verbs:
            raise UsageError(f"/room needs one of: {', '.join(self._verbs)}")
        self._verbs[verb](argument.strip())

    def accept_offer(self, name: str) -> None:
        """Accept an invitation; the node of the contact who made it lets us in."""
        offer = self._model.known.offers.get(name)
        by = (
            harmless_name(offer.invited_by)
            if offer is not None and offer.invited_by
            else "the inviting contact"
        )

        async def accept() -> None:
            try:
                await self._node.accept_room(name, timeout=0.0)
            except NotInTime:
                self._screen.tell_person(f"accepted; you are in as soon as {by}'s node lets you in")
            await self._read_rooms()

        self._have_node(accept(), "")

    def decline_offer(self, name: str) -> None:
        """Decline an invitation."""

        async def decline() -> None:
            await self._node.decline_room(name)
            await self._read_rooms()

        self._have_node(decline(), f"declined; {harmless_name(name)} is not joined")

    def invite_contacts(self, room: str, contacts: Iterable[str]) -> None:
        """Offer a room to contacts."""
        named = list(contacts)

        async def invite() -> None:
            await self._node.invite_to_room(room, named)
            await self._read_rooms()

        shown = ", ".join(map(harmless_name, named))
        self._have_node(invite(), f"invited to {harmless_name(room)}: {shown}; they are in once they accept")

    # --- which room, and who

    def _room(self) -> ChatRoom:
        if self._model.room is None:
            raise UsageError("open a room first: /switch #NAME, or /room create NAME")
        return self._model.room

    def _refuse(self, why: str) -> None:
        raise UsageError(why)

    def _offered(self, rest: str) -> RoomInfo:
        offers = self._model.known.offers
        if not rest and len(offers) == 1:
            return next(iter(offers.values()))
        found = offers.get(rest) or offers.get(rest.removeprefix(ROOM_SIGN))
        if found is None:
            names = ", ".join(map(harmless_name, offers)) or "none"
            raise UsageError(f"name the room to which you are invited: {names}")
        return found

    async def _read_rooms(self) -> None:
        await self._model.following_rooms.read_rooms()
        await self._model.following_rooms.read_members(self._model.room)

    # --- coming in

    def _create(self, rest: str) -> None:
        if not rest:
            raise UsageError("/room create needs a name, like /room create friends")

        async def create() -> None:
            room = await self._node.create_room(rest.removeprefix(ROOM_SIGN))
            await self._read_rooms()
            self._screen.show_conversation(room.name)

        self._have_node(create(), "you own the room; /room invite lets contacts in")

    def _accept(self, rest: str) -> None:
        self.accept_offer(self._offered(rest).name)

    def _decline(self, rest: str) -> None:
        self.decline_offer(self._offered(rest).name)

    def _invite(self, rest: str) -> None:
        room = self._room().name
        if rest:
            self.invite_contacts(room, _split_names(rest, self._model.people))
        else:
            self._screen.choose_invited(room)

    # --- who is in

    def _give_role(self, rest: str) -> None:
        room = self._room().name
        member, _, role = rest.rpartition(" ")
        given = next((office for office in ROLES if office == role), None)
        if given is None or not member.strip():
            raise UsageError(
                "/room role needs a member and owner, admin or member, like /room role bob admin"
            )
        name = member.strip()
        shown = harmless_name(name)

        def give() -> None:
            self._have_node(self._node.set_role(room, name, given), f"{shown} is {member_role(given)} now")

        if given == "owner":
            text = f"Hand {harmless_name(room)} over to {shown}? You become an ordinary member."
            self._screen.ask_person(Question("hand over", text, "Hand over", "Stay the owner"), give)
        else:
            give()

    def _remove(self, rest: str) -> None:
        room = self._room().name
        if not rest:
            raise UsageError("/room remove needs a member, like /room remove bob")
        self._screen.ask_person(
            removal_question(room, rest),
            lambda: self._have_node(self._node.remove_member(room, rest), ""),
        )

    def _leave(self, rest: str) -> None:
        room = self._room()
        name, heirs = room.name, _split_names(rest, [member.name for member in room.members])
        following = heirs or [member.name for member in room.members if not member.own]
        heir = next(iter(following), "") if room.room.role == "owner" else ""
        self._screen.ask_person(
            leaving_question(name, heir),
            lambda: self._have_node(self._node.leave_room(name, heirs), ""),
        )

    def _renew(self, _rest: str) -> None:
        name = self._room().name

        async def renew() -> None:
            made = await self._node.renew_room(name)
            await self._read_rooms()
            self._screen.show_conversation(made.name)
            told = f"invited: {', '.join(map(harmless_name, made.invited)) or 'none'}"
            if made.not_invited:
                told += f"; no contacts of yours: {', '.join(map(harmless_name, made.not_invited))}"
            self._screen.tell_person(told)

        text = (
            f"Make another room with the people of {harmless_name(name)}? You own it, and your contacts "
            "among them are invited."
        )
        self._screen.ask_person(
            Question("another room", text, "Make it", "Leave it"), lambda: self._have_node(renew(), "")
        )

    # --- what holds for the room

    def _rename(self, rest: str) -> None:
        room = self._room().name
        if not rest:
            raise UsageError("/rename needs the new name")
        self._have_node(self._node.rename_room(room, rest.removeprefix(ROOM_SIGN)), "")

    def _mute(self, rest: str) -> None:
        room = self._room().name
        if rest not in NOTIFIES:
            raise UsageError("/mute takes 'mentions' (notify of those alone), 'off', or no word")
        self._set_notify(room, NOTIFIES[rest])

    def _cycle_notify(self, _rest: str) -> None:
        room = self._room()
        self._set_notify(room.name, _NEXT[room.room.notify])

    def _set_notify(self, room: str, notify: Notify) -> None:
        async def mute() -> None:
            await self._node.mute_room(room, notify)
            await self._read_rooms()

        self._have_node(mute(), f"{harmless_name(room)} {NOTIFY_WORDS[notify]}")

    def _disappear(self, rest: str) -> None:
        room = self._room().name
        if not rest:
            raise UsageError("/disappear needs a span, like /disappear 1d, or off")
        self._have_node(self._node.disappear_in_room(room, span(rest)), "")

    def _forget(self, _rest: str) -> None:
        room = self._room()
        if room.room.state != "out":
            raise UsageError("leave the room first: /room leave; /forget deletes its messages here")
        name = room.name

        async def forget() -> None:
            await self._node.forget_room(name)
            await self._model.load_people()

        text = f"Delete {harmless_name(name)} and all its messages here? Its members keep a copy."
        self._screen.ask_person(
            Question("delete", text, "Delete", "Keep it"), lambda: self._have_node(forget(), "")
        )


def _split_names(text: str, known: Iterable[str]) -> list[str]:
    """The names in a line; one with blanks stands alone, or in quotes. Raises UsageError."""
    if text in known:
        return [text]
    try:
        return [name.removeprefix("@") for name in shlex.split(text)]
    except ValueError:
        raise UsageError("a quote is not closed") from None
