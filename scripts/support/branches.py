"""Refuse when tests leave too many branches of the pure packages untried.

Knows: a coverage report in JSON and the floor. Does not know: which tests ran.

    python branches.py REPORT.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FLOOR = 95.0  # per cent of the branches, in each package
PURE = ("p2pchat/core", "p2pchat/crypto", "p2pchat/wire")


def main() -> int:
    """Print the share of each pure package; 1 when one is not above the floor."""
    files: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())["files"]
    shares = {package: _share(files, package) for package in PURE}
    for package, share in shares.items():
        print(
            f"branches tried in {package}: {share:.1f} %"
            + ("" if share > FLOOR else f", too few (floor {FLOOR} %)")
        )
    return 0 if all(share > FLOOR for share in shares.values()) else 1


def _share(files: dict[str, Any], package: str) -> float:
    sums = [each["summary"] for name, each in files.items() if name.startswith(package + "/")]
    tried, all_of_them = (sum(each[key] for each in sums) for key in ("covered_branches", "num_branches"))
    return 100.0 * tried / all_of_them if all_of_them else 0.0  # nothing measured is nothing tried


if __name__ == "__main__":
    sys.exit(main())
