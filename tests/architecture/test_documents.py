"""What documents and code refer to is there: links, anchors, files, names, decisions."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    place.relative_to(ROOT).as_posix()
    for place in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md"))
)
CODE = sorted(
    place
    for folder in ("p2pchat", "rendezvous", "scripts", "tests")
    for place in (ROOT / folder).rglob("*")
    if place.is_file() and place.suffix in ("", ".py", ".sh", ".sql")
)
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
WORDS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in ARCHITECTURE.partition("\n## The words\n")[2].splitlines()
    if line.startswith("|") and not line.startswith(("| word |", "|---"))
]

FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")
ROOM = re.compile(r"`((?:core|crypto|wire|store|net|daemon|control|client|rendezvous)/[\w/]+)`")


@cache
def anchors(document: Path) -> frozenset[str]:
    """As GitHub makes them."""
    found: list[str] = []
    slugs: Counter[str] = Counter()
    for heading in re.findall(r"^#+ (.*)$", FENCE.sub("", document.read_text()), flags=re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w -]", "", plain.lower()).replace(" ", "-")
        found.append(f"{slug}-{slugs[slug]}" if slugs[slug] else slug)
        slugs[slug] += 1
    return frozenset(found)


def module(name: str) -> Path | None:
    """The file or folder of ``core/link/link``, as documents write it."""
    for base in (ROOT / "p2pchat", ROOT):
        for place in (base / f"{name}.py", base / name):
            if place.exists():
                return place
    return None


def names_in(place: Path) -> set[str]:
    """What the module or package gives names to."""
    files = place.rglob("*.py") if place.is_dir() else (place,)
    found: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.ClassDef() | ast.FunctionDef():
                    found.add(node.name)
                case ast.Name(ctx=ast.Store()):
                    found.add(node.id)
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_of_a_document_leads_somewhere(name: str) -> None:
    document, lost = ROOT / name, []
    for link in LINK.findall(FENCE.sub("", document.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


def references() -> Iterator[tuple[Path, str]]:
    for place in CODE:
        for found in re.findall(r"\bdocs/[\w./-]+(?:#[\w-]+)?", place.read_text(errors="replace")):
            yield place, found.rstrip(".,")


def test_what_code_says_of_documents_is_there() -> None:
    lost = []
    for place, reference in references():
        path, _, anchor = reference.partition("#")
        target = ROOT / path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(f"{place.relative_to(ROOT)}: {reference}")
    assert lost == []


def test_code_refers_to_the_protocol_by_anchor_and_not_by_number() -> None:
    numbered = re.compile(r"\(protocol,|protocol,? section \d|\(section \d+\.?\d*\)")
    found = [
        place.relative_to(ROOT).as_posix()
        for place in CODE
        if place.is_relative_to(ROOT / "p2pchat") and numbered.search(place.read_text())
    ]
    assert found == []


def test_every_decision_that_code_names_was_made() -> None:
    made = {place.name[:4] for place in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
    named = {
        (place.relative_to(ROOT).as_posix(), number)
        for place in CODE
        for number in re.findall(r"\bdecisions?,? (\d{4})\b", place.read_text(errors="replace"))
    }
    assert {each for each in named if each[1] not in made} == set()


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/protocol/README.md"])
def test_every_module_that_is_named_exists(name: str) -> None:
    named = ROOM.findall((ROOT / name).read_text())
    assert named
    assert [each for each in named if module(each) is None] == []


def test_the_picture_has_every_room_in_its_place() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    rooms = [re.findall(r"\w+", layer) for layer in layers]
    picture = ARCHITECTURE.partition("```\n")[2].partition("```")[0].splitlines()

    def line(room: str) -> int:
        pattern = re.compile(rf"^.{{25}}(?:\w+ │ )*{room}\b")
        (at,) = [number for number, drawn in enumerate(picture) if pattern.match(drawn)]
        return at

    drawn = [line(room) for layer in rooms for room in layer]
    assert drawn == sorted(drawn)
    assert line("rendezvous")


@pytest.mark.parametrize("row", WORDS, ids=[row[0] for row in WORDS])
def test_a_word_of_the_glossary_is_what_the_code_has(row: list[str]) -> None:
    _, _, code, _ = row
    tokens = re.findall(r"`([\w/]+)`", code)
    places = [place for place in map(module, tokens) if place is not None]
    assert places
    defined = set().union(*map(names_in, places))
    assert [token for token in tokens if module(token) is None and token not in defined] == []


def test_the_glossary_is_in_order() -> None:
    words = [row[0].lower() for row in WORDS]
    assert words == sorted(words)
    assert len(words) > 40
