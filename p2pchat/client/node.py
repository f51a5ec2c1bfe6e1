"""A node's verbs, typed.

Knows: parameters, answers, events. Does not know: where the node runs, or what it is made of.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple, get_args

from p2pchat.client.following import each_once, remaining, remember
from p2pchat.client.reach import Reach
from p2pchat.control import answers, events, methods, parameters
from p2pchat.control.parameters import Wait
from p2pchat.errors import NotInTime, UsageError
from p2pchat.rpc import ConnectionLost

KEY_MAX: Final = 256
"""Bytes of an id that a caller gives a message."""

_MESSAGE_ID: Final = re.compile(r"[0-9a-f]{32}")

ACCEPT_S: Final = 3.0
"""For a message to be put on disk, however short its ``timeout`` is."""

INVITE_LIVES: Final = 4
"""Nodes that may wait at one code, one after another, as long as nobody has tried it."""


class MessageName(NamedTuple):
    """Which message the node is told of: by its id, or by a key of the caller's own."""

    id: str | None = None
    key: str | None = None


def message_name(key: str) -> MessageName:
    """How the node is told which message a key of the caller's own stands for: 32 hexadecimal digits are an
    id already. Raises UsageError."""
    data = key.encode(errors="surrogateescape")
    if not 0 < len(data) <= KEY_MAX:
        raise UsageError(f"an id has 1 to {KEY_MAX} bytes")
    return MessageName(id=key) if _MESSAGE_ID.fullmatch(key) else MessageName(key=data.hex())


class Node(Reach):
    """A node, wherever it runs. All methods raise P2PChatError with a line fit to show."""

    # --- who we are

    async def whoami(self) -> answers.IdentityInfo:
        """``name``, ``fingerprint``, ``words``, ``home``, ``rendezvous``."""
        return await self._call(methods.WHOAMI, parameters.NoParams())

    async def rename_self(self, name: str) -> answers.IdentityInfo:
        """Be called so by contacts whom you meet from now on; answers as ``whoami``. Raises UsageError."""
        return await self._call(methods.RENAME_SELF, parameters.RenameSelfParams(name=name))

    # --- pairing

    async def invite(
        self,
        *,
        link: bool = False,
        name: str | None = None,
        timeout: float | None = None,
        rendezvous: Sequence[str] = (),
        mesh: str | None = None,
    ) -> AsyncGenerator[events.PairingEvents | answers.ContactAddedEvent, None]:
        """Yield ``InviteEvent``, which has the ``code``, then ``ContactAddedEvent``, and end. Between them
        ``StrangerEvent`` when somebody without the words sat in the way.

        It leads into ``mesh`` (the beginning of its id), or else into the first of ours. The code stays good
        when the node is lost and another takes over, unless somebody has begun to answer.
        """
        left, code = remaining(timeout), None
        for lives in reversed(range(INVITE_LIVES)):
            try:
                params = parameters.InviteParams(
                    link=link,
                    name=name,
                    timeout=left(),
                    rendezvous=tuple(rendezvous),
                    mesh=mesh,
                    code=code,
                )
                async with self._asking(methods.INVITE, params) as asked:
                    while (event := await self._patiently(asked.next_event())) is not None:
                        if isinstance(event, events.InviteEvent):
                            code = event.code
                        if isinstance(event, events.PairingEvents):
                            yield event
                    yield answers.contact_added(await asked.wait_result())
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
    ) -> answers.PairingResult:
        """Become somebody's contact with the code or link they gave; return the contact. The same code again
        returns the same contact.

        Where their mesh is met that neither you nor the code named is not gone to, but told as ``left_out``;
        with ``accept_new``, only private addresses are.
        """
        left = remaining(timeout)

        async def ask() -> answers.PairingResult:
            params = parameters.JoinParams(
                code=code,
                name=name,
                timeout=left(),
                rendezvous=tuple(rendezvous),
                accept_new=accept_new,
            )
            async with self._asking(methods.JOIN, params) as asked:
                return await self._patiently(asked.wait_result())

        return await self._again(ask)

    # --- contacts

    async def contacts(self) -> list[answers.ContactInfo]:
        """All contacts: ``name``, ``fingerprint``, ``verified``, ``blocked``, ``muted``, ``disappear``
        (seconds or None), ``how``, ``here`` (None without a link), ``added_at``, ``mesh``."""
        return await self._call(methods.CONTACTS, parameters.NoParams())

    async def contact(self, name: str) -> answers.ContactDetailInfo:
        """One contact, with ``safety_number``."""
        return await self._call(methods.CONTACT, parameters.ContactParams(name=name))

    async def verify(self, name: str, verified: bool = True) -> answers.ContactInfo:
        """Note that the safety number was compared (or take that back)."""
        return await self._call(methods.VERIFY, parameters.VerifyParams(name=name, verified=verified))

    async def rename(self, name: str, new: str) -> answers.ContactInfo:
        """Call a contact something else."""
        return await self._call(methods.RENAME, parameters.RenameParams(name=name, new=new))

    async def block(self, name: str, blocked: bool = True) -> answers.ContactInfo:
        """Stop hearing a contact, and withdraw what waits for them (or hear them again)."""
        return await self._call(methods.BLOCK, parameters.BlockParams(name=name, blocked=blocked))

    async def mute(self, name: str, muted: bool = True) -> answers.ContactInfo:
        """Make no noise about what a contact writes (or make it again)."""
        return await self._call(methods.MUTE, parameters.MuteParams(name=name, muted=muted))

    async def disappear(self, name: str, seconds: float | None) -> answers.ContactInfo:
        """Have all that is said with a contact forgotten, by both, so long after it was written; None: no
        more."""
        return await self._call(methods.DISAPPEAR, parameters.DisappearParams(name=name, seconds=seconds))

    async def renew(self, name: str) -> answers.ContactInfo:
        """Begin anew with a contact whose session is out of step, and let go what waits for a home that was
        restored; the contact, whose ``session`` says how things stand."""
        return await self._call(methods.RENEW, parameters.ContactParams(name=name))

    async def remove(
        self, name: str, *, keep_mesh: bool = False, renew_mesh: bool = False
    ) -> answers.RemoveContactResult:
        """Forget a contact and everything said; with the last contact of a mesh, leave it (``left_mesh``),
        unless ``keep_mesh``: then go on relaying. With ``renew_mesh``, go with all who stay to a mesh
        (``renewed_mesh``) with a secret that the contact is not told."""
        asked = parameters.RemoveParams(name=name, keep_mesh=keep_mesh, renew_mesh=renew_mesh)
        return await self._call(methods.REMOVE, asked)

    # --- meshes and where they are met

    async def meshes(self) -> list[answers.MeshInfo]:
        """All meshes: ``mesh`` (its id), whether ``invites`` lead into it, the mesh it is ``followed_by``,
        ``contacts``, ``links`` (None: it has just begun to look), ``rendezvous``, ``joined_at``."""
        return await self._call(methods.MESHES, parameters.NoParams())

    async def leave_mesh(self, mesh: str, *, forget: bool = False) -> answers.LeaveMeshResult:
        """Take part in a mesh (the beginning of its id) no more. Contacts who are reached through it are
        ``forgotten``; without ``forget``, a mesh with contacts is a UsageError."""
        return await self._call(methods.LEAVE_MESH, parameters.LeaveMeshParams(mesh=mesh, forget=forget))

    async def rendezvous(self) -> list[answers.RendezvousInfo]:
        """All rendezvous: ``url``, whether it is your ``own`` and was ``typed`` by you, the ``meshes`` that
        are met there, whether it is ``used`` and ``up`` (None: not known) and the ``reason`` why not."""
        return await self._call(methods.RENDEZVOUS, parameters.NoParams())

    async def add_rendezvous(
        self, url: str, *, mesh: str | None = None, typed: bool = True
    ) -> list[answers.RendezvousInfo]:
        """Meet others there: members of ``mesh``, or else be found there yourself, and those of the one mesh
        there is. Not ``typed``: a contact named it, and you agree. Returns all rendezvous."""
        asked = parameters.AddRendezvousParams(url=url, mesh=mesh, typed=typed)
        return await self._call(methods.ADD_RENDEZVOUS, asked)

    async def remove_rendezvous(self, url: str, *, mesh: str | None = None) -> list[answers.RendezvousInfo]:
        """Meet members of ``mesh``, or anybody, there no more. Returns all rendezvous."""
        return await self._call(
            methods.REMOVE_RENDEZVOUS, parameters.RemoveRendezvousParams(url=url, mesh=mesh)
        )

    # --- what is set

    async def settings(self) -> list[answers.SettingInfo]:
        """Every setting: ``key``, ``value`` (passwords masked), ``source`` (``flag``, ``environment``,
        ``home`` or ``default``), ``default``, ``variable``, what is ``allowed``, what it is ``about``."""
        return await self._call(methods.SETTINGS, parameters.NoParams())

    async def setting(self, key: str) -> answers.SettingInfo:
        """One setting, its passwords readable."""
        return await self._call(methods.SETTING, parameters.SettingParams(key=key))

    async def change_setting(self, key: str, value: str) -> answers.ChangeSettingResult:
        """Keep a value in the home; the setting, with its ``effect``: ``now``, ``anew`` (the node restarts
        in its place, at once), ``at start`` (none runs), ``overruled`` (by what the node was told from
        outside), or ``unchanged``. Raises UsageError."""
        return await self._call(methods.CHANGE_SETTING, parameters.ChangeSettingParams(key=key, value=value))

    async def forget_setting(self, key: str) -> answers.ChangeSettingResult:
        """Keep none any more; answers like ``change_setting``."""
        return await self._call(methods.FORGET_SETTING, parameters.SettingParams(key=key))

    # --- messages

    async def send(
        self,
        to: str,
        text: str,
        *,
        wait: Wait = "delivered",
        timeout: float | None = 30.0,
        on_state: Callable[[events.ReceiptEvent], None] | None = None,
        id: str | None = None,
        on_hindrance: Callable[[str], None] | None = None,
    ) -> answers.DeliveryInfo:
        """Send a text and wait for a state: ``queued``, ``relayed`` or ``delivered``.

        ``on_state`` is told each state as a receipt event, ``queued`` first: from then on nothing can lose
        the message. ``on_hindrance`` is told, in a sentence, what is in the way for certain, as soon as that
        is known. The same ``id`` (any text of at most ``KEY_MAX`` bytes) again sends nothing twice.
        Returns ``id``, ``state`` and ``at``. Raises NotInTime (it stays queued), Ended (expired or
        cancelled), UsageError (also if the id was used for something else), LimitError.
        """
        if wait not in get_args(Wait):
            raise UsageError(f"there is no waiting for {wait!r}; wait for queued, relayed or delivered")
        report = each_once(on_state, on_hindrance)
        named = message_name(id) if id is not None else MessageName(id=os.urandom(16).hex())
        within = None if timeout is None else max(timeout, ACCEPT_S)
        same = f"the id {named.id}" if id is None else "the same id"
        then = f"if it did take this, {same} sends it once"
        params = parameters.SendParams(to=to, text=text, id=named.id, key=named.key)
        queued = await self._called(methods.SEND, params, within, then)
        report(events.ReceiptEvent(id=queued.id, state="queued", at=queued.at))
        if wait == "queued":
            return queued
        return await self._wait(queued.id, wait, timeout, report)

    async def _wait(
        self, message: str, state: Wait, timeout: float | None, report: Callable[[events.Event], None]
    ) -> answers.DeliveryInfo:
        left = remaining(timeout)

        async def follow() -> answers.DeliveryInfo:
            params = parameters.WaitParams(id=message, state=state, timeout=left())
            asking = self._asking(methods.WAIT, params)
            async with self._watched(), asking as asked:
                async for event in asked:
                    report(event)
                return await asked.wait_result()

        try:
            async with asyncio.timeout(None if timeout is None else timeout + 1.0):
                return await self._again(follow)
        except TimeoutError:
            raise NotInTime(
                f"not {state} within {timeout:g} s; it stays queued and will still go out"
            ) from None

    async def listen(
        self, sender: str | None = None, *, own: bool = False
    ) -> AsyncGenerator[events.ListenEvents, None]:
        """Yield events for ever: first messages that no listener has had, then all that happens. With
        ``own`` also what happens to the history here: messages of ours (``outgoing``), from whatever program,
        and lines ``rewritten`` or ``forgotten``.

        Call ``heard`` for each message once it is shown; one that was not is offered again to the next
        listener.
        """
        shown: dict[str, None] = {}
        params = parameters.ListenParams(sender=sender, own=own)
        while True:
            try:
                async with self._watched(), self._asking(methods.LISTEN, params) as asked:
                    async for event in asked:
                        if isinstance(event, events.MessageEvent):
                            if event.id in shown:
                                continue
                            remember(shown, event.id)
                        if isinstance(event, events.ListenEvents):
                            yield event
                    await asked.wait_result()
            except ConnectionLost:
                await self._find()

    async def heard(self, ids: Iterable[str]) -> None:
        """These messages were shown."""
        await self._call(methods.HEARD, parameters.HeardParams(ids=tuple(ids)))

    async def history(
        self,
        name: str,
        *,
        search: str | None = None,
        since: datetime | float | None = None,
        limit: int | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> list[events.MessageEvent]:
        """The last ``limit`` messages with a contact, ``before`` the one of that id, or the first that came
        ``after`` it, or with "" the first of all; oldest first, as message events with ``state`` and
        ``outgoing``."""
        start = since.timestamp() if isinstance(since, datetime) else since
        asked = parameters.HistoryParams(
            name=name, search=search, since=start, limit=limit, before=before, after=after
        )
        return await self._call(methods.HISTORY, asked)

    async def search(self, text: str, *, limit: int | None = None) -> list[events.MessageEvent]:
        """The last ``limit`` messages with anybody that contain ``text``, oldest first."""
        return await self._call(methods.SEARCH, parameters.SearchParams(search=text, limit=limit))

    async def edit(self, id: str, text: str) -> None:
        """Have a line of the history here say something else. Nobody else's changes."""
        await self._call(methods.EDIT, parameters.EditParams(id=id, text=text))

    async def forget(self, name: str) -> int:
        """Forget what was said with a contact, but for what waits to be delivered; how many messages."""
        return (await self._call(methods.FORGET, parameters.ForgetParams(name=name))).forgotten

    async def forget_message(self, id: str) -> None:
        """Forget one message here."""
        await self._call(methods.FORGET, parameters.ForgetParams(id=id))

    async def make_backup(self, path: str, phrase: str) -> answers.BackupResult:
        """Write a sealed copy of all but sessions to ``path``, whole or not at all: ``path``, ``at``,
        ``size``, ``contacts``, ``messages``. What older backups have of keys is worthless a week later."""
        return await self._call(methods.BACKUP, parameters.BackupParams(path=path, phrase=phrase))

    async def revoke_backups(self) -> int:
        """Make the keys of all backups so far worthless, as soon as contacts hear of it; how many
        contacts."""
        return (await self._call(methods.REVOKE_BACKUPS, parameters.NoParams())).contacts

    async def conversations(self) -> list[answers.ConversationInfo]:
        """The last message with each ``contact``, and how many are ``unheard``; the latest first."""
        return await self._call(methods.CONVERSATIONS, parameters.NoParams())

    async def read_drafts(self) -> list[answers.DraftInfo]:
        """What was begun to be written and not sent: ``name`` and ``text``."""
        return await self._call(methods.DRAFTS, parameters.DraftParams())

    async def keep_draft(self, name: str, text: str) -> None:
        """Keep what was begun to be written to a contact, in place of what was; an empty text is none."""
        await self._call(methods.DRAFTS, parameters.DraftParams(name=name, text=text))

    # --- the node itself

    async def status(self) -> answers.NodeInfo:
        """Links, rendezvous, counters, memory …"""
        return await self._call(methods.STATUS, parameters.NoParams())

    async def doctor(self) -> list[answers.CheckResult]:
        """What works from here: for each check its ``name``, whether it is ``ok``, and what was ``found``."""
        return await self._call(methods.DOCTOR, parameters.NoParams())

    async def stop(self) -> None:
        """Ask the node to stop."""
        await self._call(methods.STOP, parameters.NoParams())

    async def gone(self) -> None:
        """Wait until the node that was asked to stop has let go of its home."""
        await self._let_go()

    async def trace(self) -> AsyncGenerator[events.TraceEvents, None]:
        """Yield ``TracingEvent``, then an event for each cell's first sight here, and for each onion."""
        async with self._asking(methods.TRACE, parameters.NoParams()) as asked:
            async for event in asked:
                if isinstance(event, events.TraceEvents):
                    yield event
            await asked.wait_result()
