"""New sessions as terms: an asker whose session is of no use, an answerer, and the attacker's network.

The messages are those of ``wire.recovery``, made by their own constructors; what follows from them is
``crypto.recovery`` and ``core.session.handshake`` themselves, run over terms. Written here by hand: the
order of messages, Olm's first message, the seals.

Mallory is a contact of both, with a line of her own to each. ``stolen``: whose recovery keys of the line
between the two she also has, but not their identity keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar
from unittest.mock import patch

from p2pchat.core.session import handshake
from p2pchat.crypto import recovery
from p2pchat.wire import recovery as words
from tests.symbolic.pairing import (
    KNOWN_KEYS,
    MISBOUND,
    OWN,
    Attack,
    Awaits,
    Found,
    G,
    Paired,
    Party,
    agreed,
    first_message,
    identity,
    opened,
    said_as,
)
from tests.symbolic.terms import Knowledge, Term, Value, atom, fn, power, public, sealed, wrapped

wire: Any = words
crypto: Any = recovery
core: Any = handshake

BASE, SECRET, HIDDEN = atom("mallory's base"), atom("mallory's KEM secret"), "what mallory hides"

UNASKED = "accepts an ask that no one present makes"
"""Neither its contact, who has met the challenge, nor a thief of the contact's keys."""


@dataclass(frozen=True)
class Heard:
    """Any cell in the new session. Before it is heard neither end is sure, and the asker asks again."""


@dataclass(frozen=True)
class Run:
    """An honest person who makes a new session with a contact, once."""

    role: str
    who: str
    whom: str

    def own(self, what: str) -> Term:
        """A fresh value of this run's."""
        return atom(f"{what} of {self.who} as {self.role} of {self.whom}")


@dataclass(frozen=True)
class Line:
    """What is known for the case that a session is of no use."""

    stolen: frozenset[str] = frozenset()
    hides: bool = True
    """Whether the answer's Olm message hides something that the roots depend on."""
    again: bool = False
    """Whether another asks, too, so that the asker is challenged once more before it is answered."""


def scalar(owner: str, contact: str) -> Term:
    return atom(f"recovery scalar of {owner} for {contact}")


def seed(owner: str, contact: str) -> Term:
    return atom(f"recovery seed of {owner} for {contact}")


def way(sender: str, receiver: str) -> Value:
    """What cells from one to the other are sealed with."""
    point = power(G, scalar(sender, receiver), scalar(receiver, sender))
    return crypto.RecoveryPath(point, power(G, scalar(sender, receiver)))._key


@contextmanager
def symbolically() -> Iterator[None]:
    def both(secret: Value, *said: Value) -> tuple[Term, Term]:
        return fn("asker's root", secret, *said), fn("answerer's root", secret, *said)

    with (
        patch.object(recovery, "derive", lambda key, label, *parts: fn(label, key, *parts)),
        patch.object(recovery, "roots", both),
    ):
        yield


def name_of(word: Any) -> Term:
    return fn("name", said_as(word))


def challenge_in(box: Value, secret: Term) -> Any:
    """The ciphertext in a challenge's box, if it opens."""
    fits = isinstance(box, Term) and box.kind == "sealed" and box.args[0] is fn("challenge", secret)
    return box.args[2] if fits else None


def inside(box: Value, key: Term, kind: type) -> Any:
    """What a box holds, if it opens."""
    if not (isinstance(box, Term) and box.kind == "sealed" and box.args[0] is key):
        return None
    name, held = box.args[2].args
    return kind(**dict(held)) if name == kind.__name__ else None


def hidden_in(olm: Value, who: str, one_time: Term, secret: Any) -> Value | None:
    """What an Olm message to ``who`` hides, if it opens; ``secret`` of its base key."""
    if not (isinstance(olm, Term) and olm.kind == "message" and olm.args[0] == "Olm first"):
        return None
    said = dict(olm.args[1])
    body = said["body"]
    fits = said["one_time"] is one_time and said["identity"] is identity(who)
    return body.args[2] if fits and body.args[0] is fn("Olm first", secret(said["base"])) else None


def asker(run: Run, line: Line) -> Party:
    knocked, otk, me = run.own("secret"), run.own("one-time"), atom(f"identity of {run.who}")
    knock = wire.Knock(wrapped(public(seed(run.whom, run.who)), knocked), 0, 0)

    def met(challenge: Any, box: Value) -> bool:
        return challenge.knock is name_of(knock) and challenge_in(box, knocked) is not None

    def challenges(challenge: Any, knows: Knowledge) -> list[Value]:
        if challenge.knock is not name_of(knock):
            return []
        ciphertexts = {*knows.heard("ciphertext"), wrapped(public(seed(run.who, run.whom)), SECRET)}
        return [sealed(fn("challenge", knocked), "", each) for each in ciphertexts]

    challenge = yield (
        [sealed(way(run.who, run.whom), "asker", said_as(knock))],
        Awaits(wire.Challenge, way(run.whom, run.who), ("box", met), challenges),
    )
    asks = wire.AskKeys(power(G, otk), public(run.own("seed")), 0)

    def ask_under(challenge: Any) -> tuple[Term, Any]:
        proof = opened(challenge_in(challenge.box, knocked), seed(run.who, run.whom))
        secret = crypto.proved(knocked, proof)
        return secret, wire.RecoveryAsk(name_of(knock), sealed(fn("ask", secret), "", said_as(asks)))

    secret, ask = ask_under(challenge)
    if line.again:
        challenge = yield (
            [sealed(way(run.who, run.whom), "asker", said_as(ask))],
            Awaits(wire.Challenge, way(run.whom, run.who), ("box", met), challenges),
        )
        secret, ask = ask_under(challenge)
    name = name_of(ask)

    def olm_secret(base: Value) -> Term:
        return agreed(power(identity(run.whom), otk), power(base, me), power(base, otk))

    def hidden(box: Value) -> tuple[Any, Value | None]:
        keys = inside(box, fn("answer", secret), wire.AnswerKeys)
        return keys, hidden_in(keys.olm, run.whom, power(G, otk), olm_secret) if keys is not None else None

    def right(answer: Any, box: Value) -> bool:
        return answer.ask is name and hidden(box)[1] is not None

    def made(answer: Any, knows: Knowledge) -> list[Value]:
        if answer.ask is not name:
            return []
        first = first_message(
            identity(run.whom), power(G, BASE), power(G, otk), olm_secret(power(G, BASE)), HIDDEN
        )
        ciphertexts = {*knows.heard("ciphertext"), wrapped(public(run.own("seed")), SECRET)}
        keys = [
            wire.AnswerKeys(0, one, olm) for one, olm in product(ciphertexts, {*knows.heard("olm"), first})
        ]
        boxes = [sealed(fn("answer", secret), "", said_as(each)) for each in keys]
        return [box for box in boxes if right(answer, box)]

    answer = yield (
        [sealed(way(run.who, run.whom), "asker", said_as(ask))],
        Awaits(wire.RecoveryAnswer, way(run.whom, run.who), ("box", right), made),
    )
    keys, what = hidden(answer.box)
    session = agreement(line, opened(keys.ciphertext, run.own("seed")), what, name, keys, run.who, run.whom)
    over = done(run, name, keys, session, run.who, run.whom)
    yield (
        [sealed(session.initiator, "asker", said_as(Heard()))],
        Awaits(Heard, session.responder, view=over.view),
    )
    yield [], over


def answerer(run: Run, line: Line) -> Party:
    me = atom(f"identity of {run.who}")

    knock = yield [], Awaits(wire.Knock, way(run.whom, run.who))
    knocked = opened(knock.ciphertext, seed(run.who, run.whom))
    secret: Any = None

    def challenged(what: str) -> tuple[Any, Term]:
        proof = run.own(what)
        box = sealed(fn("challenge", knocked), "", wrapped(public(seed(run.whom, run.who)), proof))
        return wire.Challenge(name_of(knock), box), crypto.proved(knocked, proof)

    def right(ask: Any, box: Value) -> bool:
        return ask.knock is name_of(knock) and inside(box, fn("ask", secret), wire.AskKeys) is not None

    def made(ask: Any, knows: Knowledge) -> list[Value]:
        one_times = {*knows.heard("one_time"), power(G, atom("mallory's one-time key"))}
        eks = {*knows.heard("encapsulation_key"), public(atom("mallory's seed"))}
        keys = [wire.AskKeys(one_time, ek, 0) for one_time, ek in product(one_times, eks)]
        return [sealed(fn("ask", secret), "", said_as(each)) for each in keys]

    for what in ("challenge", "challenge again") if line.again else ("challenge",):
        challenge, secret = challenged(what)
        ask = yield (
            [sealed(way(run.who, run.whom), "answerer", said_as(challenge))],
            Awaits(wire.RecoveryAsk, way(run.whom, run.who), ("box", right), made),
        )
    name = name_of(ask)
    theirs = inside(ask.box, fn("ask", secret), wire.AskKeys)
    base, shared, hides = run.own("base"), run.own("KEM secret"), run.own("hidden")
    olm_secret = agreed(
        power(theirs.one_time, me), power(identity(run.whom), base), power(theirs.one_time, base)
    )
    olm = first_message(identity(run.who), power(G, base), theirs.one_time, olm_secret, hides)
    keys = wire.AnswerKeys(0, wrapped(theirs.encapsulation_key, shared), olm)
    session = agreement(line, shared, hides, name, keys, run.whom, run.who)
    answer = wire.RecoveryAnswer(name, sealed(fn("answer", secret), "", said_as(keys)))
    over = done(run, name, keys, session, run.whom, run.who)
    sent = sealed(way(run.who, run.whom), "answerer", said_as(answer))
    yield [sent], Awaits(Heard, session.initiator, view=over.view)
    yield [sealed(session.responder, "answerer", said_as(Heard()))], over


def agreement(
    line: Line, shared: Value, hidden: Value, name: Term, keys: Any, asks: str, answers: str
) -> Any:
    exchanged = core.exchanged(name, keys, identity(asks), identity(answers))
    return crypto.derive_roots(shared, hidden if line.hides else "nothing", *exchanged)


def done(run: Run, name: Term, keys: Any, session: Any, asks: str, answers: str) -> Paired:
    seen = name, identity(asks), identity(answers), keys.ciphertext, keys.olm
    secrets = session.initiator, session.responder, session.renewal_key
    return Paired(run, identity(run.whom), seen, secrets)


class Recoveries(Attack):
    """The same search, over these."""

    parties: ClassVar[Any] = {"asker": (asker, "answerer"), "answerer": (answerer, "asker")}

    def search(self) -> Found | None:
        with symbolically():
            return self._from_the_start()

    def opening(self) -> list[Value]:
        known: list[Value] = [*OWN]
        for who in ("alice", "bob"):
            known += [identity(who), scalar("mallory", who), seed("mallory", who)]
            known += [power(G, scalar(who, "mallory")), public(seed(who, "mallory"))]
        ends = [each for each in (("alice", "bob"), ("bob", "alice")) if each[0] in self._rules.stolen]
        known += [make(*each) for make in (scalar, seed) for each in ends]
        for owner, other in ends:
            known += [public(seed(other, owner)), power(G, scalar(other, owner))]
        return known

    def _values(self, run: Any, name: str, so_far: Any, knows: Knowledge) -> list[Value]:
        own: set[Value] = set()
        match name:
            case "key" | "own":
                return [0]  # which of several keys: here each end has one
            case "ciphertext":
                own = {wrapped(public(seed(run.who, run.whom)), SECRET)}
            case "knock" | "ask":
                kind = {"knock": "Knock", "ask": "RecoveryAsk"}[name]
                own = {
                    fn("name", term)
                    for term in knows.terms
                    if term.kind == "message" and term.args[0] == kind
                }
        return [each for each in own | knows.heard(name) if knows.derives(each)]

    def _wrong(self, number: int, state: Any, then: Any, steps: Any) -> Found | None:
        run = self._runs[number]
        if self._unasked(number, state):
            return Found(UNASKED, run, steps)
        end = self._play(number, state[number])[1]
        if not isinstance(end, Paired):
            return None
        self.paired.add((run, end.peer))
        if run.whom == "mallory":
            return None
        _, knows = then
        if any(knows.derives(secret) for secret in end.secrets):
            return Found(KNOWN_KEYS, run, steps)
        agreeing = [
            n
            for n, other in enumerate(self._runs)
            if (other.who, other.whom) == (run.whom, run.who)
            and other.role != run.role
            and self._play(n, state[n])[1].view == end.view
        ]
        return None if agreeing else Found(MISBOUND, run, steps)

    def _unasked(self, number: int, state: Any) -> bool:
        """Whether an answerer has just taken an ask that no honest asker made for its challenge; a thief of
        the asker's recovery keys may make one."""
        run = self._runs[number]
        last = 2 if self._rules.again else 1
        taken = run.role == "answerer" and len(state[number]) == last + 1 and run.whom != "mallory"
        if not taken or run.whom in self._rules.stolen:
            return False
        challenge = self._play(number, state[number])[0][last][0].args[2]
        return not any(
            any(said_as(heard) is challenge for heard in each[:last]) and self._runs[n].who == run.whom
            for n, each in enumerate(state)
            if self._runs[n].role == "asker"
        )


def scenes(runs: int) -> Iterator[tuple[Run, ...]]:
    """So many honest runs: every choice of roles, people and contacts."""
    pairs = ("alice", "bob"), ("bob", "alice"), ("alice", "mallory"), ("bob", "mallory")
    each = [Run(role, *ends) for role, ends in product(("asker", "answerer"), pairs)]
    for chosen in product(each, repeat=runs):
        if list(chosen) == sorted(set(chosen), key=each.index):
            yield chosen


BOTH, NOBODY = frozenset({"alice", "bob"}), frozenset[str]()
"""Whose recovery keys the attacker has, too."""


def search_three(stolen: frozenset[str]) -> Found | None:
    """Search every choice of three honest runs. Either both were robbed or neither: alice and bob in each
    other's place change nothing, and half of the choices are left out."""
    seen: set[frozenset[Run]] = set()
    for chosen in scenes(3):
        if frozenset(map(_mirrored, chosen)) in seen:
            continue
        seen.add(frozenset(chosen))
        found = Recoveries(chosen, Line(stolen)).search()
        if found is not None:
            return found
    return None


def _mirrored(run: Run) -> Run:
    other = {"alice": "bob", "bob": "alice"}
    return Run(run.role, other[run.who], other.get(run.whom, run.whom))
