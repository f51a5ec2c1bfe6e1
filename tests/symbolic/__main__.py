"""Explore pairing and recovery further than the tests do.

    python -m tests.symbolic RUNS STEPS
    python -m tests.symbolic recovery

The first explores pairing: so many honest runs, so many messages delivered by the attacker. Three runs and
six steps take some minutes. The second explores three runs of a recovery between two whose recovery keys the
attacker has.
"""

from __future__ import annotations

import sys

from tests.symbolic.pairing import NEW, Attack, scenes
from tests.symbolic.recovery import BOTH, search_three


def explore_recovery() -> int:
    found = search_three(BOTH)
    print("nothing" if found is None else found)
    return int(found is not None)


def explore_pairing(runs: int, steps: int) -> int:
    states = 0
    for number, chosen in enumerate(scenes(runs), 1):
        attack = Attack(chosen, NEW, steps)
        found = attack.search()
        states += attack.states
        print(f"{number}: {attack.states} states, {states} in all", flush=True)
        if found is not None:
            print(found)
            return 1
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["recovery"]:
        sys.exit(explore_recovery())
    sys.exit(explore_pairing(*map(int, sys.argv[1:3])))
