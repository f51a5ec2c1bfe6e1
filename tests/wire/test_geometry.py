"""One geometry: the layers fit into each other to the byte."""

import pytest

from p2pchat.wire.geometry import GEOMETRY, Geometry


def test_the_sizes_are_those_of_the_protocol() -> None:
    assert (GEOMETRY.frame, GEOMETRY.frame_plain, GEOMETRY.body) == (1152, 1136, 1120)
    assert (GEOMETRY.onion, GEOMETRY.beta, GEOMETRY.delta) == (1120, 130, 941)
    assert (GEOMETRY.cell, GEOMETRY.box, GEOMETRY.plain, GEOMETRY.data) == (925, 897, 881, 860)
    assert (GEOMETRY.blob, GEOMETRY.blob_plain) == (2048, 2008)


def test_a_cell_that_leaves_no_room_for_the_onion_around_it_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fill"):
        Geometry(cell=926)


def test_another_slot_costs_the_cell_its_size() -> None:
    assert Geometry(slots=6, cell=899).data == GEOMETRY.data - 26


def test_a_geometry_without_room_for_data_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing is left"):
        Geometry(fragment_header=881)
    with pytest.raises(ValueError, match="nothing is left"):
        Geometry(blob=40)
