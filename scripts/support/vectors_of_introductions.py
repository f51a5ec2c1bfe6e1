"""Vectors of an introduction: what two members of a room say to each other, from the question to the keys.

As ``vectors``, whose clock these share.
"""

from __future__ import annotations

from unittest.mock import patch

from p2pchat.core.introductions import handshake
from p2pchat.core.introductions.handshake import Agreement
from p2pchat.crypto import exchange
from p2pchat.crypto.identity import safety_number
from p2pchat.crypto.olm import OlmSession
from p2pchat.types import IntroductionId, RoomId, conversation_in
from p2pchat.wire.introductions import IntroductionAsk, IntroductionWord, encode_word
from scripts.support.drawn import PICKLE_KEY, Drawn, DrawnAccount, DrawnSession
from scripts.support.vectors import NOW, Fields, RecordedEntropy


def introduction(drawn: Drawn) -> Fields:
    """Gus asks Hana, who is the host; both become contacts."""
    entropy, of_host = RecordedEntropy("introduction"), RecordedEntropy("host of an introduction")
    hana, gus = DrawnAccount(drawn), DrawnAccount(drawn)
    id, seed = IntroductionId(entropy.draw_bytes(16)), entropy.draw_bytes(32)
    room, guest, host = RoomId(b"r" * 32), b"g" * 32, b"h" * 32
    both = Agreement(seed, (b"room", id, conversation_in(room).encode(), guest, host))
    with (
        patch.object(exchange, "MLKEM768PublicKey", drawn.kem()),
        patch.object(handshake, "OlmAccount", lambda pickle, key: hana),
        patch.object(OlmSession, "from_pickle", lambda pickle, key: DrawnSession(pickle, drawn)),
    ):
        keys, of_hana = handshake.make_keys(id, hana, of_host, NOW)
        answer, of_gus = handshake.answer_keys(both, keys, gus, NOW)
        welcome, at_host = handshake.accept_answer(both, keys, of_hana, answer, PICKLE_KEY)
        at_guest = handshake.take_welcome(both, keys, of_gus, welcome, PICKLE_KEY)
    assert at_host.renewal_key == at_guest.renewal_key
    words: list[tuple[str, IntroductionWord]] = [
        ("guest", IntroductionAsk(id, NOW, True, seed)),
        ("host", keys),
        ("guest", answer),
        ("host", welcome),
    ]
    return {
        "room": room,
        "members": {"guest": guest, "host": host},
        "host": {
            "identity": hana.identity_key,
            "ml_kem_seed": of_host.of(64),
            "account": hana.published,
        },
        "guest": {"identity": gus.identity_key, "session": gus.begun},
        "words": [{"from": role, "word": encode_word(word)} for role, word in words],
        "renewal_key": at_host.renewal_key,
        "first_tags": {
            "host": at_host.sending.peek_tags(1)[0],
            "guest": at_guest.sending.peek_tags(1)[0],
        },
        "safety_number": safety_number(hana.identity_key, gus.identity_key),
    }
