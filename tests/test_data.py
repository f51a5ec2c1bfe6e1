"""Our dataclasses are those of the standard library, and compile their methods when these are first used."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field, replace
from typing import Any, ClassVar

import pytest

from p2pchat import data


def both(body: type, **options: bool) -> tuple[Any, Any]:
    """The same class made by us and by the standard library."""

    def fresh() -> type:
        kept = {
            name: value for name, value in body.__dict__.items() if name not in ("__dict__", "__weakref__")
        }
        return type(body.__name__, (), kept)

    ours: Any = data.dataclass(**options)
    theirs: Any = dataclasses.dataclass(**options)
    return ours(fresh()), theirs(fresh())


class Point:
    """With fields of every kind."""

    known: ClassVar[int] = 7
    x: int
    y: int = 2
    more: list[int] = field(default_factory=list, compare=False)
    far: bool = field(init=False, default=False)
    name: str = field(default="", repr=False, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "far", self.x > 100)


KINDS = [{"frozen": True, "slots": True}, {"slots": True}, {"order": True, "slots": True}, {}]


@pytest.mark.parametrize("options", KINDS)
def test_instances_are_made_shown_and_compared_as_the_standard_library_does(options: dict[str, bool]) -> None:
    ours, theirs = both(Point, **options)
    for given, named in (((1,), {}), ((101, 3), {"name": "far away"}), ((1, 2, [3]), {})):
        assert repr(ours(*given, **named)) == repr(theirs(*given, **named))
        assert [getattr(ours(*given, **named), each.name) for each in dataclasses.fields(ours)] == [
            getattr(theirs(*given, **named), each.name) for each in dataclasses.fields(theirs)
        ]
    assert ours(1) == ours(1, 2, [3]) != ours(1, 3)
    assert ours(1) != theirs(1)
    assert inspect.signature(ours) == inspect.signature(theirs)
    assert ours.__match_args__ == theirs.__match_args__
    assert ours(1).__class__.__hash__ is None or hash(ours(1)) == hash(theirs(1))
    assert (ours.__hash__ is None) == (theirs.__hash__ is None)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        ours()


def test_what_is_frozen_can_be_a_key_be_copied_and_pickled_and_not_be_changed() -> None:
    one = Kept(1, "two")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'number'"):
        one.number = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'number'"):
        del one.number
    with pytest.raises(FrozenInstanceError):
        one.other = 2  # type: ignore[attr-defined]
    assert {one: "found"}[Kept(1, "two")] == "found"
    assert one == replace(one) == copy.deepcopy(one) == pickle.loads(pickle.dumps(one))
    assert replace(one, number=3) == Kept(3, "two")


def test_order_goes_by_the_fields_one_after_the_other() -> None:
    ours, _ = both(Point, order=True, slots=True)
    assert sorted([ours(2), ours(1, 3), ours(1)]) == [ours(1), ours(1, 3), ours(2)]
    assert ours(1) <= ours(1) < ours(2) and ours(2) > ours(1) and ours(1) >= ours(1)


def test_a_class_keeps_the_methods_that_it_has() -> None:
    assert (repr(Own(1)), Own(1) == Own(2), hash(Own(1))) == ("mine", True, 5)


def test_a_subclass_has_the_fields_of_both() -> None:
    made = Wider(1, "two", 3.0)
    assert (made, made.number, made.width) == (Wider(1, "two", 3.0), 1, 3.0)
    assert made != Kept(1, "two") and Kept(1, "two") != made


def test_nothing_is_compiled_before_it_is_used_and_nothing_twice() -> None:
    ours, _ = both(Point, frozen=True, slots=True)
    compiled = {
        name
        for name in ("__init__", "__repr__", "__eq__", "__hash__")
        if inspect.isfunction(ours.__dict__[name])
    }
    assert compiled == set()
    ours(1)
    made = ours.__dict__["__init__"]
    assert inspect.isfunction(made) and not inspect.isfunction(ours.__dict__["__eq__"])
    ours(2)
    assert ours.__dict__["__init__"] is made


@data.dataclass(frozen=True, slots=True)
class Kept:
    number: int
    text: str


@data.dataclass(frozen=True, slots=True)
class Wider(Kept):
    width: float


@data.dataclass(frozen=True)
class Own:
    number: int

    def __repr__(self) -> str:
        return "mine"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 5
