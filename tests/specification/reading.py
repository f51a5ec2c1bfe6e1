"""Another implementation, of what the protocol's two pages say, and with no line of p2pchat.

Section names are those of docs/protocol/encodings.md. What is not so raises ValueError, or a library's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from hashlib import blake2b
from ipaddress import ip_address
from typing import Any
from unicodedata import category, normalize

import msgpack  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESSIV, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_scalarmult,
    crypto_scalarmult_base,
    crypto_secretstream_xchacha20poly1305_init_pull,
    crypto_secretstream_xchacha20poly1305_pull,
    crypto_secretstream_xchacha20poly1305_state,
    crypto_sign_open,
)
from nacl.exceptions import BadSignatureError
from nacl.pwhash import argon2id
from vodozemac import Account, AnyOlmMessage, Curve25519PublicKey, Session

Map = dict[str, Any]

# --- Basics


def derive(key: bytes, label: str, *parts: bytes, size: int = 32) -> bytes:
    fed = b"".join(len(part).to_bytes(4, "big") + part for part in (label.encode(), *parts))
    return blake2b(fed, key=key, digest_size=size).digest()


def hashed(data: bytes, size: int = 32) -> bytes:
    return blake2b(data, digest_size=size).digest()


def read_map(data: bytes) -> Map:
    value = msgpack.unpackb(data, strict_map_key=True)
    ordered = {key: value[key] for key in sorted(value)}
    require(msgpack.packb(ordered, use_bin_type=True) == data)
    return ordered


def write_map(value: Map) -> bytes:
    return bytes(msgpack.packb({key: value[key] for key in sorted(value)}, use_bin_type=True))


def padded(data: bytes, size: int) -> bytes:
    return (len(data).to_bytes(2, "big") + data).ljust(size, b"\0")


def unpadded(data: bytes, length: int) -> bytes:
    require(not any(data[length:]) and length <= len(data))
    return data[:length]


def require(condition: bool) -> None:
    if not condition:
        raise ValueError("not as the document says")


def x25519(scalar: bytes, point: bytes) -> bytes:
    return crypto_scalarmult(scalar, point)


def decapsulated(seed: bytes, ciphertext: bytes) -> bytes:
    return MLKEM768PrivateKey.from_seed_bytes(seed).decapsulate(ciphertext)


def encapsulation_key(seed: bytes) -> bytes:
    return MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()


# --- Blobs


def open_blob(key: bytes, blob: bytes, ad: bytes) -> bytes:
    """The padded map."""
    require(len(blob) == 2048)
    plain = crypto_aead_xchacha20poly1305_ietf_decrypt(blob[24:], ad, blob[:24], key)
    require(len(plain) == 2008)
    return plain


def blob_map(plain: bytes) -> Map:
    return read_map(unpadded(plain[2:], int.from_bytes(plain[:2], "big")))


# --- Pairing: CPace


def _leb128(data: bytes) -> bytes:
    length, prefix = len(data), b""
    while length > 127:
        prefix += bytes([length % 128 + 128])
        length //= 128
    return prefix + bytes([length]) + data


def cpace_generator(words: bytes, channel: bytes, sid: bytes) -> bytes:
    """The draft's calculate_generator for X25519: SHA-512, then Elligator 2."""
    zeros = bytes(max(0, 128 - 1 - len(_leb128(words)) - len(_leb128(b"CPace255"))))
    text = b"".join(map(_leb128, (b"CPace255", words, zeros, channel, sid)))
    uniform = hashlib.sha512(text).digest()[:32]
    p, a = 2**255 - 19, 486662
    r = int.from_bytes(uniform, "little") % 2**255
    v = -a * pow(1 + 2 * r * r, -1, p) % p
    square = pow(v**3 + a * v**2 + v, (p - 1) // 2, p) in (0, 1)
    return (v if square else (-v - a) % p).to_bytes(32, "little")


def cpace_key(shared: bytes, sid: bytes, ya: bytes, yb: bytes) -> bytes:
    parts = (b"CPace255_ISK", sid, shared, ya, b"guest", yb, b"host")
    return hashlib.sha512(b"".join(map(_leb128, parts))).digest()


def safety_number(*identities: bytes) -> str:
    halves = []
    for key in identities:
        state = b"p2pchat identity" + key
        for _ in range(5200):
            state = hashlib.sha512(state + key).digest()
        groups = [int.from_bytes(state[at : at + 5], "big") % 100_000 for at in range(0, 30, 5)]
        halves.append("".join(f"{group:05}" for group in groups))
    digits = "".join(sorted(halves))
    return " ".join(digits[at : at + 5] for at in range(0, 60, 5))


# --- Offers


def description(data: bytes) -> Map:
    setup, nat, fingerprint = data[0], data[1], data[2:34]
    ufrag, rest = _short(data[34:])
    pwd, rest = _short(rest)
    count, rest = rest[0], rest[1:]
    candidates = []
    for _ in range(count):
        kind, size = rest[0], rest[1]
        address, rest = rest[2 : 2 + size], rest[2 + size :]
        port, priority, rest = rest[:2], rest[2:6], rest[6:]
        numbers = int.from_bytes(port, "big"), int.from_bytes(priority, "big")
        named = ("host", "srflx", "relay")[kind >> 1], ("udp", "tcp")[kind & 1]
        candidates.append([*named, str(ip_address(address)), *numbers])
    require(not rest)
    return {
        "setup": ("actpass", "active", "passive")[setup],
        "nat": nat,
        "fingerprint": fingerprint.hex(),
        "ufrag": ufrag.decode("ascii"),
        "pwd": pwd.decode("ascii"),
        "candidates": candidates,
    }


def _short(data: bytes) -> tuple[bytes, bytes]:
    return data[1 : 1 + data[0]], data[1 + data[0] :]


# --- Frames


def open_frame(link64: bytes, role: str, number: int, sealed: bytes) -> tuple[int, bytes]:
    """Kind and body."""
    require(len(sealed) == 1152)
    aead = ChaCha20Poly1305(derive(link64[32:], f"frames from {role}"))
    plain = aead.decrypt(number.to_bytes(12, "big"), sealed, None)
    require(len(plain) == 1136 and plain[1] == 0 and not any(plain[4:16]))
    return plain[0], unpadded(plain[16:], int.from_bytes(plain[2:4], "big"))


def confirmation(link64: bytes, role: str, own: bytes, peer: bytes) -> bytes:
    return derive(link64[:32], "confirm", role.encode(), own, peer)


# --- Cells


class Direction:
    """What one end sends under one generation of roots."""

    def __init__(self, root: bytes, epoch: int) -> None:
        self._root, self._epoch = root, epoch

    def root(self, epoch: int) -> bytes:
        root = self._root
        for _ in range(epoch - self._epoch):
            root = derive(root, "epoch")
        return root

    def tag(self, epoch: int, index: int) -> bytes:
        tags = derive(self.root(epoch), "tags")
        return derive(tags, "tag", index.to_bytes(4, "big"), size=16)

    def mark(self, epoch: int, binding: bytes, nonce: bytes) -> bytes:
        return derive(derive(self.root(epoch), "tags"), "mark", binding, nonce, size=16)

    def open(self, cell: bytes, index: int) -> Map:
        require(len(cell) == 925)
        epoch = int.from_bytes(cell[16:20], "big")
        require(cell[:16] == self.tag(epoch, index))
        chain = derive(self.root(epoch), "chain")
        for _ in range(index):
            chain = derive(chain, "next")
        box_key = derive(derive(chain, "message"), "box", size=64)
        return fragment(AESSIV(box_key).decrypt(cell[28:], [cell[:20]]))


def fragment(plain: bytes) -> Map:
    require(len(plain) == 881)
    at, fields = 0, {}
    sizes = {"lane": 1, "number": 4, "floor": 4, "index": 2, "count": 2, "length": 2}
    for name, size in {**sizes, "seen_epoch": 4, "seen_index": 2}.items():
        fields[name] = int.from_bytes(plain[at : at + size], "big")
        at += size
    data = unpadded(plain[at:], fields.pop("length"))
    return {**fields, "data": data}


def worth(cell: bytes) -> int:
    key = hashed(cell[:20] + bytes(8) + cell[28:])
    value = blake2b(cell[20:28], key=key, digest_size=8).digest()
    return 64 - int.from_bytes(value, "big").bit_length()


# --- Payloads


def link(number: int, ordered: bytes) -> bytes:
    """What stands in front of the payload after this one."""
    return derive(b"", "sent", number.to_bytes(4, "big"), ordered, size=6)


def kept_name(number: int, ordered: bytes) -> bytes:
    return derive(b"", "kept", number.to_bytes(4, "big"), ordered, size=6)


def begun(account: str, identity: bytes, message: bytes) -> bytes:
    """The plaintext of the first message to an account."""
    first = AnyOlmMessage.from_parts(message[0], message[1:]).to_pre_key()
    assert first is not None
    owner = Account.from_pickle(account, bytes(32))
    _, plain = owner.create_inbound_session(Curve25519PublicKey.from_bytes(identity), first)
    return plain


def decrypted(session: str, message: bytes) -> bytes:
    read = AnyOlmMessage.from_parts(message[0], message[1:])
    return Session.from_pickle(session, bytes(32)).decrypt(read)


# --- Records


def signed_by(verify_key: bytes, signature: bytes, data: bytes) -> bool:
    try:
        return crypto_sign_open(signature + data, verify_key) == data
    except BadSignatureError:
        return False


def record(data: bytes) -> Map:
    signature, body = data[:64], data[64:]
    require(signed_by(body[:32], signature, body) and len(body[72:]) % 8 == 0)
    return {
        "verify_key": body[:32],
        "onion_key": body[32:64],
        "epoch": int.from_bytes(body[64:68], "big"),
        "serial": int.from_bytes(body[68:72], "big"),
        "links": [body[at : at + 8] for at in range(72, len(body), 8)],
    }


# --- Onions


def personal(key: bytes, name: str, data: bytes = b"", size: int = 64) -> bytes:
    return blake2b(data, key=key, person=f"sphinx-{name}".encode(), digest_size=size).digest()


def blind(alpha: bytes, secret: bytes) -> bytes:
    return personal(secret, "blind", alpha, 32)


def stream(secret: bytes, data: bytes) -> bytes:
    key = personal(secret, "header")[:32]
    blocks = b"".join(personal(key, "stream", bytes([n])) for n in range(-(-len(data) // 64)))
    return xor(data, blocks[: len(data)])


def gamma(secret: bytes, alpha: bytes, beta: bytes) -> bytes:
    mac = personal(secret, "header")[32:]
    return blake2b(b"\1" + alpha + beta, key=mac, digest_size=16).digest()


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def lioness(secret: bytes, block: bytes, *, undo: bool) -> bytes:
    key = b"".join(personal(secret, "payload", bytes([n])) for n in range(3))
    k1, k2, k3, k4 = key[:32], key[32:96], key[96:128], key[128:]
    left, right = block[:32], block[32:]
    for round_key in (k4, k3, k2, k1) if undo else (k1, k2, k3, k4):
        if len(round_key) == 64:
            left = xor(left, blake2b(right, key=round_key, digest_size=32).digest())
        else:
            cipher = Cipher(ChaCha20(xor(left, round_key), bytes(16)), None)
            right = cipher.encryptor().update(right)
    return left + right


def peel(scalar: bytes, packet: bytes) -> Map:
    require(len(packet) == 1120 and packet[0] == 1)
    alpha, beta, mac, delta = packet[1:33], packet[33:163], packet[163:179], packet[179:]
    secret = x25519(scalar, alpha)
    require(gamma(secret, alpha, beta) == mac)
    opened = stream(secret, beta + bytes(26))
    slot, onward = opened[:26], opened[26:]
    delta = lioness(secret, delta, undo=True)
    following = b"\1" + x25519(blind(alpha, secret), alpha) + onward + slot[10:] + delta
    return {
        "command": slot[0],
        "delay": slot[1],
        "next": slot[2:10],
        "replay": personal(secret, "replay", size=16),
        "packet": following,
        "delta": delta,
    }


def wrap(
    hops: Sequence[tuple[bytes, bytes]], command: int, drawn: dict[str, bytes], delay: int, payload: bytes
) -> bytes:
    """An onion for hops given by name and public key."""
    alphas, secrets, scalars = [], [], [drawn["scalar"]]
    alpha = crypto_scalarmult_base(drawn["scalar"])
    for _, point in hops:
        for scalar in scalars:
            point = x25519(scalar, point)
        alphas.append(alpha)
        secrets.append(point)
        scalars.append(blind(alpha, point))
        alpha = x25519(scalars[-1], alpha)
    behind = b""
    for secret in secrets[:-1]:
        behind = stream(secret, bytes(130 - len(behind)) + behind + bytes(26))[130 - len(behind) :]
    mac, beta = drawn["gamma"], drawn["noise"]
    names = [name for name, _ in hops[1:]] + [drawn["id"]]
    for at in reversed(range(len(hops))):
        last = at == len(hops) - 1
        slot = bytes([command if last else 1, delay]) + names[at] + mac
        beta = stream(secrets[at], (slot + beta)[:130])
        if last and behind:
            beta = beta[: -len(behind)] + behind
        mac = gamma(secrets[at], alphas[at], beta)
    delta = bytes(16) + payload
    for secret in reversed(secrets):
        delta = lioness(secret, delta, undo=False)
    return b"\1" + alphas[0] + beta + mac + delta


# --- The file of a backup


def open_backup(header: bytes, phrase: str, *chunks: bytes) -> bytes:
    """What the chunks hold; the last one must be final, and no other."""
    require(header[:16] == b"p2pchat backup\n\1" and len(header) == 64)
    passes, kib = (int.from_bytes(header[at : at + 4], "big") for at in (16, 20))
    typed = normalize("NFC", "".join(" " if category(sign) == "Zs" else sign for sign in phrase)).encode()
    stretched = argon2id.kdf(32, typed, header[24:40], opslimit=passes, memlimit=kib * 1024)
    state = crypto_secretstream_xchacha20poly1305_state()
    crypto_secretstream_xchacha20poly1305_init_pull(state, header[40:], derive(stretched, "backup"))
    opened = [crypto_secretstream_xchacha20poly1305_pull(state, chunk, header) for chunk in chunks]
    require([tag for _, tag in opened] == [0] * (len(chunks) - 1) + [3])
    return b"".join(plain for plain, _ in opened)


def backup_entries(held: bytes) -> list[Map]:
    entries = []
    while size := int.from_bytes(held[:4], "big"):
        entries.append(read_map(held[4 : 4 + size]))
        held = held[4 + size :]
    require(not any(held))
    return entries


def padded_size(size: int) -> int:
    size = max(size, 262_144)
    bits = len(f"{size:b}")
    step = 1 << bits - len(f"{bits - 1:b}") - 1
    return -(-size // step) * step
