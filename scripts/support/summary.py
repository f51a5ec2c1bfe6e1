"""One summary of several runs of pytest, in the words of pytest's own.

Knows: reports in JUnit's XML. Does not know: which tests they are of, or why a run left none.

    python summary.py REPORT.xml ...
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

WIDTH = 80
ENDS = {"failure": "FAILED", "error": "ERROR", "skipped": "SKIPPED"}
"""What a report says of a test that did not pass, and pytest's word for it."""

WORDS = {"FAILED": "failed", "PASSED": "passed", "SKIPPED": "skipped", "ERROR": "error"}
"""As they are counted, in pytest's order."""


def main() -> int:
    """Name what did not pass, then count; 1 when a test failed or a run has left no report."""
    counts: Counter[str] = Counter()
    seconds, missing = 0.0, 0
    for place in map(Path, sys.argv[1:]):
        try:
            suites = ElementTree.parse(place).getroot()
        except (FileNotFoundError, ElementTree.ParseError):
            print(f"ERROR a run of pytest ended without a report ({place.name})")
            missing += 1
            continue
        seconds += sum(float(suite.get("time", 0)) for suite in suites.iter("testsuite"))
        for test in suites.iter("testcase"):
            ends = list(_ends(test))
            counts.update(ends or ["PASSED"])
            for end in ends:
                print(f"{end} {_name(test)}")
    counts["ERROR"] += missing
    parts = [f"{counts[end]} {word}" for end, word in WORDS.items() if counts[end]]
    took = f"{seconds:.2f}s ({timedelta(seconds=int(seconds))})"
    print(f" {', '.join(parts) or 'no tests ran'} in {took} ".center(WIDTH, "="))
    return 1 if counts["FAILED"] or counts["ERROR"] else 0


def _ends(test: ElementTree.Element) -> Iterator[str]:
    """Nothing for a test that passed; a test may fail, and its clearing up have an error, too."""
    for each in test:
        if each.tag in ENDS:
            yield ENDS[each.tag]


def _name(test: ElementTree.Element) -> str:
    """The test as pytest is told it, and the reason if it was skipped."""
    skipped = test.find("skipped")
    reason = f": {skipped.get('message', '')}" if skipped is not None else ""
    return test.get("classname", "").replace(".", "/") + f".py::{test.get('name')}{reason}"


if __name__ == "__main__":
    sys.exit(main())
