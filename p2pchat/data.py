"""Dataclasses that cost little until they are used.

Knows: which methods a dataclass has. Does not know: what any of ours holds.

The standard library compiles half a dozen methods of each dataclass while it is imported. A node has some 360
of them, and a short command uses few: to compile all took 0.2 s, nearly half of a node's start. Here the
standard library compiles each method when it is first looked up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # type checkers know this one
else:

    def dataclass(
        cls: type | None = None, *, frozen: bool = False, slots: bool = False, order: bool = False
    ) -> type | Callable[[type], type]:
        """As that of the standard library, with methods that are compiled later."""
        if cls is None:
            return lambda cls: _made(cls, frozen, slots, order)
        return _made(cls, frozen, slots, order)


_ORDER: Final = ("__lt__", "__le__", "__gt__", "__ge__")


def _made(cls: type, frozen: bool, slots: bool, order: bool) -> type:
    names = ["__init__", "__repr__", "__eq__", *(["__hash__"] if frozen else []), *(_ORDER if order else ())]
    late = [name for name in names if name not in cls.__dict__]
    made: type = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
    for name in late:
        setattr(made, name, _Late(made, name, frozen))
    for name, method in (_FROZEN if frozen else _CHANGING).items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made


class _Late:
    """Stands for a method until somebody looks it up."""

    __slots__ = ("_frozen", "_name", "_owner")

    def __init__(self, owner: type, name: str, frozen: bool) -> None:
        self._owner, self._name, self._frozen = owner, name, frozen

    def __get__(self, instance: object, owner: type) -> Any:
        method = _compiled(self._owner, self._name, self._frozen)
        setattr(self._owner, self._name, method)
        return method.__get__(instance, owner)


def _compiled(owner: Any, name: str, frozen: bool) -> Any:
    """The method of a dataclass of the standard library with the same fields."""
    body: dict[str, Any] = {"__annotations__": {}, "__module__": owner.__module__, "__doc__": owner.__doc__}
    for field in dataclasses.fields(owner):
        body["__annotations__"][field.name] = field.type
        body[field.name] = _copied(field)
    if hasattr(owner, "__post_init__"):
        body["__post_init__"] = None  # that it is there is enough: the instance's own is called
    make: Any = dataclasses.dataclass(
        init=name == "__init__",
        repr=name == "__repr__",
        eq=name in ("__eq__", "__hash__", *_ORDER),
        order=name in _ORDER,
        frozen=frozen and name in ("__init__", "__hash__"),
    )
    return make(type(owner.__name__, (), body)).__dict__[name]


def _copied(one: dataclasses.Field[Any]) -> Any:
    """A field like one that belongs to a class."""
    alike = ("default", "default_factory", "init", "repr", "hash", "compare", "kw_only")
    options: dict[str, Any] = {name: getattr(one, name) for name in alike}
    return dataclasses.field(**options)


def _refuse_setting(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    """What a copy is made of."""
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN: Final = {
    "__setattr__": _refuse_setting,
    "__delattr__": _refuse_deleting,
    "__getstate__": _state,
    "__setstate__": _restore,
}

_CHANGING: Final = {"__hash__": None}
"""What may change is no key."""
