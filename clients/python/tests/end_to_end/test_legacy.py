"""The requests of the two older clients, in their own order and with their own bodies, against the built server.

A stand-in: neither package can be installed here. What it sends is what those clients were seen to send (all members, nulls where unused,
a list searched by name, the listed record sent back changed).
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from typing import Any, Dict, List, Optional, Tuple

import pytest
import running


class Legacy:
    """As `vijil` does it: the base URL ends in `/v1`, every answer is JSON, anything but 200 is an error."""

    def __init__(self, base_url: str, token: str) -> None:
        self._base_url = base_url
        self._token = token

    def send(self, method: str, path: str, body: Optional[Dict[str, Any]] = None) -> Tuple[int, Any]:
        request = urllib.request.Request(f"{self._base_url}{path}", method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {self._token}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def ok(self, method: str, path: str, body: Optional[Dict[str, Any]] = None) -> Any:
        status, answer = self.send(method, path, body)
        assert status == 200, (status, answer)
        return answer

    def key_named(self, name: str) -> Dict[str, Any]:
        found: List[Dict[str, Any]] = [key for key in self.ok("GET", "/api-keys") if key["name"] == name]
        assert len(found) == 1
        return found[0]

    def create_key(self, name: str, hub: str, value: Optional[str], **more: Any) -> Any:
        body = {
            "name": name, "hub": hub, "rate_limit_per_interval": 60, "rate_limit_interval": 10, "value": value, "hub_config": None, "url": None, **more,
        }
        return self.ok("POST", "/api-keys", body)


@pytest.fixture
def legacy(server: running.Keypace) -> Legacy:
    return Legacy(f"{server.address}/v1", server.token)


def unused() -> str:
    return f"legacy-{uuid.uuid4().hex[:8]}"


def test_keys_from_their_making_to_their_end(legacy: Legacy) -> None:
    name, secret = unused(), f"sk-test-not-a-real-key-{uuid.uuid4().hex}"
    made = legacy.create_key(name, "openai", secret)
    assert (made["rate_limit_per_interval"], made["rate_limit_interval"], made["status"]) == (60, 10, "active")
    assert made["display_value"] == "****" + secret[-4:] and "value" not in made

    key = legacy.key_named(name)
    changed = legacy.ok("PUT", f"/api-keys/{key['id']}", {
        "name": name, "hub": "openai", "rate_limit_per_interval": 5, "rate_limit_interval": 1, "value": None, "hub_config": None, "url": None,
    })
    assert (changed["id"], changed["rate_limit_per_interval"], changed["display_value"]) == (key["id"], 5, made["display_value"])
    renamed = legacy.ok("PUT", f"/api-keys/{key['id']}/", {"name": f"{name}-2"})
    assert (renamed["id"], renamed["name"]) == (key["id"], f"{name}-2")

    status, taken = legacy.send("POST", "/api-keys", {"name": f"{name}-2", "hub": "openai", "value": secret, "rate_limit_per_interval": 60, "rate_limit_interval": 10})
    assert status == 409 and f"{name}-2" in taken["detail"] and secret not in json.dumps(taken)
    status, other_hub = legacy.send("PUT", f"/api-keys/{key['id']}", {"name": f"{name}-2", "hub": "together"})
    assert status == 422 and isinstance(other_hub["detail"], list)
    assert isinstance(legacy.ok("DELETE", f"/api-keys/{key['id']}"), dict)
    assert legacy.send("GET", f"/api-keys/{key['id']}")[0] == 404


def test_an_agent_goes_back_and_forth_with_its_masks(legacy: Legacy) -> None:
    name, secret = unused(), f"aws-not-a-real-key-{uuid.uuid4().hex}"
    config = {"region": "eu-west-1", "access_key": secret, "secret_access_key": secret + "b"}
    legacy.create_key(name, "bedrock", None, hub_config=config)
    key = legacy.key_named(name)
    assert secret not in json.dumps(key) and key["hub_config"]["region"] == "eu-west-1"

    made = legacy.ok("POST", "/agent-configurations", {
        "id": str(uuid.uuid4()), "agent_name": name, "model_name": "", "agent_url": None, "hub": "bedrock", "api_key_id": key["id"],
        "agent_system_prompt": None, "hub_config": config, "status": "active", "rag_params": None, "function_route_params": None,
    })
    assert secret not in json.dumps(made)
    listed = legacy.ok("GET", "/agent-configurations?statuses=active&limit=1000&offset=0")
    agent = next(one for one in listed["results"] if one["agent_name"] == name)
    sent_back = {**agent, "model_name": "some-model", "rag_params": None, "function_route_params": None}
    changed = legacy.ok("PUT", f"/agent-configurations/{agent['id']}/update", sent_back)
    assert (changed["id"], changed["model_name"], changed["api_key_id"]) == (agent["id"], "some-model", key["id"])
    assert legacy.ok("PUT", f"/agent-configurations/{agent['id']}/archive")["status"] == "archived"
    assert legacy.key_named(name)["hub_config"] == key["hub_config"]  # a mask that came back was no secret


def test_a_query_by_the_contracts_own_route(legacy: Legacy, hub: running.PretendHub) -> None:
    name = unused()
    legacy.create_key(name, "custom", hub.key, url=f"{hub.address}/v1")
    answer = legacy.ok("POST", "/chat_complete", {
        "prompt": "Hello", "system_prompt": None, "prompt_role": "user", "messages": None,
        "completion_params": {
            "api_key": name, "hub": "custom", "model": "pretend-large", "url": None, "timeout": 90, "max_retries": 5, "temperature": 1, "top_p": 0.99,
            "max_completion_tokens": None, "generations": 1,
        },
    })
    assert answer["response"] == ["The pretend hub says hello."] and answer["token_count"]["total_tokens"] == 18


def test_the_successor_makes_an_agent_with_its_secret_in_one_step(legacy: Legacy, hub: running.PretendHub) -> None:
    name = unused()
    made = legacy.ok("POST", "/agent-configurations", {
        "agent_name": name, "model_name": "pretend-large", "hub": "custom", "agent_url": f"{hub.address}/v1", "api_key": hub.key,
        "rate_limit_requests_per_minute": 600,
    })
    assert made["has_api_key"] and made["updated_at"] and hub.key not in json.dumps(made)
    answer = legacy.ok("POST", "/chat/completions", {"model": f"agent/{name}", "messages": [{"role": "user", "content": "Hello"}]})
    assert answer["choices"][0]["message"]["content"] == "The pretend hub says hello."


def test_people_hubs_and_what_is_not_served(legacy: Legacy, server: running.Keypace) -> None:
    me = legacy.ok("GET", "/users/me")
    assert {"user_id", "email", "team_id", "team_role", "status"} <= set(me)
    assert {"id", "name", "display_name", "models", "rate_limit_per_interval", "rate_limit_interval"} <= set(legacy.ok("GET", "/hubs/")[0])
    status, missing = legacy.send("GET", "/evaluations")
    assert status == 404 and missing["detail"]
    assert Legacy(f"{server.address}/v1", "wrong").send("GET", "/api-keys")[0] == 401
