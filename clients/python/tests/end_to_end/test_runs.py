"""query_many against the built server: in order, at the limit's pace, and over the ends of either process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Callable, Iterator

import keypace
import pytest
import running
from keypace import Keypace

IS_CAMPAIGN = os.environ.get("KEYPACE_CAMPAIGN") == "1"
PROMPTS = 5_000 if IS_CAMPAIGN else 600
LIMIT, INTERVAL = (1_000, 10) if IS_CAMPAIGN else (200, 2)

# What a person's script does; it prints what became of the run, and its own peak of memory.
SCRIPT = """
import json, resource, signal, sys
from keypace import Keypace
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job that a shell starts in the background inherits that it is ignored
client = Keypace(sys.argv[1], sys.argv[2])
answers = client.query_many([f"Question {number}" for number in range(int(sys.argv[5]))], agent=sys.argv[3], out=sys.argv[4])
print(json.dumps({
    "answered": len(answers) - len(answers.failures), "stored": sum(one.stored for one in answers), "seconds": answers.seconds,
    "expected": answers.expected_seconds, "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "in_order": [one.index for one in answers] == list(range(int(sys.argv[5]))),
}))
"""


def start(client: Keypace, bot: str, out: Path, prompts: int = PROMPTS) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, client.settings.base_url, client.settings.token, bot, str(out), str(prompts)],
        env={"PYTHONPATH": str(Path(keypace.__file__).parents[1]), "PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def lines(out: Path) -> int:
    return out.read_bytes().count(b"\n") if out.exists() else 0


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"not within 60 s: {what}"
        time.sleep(0.01)


@pytest.fixture
def own_hub() -> Iterator[running.PretendHub]:
    hub = running.PretendHub()
    yield hub
    hub.close()


def test_a_run_is_over_when_the_pacer_foresaw_it(client: Keypace, make_agent: Callable[..., str], own_hub: running.PretendHub, tmp_path: Path) -> None:
    bot = make_agent(LIMIT, INTERVAL, own_hub.address, own_hub.key)
    run = start(client, bot, tmp_path / "answers.jsonl")
    said, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors
    figures = json.loads(said)
    print(figures)
    assert (figures["answered"], figures["in_order"]) == (PROMPTS, True)
    assert figures["expected"] == pytest.approx((PROMPTS / LIMIT - 1) * (INTERVAL + 0.05), abs=0.2)
    assert figures["seconds"] > figures["expected"] * 0.97  # faster would have broken the limit
    assert figures["mebibytes"] < 300
    assert len(own_hub.log()) == PROMPTS


def test_killed_in_the_middle_it_asks_nothing_twice_that_is_on_disk(client: Keypace, make_agent: Callable[..., str], own_hub: running.PretendHub, tmp_path: Path) -> None:
    bot = make_agent(LIMIT, INTERVAL, own_hub.address, own_hub.key)
    out = tmp_path / "answers.jsonl"
    run = start(client, bot, out)
    until(lambda: lines(out) > PROMPTS // 2, "half of the answers")
    run.send_signal(signal.SIGKILL)
    run.communicate()
    kept = [json.loads(line) for line in out.read_bytes().split(b"\n")[:-1]]
    assert PROMPTS // 2 < len(kept) < PROMPTS
    again = start(client, bot, out)
    said, errors = again.communicate(timeout=300)
    assert again.returncode == 0, errors
    figures = json.loads(said)
    assert (figures["answered"], figures["stored"], lines(out)) == (PROMPTS, len(kept), PROMPTS)
    # What was under way at the kill may have been asked again, nothing else.
    assert PROMPTS <= len(own_hub.log()) <= PROMPTS + 256


def test_interrupted_it_says_how_to_go_on(client: Keypace, make_agent: Callable[..., str], own_hub: running.PretendHub, tmp_path: Path) -> None:
    bot = make_agent(20, 60, own_hub.address, own_hub.key)
    out = tmp_path / "answers.jsonl"
    run = start(client, bot, out, 60)
    until(lambda: lines(out) >= 20, "the first answers")
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=240)
    assert run.returncode != 0 and "KeyboardInterrupt" in errors
    assert f"of 60 answers are in '{out}'. The same call goes on from there." in errors


def test_the_server_may_be_restarted_in_the_middle(own_hub: running.PretendHub, tmp_path: Path) -> None:
    server = running.Keypace()
    try:
        client = Keypace(server.address, server.token)
        client.api_keys.create("main", "custom", own_hub.key, url=f"{own_hub.address}/v1", rate_limit_per_interval=50, rate_limit_interval=1)
        client.agents.create("bot", "pretend-large", key="main")
        client.close()
        run = start(client, "bot", tmp_path / "answers.jsonl", 150)
        until(lambda: lines(tmp_path / "answers.jsonl") >= 50, "the first answers")
        server.stop()
        server.start()
        said, errors = run.communicate(timeout=240)
        assert run.returncode == 0, errors
        answered = json.loads(said)["answered"]
        # A query that was on its way to a socket that closed may have been sent: it is not asked again in the same run, but in the next.
        assert answered >= 50, errors
        with keypace.Keypace(server.address, server.token) as later:
            answers = later.query_many([f"Question {number}" for number in range(150)], agent="bot", out=tmp_path / "answers.jsonl")
        assert (len(answers.failures), sum(one.stored for one in answers)) == (0, answered)
    finally:
        server.close()


def test_one_caller_named_and_many_prompts_share_the_line(client: Keypace, make_agent: Callable[..., str]) -> None:
    bot = make_agent()
    caller = f"ann ü{uuid.uuid4().hex[:6]}"
    answers = client.query_many(["Hello"] * 30, agent=bot, caller=caller)
    assert answers.texts == ["The pretend hub says hello."] * 30
    until(lambda: any(row.label.endswith(f"/{caller}") and row.queries == 30 for row in client.usage.list(by="caller")), "the usage records")
