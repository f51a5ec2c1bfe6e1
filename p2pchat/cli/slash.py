"""The slash commands of a chat.

Knows: their names, arguments and answers. Does not know: the terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from p2pchat.chat.lines import lines_of
from p2pchat.cli.talk import ENTRY_LINES, Talk
from p2pchat.control.answers import Contact
from p2pchat.control.events import InviteReady, Stranger
from p2pchat.errors import P2PChatError, UsageError
from p2pchat.text import harmless_name
from p2pchat.wording.pairing import join_command, kept, stranger_line
from p2pchat.wording.presence import whereabouts

FOUND_MAX: Final = 50
"""Lines a search shows: more scroll away unread."""


MEANINGS: Final = (
    ("queued", "queued"),
    ("relayed", "handed to the mesh"),
    ("delivered", "delivered"),
    ("expired", "given up"),
)


class Slash:
    """What can be done in a chat beside talking."""

    def __init__(self, talk: Talk, leave: Callable[[], None]) -> None:
        self._talk = talk
        self._leave = leave
        self._pairing: asyncio.Task[None] | None = None
        self._commands: dict[str, tuple[str, Callable[[str], Awaitable[None]]]] = {
            "/help": ("this list", self._help),
            "/who": ("everyone you know, and who is here", self._who),
            "/history": ("[N]: the last lines again", self._history),
            "/search": ("TEXT: lines that contain it", self._search),
            "/verify": ("the safety number; '/verify yes' once compared", self._verify),
            "/invite": ("[link]: a code for a new friend", self._invite),
            "/join": ("CODE: answer a friend's code", self._join),
            "/switch": ("NAME: talk with someone else", self._switch),
            "/quit": ("leave (or Ctrl-D)", self._quit),
        }

    def names(self) -> list[str]:
        """All commands."""
        return list(self._commands)

    def arguments(self, command: str) -> list[str]:
        """What may follow a command."""
        known = {"/switch": list(self._talk.contacts), "/verify": ["yes"], "/invite": ["link"]}
        return known.get(command, [])

    async def run(self, line: str) -> None:
        """Run one command line. Raises P2PChatError with a line fit to show."""
        name, _, rest = line.strip().partition(" ")
        command = self._commands.get(name)
        if command is None:
            raise UsageError(
                f"there is no {name}; /help lists what there is, // sends a line beginning with /"
            )
        await command[1](rest.strip())

    async def close(self) -> None:
        """Take back an invite that still waits."""
        if self._pairing is not None and not self._pairing.done():
            self._pairing.cancel()
            await asyncio.wait([self._pairing])

    async def _help(self, _rest: str) -> None:
        for name, (what, _) in self._commands.items():
            self._talk.notice(f"{name:<9} {what}")
        self._talk.notice("Alt-Enter, or a backslash at the end, begins a new line")
        self._talk.notice("Ctrl-C clears what you typed; Ctrl-D leaves")
        self._talk.notice("   ".join(f"{self._talk.signs.mark(state)} {what}" for state, what in MEANINGS))

    async def _who(self, _rest: str) -> None:
        for name, contact in self._talk.contacts.items():
            here = whereabouts(contact, bool(self._talk.links), datetime.now(UTC))
            trust = "blocked" if contact.blocked else "verified" if contact.verified else "unverified"
            unread = len(self._talk.unread.get(name, {}))
            self._talk.notice(
                f"{here:<10}  {trust:<10}  {harmless_name(name)}" + (f"  ({unread} unread)" if unread else "")
            )

    async def _history(self, rest: str) -> None:
        if rest and not (rest.isdecimal() and 0 < int(rest[:9]) < 10_000):
            raise UsageError("/history takes a number of lines, like /history 50")
        limit = int(rest) if rest else ENTRY_LINES
        self._talk.show_lines(lines_of(await self._talk.node.history(self._talk.name, limit=limit)))

    async def _search(self, rest: str) -> None:
        if not rest:
            raise UsageError("/search needs a text, like /search eight")
        found = await self._talk.node.history(self._talk.name, search=rest, limit=FOUND_MAX)
        self._talk.show_lines(lines_of(found))
        self._talk.notice(f"{len(found)} found" if found else "nothing found")

    async def _verify(self, rest: str) -> None:
        name = self._talk.name
        if rest == "yes":
            await self._talk.node.verify(name)
            return
        contact = await self._talk.node.contact(name)
        self._talk.notice(contact.safety_number)
        self._talk.notice("If they see exactly the same:  /verify yes")

    async def _switch(self, rest: str) -> None:
        if not rest:
            raise UsageError("/switch needs a name; /who lists them")
        await self._talk.open(rest)

    async def _quit(self, _rest: str) -> None:
        self._leave()

    # --- pairing takes its time, and the chat goes on meanwhile

    async def _invite(self, rest: str) -> None:
        self._begin(lambda: self._host(rest == "link"))

    async def _join(self, rest: str) -> None:
        if not rest:
            raise UsageError("/join needs the code your friend gave you")
        self._begin(lambda: self._answer(rest))

    def _begin(self, pairing: Callable[[], Awaitable[None]]) -> None:
        if self._pairing is not None and not self._pairing.done():
            raise UsageError("an invite is under way already; wait until it is answered or expires")
        self._pairing = asyncio.ensure_future(self._told(pairing))

    async def _told(self, pairing: Callable[[], Awaitable[None]]) -> None:
        try:
            await pairing()
        except P2PChatError as error:
            self._talk.notice(str(error))

    async def _host(self, link: bool) -> None:
        async for event in self._talk.node.invite(link=link):
            if isinstance(event, InviteReady):
                command = await join_command(self._talk.node, event.code, link)
                self._talk.notice(f"tell your friend to type:  {command}")
            elif isinstance(event, Stranger):
                if line := stranger_line(event.strangers):
                    self._talk.notice(line)
            else:
                self._welcome(event)

    async def _answer(self, code: str) -> None:
        self._welcome(await self._talk.node.join(code))

    def _welcome(self, contact: Contact) -> None:
        shown = harmless_name(contact.name)
        self._talk.notice(f"you and {shown} are contacts now; /switch {shown}")
        for line in kept(contact):
            self._talk.notice(line)
