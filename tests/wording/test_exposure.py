"""What each party learns follows from the settings, and says how large the crowd is."""

from __future__ import annotations

from p2pchat.control.values import plain
from p2pchat.wording.exposure import exposures, hidden, hidden_in_short
from tests.support.fake_node import mesh_status, status

WAYS = plain(status().paths)


def told(profile: str = "balanced", crowd: int = 40, state: str = "pinned", **paths: bool) -> dict[str, str]:
    """By party: all that is said of it."""
    stem = {"hops": 1 if state == "none" else 4, "state": state, "drawn": 1, "by_contact": False}
    mesh = mesh_status(mesh="ab" * 16, profile=profile, crowd=crowd, stem=stem)
    known = exposures(status(meshes=[plain(mesh)], paths={**WAYS, **paths}))
    return {each.party: f"{each.learns}; not: {each.does_not}" for each in known}


def test_a_neighbour_sees_your_address_unless_links_are_relayed() -> None:
    assert told()["each neighbour"].startswith("your address")
    assert told(relay_only=True, turn=True)["each neighbour"].startswith("your TURN server's address")


def test_a_rendezvous_sees_your_proxy_if_there_is_one() -> None:
    assert told()["rendezvous"].startswith("your address")
    assert told(proxied=True)["rendezvous"].startswith("your proxy's address")


def test_a_turn_server_is_a_party_only_where_there_is_one() -> None:
    assert "TURN server" not in told()
    assert "your neighbours' addresses" in told(turn=True)["TURN server"]
    assert "your neighbours' addresses" in told(turn_hinted=True)["TURN server of the rendezvous"]


def test_a_rendezvous_is_a_party_only_where_there_is_one() -> None:
    assert "rendezvous" in told()
    lan = {"addresses": ["192.168.1.7"], "found": 1, "problem": ""}
    assert "rendezvous" not in {each.party for each in exposures(status(rendezvous=[], lan=lan))}


def test_members_guess_less_the_stronger_the_profile() -> None:
    said = [told(profile)["members of mesh abababab"] for profile in ("fast", "balanced", "strong")]
    assert ["right about 12 %" in said[0], "right about 3 %" in said[1]] == [True] * 2
    assert ["12, 24 and 35 %" in said[0], "7, 18 and 26 %" in said[1], "3, 8 and 12 %" in said[2]] == [
        True
    ] * 3
    assert all("among 40 behind a stem of 4 hops" in each for each in said)


def test_a_stem_that_begins_at_a_contact_is_said_to_hide_better() -> None:
    stem = {"hops": 4, "state": "pinned", "drawn": 1, "by_contact": True}
    mesh = mesh_status(profile="fast", crowd=40, stem=stem)
    assert hidden(mesh) == "fast: a stem of 4 hops, the first a contact, hidden among 40"


def test_a_mesh_too_small_for_a_stem_does_not_hide_its_writers() -> None:
    said = told(crowd=2, state="none")["members of mesh abababab"]
    assert said.startswith("which cells you write")
    assert "you are not hidden" in said


def test_where_no_stem_begins_the_reason_why_nothing_leaves_is_said() -> None:
    stem = {"hops": 0, "state": "none", "drawn": 0, "by_contact": False}
    silent, alone = (mesh_status(profile="strong", crowd=1, stem=stem, links=links) for links in (2, 0))
    assert hidden(silent) == "strong: what you write waits for a neighbour's keys"
    assert hidden(alone) == "strong: what you write waits for a link"
    assert hidden_in_short([silent]) == (
        "what you write waits for a neighbour's keys",
        "waits for a neighbour's keys",
    )
    assert any(
        "until the node has a neighbour's keys" in each.does_not
        for each in exposures(status(meshes=[plain(silent)]))
    )


def test_in_a_small_mesh_each_neighbour_knows_which_cells_are_yours() -> None:
    assert "are yours; not: for whom" in told(crowd=2, state="none")["each neighbour"]
    assert "not: which are yours" in told()["each neighbour"]


def test_a_contact_that_is_a_neighbour_knows_the_address() -> None:
    assert "unless they are a neighbour too" in told()["contacts"]


def test_cells_that_can_be_linked_are_said_to_be_guessed_oftener() -> None:
    assert "ten cells have one writer" in told("strong")["members of mesh abababab"]


def test_only_strong_hides_from_observers_of_the_line_when_you_write() -> None:
    assert "may see when you write" in told("balanced")["observers of your line"]
    assert "not: when you write" in told("strong")["observers of your line"]


def test_ones_own_network_learns_something_only_where_it_is_announced_to() -> None:
    party = "others on your own network (lan)"
    assert party not in told()
    assert "p2pchat runs here" in told(lan=True)[party]


def test_a_scan_finds_a_port_for_members() -> None:
    for listen, shows in ((None, False), ({"port": 8750, "problem": ""}, True)):
        known = exposures(status(meshes=[], listen=listen))
        assert any("(listen)" in each.party for each in known) is shows
