"""The Containerfile, its steps run in a bare root: what is not installed by them is not there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs/examples/Containerfile"

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.netns,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.getuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare"),
]

SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/etc/ssl",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/pip.conf",
    "/etc/xdg",
)
"""What of this machine stands for the base image, beside its Python: seen, and not writable."""


def steps(kind: str) -> list[str]:
    return re.findall(rf"^{kind} (.*)$", FILE.read_text(), flags=re.MULTILINE)


def inside(root: Path, command: str, *, user: str = "0:0", network: bool = True) -> list[str]:
    """A command in the bare root, in namespaces of its own."""
    python = Path(sys.base_prefix)
    script = ["set -eu"]
    for place in [*SYSTEM, str(python), *_index()]:
        at = root / place.lstrip("/")
        if Path(place).is_symlink():
            if not at.is_symlink():
                at.symlink_to(os.readlink(place))
        elif Path(place).exists():
            at.parent.mkdir(parents=True, exist_ok=True)
            at.mkdir(exist_ok=True) if Path(place).is_dir() else at.touch()
            script.append(f"mount --bind -o ro {shlex.quote(place)} {shlex.quote(str(at))}")
    for device in ("null", "urandom"):
        (root / "dev").mkdir(exist_ok=True)
        (root / "dev" / device).touch()
        script.append(f"mount --bind /dev/{device} {shlex.quote(str(root))}/dev/{device}")
    if not network:
        script.append("ip link set lo up")
    kept = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    environment = {**kept, "PATH": f"{python}/bin:/usr/bin:/bin", "HOME": "/tmp"}
    shown = " ".join(f"{key}={shlex.quote(value)}" for key, value in environment.items())
    script.append(f"exec chroot --userspec={user} {shlex.quote(str(root))} env -i {shown} {command}")
    alone = [] if network else ["--net"]
    return ["unshare", "--mount", *alone, "sh", "-c", "\n".join(script)]


def _index() -> list[str]:
    """Files and folders that this machine's pip is told to use."""
    told = [sys.executable, "-m", "pip", "config", "list"]
    said = subprocess.run(told, capture_output=True, text=True, check=True).stdout
    places = dict.fromkeys(re.findall(r"(?:file://|[=' ])(/[^'\s]+)", said))
    return [each for each in places if Path(each).exists() and not each.startswith(SYSTEM)]


def test_its_steps_make_a_rendezvous_that_runs_as_an_unprivileged_user(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "tmp").mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    tmp_path.chmod(0o755)
    places = dict(each.split() for each in steps("COPY"))
    wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    to = root / places.pop("dist/*.whl").strip("/")
    subprocess.run([*wheel, "--wheel-dir", str(to), str(ROOT)], check=True, timeout=300)
    for source, place in places.items():
        (root / place.strip("/")).mkdir()
        for file in ROOT.glob(source):
            shutil.copy(file, root / place.strip("/"))
    for step in steps("RUN"):
        ran = subprocess.run(
            inside(root, f"sh -euc {shlex.quote(step)}"), capture_output=True, text=True, timeout=400
        )
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    (user,), (entry,), (command,) = steps("USER"), steps("ENTRYPOINT"), steps("CMD")
    words = re.findall(r'"([^"]*)"', entry) + re.findall(r'"([^"]*)"', command)
    run = inside(root, shlex.join(words), user=user, network=False)
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening on ws://0.0.0.0:8750\n"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
