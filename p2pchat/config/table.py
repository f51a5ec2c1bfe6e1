"""Every setting, declared once: parsing, ``config list``, the page in the chat, completion, the man page and
the table in docs/settings.md are made from this.

Knows: names, kinds, defaults, what each is for. Does not know: how a value comes about, or what it leads to.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from p2pchat.config.kinds import AUTO, FILE, PORT, PROXY, SERVERS, Bindings, Kind, Number, OneOf, YesNo
from p2pchat.config.paths import ENGINES
from p2pchat.core.values.profile import BALANCED, PROFILES
from p2pchat.core.values.settings import Settings as Defaults
from p2pchat.crypto.stamp import BITS_MAX
from p2pchat.data import dataclass
from p2pchat.errors import UsageError
from p2pchat.wire.topology import LINKS_MAX


class Effect(StrEnum):
    """How a change comes into force where a node runs."""

    NOW = "at once"
    ANEW = "the node restarts"
    """In its place, within a second or two: it links again, and nothing is lost."""
    CHAT = "at once, in every open chat"
    """It concerns chats alone."""


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """One setting, as it is declared."""

    name: str
    group: str
    kind: Kind
    default: str
    """As a person would write it; empty: nothing."""
    effect: Effect
    about: str
    """One sentence, without its full stop."""

    @property
    def variable(self) -> str:
        """The environment variable that overrules what the home keeps."""
        return f"P2PCHAT_{self.name.replace('-', '_').upper()}"

    @property
    def secret(self) -> bool:
        """Whether a value may hold a password."""
        return self.kind in (SERVERS, PROXY)


THEMES: Final = (
    AUTO,
    "textual-dark",
    "textual-light",
    "ansi-dark",
    "ansi-light",
    "atom-one-dark",
    "atom-one-light",
    "catppuccin-frappe",
    "catppuccin-latte",
    "catppuccin-macchiato",
    "catppuccin-mocha",
    "dracula",
    "flexoki",
    "gruvbox",
    "monokai",
    "nord",
    "rose-pine",
    "rose-pine-dawn",
    "rose-pine-moon",
    "solarized-dark",
    "solarized-light",
    "tokyo-night",
)

BOUND: Final[Mapping[str, str]] = MappingProxyType(
    {
        "help": "f1",
        "people": "f2",
        "search": "f3,ctrl+f",
        "mesh": "f4",
        "invite": "f5",
        "join": "f6",
        "verify": "f7",
        "mute": "f8",
        "block": "f9",
        "settings": "f10",
        "next": "ctrl+n",
        "previous": "ctrl+p",
        "unread": "ctrl+g",
    }
)
"""What the chat does at a key that may be another, with the keys that it has without a setting."""

_MB: Final = 1 << 20
_MEMBERS: Final = Defaults()

_ALL: Final = (
    SettingSpec(
        "profile",
        "Hiding",
        OneOf(tuple(PROFILES)),
        BALANCED.name,
        Effect.ANEW,
        "how well it is hidden that you write. fast: no cover, half a second on the way; balanced: some"
        " 15 kB/s of cover each way, a second; strong: 48 kB/s, three seconds, and your own line does not"
        " show when you write. The cover is for each mesh",
    ),
    SettingSpec(
        "relay-only",
        "Hiding",
        YesNo(),
        "no",
        Effect.ANEW,
        "links go through your TURN server alone, so that neighbours see its address and not yours",
    ),
    SettingSpec(
        "proxy",
        "Hiding",
        PROXY,
        "",
        Effect.ANEW,
        "a SOCKS5 proxy, such as Tor's: rendezvous, and TURN servers over TCP, are reached through it or not"
        " at all",
    ),
    SettingSpec(
        "separate",
        "Hiding",
        YesNo(auto=True),
        AUTO,
        Effect.ANEW,
        "a connection to the rendezvous for each topic, so that it does not see by one connection which seats"
        " are one node's. auto: where there is a proxy",
    ),
    SettingSpec(
        "ice",
        "Reaching others",
        SERVERS,
        "",
        Effect.NOW,
        "STUN and TURN servers of your own, up to eight, asked beside those of the rendezvous; a colon in a"
        " user or password is written %3A. For links that are made from then on",
    ),
    SettingSpec(
        "lan",
        "Reaching others",
        YesNo(),
        "no",
        Effect.ANEW,
        "find others on your own network, without any rendezvous, and let them find you: machines there can "
        "see that p2pchat runs on this machine, but not its owner",
    ),
    SettingSpec(
        "listen",
        "Reaching others",
        PORT,
        "no",
        Effect.ANEW,
        "a TCP port at which this node is a rendezvous for its own meshes, where the machine has a public"
        " address: neighbours remember it, and find their way back when every other rendezvous is gone",
    ),
    SettingSpec(
        "ca-file",
        "Reaching others",
        FILE,
        "",
        Effect.ANEW,
        "certificates (PEM) to trust beside the system's where a rendezvous is reached by wss://, or a TURN"
        " server by turns:",
    ),
    SettingSpec(
        "engine",
        "Reaching others",
        OneOf(ENGINES),
        AUTO,
        Effect.ANEW,
        "what makes WebRTC links. auto: aiortc, which keeps to every other setting; libwebrtc: the browsers'"
        " own, where it is installed, but not with relay-only or a proxy",
    ),
    SettingSpec(
        "links",
        "Mesh",
        Number(1, LINKS_MAX),
        str(_MEMBERS.links_wanted),
        Effect.ANEW,
        "links the node seeks",
    ),
    SettingSpec(
        "links-max",
        "Mesh",
        Number(1, LINKS_MAX, auto=True),
        AUTO,
        Effect.ANEW,
        f"links it accepts of others. auto: {_MEMBERS.links_max}, or twice as many as it seeks",
    ),
    SettingSpec(
        "walks",
        "Mesh",
        YesNo(),
        "yes",
        Effect.ANEW,
        "find links by random walks. no: through the rendezvous alone",
    ),
    SettingSpec(
        "hold-mb",
        "Mesh",
        Number(0, 1 << 20, "MB"),
        str(_MEMBERS.hold_bytes // _MB),
        Effect.ANEW,
        "cells kept for members who are away; 128 are a day of a mesh of fifty",
    ),
    SettingSpec(
        "contact-mb",
        "Mesh",
        Number(1, 1 << 20, "MB"),
        str(_MEMBERS.contact_bytes // _MB),
        Effect.ANEW,
        "how much of the disk one contact may fill in a day, 256 are 240 000 short messages; beyond it their"
        " messages wait with them, and you are told",
    ),
    SettingSpec(
        "stamp-bits",
        "Mesh",
        Number(0, BITS_MAX),
        str(_MEMBERS.stamp_bits),
        Effect.ANEW,
        "work a cell must show to be handed on; the same for all members of the mesh",
    ),
    SettingSpec(
        "keep-versions",
        "History",
        YesNo(),
        "no",
        Effect.ANEW,
        "whether your history keeps what a message said before its author corrected or withdrew it. no:"
        " nothing of it is kept, and what was kept is erased",
    ),
    SettingSpec(
        "notifications",
        "Chat",
        OneOf(("all", "bell", "off")),
        "all",
        Effect.CHAT,
        "what happens when a message comes while you look elsewhere. all: the terminal's bell, its"
        " notification, and the desktop's; bell: the bell alone; muted contacts make no noise in any case",
    ),
    SettingSpec(
        "theme",
        "Chat",
        OneOf(THEMES),
        AUTO,
        Effect.CHAT,
        "colours of the chat. auto: dark or light as the terminal says (COLORFGBG), or its own 16 colours",
    ),
    SettingSpec(
        "time-format",
        "Chat",
        OneOf(("24h", "12h")),
        "24h",
        Effect.CHAT,
        "how the chat writes the time of a message: 17:05 or 5:05 pm",
    ),
    SettingSpec(
        "backup-reminder",
        "Chat",
        OneOf(("on", "off")),
        "on",
        Effect.CHAT,
        "whether the chat says so at its start when no backup is younger than a month, from the day after the"
        " first contact on",
    ),
    SettingSpec(
        "keys",
        "Chat",
        Bindings(tuple(BOUND)),
        "",
        Effect.CHAT,
        "other keys for what the chat does",
    ),
)

SETTINGS: Final[Mapping[str, SettingSpec]] = MappingProxyType({setting.name: setting for setting in _ALL})
"""By name."""


def named(name: str) -> SettingSpec:
    """The setting of that name. Raises UsageError."""
    sought = name.strip().lower().replace("_", "-").removeprefix("p2pchat-")
    if sought in SETTINGS:
        return SETTINGS[sought]
    near = difflib.get_close_matches(sought, SETTINGS, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else "see 'p2pchat config list'"
    raise UsageError(f"there is no setting called {name!r}; {hint}")
