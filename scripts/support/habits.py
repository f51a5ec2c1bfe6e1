"""What a change may not make worse: subjects of commits, tests of modules, names, sizes.

Knows: how each habit is counted, and the lists of what is not as it should be. Does not know: git.

A list stands in scripts/kept. It has a name and a count a line, or a module and what tests it, and only
shrinks: what is not in it is refused.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeGuard

PACKAGES = ("p2pchat", "rendezvous")
SUBJECT_MAX = 72
"""Characters: what git's own lists of commits show in a terminal of 80."""

METHODS_MAX = 25
"""Of a class, private ones too: one with more has a second responsibility."""

LINES_MAX = 400
"""Of a file whose head does not say why it is longer."""

REASON = "Long because "
"""How that sentence of the head begins."""

REQUIRED = frozenset(
    {"apply", "close", "collect", "compose", "flush", "on", "read", "render", "run", "unwrap", "write"}
)
"""Methods that libraries call by these names."""

CONVENTIONAL = frozenset({"aclose", "convert", "invoke"}) | frozenset(
    {"decapsulate", "decrypt", "digest", "encrypt", "generate", "handle", "pickle", "sign", "tick"}
)
"""Names that a reader expects: of Python's and click's classes; of cryptographic keys, where the class is the
object (``cryptography``, vodozemac and ``hashlib`` have the same); and of a machine without I/O, which is
given an input and the time."""

STANDARD = (
    frozenset({"add", "clear", "get", "pop", "put", "remove", "values"})
    | frozenset({"call", "publish"})
    | frozenset({"cancel", "receive", "release", "send", "start", "stop"})
    | frozenset({"restore", "snapshot"})
    | frozenset({"now"})
)
"""Names of one word that have one meaning in the whole field: of Python's collections and queues; of remote
procedures and message buses; of connections, locks, timers and services; of a state that is stored and
rebuilt; of clocks."""

VERBS = "p2pchat/control/methods.py"
"""Declares the verbs of the control contract, as ``Method("contacts.block", …)``."""

SPEAKERS = ("p2pchat/client/", "p2pchat/daemon/")
"""Where a method may have the name of such a verb: the class is its noun there, and scripts know both."""

_FORBIDDEN = """
acts afford afforded again asked asker became began came crowd crowded curious deafen done doubted each facts
forsake fresh greeter happened heard lanes lasting lasts lonely mending met missed mixing noise
orders out paid pin pinned recall retag rise said sit spare stations surplus suspects talk talks understood
vicinity wanted was watch way ways whence wounded
"""
FORBIDDEN = frozenset(_FORBIDDEN.split())
"""Words for which the field has another, or that say nothing of the thing they name."""

UNPLAIN = re.compile(r"\b(whoever|nobody|no\s+more)\b(?!\s+than\b)", re.IGNORECASE)
"""Constructions that a plain sentence does without: it names its subject, and says "no longer"."""

QUOTING = frozenset(
    {"CHANGELOG.md", "scripts/habits", "scripts/support/habits.py", "tests/scripts/test_habits.py"}
)
"""Files that may have them: the change log tells of what was, the others name the constructions."""

PROSE = frozenset({tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)})
"""Tokens of Python that have prose: comments, docstrings and messages. f-strings have a token since 3.12."""


@dataclass(frozen=True)
class Counted:
    """How often each name stands somewhere, and where."""

    places: dict[str, list[str]]

    @property
    def counts(self) -> dict[str, int]:
        return {name: len(places) for name, places in sorted(self.places.items())}


def subjects(messages: Iterable[str]) -> list[str]:
    """What is wrong with the messages of commits."""
    found = []
    for message in messages:
        subject, _, rest = message.partition("\n")
        if len(subject) > SUBJECT_MAX:
            found.append(f"{len(subject)} characters, more than {SUBJECT_MAX}: {subject}")
        elif not subject or (rest and not rest.startswith("\n")):
            found.append(f"not one line and then an empty one: {subject}")
    return found


def modules(root: Path) -> list[Path]:
    """Every module that ought to have a test file of its name, relative to the root."""
    return sorted(
        place.relative_to(root)
        for package in PACKAGES
        for place in (root / package).rglob("*.py")
        if not place.name.startswith("__")
    )


def test_of(module: Path) -> Path:
    """Return the path of a module's test file: tests mirror the packages."""
    folders = module.parent.parts
    inner = folders[1:] if folders[0] == "p2pchat" else folders
    return Path("tests", *inner, f"test_{module.name}")


def untested(root: Path, kept: dict[str, str]) -> list[str]:
    """Modules without a test file of their name that the list does not excuse, and false excuses."""
    found = []
    for module in modules(root):
        if (root / test_of(module)).exists() or module.as_posix() in kept:
            continue
        found.append(f"{module} has no {test_of(module)}")
    for name, tests in kept.items():
        if tests and not (root / tests).exists():
            found.append(f"{name} is not tested by {tests}, which does not exist")
    return found


def mirrored(root: Path, kept: dict[str, str]) -> dict[str, str]:
    """The excuses that are needed still."""
    here = {module.as_posix() for module in modules(root) if not (root / test_of(module)).exists()}
    return {name: tests for name, tests in kept.items() if name in here}


def classes(root: Path) -> Counted:
    """Names of public classes that stand in more than one module."""
    found: dict[str, list[str]] = defaultdict(list)
    for place, tree in _trees(root):
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(place)
    return Counted({name: places for name, places in found.items() if len(places) > 1})


def methods(root: Path) -> Counted:
    """Public methods whose name is one word: it says neither what is done nor to what."""
    found: dict[str, list[str]] = defaultdict(list)
    verbs = _declared_verbs(root)
    for place, tree in _trees(root):
        allowed = verbs if place.startswith(SPEAKERS) else frozenset[str]()
        for owner in _classes(tree):
            for node in owner.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _vague(node, allowed):
                    found[node.name].append(f"{place}: {owner.name}.{node.name}")
    return Counted(dict(found))


def words(root: Path) -> Counted:
    """Names with a forbidden word in them, where they are given."""
    found: dict[str, list[str]] = defaultdict(list)
    for place, tree in _trees(root):
        for name, line in (*_given(tree), (Path(place).stem, 0)):
            for word in FORBIDDEN & set(_parts(name)):
                found[word].append(f"{place}:{line}: {name}")
    return Counted(dict(found))


def prose(root: Path) -> Counted:
    """``UNPLAIN`` constructions in comments, texts of programs and documents, by area and words."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in (*programs(root), *documents(root)):
        text, place = path.read_text(), path.relative_to(root)
        if place.as_posix() in QUOTING or not UNPLAIN.search(text):
            continue
        pieces = [(1, text)] if path.suffix == ".md" else _prose(text)
        for start, piece in pieces:
            for match in UNPLAIN.finditer(piece):
                words = "-".join(match[1].lower().split())
                line = start + piece.count("\n", 0, match.start())
                found[f"{_area(place)}:{words}"].append(f"{place.as_posix()}:{line}")
    return Counted(dict(found))


def documents(root: Path) -> Iterator[Path]:
    """Every document."""
    yield from (*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md")))


def sizes(root: Path) -> dict[str, int]:
    """Files of too many lines that do not say why, and classes of too many methods."""
    found: dict[str, int] = {}
    for path in programs(root):
        place, text = path.relative_to(root).as_posix(), path.read_text()
        lines = text.count("\n")
        if lines <= LINES_MAX and text.count("def ") <= METHODS_MAX:
            continue  # to parse every file takes many times as long
        tree = ast.parse(text)
        if lines > LINES_MAX and REASON not in (ast.get_docstring(tree) or ""):
            found[place] = lines
        for owner in _classes(tree):
            if (count := _methods(owner)) > METHODS_MAX:
                found[f"{place}:{owner.name}"] = count
    return dict(sorted(found.items()))


def programs(root: Path) -> Iterator[Path]:
    """Every file of Python, tests and programs without .py in their name too."""
    for folder in (*PACKAGES, "docs", "scripts", "tests"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix == ".py" or (not path.suffix and path.is_file() and _runs_python(path)):
                yield path


def larger(now: dict[str, int], kept: dict[str, int]) -> list[str]:
    """What is larger than the list has it."""
    found = []
    for name, count in now.items():
        most, unit = (METHODS_MAX, "methods") if ":" in name else (LINES_MAX, "lines")
        if count > (most := max(most, kept.get(name, 0))):
            found.append(f"{name}: {count} {unit}, more than {most}")
    return found


def more(what: str, now: Counted, kept: dict[str, int], changed: Collection[str] = ()) -> list[str]:
    """What there is more of than the list has; the places in files that were ``changed`` first."""
    found = []
    for name, count in now.counts.items():
        if count > kept.get(name, 0):
            places = sorted(now.places[name], key=lambda place: place.partition(":")[0] not in changed)
            found.append(f"{what} {name!r}: {count}, not {kept.get(name, 0)} ({', '.join(places[:6])})")
    return found


def fewer(now: dict[str, int], kept: dict[str, int]) -> dict[str, int]:
    """The list as it can be now: never longer, and no count higher."""
    return {name: min(now[name], count) for name, count in kept.items() if name in now}


def grown(what: str, before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What was added to a list: it only shrinks. A file that has moved keeps its line."""
    found = []
    moved = [value for name, value in before.items() if name not in after and not value.isdecimal()]
    for name, value in after.items():
        if name not in before and value in moved:
            moved.remove(value)
        elif name not in before:
            found.append(f"{what} has a new line: {name}")
        elif value.isdecimal() and before[name].isdecimal() and int(value) > int(before[name]):
            found.append(f"{what} has a higher count: {name} {value}")
    return found


def read_list(text: str) -> dict[str, str]:
    """The lines of a list: what stands first, and the rest."""
    pairs = (line.partition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: rest.strip() for name, _, rest in pairs}


def written_list(head: str, kept: dict[str, str]) -> str:
    """Undo ``read_list``, under its comment."""
    return head + "".join(f"{name} {rest}".rstrip() + "\n" for name, rest in sorted(kept.items()))


def _trees(root: Path) -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            yield path.relative_to(root).as_posix(), _parse(path.read_text())


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """Return each comment and each string of several words in a program, with its line."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in PROSE and " " in token.string:
            yield token.start[0], token.string


def _area(place: Path) -> str:
    """``p2pchat/core``, ``tests/core``, ``docs``: the package of a program, or the first folder."""
    folders = place.parent.parts
    return "/".join(folders[: 2 if folders[:1] in (("p2pchat",), ("tests",)) else 1]) or "."


def _classes(node: ast.AST) -> Iterator[ast.ClassDef]:
    """Every class of a module, those within classes and functions, too; expressions hold none."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield child
        if not isinstance(child, ast.expr):
            yield from _classes(child)


def _methods(owner: ast.ClassDef) -> int:
    return sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in owner.body)


def _runs_python(path: Path) -> bool:
    with path.open("rb") as file:
        line = file.readline(64)
    return line.startswith(b"#!") and b"python" in line


def _declared_verbs(root: Path) -> frozenset[str]:
    """Return the last word of each verb of the control contract."""
    path = root / VERBS
    calls = [
        node for node in ast.walk(ast.parse(path.read_text() if path.exists() else "")) if _declares(node)
    ]
    return frozenset(ast.literal_eval(call.args[0]).rpartition(".")[2] for call in calls)


def _declares(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Method"


def _vague(node: ast.FunctionDef | ast.AsyncFunctionDef, verbs: frozenset[str]) -> bool:
    if "_" in node.name or node.name in REQUIRED | CONVENTIONAL | STANDARD | verbs:
        return False
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return not decorators & {"property", "cached_property", "setter", "override"}


def _given(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that the module gives to something, and the line."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno


def _parts(name: str) -> list[str]:
    return [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
