"""The routes of agents, described."""

from __future__ import annotations

from typing import Iterable, Mapping, Optional

from .._calls import Call, Names, comma_separated, given, listed, query, secrets_of, segment
from .._models import Agent
from .._records import Records

ROUTE = "/v1/agent-configurations"


def _one(name: str, rest: str = "") -> str:
    return f"{ROUTE}/{segment(name)}{rest}"


def _names(name: str) -> Names:
    return Names(name, ROUTE, "agent_name")


def list_all(statuses: Optional[Iterable[str]]) -> Call[Records[Agent]]:
    return Call("GET", ROUTE, listed(Agent.from_json), params=query(statuses=comma_separated(statuses)))


def get(name: str) -> Call[Agent]:
    return Call("GET", _one(name), Agent.from_json, names=_names(name))


def create(
    name: str, model: str, key: Optional[str], system_prompt: Optional[str], url: Optional[str], model_hub: Optional[str],
    api_key: Optional[str], rate_limit_requests_per_minute: Optional[int], hub_config: Optional[Mapping[str, object]],
) -> Call[Agent]:
    body = given(
        agent_name=name, model_name=model, api_key_id=key, agent_system_prompt=system_prompt, agent_url=url, hub=model_hub,
        api_key=api_key, rate_limit_requests_per_minute=rate_limit_requests_per_minute, hub_config=hub_config,
    )
    return Call("POST", ROUTE, Agent.from_json, json=body, secrets=secrets_of(api_key, hub_config))


def change(which: str, **members: object) -> Call[Agent]:
    return Call("PUT", _one(which), Agent.from_json, json=given(**members), names=_names(which))


def archive(name: str) -> Call[Agent]:
    return Call("PUT", _one(name, "/archive"), Agent.from_json, names=_names(name))
