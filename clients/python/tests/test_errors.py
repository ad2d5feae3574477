"""Every way to fail is one clear sentence of the right class, without a secret, and asked again only where that is safe."""

from __future__ import annotations

import asyncio
import json
import pickle
from typing import Any, Callable, Iterator, List, Optional, Type

import fake

import httpx
import keypace
import pytest
from fake import refusal
from keypace import Keypace
from keypace._async._wire import AsyncWire
from keypace._routes import agents, api_keys
from keypace._settings import Settings
from keypace._wire import Wire

SECRET = "sk-test-not-a-real-key-0001"
CREATE = api_keys.create("a", "openai", SECRET, None, None, None, None, None, None, None, None, None)


def answering(*answers: "Optional[httpx.Response | Exception]") -> fake.Fake:
    """Gives these answers first, one after the other; None is the usual one."""
    left: Iterator[Any] = iter(answers)

    def first(request: httpx.Request) -> Optional[httpx.Response]:
        answer = next(left, None)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return fake.Fake(first)


def wire(transport: fake.Fake, waits: Optional[List[float]] = None, retries: int = 2) -> Wire:
    return Wire(
        Settings(fake.BASE_URL, fake.TOKEN), timeout=1, retries=retries, transport=transport, sleep=(waits if waits is not None else []).append, chance=lambda: 1.0,
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(400, "bad_name"), keypace.InvalidError),
        (refusal(401, "unauthorized"), keypace.AuthenticationError),
        (refusal(403, "role_too_low"), keypace.PermissionDeniedError),
        (refusal(404, "not_found"), keypace.NotFoundError),
        (refusal(404, "unknown_path"), keypace.OldServerError),
        (refusal(409, "name_taken"), keypace.NameTakenError),
        (refusal(409, "key_disabled"), keypace.ConflictError),
        (refusal(412, "stale_version"), keypace.StaleVersionError),
        (refusal(429, "no_turn_in_time", x_should_retry="false", retry_after="61"), keypace.PaceError),
        (refusal(502, "hub_unreachable"), keypace.HubError),
        (refusal(503, "shutting_down", x_should_retry="false"), keypace.UnavailableError),
        (refusal(418, "new_code"), keypace.RefusedError),
        (httpx.Response(429, json={"error": {"message": "Quota.", "code": "insufficient_quota"}}, headers=fake.SERVED), keypace.HubError),
        (httpx.Response(401, text="nginx"), keypace.UnexpectedAnswerError),
        (httpx.Response(307, headers={"location": "http://elsewhere"}), keypace.UnexpectedAnswerError),
        (httpx.Response(200, text="<html>"), keypace.UnexpectedAnswerError),
        (httpx.Response(200, json={"surprise": 1}), keypace.UnexpectedAnswerError),
    ],
)
def test_each_answer_has_its_error(answer: httpx.Response, kind: Type[keypace.KeypaceError]) -> None:
    with pytest.raises(keypace.KeypaceError) as failed:
        wire(answering(answer)).perform(api_keys.get("openai-main"))
    assert type(failed.value) is kind
    assert failed.value.status == answer.status_code
    assert failed.value.detail.endswith((".", "?"))


def test_an_invalid_field_is_named() -> None:
    detail = [{"loc": ["body", "rate_limit_interval"], "msg": "This is a whole number", "type": "int_type"}]
    with pytest.raises(keypace.InvalidError, match=r"^rate_limit_interval: This is a whole number\. \(invalid, request req_1\)$") as failed:
        wire(answering(refusal(422, "invalid", detail))).perform(CREATE)
    assert failed.value.fields == (keypace.FieldProblem("rate_limit_interval", "This is a whole number"),)


def test_an_error_says_no_secret_back_and_can_be_carried_to_another_process() -> None:
    with pytest.raises(keypace.InvalidError) as failed:
        wire(answering(refusal(422, "invalid", f"Bad value {SECRET} with {fake.TOKEN}."))).perform(CREATE)
    carried = pickle.loads(pickle.dumps(failed.value))
    for error in (failed.value, carried):
        assert SECRET not in repr(error) + str(error) and fake.TOKEN not in str(error)
        assert (error.code, error.request_id) == ("invalid", "req_1")
    assert SECRET not in repr(CREATE) and SECRET not in repr(agents.create("a", "m", None, None, None, None, SECRET, None, None))


def test_an_unknown_name_comes_with_the_nearest_one(client: Keypace) -> None:
    with pytest.raises(keypace.NotFoundError, match="Did you mean 'openai-main'") as failed:
        client.api_keys.get("opnai-main")
    assert failed.value.suggestion == "openai-main"
    with pytest.raises(keypace.NotFoundError) as failed:
        client.api_keys.get("nothing-like-it")
    assert failed.value.suggestion is None


def test_a_token_that_may_not_list_gets_the_error_without_a_suggestion() -> None:
    transport = answering(refusal(404, "not_found", "There is no such key."), refusal(403, "scope_missing"))
    with pytest.raises(keypace.NotFoundError, match="There is no such key"):
        wire(transport).perform(api_keys.get("openai-mian"))


def no_connection() -> httpx.HTTPError:
    return httpx.ConnectError("refused")


@pytest.mark.parametrize(
    ("call", "failure", "times"),
    [
        (api_keys.list_all(None), no_connection, 3),
        (CREATE, no_connection, 3),  # nothing was sent
        (api_keys.list_all(None), lambda: httpx.ReadError("lost"), 3),  # reading twice harms nobody
        (CREATE, lambda: httpx.ReadError("lost"), 1),  # it may have been made
        (CREATE, lambda: httpx.ReadTimeout("late"), 1),
        (CREATE, lambda: refusal(503, "shutting_down", x_should_retry="true", retry_after_ms="100"), 3),  # the server says that nothing was done
        (CREATE, lambda: refusal(429, "queue_full", x_should_retry="true", retry_after_ms="100"), 3),
        (CREATE, lambda: refusal(429, "no_turn_in_time", x_should_retry="false", retry_after="90"), 1),
        (CREATE, lambda: refusal(409, "name_taken", x_should_retry="false"), 1),
        (CREATE, lambda: refusal(502, "hub_unreachable", x_should_retry="false"), 1),
        (CREATE, lambda: httpx.Response(503, text="a proxy's"), 1),
        (api_keys.list_all(None), lambda: httpx.Response(503, text="a proxy's"), 3),
        (api_keys.list_all(None), lambda: httpx.Response(429, json={}, headers=fake.SERVED), 1),  # the hub's own: the server has dealt with it already
    ],
)
def test_a_call_is_made_again_only_where_that_is_safe(call: Any, failure: Callable[[], Any], times: int) -> None:
    transport, waits = answering(*(failure() for _ in range(5))), []  # type: ignore[var-annotated]
    with pytest.raises(keypace.KeypaceError):
        wire(transport, waits).perform(call)
    assert (len(transport.seen), len(waits)) == (times, times - 1)

    async def awaited() -> int:
        transport, waits = answering(*(failure() for _ in range(5))), []  # type: ignore[var-annotated]

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        asynchronous = AsyncWire(Settings(fake.BASE_URL, fake.TOKEN), timeout=1, retries=2, transport=transport, sleep=sleep, chance=lambda: 1.0)
        with pytest.raises(keypace.KeypaceError):
            await asynchronous.perform(call)
        return len(transport.seen)

    assert asyncio.run(awaited()) == times


def test_the_servers_own_time_is_waited_exactly() -> None:
    transport, waits = answering(refusal(429, "no_turn_in_time", x_should_retry="true", retry_after="2", retry_after_ms="1234"), no_connection()), []  # type: ignore[var-annotated]
    assert wire(transport, waits).perform(api_keys.list_all(None))
    assert waits == [1.234, 1.0]


def test_a_server_that_is_down_is_said_in_one_sentence() -> None:
    with pytest.raises(keypace.UnreachableError, match=r"^Nothing answers at http://127.0.0.1:5397\. Is the server running, and is the base URL right\?$"):
        wire(answering(*[no_connection()] * 3)).perform(api_keys.list_all(None))
    with pytest.raises(keypace.TimedOutError, match="too long"):
        wire(answering(httpx.ReadTimeout("late")), retries=0).perform(api_keys.list_all(None))


def test_a_stream_is_asked_again_before_it_starts_and_never_after() -> None:
    transport = answering(refusal(503, "shutting_down", x_should_retry="true", retry_after_ms="1"))
    client = Keypace(fake.BASE_URL, fake.TOKEN, transport=transport)
    with client.query("Hi", agent="bot", stream=True) as stream:
        assert "".join(stream) == "Hello, world!\n" == stream.answer.text

    cut = httpx.Response(200, content=b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n', headers=fake.SERVED)
    stream = Keypace(fake.BASE_URL, fake.TOKEN, transport=answering(cut)).query("Hi", agent="bot", stream=True)
    with pytest.raises(keypace.StreamError, match="before it was complete") as broken:
        list(stream)
    assert broken.value.text == stream.text == "Hel"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_stream_may_be_cut_anywhere(size: int) -> None:
    from keypace._query import Pieces

    whole = (
        'data: {"model":"m","choices":[{"index":0,"delta":{"content":"Gr\u00fc\u00dfe\u2028"}}]}\r\n\r\n: comment\n\n'
        'data: {"choices":[{"index":1,"delta":{"content":"other"}}]}\n\n'
        'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
    ).encode()
    pieces = Pieces({})
    texts = [text for at in range(0, len(whole), size) for text in pieces.feed(whole[at : at + size])]
    assert texts == ["Gr\u00fc\u00dfe\u2028"]
    assert (pieces.answer().text, pieces.answer().completion_tokens) == ("Gr\u00fc\u00dfe\u2028", 2)


@pytest.mark.parametrize("form", [
    "{0}\n\n{1}\n\n{2}\n\ndata: [DONE]\n\n", "{0}\r\n\r\n{1}\r\n\r\n{2}\r\n\r\n", "{0}\r\r{1}\r\r{2}\r\rdata: [DONE]\r\r",
    "\ufeff{0}\n\n{1}\n\n{2}\n\n", ": hi\n\nevent: message\nid: 4\n{0}\n\nretry: 10\n\n{1}\n\n{2}", "{0}\n\n{1}\n\n{2}\ndata:\n",
])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_an_event_stream_is_read_in_every_form(form: str, size: int) -> None:
    from keypace._query import Pieces

    events = (
        'data: {"choices":[{"index":0,\ndata: "delta":{"content":"Hel"}}]}', 'data:{"choices":[{"delta":{"content":[{"type":"text","text":"lo"}]}}]}',
        'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}',
    )
    end = "\r\n" if "\r\n" in form else "\r" if "\r" in form else "\n"
    whole = form.format(*(event.replace("\n", end) for event in events)).encode()
    pieces = Pieces({})
    texts = [text for at in range(0, len(whole), size) for text in pieces.feed(whole[at : at + size])] + pieces.end()
    assert ("".join(texts), pieces.answer().text, pieces.answer().finish_reason) == ("Hello", "Hello", "stop")


def test_an_event_without_an_end_is_not_held_for_ever() -> None:
    from keypace._query import Pieces

    pieces = Pieces({})
    with pytest.raises(keypace.StreamError, match="too long"):
        for _ in range(40):
            pieces.feed(b"data: " + b"x" * 1_000_000)
