"""The state from which a restored home makes new sessions.

Knows: which keys a backup keeps of a contact, and the state that a contact's session is in without ratchet
and chains. Does not know: files, or what follows (``reunion``).

The session that such a home starts with belongs to no contact: its keys are drawn here, and it is marked as
of no use, so that nothing is ever sent in it and the home asks for another as soon as it has a link.
"""

from __future__ import annotations

from dataclasses import replace

from p2pchat.core.session.halves import OwnKeys, TheirKeys, both_as_values
from p2pchat.core.session.kept_reunion import begin_torn
from p2pchat.core.session.renewal import Renewal
from p2pchat.core.session.session import Session
from p2pchat.core.session.turns import Turn
from p2pchat.core.values.changes import Change, PutContact, PutRecovery, PutSession
from p2pchat.core.values.records import Contact, Identity, RecoveryState
from p2pchat.crypto.envelope import ReceiveChain, SendChain, epoch_at
from p2pchat.crypto.exchange import public_point
from p2pchat.crypto.kdf import KEY_BYTES
from p2pchat.crypto.olm import OlmAccount
from p2pchat.ports import Entropy
from p2pchat.wire import codec

KEYS_LIMIT = 64 * 1024
"""Bytes of one contact's keys, as a backup has them; those with all older ones take 6 kB."""


def kept_keys(state: RecoveryState) -> bytes:
    """What a backup keeps of one contact's recovery: our keys, and theirs. Nothing that is under way."""
    read = codec.Reader(codec.unpack(state.state, len(state.state)))
    return codec.pack(both_as_values(OwnKeys.read_kept(read), TheirKeys.read_kept(read)))


def begin_restored(
    contact: Contact, keys: bytes, identity: Identity, entropy: Entropy, now: float
) -> list[Change]:
    """What a restored home keeps of a contact. A verified contact is now *verified before*. Raises
    Malformed, or Unreadable, on keys that are none."""
    verified = contact.trust.verified or contact.trust.verified_before
    trust = replace(contact.trust, verified=False, verified_before=verified, renewed_at=now)
    own, theirs = _keys(keys, entropy)
    standing = Turn.BEHIND if theirs is not None else Turn.LOST
    kept = begin_torn(own, theirs)
    return [
        PutContact(replace(contact, trust=trust, standing=standing.value)),
        PutSession(_of_nobody(contact, identity, entropy, now).snapshot()),
        PutRecovery(RecoveryState(contact.id, kept)),
    ]


def _keys(kept: bytes, entropy: Entropy) -> tuple[OwnKeys, TheirKeys | None]:
    if not kept:
        return OwnKeys.draw_first(entropy), None
    read = codec.Reader(codec.unpack(kept, KEYS_LIMIT))
    own, theirs = OwnKeys.read_kept(read), TheirKeys.read_kept(read)
    own.use_drawn()  # this is the home that the backup with that key has become
    return own, theirs


def _of_nobody(contact: Contact, identity: Identity, entropy: Entropy, now: float) -> Session:
    account = OlmAccount(identity.account, identity.pickle_key)
    olm = account.begin_session(contact.identity_key, public_point(entropy.draw_bytes(KEY_BYTES)))
    sending, receiving, renewal = (entropy.draw_bytes(KEY_BYTES) for _ in range(3))
    epoch = epoch_at(now)
    chains = SendChain(sending, epoch), [ReceiveChain(receiving, epoch)]
    return Session(contact.id, olm, *chains, Renewal(False, renewal, now))
