"""Whether a node that runs keeps to what this program was told.

Knows: which settings show more of us than others. Does not know: where the node runs.
"""

from __future__ import annotations

from p2pchat.control import methods, parameters
from p2pchat.errors import UsageError
from p2pchat.rpc import Connection


async def check_choices(connection: Connection, relay_only: bool, lan: bool = False) -> None:
    """Raise UsageError if the running node shows more of us than this program was told to allow, or does not
    look where it was told to."""
    from p2pchat.config.choices import Overrides, choose
    from p2pchat.core.values.profile import PROFILES

    choices = choose(Overrides.of_this_program(relay_only, lan), {}).check_separately()
    hidden, proxied = choices["relay-only"].value, choices["proxy"].value is not None
    chosen = choices["profile"].value if choices.is_overridden("profile") else None
    nearby = choices["lan"].value
    if not (hidden or proxied or nearby or choices.separate) and chosen is None:
        return
    async with connection.open_call(methods.STATUS, parameters.NoParams()) as answer:
        status = await answer.wait_result()
    kept, profile, weaker = status.paths, status.profile, list(PROFILES)
    if chosen is not None and profile in weaker[: weaker.index(chosen)]:
        raise await _unwanted(connection, f"with the profile {profile}, not {chosen}")
    if hidden and not kept.relay_only:
        raise await _unwanted(connection, "without relay-only")
    if proxied and not kept.proxied:
        raise await _unwanted(connection, "without a proxy")
    if nearby and not kept.lan:
        raise await _unwanted(connection, "without lan")
    if choices.separate and not status.separate:
        raise await _unwanted(connection, "without separate connections")


async def _unwanted(connection: Connection, how: str) -> UsageError:
    await connection.close()
    return UsageError(
        f"the node here runs {how}; 'p2pchat config set' changes that for every program of this home, or stop"
        " it with 'p2pchat node stop' and try again"
    )
