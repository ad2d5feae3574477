"""Ctrl-C: what was answered stays, and nothing is printed but the one interruption that was meant."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import keypace
import pytest

# What a person's script does, with a hub that never answers the last question. A job in the background inherits that SIGINT is ignored.
SCRIPT = """
import asyncio, signal, sys, threading
import fake, httpx, keypace
from questions import Hub, asked

signal.signal(signal.SIGINT, signal.default_int_handler)

class Silent(Hub):
    async def handle_async_request(self, request):
        if asked(request) == "last":
            print("asked", flush=True)
            await asyncio.sleep(3600)
        return await super().handle_async_request(request)

    def handle_request(self, request):
        print("asked", flush=True)
        threading.Event().wait(3600)

client = keypace.Keypace(fake.BASE_URL, fake.TOKEN, transport=Silent())

def run():
    client.query_many(["first", "second", "last"], agent="bot", concurrency=1, out=sys.argv[2])

async def notebook():
    run()

if sys.argv[1] == "script":
    run()
elif sys.argv[1] == "notebook":
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(notebook())  # as there, no handler of asyncio's takes the signal
    finally:
        loop.close()
else:
    client.query("last", agent="bot", stream=sys.argv[1] == "stream")
"""


@pytest.mark.skipif(os.name != "posix", reason="on Windows no process can send another one SIGINT alone")
@pytest.mark.parametrize("how", ["script", "notebook", "query", "stream"])
def test_it_is_one_interruption_and_nothing_else(how: str, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    child = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT, how, str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(keypace.__file__).parents[1]), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])},
    )
    try:
        assert child.stdout is not None and child.stdout.readline() == "asked\n"
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=300)
    finally:
        child.kill()
    assert child.returncode == -signal.SIGINT
    assert said.count("Traceback") == 1 and said.rstrip().endswith("KeyboardInterrupt"), said
    assert not any(words in said for words in ("During handling", "direct cause", "CancelledError", "never retrieved", "never awaited", "ResourceWarning")), said
    if how in ("script", "notebook"):
        assert f"2 of 3 answers are in '{out}'" in said and out.read_bytes().count(b"\n") == 2
