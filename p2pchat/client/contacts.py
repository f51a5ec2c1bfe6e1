"""Contacts, and the settings of each.

Knows: parameters and answers. Does not know: how contacts are kept.
"""

from __future__ import annotations

from p2pchat.client.node_connection import NodeConnection
from p2pchat.control import answers, methods, parameters


class ContactCalls(NodeConnection):
    """The methods about contacts."""

    async def contacts(self) -> list[answers.ContactInfo]:
        """All contacts: ``name``, ``fingerprint``, ``verified``, ``blocked``, ``muted``, ``disappear``
        (seconds or None), ``how``, ``here`` (None without a link), ``added_at``, ``mesh``."""
        return await self._call(methods.CONTACTS, parameters.NoParams())

    async def contact(self, name: str) -> answers.ContactDetailInfo:
        """Return one contact, with its ``safety_number``."""
        return await self._call(methods.CONTACT, parameters.ContactParams(name=name))

    async def verify(self, name: str, verified: bool = True) -> answers.ContactInfo:
        """Note that the person compared the safety number, or take that back."""
        return await self._call(methods.VERIFY, parameters.VerifyParams(name=name, verified=verified))

    async def rename(self, name: str, new: str) -> answers.ContactInfo:
        """Give a contact another name."""
        return await self._call(methods.RENAME, parameters.RenameParams(name=name, new=new))

    async def block(self, name: str, blocked: bool = True) -> answers.ContactInfo:
        """Block a contact: it is no longer heard, and waiting messages to it are cancelled. Or unblock it."""
        return await self._call(methods.BLOCK, parameters.BlockParams(name=name, blocked=blocked))

    async def mute(self, name: str, muted: bool = True) -> answers.ContactInfo:
        """Mute a contact, so that its messages make no noise, or unmute it."""
        return await self._call(methods.MUTE, parameters.MuteParams(name=name, muted=muted))

    async def disappear(self, name: str, seconds: float | None) -> answers.ContactInfo:
        """Let messages with a contact disappear at both ends, so many seconds after they were written; None:
        never."""
        return await self._call(methods.DISAPPEAR, parameters.DisappearParams(name=name, seconds=seconds))

    async def renew(self, name: str) -> answers.ContactInfo:
        """Get new keys with a contact whose session is out of step, and send what waits for a restored home;
        returns the contact, with the state in ``session``."""
        return await self._call(methods.RENEW, parameters.ContactParams(name=name))

    async def remove(
        self, name: str, *, keep_mesh: bool = False, renew_mesh: bool = False
    ) -> answers.RemoveContactResult:
        """Forget a contact and everything said; with the last contact of a mesh, leave it (``left_mesh``),
        unless ``keep_mesh``: then go on relaying. With ``renew_mesh``, move with all others to a mesh
        (``renewed_mesh``) with a secret that the contact is not told."""
        params = parameters.RemoveParams(name=name, keep_mesh=keep_mesh, renew_mesh=renew_mesh)
        return await self._call(methods.REMOVE, params)
