"""What the doctor finds about the way to others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, cast

from p2pchat.config.paths import NetworkPolicy
from p2pchat.daemon.doctor import _addresses, _rooms
from tests.support.room_views import FakeCore, member, room


def test_it_says_which_turn_server_refuses_and_whose_matter_that_is() -> None:
    own = NetworkPolicy(ice_servers=("turn:me:secret@turn.example:3478",))
    check = _addresses(Counter(host=1, srflx=1, relay=1), own, ["turn.example:3478", "192.0.2.9:3478"])
    assert not check.ok
    assert "your TURN server turn.example:3478 refuses its user or password" in check.found
    assert "192.0.2.9:3478 refuses the password that the rendezvous' operator gave it" in check.found


def test_it_tells_of_rooms_where_there_are_any() -> None:
    friends = room("friends", member(b"\x01", "ana", own=True), member(b"\x02", "bob"))
    assert _rooms(cast(Any, FakeCore())) == []
    (check,) = _rooms(cast(Any, FakeCore(friends)))
    assert (check.name, check.ok, check.found) == ("rooms", True, "in 1; 1 member not heard yet")
    (check,) = _rooms(cast(Any, FakeCore(replace(friends, waits=True))))
    assert not check.ok
    assert "put back to a copy" in check.found
