"""A server in memory: enough of the wire for the examples in the docstrings, and for faults on demand."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional
from urllib.parse import unquote

import httpx

TOKEN = "kpa_not_a_real_token"
BASE_URL = "http://127.0.0.1:5397"
Answer = Callable[[httpx.Request], Optional[httpx.Response]]

KEY = {
    "id": "key-1", "name": "openai-main", "hub": "openai", "rate_limit_per_interval": 600, "rate_limit_interval": 60, "display_value": "****0001",
    "hub_config": None, "user_id": "user-1", "team_id": "team-1", "status": "active", "version": 1,
}
AGENT = {
    "id": "agent-1", "agent_name": "bot", "model_name": "gpt-4.1-mini", "hub": "openai", "api_key_id": "key-1", "status": "active", "version": 1,
    "has_api_key": True,
}
HUB = {
    "id": "openai", "name": "openai", "display_name": "OpenAI", "models": ["gpt-4.1-mini"], "rate_limit_per_interval": 500,
    "rate_limit_interval": 60, "rate_limit_tier": "Tier 1", "served": True,
}
ACCESS_TOKEN = {
    "id": "token-1", "name": "notebook", "role": "member", "scopes": ["query"], "weight": 1, "expires_at": 1790000000, "status": "active",
}
STATUS = {
    "id": "key-1", "name": "openai-main", "used_now": 12, "waiting": 0, "waiting_by_caller": [], "effective_limit": 600,
    "rate_limit_interval": 60, "guard_ms": 50,
}
USAGE = {"by": "model", "group": "gpt-4.1-mini", "queries": 120, "sent": 121, "errors": 1, "total_tokens": 2160, "waited_ms": 5400}
AUDIT = {"id": 7, "at": 1.0, "action": "create", "subject": "api_key", "subject_name": "openai-main", "actor": "user-1", "actor_name": "Ann"}
QUERY = {"at": 1.0, "caller": "ann", "model": "gpt-4.1-mini", "status": 200}
SERVED = {"x-keypace-key": "openai-main", "x-keypace-waited-ms": "0", "x-request-id": "req_1"}


def chat(text: str = "Hello, world!") -> Dict[str, Any]:
    """A hub's answer."""
    return {
        "model": "gpt-4.1-mini", "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


def refusal(status: int, code: str, detail: object = "No.", **headers: str) -> httpx.Response:
    """A refusal as Keypace words it on its management routes."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(
        status, json={"detail": detail, "code": code, "request_id": "req_1"}, headers={"x-keypace-error": code, "x-request-id": "req_1", **more},
    )


class Fake(httpx.MockTransport):
    """Answers as a server would, after `first` had the chance to answer something else. `seen` is every request."""

    def __init__(self, first: Optional[Answer] = None) -> None:
        super().__init__(self._answer)
        self.seen: List[httpx.Request] = []
        self._first = first

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return (self._first(request) if self._first else None) or self._usual(request)

    def _usual(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.path)
        body = json.loads(request.content) if request.content else {}
        if path == "/v1/chat/completions":
            return _streamed() if body.get("stream") else httpx.Response(200, json=chat(), headers=SERVED)
        noun, _, name = path[len("/v1/") :].partition("/")
        if noun == "api-keys":
            return _api_key(request.method, name, body)
        if noun == "agent-configurations":
            return _agent(request.method, name, body)
        if noun == "access-tokens":
            return _access_token(request.method, name, body)
        found: Dict[str, Any] = {
            "hubs": [HUB], "usage": {"by": "model", "results": [USAGE]}, "audit": {"results": [AUDIT], "after": None},
        }
        return _ok(found[noun]) if noun in found else refusal(404, "unknown_path")


def _ok(data: Any) -> httpx.Response:
    return httpx.Response(200, json=data, headers={"x-request-id": "req_1"})


def _api_key(method: str, name: str, body: Dict[str, Any]) -> httpx.Response:
    name, _, rest = name.partition("/")
    shown = {each: value for each, value in body.items() if each not in ("value", "model")}
    if name == "test" or rest == "test":
        return _ok({"status": "works"})
    if rest:
        return _ok({"models": {"models": ["gpt-4.1-mini"]}, "status": STATUS, "queries": {"results": [QUERY], "limit": 1}, "restore": KEY}[rest])
    if not name:
        return _ok([KEY]) if method == "GET" else _ok({**KEY, **shown})
    if name not in ("openai-main", "openAI20240630-2", "key-1"):
        return refusal(404, "not_found", f"There is no API key '{name}'.")
    if method == "DELETE":
        return _ok({"id": "key-1", "name": name, "deleted": True, "agents_without_key": ["bot"], "restorable_until": 15})
    return _ok({**KEY, **shown, "version": 2 if method == "PUT" else 1})


def _agent(method: str, name: str, body: Dict[str, Any]) -> httpx.Response:
    name, _, rest = name.partition("/")
    if rest == "archive":
        return _ok({**AGENT, "status": "archived"})
    if not name and method == "GET":
        return _ok({"results": [AGENT], "total": 1, "limit": 1, "offset": 0})
    return _ok({**AGENT, **body, "version": 2 if method == "PUT" else 1})


def _access_token(method: str, name: str, body: Dict[str, Any]) -> httpx.Response:
    if method == "DELETE":
        return _ok({"id": "token-1"})
    if method == "GET":
        return _ok(ACCESS_TOKEN if name else [ACCESS_TOKEN])
    made = {**ACCESS_TOKEN, **body}
    return _ok({**made, "token": TOKEN} if method == "POST" else made)


def _streamed() -> httpx.Response:
    pieces = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in ("Hello, ", "world!\n")]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    events = "".join(f"data: {json.dumps(each)}\n\n" for each in [*pieces, end]) + "data: [DONE]\n\n"
    return httpx.Response(200, content=events.encode(), headers={**SERVED, "content-type": "text/event-stream"})
