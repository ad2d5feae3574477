"""What is sent, and what an answer turns into."""

from __future__ import annotations

import json
import logging
import sys
import types
from typing import Any, List

import fake
import httpx
import keypace
import pytest
from keypace import Keypace

SECRET = "sk-test-not-a-real-key-0001"


def test_the_calls_of_the_seed_as_written(client: Keypace, server: fake.Fake) -> None:
    client.api_keys.list()
    client.api_keys.create(name="openAI20240630-2", model_hub="openai", api_key="sk+++", rate_limit_per_interval=600, rate_limit_interval=60)
    client.api_keys.delete(name="openAI20240630-2")
    client.api_keys.modify(name="openAI20240630-2", api_key="sk---", rate_limit_interval=1, rate_limit_per_interval=5)
    client.api_keys.rename(name="openAI20240630-2", new_name="openAI20240630-3")

    assert [(each.method, each.url.path) for each in server.seen] == [
        ("GET", "/v1/api-keys"), ("POST", "/v1/api-keys"), ("DELETE", "/v1/api-keys/openAI20240630-2"),
        ("PUT", "/v1/api-keys/openAI20240630-2"), ("PUT", "/v1/api-keys/openAI20240630-2"),
    ]
    bodies = [json.loads(each.content) for each in server.seen if each.content]
    assert bodies == [
        {"name": "openAI20240630-2", "hub": "openai", "value": "sk+++", "rate_limit_per_interval": 600, "rate_limit_interval": 60},
        {"value": "sk---", "rate_limit_per_interval": 5, "rate_limit_interval": 1},
        {"name": "openAI20240630-3"},
    ]
    assert all(each.headers["authorization"] == f"Bearer {fake.TOKEN}" for each in server.seen)


def test_a_name_is_one_segment_of_the_path() -> None:
    server = fake.Fake(lambda request: fake.refusal(404, "not_found"))
    client = Keypace(fake.BASE_URL, fake.TOKEN, transport=server)
    with pytest.raises(keypace.NotFoundError):
        client.api_keys.get("team a/b?c#d%")
    assert server.seen[0].url.raw_path == b"/v1/api-keys/team%20a%2Fb%3Fc%23d%25"
    for name in ("", " ", ".", ".."):
        with pytest.raises(ValueError, match="empty or consists of dots"):
            client.api_keys.delete(name)
    assert len(server.seen) == 2  # and one look for a name to suggest


def test_what_an_older_server_ignored_is_warned_of() -> None:
    def old(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=fake.KEY)

    with pytest.warns(UserWarning, match="ignored pacing, limit_frozen"):
        Keypace(fake.BASE_URL, fake.TOKEN, transport=fake.Fake(old)).api_keys.create("a", "openai", SECRET, pacing="smooth", limit_frozen=True)


def test_a_stored_key_and_a_credential_are_not_tested_at_once(client: Keypace, server: fake.Fake) -> None:
    with pytest.raises(ValueError, match="not both"):
        client.api_keys.test("openai-main", api_key=SECRET)
    with pytest.raises(ValueError, match="model_hub"):
        client.api_keys.test(api_key=SECRET)
    assert server.seen == []


def test_no_repr_table_dict_or_log_holds_a_secret(client: Keypace, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = client.access_tokens.create("notebook")
    assert made.token == fake.TOKEN
    shown = [repr(made), str(made), made._repr_html_(), repr(made.to_dict()), repr(keypace.Records([made])), repr(client), repr(client.settings), caplog.text]
    assert not any(fake.TOKEN in each for each in shown)


def test_results_print_as_tables_and_turn_into_dicts(client: Keypace) -> None:
    keys = client.api_keys.list()
    assert str(keys).splitlines()[0].split() == ["name", "hub", "key", "limit", "status", "notice"]
    assert keys.to_dicts()[0]["rate_limit_interval"] == 60
    assert keys[:1] == keys and isinstance(keys[:1], keypace.Records)
    assert repr(keypace.Records[keypace.ApiKey]()) == "(none)"
    assert "rate_limit_interval" in str(keys[0])


def test_tables_in_notebooks_are_escaped_and_in_terminals_harmless() -> None:
    key = keypace.ApiKey.from_json({**fake.KEY, "name": "<script>\x1b[31m", "new_field": 1})
    table = keypace.Records([key])
    assert "<script>" not in table._repr_html_() and "&lt;script&gt;" in table._repr_html_()
    assert "\x1b" not in str(table)


def test_a_long_table_shows_its_beginning_and_its_end() -> None:
    many = keypace.Records(keypace.Usage(group=f"g{number}") for number in range(5_000))
    shown = str(many).splitlines()
    assert (len(shown), shown[1][:2], shown[31], shown[-1][:5]) == (62, "g0", "… 4,940 more …", "g4999")
    assert many._repr_html_().count("<tr>") == 61 and "4,940 more" in many._repr_html_()


def test_a_data_frame_where_pandas_is_there(client: Keypace, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: List[Any] = []
    monkeypatch.setitem(sys.modules, "pandas", types.SimpleNamespace(DataFrame=lambda data: rows.extend(data) or "frame"))  # type: ignore[arg-type]
    assert client.api_keys.list().to_dataframe() == "frame"
    assert rows[0]["name"] == "openai-main"
    monkeypatch.setitem(sys.modules, "pandas", None)  # type: ignore[arg-type]
    with pytest.raises(ModuleNotFoundError):
        client.api_keys.list().to_dataframe()


def test_a_prompt_may_be_text_messages_or_a_whole_body(client: Keypace, server: fake.Fake) -> None:
    client.query("Hi", agent="bot", temperature=0, caller="ann b", max_wait=1.5, priority="batch")
    client.query([{"role": "user", "content": "Hi"}], model="openai/gpt-4.1-mini", system="Be brief.")
    client.query({"messages": [{"role": "user", "content": "Hi"}], "tools": []}, model="gpt-4.1-mini", key="openai-main")
    bodies = [json.loads(each.content) for each in server.seen]
    assert bodies[0] == {"model": "agent/bot", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0}
    assert [each["role"] for each in bodies[1]["messages"]] == ["system", "user"]
    assert bodies[2]["tools"] == [] and server.seen[2].headers["x-keypace-key"] == "openai-main"
    assert (server.seen[0].headers["x-keypace-caller"], server.seen[0].headers["x-keypace-max-wait"]) == ("ann%20b", "1.5")
    assert server.seen[0].headers["x-keypace-priority"] == "batch" and "x-keypace-priority" not in server.seen[1].headers
    for wrong in ({}, {"agent": "bot", "model": "x"}):
        with pytest.raises(ValueError, match="Say whom to ask"):
            client.query("Hi", **wrong)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="needs 'messages'"):
        client.query({"prompt": "Hi"}, agent="bot")


def test_the_official_client_is_pointed_here(client: Keypace, monkeypatch: pytest.MonkeyPatch) -> None:
    # The package is not among Debian's: a stand-in takes what the real one is given.
    stand_in = types.SimpleNamespace(OpenAI=lambda **options: options, AsyncOpenAI=lambda **options: {**options, "async": True})
    monkeypatch.setitem(sys.modules, "openai", stand_in)  # type: ignore[arg-type]
    assert keypace.openai(client, max_retries=1) == {"base_url": f"{fake.BASE_URL}/v1", "api_key": fake.TOKEN, "timeout": 900.0, "max_retries": 1}
    assert keypace.async_openai(client)["async"]  # type: ignore[index]
    monkeypatch.setitem(sys.modules, "openai", None)  # type: ignore[arg-type]
    with pytest.raises(ModuleNotFoundError, match="pip install openai"):
        keypace.openai(client)
