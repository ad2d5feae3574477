"""The routes of access tokens, described."""

from __future__ import annotations

from typing import Optional, Sequence

from .._calls import Call, Names, given, listed, segment
from .._models import AccessToken
from .._records import Records

ROUTE = "/v1/access-tokens"


def _one(name: str) -> str:
    return f"{ROUTE}/{segment(name)}"


def _names(name: str) -> Names:
    return Names(name, ROUTE, "name")


def list_all() -> Call[Records[AccessToken]]:
    return Call("GET", ROUTE, listed(AccessToken.from_json))


def get(name: str) -> Call[AccessToken]:
    return Call("GET", _one(name), AccessToken.from_json, names=_names(name))


def create(
    name: str, role: Optional[str], scopes: Optional[Sequence[str]], api_keys: Optional[Sequence[str]], agents: Optional[Sequence[str]],
    weight: Optional[int], expires_at: Optional[int], priority: Optional[str],
) -> Call[AccessToken]:
    body = given(
        name=name, role=role, scopes=scopes, api_keys=api_keys, agents=agents, weight=weight, expires_at=expires_at, priority=priority,
    )
    return Call("POST", ROUTE, AccessToken.from_json, json=body)


def modify(
    name: str, new_name: Optional[str], scopes: Optional[Sequence[str]], weight: Optional[int], expires_at: Optional[int], priority: Optional[str],
) -> Call[AccessToken]:
    body = given(name=new_name, scopes=scopes, weight=weight, expires_at=expires_at, priority=priority)
    return Call("PUT", _one(name), AccessToken.from_json, json=body, names=_names(name))


def revoke(name: str) -> Call[None]:
    return Call("DELETE", _one(name), lambda data: None, names=_names(name))
