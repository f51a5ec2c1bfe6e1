"""Make or mend the virtual environment of a checkout, installing only when something has changed.

Knows: virtual environments, pip and what was installed last. Does not know: how it is used.

    python environment.py VENV [EXTRA ...]

Runs on the standard library alone. Two at once take turns; the next run starts again after an interrupted
one.
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
WISHED = ("fast",)  # optional extras: better if they install, not needed if they do not
LOCKS = ROOT / "scripts" / "locks"


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
    record.unlink(missing_ok=True)  # a run that ends here leaves no record, and the next starts again
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
    """Changes with the lists of packages, and with the place of the checkout."""
    files = [ROOT / "pyproject.toml", *sorted(LOCKS.glob("*.txt"))]
    parts = [str(ROOT).encode(), *(file.read_bytes() for file in files)]
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
    """Every package is one that a lock names, by its hash; of the checkout itself nothing else is fetched."""
    for lock in ("run", *sorted(extras)):
        if not _tried(place, "--require-hashes", "--no-deps", "-r", _lock(lock), show=True):
            _give_up("the installation failed, pip says why above; run it again to begin anew")
    if not _tried(place, "--no-deps", "--no-build-isolation", "--editable", str(ROOT), show=True):
        _give_up("p2pchat could not be installed, pip says why above; run it again to begin anew")
    for wish in WISHED:
        if not _tried(place, "--require-hashes", "--no-deps", "-r", _lock(wish), show=False):
            _say(f"going on without {wish}, which does not install here")


def _lock(name: str) -> str:
    return str(LOCKS / f"{name}.txt")


def _tried(place: Path, *arguments: str, show: bool) -> bool:
    options = ("-qq", "--disable-pip-version-check", "--no-input")
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
