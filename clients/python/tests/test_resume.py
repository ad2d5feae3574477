"""query_many with files: the one that it resumes from, and the one of prompts."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any, List

import fake
import keypace
import pytest
from keypace import AsyncKeypace
from keypace._ledger import Ledger, fingerprint
from questions import PROMPTS, Hub, client, expected


def test_what_is_on_disk_is_never_asked_again(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    first = Hub(Question_2=[fake.refusal(502, "hub_unreachable", x_should_retry="false")])
    client(first).query_many(PROMPTS[:10], agent="bot", out=out)
    second = Hub()
    answers = client(second).query_many(["New", *PROMPTS[:10]], agent="bot", out=str(out))
    assert sorted(second.questions) == ["New", "Question 2"]
    assert answers.texts == expected(["New", *PROMPTS[:10]])
    assert [one.stored for one in answers][:4] == [False, True, True, False]
    assert answers[1].answer is not None and answers[1].answer.body["usage"]["total_tokens"] == 18
    assert out.stat().st_mode & 0o077 == 0


def test_equal_prompts_get_an_answer_each_and_another_agent_none_of_them(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    client(Hub()).query_many(["same", "same"], agent="bot", out=out)
    hub = Hub()
    client(hub).query_many(["same", "same", "same"], agent="bot", out=out)
    assert hub.questions == ["same"]
    client(hub).query_many(["same"], agent="other", out=out)
    assert hub.questions == ["same", "same"]


@pytest.mark.parametrize("seed", range(25))
def test_a_file_cut_anywhere_keeps_every_whole_answer(tmp_path: Path, seed: int) -> None:
    out = tmp_path / "answers.jsonl"
    client(Hub()).query_many(PROMPTS[:6], agent="bot", out=out)
    data = out.read_bytes()
    cut = random.Random(seed).randrange(len(data) + 1)
    out.write_bytes(data[:cut])
    whole = data[:cut].count(b"\n")
    if cut < len(data) and data[cut : cut + 1] == b"\n":
        whole += 1  # only its line break was lost: the answer is there
    hub = Hub()
    answers = client(hub).query_many(PROMPTS[:6], agent="bot", out=out)
    assert len(hub.questions) == 6 - whole, f"seed {seed}, cut at {cut}"
    assert answers.texts == expected(PROMPTS[:6])
    assert out.read_bytes().count(b"\n") == 6 and all(json.loads(line) for line in out.read_bytes().splitlines())


@pytest.mark.parametrize(("content", "line"), [(b"notes\n", 1), (b"notes", 1), (b'{"a": 1}\n', 1), (b"{}", 1), (b"[1]\n", 1)])
def test_a_file_that_is_something_else_is_left_alone_and_the_line_named(tmp_path: Path, content: bytes, line: int) -> None:
    out, hub = tmp_path / "notes.txt", Hub()
    out.write_bytes(content)
    with pytest.raises(keypace.FileError, match=f"line {line}") as failed:
        client(hub).query_many(PROMPTS, agent="bot", out=out)
    assert (failed.value.line, out.read_bytes(), hub.questions) == (line, content, [])


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    client(Hub()).query_many(PROMPTS[:3], agent="bot", out=out)
    lines = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(lines[0] + lines[1][:20] + b"\n" + lines[2])
    with pytest.raises(keypace.FileError, match="line 2"):
        client(Hub()).query_many(PROMPTS, agent="bot", out=out)


def test_two_runs_do_not_share_a_file(tmp_path: Path) -> None:
    held = Ledger(tmp_path / "answers.jsonl")
    with pytest.raises(keypace.FileError, match="in use by another run"):
        client(Hub()).query_many(PROMPTS, agent="bot", out=tmp_path / "answers.jsonl")
    held.close()
    with pytest.raises(keypace.FileError, match="cannot be opened"):
        client(Hub()).query_many(PROMPTS, agent="bot", out=tmp_path / "no" / "folder")


def test_a_full_disk_ends_the_run_and_tears_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    out, write, room = tmp_path / "answers.jsonl", os.write, [900]

    def full(file: int, data: bytes) -> int:
        if len(data) > room[0] > 0:
            data = bytes(data)[: room[0]]
        if not room[0]:
            raise OSError(28, "No space left on device")
        room[0] -= len(data)
        return write(file, data)

    monkeypatch.setattr("keypace._ledger.os.write", full)
    with pytest.raises(keypace.FileError, match="No space left"):
        client(Hub()).query_many(PROMPTS, agent="bot", out=out, concurrency=1)
    monkeypatch.undo()
    assert all(json.loads(line) for line in out.read_bytes().splitlines())
    assert client(Hub()).query_many(PROMPTS, agent="bot", out=out).texts == expected(PROMPTS)


def test_cancelled_in_the_middle_it_goes_on_from_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    out = tmp_path / "answers.jsonl"

    async def cancelled() -> None:
        async with AsyncKeypace(fake.BASE_URL, fake.TOKEN, transport=Hub(Question_20=[fake.refusal(429, "queue_full", retry_after_ms="600000")])) as awaited:
            run = asyncio.ensure_future(awaited.query_many(PROMPTS, agent="bot", out=out, concurrency=1))
            while not out.exists() or out.read_bytes().count(b"\n") < 20:
                await asyncio.sleep(0)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run

    asyncio.run(cancelled())
    assert "20 of 40 answers are in" in caplog.text
    hub = Hub()
    assert client(hub).query_many(PROMPTS, agent="bot", out=out).texts == expected(PROMPTS)
    assert hub.questions.count("Question 20") == 1 and len(hub.questions) == 20


def test_prompts_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    lines: List[Any] = [
        "Question 0", {"prompt": "Question 1"}, {"messages": [{"role": "user", "content": "Question 2"}]},
        {"custom_id": "x", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "any", "messages": [{"role": "user", "content": "Question 3"}]}},
        [{"role": "user", "content": "Question 4"}],
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    assert client(Hub()).query_many(path, agent="bot").texts == expected(PROMPTS[:5])
    for text, line in [('"a"\nnot json\n', 2), ('"a"\n\n7\n', 3), ("{}\n", 1)]:
        path.write_text(text)
        with pytest.raises(keypace.FileError, match=f"line {line}"):
            client(Hub()).query_many(path, agent="bot")
    with pytest.raises(keypace.FileError, match="cannot be read"):
        client(Hub()).query_many(tmp_path / "missing", agent="bot")


def test_the_fingerprint_is_of_the_question_alone() -> None:
    assert fingerprint({"model": "a", "messages": [1]}) == fingerprint({"messages": [1], "model": "a"})
    assert fingerprint({"model": "a"}) != fingerprint({"model": "b"})
