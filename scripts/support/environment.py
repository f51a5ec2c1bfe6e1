"""Make or mend the virtual environment of a checkout, installing only when something has changed.

Knows: virtual environments, pip and what was installed last. Does not know: what anybody does with it.

    python environment.py VENV [EXTRA ...]

Runs on the standard library alone. Two at once take turns; what was interrupted the next one begins anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
WISHED = ("fast",)  # extras that make things better where they install and stop nobody where they do not
BUILD_TOOLS = ("hatchling", "editables")


def main() -> None:
    """Bring the environment up to date; one line on stderr and exit code 1 when that fails."""
    place, extras = Path(sys.argv[1]).absolute(), frozenset(sys.argv[2:])
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _turn(place):
            _provide(place, extras)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        _give_up(f"cannot write {error.filename}: {error.strerror}; set P2PCHAT_VENV to a place of your own")


@contextmanager
def _turn(place: Path) -> Iterator[None]:
    with place.with_name(place.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _provide(place: Path, extras: frozenset[str]) -> None:
    record = place / "installed"
    known = _read(record)
    wanted = _fingerprint()
    if known is not None and known[0] == wanted and extras <= known[1] and _runs(place):
        return
    if known is None or not _runs(place):
        _say(f"making {place}")
        _create(place)
    else:
        extras |= known[1]
    record.unlink(missing_ok=True)  # a run that ends here leaves no record, and the next begins anew
    _say("installing " + (", ".join(["p2pchat", *sorted(extras)])))
    _install(place, extras)
    record.write_text("\n".join([wanted, *sorted(extras)]))


def _read(record: Path) -> tuple[str, frozenset[str]] | None:
    try:
        first, *rest = record.read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return first, frozenset(rest)


def _fingerprint() -> str:
    """Changes with whatever decides what is installed, and with the place of the checkout."""
    parts = [str(ROOT).encode()] + [
        (ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _runs(place: Path) -> bool:
    """Whether its interpreter still is there: a system's upgrade may have taken it away."""
    try:
        return _call(place, "-c", "import pip").returncode == 0
    except OSError:
        return False


def _create(place: Path) -> None:
    if place.is_dir() and any(place.iterdir()) and not (place / "pyvenv.cfg").exists():
        _give_up(f"{place} is no virtual environment; move it away or set P2PCHAT_VENV to another place")
    shutil.rmtree(place, ignore_errors=True)
    try:
        venv.create(place, with_pip=True)
    except subprocess.CalledProcessError:
        _give_up(f"{sys.executable} cannot make a virtual environment; on Debian, install python3-venv")


def _install(place: Path, extras: Iterable[str]) -> None:
    _pip(place, *BUILD_TOOLS)
    _pip(place, "--no-build-isolation", "--editable", _checkout(extras))
    for wish in WISHED:
        if not _tried(place, "--no-build-isolation", "--editable", _checkout([wish]), show=False):
            _say(f"going on without {wish}, which does not install here")


def _checkout(extras: Iterable[str]) -> str:
    names = ",".join(sorted(extras))
    return f"{ROOT}[{names}]" if names else str(ROOT)


def _pip(place: Path, *arguments: str) -> None:
    if not _tried(place, *arguments, show=True):
        _give_up("the installation failed, pip says why above; run it again to begin anew")


def _tried(place: Path, *arguments: str, show: bool) -> bool:
    constraints = str(ROOT / "constraints.txt")
    options = ("-qq", "--disable-pip-version-check", "--no-input", "--constraint", constraints)
    return _call(place, "-m", "pip", "install", *options, *arguments, show=show).returncode == 0


def _call(place: Path, *arguments: str, show: bool = False) -> subprocess.CompletedProcess[bytes]:
    to = sys.stderr if show else subprocess.DEVNULL
    return subprocess.run([place / "bin" / "python", *arguments], stdout=to, stderr=to, check=False)


def _say(text: str) -> None:
    print(f"{text} …", file=sys.stderr, flush=True)


def _give_up(reason: str) -> NoReturn:
    print(reason, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
