"""All methods of a node.

Knows: which family carries out which methods. Does not know: any method, or sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from p2pchat.control.methods import METHODS
from p2pchat.core.values.inputs import Urged
from p2pchat.daemon.backup import BackupMethods
from p2pchat.daemon.configuring import SettingMethods
from p2pchat.daemon.contacts import ContactMethods
from p2pchat.daemon.control import Caller
from p2pchat.daemon.delivery import DeliveryMethods
from p2pchat.daemon.files import FileMethods
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.introductions import IntroductionMethods
from p2pchat.daemon.itself import NodeMethods
from p2pchat.daemon.messages import MessageMethods
from p2pchat.daemon.pairing import PairingMethods
from p2pchat.daemon.places import MeshMethods
from p2pchat.daemon.ports import Whole
from p2pchat.daemon.recall import HistoryMethods
from p2pchat.daemon.referring import ReferenceMethods
from p2pchat.daemon.rooms import RoomMethods
from p2pchat.daemon.roster import RosterMethods


class Methods:
    """The verbs, bound to one running node."""

    def __init__(self, host: Whole) -> None:
        self._host = host
        self.handlers = Handlers()
        places, itself = MeshMethods(host), NodeMethods(host)
        families = (
            itself,
            ContactMethods(host),
            IntroductionMethods(host),
            places,
            PairingMethods(host, places.mesh),
            SettingMethods(host),
            RoomMethods(host, places.mesh),
            RosterMethods(host),
            MessageMethods(host),
            DeliveryMethods(host),
            ReferenceMethods(host),
            HistoryMethods(host),
            FileMethods(host),
            BackupMethods(host),
        )
        for family in families:
            family.add_handlers(self.handlers)
        self.stop_wanted: asyncio.Event = itself.stop_wanted

    async def call(self, name: str, params: Mapping[str, object], caller: Caller) -> object:
        """Carry a method out. Raises MethodError for errors of JSON-RPC, P2PChatError for all others."""
        if name in METHODS and METHODS[name].urgent:
            self._host.driver.submit_input(Urged())
        return await self.handlers.call(name, params, caller)
