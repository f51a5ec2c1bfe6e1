"""Every method of the control socket: what it is told, what it answers, how long it may take.

Knows: the whole contract. Does not know: how a method is carried out, or its callers.

A new method is one value here; CONTRIBUTING.md ("A new verb") names the other places.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Generic, TypeVar

from p2pchat.control import answers, events, files, introductions, parameters, rooms
from p2pchat.control.parameters import Params
from p2pchat.data import dataclass

P = TypeVar("P", bound=Params)
A = TypeVar("A")


class ResponseTime(Enum):
    """How long an answer may take."""

    MOMENT = "it is answered at once"
    LONG = "it may take a node long, without progress events"
    ENDLESS = "it waits for something to happen, and ends with the connection it was asked on"


@dataclass(frozen=True, slots=True)
class Method(Generic[P, A]):
    """One verb."""

    name: str
    params: type[P]
    answer: type[A]
    response_time: ResponseTime = ResponseTime.MOMENT
    urgent: bool = False
    """A person asks for something that needs others now: what is out of reach is tried again at once."""


WHOAMI: Final = Method("whoami", parameters.NoParams, answers.IdentityInfo)
RENAME_SELF: Final = Method("whoami.rename", parameters.RenameSelfParams, answers.IdentityInfo)

INVITE: Final = Method(
    "invite", parameters.InviteParams, answers.PairingResult, ResponseTime.ENDLESS, urgent=True
)
JOIN: Final = Method("join", parameters.JoinParams, answers.PairingResult, ResponseTime.ENDLESS, urgent=True)

CONTACTS: Final = Method("contacts.list", parameters.NoParams, list[answers.ContactInfo])
CONTACT: Final = Method("contacts.show", parameters.ContactParams, answers.ContactDetailInfo)
VERIFY: Final = Method("contacts.verify", parameters.VerifyParams, answers.ContactInfo)
RENAME: Final = Method("contacts.rename", parameters.RenameParams, answers.ContactInfo)
BLOCK: Final = Method("contacts.block", parameters.BlockParams, answers.ContactInfo)
MUTE: Final = Method("contacts.mute", parameters.MuteParams, answers.ContactInfo)
DISAPPEAR: Final = Method("contacts.disappear", parameters.DisappearParams, answers.ContactInfo)
RENEW: Final = Method("contacts.renew", parameters.ContactParams, answers.ContactInfo)
REMOVE: Final = Method("contacts.remove", parameters.RemoveParams, answers.RemoveContactResult)

REQUESTS: Final = Method("contacts.requests", parameters.NoParams, list[introductions.IntroductionInfo])
ADD_CONTACT: Final = Method(
    "contacts.add", parameters.AddContactParams, introductions.IntroductionInfo, urgent=True
)
INTRODUCE: Final = Method(
    "contacts.introduce", parameters.IntroduceParams, introductions.IntroductionInfo, urgent=True
)
ACCEPT_CONTACT: Final = Method(
    "contacts.accept",
    parameters.AcceptContactParams,
    answers.ContactInfo,
    ResponseTime.ENDLESS,
    urgent=True,
)
DECLINE_CONTACT: Final = Method(
    "contacts.decline", parameters.IntroductionParams, introductions.IntroductionInfo
)

ROOMS: Final = Method("room.list", parameters.NoParams, list[rooms.RoomInfo])
ROOM: Final = Method("room.show", parameters.RoomParams, rooms.RoomInfo)
MEMBERS: Final = Method("room.members", parameters.RoomParams, list[rooms.MemberInfo])
ROOM_WORDS: Final = Method("room.verify", parameters.RoomParams, rooms.RoomWordsInfo)
CREATE_ROOM: Final = Method("room.create", parameters.CreateRoomParams, rooms.RoomInfo)
INVITE_TO_ROOM: Final = Method(
    "room.invite", parameters.InviteToRoomParams, rooms.RoomInvitationsResult, urgent=True
)
ACCEPT_ROOM: Final = Method(
    "room.accept", parameters.AcceptRoomParams, rooms.AcceptRoomResult, ResponseTime.ENDLESS, urgent=True
)
DECLINE_ROOM: Final = Method("room.decline", parameters.RoomParams, rooms.RoomInfo)
SET_ROLE: Final = Method("room.role", parameters.RoleParams, rooms.MemberInfo)
REMOVE_MEMBER: Final = Method("room.remove", parameters.MemberParams, rooms.RoomInfo)
RENAME_ROOM: Final = Method("room.rename", parameters.RenameRoomParams, rooms.RoomInfo)
LEAVE_ROOM: Final = Method("room.leave", parameters.LeaveRoomParams, rooms.RoomInfo)
RENEW_ROOM: Final = Method("room.renew", parameters.RoomParams, rooms.RenewRoomResult)
FORGET_ROOM: Final = Method("room.forget", parameters.RoomParams, rooms.RoomInfo)
FORGE_ROOM: Final = Method("room.forge", parameters.ForgeRoomParams, rooms.RoomForgeryInfo)
MUTE_ROOM: Final = Method("room.mute", parameters.MuteRoomParams, rooms.RoomInfo)
DISAPPEAR_IN_ROOM: Final = Method("room.disappear", parameters.DisappearInRoomParams, rooms.RoomInfo)

MESHES: Final = Method("mesh.list", parameters.NoParams, list[answers.MeshInfo])
LEAVE_MESH: Final = Method("mesh.leave", parameters.LeaveMeshParams, answers.LeaveMeshResult)
RENDEZVOUS: Final = Method("rendezvous.list", parameters.NoParams, list[answers.RendezvousInfo])
ADD_RENDEZVOUS: Final = Method("rendezvous.add", parameters.AddRendezvousParams, list[answers.RendezvousInfo])
REMOVE_RENDEZVOUS: Final = Method(
    "rendezvous.remove", parameters.RemoveRendezvousParams, list[answers.RendezvousInfo]
)

SETTINGS: Final = Method("config.list", parameters.NoParams, list[answers.SettingInfo])
SETTING: Final = Method("config.get", parameters.SettingParams, answers.SettingInfo)
CHANGE_SETTING: Final = Method("config.set", parameters.ChangeSettingParams, answers.ChangeSettingResult)
FORGET_SETTING: Final = Method("config.unset", parameters.SettingParams, answers.ChangeSettingResult)

SEND: Final = Method("send", parameters.SendParams, answers.DeliveryInfo, urgent=True)
REACT: Final = Method("react", parameters.ReactParams, answers.DeliveryInfo, urgent=True)
CORRECT: Final = Method("correct", parameters.CorrectParams, answers.DeliveryInfo, urgent=True)
WITHDRAW: Final = Method("withdraw", parameters.WithdrawParams, answers.DeliveryInfo, urgent=True)
WAIT: Final = Method("wait", parameters.WaitParams, answers.DeliveryInfo, ResponseTime.ENDLESS, urgent=True)
LISTEN: Final = Method("listen", parameters.ListenParams, type(None), ResponseTime.ENDLESS)
HEARD: Final = Method("heard", parameters.HeardParams, type(None))
HISTORY: Final = Method("history", parameters.HistoryParams, list[events.MessageEvent], ResponseTime.LONG)
SEARCH: Final = Method(
    "history.search", parameters.SearchParams, list[events.MessageEvent], ResponseTime.LONG
)
EDIT: Final = Method("history.edit", parameters.EditParams, answers.EditResult)
FORGET: Final = Method("history.forget", parameters.ForgetParams, answers.ForgetResult)
CONVERSATIONS: Final = Method(
    "conversations", parameters.NoParams, list[answers.ConversationInfo], ResponseTime.LONG
)
DRAFTS: Final = Method("drafts", parameters.DraftParams, list[answers.DraftInfo])

FILES: Final = Method("files.list", parameters.NoParams, list[files.FileInfo])
OFFER_FILE: Final = Method(
    "files.send", parameters.OfferFileParams, files.FileInfo, ResponseTime.LONG, urgent=True
)
ACCEPT_FILE: Final = Method("files.accept", parameters.FileParams, files.FileInfo, urgent=True)
DECLINE_FILE: Final = Method("files.decline", parameters.FileParams, files.FileInfo)
CANCEL_FILE: Final = Method("files.cancel", parameters.FileParams, files.FileInfo)
SAVE_FILE: Final = Method("files.save", parameters.SaveFileParams, files.SavedFileResult, ResponseTime.LONG)
WAIT_FOR_FILE: Final = Method(
    "files.wait", parameters.WaitForFileParams, files.FileInfo, ResponseTime.ENDLESS, urgent=True
)

BACKUP: Final = Method("backup", parameters.BackupParams, answers.BackupResult, ResponseTime.LONG)
REVOKE_BACKUPS: Final = Method("backup.revoke", parameters.NoParams, answers.RevokeBackupsResult)

STATUS: Final = Method("node.status", parameters.NoParams, answers.NodeInfo)
STOP: Final = Method("node.stop", parameters.NoParams, answers.StopResult)
TRACE: Final = Method("node.trace", parameters.NoParams, type(None), ResponseTime.ENDLESS)
DOCTOR: Final = Method(
    "doctor", parameters.NoParams, list[answers.CheckResult], ResponseTime.LONG, urgent=True
)

METHODS: Final = {method.name: method for method in list(globals().values()) if isinstance(method, Method)}
"""All of them by name, in the order of the documents."""

ENDLESS: Final = frozenset(
    name for name, method in METHODS.items() if method.response_time is ResponseTime.ENDLESS
)
