"""Messages about the removal of a contact.

Knows: the questions, and a sentence for each result. Does not know: how a contact is removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from p2pchat.control.answers import ContactInfo, RemoveContactResult
from p2pchat.text import harmless_name

RENEW: Final = "They still know the secret of your mesh. Change to a new secret with your other contacts?"


def question(name: str) -> str:
    """Asks whether to remove the contact."""
    return f"Forget {harmless_name(name)}, the keys shared with them and all that was said?"


def leaves_others(contact: ContactInfo, contacts: Iterable[ContactInfo]) -> bool:
    """Whether other contacts share the mesh of ``contact``, so that a new secret is of use."""
    return any(other.mesh == contact.mesh and other.fingerprint != contact.fingerprint for other in contacts)


def outcome(gone: RemoveContactResult) -> list[str]:
    """The results of a removal, a sentence each; ``gone`` as of ``Node.remove``."""
    lines = [f"{harmless_name(gone.name)} is forgotten."]
    if gone.left_mesh:
        lines.append(
            "You have no other contact in their mesh, so you have left it and no longer connect to it."
        )
    if gone.renewed_mesh:
        lines.append(
            "Your node tells a new secret to your other contacts in that mesh, and they pass it to theirs."
        )
    return lines
