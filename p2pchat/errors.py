"""Every failure p2pchat can name, with the line a person reads and the code a script tests.

Knows: the tree of errors and their exit codes. Does not know: who raises them or how they are shown.

::

    P2PChatError            1   unexpected failure
    ├── UsageError          2   unknown name, malformed input from the user
    ├── RefusedInput        -   what a peer sent; caught at the core's border, counted, never answered
    │   ├── Malformed           its bytes do not parse
    │   ├── OtherVersion        it is said in another version of the protocol
    │   └── Unreadable          its seal does not open
    ├── NetworkError        3   no rendezvous or no mesh could be reached
    │   └── LinkError           one WebRTC link failed
    ├── TrustError          4   wrong passphrase, burnt or wrong invite, identity mismatch
    ├── LimitError          5   refused by a limit
    ├── NotInTime           6   not done within the timeout
    ├── Ended               7   expired, rejected or cancelled
    ├── StoreError          1   the encrypted store cannot be read or written
    ├── BeginsAnew          -   a node ends, and one in its place goes on; never shown as a failure
    │   ├── ClockSet            the machine's clock was set while it ran
    │   └── SettingRestart      its owner has changed a setting that it cannot take otherwise
    └── ControlError        1   the node's control socket broke
"""

from __future__ import annotations


class P2PChatError(Exception):
    """Root of the tree. ``str(error)`` is one line fit to show to a person."""

    exit_code = 1


class UsageError(P2PChatError):
    """What the user typed cannot be meant: an unknown name, a malformed code, a bad flag."""

    exit_code = 2


class RefusedInput(P2PChatError):
    """Bytes from a peer that yield no value. Never answered: an answer would be an oracle."""

    kind = "refused"
    """What it is counted as."""


class Malformed(RefusedInput):
    """The bytes do not parse."""

    kind = "malformed"


class OtherVersion(RefusedInput):
    """A greeting in another version of the protocol."""

    kind = "another version"

    def __init__(self, version: int) -> None:
        super().__init__(f"said in version {version} of the protocol")
        self.version = version


class Unreadable(RefusedInput):
    """The bytes parse but their seal does not open under the expected key."""

    kind = "unreadable"


class NetworkError(P2PChatError):
    """No rendezvous or no mesh could be reached."""

    exit_code = 3


class LinkError(NetworkError):
    """One WebRTC link could not be made or broke."""


class TrustError(P2PChatError):
    """A key is wrong: passphrase, invite, or identity."""

    exit_code = 4


class LimitError(P2PChatError):
    """Refused because a stated limit would be passed."""

    exit_code = 5


class NotInTime(P2PChatError):
    """Not done within the timeout; what was accepted stays accepted."""

    exit_code = 6


class Ended(P2PChatError):
    """Expired, rejected or cancelled: it will not happen any more."""

    exit_code = 7


class StoreError(P2PChatError):
    """The encrypted store cannot be read or written (damage, full disk, wrong owner)."""


class BeginsAnew(P2PChatError):
    """A node ends for one in its place to go on."""


class ClockSet(BeginsAnew):
    """The machine's clock was set while a node ran: it must begin anew, by the right time."""


class SettingRestart(BeginsAnew):
    """A setting was changed that a node takes when it begins."""


class ControlError(P2PChatError):
    """The control socket of a node broke or answered nonsense."""
