"""A process that has left no core to be written cannot be made to write one by its limit."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.processes import ROOT

AFTER = """
import resource
from p2pchat.cores import leave_none
leave_none()
leave_none()
print(resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no limits")
def test_the_limit_of_core_files_is_nought() -> None:
    ran = subprocess.run([sys.executable, "-c", AFTER], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["0"]
