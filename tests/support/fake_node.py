"""A node for tests of the command line that are about the command line: it does what the test says, at once.

Knows: the client's methods. Does not know: any network; the end-to-end tests are there for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from p2pchat.config.choices import Source, Told, choose, read
from p2pchat.config.table import named
from p2pchat.daemon import views
from p2pchat.errors import P2PChatError, UsageError

Event = dict[str, Any]
AT = "2026-01-02T03:04:05.000Z"


def message(id: str, text: str, *, sender: str = "bob", outgoing: bool = False, **rest: Any) -> Event:
    """A message event as the control socket gives it."""
    name = "me" if outgoing else sender
    known = {"type": "message", "id": id, "from": name, "with": sender, "room": None, "at": AT}
    return {**known, "text": text, "outgoing": outgoing, "state": "delivered", **rest}


def contact(name: str, **rest: Any) -> Event:
    """A contact as the control socket gives it."""
    return {
        "name": name,
        "fingerprint": (name.encode().hex() * 64)[:64],
        "how": "words",
        "verified": False,
        "blocked": False,
        "muted": False,
        "disappear": None,
        "over_quota": False,
        "here": True,
        "heard_at": None,
        "added_at": AT,
        "mesh": "00" * 16,
        "safety_number": " ".join(["12345"] * 12),
        **rest,
    }


class FakeNode:
    """Answers from what the test put into it and writes down what it was asked."""

    def __init__(self, *names: str) -> None:
        self.people = {name: contact(name) for name in names}
        self.said: list[Event] = []
        """The history, all contacts together."""
        self.events: list[Event | Exception] = []
        """What ``listen`` yields before it waits for ever; an exception is raised once."""
        self._more = asyncio.Event()
        self.states: Sequence[str] = ("queued", "relayed", "delivered")
        self.refuse: list[P2PChatError] = []
        """Raised by the next calls of ``send``, one each."""
        self.sent: list[tuple[str, str]] = []
        self.keys: list[str | None] = []
        self.was_heard: list[str] = []
        self.listened: list[bool] = []
        """With which ``own`` each listener came."""
        self.removed: list[tuple[str, bool]] = []
        """Who was removed, and whether the mesh was renewed."""
        self.invitation: list[Event | P2PChatError] = []
        self.joined: list[tuple[str, Sequence[str]]] = []
        self.rendezvous = [{"url": "ws://127.0.0.1:1", "up": True, "reason": ""}]
        self.named_besides: list[str] = []
        """Where the mesh of whoever is joined is met that nobody has named before."""
        self.added: list[tuple[str, str | None, bool]] = []
        self.embedded = False
        self.kept: dict[str, str] = {}
        """What is set."""
        self.on_change: Callable[[str], None] = lambda line: None

    async def __aenter__(self) -> FakeNode:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def whoami(self) -> Event:
        return {
            "name": "me",
            "fingerprint": "ab" * 32,
            "words": "one two",
            "home": "/home/me",
            "rendezvous": [],
        }

    async def status(self) -> Event:
        return {
            "rendezvous": self.rendezvous,
            "links_up": 1,
            "links": [
                {"peer": "ab" * 4, "state": "up", "eager": True, "sent": 12, "received": 34},
                {"peer": None, "state": "connecting", "eager": False, "sent": 0, "received": 0},
            ],
            "health": "well: 1 link, 1 in the tree",
            "outbox": 0,
            "memory_kb": 94_000,
            "profile": "balanced",
            "paths": {"turn": False, "proxied": False, "relay_only": False, "lan": False},
            "meshes": [
                {
                    "mesh": "00" * 16,
                    "profile": "balanced",
                    "crowd": 8,
                    "stem": {"hops": 4, "state": "whole", "drawn": 1},
                    "held_cells": 17,
                }
            ],
        }

    async def settings(self) -> list[Event]:
        return [dict(views.setting(each)) for each in choose(Told(), self.kept)]

    async def change_setting(self, key: str, value: str) -> Event:
        chosen = read(named(key), value, Source.HOME)
        if chosen.problem:
            raise UsageError(chosen.problem)
        self.kept[named(key).name] = value
        self.happens({"type": "setting", "key": key})
        return {**views.setting(chosen), "effect": "now"}

    async def forget_setting(self, key: str) -> Event:
        self.kept.pop(named(key).name, None)
        self.happens({"type": "setting", "key": key})
        return {**views.setting(choose(Told(), self.kept)[named(key).name]), "effect": "now"}

    async def doctor(self) -> list[Event]:
        return [
            {"name": "disk", "ok": True, "found": "9 GB free"},
            {"name": "link", "ok": False, "found": "no link came up"},
        ]

    async def invite(self, **_: Any) -> AsyncIterator[Event]:
        for event in self.invitation:
            if isinstance(event, P2PChatError):
                raise event
            yield event

    async def join(
        self, code: str, *, rendezvous: Sequence[str] = (), accept_new: bool = False, **_: Any
    ) -> Event:
        self.joined.append((code, rendezvous))
        return {**contact("ana"), "left_out": [] if accept_new else list(self.named_besides)}

    async def add_rendezvous(self, url: str, *, mesh: str | None = None, typed: bool = True) -> list[Event]:
        self.added.append((url, mesh, typed))
        return []

    async def contacts(self) -> list[Event]:
        return list(self.people.values())

    async def contact(self, name: str) -> Event:
        if name not in self.people:
            raise UsageError(f"there is no contact called {name!r}")
        return self.people[name]

    async def verify(self, name: str, verified: bool = True) -> Event:
        self.people[name] = {**await self.contact(name), "verified": verified}
        return self.people[name]

    async def block(self, name: str, blocked: bool = True) -> Event:
        self.people[name] = {**await self.contact(name), "blocked": blocked}
        return self.people[name]

    async def mute(self, name: str, muted: bool = True) -> Event:
        self.people[name] = {**await self.contact(name), "muted": muted}
        return self.people[name]

    async def disappear(self, name: str, seconds: float | None) -> Event:
        self.people[name] = {**await self.contact(name), "disappear": seconds}
        return self.people[name]

    async def rename(self, name: str, new: str) -> Event:
        self.people[new] = {**await self.contact(name), "name": new}
        del self.people[name]
        return self.people[new]

    async def remove(self, name: str, *, renew_mesh: bool = False, **_: Any) -> Event:
        self.removed.append((name, renew_mesh))
        del self.people[name]
        self.happens({"type": "contact", "name": name, "change": "removed"})
        return {"name": name, "left_mesh": None if self.people else "00" * 16, "renewed_mesh": None}

    async def send(
        self,
        to: str,
        text: str,
        *,
        wait: str = "delivered",
        timeout: float | None = None,
        on_state: Callable[[Event], None] | None = None,
        id: str | None = None,
        on_hindrance: Callable[[str], None] | None = None,
    ) -> Event:
        await asyncio.sleep(0)
        self.keys.append(id)
        id = id or "f" * 32
        if self.refuse:
            raise self.refuse.pop(0)
        known = next((line for line in self.said if line["id"] == id), None)
        if known is not None:
            return {"id": id, "state": known["state"], "at": AT}
        self.sent.append((to, text))
        for state in self.states:
            event = {"type": "receipt", "id": id, "to": to, "state": state, "at": AT}
            if on_state is not None:
                on_state(event)
            if state == wait:
                break
        return event

    async def listen(self, sender: str | None = None, *, own: bool = False) -> AsyncIterator[Event]:
        self.listened.append(own)
        while True:
            while self.events:
                event = self.events.pop(0)
                if isinstance(event, Exception):
                    raise event
                if event["type"] != "message" or sender in (None, event["from"]):
                    yield event
            self._more.clear()
            await self._more.wait()

    def happens(self, event: Event) -> None:
        """Tell whoever listens."""
        self.events.append(event)
        self._more.set()

    async def heard(self, ids: Iterable[str]) -> None:
        self.was_heard += ids

    async def history(
        self,
        name: str,
        *,
        search: str | None = None,
        since: float | None = None,
        limit: int | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> list[Event]:
        lines = [line for line in self.said if line["with"] == name and (search or "") in line["text"]]
        ids = [line["id"] for line in lines]
        if before is not None:
            lines = lines[: ids.index(before)]
        if after is not None:
            return lines[ids.index(after) + 1 :][:limit]
        return lines[-limit:] if limit else lines

    async def search(self, text: str, *, limit: int | None = None) -> list[Event]:
        return [line for line in self.said if text in line["text"]][-(limit or 100) :]

    async def edit(self, id: str, text: str) -> None:
        line = next(line for line in self.said if line["id"] == id)
        line |= {"text": text, "rewritten": True}
        self.happens({**line, "type": "rewritten"})

    async def forget(self, name: str) -> int:
        before = len(self.said)
        self.said = [line for line in self.said if line["with"] != name]
        self.happens({"type": "forgotten", "with": name, "id": None})
        return before - len(self.said)

    async def forget_message(self, id: str) -> None:
        name = next(line["with"] for line in self.said if line["id"] == id)
        self.said = [line for line in self.said if line["id"] != id]
        self.happens({"type": "forgotten", "with": name, "id": id})

    async def conversations(self) -> list[Event]:
        last = {line["with"]: line for line in self.said}
        heard = self.was_heard
        unheard = [line["with"] for line in self.said if not line["outgoing"] and line["id"] not in heard]
        return [{**line, "unheard": unheard.count(name)} for name, line in reversed(last.items())]
