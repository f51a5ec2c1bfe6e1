"""A room's log, commits and cells, read by docs/protocol/rooms.md, room-keys.md and room-delivery.md alone.

As ``reading``, with no line of p2pchat.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tests.specification.reading import Map, derive, hashed, read_map, require, unpadded, x25519, xor


class Taking:
    """Bytes from front to back."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, size: int) -> bytes:
        require(len(self.rest) >= size)
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def list(self, size: int, count: int) -> list[bytes]:
        return [self.take(size) for _ in range(count)]

    def end(self) -> None:
        require(not self.rest)


# --- the log


def member(data: bytes) -> Map:
    taking = Taking(data)
    keys = {"key": taking.take(32), "recovery": taking.take(32), "ml_kem": taking.take(1184)}
    name = taking.take(taking.number(2)).decode()
    taking.end()
    return {**keys, "name": name}


def entry(data: bytes) -> Map:
    taking = Taking(data)
    kind, number, author, previous = (
        taking.number(1),
        taking.number(2),
        taking.take(32),
        taking.take(32),
    )
    heads = taking.list(32, taking.number(1))
    named = taking.take(taking.number(2)).decode() if kind == 0 else None
    return {
        "id": hashed(b"p2pchat room entry" + data),
        "kind": kind,
        "number": number,
        "author": author,
        "previous": previous,
        "heads": heads,
        "name": named,
        "member": member(taking.rest),
    }


def sent_entry(data: bytes) -> tuple[Map, dict[bytes, bytes]]:
    """The entry, and the MACs by the hints of their recipients."""
    taking = Taking(data)
    read = entry(taking.take(taking.number(2)))
    rows = taking.list(20, len(taking.rest) // 20)
    taking.end()
    require(rows == sorted(rows))
    return read, {row[:4]: row[4:] for row in rows}


def welcome(data: bytes) -> Map:
    taking = Taking(data)
    newcomer, grant = taking.take(32), read_map(taking.take(taking.number(2)))
    numbers = [(taking.take(32), taking.number(4)) for _ in range(taking.number(2))]
    entries = []
    while taking.rest:
        entries.append(entry(taking.take(taking.number(2))))
    return {"member": newcomer, "grant": grant, "numbers": numbers, "entries": entries}


def room_of(founding: Map) -> bytes:
    require(
        not any(founding["author"] + founding["previous"]) and founding["number"] == founding["kind"] == 0
    )
    return derive(founding["id"], "room id")


# --- pairs


def pair(room: bytes, scalar: bytes, own: tuple[bytes, bytes], other: tuple[bytes, bytes]) -> bytes:
    """Of two members with id and key each; no ML-KEM share yet."""
    low, high = sorted([own, other])
    base = derive(x25519(scalar, other[1]), "room pair", room, low[0], high[0], low[1], high[1])
    return base + bytes(32)


# --- commits


def commit_head(taking: Taking) -> Map:
    epoch, heads = taking.number(4), taking.take(taking.number(2))
    key, shares, confirmation = taking.list(32, 3)
    return {"epoch": epoch, "heads": heads, "key": key, "shares": shares, "confirmation": confirmation}


def commit(data: bytes, others: int) -> Map:
    taking = Taking(data)
    head = commit_head(taking)
    macs, masked = taking.list(16, others), taking.list(32, others)
    taking.end()
    require(head["shares"] == hashed(b"".join(masked)))
    return {**head, "macs": macs, "masked": masked}


def kept_head(data: bytes) -> Map:
    taking = Taking(data)
    place = {"parent": taking.take(32), "author": taking.take(32), "index": taking.number(2)}
    head = commit_head(taking)
    taking.end()
    return {**place, **head}


def rest(room: bytes, head: Map, members: dict[bytes, bytes]) -> bytes:
    roster = hashed(b"".join(id + key for id, key in sorted(members.items())))
    index, epoch = head["index"].to_bytes(2, "big"), head["epoch"].to_bytes(4, "big")
    said = (head["heads"], head["key"], head["shares"], epoch)
    return derive(b"", "commit", room, head["parent"], head["author"], index, *said, roster)


class Period:
    """What follows from a secret that fits its commit."""

    def __init__(self, room: bytes, head: Map, members: dict[bytes, bytes], secret: bytes) -> None:
        over = rest(room, head, members)
        require(derive(secret, "confirmation", over) == head["confirmation"])
        self.room, self.head, self.members, self.secret = room, head, members, secret
        self.id = hashed(over + head["confirmation"])
        self.ids = sorted(members)

    def key(self, sender: bytes, index: int) -> bytes:
        chain = derive(self.secret, "chain", sender)
        for _ in range(index):
            chain = derive(chain, "next")
        return derive(chain, "message")

    def others(self, than: bytes) -> list[bytes]:
        return [id for id in self.ids if id != than]


def granted(room: bytes, grant: Map) -> Period:
    ids, keys = Taking(grant["ids"]), Taking(grant["keys"])
    count = len(grant["ids"]) // 32
    members = dict(zip(ids.list(32, count), keys.list(32, count), strict=True))
    ids.end()
    keys.end()
    return Period(room, kept_head(grant["head"]), members, grant["secret"])


# --- cells


class Tags:
    """A tag key of an epoch."""

    def __init__(self, key: bytes, epoch: int) -> None:
        self._key, self._epoch = key, epoch

    def _of(self, epoch: int) -> bytes:
        require(epoch >= self._epoch)
        key = self._key
        for _ in range(epoch - self._epoch):
            key = derive(key, "epoch")
        return key

    def place(self, cell: bytes) -> Map:
        require(len(cell) == 925)
        r, epoch = cell[:8], int.from_bytes(cell[16:20], "big")
        require(cell[8:16] == derive(self._of(epoch), "tag", r, size=8))
        place = Taking(xor(cell[28:39], derive(self._of(epoch), "mask", r, size=11)))
        return {"period": place.take(8), "sender": place.number(1), "index": place.number(2)}


def opened(period: Period, place: Map, cell: bytes) -> Map:
    """The fragment in a cell."""
    require(place["period"] == period.id[:8])
    key = derive(period.key(period.ids[place["sender"]], place["index"]), "box", cell[:8], size=64)
    plain = AESSIV(key).decrypt(cell[39:], [cell[:20] + cell[28:39]])
    taking = Taking(plain)
    fields = {name: taking.number(size) for name, size in (("kind", 1), ("at", 1), ("count", 1))}
    length, link = taking.number(2), taking.take(16)
    data = unpadded(taking.rest, length)
    return {**fields, "link": link, "data": data, "name": hashed(plain, 16)}


def joined(fragments: list[Map]) -> bytes:
    links = [fragment["name"] for fragment in fragments[1:]] + [bytes(16)]
    require([fragment["link"] for fragment in fragments] == links)
    require([fragment["at"] for fragment in fragments] == list(range(fragments[0]["count"])))
    return b"".join(fragment["data"] for fragment in fragments)


# --- messages


def message(period: Period, sender: bytes, index: int, fragments: list[Map]) -> Map:
    taking = Taking(joined(fragments))
    first = fragments[0]
    number, heads = taking.number(4), taking.take(taking.number(2))
    before = taking.rest
    count = taking.number(1)
    parents = [(taking.take(8), taking.number(4)) for _ in range(count)]
    over_parents = taking.take(32) if count else b""
    named = before[: len(before) - len(taking.rest)]
    digest = taking.take(32) if len(fragments) > 1 else b""
    macs = dict(zip(period.others(sender), taking.list(8, len(period.ids) - 1), strict=True))
    payload = hashed(taking.rest)
    require(digest in (b"", payload))
    place = bytes([first["kind"], first["count"]]) + index.to_bytes(2, "big") + number.to_bytes(4, "big")
    covered = period.room, period.id, heads or period.head["heads"], place, named, payload, first["link"]
    return {
        "number": number,
        "parents": parents,
        "over_parents": over_parents,
        "macs": macs,
        "covered": covered,
        "hash": derive(b"", "room message", sender, *covered),
        "payload": taking.rest,
    }


def told(data: bytes) -> tuple[bool, list[int], bytes]:
    """Whether others are to tell, the frontier, and the payload."""
    taking = Taking(data)
    wants, frontier = taking.number(1), taking.take(taking.number(1))
    numbers, number, width = [], 0, 0
    for byte in frontier:
        number, width = number | (byte & 127) << width, width + 7
        if byte < 128:
            numbers.append(number)
            number = width = 0
    return bool(wants), numbers, taking.rest
