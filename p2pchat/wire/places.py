"""Addresses of rendezvous: what one may look like, which may come from others, how many fit into an invite.

Knows: the form of a URL, and which hosts others may name. Does not know: what a name resolves to, who
named it.

An address that is named makes others connect to it. So it can say nothing but where a rendezvous is (no
query, no user, a plain prefix at most), and one that a person did not type leads into no private network.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

from p2pchat.errors import Malformed

RENDEZVOUS_MAX: Final = 8
"""Addresses in one list; any single one suffices."""

URL_BYTES: Final = 128

RENDEZVOUS_BYTES: Final = 240
"""All addresses of one list together: what keeps a link within ``invite.LINK_CHARS``."""

PREFIX_CHARS: Final = 64
"""Of the path under which a web server passes a rendezvous on."""

_NAME: Final = re.compile(
    r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?", re.IGNORECASE
)
_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9_-]+)*/?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)

_LOCAL: Final = frozenset(
    ("localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "arpa")
)
"""Last labels of names that mean something within a house or a company alone (RFC 6761, 6762, 8375; ICANN's
``internal``, and those it holds back because so many use them)."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
"""How a network without IPv4 names an IPv4 address (RFC 6052)."""

_NEARBY: Final = tuple(
    map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"))
)

BROADCAST: Final = "255.255.255.255"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_rendezvous(urls: tuple[str, ...]) -> None:
    """Raise Malformed, in words fit for a person, unless ``urls`` can be told to others."""
    if len(urls) > RENDEZVOUS_MAX:
        raise Malformed(f"{len(urls)} rendezvous addresses; at most {RENDEZVOUS_MAX} are allowed")
    for url in urls:
        _check_url(url)
    if sum(len(url) for url in urls) > RENDEZVOUS_BYTES:
        raise Malformed(
            f"the rendezvous addresses have more than {RENDEZVOUS_BYTES} characters together; use fewer"
        )


def grown(known: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    """``known``, and of ``more`` as many as ``check_rendezvous`` allows one list: the one place where a list
    grows, so that none becomes what no invite can carry."""
    grown = known
    for url in more:
        if url not in grown:
            try:
                check_rendezvous((*grown, url))
            except Malformed:
                continue
            grown = (*grown, url)
    return grown


def is_public(url: str) -> bool:
    """Whether others may name ``url``, one that ``check_rendezvous`` allows: its host is a name of the
    public tree, or a global address. What the name leads to is another question (``is_global``)."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    try:
        return is_global(ipaddress.ip_address(host))
    except ValueError:
        pass
    labels = host.split(".")
    # A name that ends in a number is read as an address by many: 127.1, 0x7f000001.
    return len(labels) > 1 and labels[-1] not in _LOCAL and not _NUMBER.fullmatch(labels[-1])


def is_global(address: Address) -> bool:
    """Whether an address is one of the Internet, also where it stands for an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_global(inside)
        if address.is_site_local or address.is_reserved or address.scope_id is not None:
            return False
    return address.is_global and not address.is_multicast


def plain_address(host: str) -> Address | None:
    """The same for all ways to write one address; None: it is no numeric one."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped


def is_nearby(address: Address) -> bool:
    """Whether an address is one of a house or an office (RFC 1918), or of machines that no server gave an
    address (RFC 3927): it may be found on a network, and must never be passed on."""
    return isinstance(address, ipaddress.IPv4Address) and any(address in network for network in _NEARBY)


def nearby_url(address: ipaddress.IPv4Address, port: int) -> str:
    """Return the URL of a rendezvous that was found on this machine's own network."""
    return f"ws://{address}:{port}"


def member_url(address: Address, port: int | None) -> str:
    """Return the URL at which a member listens; without a port, the beginning of all such URLs of the
    address."""
    host = f"[{address}]" if isinstance(address, ipaddress.IPv6Address) else str(address)
    return f"ws://{host}:{'' if port is None else port}"


def _check_url(url: str) -> None:
    if not 1 <= len(url) <= URL_BYTES or not all("!" <= character <= "~" for character in url):
        raise Malformed(f"a rendezvous address has at most {URL_BYTES} plain characters and no blanks")
    if not _is_usable(url):
        raise Malformed(f"{url!r} is not a rendezvous address; {_suggest_address(url)}")
    parts = urlsplit(url)
    if "?" in url or "#" in url or "@" in url:
        raise Malformed(f"{url!r}: a rendezvous address has no query, no fragment and no user")
    if len(parts.path) > PREFIX_CHARS or not _PREFIX.fullmatch(parts.path):
        raise Malformed(
            f"{url!r}: after its host, a rendezvous address has letters, digits, - _ and /, "
            f"at most {PREFIX_CHARS}"
        )


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("ws", "wss") and _is_host(parts) and parts.port != 0
    except ValueError:  # of urlsplit and .port, on brackets and numbers that make no sense
        return False


def _suggest_address(url: str) -> str:
    """What a person may have meant."""
    before, separator, place = url.rpartition("://")
    scheme = before.lower()
    if scheme in ("http", "https") and _is_usable(f"ws://{place}"):
        return f"write {'wss' if scheme == 'https' else 'ws'}://{place}"
    if not separator and _is_usable(f"ws://{url}"):
        return f"write ws://{url}, or wss://{url} if the server has a certificate"
    return "it looks like wss://example.org or ws://127.0.0.1:8765"


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if parts.netloc.startswith("["):
        ipaddress.IPv6Address(host)
        return "%" not in host
    return bool(_NAME.fullmatch(host))
