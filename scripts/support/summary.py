"""One summary of several runs of pytest, in the words of pytest's own.

Knows: reports in JUnit's XML. Does not know: which tests they are of, or why a run left none.

    python summary.py REPORT.xml ...
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
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
    missing = 0
    spans: list[tuple[datetime, datetime]] = []
    for place in map(Path, sys.argv[1:]):
        try:
            suites = ElementTree.parse(place).getroot()
        except (FileNotFoundError, ElementTree.ParseError):
            print(f"ERROR a run of pytest ended without a report ({place.name})")
            missing += 1
            continue
        spans += map(_span, suites.iter("testsuite"))
        for test in suites.iter("testcase"):
            ends = list(_ends(test))
            counts.update(ends or ["PASSED"])
            for end in ends:
                print(f"{end} {_name(test)}")
    counts["ERROR"] += missing
    parts = [f"{counts[end]} {word}" for end, word in WORDS.items() if counts[end]]
    took = _took(spans)
    print(f" {', '.join(parts) or 'no tests ran'} in {took} ".center(WIDTH, "="))
    return 1 if counts["FAILED"] or counts["ERROR"] else 0


def _span(suite: ElementTree.Element) -> tuple[datetime, datetime]:
    """When a run began and ended."""
    began = datetime.fromisoformat(suite.attrib["timestamp"])
    return began, began + timedelta(seconds=float(suite.get("time", 0)))


def _took(spans: Sequence[tuple[datetime, datetime]]) -> str:
    """Return the time from the beginning of the first run to the end of the last: runs may overlap."""
    moments = [each for span in spans for each in span]
    seconds = (max(moments) - min(moments)).total_seconds() if moments else 0.0
    return f"{seconds:.2f}s ({timedelta(seconds=int(seconds))})"


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
