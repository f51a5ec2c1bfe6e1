"""aiortc without PyAV: data channels carry no media, and FFmpeg's libraries cost 16 MB a process and a third
of start-up.

Knows: which module to keep out. Does not know: what it would have done.

An ``av`` that is imported already, by a module that needs media, is left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Hollow(ModuleType):
    """A module in which every name is an empty class: enough for aiortc's annotations and base classes."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if fullname.partition(".")[0] == "av" else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = _Hollow(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is in it."""


def install() -> None:
    """Put a stand-in for PyAV in place. Call this before the first import of aiortc."""
    if "av" not in sys.modules:
        sys.meta_path.insert(0, _Finder())
