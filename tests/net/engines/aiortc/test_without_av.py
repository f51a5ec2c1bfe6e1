"""PyAV is not loaded for data channels, and left alone where somebody else has loaded it."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from p2pchat.net.engines.aiortc import without_av

LOADED = "import p2pchat.net.engines.aiortc, av; print(type(av.__spec__.loader).__name__)"


def test_av_is_hollow() -> None:
    ran = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.returncode) == ("_Finder\n", 0), ran.stderr


def test_av_that_another_module_needs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    finders = list(sys.meta_path)
    monkeypatch.setattr(sys, "meta_path", finders)
    monkeypatch.setitem(sys.modules, "av", ModuleType("av"))
    without_av.install()
    assert finders == sys.meta_path
    monkeypatch.delitem(sys.modules, "av")
    without_av.install()
    assert len(sys.meta_path) == len(finders) and isinstance(sys.meta_path[0], without_av._Finder)
