"""Pairing as terms: honest hosts and guests, and a network that is the attacker's.

The messages are those of ``wire.pairing``, made by their own constructors with terms for bytes; what binds
them is ``core.pairing.binding`` and ``crypto.cpace`` themselves, run over terms (``symbolically``). What is
written here by hand: the order of messages, and Olm's first two.

The attacker is mallory too, with an identity and keys of her own; honest people may have invited her, or
been invited by her. She hears all; each message that an honest one receives is any that she can make, by this
rule: every field is a value that she heard in a field of that name, in any run, or one of her own of that
kind; a sealed one must be sealed with a key that she can derive, or be one that she heard.

``OLD`` is the protocol as it was: the host confirmed in its first answer, and neither Olm's messages nor the
keys depended on CPace's key.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import combinations_with_replacement, product
from typing import Any, ClassVar
from unittest.mock import patch

from p2pchat.core.pairing import binding
from p2pchat.crypto import cpace
from p2pchat.types import Topic
from p2pchat.wire import pairing
from tests.symbolic.terms import Knowledge, Term, Value, atom, fn, message, power, public, sealed, wrapped

wire: Any = pairing
"""Its messages take terms here, where their types say bytes."""

G = "G"
"""X25519's base point."""


@dataclass(frozen=True)
class OldReply:
    """The host's first answer, as it was."""

    share: Value
    confirmation: Value


@dataclass(frozen=True)
class Rules:
    """What differs between the protocol and the one before."""

    host_confirms_first: bool
    bound: bool

    def hello(self, said: Any, isk: Value, answer: Any) -> Value:
        return said.guest_confirmation(isk, answer) if self.bound else "hello"

    def welcome(self, said: Any, isk: Value) -> Value:
        return said.host_confirmation(isk) if self.bound else "welcome"

    def keys(self, said: Any, isk: Value, shared: Value, host: Any, guest: Any) -> Any:
        if self.bound:
            return said.derive_keys(isk, shared)
        of = (host.identity, guest.identity, host.one_time, host.encapsulation_key, guest.ciphertext)
        return *(fn(f"{who} root", shared, *of) for who in ("host", "guest")), fn("renewal key", shared)


NEW, OLD = Rules(host_confirms_first=False, bound=True), Rules(host_confirms_first=True, bound=False)


@contextmanager
def symbolically() -> Iterator[None]:
    """The code that binds a pairing, over terms."""

    def derive(key: Value, label: str, *parts: Value, size: int = 32) -> Term:
        return fn(label, key, *parts)

    def both(secret: Value) -> tuple[Term, Term]:
        return fn("host root", secret), fn("guest root", secret)

    with (
        patch.object(binding, "derive", derive),
        patch.object(binding, "roots", both),
        patch.object(binding, "encode_pairing", said_as),
        patch.object(cpace, "derive", derive),
    ):
        yield


@cache
def said_as(said: Any) -> Term:
    """A message as a term."""
    return message(type(said).__name__, *((each.name, getattr(said, each.name)) for each in fields(said)))


# --- honest people


@dataclass(frozen=True)
class Code:
    """An invite; ``leaked``: mallory has the words, for she was given them, or gave them."""

    name: str
    leaked: bool

    @property
    def words(self) -> Term:
        return atom(f"words of {self.name}")


@dataclass(frozen=True)
class Run:
    """One honest person in one pairing."""

    role: str
    who: str
    code: Code

    def own(self, what: str) -> Term:
        """A fresh value of this run's."""
        return atom(f"{what} of {self.who} as {self.role} of {self.code.name}")


@cache
def identity(who: str) -> Term:
    return power(G, atom(f"identity of {who}"))


@dataclass(frozen=True)
class Awaits:
    """What a run can take next."""

    kind: type
    key: Value = None
    """None: it comes in the open."""
    last: tuple[str, Callable[[Any, Value], bool]] | None = None
    """The one field that proves something, and what is checked of it."""
    proofs: Callable[[Any, Knowledge], list[Value]] = lambda message, knows: []
    """Values of that field which would be accepted, that mallory may try to make."""
    view: tuple[Any, ...] = ()
    """What this end has agreed to so far, once it has said all of it."""


@dataclass(frozen=True)
class Paired:
    """What one end believes when it is done."""

    run: Any
    peer: Value
    view: tuple[Any, ...]
    """Code, names, keys, mesh: all of both bundles."""
    secrets: tuple[Value, ...]


def confirmation(isk: Any, role: str, ya: Any, yb: Any) -> Any:
    return cpace.confirmation(isk, role, ya, yb)


Party = Generator[tuple[list[Term], Awaits | Paired], Any, None]


def generator(code: Code, sid: Value) -> Term:
    return fn("CPace generator", code.words, f"topic of {code.name}", sid)


def session_key(sid: Value, shared: Value, ya: Value, yb: Value) -> Term:
    return fn("CPace ISK", sid, shared, ya, yb)


def agreed(identities: Term, middle: Term, ephemeral: Term) -> Term:
    """Olm's secret: initiator's identity with one-time key, base with identity, base with one-time key."""
    return fn("Olm", identities, middle, ephemeral)


def guest(run: Run, rules: Rules) -> Party:
    said: Any = binding.Transcript(Topic(b""))
    sid, x = run.own("sid"), run.own("x")
    ya = power(generator(run.code, sid), x)
    start = wire.PakeStart(sid, ya)
    said.add("guest", said_as(start))
    kind = OldReply if rules.host_confirms_first else wire.PakeReply

    def isk_with(reply: Any) -> Term:
        return session_key(sid, power(reply.share, x), ya, reply.share)

    def host_has_it(reply: Any) -> Value:
        return confirmation(isk_with(reply), "host", ya, reply.share)

    proof = ("confirmation", lambda reply, value: value is host_has_it(reply)) if kind is OldReply else None
    reply = yield [said_as(start)], Awaits(kind, last=proof, proofs=lambda reply, knows: [host_has_it(reply)])
    said.add("host", said_as(reply))
    isk = isk_with(reply)
    confirm = wire.PakeConfirm(confirmation(isk, "guest", ya, reply.share))
    said.add("guest", said_as(confirm))
    key = fn("pairing", isk)
    host = yield [said_as(confirm)], Awaits(wire.HostBundle, key)
    said.add("host", said_as(host))
    mine, base, shared = atom(f"identity of {run.who}"), run.own("base"), run.own("KEM secret")
    answer = wire.GuestBundle(run.who, power(G, mine), wrapped(host.encapsulation_key, shared), b"")
    secret = agreed(power(host.one_time, mine), power(host.identity, base), power(host.one_time, base))
    hello = rules.hello(said, isk, answer)
    answer = replace(answer, olm=first_message(power(G, mine), power(G, base), host.one_time, secret, hello))
    said.add("guest", said_as(answer))
    expected = reply_message(secret, rules.welcome(said, isk))
    proof = ("olm", lambda welcome, value: value is expected)
    sent = sealed(key, "guest", said_as(answer))
    seen = view(run.code, host, answer)
    yield [sent], Awaits(wire.PairingWelcome, key, proof, lambda welcome, knows: [expected], seen)
    yield [], Paired(run, host.identity, seen, rules.keys(said, isk, shared, host, answer))


def host(run: Run, rules: Rules) -> Party:
    said: Any = binding.Transcript(Topic(b""))
    start = yield [], Awaits(wire.PakeStart)
    said.add("guest", said_as(start))
    y = run.own("y")
    yb = power(generator(run.code, start.sid), y)
    isk = session_key(start.sid, power(start.share, y), start.share, yb)
    reply: Any = wire.PakeReply(yb)
    if rules.host_confirms_first:
        reply = OldReply(yb, confirmation(isk, "host", start.share, yb))
    said.add("host", said_as(reply))
    expected = confirmation(isk, "guest", start.share, yb)
    proof: Any = ("confirmation", lambda confirm, value: value is expected)
    confirm = yield [said_as(reply)], Awaits(wire.PakeConfirm, None, proof, lambda confirm, knows: [expected])
    said.add("guest", said_as(confirm))
    key, mine, otk, seed = (
        fn("pairing", isk),
        atom(f"identity of {run.who}"),
        run.own("one-time"),
        run.own("seed"),
    )
    mesh = run.own("mesh")
    bundle = wire.HostBundle(run.who, power(G, mine), power(G, otk), public(seed), mesh, (), 0)
    said.add("host", said_as(bundle))

    def expected_from(guest: Any, base: Value) -> Term:
        """The one Olm message of that base key which is taken."""
        secret = agreed(power(guest.identity, otk), power(base, mine), power(base, otk))
        hello = rules.hello(said, isk, guest)
        return first_message(guest.identity, base, power(G, otk), secret, hello)

    def right(guest: Any, value: Value) -> bool:
        first = isinstance(value, Term) and value.kind == "message"
        return first and value is expected_from(guest, dict(value.args[1])["base"])

    def made_by_mallory(guest: Any, knows: Knowledge) -> list[Value]:
        return [expected_from(guest, power(G, atom("mallory's base")))]

    proof = ("olm", right)
    awaits = Awaits(wire.GuestBundle, key, proof, made_by_mallory)
    answer = yield [sealed(key, "host", said_as(bundle))], awaits
    said.add("guest", said_as(answer))
    base = dict(answer.olm.args[1])["base"]
    secret = agreed(power(answer.identity, otk), power(base, mine), power(base, otk))
    welcome = wire.PairingWelcome(reply_message(secret, rules.welcome(said, isk)))
    shared = (
        answer.ciphertext.args[1]
        if answer.ciphertext.args[0] is public(seed)
        else fn("rejected", seed, answer.ciphertext)
    )
    keys = rules.keys(said, isk, shared, bundle, answer)
    paired = Paired(run, answer.identity, view(run.code, bundle, answer), keys)
    yield [sealed(key, "host", said_as(welcome))], paired


def opened(ciphertext: Term, seed: Value) -> Value:
    """ML-KEM never refuses: another's ciphertext gives another secret."""
    ek, secret = ciphertext.args
    return secret if ek is public(seed) else fn("rejected", seed, ciphertext)


def view(code: Code, host: Any, guest: Any) -> tuple[Any, ...]:
    """What both must agree on: all of both bundles as sent, but for Olm's own message."""
    return (code, *host_fields(host), guest.nick, guest.identity, guest.ciphertext)


def host_fields(host: Any) -> tuple[Any, ...]:
    return tuple(getattr(host, each.name) for each in fields(host))


def first_message(who: Value, base: Value, one_time: Value, secret: Term, plain: Value) -> Term:
    body = sealed(fn("Olm first", secret), "", plain)
    return message("Olm first", ("identity", who), ("base", base), ("one_time", one_time), ("body", body))


def reply_message(secret: Term, plain: Value) -> Term:
    return sealed(fn("Olm reply", secret), "", plain)


OURS = Code("ours", leaked=False)
HERS, OTHERS = Code("hers", leaked=True), Code("others", leaked=True)


def scenes(runs: int) -> Iterator[tuple[Run, ...]]:
    """So many honest runs: every choice of roles, people and codes, where a code has one host at most; of
    those that differ by names alone, one."""
    each = [Run(*one) for one in product(("host", "guest"), ("alice", "bob"), (OURS, HERS, OTHERS))]
    known: set[frozenset[Run]] = set()
    for chosen in combinations_with_replacement(each, runs):
        hosted = [run.code for run in chosen if run.role == "host"]
        if len(set(chosen)) < runs or len(set(hosted)) < len(hosted) or frozenset(chosen) in known:
            continue
        known |= {frozenset(other) for other in _alike(chosen)}
        yield chosen


def _alike(chosen: Sequence[Run]) -> Iterator[list[Run]]:
    """The same with people or codes exchanged."""
    people, codes = {"alice": "bob", "bob": "alice"}, {HERS: OTHERS, OTHERS: HERS, OURS: OURS}
    for by_whom, by_which in product((False, True), repeat=2):
        yield [
            Run(run.role, people[run.who] if by_whom else run.who, codes[run.code] if by_which else run.code)
            for run in chosen
        ]


# --- what mallory does


TESTABLE = "a reply by which a guess is tested"
STRANGER = "paired with a side that does not have the words"
KNOWN_KEYS = "keys that mallory has"
MISBOUND = "paired with a side that believes something else"


@dataclass(frozen=True)
class Found:
    """Something that must not be."""

    what: str
    run: Any
    steps: tuple[tuple[Any, Any], ...]
    """What mallory had each run receive, in order."""


State = tuple[tuple[Any, ...], ...]
"""What each run received so far."""


class Attack:
    """All that can happen in some honest runs, one step of mallory's after the other."""

    parties: ClassVar[dict[str, tuple[Callable[[Any, Any], Party], str]]]
    """By role: who plays it, and the role opposite."""
    own: ClassVar[dict[str, Value]]
    """Mallory's own values, by the names of fields."""

    def opening(self) -> list[Value]:
        """What mallory knows before anything is said."""
        people = [identity(run.who) for run in self._runs]
        return [*OWN, *people, *(run.code.words for run in self._runs if run.code.leaked)]

    def __init__(
        self, runs: Sequence[Any], rules: Any, steps: int = 99, looking_for: str | None = None
    ) -> None:
        """``steps``: how many messages mallory delivers, at most; ``looking_for``: one kind of violation, or
        None for any."""
        self._looking_for = looking_for
        self._runs = runs
        self._steps = steps
        self._rules = rules
        self._known_before = Knowledge.of(self.opening())
        self._seen: set[Any] = set()
        self._played: dict[Any, tuple[list[list[Term]], Awaits | Paired]] = {}
        self.states = 0
        self.paired: set[tuple[Any, Value]] = set()
        """Which runs came to an end in some state, and with whose identity key."""

    def search(self) -> Found | None:
        """The first violation found, or None when there is none in any state."""
        with symbolically():
            return self._from_the_start()

    def _from_the_start(self) -> Found | None:
        said = [term for n in range(len(self._runs)) for sent in self._play(n, ())[0] for term in sent]
        return self._from(((),) * len(self._runs), self._known_before.hear(said), ())

    def _from(self, state: State, knows: Knowledge, steps: tuple[tuple[Run, Any], ...]) -> Found | None:
        mark = tuple(tuple(said_as(each) for each in received) for received in state)
        if mark in self._seen:
            return None
        self._seen.add(mark)
        self.states += 1
        if len(steps) >= self._steps:
            return None
        ends = [self._play(number, received)[1] for number, received in enumerate(state)]
        for number, awaits in enumerate(ends):
            if isinstance(awaits, Paired):
                continue
            for received in self._makes(self._runs[number], awaits, knows):
                after = (*state[:number], (*state[number], received), *state[number + 1 :])
                done = (*steps, (self._runs[number], received))
                after_it = knows.hear(self._play(number, after[number])[0][-1])
                wrong = self._wrong(number, after, (knows, after_it), done)
                if wrong is not None and self._looking_for in (None, wrong.what):
                    return wrong
                found = self._from(after, after_it, done)
                if found is not None:
                    return found
        return None

    def _play(self, number: int, received: tuple[Any, ...]) -> tuple[list[list[Term]], Awaits | Paired]:
        """What the run has said, and what it waits for or believes."""
        key = number, tuple(said_as(each) for each in received)
        if key not in self._played:
            run = self._runs[number]
            party = self.parties[run.role][0](run, self._rules)
            said, end = next(party)
            all_said = [said]
            for each in received:
                said, end = party.send(each)
                all_said.append(said)
            self._played[key] = all_said, end
        return self._played[key]

    # --- what an honest run can be made to receive

    def _makes(self, run: Run, awaits: Awaits, knows: Knowledge) -> Iterator[Any]:
        if awaits.key is not None:
            yield from self._repeats(run, awaits, knows)
            if not knows.derives(awaits.key):
                return
        proof = awaits.last[0] if awaits.last is not None else None
        names = [each.name for each in fields(awaits.kind)]
        made: list[dict[str, Value]] = [{}]
        for name in names:
            if name == proof:
                continue
            made = [{**one, name: value} for one in made for value in self._values(run, name, one, knows)]
        for one in made:
            if proof is None:
                yield awaits.kind(**one)
                continue
            assert awaits.last is not None, "it proves something"
            empty = awaits.kind(**one, **{proof: None})
            right = {value for value in knows.heard(proof) if awaits.last[1](empty, value)}
            right |= {value for value in awaits.proofs(empty, knows) if knows.derives(value)}
            for value in right:
                yield replace(empty, **{proof: value})

    def _repeats(self, run: Run, awaits: Awaits, knows: Knowledge) -> Iterator[Any]:
        """Sealed ones that were heard."""
        other = self.parties[run.role][1]
        for term in knows.terms:
            if term.kind == "sealed" and term.args[0] is awaits.key and term.args[1] == other:
                kind, said = term.args[2].args
                if kind == awaits.kind.__name__:
                    one = awaits.kind(**dict(said))
                    if awaits.last is None or awaits.last[1](one, getattr(one, awaits.last[0])):
                        yield one

    def _values(self, run: Run, name: str, so_far: dict[str, Value], knows: Knowledge) -> list[Value]:
        """What mallory can put into a field."""
        if name in CONSTANT:
            return [CONSTANT[name]]
        own: list[Value] = []
        match name:
            case "share":
                sid = so_far.get("sid", run.own("sid"))
                mine = power(generator(run.code, sid), X)
                own = [mine if knows.derives(mine) else power(G, X)]
            case "ciphertext":
                own = [wrapped(public(run.own("seed")), atom("mallory's KEM secret"))]
            case _:
                own = [self.own[name]]
        return [*own, *(knows.heard(name) - set(own))]

    # --- what must not be

    def _wrong(self, number: int, state: State, then: Any, steps: Any) -> Found | None:
        before, knows = then  # all that mallory knows before the last step, and after it
        run = self._runs[number]
        said, end = self._play(number, state[number])
        if run.role == "host" and len(state[number]) == 1 and _tells(said[-1][0], before):
            return Found(TESTABLE, run, steps)
        if not isinstance(end, Paired):
            return None
        self.paired.add((run, end.peer))
        honest = {identity(each.who): each.who for each in self._runs}
        if end.peer not in honest:
            stranger = not run.code.leaked
            return Found(STRANGER, run, steps) if stranger else None
        if any(knows.derives(secret) for secret in end.secrets):
            return Found(KNOWN_KEYS, run, steps)
        agreeing = [
            n
            for n, each in enumerate(self._runs)
            if each.who == honest[end.peer]
            and each.role != run.role
            and self._play(n, state[n])[1].view == end.view  # and so of this code, which has one host
        ]
        if not agreeing:
            return Found(MISBOUND, run, steps)
        return None


X = atom("mallory's x")
MALLORY: dict[str, Value] = {
    "sid": atom("mallory's sid"),
    "nick": "mallory",
    "identity": identity("mallory"),
    "one_time": power(G, atom("mallory's one-time key")),
    "encapsulation_key": public(atom("mallory's seed")),
    "mesh_secret": atom("mallory's mesh"),
}
"""Her own values, by the names of fields."""

CONSTANT: dict[str, Value] = {"rendezvous": (), "epoch": 0}
"""Fields that no step depends on."""

OWN = [atom(f"mallory's {each}") for each in ("one-time key", "seed", "KEM secret", "base")]
OWN += [X, atom("identity of mallory"), MALLORY["sid"], MALLORY["mesh_secret"]]


Attack.parties = {"host": (host, "guest"), "guest": (guest, "host")}
Attack.own = MALLORY


def _tells(reply: Term, knows: Knowledge) -> bool:
    """Whether an attacker with the right words can compute a part of the reply, and so see that they are
    right."""
    _, said = reply.args
    for name, value in said:
        others = knows.hear([each for other, each in said if other != name])
        if isinstance(value, Term) and value.kind in ("fn", "sealed") and others.derives(value):
            return True
    return False
