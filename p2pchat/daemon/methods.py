"""What a node can be asked: one method for each verb of the command line.

Knows: parameters, answers, which facts a request becomes. Does not know: sockets, or how facts are acted on.
"""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from p2pchat import looks
from p2pchat.control.failures import INVALID_PARAMS, METHOD_NOT_FOUND, MethodError, as_exception
from p2pchat.core import facts, orders
from p2pchat.core.outbox import CAP as OUTBOX_CAP
from p2pchat.core.records import Contact
from p2pchat.crypto.identity import fingerprint as fingerprint_of
from p2pchat.crypto.identity import named_id, safety_words
from p2pchat.crypto.kdf import digest
from p2pchat.daemon import doctor, views
from p2pchat.daemon.arguments import Arguments
from p2pchat.daemon.configuring import Configuring
from p2pchat.daemon.control import Asker
from p2pchat.daemon.events import Forgotten, Rewritten
from p2pchat.daemon.places import Places
from p2pchat.daemon.reach import no_way
from p2pchat.daemon.recall import Recall
from p2pchat.errors import (
    ControlError,
    Ended,
    LimitError,
    Malformed,
    NotInTime,
    UsageError,
)
from p2pchat.text import harmless_name, typed
from p2pchat.types import MessageId, MessageState
from p2pchat.wire.invite import InviteCode, InviteLink, parse
from p2pchat.wire.pairing import check_nick
from p2pchat.wire.payload import LASTING_MAX_S, LASTING_MIN_S, TEXT_LIMIT, text_size
from p2pchat.wire.places import check_rendezvous

if TYPE_CHECKING:
    from p2pchat.daemon.node import RunningNode

WORDS_PATIENCE_S: Final = 600.0
"""How long an invite by words waits by default: as long as one waits on the telephone."""

LINK_PATIENCE_S: Final = 86_400.0
"""How long an invite by link waits by default (protocol, section 7)."""

HINDRANCE_LOOK_S: Final = 0.5
"""Between looks whether something is in the way of a message that somebody waits for."""

URGENT: Final = frozenset(("send", "wait", "invite", "join", "doctor"))
"""A person asks for something that needs others now: what is out of reach is tried again at once."""

JOIN_PATIENCE_S: Final = 60.0

ENDLESS: Final = frozenset(("invite", "join", "listen", "node.trace", "wait"))
"""What ends with the connection on which it was asked for."""

_MESSAGE_ID: Final = re.compile(r"[0-9a-f]{32}")

Method = Callable[[Arguments, Asker], Awaitable[Any]]


class Methods:
    """The verbs, bound to one running node."""

    def __init__(self, running: RunningNode) -> None:
        self._running = running
        self._invites = 0
        self._sending: dict[MessageId, tuple[asyncio.Lock, int]] = {}
        self.stop_wanted = asyncio.Event()
        self._places = Places(running)
        self._methods: dict[str, Method] = {
            "whoami": self._whoami,
            "whoami.rename": self._rename_self,
            "invite": self._invite,
            "join": self._join,
            "contacts.list": self._contacts_list,
            "contacts.show": self._contacts_show,
            "contacts.verify": self._contacts_verify,
            "contacts.rename": self._contacts_rename,
            "contacts.block": self._contacts_block,
            "contacts.mute": self._contacts_mute,
            "contacts.disappear": self._contacts_disappear,
            "contacts.renew": self._contacts_renew,
            "contacts.remove": self._contacts_remove,
            **self._places.methods(),
            **Configuring(running).methods(),
            "send": self._send,
            "wait": self._wait,
            "listen": self._listen,
            **Recall(running, self._named).methods(),
            "node.status": self._status,
            "node.stop": self._stop,
            "node.trace": self._trace,
            "doctor": self._doctor,
        }

    async def call(self, name: str, params: dict[str, Any], asker: Asker) -> Any:
        """Run a method. Raises MethodError for what JSON-RPC names, P2PChatError for the rest."""
        method = self._methods.get(name)
        if method is None:
            raise MethodError(METHOD_NOT_FOUND, f"there is no method {name!r}")
        if name in URGENT:
            self._running.driver.submit(facts.Urged())
        return await method(Arguments(params), asker)

    # --- who we are

    async def _whoami(self, arguments: Arguments, asker: Asker) -> views.View:
        me = self._running.node.identity
        return {
            "name": me.name,
            "fingerprint": fingerprint_of(me.identity_key),
            "words": " ".join(safety_words(me.identity_key)),
            "home": str(self._running.home),
            "rendezvous": list(me.rendezvous),
        }

    async def _rename_self(self, arguments: Arguments, asker: Asker) -> views.View:
        name = _nick(arguments.text("name"))
        assert name is not None, "checked"
        await self._running.driver.submit_and_persist(facts.NameChosen(name))
        return await self._whoami(arguments, asker)

    # --- pairing

    async def _invite(self, arguments: Arguments, asker: Asker) -> views.View:
        link = arguments.flag("link", False)
        patience = arguments.seconds("timeout")
        if patience is None:
            patience = LINK_PATIENCE_S if link else WORDS_PATIENCE_S
        name, urls = _nick(arguments.optional_text("name")), _urls(arguments.texts("rendezvous"))
        number = self._next_invite()
        deadline = self._running.clock.now() + patience
        given = arguments.optional_text("code")
        code = _code(given) if given is not None else None
        into = arguments.optional_text("mesh")
        mesh = self._places.mesh(into).id if into is not None else None
        fact = facts.InviteOpened(number, link, name, urls, deadline, code, mesh)
        return await self._pairing(number, fact, asker)

    async def _join(self, arguments: Arguments, asker: Asker) -> views.View:
        patience = arguments.seconds("timeout")
        code = _code(arguments.text("code"))
        name, urls = _nick(arguments.optional_text("name")), _urls(arguments.texts("rendezvous"))
        number = self._next_invite()
        deadline = self._running.clock.now() + (JOIN_PATIENCE_S if patience is None else patience)
        accept_new = arguments.flag("accept_new", False)
        fact = facts.InviteEntered(number, code, name, urls, deadline, accept_new)
        return await self._pairing(number, fact, asker)

    async def _pairing(
        self, number: int, fact: facts.InviteOpened | facts.InviteEntered, asker: Asker
    ) -> views.View:
        """Follow one pairing to its end; whoever stops listening has stopped wanting it."""
        over = False
        try:
            with self._running.events.subscribed() as happenings:
                self._running.driver.submit(fact)
                async for event in happenings:
                    match event:
                        case orders.InviteReady(invite, code) if invite == number:
                            asker.event({"type": "invite", "code": str(code)})
                        case orders.InviteDisturbed(invite, strangers) if invite == number:
                            asker.event({"type": "stranger", "strangers": strangers})
                        case orders.InviteDone(invite, contact, left_out) if invite == number:
                            over = True
                            return {**views.contact(contact, here=True), "left_out": list(left_out)}
                        case orders.InviteFailed(invite, reason, exit_code) if invite == number:
                            over = True
                            raise as_exception(-exit_code, reason)
            raise ControlError("the node was too busy to follow the invite")
        finally:
            if not over:
                self._running.driver.submit(facts.InviteCancelled(number))

    def _next_invite(self) -> int:
        self._invites += 1
        return self._invites

    # --- contacts

    async def _contacts_list(self, arguments: Arguments, asker: Asker) -> list[views.View]:
        return [self._contact_view(contact) for contact in self._running.node.contacts()]

    async def _contacts_show(self, arguments: Arguments, asker: Asker) -> views.View:
        contact = self._named(arguments.text("name"))
        own = self._running.node.identity.identity_key
        return {**self._contact_view(contact), **views.verification(contact, own)}

    async def _contacts_verify(self, arguments: Arguments, asker: Asker) -> views.View:
        contact = self._named(arguments.text("name"))
        return await self._changed(
            contact, facts.ContactVerified(contact.id, arguments.flag("verified", True))
        )

    async def _contacts_rename(self, arguments: Arguments, asker: Asker) -> views.View:
        contact, new = self._named(arguments.text("name")), _nick(arguments.text("new"))
        assert new is not None, "checked"
        for each in self._running.node.contacts():
            if each.id != contact.id and looks.alike(each.name, new):
                raise UsageError(f"another contact is called {each.name!r} already, which looks the same")
        return await self._changed(contact, facts.ContactRenamed(contact.id, new))

    async def _contacts_block(self, arguments: Arguments, asker: Asker) -> views.View:
        contact = self._named(arguments.text("name"))
        return await self._changed(contact, facts.ContactBlocked(contact.id, arguments.flag("blocked", True)))

    async def _contacts_mute(self, arguments: Arguments, asker: Asker) -> views.View:
        contact = self._named(arguments.text("name"))
        return await self._changed(contact, facts.ContactMuted(contact.id, arguments.flag("muted", True)))

    async def _contacts_disappear(self, arguments: Arguments, asker: Asker) -> views.View:
        contact, seconds = self._named(arguments.text("name")), arguments.seconds("seconds") or 0.0
        if seconds and not LASTING_MIN_S <= seconds <= LASTING_MAX_S:
            raise UsageError("messages last from ten seconds to ten years, or for ever")
        return await self._changed(contact, facts.ContactLasts(contact.id, seconds))

    async def _contacts_renew(self, arguments: Arguments, asker: Asker) -> views.View:
        contact = self._named(arguments.text("name"))
        return await self._changed(contact, facts.ContactRenewed(contact.id))

    async def _contacts_remove(self, arguments: Arguments, asker: Asker) -> views.View:
        contact = self._named(arguments.text("name"))
        keep, renew = arguments.flag("keep_mesh", False), arguments.flag("renew_mesh", False)
        before = {mesh.id for mesh in self._running.node.meshes()}
        await self._running.driver.submit_and_persist(facts.ContactRemoved(contact.id, keep, renew))
        after = {mesh.id for mesh in self._running.node.meshes()}
        return {
            "name": contact.name,
            "left_mesh": next((mesh.hex() for mesh in before - after), None),
            "renewed_mesh": next((mesh.hex() for mesh in after - before), None),
        }

    async def _changed(self, contact: Contact, fact: facts.Fact) -> views.View:
        await self._running.driver.submit_and_persist(fact)
        return self._contact_view(
            next(each for each in self._running.node.contacts() if each.id == contact.id)
        )

    def _contact_view(self, contact: Contact) -> views.View:
        node = self._running.node
        here = node.here(contact.id, self._running.clock.now())
        return views.contact(contact, here, node.over_quota(contact.id))

    def _named(self, name: str) -> Contact:
        """A contact by name: exactly, or else in whatever case and composition, or as the name is shown, if
        only one matches. Raises UsageError."""
        contacts = self._running.node.contacts()
        matches = (
            [each for each in contacts if each.name == name]
            or [each for each in contacts if looks.same(each.name, name)]
            or [each for each in contacts if harmless_name(each.name) == name]
        )
        if len(matches) == 1:
            return matches[0]
        near = difflib.get_close_matches(name, [each.name for each in contacts], n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; see 'p2pchat contacts'"
        raise UsageError(f"there is no contact called {name!r}{hint}")

    # --- messages

    async def _send(self, arguments: Arguments, asker: Asker) -> views.View:
        """Accept a message; the answer comes when it is on disk. The same ``id`` again accepts nothing
        twice."""
        contact, text = self._named(arguments.text("to")), arguments.text("text")
        message = await self._message_id(arguments)
        async with self._alone(message):
            state = await self._accepted(message, contact, text)
        return {"id": message, "state": state.value, "at": views.moment(self._running.clock.now())}

    async def _message_id(self, arguments: Arguments) -> MessageId:
        """By its ``id``, or by a ``key`` of the asker's own (bytes in hexadecimal); else a new one."""
        key = arguments.optional_text("key")
        if key is None:
            message = MessageId(arguments.optional_text("id") or self._running.entropy.bytes(16).hex())
            if not _MESSAGE_ID.fullmatch(message):
                raise MethodError(INVALID_PARAMS, "id must be 32 hexadecimal digits")
            return message
        try:
            data = bytes.fromhex(key)
        except ValueError as error:
            raise MethodError(INVALID_PARAMS, "key must be hexadecimal digits") from error
        before = MessageId(digest(data, 16).hex())  # what versions without a secret made of it
        if await self._running.ask_store(lambda store: store.sent(before) or store.was_forgotten(before)):
            return before
        return named_id(self._running.node.identity.pickle_key, data)

    @asynccontextmanager
    async def _alone(self, message: MessageId) -> AsyncIterator[None]:
        """One at a time for each id: what is found out about it must still hold when it is used."""
        lock, askers = self._sending.get(message, (asyncio.Lock(), 0))
        self._sending[message] = (lock, askers + 1)
        try:
            async with lock:
                yield
        finally:
            lock, askers = self._sending.pop(message)
            if askers > 1:  # the next may have been woken and not yet hold the lock
                self._sending[message] = (lock, askers - 1)

    async def _accepted(self, message: MessageId, contact: Contact, text: str) -> MessageState:
        """How far a message is that was just accepted, or was before."""
        known = await self._running.ask_store(lambda store: store.sent(message))
        if known is None:
            if await self._running.ask_store(lambda store: store.was_forgotten(message)):
                raise UsageError("a message that was forgotten here had that id; give this one its own")
            self._check_sendable(contact, text)
            await self._running.driver.submit_and_persist(facts.MessageSubmitted(message, contact.id, text))
            known = await self._running.ask_store(lambda store: store.sent(message))
        elif known.contact != contact.id or (known.text != text and not known.rewritten):
            raise UsageError("another message has that id; give each its own")
        if known is None:
            raise Ended(f"{contact.name} was removed or blocked meanwhile; nothing was sent")
        return known.state

    def _check_sendable(self, contact: Contact, text: str) -> None:
        if contact.blocked:
            undo = f"p2pchat contacts block --undo {typed(contact.name)}"
            raise UsageError(f"{harmless_name(contact.name)} is blocked; to unblock them: {undo}")
        if not text:
            raise UsageError("there is nothing to send")
        try:
            size = text_size(text)
        except Malformed as error:
            raise UsageError(str(error)) from error
        if size > TEXT_LIMIT:
            raise LimitError(
                f"a message has at most {TEXT_LIMIT} bytes, this one has {size}; send it in parts"
            )
        if self._running.node.waiting() >= OUTBOX_CAP:
            raise LimitError(
                f"{OUTBOX_CAP} messages wait to be delivered already; try again when some have been"
            )

    async def _wait(self, arguments: Arguments, asker: Asker) -> views.View:
        """Wait until a message has reached a state; its states on the way come as events."""
        message = MessageId(arguments.text("id"))
        try:
            wanted = MessageState(arguments.text("state"))
        except ValueError as error:
            raise MethodError(INVALID_PARAMS, "state must be queued, relayed or delivered") from error
        patience = arguments.seconds("timeout")
        telling = asyncio.get_running_loop().create_task(self._tell_hindrances(message, asker))
        try:
            async with asyncio.timeout(patience):
                return await self._reached(message, wanted, asker)
        except TimeoutError:
            why = await self._out_of_step(message) or self._why_not_yet()
            raise NotInTime(
                f"not {wanted.value} within {patience:.3g} s ({why}); it stays queued and will still go out"
            ) from None
        finally:
            telling.cancel()

    async def _reached(self, message: MessageId, wanted: MessageState, asker: Asker) -> views.View:
        with self._running.events.subscribed() as happenings:
            line = await self._running.ask_store(lambda store: store.sent(message))
            if line is None or not line.outgoing:
                raise UsageError("no message of ours has that id")
            state, at = line.state, self._running.clock.now()
            asker.event({"type": "receipt", "id": message, "state": state.value, "at": views.moment(at)})
            while not (state.reaches(wanted) or state.final):
                state, at = await self._next_state(message, happenings)
                asker.event({"type": "receipt", "id": message, "state": state.value, "at": views.moment(at)})
        if not state.reaches(wanted):
            raise Ended(f"the message is {state.value} and will not be delivered any more")
        return {"id": message, "state": state.value, "at": views.moment(at)}

    async def _next_state(self, message: MessageId, happenings: Any) -> tuple[MessageState, float]:
        async for event in happenings:
            if isinstance(event, orders.MessageMoved) and event.id == message:
                return event.state, event.at
        raise ControlError("the node was too busy to follow the message; see 'p2pchat history'")

    async def _out_of_step(self, message: MessageId) -> str | None:
        """What keeps a message here though there may be links."""
        line = await self._running.ask_store(lambda store: store.sent(message))
        known = (
            each for each in self._running.node.contacts() if line is not None and each.id == line.contact
        )
        contact = next(known, None)
        if contact is None or contact.standing not in ("behind", "lost", "twin", "held"):
            return None
        return f"this home and {contact.name} are out of step, see 'p2pchat contacts show'"

    async def _tell_hindrances(self, message: MessageId, asker: Asker) -> None:
        """What is in the way, as soon as it is known: a rendezvous that is down, two networks without a
        way between them. Whoever waits need not wait for the end to hear of it."""
        told = ""
        while True:
            why = self._hindrance()
            if why and why != told:
                asker.event({"type": "hindrance", "id": message, "why": why})
                told = why
            await asyncio.sleep(HINDRANCE_LOOK_S)

    def _hindrance(self) -> str:
        """What is in the way for certain; empty where it may only be a matter of time."""
        node = self._running.node
        status = node.status()
        if any(link.state == "up" for link in status.links):
            return ""
        if way := no_way(node.unreached(self._running.clock.now())):
            return way
        down = [each for each in status.rendezvous if each.reason and not each.up]
        if down and len(down) == len(status.rendezvous):
            return f"no rendezvous could be reached, {down[0].url}: {down[0].reason}"
        return ""

    def _why_not_yet(self) -> str:
        """The nearest reason why nothing arrives, in a few words."""
        status = self._running.node.status()
        doubt = views.clock_doubt(status.clock)
        if any(link.state == "up" for link in status.links):
            return "no receipt came back yet" + (f", and {doubt}" if doubt else "")
        if way := no_way(self._running.node.unreached(self._running.clock.now())):
            return way
        if status.rendezvous and not any(each.up for each in status.rendezvous):
            down = status.rendezvous[0]
            return (
                f"no rendezvous could be reached, {down.url}: {down.reason}"
                if down.reason
                else "no rendezvous yet"
            )
        return doubt or "nobody else of the mesh is there"

    async def _listen(self, arguments: Arguments, asker: Asker) -> None:
        """First what no listener was given yet, then whatever happens. Ends only with the connection."""
        sender = arguments.optional_text("from")
        contact = self._named(sender) if sender is not None else None
        own_too = arguments.flag("own", False)
        with self._running.events.subscribed() as happenings:
            missed = await self._running.ask_store(
                lambda store: store.unheard(contact.id if contact is not None else None)
            )
            own = self._running.node.identity.name
            for line in missed:
                asker.event(views.message(line, own, self._running.name_of(line.contact)))
                await asker.read()
            shown = {line.id for line in missed}
            async for event in happenings:
                if isinstance(event, orders.MessageSent | Rewritten | Forgotten) and not own_too:
                    continue
                if isinstance(event, orders.MessageArrived):
                    theirs = contact is not None and event.message.contact != contact.id
                    if event.message.id in shown or theirs:
                        continue
                view = self._running.view(event)
                if view is not None:
                    asker.event(view)
        raise ControlError("this listener was too slow and has missed events; what came is in the history")

    # --- the node itself

    async def _status(self, arguments: Arguments, asker: Asker) -> views.View:
        running = self._running
        chosen: views.View = {"paths": views.paths(running.paths), "profile": running.profile}
        chosen["separate"] = running.separate
        facts = {**chosen, **running.process_facts(), "waits_for": running.waits_for or None}
        unreached = no_way(running.node.unreached(running.clock.now()))
        return views.status(running.node.status(), running.started_at, facts, running.looking, unreached)

    async def _doctor(self, arguments: Arguments, asker: Asker) -> list[views.View]:
        return await doctor.checks(self._running)

    async def _stop(self, arguments: Arguments, asker: Asker) -> views.View:
        if not self._running.stays:
            raise UsageError("the node here runs inside another command, which ends it; end that one instead")
        self.stop_wanted.set()
        return {"stopping": True}

    async def _trace(self, arguments: Arguments, asker: Asker) -> None:
        """Every cell's first sight here, and every onion; for pictures of a mesh, it says nothing about
        whose a cell is."""
        with self._running.events.subscribed() as happenings:
            asker.event({"type": "tracing"})
            async for event in happenings:
                if isinstance(event, orders.CellSeen):
                    asker.event(views.cell(event))
                elif isinstance(event, orders.OnionSeen):
                    asker.event(views.onion(event))


def _code(text: str) -> InviteCode | InviteLink:
    try:
        return parse(text)
    except Malformed as error:
        raise UsageError(str(error)) from error


def _nick(name: str | None) -> str | None:
    try:
        if name is not None:
            check_nick(name)
    except Malformed as error:
        raise UsageError(str(error)) from error
    return name


def _urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    try:
        check_rendezvous(urls)
    except Malformed as error:
        raise UsageError(str(error)) from error
    return urls
