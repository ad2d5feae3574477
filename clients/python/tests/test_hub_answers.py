"""What hubs say, in the forms that they say it in: errors inside answers and streams, and content in parts."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Dict, List, Optional

import fake
import httpx
import keypace
import pytest
from keypace import AsyncKeypace, Keypace
from questions import Hub, client

CODES = [("overloaded", "overloaded"), (None, None), ("", None), (502, "502"), ({"a": 1}, None), (True, None)]
PARTS = [{"type": "text", "text": "Hel"}, {"type": "image_url", "image_url": {"url": "data:"}}, {"type": "thinking", "thinking": []}, {"type": "text", "text": "lo"}]


def saying(status: int, body: bytes) -> fake.Fake:
    return fake.Fake(lambda request: httpx.Response(status, content=body, headers=fake.SERVED) if request.url.path == "/v1/chat/completions" else None)


def streamed(*events: object) -> bytes:
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()


@pytest.mark.parametrize(("code", "said"), CODES)
@pytest.mark.parametrize("how", ["stream", "awaited stream", "error", "error as a success"])
def test_an_error_of_a_hub_can_be_printed_whatever_its_code(how: str, code: object, said: Optional[str]) -> None:
    error = {"error": {"message": "Worker is full.", "code": code}}
    body = streamed(error) if "stream" in how else json.dumps({"choices": None, **error} if "success" in how else error).encode()
    transport = saying(500 if how == "error" else 200, body)

    async def awaited() -> None:
        async with AsyncKeypace(fake.BASE_URL, fake.TOKEN, transport=transport) as asynchronous:
            [piece async for piece in await asynchronous.query("Hi", agent="bot", stream=True)]

    with pytest.raises(keypace.HubError) as failed:
        if how == "awaited stream":
            asyncio.run(awaited())
        else:
            list(Keypace(fake.BASE_URL, fake.TOKEN, transport=transport).query("Hi", agent="bot", stream=how == "stream"))  # type: ignore[call-overload]
    assert failed.value.code == said
    assert str(failed.value) == f"Worker is full. ({f'{said}, ' if said else ''}request req_1)"


@pytest.mark.parametrize("error", ["Overloaded.", {"message": "Overloaded."}, {"message": None, "reason": "Overloaded."}, ["Overloaded."], 7])
def test_an_error_inside_a_stream_is_the_hubs_in_every_shape(error: object) -> None:
    stream = Keypace(fake.BASE_URL, fake.TOKEN, transport=saying(200, streamed({"error": error}))).query("Hi", agent="bot", stream=True)
    with pytest.raises(keypace.HubError) as failed:
        list(stream)
    assert "Overloaded." in str(failed.value) or "7" in str(failed.value)


def test_an_error_that_is_called_a_success_is_no_answer_on_disk(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    wrong = httpx.Response(200, json={"choices": None, "error": {"message": "Worker is full.", "code": 502}}, headers=fake.SERVED)
    hub = Hub(one=[wrong])
    first = client(hub).query_many(["one", "two"], agent="bot", out=out, concurrency=1)
    assert [type(each.error) for each in first] == [keypace.HubError, type(None)]
    again = client(hub).query_many(["one", "two"], agent="bot", out=out)
    assert again.texts == ["Answer to one", "Answer to two"] and hub.questions == ["one", "two", "one"]


def test_content_in_parts_is_the_text_of_its_parts(tmp_path: Path) -> None:
    whole: Dict[str, Any] = {**fake.chat(), "choices": [{"index": 0, "message": {"role": "assistant", "content": PARTS}, "finish_reason": "stop"}]}
    assert Keypace(fake.BASE_URL, fake.TOKEN, transport=saying(200, json.dumps(whole).encode())).query("Hi", agent="bot").text == "Hello"
    events: List[Any] = [{"choices": [{"index": 0, "delta": {"content": PARTS}}]}, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
    assert list(Keypace(fake.BASE_URL, fake.TOKEN, transport=saying(200, streamed(*events))).query("Hi", agent="bot", stream=True)) == ["Hello"]
    prompt = [{"role": "user", "content": PARTS}]
    for _ in range(2):  # asked, and from the file
        many = Keypace(fake.BASE_URL, fake.TOKEN, transport=saying(200, json.dumps(whole).encode())).query_many([prompt], agent="bot", out=tmp_path / "answers.jsonl")
        assert (many.texts, many[0].question, many.to_dicts()[0]["prompt"]) == (["Hello"], "Hello", "Hello")
    assert keypace.Outcome(0, ["no message"]).question == "no message"  # type: ignore[list-item]
