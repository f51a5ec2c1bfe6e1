"""A node's verbs, typed.

Knows: parameters, answers, events. Does not know: where the node runs, or what it is made of.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal, get_args

from p2pchat.client.reach import Reach
from p2pchat.errors import NotInTime, UsageError
from p2pchat.rpc import ConnectionLost

Event = dict[str, Any]
"""As in docs/scripting.md: ``type`` and what belongs to it."""

Wait = Literal["queued", "relayed", "delivered"]
"""How far a message must have come for ``send`` to return."""

KEY_MAX: Final = 256
"""Bytes of an id that a caller gives a message."""

_MESSAGE_ID: Final = re.compile(r"[0-9a-f]{32}")

ACCEPT_S: Final = 3.0
"""For a message to be put on disk, however short its ``timeout`` is."""

INVITE_LIVES: Final = 4
"""Nodes that may wait at one code, one after another, as long as nobody has tried it."""


def message_name(key: str) -> Event:
    """How the node is told which message a key of the caller's own stands for: 32 hexadecimal digits are an
    id already. Raises UsageError."""
    data = key.encode(errors="surrogateescape")
    if not 0 < len(data) <= KEY_MAX:
        raise UsageError(f"an id has 1 to {KEY_MAX} bytes")
    return {"id": key} if _MESSAGE_ID.fullmatch(key) else {"key": data.hex()}


class Node(Reach):
    """A node, wherever it runs. All methods raise P2PChatError with a line fit to show."""

    # --- who we are

    async def whoami(self) -> Event:
        """``name``, ``fingerprint``, ``words``, ``home``, ``rendezvous``."""
        return await self._call("whoami")  # type: ignore[no-any-return]

    async def rename_self(self, name: str) -> Event:
        """Be called so by contacts whom you meet from now on; answers as ``whoami``. Raises UsageError."""
        return await self._call("whoami.rename", name=name)  # type: ignore[no-any-return]

    # --- pairing

    async def invite(
        self,
        *,
        link: bool = False,
        name: str | None = None,
        timeout: float | None = None,
        rendezvous: Sequence[str] = (),
        mesh: str | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Yield ``{"type": "invite", "code": …}``, then the new contact's event; ends with it. Between them,
        ``{"type": "stranger", "strangers": n}`` when somebody without the words sat in the way.

        It leads into ``mesh`` (the beginning of its id), or else into the first of ours. The code stays good
        when the node is lost and another takes over, unless somebody has begun to answer.
        """
        params: Event = {"link": link, "name": name, "rendezvous": list(rendezvous), "code": None}
        params |= {"mesh": mesh}
        left = _remaining(timeout)
        for lives in reversed(range(INVITE_LIVES)):
            try:
                async with self._asking("invite", {**params, "timeout": left()}) as asked:
                    while (event := await self._patiently(anext(asked, None))) is not None:
                        params["code"] = event.get("code", params["code"])
                        yield event
                    yield {"type": "contact", "change": "added", **await asked.result()}
                    return
            except ConnectionLost:
                if not lives:
                    raise
                await self._find()

    async def join(
        self,
        code: str,
        *,
        name: str | None = None,
        timeout: float | None = None,
        rendezvous: Sequence[str] = (),
        accept_new: bool = False,
    ) -> Event:
        """Become somebody's contact with the code or link they gave; return the contact. The same code again
        returns the same contact.

        Where their mesh is met that neither you nor the code named is not gone to, but told as ``left_out``;
        with ``accept_new``, only private addresses are.
        """
        params: Event = {"code": code, "name": name, "rendezvous": list(rendezvous), "accept_new": accept_new}
        left = _remaining(timeout)

        async def ask() -> Event:
            async with self._asking("join", {**params, "timeout": left()}) as asked:
                return await self._patiently(asked.result())

        return await self._again(ask)  # type: ignore[no-any-return]

    # --- contacts

    async def contacts(self) -> list[Event]:
        """All contacts: ``name``, ``fingerprint``, ``verified``, ``blocked``, ``muted``, ``disappear``
        (seconds or None), ``how``, ``here`` (None without a link), ``added_at``, ``mesh``."""
        return await self._call("contacts.list")  # type: ignore[no-any-return]

    async def contact(self, name: str) -> Event:
        """One contact, with ``safety_number``."""
        return await self._call("contacts.show", name=name)  # type: ignore[no-any-return]

    async def verify(self, name: str, verified: bool = True) -> Event:
        """Note that the safety number was compared (or take that back)."""
        return await self._call("contacts.verify", name=name, verified=verified)  # type: ignore[no-any-return]

    async def rename(self, name: str, new: str) -> Event:
        """Call a contact something else."""
        return await self._call("contacts.rename", name=name, new=new)  # type: ignore[no-any-return]

    async def block(self, name: str, blocked: bool = True) -> Event:
        """Stop hearing a contact, and withdraw what waits for them (or hear them again)."""
        return await self._call("contacts.block", name=name, blocked=blocked)  # type: ignore[no-any-return]

    async def mute(self, name: str, muted: bool = True) -> Event:
        """Make no noise about what a contact writes (or make it again)."""
        return await self._call("contacts.mute", name=name, muted=muted)  # type: ignore[no-any-return]

    async def disappear(self, name: str, seconds: float | None) -> Event:
        """Have all that is said with a contact forgotten, by both, so long after it was written; None: no
        more."""
        return await self._call("contacts.disappear", name=name, seconds=seconds)  # type: ignore[no-any-return]

    async def renew(self, name: str) -> Event:
        """Begin anew with a contact whose session is out of step, and let go what waits for a home that was
        restored; the contact, whose ``session`` says how things stand."""
        return await self._call("contacts.renew", name=name)  # type: ignore[no-any-return]

    async def remove(self, name: str, *, keep_mesh: bool = False, renew_mesh: bool = False) -> Event:
        """Forget a contact and everything said; with the last contact of a mesh, leave it (``left_mesh``),
        unless ``keep_mesh``: then go on relaying. With ``renew_mesh``, go with all who stay to a mesh
        (``renewed_mesh``) with a secret that the contact is not told."""
        choices = {"keep_mesh": keep_mesh, "renew_mesh": renew_mesh}
        return await self._call("contacts.remove", name=name, **choices)  # type: ignore[no-any-return]

    # --- meshes and where they are met

    async def meshes(self) -> list[Event]:
        """All meshes: ``mesh`` (its id), whether ``invites`` lead into it, the mesh it is ``followed_by``,
        ``contacts``, ``links`` (None: it has just begun to look), ``rendezvous``, ``joined_at``."""
        return await self._call("mesh.list")  # type: ignore[no-any-return]

    async def leave_mesh(self, mesh: str, *, forget: bool = False) -> Event:
        """Take part in a mesh (the beginning of its id) no more. Contacts who are reached through it are
        ``forgotten``; without ``forget``, a mesh with contacts is a UsageError."""
        return await self._call("mesh.leave", mesh=mesh, forget=forget)  # type: ignore[no-any-return]

    async def rendezvous(self) -> list[Event]:
        """All rendezvous: ``url``, whether it is your ``own`` and was ``typed`` by you, the ``meshes`` that
        are met there, whether it is ``used`` and ``up`` (None: not known) and the ``reason`` why not."""
        return await self._call("rendezvous.list")  # type: ignore[no-any-return]

    async def add_rendezvous(self, url: str, *, mesh: str | None = None, typed: bool = True) -> list[Event]:
        """Meet others there: members of ``mesh``, or else be found there yourself, and those of the one mesh
        there is. Not ``typed``: a contact named it, and you agree. Returns all rendezvous."""
        return await self._call("rendezvous.add", url=url, mesh=mesh, typed=typed)  # type: ignore[no-any-return]

    async def remove_rendezvous(self, url: str, *, mesh: str | None = None) -> list[Event]:
        """Meet members of ``mesh``, or anybody, there no more. Returns all rendezvous."""
        return await self._call("rendezvous.remove", url=url, mesh=mesh)  # type: ignore[no-any-return]

    # --- what is set

    async def settings(self) -> list[Event]:
        """Every setting: ``key``, ``value`` (passwords masked), ``source`` (``flag``, ``environment``,
        ``home`` or ``default``), ``default``, ``variable``, what is ``allowed``, what it is ``about``."""
        return await self._call("config.list")  # type: ignore[no-any-return]

    async def setting(self, key: str) -> Event:
        """One setting, its passwords readable."""
        return await self._call("config.get", key=key)  # type: ignore[no-any-return]

    async def change_setting(self, key: str, value: str) -> Event:
        """Keep a value in the home; the setting, with its ``effect``: ``now``, ``anew`` (the node begins anew
        in its place, at once), ``at start`` (none runs), ``overruled`` (by what the node was told from
        outside), or ``unchanged``. Raises UsageError."""
        return await self._call("config.set", key=key, value=value)  # type: ignore[no-any-return]

    async def forget_setting(self, key: str) -> Event:
        """Keep none any more; answers like ``change_setting``."""
        return await self._call("config.unset", key=key)  # type: ignore[no-any-return]

    # --- messages

    async def send(
        self,
        to: str,
        text: str,
        *,
        wait: Wait = "delivered",
        timeout: float | None = 30.0,
        on_state: Callable[[Event], None] | None = None,
        id: str | None = None,
        on_hindrance: Callable[[str], None] | None = None,
    ) -> Event:
        """Send a text and wait for a state: ``queued``, ``relayed`` or ``delivered``.

        ``on_state`` is told each state as a receipt event, ``queued`` first: from then on nothing can lose
        the message. ``on_hindrance`` is told, in a sentence, what is in the way for certain, as soon as that
        is known. The same ``id`` (any text of at most ``KEY_MAX`` bytes) again sends nothing twice.
        Returns ``{"id", "state", "at"}``. Raises NotInTime (it stays queued), Ended (expired or cancelled),
        UsageError (also if the id was used for something else), LimitError.
        """
        if wait not in get_args(Wait):
            raise UsageError(f"there is no waiting for {wait!r}; wait for queued, relayed or delivered")
        report = _each_once(on_state, on_hindrance)
        named = message_name(id) if id is not None else {"id": os.urandom(16).hex()}
        within = self._answer_s if timeout is None else min(self._answer_s, max(timeout, ACCEPT_S))
        same = f"the id {named['id']}" if id is None else "the same id"
        then = f"if it did take this, {same} sends it once"
        queued = await self._called("send", {"to": to, "text": text, **named}, within, then)
        report({"type": "receipt", **queued, "state": "queued"})
        if wait == "queued":
            return queued  # type: ignore[no-any-return]
        return await self._wait(queued["id"], wait, timeout, report)

    async def _wait(
        self, message: str, state: str, timeout: float | None, report: Callable[[Event], None]
    ) -> Event:
        left = _remaining(timeout)

        async def follow() -> Event:
            asking = self._asking("wait", {"id": message, "state": state, "timeout": left()})
            async with self._watched(), asking as asked:
                async for event in asked:
                    report(event)
                return await asked.result()  # type: ignore[no-any-return]

        try:
            async with asyncio.timeout(None if timeout is None else timeout + 1.0):
                return await self._again(follow)  # type: ignore[no-any-return]
        except TimeoutError:
            raise NotInTime(
                f"not {state} within {timeout:g} s; it stays queued and will still go out"
            ) from None

    async def listen(self, sender: str | None = None, *, own: bool = False) -> AsyncGenerator[Event, None]:
        """Yield events for ever: first messages that no listener has had, then all that happens. With
        ``own`` also what happens to the history here: messages of ours (``outgoing``), from whatever program,
        and lines ``rewritten`` or ``forgotten``.

        Call ``heard`` for each message once it is shown; one that was not is offered again to the next
        listener.
        """
        shown: dict[str, None] = {}
        while True:
            try:
                async with self._watched(), self._asking("listen", {"from": sender, "own": own}) as asked:
                    async for event in asked:
                        if event["type"] == "message":
                            if event["id"] in shown:
                                continue
                            _remember(shown, event["id"])
                        yield event
                    await asked.result()
            except ConnectionLost:
                await self._find()

    async def heard(self, ids: Iterable[str]) -> None:
        """These messages were shown."""
        await self._call("heard", ids=list(ids))

    async def history(
        self,
        name: str,
        *,
        search: str | None = None,
        since: datetime | float | None = None,
        limit: int | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> list[Event]:
        """The last ``limit`` messages with a contact, ``before`` the one of that id, or the first that came
        ``after`` it; oldest first, as message events with ``state`` and ``outgoing``."""
        start = since.timestamp() if isinstance(since, datetime) else since
        asked = {"name": name, "search": search, "since": start, "limit": limit}
        asked |= {"before": before, "after": after}
        return await self._call_slow("history", **asked)  # type: ignore[no-any-return]

    async def search(self, text: str, *, limit: int | None = None) -> list[Event]:
        """The last ``limit`` messages with anybody that contain ``text``, oldest first."""
        return await self._call_slow("history.search", search=text, limit=limit)  # type: ignore[no-any-return]

    async def edit(self, id: str, text: str) -> None:
        """Have a line of the history here say something else. Nobody else's changes."""
        await self._call("history.edit", id=id, text=text)

    async def forget(self, name: str) -> int:
        """Forget what was said with a contact, but for what waits to be delivered; how many messages."""
        return (await self._call("history.forget", name=name))["forgotten"]  # type: ignore[no-any-return]

    async def forget_message(self, id: str) -> None:
        """Forget one message here."""
        await self._call("history.forget", id=id)

    async def conversations(self) -> list[Event]:
        """The last message with each contact (``with``), and how many are ``unheard``; the latest first."""
        return await self._call_slow("conversations")  # type: ignore[no-any-return]

    # --- the node itself

    async def status(self) -> Event:
        """Links, rendezvous, counters, memory …"""
        return await self._call("node.status")  # type: ignore[no-any-return]

    async def doctor(self) -> list[Event]:
        """What works from here: for each check its ``name``, whether it is ``ok``, and what was ``found``."""
        return await self._call_slow("doctor")  # type: ignore[no-any-return]

    async def stop(self) -> None:
        """Ask the node to stop."""
        await self._call("node.stop")

    async def gone(self) -> None:
        """Wait until the node that was asked to stop has let go of its home."""
        await self._let_go()

    async def trace(self) -> AsyncGenerator[Event, None]:
        """Yield ``{"type": "tracing"}``, then an event for each cell's first sight at this node."""
        async with self._asking("node.trace", {}) as asked:
            async for event in asked:
                yield event
            await asked.result()


def _remaining(timeout: float | None) -> Callable[[], float | None]:
    """What is left of ``timeout`` seconds from now on."""
    loop = asyncio.get_running_loop()
    end = None if timeout is None else loop.time() + timeout
    return lambda: None if end is None else max(0.0, end - loop.time())


def _each_once(
    on_state: Callable[[Event], None] | None, on_hindrance: Callable[[str], None] | None
) -> Callable[[Event], None]:
    """Tell each state once and in order, however often the question had to be asked."""
    order = ("queued", "relayed", "delivered", "expired", "cancelled")
    reached = -1

    def report(event: Event) -> None:
        nonlocal reached
        if event["type"] == "hindrance":
            if on_hindrance is not None:
                on_hindrance(event["why"])
            return
        place = order.index(event["state"])
        if place > reached:
            reached = place
            if on_state is not None:
                on_state(event)

    return report


def _remember(shown: dict[str, None], message: str, cap: int = 10_000) -> None:
    shown[message] = None
    if len(shown) > cap:
        del shown[next(iter(shown))]
