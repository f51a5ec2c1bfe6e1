"""What an end does that wants a new session: it knocks, shows that it is there, asks, and takes the answer.

Knows: what we asked and when to ask again. Does not know: why, or what becomes of the session that is made.

What we asked is kept on disk: a node that is stopped and started goes on with it, and can open an answer that
came meanwhile. It is forgotten when it is answered, or too old.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from p2pchat.core.kit.moments import LATEST, NEVER
from p2pchat.core.session.halves import OwnKeys
from p2pchat.core.session.handshake import NewSession, SessionEnds, name_of, take_answer
from p2pchat.core.values.records import Identity
from p2pchat.crypto.exchange import SEED_BYTES, KemKey
from p2pchat.crypto.kdf import KEY_BYTES
from p2pchat.crypto.olm import OlmAccount
from p2pchat.crypto.recovery import PublicKey, open_under, proved, seal_under, secret_for
from p2pchat.data import dataclass
from p2pchat.errors import RefusedInput, Unreadable
from p2pchat.ports import Entropy, uniform
from p2pchat.wire import codec
from p2pchat.wire.geometry import CIPHERTEXT_BYTES
from p2pchat.wire.recovery import (
    KEY_NAME_BYTES,
    KEYS_NAMED_MAX,
    NAME_BYTES,
    AskKeys,
    Challenge,
    Knock,
    Living,
    RecoveryAnswer,
    RecoveryAsk,
    Word,
    encode_ask_keys,
)

FIRST_S = (1.0, 4.0)
"""An end that is out of step knocks after a random moment."""

KNOCK_S = (20.0, 21_600.0)
"""Then again, at gaps that double from the first to the second; each knock is two cells."""

QUIET_S = 60.0
"""The asked end listens for forty seconds before it answers: so long there is no need to knock."""

ASKS_MAX = 8
"""Asks for one knock, of which any may be answered."""

LIVING_S = 5400.0
"""An end that was told that another home lives asks again after so long, or longer."""

SETTLED_S = 600.0
"""A session that is of no use sooner than this leaves the gaps as long as they were: if a contact makes us
renew again and again, we do it ever more seldom."""

HEED_S, OTHERS_S, ANSWER_S = 2.0, 15.0, 90.0
"""An answer is heeded the first after it came, the second after we were first challenged, and the third after
it came if another has challenged us: a copy of the contact's home may be quicker than the home."""

KEPT_S = 21_600.0
"""So long an ask is good for an answer; then another is made."""

UNHEARD = bytes(NAME_BYTES)

_CHALLENGE_BYTES = KEY_NAME_BYTES + CIPHERTEXT_BYTES


@dataclass(slots=True)
class _Ask:
    """Our ask to a contact that has proved that it is there."""

    challenge: bytes
    """For which of our keys, by name, and the ciphertext."""
    secret: bytes = field(repr=False)
    word: RecoveryAsk
    box: bytes = field(default=b"", repr=False)
    """Of its answer."""
    answered_at: float = 0.0
    made_at: float | None = None
    """If in this run."""


@dataclass(slots=True)
class _Knock:
    word: Knock
    secret: bytes = field(repr=False)
    account: OlmAccount
    one_time: bytes
    """Public, of that account."""
    kem: KemKey
    until: float
    challenge: bytes = b""
    """By which the contact showed that it is there."""
    asks: list[_Ask] = field(default_factory=list)
    """One for each challenge, with the same keys: the contact restarted, or a member has kept an earlier
    challenge back."""
    new: bool = True
    """Of this run. One of before another life of this home may have used as well, and had its answer."""


class Asking:
    """The asks for a new session with one contact. ``moved``: there is something to store."""

    def __init__(
        self,
        ends: SessionEnds,
        entropy: Entropy,
        kept: list[Any],
    ) -> None:
        """``kept``: an earlier ``snapshot``."""
        self._ends = ends
        self._entropy = entropy
        self.moved = False
        self.at = NEVER
        """When to knock."""
        self._gap = KNOCK_S[0]
        self._begun_at = self._challenged_at = -NEVER
        self._knock: _Knock | None = _restored(kept[0], ends.identity) if _kept_whole(kept) else None

    @property
    def challenged(self) -> bool:
        """Whether the contact has shown that it hears us outside the session."""
        return self._knock is not None and bool(self._knock.challenge)

    def snapshot(self) -> list[dict[str, Any]]:
        """Return plain values for the store; an empty list if there is nothing to keep."""
        self.moved, knock = False, self._knock
        if knock is None:
            return []
        value = {
            "ciphertext": knock.word.ciphertext,
            "key": knock.word.key,
            "own": knock.word.own,
            "secret": knock.secret,
            "until": knock.until,
            "account": knock.account.pickle(),
            "one_time": knock.one_time,
            "seed": knock.kem.seed,
            "challenge": knock.challenge,
            "asks": [
                [ask.challenge, ask.secret, ask.word.box, ask.box, ask.answered_at] for ask in knock.asks
            ],
        }
        return [value]

    # --- when

    def on_connected(self, now: float) -> None:
        """A link came up: a clock that was ahead when we knocked is right again."""
        knock = self._knock
        if knock is not None and knock.until > now + KEPT_S:
            knock.until, self.moved = now + KEPT_S, True
        for ask in self._answered():
            ask.answered_at = min(ask.answered_at, now)

    def ask_soon(self, now: float) -> None:
        """Ask for a new session soon, because the present one seems to fail."""
        if now >= self._begun_at + SETTLED_S:
            self._gap = KNOCK_S[0]
            self.at = now + uniform(self._entropy, *FIRST_S)
        else:
            self._wait(now)

    def at_once(self, now: float) -> None:
        """Ask for a new session now, because a person wants it."""
        self.at, self._gap = now, KNOCK_S[0]

    def put_off(self, at: float) -> None:
        """Ask no sooner than ``at``."""
        self.at = max(self.at, at)

    def stop_asking(self) -> None:
        """Stop asking, because the session works again."""
        self.moved |= self._knock is not None
        self.at, self._knock = NEVER, None

    def _wait(self, now: float) -> None:
        self.at = now + self._gap * uniform(self._entropy, 0.8, 1.2)
        self._gap = min(KNOCK_S[1], self._gap * 2)

    # --- what is said

    def make_knock(self, theirs: PublicKey, own: OwnKeys, now: float) -> Word:
        """Make a knock, and plan the next one."""
        if self._knock is None or now >= self._knock.until:
            secret, ciphertext = secret_for(theirs)
            word = Knock(ciphertext, theirs.name, own.list_names())
            account = self._ends.account
            kem, one_time = KemKey.generate(self._entropy), account.one_time_key()
            self._challenged_at = -NEVER
            self._knock = _Knock(word, secret, account, one_time, kem, now + KEPT_S)
            self.moved = True
        self._wait(now)
        return self._knock.word

    def on_challenge(self, challenge: Challenge, own: OwnKeys, now: float) -> bool:
        """Whether the contact says by it, now, that it heard us knock. Raises Unreadable."""
        knock = self._knock
        if knock is None or challenge.knock != name_of(knock.word):
            return False
        opened = open_under(knock.secret, "challenge", challenge.box)
        if len(opened) != _CHALLENGE_BYTES:
            raise Unreadable("a challenge of another size")
        _secret_of(own, opened)  # raises on one that cannot be met
        self.moved |= knock.challenge != opened
        if not knock.challenge:
            self._challenged_at = now
        knock.challenge = opened
        return True

    def make_asks(self, own: OwnKeys, unheard: bytes, now: float) -> list[Word]:
        """Ask, once the contact has shown that it is there. ``unheard``: see ``AskKeys``."""
        knock = self._knock
        if knock is None or not knock.challenge:
            return []
        self.at = max(self.at, now + QUIET_S)
        ask = next((sent for sent in knock.asks if sent.challenge == knock.challenge), None)
        if ask is None:
            secret = proved(knock.secret, _secret_of(own, knock.challenge))
            keys = encode_ask_keys(AskKeys(knock.one_time, knock.kem.encapsulation_key, unheard))
            word = RecoveryAsk(name_of(knock.word), seal_under(secret, "ask", keys))
            ask = _Ask(knock.challenge, secret, word, made_at=now)
            knock.asks, self.moved = [*knock.asks, ask][-ASKS_MAX:], True
        return [ask.word]

    def on_living(self, living: Living, now: float) -> bool:
        """Whether the contact, which has read our ask, stays with another home. Raises Unreadable."""
        ask = self._find_ask(living.ask)
        if ask is None:
            return False
        open_under(ask.secret, "living", living.box)
        self._knock, self.moved = None, True
        self._gap = max(self._gap, LIVING_S)
        self._wait(now)
        return True

    def on_answer(self, answer: RecoveryAnswer, now: float) -> bool:
        """The contact, or a copy of its home, makes a new session with us; whether both do. Raises
        Unreadable, or Malformed."""
        ask, knock = self._find_ask(answer.ask), self._knock
        if ask is None or knock is None:
            return False
        if not ask.box:
            self._made(knock, ask, answer.box, now)
            ask.box, ask.answered_at, self.moved = answer.box, now, True
        return knock.new and len(self._answered()) > 1

    @property
    def new(self) -> bool:
        """Whether no other home can have had an answer to our ask."""
        return self._knock is not None and self._knock.new

    @property
    def heed_at(self) -> float:
        """When an answer is accepted."""
        answered = self._answered()
        if self._knock is None or not answered:
            return NEVER
        first = min(ask.answered_at for ask in answered)
        others = any(ask.made_at is not None and not ask.box for ask in self._knock.asks)
        return max(first + (ANSWER_S if others else HEED_S), self._challenged_at + OTHERS_S)

    def heed_answer(self, now: float) -> NewSession | None:
        """The session that the contact begins with us, once it is clear that no other answers."""
        knock = self._knock
        if knock is None or now < self.heed_at:
            return None
        ask = max(self._answered(), key=lambda one: (one.made_at is not None, one.answered_at))
        try:
            made = self._made(knock, ask, ask.box, now)
        except RefusedInput:
            knock.asks.remove(ask)  # it has waited too long
            return None
        self._knock, self.moved, self._begun_at = None, True, now
        self._wait(now)
        self.at += self._gap  # we shall be heard in the new session first
        return made

    @property
    def awaited_until(self) -> float:
        """Return until when homes that have challenged us may answer."""
        asks = self._knock.asks if self._knock is not None else []
        made = [ask.made_at for ask in asks if ask.made_at is not None]
        return max(made, default=-NEVER) + ANSWER_S

    def _made(self, knock: _Knock, ask: _Ask, box: bytes, now: float) -> NewSession:
        # Of a copy of the account: another may answer, too.
        account = OlmAccount(knock.account.pickle(), self._ends.identity.pickle_key)
        return take_answer(self._ends, account, knock.kem, name_of(ask.word), ask.secret, box, now)

    def _answered(self) -> list[_Ask]:
        return [ask for ask in self._knock.asks if ask.box] if self._knock is not None else []

    def _find_ask(self, name: bytes) -> _Ask | None:
        asks = self._knock.asks if self._knock is not None else []
        return next((sent for sent in asks if name == name_of(sent.word)), None)


def _kept_whole(kept: list[Any]) -> bool:
    """Homes of before knocked without naming keys: such a knock is of no use."""
    return bool(kept) and isinstance(kept[0], dict) and "own" in kept[0]


def _restored(kept: object, identity: Identity) -> _Knock:
    reader = codec.Reader(kept)
    knock = _Knock(
        Knock(
            reader.get_bytes("ciphertext", CIPHERTEXT_BYTES),
            reader.get_bytes("key", KEY_NAME_BYTES),
            reader.get_bytes("own", limit=KEYS_NAMED_MAX * KEY_NAME_BYTES),
        ),
        reader.get_bytes("secret", KEY_BYTES),
        OlmAccount(reader.get_bytes("account"), identity.pickle_key),
        reader.get_bytes("one_time", 32),
        KemKey.from_seed(reader.get_bytes("seed", SEED_BYTES)),
        reader.get_float("until", 0.0, LATEST),
        reader.get_bytes("challenge", limit=_CHALLENGE_BYTES),
        new=False,
    )
    for challenge, secret, box, *answer in reader.get_list("asks", ASKS_MAX):
        knock.asks.append(_Ask(challenge, secret, RecoveryAsk(name_of(knock.word), box), *answer))
    return knock


def _secret_of(own: OwnKeys, challenge: bytes) -> bytes:
    """The secret of a challenge. Raises Unreadable."""
    key = own.find_key(challenge[:KEY_NAME_BYTES])
    if key is None:
        raise Unreadable("a challenge for a key that is not ours")
    return key.decapsulate(challenge[KEY_NAME_BYTES:])
