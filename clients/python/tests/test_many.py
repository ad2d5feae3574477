"""query_many: order, failures, the file it resumes from, and what it shows."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import random
import sys
import types
from pathlib import Path
from typing import Any, Dict, List, Optional

import fake
import httpx
import keypace
import pytest
from keypace import AsyncKeypace, Keypace
from keypace._ledger import Ledger, fingerprint
from keypace._progress import Display

PROMPTS = [f"Question {number}" for number in range(40)]


def asked(request: httpx.Request) -> Optional[str]:
    """The prompt, where it is a query."""
    if request.url.path != "/v1/chat/completions":
        return None
    return str(json.loads(request.content)["messages"][-1]["content"])


class Hub(fake.Fake):
    """Answers each question with itself; `says` answers some otherwise, once for each item of its list."""

    def __init__(self, **says: List[Any]) -> None:
        super().__init__(self._say)
        self.says = {name.replace("_", " "): answers for name, answers in says.items()}
        self.questions: List[str] = []

    def _say(self, request: httpx.Request) -> Optional[httpx.Response]:
        question = asked(request)
        if question is None:
            return None
        self.questions.append(question)
        other = self.says.get(question) or self.says.get("all")
        if other:
            answer = other.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer
        return httpx.Response(200, json=fake.chat(f"Answer to {question}"), headers=fake.SERVED)


def client(hub: Hub) -> Keypace:
    return Keypace(fake.BASE_URL, fake.TOKEN, transport=hub)


def expected(prompts: List[str]) -> List[str]:
    return [f"Answer to {prompt}" for prompt in prompts]


def test_answers_come_in_the_order_of_the_prompts() -> None:
    hub = Hub()
    answers = client(hub).query_many(iter(PROMPTS), agent="bot", temperature=0)
    assert answers.texts == expected(PROMPTS)
    assert sorted(hub.questions) == sorted(PROMPTS)
    assert answers.raise_for_failures() is answers and answers.expected_seconds is not None
    assert "Answer to Question 0" in str(answers) and answers.to_dicts()[3]["prompt"] == "Question 3"


def test_it_works_where_an_event_loop_runs_already_and_awaited() -> None:
    async def notebook() -> None:
        assert client(Hub()).query_many(PROMPTS, agent="bot").texts == expected(PROMPTS)
        async with AsyncKeypace(fake.BASE_URL, fake.TOKEN, transport=Hub()) as awaited:
            assert (await awaited.query_many(PROMPTS, agent="bot")).texts == expected(PROMPTS)

    asyncio.run(notebook())


def test_one_that_fails_fails_alone_and_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    refused = fake.refusal(502, "hub_unreachable", "The hub does not answer.", x_should_retry="false")
    hub = Hub(Question_3=[refused], Question_5=[httpx.ReadError("lost")], Question_7=[httpx.Response(400, json={"error": {"message": "Too long."}}, headers=fake.SERVED)])
    answers = client(hub).query_many(PROMPTS, agent="bot", concurrency=1)
    assert [one.index for one in answers.failures] == [3, 5, 7]
    assert hub.questions == PROMPTS  # none twice: the lost one may have been answered
    assert "37 of 40 prompts have an answer" in caplog.text and "1 failed (prompt 7): Too long." in caplog.text
    with pytest.raises(keypace.SomeFailedError) as failed:
        answers.raise_for_failures()
    assert len(failed.value.failures) == 3


def test_a_refusal_that_waiting_cures_is_waited_for() -> None:
    soon = {"x_should_retry": "true", "retry_after_ms": "1"}
    hub = Hub(
        Question_1=[fake.refusal(429, "queue_full", **soon)] * 5, Question_2=[fake.refusal(503, "shutting_down", **soon), httpx.ConnectError("restarting")],
    )
    answers = client(hub).query_many(PROMPTS[:4], agent="bot", concurrency=1)
    assert answers.texts == expected(PROMPTS[:4])
    assert (hub.questions.count("Question 1"), hub.questions.count("Question 2")) == (6, 3)


def test_what_strikes_every_prompt_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    for answer, kind in [
        (fake.refusal(401, "unauthorized"), keypace.AuthenticationError), (fake.refusal(404, "agent_not_found", "No agent 'bto'."), keypace.NotFoundError),
        (fake.refusal(409, "agent_without_key"), keypace.ConflictError), (httpx.Response(200, text="<html>"), keypace.UnexpectedAnswerError),
        (httpx.ConnectError("down"), keypace.UnreachableError),
    ]:
        hub = Hub(all=[answer] * 1000)
        with pytest.raises(kind) as failed:
            Keypace(fake.BASE_URL, fake.TOKEN, transport=hub, retries=0).query_many(PROMPTS, agent="bto", out=tmp_path / "answers")
        assert "Did you mean 'bot'" in str(failed.value) or kind is not keypace.NotFoundError
    assert (tmp_path / "answers").read_bytes() == b""


def test_an_unusable_prompt_is_named_before_anything_is_asked() -> None:
    hub = Hub()
    for prompts, words in [(["a", 7], "Prompt 1"), (["a", {"prompt": "b"}], "Prompt 1"), (["a", []], "Prompt 1"), ("one text", "list of prompts")]:
        with pytest.raises(ValueError, match=words):
            client(hub).query_many(prompts, agent="bot")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1"):
        client(hub).query_many(["a"], agent="bot", concurrency=0)
    assert hub.seen == []


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


def test_a_quick_hub_gets_few_queries_at_once_and_a_slow_one_many(monkeypatch: pytest.MonkeyPatch) -> None:
    from keypace import _run

    most: Dict[float, int] = {}
    for pace in (0.001, 0.2):
        clock, at_once = [0.0], [0, 0]

        class Slow(Hub):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                at_once[0] += 1
                at_once[1] = max(at_once)
                clock[0] += pace  # what the run's own clock shows for each answer
                await asyncio.sleep(0)
                at_once[0] -= 1
                return await super().handle_async_request(request)

        monkeypatch.setattr(_run, "monotonic", lambda: clock[0])
        client(Slow()).query_many(["Hello"] * 1_000, agent="bot")
        monkeypatch.undo()
        most[pace] = at_once[1]
    assert 8 <= most[0.001] <= 200 < most[0.2]


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


def test_progress_goes_to_a_function_or_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    seen: List[keypace.Progress] = []
    client(Hub()).query_many(PROMPTS, agent="bot", progress=seen.append)
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, 40, 40)
    assert seen[0].seconds_left is not None
    client(Hub()).query_many(PROMPTS, agent="bot")  # not a terminal
    assert capsys.readouterr() == ("", "")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_without_tqdm_and_rich_is_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tqdm.auto", "rich.progress", "rich.console"):
        monkeypatch.setitem(sys.modules, name, None)  # type: ignore[arg-type]
    screen = Screen()
    display = Display(None, 40, screen)
    display.show(keypace.Progress(10, 0, 40, 75.0))
    display.show(keypace.Progress(40, 1, 40, 0.0))
    display.close()
    assert screen.getvalue() == "\r10 of 40 answered, 1:15 left\r40 of 40 settled, 1 failed  \n"


def test_progress_by_tqdm_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    said: Dict[str, Any] = {"n": 0}

    class Bar:
        n = 0

        def __init__(self, **options: Any) -> None:
            said.update(options)

        def set_postfix_str(self, text: str, refresh: bool) -> None:
            said["text"] = text

        def update(self, more: int) -> None:
            said["n"] += more

        def refresh(self) -> None:
            pass

        def close(self) -> None:
            said["closed"] = True

    monkeypatch.setitem(sys.modules, "tqdm.auto", types.SimpleNamespace(tqdm=Bar))  # type: ignore[arg-type]
    display = Display(True, 40, io.StringIO())
    display.show(keypace.Progress(10, 2, 40, 75.0))
    display.close()
    assert (said["total"], said["n"], said["text"], said["closed"]) == (40, 10, "2 failed, 1:15 left", True)


def test_the_real_rich_takes_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich", reason="python3-rich is not installed")
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)  # type: ignore[arg-type]
    screen = Screen()
    display = Display(None, 40, screen)
    display.show(keypace.Progress(40, 0, 40, 0.0))
    display.close()
    assert "40/40" in screen.getvalue()


def test_the_log_says_nothing_of_prompts_and_answers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="keypace")
    client(Hub()).query_many(["my private question"], agent="bot")
    assert "POST /v1/chat/completions 200" in caplog.text and "private" not in caplog.text
