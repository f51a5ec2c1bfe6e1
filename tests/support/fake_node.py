"""A node for tests of the command line that are about the command line: it does what the test says, at once.

Knows: the client's methods and the declared types: what it answers or tells is read as what was declared.
Does not know: any network; the end-to-end tests are there for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import datetime
from typing import Any, Self

from p2pchat.client.node import Node
from p2pchat.config.choices import Overrides, Source, choose, read
from p2pchat.config.table import named
from p2pchat.control import answers, events
from p2pchat.control.events import ListenEvents, MessageEvent, PairingEvents, State
from p2pchat.control.values import extended, plain, read_value
from p2pchat.daemon import views
from p2pchat.errors import P2PChatError, UsageError
from tests.support.fake_author import AT as AT
from tests.support.fake_author import FakeAuthor
from tests.support.fake_author import answer as answer
from tests.support.fake_author import told as told
from tests.support.fake_files import FakeFiles
from tests.support.fake_introductions import FakeIntroductions
from tests.support.fake_rooms import FakeRooms


def message(
    id: str,
    text: str,
    *,
    sender: str = "bob",
    outgoing: bool = False,
    state: State = "delivered",
    **rest: Any,
) -> MessageEvent:
    """A message event as the control socket gives it."""
    said: dict[str, object] = {
        "type": "message",
        "id": id,
        "from": "me" if outgoing else sender,
        "with": rest.get("room") or sender,
        "room": None,
    }
    said |= {"at": AT, "text": text, "outgoing": outgoing, "state": state, "expires_at": None}
    return read_value(MessageEvent, {**said, "rewritten": False, **rest})


def contact(name: str, **rest: Any) -> answers.ContactDetailInfo:
    """A contact as the control socket gives it."""
    known = {
        "name": name,
        "fingerprint": (name.encode().hex() * 64)[:64],
        "how": "words",
        "verified": False,
        "verified_before": False,
        "renewed_at": None,
        "session": "well",
        "blocked": False,
        "muted": False,
        "disappear": None,
        "here": True,
        "heard_at": None,
        "over_quota": False,
        "added_at": AT,
        "mesh": "00" * 16,
        "safety_number": " ".join(["12345"] * 12),
    }
    return read_value(answers.ContactDetailInfo, {**known, **rest})


def made(name: str, left_out: Sequence[str] = (), **rest: Any) -> answers.PairingResult:
    """Make the contact that a pairing brought."""
    return read_value(answers.PairingResult, {**plain(contact(name, **rest)), "left_out": list(left_out)})


def added(name: str, **rest: Any) -> answers.ContactAddedEvent:
    """The end of an invite."""
    return answers.contact_added(made(name, **rest))


def mesh_status(**rest: Any) -> answers.MembershipInfo:
    """A mesh of eight, where cells take a stem of four hops."""
    stem = {"hops": 4, "state": "pinned", "drawn": 1, "by_contact": False}
    return stemless_status(**{"profile": "balanced", "crowd": 8, "stem": stem, **rest})


def stemless_status(**rest: Any) -> answers.MembershipInfo:
    """A mesh where cells are broadcast at once."""
    known = {
        "mesh": "00" * 16,
        "node": "11" * 8,
        "links": 1,
        "eager": 1,
        "greeter": False,
        "reconciling": False,
        "held_cells": 17,
        "held_bytes": 17_000,
        "hold_budget": 128_000_000,
        "held_since": AT,
        "dropped": 0,
    }
    return read_value(answers.MembershipInfo, {**known, **rest})


def link_status(**rest: Any) -> answers.LinkInfo:
    """A link that is up."""
    known = {
        "peer": "ab" * 4,
        "state": "up",
        "since": AT,
        "mesh": "00" * 16,
        "sent": 12,
        "received": 34,
        "shed": 0,
        "eager": True,
        "allowance": 1.0,
        "standing": "",
    }
    return read_value(answers.LinkInfo, {**known, **rest})


def status(**rest: Any) -> answers.NodeInfo:
    """A node that is well linked."""
    known = {
        "running_since": AT,
        "health": "well: 1 link, 1 in the tree",
        "no_way": "",
        "clock": None,
        "links": [
            plain(link_status()),
            plain(link_status(peer=None, state="connecting", eager=False, sent=0, received=0)),
        ],
        "links_up": 1,
        "meshes": [plain(mesh_status())],
        "rendezvous": [{"url": "ws://127.0.0.1:1", "up": True, "reason": ""}],
        "outbox": 0,
        "counters": {},
        "paths": dict.fromkeys(("relay_only", "proxied", "stun", "turn", "turn_refused", "lan"), False),
        "profile": "balanced",
        "separate": False,
        "lan": None,
        "listen": None,
        "pid": 1234,
        "home": "/home/me",
        "memory_kb": 94_000,
        "cpu_s": 1.5,
        "waits_for": None,
    }
    return read_value(answers.NodeInfo, {**known, **rest})


class FakeNode(FakeAuthor, FakeRooms, FakeIntroductions, FakeFiles, Node):
    """Answers from what the test put into it and writes down what it was asked."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.people = {name: contact(name) for name in names}
        self.said: list[MessageEvent] = []
        """The history, all contacts together."""
        self.backups: list[tuple[str, str]] = []
        """Where to, and under which phrase."""
        self.events: list[ListenEvents | Exception] = []
        """What ``listen`` yields before it waits for ever; an exception is raised once."""
        self._more = asyncio.Event()
        self.was_heard: list[str] = []
        self.listened: list[bool] = []
        """With which ``own`` each listener came."""
        self.removed: list[tuple[str, bool]] = []
        """Who was removed, and whether the mesh was renewed."""
        self.invitation: list[PairingEvents | answers.ContactAddedEvent | P2PChatError] = []
        self.joined: list[tuple[str, Sequence[str]]] = []
        self.now = status()
        """What it says of itself."""
        self.named_besides: list[str] = []
        """The rendezvous of a joined mesh that the person has not named."""
        self.added: list[tuple[str, str | None, bool]] = []
        self.runs_here = False
        self.begun: dict[str, str] = {}
        """Drafts by name."""
        self.kept: dict[str, str] = {}
        """What is set."""

    @property
    def embedded(self) -> bool:
        return self.runs_here

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def whoami(self) -> answers.IdentityInfo:
        known = {"name": "me", "fingerprint": "ab" * 32, "words": "one two", "home": "/home/me"}
        return answer(answers.IdentityInfo, **known, rendezvous=[])

    async def status(self) -> answers.NodeInfo:
        return self.now

    async def settings(self) -> list[answers.SettingInfo]:
        return [views.setting(each) for each in choose(Overrides(), self.kept)]

    async def setting(self, key: str) -> answers.SettingInfo:
        return views.setting(choose(Overrides(), self.kept)[named(key).name])

    async def change_setting(self, key: str, value: str) -> answers.ChangeSettingResult:
        chosen = read(named(key), value, Source.HOME)
        if chosen.problem:
            raise UsageError(chosen.problem)
        self.kept[named(key).name] = value
        self.happens(told(events.SettingEvent, key=key))
        return extended(views.setting(chosen), answers.ChangeSettingResult, effect="now")

    async def forget_setting(self, key: str) -> answers.ChangeSettingResult:
        self.kept.pop(named(key).name, None)
        self.happens(told(events.SettingEvent, key=key))
        now = views.setting(choose(Overrides(), self.kept)[named(key).name])
        return extended(now, answers.ChangeSettingResult, effect="now")

    async def doctor(self) -> list[answers.CheckResult]:
        return [
            answer(answers.CheckResult, name="disk", ok=True, found="9 GB free"),
            answer(answers.CheckResult, name="link", ok=False, found="no link came up"),
        ]

    async def invite(self, **_: Any) -> AsyncGenerator[PairingEvents | answers.ContactAddedEvent, None]:
        for event in self.invitation:
            if isinstance(event, P2PChatError):
                raise event
            yield event

    async def join(
        self, code: str, *, rendezvous: Sequence[str] = (), accept_new: bool = False, **_: Any
    ) -> answers.PairingResult:
        self.joined.append((code, rendezvous))
        return made("ana", () if accept_new else self.named_besides)

    async def add_rendezvous(
        self, url: str, *, mesh: str | None = None, typed: bool = True
    ) -> list[answers.RendezvousInfo]:
        self.added.append((url, mesh, typed))
        return []

    async def contacts(self) -> list[answers.ContactInfo]:
        return list(self.people.values())

    async def contact(self, name: str) -> answers.ContactDetailInfo:
        if name not in self.people:
            raise UsageError(f"there is no contact called {name!r}")
        return self.people[name]

    async def verify(self, name: str, verified: bool = True) -> answers.ContactInfo:
        self.people[name] = (await self.contact(name)).with_changes(verified=verified)
        return self.people[name]

    async def block(self, name: str, blocked: bool = True) -> answers.ContactInfo:
        self.people[name] = (await self.contact(name)).with_changes(blocked=blocked)
        return self.people[name]

    async def mute(self, name: str, muted: bool = True) -> answers.ContactInfo:
        self.people[name] = (await self.contact(name)).with_changes(muted=muted)
        return self.people[name]

    async def disappear(self, name: str, seconds: float | None) -> answers.ContactInfo:
        self.people[name] = (await self.contact(name)).with_changes(disappear=seconds)
        return self.people[name]

    async def rename(self, name: str, new: str) -> answers.ContactInfo:
        self.people[new] = (await self.contact(name)).with_changes(name=new)
        del self.people[name]
        return self.people[new]

    async def remove(self, name: str, *, renew_mesh: bool = False, **_: Any) -> answers.RemoveContactResult:
        self.removed.append((name, renew_mesh))
        del self.people[name]
        self.happens(told(events.ContactEvent, name=name, change="removed"))
        left = None if self.people else "00" * 16
        return answer(answers.RemoveContactResult, name=name, left_mesh=left, renewed_mesh=None)

    async def listen(
        self, sender: str | None = None, *, own: bool = False
    ) -> AsyncGenerator[ListenEvents, None]:
        self.listened.append(own)
        while True:
            while self.events:
                event = self.events.pop(0)
                if isinstance(event, Exception):
                    raise event
                if not isinstance(event, MessageEvent) or sender in (None, event.sender):
                    yield event
            self._more.clear()
            await self._more.wait()

    def happens(self, event: ListenEvents) -> None:
        """Send an event to all listeners."""
        self.events.append(event)
        self._more.set()

    async def heard(self, ids: Iterable[str]) -> None:
        self.was_heard += ids

    async def history(
        self,
        name: str,
        *,
        search: str | None = None,
        since: datetime | float | None = None,
        limit: int | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> list[MessageEvent]:
        lines = [line for line in self.said if line.contact == name and (search or "") in line.text]
        ids = [line.id for line in lines]
        if before is not None:
            lines = lines[: ids.index(before)]
        if after is not None:
            return lines[ids.index(after) + 1 if after else 0 :][:limit]
        return lines[-limit:] if limit else lines

    async def search(self, text: str, *, limit: int | None = None) -> list[MessageEvent]:
        return [line for line in self.said if text in line.text][-(limit or 100) :]

    async def edit(self, id: str, text: str) -> None:
        place = next(place for place, line in enumerate(self.said) if line.id == id)
        line = self.said[place] = self.said[place].with_changes(text=text, rewritten=True)
        self.happens(read_value(events.RewrittenEvent, {**plain(line), "type": "rewritten"}))

    async def forget(self, name: str) -> int:
        before = len(self.said)
        self.said = [line for line in self.said if line.contact != name]
        self.happens(told(events.ForgottenEvent, contact=name, id=None))
        return before - len(self.said)

    async def forget_message(self, id: str) -> None:
        name = next(line.contact for line in self.said if line.id == id)
        self.said = [line for line in self.said if line.id != id]
        self.happens(told(events.ForgottenEvent, contact=name, id=id))

    async def make_backup(self, path: str, phrase: str) -> answers.BackupResult:
        self.backups.append((path, phrase))
        return answers.BackupResult(path=path, at=AT, size=262_276, contacts=len(self.people), messages=0)

    async def revoke_backups(self) -> int:
        return len(self.people)

    async def read_drafts(self) -> list[answers.DraftInfo]:
        return [answer(answers.DraftInfo, name=name, text=text) for name, text in self.begun.items()]

    async def keep_draft(self, name: str, text: str) -> None:
        if name not in self.groups:
            await self.contact(name)
        if text:
            self.begun[name] = text
        else:
            self.begun.pop(name, None)

    async def conversations(self) -> list[answers.ConversationInfo]:
        last = {line.contact: line for line in self.said}
        heard = self.was_heard
        unheard = [line.contact for line in self.said if not line.outgoing and line.id not in heard]
        return [
            extended(line, answers.ConversationInfo, unheard=unheard.count(name))
            for name, line in reversed(last.items())
        ]
