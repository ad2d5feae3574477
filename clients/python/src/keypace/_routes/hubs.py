"""The route of hubs, described."""

from __future__ import annotations

from typing import Any

from .._calls import Call, listed
from .._errors import NotFoundError
from .._models import Hub
from .._names import nearest
from .._records import Records

ROUTE = "/v1/hubs"


def list_all() -> Call[Records[Hub]]:
    return Call("GET", ROUTE, listed(Hub.from_json))


def get(name: str) -> Call[Hub]:
    def pick(data: Any) -> Hub:
        hubs = listed(Hub.from_json)(data)
        for hub in hubs:
            if name.strip().lower() in (hub.id.lower(), hub.name.lower(), hub.display_name.lower()):
                return hub
        near = nearest(name, [hub.name for hub in hubs])
        hint = f" Did you mean '{near}'?" if near else ""
        missing = NotFoundError(f"There is no hub '{name}'.{hint} `client.hubs.list()` shows them all.", code="unknown_hub")
        missing.suggestion = near
        raise missing

    return Call("GET", ROUTE, pick)  # the server has no route for one: the list is short
