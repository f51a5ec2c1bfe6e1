"""Who carries out which method.

Knows: how a request becomes a declared value, and the handler of its method. Does not know: any method.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeVar

from p2pchat.control import parameters
from p2pchat.control.failures import METHOD_NOT_FOUND, MethodError
from p2pchat.control.methods import Method
from p2pchat.control.parameters import Params
from p2pchat.daemon.control import Caller

P = TypeVar("P", bound=Params)
A = TypeVar("A")


class Handlers:
    """Maps each method to its handler, with the method's own types."""

    def __init__(self) -> None:
        self._handlers: dict[str, Callable[[Mapping[str, object], Caller], Awaitable[object]]] = {}

    def add(self, method: Method[P, A], handler: Callable[[P, Caller], Awaitable[A]]) -> None:
        """Register ``handler`` for ``method``."""

        def handle(params: Mapping[str, object], caller: Caller) -> Awaitable[object]:
            return handler(parameters.read(method.params, params), caller)

        self._handlers[method.name] = handle

    def __contains__(self, name: str) -> bool:
        return name in self._handlers

    def __iter__(self) -> Iterator[str]:
        return iter(self._handlers)

    async def call(self, name: str, params: Mapping[str, object], caller: Caller) -> object:
        """Call a method's handler. Raises MethodError for the errors that JSON-RPC names, P2PChatError for
        all others."""
        if name not in self._handlers:
            raise MethodError(METHOD_NOT_FOUND, f"there is no method {name!r}")
        return await self._handlers[name](params, caller)
