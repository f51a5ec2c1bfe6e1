"""What ML-KEM and Olm draw inside their libraries: kept once, and played back.

No interface takes this randomness from outside. So the ciphertexts, Olm messages and states of Olm that were
drawn once are in a file, and later runs get them in the same order. All else follows from a seed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from vodozemac import Account, Session

from p2pchat.crypto.olm import OlmAccount, OlmSession

PICKLE_KEY = bytes(32)
"""Under which the states of Olm are pickled: they are published."""


class OutOfStep(Exception):
    """Something else is asked for than was drawn: the protocol has changed."""


class Drawn:
    """Read the list of draws from a file, or make a new one if ``fresh``."""

    def __init__(self, place: Path, fresh: bool) -> None:
        self.fresh = fresh
        self._place = place
        self._items: list[dict[str, str]] = [] if fresh else json.loads(place.read_text())
        self._at = 0

    def take(self, kind: str, draw: Callable[[], dict[str, bytes]]) -> dict[str, bytes]:
        """The next item, which must be of that kind. Raises OutOfStep."""
        if self.fresh:
            made = {name: value.hex() for name, value in draw().items()}
            self._items.append({"kind": kind, **made})
        elif self._at == len(self._items) or self._items[self._at]["kind"] != kind:
            raise OutOfStep(f"{kind} was not drawn here: run scripts/vectors --draw")
        item = self._items[self._at]
        self._at += 1
        return {name: bytes.fromhex(value) for name, value in item.items() if name != "kind"}

    @property
    def left(self) -> int:
        """Items that were never asked for."""
        return len(self._items) - self._at

    def keep(self) -> None:
        """Write the file, if it is new."""
        if self.fresh:
            self._place.write_text(json.dumps(self._items, indent=1) + "\n")

    def kem(self) -> Any:
        """Stands in for ``MLKEM768PublicKey`` and keeps what it encapsulates."""
        drawn = self

        class Key:
            def __init__(self, data: bytes) -> None:
                self._real = MLKEM768PublicKey.from_public_bytes(data)

            @classmethod
            def from_public_bytes(cls, data: bytes) -> Key:
                return cls(data)

            def encapsulate(self) -> tuple[bytes, bytes]:
                def draw() -> dict[str, bytes]:
                    secret, ciphertext = self._real.encapsulate()
                    return {"secret": secret, "ciphertext": ciphertext}

                item = drawn.take("encapsulation", draw)
                return item["secret"], item["ciphertext"]

        return Key


class DrawnAccount(OlmAccount):
    """An identity whose keys are kept."""

    def __init__(self, drawn: Drawn) -> None:
        self._drawn = drawn
        self.published = self.begun = b""
        """The account with its one-time key, and the session that it began."""
        item = drawn.take("account", lambda: {"pickle": Account().pickle(PICKLE_KEY).encode()})
        super().__init__(item["pickle"], PICKLE_KEY)

    def one_time_key(self) -> bytes:
        def draw() -> dict[str, bytes]:
            key = super(DrawnAccount, self).one_time_key()
            return {"key": key, "pickle": self.pickle()}

        item = self._drawn.take("one-time key", draw)
        self.published = item["pickle"]
        self._account = Account.from_pickle(self.published.decode(), PICKLE_KEY)
        return item["key"]

    def begin_session(self, identity: bytes, one_time: bytes) -> DrawnSession:
        begin = super().begin_session
        item = self._drawn.take("session", lambda: {"pickle": begin(identity, one_time).pickle()})
        self.begun = item["pickle"]
        return DrawnSession(self.begun, self._drawn)

    def accept_session(self, expected: bytes, message: bytes) -> tuple[DrawnSession, bytes]:
        session, plain = super().accept_session(expected, message)
        return DrawnSession(session.pickle(), self._drawn), plain


class DrawnSession(OlmSession):
    """One side of a ratchet whose steps are kept."""

    def __init__(self, pickle: bytes, drawn: Drawn) -> None:
        self._drawn = drawn
        super().__init__(Session.from_pickle(pickle.decode(), PICKLE_KEY), PICKLE_KEY)

    def encrypt(self, plain: bytes) -> bytes:
        def draw() -> dict[str, bytes]:
            message = super(DrawnSession, self).encrypt(plain)
            return {"message": message, "pickle": self.pickle()}

        item = self._drawn.take("message", draw)
        self._session = Session.from_pickle(item["pickle"].decode(), PICKLE_KEY)
        return item["message"]
