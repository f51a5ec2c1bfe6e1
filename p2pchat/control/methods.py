"""Every method of the control socket: what it is told, what it answers, how long it may take.

Knows: the whole contract. Does not know: how a method is carried out, or who asks.

A new method is one value here, one handler in ``p2pchat.daemon``, one method in ``p2pchat.client.node``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, TypeVar

from p2pchat.control import answers, events, parameters
from p2pchat.control.parameters import Parameters

P = TypeVar("P", bound=Parameters)
A = TypeVar("A")


class Lasts(Enum):
    """How long an answer may take."""

    MOMENT = "it is answered at once"
    LONG = "it may take a node long, which nobody is told"
    ENDLESS = "it waits for something to happen, and ends with the connection it was asked on"


@dataclass(frozen=True, slots=True)
class Method(Generic[P, A]):
    """One verb."""

    name: str
    params: type[P]
    answer: type[A]
    lasts: Lasts = Lasts.MOMENT
    urgent: bool = False
    """A person asks for something that needs others now: what is out of reach is tried again at once."""


WHOAMI: Final = Method("whoami", parameters.Nothing, answers.WhoAmI)
RENAME_SELF: Final = Method("whoami.rename", parameters.NewName, answers.WhoAmI)

INVITE: Final = Method("invite", parameters.Invite, answers.ContactMade, Lasts.ENDLESS, urgent=True)
JOIN: Final = Method("join", parameters.Join, answers.ContactMade, Lasts.ENDLESS, urgent=True)

CONTACTS: Final = Method("contacts.list", parameters.Nothing, list[answers.Contact])
CONTACT: Final = Method("contacts.show", parameters.Named, answers.ContactShown)
VERIFY: Final = Method("contacts.verify", parameters.Verify, answers.Contact)
RENAME: Final = Method("contacts.rename", parameters.Rename, answers.Contact)
BLOCK: Final = Method("contacts.block", parameters.Block, answers.Contact)
MUTE: Final = Method("contacts.mute", parameters.Mute, answers.Contact)
DISAPPEAR: Final = Method("contacts.disappear", parameters.Disappear, answers.Contact)
RENEW: Final = Method("contacts.renew", parameters.Named, answers.Contact)
REMOVE: Final = Method("contacts.remove", parameters.Remove, answers.ContactRemoved)

MESHES: Final = Method("mesh.list", parameters.Nothing, list[answers.Mesh])
LEAVE_MESH: Final = Method("mesh.leave", parameters.LeaveMesh, answers.MeshLeft)
RENDEZVOUS: Final = Method("rendezvous.list", parameters.Nothing, list[answers.Rendezvous])
ADD_RENDEZVOUS: Final = Method("rendezvous.add", parameters.AddRendezvous, list[answers.Rendezvous])
REMOVE_RENDEZVOUS: Final = Method("rendezvous.remove", parameters.RemoveRendezvous, list[answers.Rendezvous])

SETTINGS: Final = Method("config.list", parameters.Nothing, list[answers.Setting])
SETTING: Final = Method("config.get", parameters.Key, answers.Setting)
CHANGE_SETTING: Final = Method("config.set", parameters.SetKey, answers.SettingKept)
FORGET_SETTING: Final = Method("config.unset", parameters.Key, answers.SettingKept)

SEND: Final = Method("send", parameters.Send, answers.Progress, urgent=True)
WAIT: Final = Method("wait", parameters.Await, answers.Progress, Lasts.ENDLESS, urgent=True)
LISTEN: Final = Method("listen", parameters.Listen, type(None), Lasts.ENDLESS)
HEARD: Final = Method("heard", parameters.Heard, type(None))
HISTORY: Final = Method("history", parameters.History, list[events.Message], Lasts.LONG)
SEARCH: Final = Method("history.search", parameters.Search, list[events.Message], Lasts.LONG)
EDIT: Final = Method("history.edit", parameters.Edit, answers.Edited)
FORGET: Final = Method("history.forget", parameters.Forget, answers.ForgottenCount)
CONVERSATIONS: Final = Method("conversations", parameters.Nothing, list[answers.Conversation], Lasts.LONG)
DRAFTS: Final = Method("drafts", parameters.NewDraft, list[answers.Draft])

BACKUP: Final = Method("backup", parameters.MakeBackup, answers.BackupMade, Lasts.LONG)
REVOKE_BACKUPS: Final = Method("backup.revoke", parameters.Nothing, answers.BackupsRevoked)

STATUS: Final = Method("node.status", parameters.Nothing, answers.Status)
STOP: Final = Method("node.stop", parameters.Nothing, answers.Stopping)
TRACE: Final = Method("node.trace", parameters.Nothing, type(None), Lasts.ENDLESS)
DOCTOR: Final = Method("doctor", parameters.Nothing, list[answers.Check], Lasts.LONG, urgent=True)

METHODS: Final = {each.name: each for each in list(globals().values()) if isinstance(each, Method)}
"""All of them by name, in the order of the documents."""

ENDLESS: Final = frozenset(name for name, each in METHODS.items() if each.lasts is Lasts.ENDLESS)
