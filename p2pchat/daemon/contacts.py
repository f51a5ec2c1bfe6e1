"""The methods about contacts: list, show, change and remove them.

Knows: which inputs a change becomes, and which contact a name means. Does not know: how contacts are made.
"""

from __future__ import annotations

from p2pchat.control import answers, methods, parameters
from p2pchat.core.values import inputs, user_inputs
from p2pchat.core.values.records import Contact
from p2pchat.daemon import views
from p2pchat.daemon.control import Caller
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.hindrance import hindrance
from p2pchat.daemon.needs import HasNames
from p2pchat.daemon.refusals import raise_refusal


class ContactMethods:
    """Handles requests about contacts, for one running node."""

    def __init__(self, host: HasNames) -> None:
        self._host = host

    def add_handlers(self, handlers: Handlers) -> None:
        """Register the handlers of requests about contacts."""
        handlers.add(methods.CONTACTS, self.list)
        handlers.add(methods.CONTACT, self.show)
        handlers.add(methods.VERIFY, self.verify)
        handlers.add(methods.RENAME, self.rename)
        handlers.add(methods.BLOCK, self.block)
        handlers.add(methods.MUTE, self.mute)
        handlers.add(methods.DISAPPEAR, self.disappear)
        handlers.add(methods.RENEW, self.renew)
        handlers.add(methods.REMOVE, self.remove)

    async def list(self, params: parameters.NoParams, caller: Caller) -> list[answers.ContactInfo]:
        contacts = self._host.node.list_contacts()
        obstacles = {mesh: hindrance(self._host, mesh) for mesh in {contact.mesh for contact in contacts}}
        return [self._contact_view(contact, obstacles[contact.mesh]) for contact in contacts]

    async def show(self, params: parameters.ContactParams, caller: Caller) -> answers.ContactDetailInfo:
        contact = self._host.names.find_contact(params.name)
        own = self._host.node.identity.identity_key
        return views.shown(self._contact_view(contact, hindrance(self._host, contact.mesh)), contact, own)

    async def verify(self, params: parameters.VerifyParams, caller: Caller) -> answers.ContactInfo:
        contact = self._host.names.find_contact(params.name)
        return await self._changed(contact, user_inputs.ContactVerified(contact.id, params.verified))

    async def rename(self, params: parameters.RenameParams, caller: Caller) -> answers.ContactInfo:
        contact = self._host.names.find_contact(params.name)
        return await self._changed(
            contact, user_inputs.ContactRenamed(contact.id, params.new), name=params.new
        )

    async def block(self, params: parameters.BlockParams, caller: Caller) -> answers.ContactInfo:
        contact = self._host.names.find_contact(params.name)
        return await self._changed(contact, user_inputs.ContactBlocked(contact.id, params.blocked))

    async def mute(self, params: parameters.MuteParams, caller: Caller) -> answers.ContactInfo:
        contact = self._host.names.find_contact(params.name)
        return await self._changed(contact, user_inputs.ContactMuted(contact.id, params.muted))

    async def disappear(self, params: parameters.DisappearParams, caller: Caller) -> answers.ContactInfo:
        contact = self._host.names.find_contact(params.name)
        return await self._changed(
            contact, user_inputs.ContactRetentionChosen(contact.id, params.seconds or 0.0)
        )

    async def renew(self, params: parameters.ContactParams, caller: Caller) -> answers.ContactInfo:
        contact = self._host.names.find_contact(params.name)
        return await self._changed(contact, user_inputs.ContactRenewed(contact.id))

    async def remove(self, params: parameters.RemoveParams, caller: Caller) -> answers.RemoveContactResult:
        contact = self._host.names.find_contact(params.name)
        keep, renew = params.keep_mesh, params.renew_mesh
        before = {mesh.id for mesh in self._host.node.list_meshes()}
        rejected = await self._host.driver.submit_and_persist(
            user_inputs.ContactRemoved(contact.id, keep, renew)
        )
        raise_refusal(rejected, contact=contact.name)
        after = {mesh.id for mesh in self._host.node.list_meshes()}
        return answers.RemoveContactResult(
            name=contact.name,
            left_mesh=next((mesh.hex() for mesh in before - after), None),
            renewed_mesh=next((mesh.hex() for mesh in after - before), None),
        )

    async def _changed(self, contact: Contact, input: inputs.Input, name: str = "") -> answers.ContactInfo:
        rejected = await self._host.driver.submit_and_persist(input)
        raise_refusal(rejected, contact=contact.name, name=name)
        now = next(other for other in self._host.node.list_contacts() if other.id == contact.id)
        return self._contact_view(now, hindrance(self._host, now.mesh))

    def _contact_view(self, contact: Contact, obstacle: str) -> answers.ContactInfo:
        node = self._host.node
        here = node.is_here(contact.id, self._host.clock.now())
        return views.contact(contact, here, node.heard_at(contact.id), node.over_quota(contact.id), obstacle)
