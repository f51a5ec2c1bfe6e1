"""What a rendezvous tells its clients of STUN and TURN."""

from __future__ import annotations

import base64
import hmac
import random
from pathlib import Path

import pytest

from p2pchat.wire.ice import hinted
from rendezvous.hints import LOGIN_SECONDS, HintedPorts, HintOptions

RNG = random.Random(1)
NOW = 1_800_000_000.7


def test_without_a_secret_only_stun_is_told() -> None:
    hints = HintedPorts((8750,), turn=(3478,)).make_hints(NOW, RNG)
    assert hints is not None and (hints.stun, hints.turn, hints.login) == ((8750,), (), None)
    assert HintedPorts().make_hints(NOW, RNG) is None


def test_a_login_is_what_coturn_makes_of_the_same_secret() -> None:
    hints = HintedPorts((), (3478,), (), b"north").make_hints(NOW, RNG)
    assert hints is not None
    (udp, _) = hinted("ws://meet.example", "192.0.2.1", hints).turn
    expires, _, name = udp.user.partition(":")
    assert int(expires) == int(NOW) + LOGIN_SECONDS and len(name) == 16
    expected = base64.b64encode(hmac.digest(b"north", udp.user.encode(), "sha1")).decode()
    assert udp.password == expected


def test_two_clients_have_nothing_in_common() -> None:
    reach = HintedPorts((), (3478,), (), b"north")
    one, two = reach.make_hints(NOW, RNG), reach.make_hints(NOW, RNG)
    assert one is not None and two is not None and one.login is not None and two.login is not None
    assert one.login.name != two.login.name


def test_stun_is_answered_at_the_servers_own_port_and_at_one_more() -> None:
    assert HintOptions().stun_ports(8750) == (8750, 3478)
    assert HintOptions().stun_ports(3478) == (3478,)
    assert HintOptions(at=(99,)).stun_ports(8750) == (99,)
    assert HintOptions(stun=False).stun_ports(8750) == ()


def test_the_ports_of_the_turn_server_are_left_to_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("coturn's")
    beside = HintOptions(secret_file=str(secret))
    assert beside.stun_ports(8750) == (8750,)
    assert beside.resolve_ports((8750,)).stun == (8750, 3478), "where it answers STUN, too"
    assert HintOptions(secret_file=str(secret), turn=(443,)).stun_ports(8750) == (8750, 3478)
    assert HintOptions(secret_file=str(secret), at=(3478,)).stun_ports(8750) == (3478,), "chosen"


def test_a_secret_is_read_without_its_line_break(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("north\n")
    reach = HintOptions(secret_file=str(file), turn_tls=5349).resolve_ports((8750,))
    assert reach == HintedPorts((8750, 3478), (3478,), (5349,), b"north")  # a TURN server answers STUN, too
    file.write_text("")
    with pytest.raises(ValueError, match="must hold the secret"):
        HintOptions(secret_file=str(file)).resolve_ports(())


def test_turn_ports_without_a_secret_are_refused() -> None:
    with pytest.raises(ValueError, match="--turn-secret-file"):
        HintOptions(turn=(3478,)).resolve_ports(())
