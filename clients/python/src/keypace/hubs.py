"""The places that serve models: `client.hubs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._calls import Call, listed
from ._errors import NotFoundError
from ._models import Hub
from ._names import nearest
from ._records import Records
from ._twins import twin_of

if TYPE_CHECKING:
    from ._client import AsyncKeypace, Keypace

ROUTE = "/v1/hubs"


def _list() -> Call[Records[Hub]]:
    return Call("GET", ROUTE, listed(Hub.from_json))


def _get(name: str) -> Call[Hub]:
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


class Hubs:
    """The places that serve models, with what Keypace assumes of each."""

    def __init__(self, client: "Keypace") -> None:
        self._client = client

    def list(self) -> Records[Hub]:
        """Every hub that keys can be stored for.

        >>> client.hubs.list()
        name    shown as  default limit  tier    served
        openai  OpenAI    500 / 60 s     Tier 1  yes
        """
        return self._client.perform(_list())

    def get(self, name: str) -> Hub:
        """One hub by its name.

        Raises:
            NotFoundError: there is none; `suggestion` is the nearest name.

        >>> client.hubs.get("openai").limit
        '500 / 60 s'
        """
        return self._client.perform(_get(name))


@twin_of(Hubs)
class AsyncHubs:
    """`Hubs`, awaited."""

    def __init__(self, client: "AsyncKeypace") -> None:
        self._client = client

    async def list(self) -> Records[Hub]:
        """Like `Hubs.list`, awaited."""
        return await self._client.perform(_list())

    async def get(self, name: str) -> Hub:
        """Like `Hubs.get`, awaited."""
        return await self._client.perform(_get(name))
