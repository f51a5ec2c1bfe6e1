"""The schema in the documents is that of the contract."""

from __future__ import annotations

import subprocess
import sys

from p2pchat.control.methods import METHODS
from p2pchat.control.schema import schema
from tests.support.processes import ROOT


def test_the_file_is_as_it_would_be_made() -> None:
    made = subprocess.run([sys.executable, ROOT / "scripts" / "schema", "--check"], check=False)
    assert made.returncode == 0, "run scripts/schema"


def test_it_names_every_method() -> None:
    methods = schema()["methods"]
    assert isinstance(methods, dict) and list(methods) == list(METHODS)
