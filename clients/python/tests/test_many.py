"""query_many: order, failures, and how many are asked at once."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Dict

import fake
import httpx
import keypace
import pytest
from keypace import AsyncKeypace, Keypace
from questions import PROMPTS, Hub, client, expected


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


def test_the_log_says_nothing_of_prompts_and_answers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="keypace")
    client(Hub()).query_many(["my private question"], agent="bot")
    assert "POST /v1/chat/completions 200" in caplog.text and "private" not in caplog.text
