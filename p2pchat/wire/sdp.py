"""Between the SDP text that engines speak and the compact description that we send.

Knows: the few SDP lines (RFC 8866, 8839, 8841, 8842) of one data channel. Does not know: engines, or sealing.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final, cast

from p2pchat.errors import Malformed
from p2pchat.wire.description import CANDIDATES_MAX, Candidate, CandidateKind, Description, Protocol, Setup

SCTP_PORT: Final = 5000
MESSAGE_MAX: Final = 262_144
"""What engines announce; our messages are one frame each."""

SDP_MAX: Final = 65_536
"""Characters of SDP we are ready to look at; an engine's own has a few thousand."""

_COMPONENT_RTP: Final = "1"


def from_sdp(text: str) -> Description:
    """Keep what matters. Raises Malformed where an engine said something else than one data channel."""
    if len(text) > SDP_MAX:
        raise Malformed("an SDP of no reasonable length")
    found: dict[str, str] = {}
    candidates: dict[Candidate, None] = {}
    for line in text.splitlines():
        name, _, value = line.removeprefix("a=").partition(":")
        if name == "candidate":
            candidates.update(dict.fromkeys(_candidate(value)))
        elif name != "fingerprint" or value.lower().startswith("sha-256 "):
            found.setdefault(name, value)
    best = sorted(candidates, key=lambda candidate: -candidate.priority)[:CANDIDATES_MAX]
    try:
        fingerprint = bytes.fromhex(found["fingerprint"].split()[1].replace(":", ""))
        return Description(
            cast(Setup, found["setup"]), found["ice-ufrag"], found["ice-pwd"], fingerprint, tuple(best)
        )
    except (KeyError, IndexError, ValueError) as error:
        raise Malformed("an SDP without what a data channel needs") from error


def to_sdp(description: Description) -> str:
    """The text of one bundled data channel, as an engine would have written it."""
    colons = ":".join(f"{byte:02X}" for byte in description.fingerprint)
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=msid-semantic:WMS *",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        f"a=sctp-port:{SCTP_PORT}",
        f"a=max-message-size:{MESSAGE_MAX}",
        *(_candidate_line(place, candidate) for place, candidate in enumerate(description.candidates)),
        "a=end-of-candidates",
        f"a=ice-ufrag:{description.ufrag}",
        f"a=ice-pwd:{description.pwd}",
        f"a=fingerprint:sha-256 {colons}",
        f"a=setup:{description.setup}",
        "",
    ]
    return "\r\n".join(lines)


def _candidate(value: str) -> list[Candidate]:
    """One candidate, or none where it is of a kind we do not pass on (mDNS names, peer-reflexive, TCP
    details)."""
    fields = value.split()
    try:
        _, component, protocol, priority, address, port, _, kind = fields[:8]
        if component != _COMPONENT_RTP:
            return []
        numeric = str(ip_address(address))
        return [
            Candidate(
                cast(CandidateKind, kind), cast(Protocol, protocol.lower()), numeric, int(port), int(priority)
            )
        ]
    except (ValueError, Malformed):
        return []


def _candidate_line(place: int, candidate: Candidate) -> str:
    related = "" if candidate.kind == "host" else " raddr 0.0.0.0 rport 0"
    where = f"{candidate.address} {candidate.port} typ {candidate.kind}{related}"
    return f"a=candidate:{place + 1} {_COMPONENT_RTP} {candidate.protocol} {candidate.priority} {where}"
