"""How the removal of a contact is asked about and told.

Knows: the questions, and a sentence for what came of it. Does not know: how anybody is removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from p2pchat.control.answers import ContactInfo, RemoveContactResult
from p2pchat.text import harmless_name

RENEW: Final = "They still know the secret of your mesh. Go on with your other contacts under a new one?"


def question(name: str) -> str:
    """Whether to remove them at all."""
    return f"Forget {harmless_name(name)}, the keys shared with them and all that was said?"


def leaves_others(contact: ContactInfo, contacts: Iterable[ContactInfo]) -> bool:
    """Whether others whom we know stay in their mesh, so that a new secret is of use."""
    return any(each.mesh == contact.mesh and each.fingerprint != contact.fingerprint for each in contacts)


def outcome(gone: RemoveContactResult) -> list[str]:
    """What the removal led to, a sentence each; ``gone`` as of ``Node.remove``."""
    lines = [f"{harmless_name(gone.name)} is forgotten."]
    if gone.left_mesh:
        lines.append("You knew nobody else in their mesh, so you have left it and no longer connect to it.")
    if gone.renewed_mesh:
        lines.append("Your node tells a new secret to your other contacts in that mesh, and they to theirs.")
    return lines
