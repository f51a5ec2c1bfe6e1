"""The Olm double ratchet, by vodozemac. Nothing is ever signed: ``Account.sign`` is not called anywhere.

Knows: accounts, sessions, how they are pickled. Does not know: what is said, or how it travels.

Ratchet keys are drawn inside the library, from the operating system: no interface takes them from outside.
"""

from __future__ import annotations

from typing import Protocol

from vodozemac import (
    Account,
    AnyOlmMessage,
    Curve25519PublicKey,
    DecodeException,
    KeyException,
    OlmDecryptionException,
    PickleException,
    Session,
    SessionCreationException,
)

from p2pchat.errors import StoreError, Unreadable

_PRE_KEY = 0
_REFUSALS = (DecodeException, KeyException, OlmDecryptionException, SessionCreationException, ValueError)


class Ratchet(Protocol):
    """One side of a session, as the core uses it."""

    def encrypt(self, plain: bytes) -> bytes:
        """Message type (1 byte) and body."""
        ...

    def decrypt(self, message: bytes) -> bytes:
        """Undo ``encrypt``. Raises Unreadable."""
        ...

    def pickle(self) -> bytes:
        """Return the state to keep."""
        ...


class OlmAccount:
    """Our identity's private half."""

    def __init__(self, pickle: bytes, key: bytes) -> None:
        """Restore from ``pickle`` under the 32-byte ``key``. Raises StoreError."""
        try:
            self._account = Account.from_pickle(pickle.decode("ascii"), key)
        except (PickleException, ValueError) as error:
            raise StoreError("the identity in the store is damaged") from error
        self._key = key

    def __repr__(self) -> str:
        return "OlmAccount(…)"

    @property
    def identity_key(self) -> bytes:
        """Curve25519 public key, 32 bytes."""
        return self._account.curve25519_key.to_bytes()

    def one_time_key(self) -> bytes:
        """Make a one-time public key, 32 bytes, with which one contact can begin a session."""
        self._account.generate_one_time_keys(1)
        (key,) = self._account.one_time_keys.values()
        self._account.mark_keys_as_published()
        return key.to_bytes()

    def begin_session(self, identity: bytes, one_time: bytes) -> OlmSession:
        """Begin a session with the owner of both keys. Raises Unreadable on bad keys."""
        try:
            theirs = Curve25519PublicKey.from_bytes(identity), Curve25519PublicKey.from_bytes(one_time)
            return OlmSession(self._account.create_outbound_session(*theirs), self._key)
        except _REFUSALS as error:
            raise Unreadable("not keys to begin a session with") from error

    def accept_session(self, expected: bytes, message: bytes) -> tuple[OlmSession, bytes]:
        """Accept the session that ``message`` begins, if it is from ``expected``. Raises Unreadable."""
        try:
            pre_key = AnyOlmMessage.from_parts(message[0], message[1:]).to_pre_key()
            if pre_key is None:
                raise Unreadable("not the first message of a session")
            session, plain = self._account.create_inbound_session(
                Curve25519PublicKey.from_bytes(expected), pre_key
            )
        except (*_REFUSALS, IndexError) as error:
            raise Unreadable("the session cannot be accepted") from error
        return OlmSession(session, self._key), plain

    def pickle(self) -> bytes:
        """The account, encrypted under the key it was restored with."""
        return self._account.pickle(self._key).encode("ascii")


def create_account(key: bytes) -> OlmAccount:
    """Make a new identity, to be pickled under the 32-byte ``key``."""
    return OlmAccount(Account().pickle(key).encode("ascii"), key)


class OlmSession:
    """One contact's double ratchet."""

    def __init__(self, session: Session, key: bytes) -> None:
        self._session = session
        self._key = key

    def __repr__(self) -> str:
        return "OlmSession(…)"

    @classmethod
    def from_pickle(cls, pickle: bytes, key: bytes) -> OlmSession:
        """Undo ``pickle``. Raises StoreError."""
        try:
            return cls(Session.from_pickle(pickle.decode("ascii"), key), key)
        except (PickleException, ValueError) as error:
            raise StoreError("a session in the store is damaged") from error

    @property
    def id(self) -> str:
        """A hash of the first public keys, the same on both sides."""
        return self._session.session_id

    def encrypt(self, plain: bytes) -> bytes:
        """Message type (1 byte) and body."""
        kind, body = self._session.encrypt(plain).to_parts()
        return bytes([kind]) + body

    def decrypt(self, message: bytes) -> bytes:
        """Undo ``encrypt``. Raises Unreadable and then has changed nothing."""
        try:
            return self._session.decrypt(AnyOlmMessage.from_parts(message[0], message[1:]))
        except (*_REFUSALS, IndexError) as error:
            raise Unreadable("the message does not decrypt") from error

    def pickle(self) -> bytes:
        """The session, encrypted under its account's key."""
        return self._session.pickle(self._key).encode("ascii")
