"""All methods of a node.

Knows: which family carries out which methods. Does not know: any method, or sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from p2pchat.control.methods import METHODS
from p2pchat.core.values.inputs import Urged
from p2pchat.daemon.backup import BackupMethods
from p2pchat.daemon.contacts import ContactMethods
from p2pchat.daemon.control import Caller
from p2pchat.daemon.delivery import DeliveryMethods
from p2pchat.daemon.files import FileMethods
from p2pchat.daemon.handlers import Handlers
from p2pchat.daemon.history import HistoryMethods
from p2pchat.daemon.introductions import IntroductionMethods
from p2pchat.daemon.meshes import MeshMethods
from p2pchat.daemon.messages import MessageMethods
from p2pchat.daemon.needs import AllNeeds
from p2pchat.daemon.own_node import NodeMethods
from p2pchat.daemon.pairing import PairingMethods
from p2pchat.daemon.referring import ReferenceMethods
from p2pchat.daemon.rooms import RoomMethods
from p2pchat.daemon.roster import RosterMethods
from p2pchat.daemon.settings import SettingMethods


class Methods:
    """Handles all requests to one running node."""

    def __init__(self, host: AllNeeds) -> None:
        self._host = host
        self.handlers = Handlers()
        places, itself = MeshMethods(host), NodeMethods(host)
        families = (
            itself,
            ContactMethods(host),
            IntroductionMethods(host),
            places,
            PairingMethods(host, places.find_mesh),
            SettingMethods(host),
            RoomMethods(host, places.find_mesh),
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
        self.stop_requested: asyncio.Event = itself.stop_requested

    async def call(self, name: str, params: Mapping[str, object], caller: Caller) -> object:
        """Carry out a request. Raises MethodError for the errors of JSON-RPC, P2PChatError for all others."""
        if name in METHODS and METHODS[name].urgent:
            self._host.driver.submit_input(Urged())
        return await self.handlers.call(name, params, caller)
