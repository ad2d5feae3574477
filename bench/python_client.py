#!/usr/bin/python3
"""What the Python client costs over plain httpx, and how close query_many comes to the pacer's own time. bench/README.md has figures.

  /usr/bin/python3 bench/python_client.py overhead [--calls 400]
  /usr/bin/python3 bench/python_client.py import
  /usr/bin/python3 bench/python_client.py many [--prompts 5000 --limit 1000/10] [--kill]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "clients/python/src"), str(ROOT / "clients/python/tests")]


def overhead(calls: int) -> None:
    """The same exchange by turns, once through the client and once through httpx with a parsed answer."""
    import httpx
    import running
    from keypace import Keypace
    from keypace._http import send_at_once

    hub, server = running.PretendHub(), running.Keypace()
    try:
        with Keypace(server.address, server.token) as client, httpx.Client(headers={"authorization": f"Bearer {server.token}"}, timeout=60, trust_env=False) as plain:
            client.api_keys.create("main", "custom", hub.key, url=f"{hub.address}/v1", rate_limit_per_interval=1_000_000, rate_limit_interval=1)
            client.agents.create("bot", "pretend-large", key="main")
            # Both with Nagle's algorithm off, as the client sets it: otherwise plain httpx 0.23 takes 40 ms more a POST and the figure would flatter us.
            plain.event_hooks = {"response": [send_at_once]}
            body = {"model": "agent/bot", "messages": [{"role": "user", "content": "Hello"}]}
            pairs = {
                "api_keys.get": (lambda: client.api_keys.get("main"), lambda: plain.get(f"{server.address}/v1/api-keys/main").json()),
                "query": (lambda: client.query("Hello", agent="bot"), lambda: plain.post(f"{server.address}/v1/chat/completions", json=body).json()),
            }
            for name, (ours, theirs) in pairs.items():
                took: "dict[bool, list[float]]" = {True: [], False: []}
                for number in range(calls * 2 + 40):
                    ours_now = number % 2 == 0
                    started = time.perf_counter()
                    (ours if ours_now else theirs)()
                    if number >= 40:  # the first ones warm both up
                        took[ours_now].append((time.perf_counter() - started) * 1000)
                client_ms, plain_ms = statistics.median(took[True]), statistics.median(took[False])
                print(f"{name:13} client {client_ms:.3f} ms, httpx {plain_ms:.3f} ms, over it {client_ms - plain_ms:+.3f} ms (medians of {calls})")
    finally:
        server.close()
        hub.close()


def import_time() -> None:
    """In fresh processes, as the median of 15."""
    code = "import time; t = time.perf_counter(); import keypace; print((time.perf_counter() - t) * 1000)"
    environment = {"PYTHONPATH": str(ROOT / "clients/python/src")}
    times = [float(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout) for _ in range(15)]
    print(f"import keypace: {statistics.median(times):.0f} ms (median of {len(times)}, {min(times):.0f} to {max(times):.0f})")


def many(prompts: int, limit: str, kill: bool) -> None:
    """One run of query_many in a process of its own; with `kill` it is killed in the middle and started again."""
    import running
    from keypace import Keypace

    requests, seconds = (int(part) for part in limit.split("/"))
    hub, server = running.PretendHub(), running.Keypace()
    try:
        with Keypace(server.address, server.token) as client:
            client.api_keys.create("main", "custom", hub.key, url=f"{hub.address}/v1", rate_limit_per_interval=requests, rate_limit_interval=seconds)
            client.agents.create("bot", "pretend-large", key="main")
            # Another address of the same hub is another limit: server and hub are warm when the run starts, as they are for anybody but the first caller.
            client.api_keys.create("warm", "custom", hub.key, url=f"{hub.address.replace('127.0.0.1', 'localhost')}/v1", rate_limit_per_interval=1_000_000, rate_limit_interval=1)
            client.query_many(["Warm up"] * 2_000, model="pretend-large", key="warm")
            warmed = len(hub.log())
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "answers.jsonl")
            command = [sys.executable, __file__, "one", server.address, server.token, str(out), str(prompts)]
            if kill:
                first = subprocess.Popen(command, stdout=subprocess.DEVNULL)
                while not out.exists() or out.read_bytes().count(b"\n") < prompts // 2:
                    time.sleep(0.05)
                first.send_signal(signal.SIGKILL)
                first.wait()
                kept = out.read_bytes().count(b"\n")
                print(f"killed with {kept} answers on disk and {len(hub.log()) - warmed} queries at the hub")
            subprocess.run(command, check=True)
            asked = len(hub.log()) - warmed
            lines = [json.loads(line) for line in out.read_bytes().splitlines()]
            print(f"{len(lines)} answers on disk for {len({line['index'] for line in lines})} prompts; {asked} queries at the hub, {asked - prompts} of them again")
    finally:
        server.close()
        hub.close()


def one(address: str, token: str, out: str, prompts: int) -> None:
    from keypace import Keypace

    with Keypace(address, token) as client:
        answers = client.query_many([f"Question {number}" for number in range(prompts)], agent="bot", out=out)
    expected = answers.expected_seconds or 0.0
    stored = sum(one.stored for one in answers)
    print(
        f"{len(answers) - stored} asked, {stored} from the file, {len(answers.failures)} failed: {answers.seconds:.2f} s, foreseen {expected:.2f} s "
        f"({(answers.seconds / expected - 1) * 100 if expected else 0:+.1f} %), peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, "
        f"processor {time.process_time():.1f} s, in order {[one.index for one in answers] == list(range(prompts))}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("overhead").add_argument("--calls", type=int, default=400)
    commands.add_parser("import")
    run = commands.add_parser("many")
    run.add_argument("--prompts", type=int, default=5_000)
    run.add_argument("--limit", default="1000/10")
    run.add_argument("--kill", action="store_true")
    child = commands.add_parser("one")
    for name in ("address", "token", "out"):
        child.add_argument(name)
    child.add_argument("prompts", type=int)
    given = parser.parse_args()
    if given.command == "overhead":
        overhead(given.calls)
    elif given.command == "import":
        import_time()
    elif given.command == "many":
        many(given.prompts, given.limit, given.kill)
    else:
        one(given.address, given.token, given.out, given.prompts)


if __name__ == "__main__":
    os.environ.pop("KEYPACE_TOKEN", None)
    main()
