"""All that a node can be asked, put together.

Knows: which family carries out which methods. Does not know: any of them, or sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from p2pchat.control.methods import METHODS
from p2pchat.core.inputs import Urged
from p2pchat.daemon.backup import Backup
from p2pchat.daemon.configuring import Configuring
from p2pchat.daemon.contacts import Contacts
from p2pchat.daemon.control import Asker
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.itself import Itself
from p2pchat.daemon.messages import Messages
from p2pchat.daemon.pairing import Pairing
from p2pchat.daemon.places import Places
from p2pchat.daemon.ports import Whole
from p2pchat.daemon.recall import Recall


class Methods:
    """The verbs, bound to one running node."""

    def __init__(self, host: Whole) -> None:
        self._host = host
        self.handlers = Handlers()
        contacts, places, itself = Contacts(host), Places(host), Itself(host)
        families = (
            itself,
            contacts,
            places,
            Pairing(host, places.mesh),
            Configuring(host),
            Messages(host, contacts.named),
            Recall(host, contacts.named),
            Backup(host),
        )
        for family in families:
            family.add_handlers(self.handlers)
        self.stop_wanted: asyncio.Event = itself.stop_wanted

    async def call(self, name: str, params: Mapping[str, object], asker: Asker) -> object:
        """Carry a method out. Raises MethodError for what JSON-RPC names, P2PChatError for the rest."""
        if name in METHODS and METHODS[name].urgent:
            self._host.driver.submit_input(Urged())
        return await self.handlers.call(name, params, asker)
