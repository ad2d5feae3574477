"""The clients against the built server, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from pathlib import Path
from typing import Callable, Iterator, List

import httpx
import keypace
import pytest
import running
from keypace import AsyncKeypace, Keypace

# Closed by each test's end, whatever it does with them.
def other(client: Keypace, base_url: str = "", token: str = "kpa_wrong", **options: int) -> Keypace:
    opened = Keypace(base_url or client.settings.base_url, token, retries=0, **options)  # type: ignore[arg-type]
    OPENED.append(opened)
    return opened


def queries(hub: running.PretendHub) -> int:
    return sum(each["target"].endswith("/chat/completions") for each in hub.log())


OPENED: List[Keypace] = []


@pytest.fixture(autouse=True)
def close_all() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


SENTENCE = "The pretend hub says hello."


def test_the_calls_of_the_seed_run_as_written(client: Keypace) -> None:
    client.api_keys.list()
    created = client.api_keys.create(
        name="openAI20240630-2",
        model_hub="openai",
        api_key="sk+++",
        rate_limit_per_interval=600, # optional, defaults to lowest requests-per-minute
        rate_limit_interval=60, # optional, defaults to 60 seconds
    )
    assert (created.name, created.model_hub, created.limit, created.display_value) == ("openAI20240630-2", "openai", "600 / 60 s", "****")
    changed = client.api_keys.modify(name="openAI20240630-2", api_key="sk---", rate_limit_interval=1, rate_limit_per_interval=5)
    assert (changed.id, changed.limit) == (created.id, "5 / 1 s")
    assert client.api_keys.rename(name="openAI20240630-2", new_name="openAI20240630-3").id == created.id
    assert "openAI20240630-3" in str(client.api_keys.list())
    assert client.api_keys.delete(name="openAI20240630-3").deleted
    assert created.id not in [key.id for key in client.api_keys.list()]


def test_every_noun_and_verb(client: Keypace, make_agent: Callable[..., str]) -> None:
    bot = make_agent()
    key = f"key-{bot}"
    assert client.query("Hello", agent=bot).text == SENTENCE
    assert client.api_keys.get(key).hub == "custom"
    assert client.api_keys.test(key).works
    assert "pretend-large" in (client.api_keys.models(key) or [])
    assert client.api_keys.status(key).used_now >= 1
    assert client.api_keys.disable(key).status == "disabled"
    with pytest.raises(keypace.ConflictError):
        client.query("Hello", agent=bot)
    assert client.api_keys.enable(key).status == "active"
    assert client.agents.modify(bot, model="pretend-small", system_prompt="Be brief.").version == 2
    assert client.agents.archive(bot).status == "archived"
    assert client.agents.restore(bot).status == "active"
    assert client.agents.get(bot).model == "pretend-small"
    assert bot in [agent.name for agent in client.agents.list(statuses=["active"])]
    assert client.hubs.get("openai").models
    deleted = client.api_keys.delete(key)
    assert deleted.agents_without_key == [bot]
    assert client.api_keys.restore(deleted.id).name == key
    assert any(row.subject_name == key for row in client.audit.list(limit=50))
    assert client.usage.list(by="hour") is not None
    token = client.access_tokens.create(bot, scopes=["query"], agents=[bot])
    assert token.token and other(client, token=token.token).query("Hello", agent=bot).text == SENTENCE
    with pytest.raises(keypace.PermissionDeniedError):
        other(client, token=token.token).api_keys.list()
    client.access_tokens.modify(bot, weight=2)
    client.access_tokens.revoke(bot)
    with pytest.raises(keypace.AuthenticationError):
        other(client, token=token.token).query("Hello", agent=bot)


def test_names_that_need_care_in_a_path(client: Keypace, hub: running.PretendHub) -> None:
    name = f"team a/ü?#%41 {uuid.uuid4().hex[:6]}"
    client.api_keys.create(name, "custom", hub.key, url=f"{hub.address}/v1")
    assert client.api_keys.get(name).name == name
    assert client.query("Hello", model="pretend-large", key=name).api_key == name
    assert client.api_keys.delete(name).name == name


def test_what_people_get_wrong_is_one_clear_sentence(client: Keypace, hub: running.PretendHub, make_agent: Callable[..., str], tmp_path: Path) -> None:
    bot = make_agent()
    wrong = [
        (keypace.NotFoundError, f"Did you mean '{bot}'", lambda: client.query("Hi", agent=bot[:-1])),
        (keypace.NotFoundError, f"Did you mean '{bot}'", lambda: client.query_many(["Hi"], agent=bot[:-1])),
        (keypace.NotFoundError, f"Did you mean 'key-{bot}'", lambda: client.api_keys.delete(f"kye-{bot}")),
        (keypace.NameTakenError, "already exists", lambda: client.api_keys.create(f"key-{bot}", "openai", "sk-test-not-a-real-key-0001")),
        (keypace.AuthenticationError, "access token", lambda: other(client).api_keys.list()),
        (keypace.UnexpectedAnswerError, "base URL", lambda: other(client, hub.address).api_keys.list()),
        (keypace.UnexpectedAnswerError, "base URL", lambda: other(client, client.settings.base_url + "/elsewhere", client.settings.token).api_keys.list()),
        (keypace.OldServerError, "older than this client", lambda: client.perform(keypace._client.Call("GET", "/v1/of-the-future", dict))),  # type: ignore[attr-defined]
        (keypace.UnreachableError, "Nothing answers", lambda: other(client, "http://127.0.0.1:9").api_keys.list()),
        (keypace.UnreachableError, "Nothing answers", lambda: other(client, "http://127.0.0.1:9").query_many(["Hi"], agent=bot)),
        (keypace.InvalidError, "rate_limit_interval", lambda: client.api_keys.modify(f"key-{bot}", rate_limit_interval=0)),
    ]
    before = queries(hub)
    for kind, words, action in wrong:
        with pytest.raises(kind, match=re.escape(words)) as failed:
            action()
        assert "\n" not in str(failed.value) and client.settings.token not in str(failed.value)
    assert queries(hub) == before


def test_streaming(client: Keypace, make_agent: Callable[..., str]) -> None:
    bot = make_agent()
    with client.query("Hello", agent=bot, stream=True) as stream:
        assert len(list(stream)) == 8 and stream.text == SENTENCE
    assert stream.answer.api_key == f"key-{bot}"

    async def awaited() -> str:
        async with AsyncKeypace(client.settings.base_url, client.settings.token) as asynchronous:
            pieces = [piece async for piece in await asynchronous.query("Hello", agent=bot, stream=True)]
            answer = await asynchronous.query("Hello", agent=bot)
            assert (await asynchronous.api_keys.get(f"key-{bot}")).hub == "custom"
            return "".join(pieces) + answer.text

    assert asyncio.run(awaited()) == SENTENCE * 2


def test_a_turn_that_comes_too_late_says_when(client: Keypace) -> None:
    hub = running.PretendHub()
    try:
        name = f"slow-{uuid.uuid4().hex[:6]}"
        client.api_keys.create(name, "custom", hub.key, url=f"{hub.address}/v1", rate_limit_per_interval=1, rate_limit_interval=3600)
        assert client.query("Hi", model="pretend-large", key=name).text == SENTENCE
        with pytest.raises(keypace.PaceError) as late:
            client.query("Hi", model="pretend-large", key=name, max_wait=0)
        assert late.value.retry_after is not None and 3500 < late.value.retry_after <= 3601
        assert len(hub.log()) == 1
    finally:
        hub.close()


def test_the_openapi_description_has_every_route_that_is_called(server: running.Keypace) -> None:
    described = set(httpx.get(f"{server.address}/openapi/v1.json", headers={"authorization": f"Bearer {server.token}"}).json()["paths"])
    assert {"/v1/api-keys", "/v1/api-keys/{id}", "/v1/agent-configurations", "/v1/access-tokens", "/v1/usage", "/v1/audit", "/v1/hubs"} <= described


def test_the_profile_of_the_command_line_is_enough(server: running.Keypace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "config" / "keypace"
    folder.mkdir(parents=True)
    (folder / "profile.json").write_text(json.dumps({"base_url": server.address, "token": server.token}))
    (folder / "profile.json").chmod(0o600)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with Keypace() as client:
        assert client.hubs.list()
