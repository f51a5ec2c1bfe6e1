"""Programs that stand in a string import what there is: no tool follows a renaming into them."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"p2pchat", "rendezvous", "tests"}


def quoted_imports(source: str) -> Iterator[tuple[str, str]]:
    """Module and name of each of our imports in the strings of a file."""
    for each in ast.walk(ast.parse(source)):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and "import" in each.value:
            try:
                program = ast.parse(each.value)
            except SyntaxError:
                continue
            for line in ast.walk(program):
                if isinstance(line, ast.ImportFrom) and line.module and line.module.split(".")[0] in OURS:
                    yield from ((line.module, name.name) for name in line.names)


IMPORTS = {
    (file.relative_to(ROOT).as_posix(), *found)
    for folder in ("tests", "scripts", "p2pchat", "rendezvous")
    for file in (ROOT / folder).rglob("*")
    if file.suffix == ".py" or (file.is_file() and file.read_bytes().startswith(b"#!/usr/bin/env python"))
    for found in quoted_imports(file.read_text())
}


def test_there_are_some() -> None:
    assert ("p2pchat.core.values.changes", "PutMessage") in {found[1:] for found in IMPORTS}


@pytest.mark.parametrize(("file", "module", "name"), sorted(IMPORTS))
def test_what_a_quoted_program_imports_is_there(file: str, module: str, name: str) -> None:
    assert hasattr(importlib.import_module(module), name) or find_spec(f"{module}.{name}"), file
