"""A small term algebra, and what an attacker can make of what it heard.

Cryptography is perfect here (Dolev and Yao): a hash cannot be undone, a seal opens with its key alone, a
power without its exponent is just a value. Terms are made once each, so that two are equal if they are one.

::

    atom(name)              a secret value of one party: a scalar, a key's seed
    fn(label, *parts)       a one-way function of all its parts
    power(base, *exponents) a group element; exponents commute
    sealed(key, ad, plain)  opens with ``key``; ``ad`` is what it is bound to
    wrapped(ek, secret)     ML-KEM's ciphertext of ``secret`` for the key pair of ``ek``
    message(kind, *fields)  fields (name, value), which all parties can read

Numbers, text and bytes are constants, known to all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar
from weakref import WeakValueDictionary

Value = Any
"""A Term or a constant."""


class Term:
    """Made by the functions below alone."""

    __slots__ = ("__weakref__", "args", "kind")
    _all: ClassVar[WeakValueDictionary[tuple[Any, ...], Term]] = WeakValueDictionary()

    kind: str
    args: tuple[Any, ...]

    def __new__(cls, kind: str, *args: Any) -> Term:
        known = cls._all.get((kind, args))
        if known is None:
            known = object.__new__(cls)
            known.kind, known.args = kind, args
            cls._all[(kind, args)] = known
        return known

    def __repr__(self) -> str:
        return f"{self.kind}{self.args}" if self.kind != "atom" else str(self.args[0])


def atom(name: str) -> Term:
    return Term("atom", name)


def fn(label: str, *parts: Value) -> Term:
    return Term("fn", label, parts)


def power(base: Value, *exponents: Value) -> Term:
    """``base`` may be a power itself."""
    if isinstance(base, Term) and base.kind == "power":
        return power(base.args[0], *base.args[1], *exponents)
    return Term("power", base, tuple(sorted(exponents, key=id)))


def sealed(key: Value, ad: Value, plain: Value) -> Term:
    return Term("sealed", key, ad, plain)


def public(seed: Value) -> Term:
    """ML-KEM's public key of a seed."""
    return fn("ML-KEM key", seed)


def wrapped(ek: Value, secret: Value) -> Term:
    return Term("wrapped", ek, secret)


def message(kind: str, *fields: tuple[str, Value]) -> Term:
    return Term("message", kind, fields)


class Knowledge:
    """All that the attacker heard, taken apart as far as it can. Never changes; ``hear`` gives another."""

    _all: ClassVar[dict[frozenset[Term], Knowledge]] = {}

    def __init__(self, terms: frozenset[Term], less: Knowledge | None = None) -> None:
        """``less``: what was known before, from which all that was derived can be derived still."""
        self.terms = terms
        new, closed = (terms - less.terms, less._closed) if less else (terms, [])
        locked = [*closed, *(each for each in new if each.kind in _LOCKED)]
        self._closed: list[Term] = [
            each for each in locked if isinstance(_inside(each), Term) and _inside(each) not in terms
        ]
        self._derived: dict[Term, bool] = (
            {value: True for value, can in less._derived.items() if can} if less else {}
        )
        self._heard: dict[str, set[Value]] = {}

    @classmethod
    def of(cls, terms: Iterable[Value]) -> Knowledge:
        return cls(frozenset()).hear(terms)

    def hear(self, said: Iterable[Value]) -> Knowledge:
        found, more = self, set(_readable(said))
        while more := more - found.terms:
            terms = found.terms | more
            found = self._all.get(terms) or self._all.setdefault(terms, Knowledge(terms, found))
            more = set(_readable(_inside(each) for each in found._closed if found.derives(_key(each))))
        return found

    def derives(self, value: Value) -> bool:
        """Whether the attacker can make it."""
        if not isinstance(value, Term):
            return value is not None
        known = self._derived.get(value)
        if known is None:
            known = self._derived[value] = value in self.terms or self._builds(value)
        return known

    def _builds(self, term: Term) -> bool:
        match term.kind:
            case "fn":
                return all(self.derives(part) for part in term.args[1])
            case "sealed":
                return self.derives(term.args[0]) and self.derives(term.args[2])
            case "wrapped":
                return all(self.derives(part) for part in term.args)
            case "message":
                return all(self.derives(part) for _, part in term.args[1])
            case "power":
                return self._raises(term)
            case _:
                return False

    def _raises(self, term: Term) -> bool:
        """From the base, or from some power of it that was heard, by exponents that are known."""
        base, exponents = term.args
        if self.derives(base) and all(self.derives(each) for each in exponents):
            return True
        for known in self.terms:
            if known.kind == "power" and known.args[0] == base:
                missing = list(exponents)
                try:
                    for each in known.args[1]:
                        missing.remove(each)
                except ValueError:
                    continue
                if all(self.derives(each) for each in missing):
                    return True
        return False

    def heard(self, field: str) -> set[Value]:
        """Every value of such a field in any message that was read."""
        if field not in self._heard:
            self._heard[field] = {
                value
                for term in self.terms
                if term.kind == "message"
                for name, value in term.args[1]
                if name == field
            }
        return self._heard[field]


_LOCKED = frozenset({"sealed", "wrapped"})


def _readable(said: Iterable[Value]) -> Iterator[Term]:
    """Terms, and what stands in messages among them."""
    for each in said:
        if isinstance(each, Term):
            yield each
            if each.kind == "message":
                yield from _readable(value for _, value in each.args[1])


def _inside(locked: Term) -> Value:
    return locked.args[2] if locked.kind == "sealed" else locked.args[1]


def _key(locked: Term) -> Value:
    """What opens it, if anything does."""
    if locked.kind == "sealed":
        return locked.args[0]
    ek = locked.args[0]
    return ek.args[1][0] if isinstance(ek, Term) and ek.kind == "fn" else None
