"""The built server and a pretend hub, as children of this process, in a folder of their own that goes away with them."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Dict, List, Optional

CHECKOUT = Path(__file__).resolve().parents[3]
ARTIFACTS = Path(os.environ.get("KEYPACE_ARTIFACTS") or CHECKOUT / "artifacts")
EXECUTABLE = Path(os.environ.get("KEYPACE_EXECUTABLE") or ARTIFACTS / "keypace" / "keypace")
PRETEND_HUB = next(
    (path for path in (ARTIFACTS / "bin/Keypace.Demo" / kind / "Keypace.Demo.dll" for kind in ("release", "debug")) if path.exists()),
    None,
)
IS_BUILT = EXECUTABLE.exists() and PRETEND_HUB is not None
READY_WITHIN = 120.0
"""Seconds."""


class PretendHub:
    """A hub that answers everything, and can be asked what arrived."""

    def __init__(self, *options: str) -> None:
        self.key = "sk-test-not-a-real-key-" + secrets.token_hex(8)
        command = ["dotnet", str(PRETEND_HUB), "hub", "--require-key", self.key, *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        assert self.address.startswith("http://"), self.address

    def log(self) -> List[Dict[str, Any]]:
        """Every request that arrived."""
        with urllib.request.urlopen(f"{self.address}/_log", timeout=10) as answer:
            found = json.load(answer)
        return list(found)

    def close(self) -> None:
        assert self._process.stdout is not None
        self._process.terminate()
        self._process.wait(20)
        self._process.stdout.close()


class Keypace:
    """`keypace serve` with a store of its own. Its token is an administrator's."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="keypace-py-")
        root = Path(self._folder.name)
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KEYPACE_")},
            "HOME": str(root), "XDG_CONFIG_HOME": str(root / "config"), "KEYPACE_EGRESS__ALLOW": "127.0.0.0/8",
        }
        self._at = ["--data", str(root / "data"), "--kek-file", str(root / "kek")]
        self._log = root / "log"
        (root / "password").write_text(secrets.token_urlsafe(18))
        subprocess.run(
            [str(EXECUTABLE), "init", *self._at, "--token-file", str(root / "token"), "--owner-email", "owner@example.test",
             "--password-file", str(root / "password")],
            check=True, env=self._environment, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )
        self.token = (root / "token").read_text().strip()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.start()

    def start(self) -> None:
        """Starts it, again on the port it had."""
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [str(EXECUTABLE), "serve", *self._at, "--urls", self.address], env=self._environment, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                if self._process.poll() is not None:
                    break
                time.sleep(0.02)
        raise AssertionError(f"keypace serve was not ready: {self._log.read_text()}")

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(40)
            self._process = None

    def close(self) -> None:
        self.stop()
        self._folder.cleanup()
