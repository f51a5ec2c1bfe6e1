"""The servers that a benchmark of signalling starts: a rendezvous, a relay of bare ``websockets``, a bus.

Knows: how each is started, and what it has used so far. Does not know: what is measured.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.bench._facts import processor_s, rss_kb

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


class Server:
    """A process that listens."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def cpu(self) -> float:
        """Processor seconds so far."""
        return processor_s(self.process.pid)

    def rss_kb(self) -> int:
        return rss_kb(self.process.pid)


@contextlib.contextmanager
def started(*command: str, blocked: str = "") -> Iterator[Server]:
    """``blocked``: a package that it is not to find."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder:
        if blocked:
            Path(folder, f"{blocked}.py").write_text("raise ImportError('left out')\n")
            environment["PYTHONPATH"] = f"{folder}:{ROOT}"
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield Server(process, int(line.rsplit(":", 1)[1].strip().split("/")[0]))
        finally:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.kill()
            process.wait()


def rendezvous(
    *flags: str, host: str = "127.0.0.1", blocked: str = ""
) -> contextlib.AbstractContextManager[Server]:
    command = ("-m", "rendezvous", "--host", host, "--port", "0", "--no-stun", *flags)
    return started(*command, blocked=blocked)


def bare(*certificate_files: str, blocked: str = "") -> contextlib.AbstractContextManager[Server]:
    return started(str(HERE / "_signalling.py"), "0", *certificate_files, blocked=blocked)


@contextlib.contextmanager
def nats() -> Iterator[Server]:
    port = random.randrange(20000, 30000)
    process = subprocess.Popen(
        ["nats-server", "--addr", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        time.sleep(1)
        yield Server(process, port)
    finally:
        process.kill()
        process.wait()
