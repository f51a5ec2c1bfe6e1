"""The contract as a JSON Schema, for programs that are not written in Python.

Knows: how declarations become a schema. Does not know: where it is kept.
"""

from __future__ import annotations

import msgspec

from p2pchat.control.events import DECLARED
from p2pchat.control.methods import METHODS


def schema() -> dict[str, object]:
    """Each method's ``params`` and ``result`` by its name, the events, and what they are made of."""
    events = list(DECLARED.values())
    types = [part for method in METHODS.values() for part in (method.params, method.answer)]
    found, parts = msgspec.json.schema_components([*types, *events], ref_template="#/$defs/{name}")
    methods = {
        name: {"params": params, "result": result}
        for name, params, result in zip(METHODS, found[0::2], found[1::2], strict=False)
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The control socket of p2pchat",
        "methods": methods,
        "events": found[len(types) :],
        "$defs": parts,
    }
