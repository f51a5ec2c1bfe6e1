"""Explore pairing further than the tests do.

    python -m tests.symbolic RUNS STEPS

So many honest runs, so many messages delivered by the attacker. Three runs and six steps take some minutes.
"""

from __future__ import annotations

import sys

from tests.symbolic.pairing import NEW, Attack, scenes


def main(runs: int, steps: int) -> int:
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
    sys.exit(main(*map(int, sys.argv[1:3])))
