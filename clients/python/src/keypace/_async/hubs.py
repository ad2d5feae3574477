# Written by tools/make_async.py from ../hubs.py: change that file, then run clients/python/tools/make_async.py.
"""The places that serve models: `client.hubs`."""

from __future__ import annotations

from .._models import Hub
from ._performs import AsyncPerforms
from .._records import Records
from .._routes import hubs as routes


class AsyncHubs:
    """The places that serve models, with what Keypace assumes of each."""

    def __init__(self, client: AsyncPerforms) -> None:
        self._client = client

    async def list(self) -> Records[Hub]:
        """Every hub that keys can be stored for.

        >>> await client.hubs.list()
        name    shown as  default limit  tier    served
        openai  OpenAI    500 / 60 s     Tier 1  yes
        """
        return await self._client.perform(routes.list_all())

    async def get(self, name: str) -> Hub:
        """One hub by its name.

        Raises:
            NotFoundError: there is none; `suggestion` is the nearest name.

        >>> (await client.hubs.get("openai")).limit
        '500 / 60 s'
        """
        return await self._client.perform(routes.get(name))
