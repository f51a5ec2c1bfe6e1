"""The documents describe the Python interface as it is."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import p2pchat
from tests.support.processes import ROOT, environment

SECTION = (ROOT / "docs" / "scripting.md").read_text().split("\n## Python\n")[1].split("\n## ")[0]

DOCUMENTED = re.findall(r"`(?:await |async for … in )?node\.(\w+)\(([^`]*)\)`", SECTION)


def _public() -> dict[str, list[str]]:
    """Each method's parameters, without the self."""
    found = inspect.getmembers(p2pchat.Node, inspect.isfunction)
    return {
        name: [each for each in inspect.signature(method).parameters if each != "self"]
        for name, method in found
        if not name.startswith("_")
    }


def test_every_method_with_its_parameters_and_no_other() -> None:
    written = {name: re.findall(r"(\w+)(?:=[^,]*)?", given) for name, given in DOCUMENTED}
    assert written == _public()


def test_every_method_says_what_it_does() -> None:
    assert [name for name in _public() if not inspect.getdoc(getattr(p2pchat.Node, name))] == []


@pytest.mark.slow
def test_the_example_passes_a_strict_type_check(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", SECTION, flags=re.MULTILINE | re.DOTALL)
    example = tmp_path / "example.py"
    example.write_text(code)
    command = [sys.executable, "-m", "mypy", "--strict", str(example)]
    checked = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
