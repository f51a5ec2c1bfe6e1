"""What an installation fetches is named in a lock by version and hash; the locks cover what is asked for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "scripts" / "locks"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
STRANGERS = "p2pchat"
"""The distribution of that name is not ours."""


def entries(lock: str) -> dict[str, list[str]]:
    """By name and version: the hashes."""
    found: dict[str, list[str]] = {}
    for line in (LOCKS / f"{lock}.txt").read_text().replace("\\\n", " ").splitlines():
        requirement, *hashes = line.split("--hash=")
        found[requirement.partition(";")[0].strip()] = [each.strip() for each in hashes]
    return found


def names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9._-]+", each) for each in requirements)
    return {match[0].lower().replace("_", "-") for match in found if match is not None}


def locked(lock: str) -> set[str]:
    return {name.partition("==")[0] for name in entries(lock)}


@pytest.mark.parametrize("lock", ["run", *EXTRAS])
def test_every_package_has_one_version_and_hashes(lock: str) -> None:
    for requirement, hashes in entries(lock).items():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][^\s]*", requirement), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), requirement


def test_the_locks_cover_what_is_asked_for_and_what_builds_it() -> None:
    assert names(PROJECT["project"]["dependencies"]) <= locked("run")
    assert names(PROJECT["build-system"]["requires"]) <= locked("run")
    for extra, wanted in EXTRAS.items():
        assert names(wanted) <= locked(extra) | locked("run"), extra


def test_no_package_has_two_versions_and_none_is_the_stranger_s() -> None:
    everything = [each for lock in ("run", *EXTRAS) for each in entries(lock)]
    versions: dict[str, set[str]] = {}
    for each in everything:
        name, _, version = each.partition("==")
        versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
    assert STRANGERS not in versions
    assert PROJECT["project"]["name"] != STRANGERS


def test_nothing_we_print_or_write_installs_the_stranger_s_package() -> None:
    places = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    places += [*(ROOT / "docs" / "man").glob("*"), *(ROOT / "p2pchat").rglob("*.py")]
    places += [*(ROOT / "rendezvous").rglob("*.py")]
    for place in places:
        for command in re.findall(r"(?:pip|pipx|uv|uv tool) install[^`\n]*", place.read_text()):
            assert not re.search(r"(?<![\w/.-])p2pchat(?!-messenger)(?![\w/-])", command), (
                f"{place}: {command}"
            )


def test_every_package_that_the_documents_install_is_fetched_by_its_hash() -> None:
    places = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    commands = [
        (place.name, line)
        for place in [*places, *(ROOT / "docs" / "examples").iterdir()]
        for line in place.read_text().splitlines()
        if re.search(r"pip install [^`]", line) and not line.startswith("#")
    ]
    assert commands
    for place, line in commands:
        locks = re.findall(r"-r /?(?:scripts/)?locks/(\w+)\.txt", line)
        fetched = "--require-hashes" in line and locks and {*locks} <= {"run", *EXTRAS}
        assert fetched or "--no-deps" in line, f"{place}: {line}"
